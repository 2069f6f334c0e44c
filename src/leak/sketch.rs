//! The lexical sketch: what a window of 48 words says, in 256 small numbers.
//!
//! ```text
//! feature        a word, or two neighbours, with a weight (inverse frequency; neighbours count less)
//! projection     each feature adds its weight, with 256 signs drawn from a key and the feature's token
//! window         the sums of two blocks of 24 words; blocks are shared by the windows that overlap
//! row            divided by its length, times 400, rounded: the dot product of two rows is 160 000 times their cosine
//! ```
//! All of it is whole numbers, so every machine makes the same row of the same words. A stolen row is of little use without the
//! tenant's key: it draws the signs and names the tokens.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "sums of 48 weights stay far below the bounds of i16, rows within i8, lengths below 2^53"
)]

/// Words of a block.
pub const BLOCK_WORDS: usize = 24;
/// Words of a window.
pub const WINDOW_WORDS: usize = 2 * BLOCK_WORDS;
/// Dimensions of a row.
pub const DIMENSION: usize = 256;
/// Length of a row.
const LENGTH: f64 = 400.0;
/// The dot product of two equal rows.
pub const UNIT: i32 = 160_000;

/// A row: the sketch of one window.
pub type Row = [i8; DIMENSION];

/// Sums of signed weights.
type Sums = [i16; DIMENSION];

/// A token and its weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Term {
    /// The keyed token of a word.
    pub token: u32,
    /// How much it says, 0 to 127.
    pub weight: u8,
}

/// Windows that a run of words has.
pub const fn windows(words: usize) -> usize {
    let blocks = words.div_ceil(BLOCK_WORDS);
    if blocks > 1 { blocks - 1 } else { blocks }
}

/// The words of a window.
pub fn range(window: usize, words: usize) -> std::ops::Range<usize> {
    let start = window * BLOCK_WORDS;
    start..words.min(start + WINDOW_WORDS)
}

/// The rows of all windows of a run of words.
pub fn rows(terms: &[Term], projection: u64, mut out: impl FnMut(Row)) {
    sums(terms, projection, |sums| out(quantised(sums, squares(sums))));
}

/// The rows of all windows of words that say less here than anywhere: each row is as long as what is left of what the window
/// would say, so that a window of nothing but boilerplate is near to nothing.
pub fn rows_within(terms: &[Term], anywhere: &[Term], projection: u64, mut out: impl FnMut(Row)) {
    let mut lengths = Vec::with_capacity(windows(anywhere.len()));
    sums(anywhere, projection, |sums| lengths.push(squares(sums)));
    let mut lengths = lengths.into_iter();
    sums(terms, projection, |sums| out(quantised(sums, lengths.next().unwrap_or_default())));
}

/// The sums of all windows of a run of words.
fn sums(terms: &[Term], projection: u64, mut out: impl FnMut(&Sums)) {
    let mut before: Option<Sums> = None;
    let mut blocks = 0;
    let mut last: Option<Term> = None;
    for block in terms.chunks(BLOCK_WORDS) {
        let mut sums = [0; DIMENSION];
        for &term in block {
            add(&mut sums, mix(u64::from(term.token), projection), i16::from(term.weight));
            if let Some(last) = last {
                let pair = u64::from(last.token) << 32 | u64::from(term.token);
                add(&mut sums, mix(pair, projection), i16::from(pair_weight(last.weight, term.weight)));
            }
            last = Some(term);
        }
        if let Some(before) = &before {
            let mut window = sums;
            window.iter_mut().zip(before).for_each(|(sum, earlier)| *sum = sum.wrapping_add(*earlier));
            out(&window);
        }
        before = Some(sums);
        blocks += 1;
    }
    if let (1, Some(only)) = (blocks, &before) {
        out(only);
    }
}

/// How much two neighbours say beside what each says.
pub fn pair_weight(first: u8, second: u8) -> u8 {
    let sum = u16::from(first) + u16::from(second);
    (sum * 3 / 8).min(72) as u8
}

/// Adds a feature with its 256 signs, eight at a time. No sum of a window comes near to the ends of 16 bits: what wraps in the
/// code wraps nowhere, and is left to vectors.
fn add(sums: &mut Sums, seed: u64, weight: i16) {
    let (eights, _) = sums.as_chunks_mut::<8>();
    let mut state = seed;
    for group in eights.chunks_exact_mut(8) {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let bits = mix(state, 0).to_le_bytes();
        for (eight, byte) in group.iter_mut().zip(bits) {
            for (sum, sign) in eight.iter_mut().zip(signs(byte)) {
                *sum = sum.wrapping_add(weight.wrapping_mul(*sign));
            }
        }
    }
}

/// Eight signs of a byte.
#[inline]
fn signs(byte: u8) -> &'static [i16; 8] {
    const NONE: [i16; 8] = [0; 8];
    SIGNS.get(usize::from(byte)).unwrap_or(&NONE)
}

static SIGNS: [[i16; 8]; 256] = sign_table();

const fn sign_table() -> [[i16; 8]; 256] {
    let mut table = [[0; 8]; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut bit = 0;
        while bit < 8 {
            #[expect(clippy::indexing_slicing, reason = "constant evaluation: a fault here does not compile")]
            {
                table[byte][bit] = if byte >> bit & 1 == 1 { 1 } else { -1 };
            }
            bit += 1;
        }
        byte += 1;
    }
    table
}

/// Spreads a feature over 64 bits.
#[inline]
const fn mix(value: u64, key: u64) -> u64 {
    let x = value ^ key;
    let x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// The square of their length.
fn squares(sums: &Sums) -> i64 {
    sums.iter().map(|sum| i64::from(*sum) * i64::from(*sum)).sum()
}

/// Brings sums to length 400, where the square of their length is this, and rounds them, halves away from zero.
fn quantised(sums: &Sums, squares: i64) -> Row {
    // In 1/256, so that short windows are not rounded twice.
    let length = squares.saturating_mul(65_536).cast_unsigned().isqrt().cast_signed().max(1);
    let mut row = [0; DIMENSION];
    // Quotients of whole numbers below 2^34, which vectors divide: one that is not whole lies at least 2^-34 from the next whole
    // one, which 53 bits tell apart, so that its floor is the integers' own on every machine.
    let length = length as f64;
    for (to, from) in row.iter_mut().zip(sums) {
        let scaled = f64::from(from.unsigned_abs()) * LENGTH * 256.0;
        let rounded = ((2.0 * scaled + length) / (2.0 * length)).min(127.0) as i16;
        *to = (rounded * from.signum()) as i8;
    }
    row
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cosine(one: &Row, other: &Row) -> f64 {
        let dot: i32 = one.iter().zip(other).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum();
        f64::from(dot) / f64::from(UNIT)
    }

    fn all(terms: &[Term]) -> Vec<Row> {
        let mut found = Vec::new();
        rows(terms, 7, |row| found.push(row));
        found
    }

    fn term(token: u32) -> Term {
        Term { token, weight: 100 }
    }

    #[test]
    fn windows_and_rows_agree() {
        for (words, expected) in [(0, 0), (1, 1), (24, 1), (25, 1), (48, 1), (49, 2), (72, 2), (73, 3)] {
            let terms: Vec<Term> = (0..words).map(term).collect();
            assert_eq!(all(&terms).len(), expected, "{words} words");
            assert_eq!(windows(words as usize), expected, "{words} words");
        }
    }

    #[test]
    fn equal_windows_are_one_and_others_are_far() {
        let (one, other): (Vec<Term>, Vec<Term>) = ((0..48).map(term).collect(), (100..148).map(term).collect());
        let half: Vec<Term> = (0..24).chain(500..524).map(term).collect();
        let (one, other, half) = (all(&one), all(&other), all(&half));
        assert!((cosine(&one[0], &one[0]) - 1.0).abs() < 0.02);
        assert!(cosine(&one[0], &other[0]).abs() < 0.25);
        assert!((cosine(&one[0], &half[0]) - 0.5).abs() < 0.2);
    }

    proptest! {
        #[test]
        fn rows_are_rounded_as_integers_are(sums in proptest::collection::vec(any::<i16>(), DIMENSION), shift in 0_u32..16) {
            let sums: Sums = std::array::from_fn(|place| sums[place] >> shift);
            let squares = squares(&sums);
            let length = (squares * 65_536).isqrt().max(1);
            let rounded = |sum: i16| {
                let scaled = i64::from(sum).abs() * 400 * 256;
                ((2 * scaled + length) / (2 * length) * i64::from(sum.signum())).clamp(-127, 127) as i8
            };
            prop_assert_eq!(quantised(&sums, squares), sums.map(rounded));
        }

        #[test]
        fn a_row_depends_on_the_words_of_its_window_alone(words in proptest::collection::vec((any::<u32>(), 0_u8..=127), 100..140)) {
            let terms: Vec<Term> = words.into_iter().map(|(token, weight)| Term { token, weight }).collect();
            let shifted: Vec<Term> = std::iter::repeat_n(term(1), 24).chain(terms.iter().copied()).collect();
            // But for the pair that spans its beginning, a window does not know what stands before it.
            let (plain, moved) = (all(&terms), all(&shifted));
            prop_assert_eq!(&plain[1..], &moved[2..]);
        }
    }
}
