//! What a pattern can match, seen through its letters and digits alone: which may stand where, and how many there may be.
//!
//! Hundreds of patterns are tried at every number of a text. Each is one bit of a set: a table says for every place and
//! every letter or digit which patterns may have it there. Reading a candidate is then one `and` a character and a word of
//! bits, whatever the number of patterns, and only those that survive to an end of theirs are looked at. The shape allows
//! more than the pattern (places are told apart, combinations are not), never less.
//!
//! ```text
//! pattern  [A-Z]{2}~[0-9]{2}      place 0 {A-Z}  place 1 {A-Z}  place 2 {0-9}  place 3 {0-9}    lengths {4}
//!                                 something else may stand behind 2 of them, the next directly behind 1, 2 and 3
//! ```
//! Longer than 400 lines: one algorithm with its tests, read as one.

use regex_syntax::hir::{Class, Hir, HirKind};
use smallvec::SmallVec;

/// Letters and digits that are told apart by their place.
const PLACES: usize = 64;
/// Lengths that are told apart; the last stands for all that are longer.
const LENGTHS: usize = 128;
/// A letter of any case, or a digit.
const SYMBOLS: usize = 36;
/// Bytes between two letters or digits of a candidate; `<`, the filler of machine-readable documents, does not count.
const GAP_BYTES_MAX: usize = 3;
/// Words of a set: half a cache line.
const WORDS: usize = 4;
/// Patterns of one index.
pub(super) const PATTERNS_MAX: usize = 64 * WORDS;

/// A set of patterns, one bit each.
pub(super) type Set = [u64; WORDS];

/// Every pattern.
#[cfg(test)]
const ALL: Set = [u64::MAX; WORDS];

/// No pattern.
pub(super) const NONE: Set = [0; WORDS];

/// Adds a pattern to a set.
pub(super) fn include(set: &mut Set, pattern: usize) {
    if let Some(word) = set.get_mut(pattern / 64) {
        *word |= 1 << (pattern % 64);
    }
}

/// What one pattern can match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shape {
    /// One bit for every number of letters and digits that a match may have.
    lengths: u128,
    /// Symbols that may stand at each place.
    places: SmallVec<[u64; 16]>,
    /// One bit for every ASCII byte that may stand between symbols.
    between: u128,
    /// One bit for every number of symbols behind which something else may stand.
    gaps: u128,
    /// One bit for every number of symbols behind which the next symbol may stand directly.
    joints: u128,
    /// Whether it may begin with a symbol.
    begins: bool,
    /// Whether it may end with a symbol.
    ends: bool,
    /// Whether it may be nothing at all.
    empty: bool,
}

/// How far a match was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(super) struct Step {
    /// Letters and digits so far.
    count: usize,
    /// Whether the last byte was something else.
    apart: bool,
}

/// What a shape says of one byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    /// One bit for every place at which this letter or digit may stand.
    Symbol(u64),
    /// Whether it may stand between symbols.
    Between(bool),
}

impl Shape {
    const NOTHING: u128 = 1;

    /// Reads a parsed pattern.
    pub(super) fn of(hir: &Hir) -> Self {
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => Self::empty(),
            HirKind::Literal(literal) => {
                literal.0.iter().fold(Self::empty(), |shape, &byte| shape.then(&Self::symbol(std::iter::once(byte))))
            }
            HirKind::Class(Class::Bytes(class)) => {
                Self::symbol(class.iter().flat_map(|range| range.start()..=range.end()))
            }
            HirKind::Class(Class::Unicode(class)) => {
                let ascii = |c: char| u8::try_from(u32::from(c)).unwrap_or(u8::MAX);
                Self::symbol(class.iter().flat_map(|range| ascii(range.start())..=ascii(range.end())))
            }
            HirKind::Repetition(repetition) => {
                Self::of(&repetition.sub).times(repetition.min as usize, repetition.max.map(|max| max as usize))
            }
            HirKind::Capture(capture) => Self::of(&capture.sub),
            HirKind::Concat(parts) => parts.iter().fold(Self::empty(), |shape, part| shape.then(&Self::of(part))),
            HirKind::Alternation(parts) => {
                parts.iter().map(Self::of).reduce(|one, other| one.or(&other)).unwrap_or_else(Self::empty)
            }
        }
    }

    fn empty() -> Self {
        Self {
            lengths: Self::NOTHING,
            places: SmallVec::new(),
            between: 0,
            gaps: 0,
            joints: 0,
            begins: false,
            ends: false,
            empty: true,
        }
    }

    /// One byte of a class: a symbol, or something between symbols.
    fn symbol(bytes: impl Iterator<Item = u8>) -> Self {
        let (mut lengths, mut symbols, mut between) = (0, 0, 0);
        for byte in bytes {
            if let Some(symbol) = symbol(byte) {
                (lengths, symbols) = (lengths | 2, symbols | 1 << symbol);
            } else {
                (lengths, between) = (lengths | 1, between | 1_u128.checked_shl(u32::from(byte)).unwrap_or(0));
            }
        }
        let places = if symbols == 0 { SmallVec::new() } else { SmallVec::from_slice(&[symbols]) };
        let (gaps, symbols) = (u128::from(between != 0), symbols != 0);
        Self { lengths, places, between, gaps, begins: symbols, ends: symbols, empty: false, ..Self::empty() }
    }

    /// Whether a match may have letters or digits.
    pub(super) fn holds_symbols(&self) -> bool {
        self.lengths & !Self::NOTHING != 0
    }

    /// Where a match stands that has this byte next, when every gap has one byte; `None`: none has.
    pub(super) fn step(&self, Step { count, apart }: Step, byte: u8) -> Option<Step> {
        let bit = |set: u128, place: usize| {
            u32::try_from(place).ok().and_then(|place| set.checked_shr(place)).unwrap_or(0) & 1 == 1
        };
        if let Some(symbol) = symbol(byte) {
            let joins = count == 0 || apart || bit(self.joints, count);
            let may = joins && self.places.get(count).is_some_and(|symbols| symbols >> symbol & 1 == 1);
            return may.then_some(Step { count: count + 1, apart: false });
        }
        let may = count > 0 && !apart && bit(self.gaps, count) && bit(self.between, usize::from(byte));
        may.then_some(Step { count, apart: true })
    }

    /// All that a step asks of a byte: bytes with the same column lead to the same place from everywhere.
    pub(super) fn column(&self, byte: u8) -> Column {
        let Some(symbol) = symbol(byte) else {
            return Column::Between(self.between.checked_shr(u32::from(byte)).unwrap_or(0) & 1 == 1);
        };
        let may = self.places.iter().enumerate().filter(|(_, symbols)| **symbols >> symbol & 1 == 1);
        Column::Symbol(
            may.fold(0, |places, (place, _)| {
                places | 1_u64.checked_shl(u32::try_from(place).unwrap_or(64)).unwrap_or(0)
            }),
        )
    }

    /// Whether a match may end there.
    pub(super) fn may_end(&self, Step { count, apart }: Step) -> bool {
        !apart && (1..LENGTHS - 1).contains(&count) && self.lengths >> count & 1 == 1
    }

    fn then(&self, next: &Self) -> Self {
        let mut places = self.places.clone();
        let mut lengths = 0;
        let (mut gaps, mut joints) = (self.gaps, self.joints);
        if self.ends && next.begins {
            joints |= self.lengths & !Self::NOTHING;
        }
        for length in ones(self.lengths) {
            lengths |= later(next.lengths, length);
            gaps |= later(next.gaps, length);
            joints |= later(next.joints, length);
            for (place, symbols) in (length..PLACES).zip(&next.places) {
                if places.len() <= place {
                    places.resize(place + 1, 0);
                }
                if let Some(slot) = places.get_mut(place) {
                    *slot |= symbols;
                }
            }
        }
        Self {
            lengths,
            places,
            between: self.between | next.between,
            gaps,
            joints,
            begins: self.begins || self.empty && next.begins,
            ends: next.ends || next.empty && self.ends,
            empty: self.empty && next.empty,
        }
    }

    fn or(&self, other: &Self) -> Self {
        let mut places = self.places.clone();
        places.resize(places.len().max(other.places.len()), 0);
        for (slot, symbols) in places.iter_mut().zip(&other.places) {
            *slot |= symbols;
        }
        Self {
            lengths: self.lengths | other.lengths,
            places,
            between: self.between | other.between,
            gaps: self.gaps | other.gaps,
            joints: self.joints | other.joints,
            begins: self.begins || other.begins,
            ends: self.ends || other.ends,
            empty: self.empty || other.empty,
        }
    }

    fn times(&self, min: usize, max: Option<usize>) -> Self {
        if let ([symbols], 0..=3) = (self.places.as_slice(), self.lengths) {
            let least = if self.lengths & Self::NOTHING == 0 { min.min(LENGTHS) } else { 0 };
            let most = max.unwrap_or(LENGTHS).min(LENGTHS);
            let lengths = (least..=most).fold(0, |all, length| all | later(Self::NOTHING, length));
            let places = SmallVec::from_elem(*symbols, most.min(PLACES));
            let numbers = (0..most).fold(0, |all, length| all | later(Self::NOTHING, length));
            let gaps = ones(self.gaps).fold(0, |all, length| all | later(numbers, length));
            let joints = if self.begins && self.ends { numbers & !Self::NOTHING } else { 0 };
            return Self { lengths, places, gaps, joints, empty: self.empty || min == 0, ..self.clone() };
        }
        let once = (0..min.min(LENGTHS)).fold(Self::empty(), |shape, _| shape.then(self));
        let optional = self.or(&Self::empty());
        let more = max.unwrap_or(LENGTHS).saturating_sub(min).min(LENGTHS);
        (0..more).fold(once, |shape, _| shape.then(&optional))
    }
}

/// The number of a letter or digit, letters of either case alike.
fn symbol(byte: u8) -> Option<usize> {
    SYMBOL_OF.get(usize::from(byte)).filter(|&&symbol| symbol != NO_SYMBOL).map(|&symbol| usize::from(symbol))
}

/// What stands for a byte that is neither letter nor digit.
const NO_SYMBOL: u8 = u8::MAX;

/// The symbol of each byte.
#[expect(clippy::indexing_slicing, reason = "computed when this is compiled")]
const SYMBOL_OF: [u8; 256] = {
    let mut symbols = [NO_SYMBOL; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        symbols[byte as usize] = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'z' => byte - b'a' + 10,
            b'A'..=b'Z' => byte - b'A' + 10,
            _ => NO_SYMBOL,
        };
        byte += 1;
    }
    symbols
};

/// Lengths that all grow by the same number.
fn later(lengths: u128, by: usize) -> u128 {
    let last = 1 << (LENGTHS - 1);
    if by >= LENGTHS {
        return if lengths == 0 { 0 } else { last };
    }
    let kept = lengths << by;
    if kept >> by == lengths { kept } else { kept | last }
}

/// The places of the bits that are set.
fn ones(bits: u128) -> impl Iterator<Item = usize> {
    (0..LENGTHS).filter(move |place| bits >> place & 1 == 1)
}

/// The shapes of up to [`PATTERNS_MAX`] patterns, one bit each.
#[derive(Debug)]
pub(super) struct Index {
    /// For each place and symbol, the patterns that may have it there.
    places: Box<[Set]>,
    /// For each length, the patterns that may have it.
    lengths: Box<[Set]>,
    /// For each ASCII byte, the patterns that may have it between symbols.
    between: Box<[Set]>,
    /// For each number of symbols, the patterns that may have something else behind them.
    gaps: Box<[Set]>,
    /// For each number of symbols, the patterns that may have a symbol directly behind them.
    joints: Box<[Set]>,
}

impl Index {
    /// Bytes of the tables of one index.
    pub(super) const BYTES: usize = (PLACES * SYMBOLS + 3 * LENGTHS + 128) * size_of::<Set>();

    /// Numbers shapes in their order.
    pub(super) fn new<'s>(shapes: impl IntoIterator<Item = &'s Shape>) -> Self {
        let table = |rows: usize| -> Box<[Set]> { vec![[0; WORDS]; rows].into() };
        let mut index = Self {
            places: table(PLACES * SYMBOLS),
            lengths: table(LENGTHS),
            between: table(128),
            gaps: table(LENGTHS),
            joints: table(LENGTHS),
        };
        for (pattern, shape) in shapes.into_iter().enumerate() {
            for (place, &symbols) in shape.places.iter().enumerate() {
                for symbol in ones(u128::from(symbols)) {
                    put(&mut index.places, place * SYMBOLS + symbol, pattern);
                }
            }
            ones(shape.lengths).for_each(|length| put(&mut index.lengths, length, pattern));
            ones(shape.between).for_each(|byte| put(&mut index.between, byte, pattern));
            ones(shape.gaps).for_each(|length| put(&mut index.gaps, length, pattern));
            ones(shape.joints).for_each(|length| put(&mut index.joints, length, pattern));
        }
        index
    }

    /// Which of some patterns may match at the start of `bytes` and end where a run of letters and digits ends, and where.
    pub(super) fn walk(&self, bytes: &[u8], patterns: &Set) -> Walk {
        let mut alive = *patterns;
        let mut walk = Walk::default();
        let (mut place, mut gap, mut joined) = (0_usize, 0, false);
        for (at, &byte) in bytes.iter().enumerate() {
            let symbol = SYMBOL_OF.get(usize::from(byte)).copied().unwrap_or(NO_SYMBOL);
            if symbol == NO_SYMBOL {
                walk.wide |= !joined;
                joined = false;
                gap += usize::from(byte != b'<');
                if gap > GAP_BYTES_MAX || !byte.is_ascii() {
                    break;
                }
                meet(&mut alive, self.between.get(usize::from(byte)));
                meet(&mut alive, self.gaps.get(place));
                if is_none(&alive) {
                    break;
                }
                continue;
            }
            if joined {
                meet(&mut alive, self.joints.get(place));
            }
            if place < PLACES {
                meet(&mut alive, self.places.get(place * SYMBOLS + usize::from(symbol)));
            }
            (gap, joined) = (0, true);
            place += 1;
            if is_none(&alive) {
                break;
            }
            if bytes.get(at + 1).is_none_or(|next| !next.is_ascii_alphanumeric())
                && let Some(rows) = self.lengths.get(place.min(LENGTHS - 1))
            {
                walk.note(at + 1, &alive, rows);
            }
        }
        walk
    }
}

/// What a walk found.
#[derive(Debug, Default)]
pub(super) struct Walk {
    /// The patterns that may end somewhere.
    pub(super) any: Set,
    /// The ends of runs at which some may, in order: bytes from the start, and those that may.
    ends: SmallVec<[(usize, Set); 6]>,
    /// How many of the ends stand before the first gap of more than one byte.
    even: usize,
    /// Whether such a gap was seen.
    wide: bool,
}

impl Walk {
    fn note(&mut self, end: usize, alive: &Set, lengths: &Set) {
        let mut may = *alive;
        meet(&mut may, Some(lengths));
        if is_none(&may) {
            return;
        }
        unite(&mut self.any, &may);
        self.ends.push((end, may));
        self.even += usize::from(!self.wide);
    }

    /// Leaves out ends that are none, and those behind a gap of more than one byte.
    pub(super) fn retain(&mut self, is_end: impl Fn(usize) -> bool) {
        self.ends.truncate(self.even);
        self.ends.retain(|(end, _)| is_end(*end));
    }

    /// Where one of some patterns may end whose gaps have one byte, in order: bytes from the start.
    pub(super) fn ends_of(&self, patterns: &Set) -> impl Iterator<Item = usize> {
        self.ends
            .iter()
            .filter(move |(_, may)| may.iter().zip(patterns).any(|(may, own)| may & own != 0))
            .map(|(end, _)| *end)
    }
}

/// Adds the patterns of another set to a set.
pub(super) fn unite(set: &mut Set, other: &Set) {
    set.iter_mut().zip(other).for_each(|(slot, other)| *slot |= other);
}

/// Leaves out of a set what another lacks.
pub(super) fn meet(set: &mut Set, other: Option<&Set>) {
    let Some(other) = other else { return };
    set.iter_mut().zip(other).for_each(|(slot, other)| *slot &= other);
}

/// Whether a set has no pattern.
fn is_none(set: &Set) -> bool {
    set.iter().fold(0, |any, slot| any | slot) == 0
}

/// The patterns of a set, in order.
pub(super) fn members(set: Set) -> impl Iterator<Item = usize> {
    set.into_iter().enumerate().flat_map(|(word, bits)| {
        let rest = std::iter::successors(Some(bits), |rest| rest.checked_sub(1).map(|less| rest & less));
        rest.take_while(|&rest| rest != 0).map(move |rest| word * 64 + rest.trailing_zeros() as usize)
    })
}

fn put(table: &mut [Set], row: usize, pattern: usize) {
    if let Some(set) = table.get_mut(row) {
        include(set, pattern);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shape(pattern: &str) -> Shape {
        let hir = regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build().parse(pattern).unwrap();
        Shape::of(&hir)
    }

    #[test]
    fn rows() {
        let patterns = [
            "[0-9](?:[ .]?[0-9]){8}",
            "[A-Z]{2}-?[0-9]{3}",
            "(?:AB|C)[0-9]{2,}",
            "[a-z0-9_-]{4,6}",
            "(?:[A-Z][0-9])*x",
        ];
        let shapes: Vec<Shape> = patterns.iter().map(|pattern| shape(pattern)).collect();
        let index = Index::new(&shapes);
        for (text, expected) in [
            ("123 456 789", vec![0, 3]),
            ("1234567 89 1", vec![0]),
            ("123  456 789", vec![0, 3]),
            ("AB1-23", vec![2, 3]),
            ("AB-123", vec![1, 3]),
            ("ab12", vec![2, 3]),
            ("C1234567890123", vec![2]),
            ("A1B2x", vec![3, 4]),
            ("ab-_-12", vec![3]),
            ("", vec![]),
            ("1234é", vec![3]),
        ] {
            let found: Vec<usize> = members(index.walk(text.as_bytes(), &ALL).any).collect();
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn lengths_saturate() {
        assert_eq!(shape("[0-9]{300}").lengths, 1 << 127);
        assert_eq!(shape("(?:[0-9]{2}-){100}").lengths, 1 << 127);
        assert_eq!(shape("[0-9]+").lengths, u128::MAX - 1);
    }

    #[test]
    fn gaps_and_joints() {
        let set = |places: &[usize]| places.iter().fold(0_u128, |set, place| set | 1 << place);
        for (pattern, gaps, joints) in [
            ("[0-9]{3}[ .][0-9]{2}", set(&[3]), set(&[1, 2, 4])),
            ("[0-9]{2}(?:[ .]?[0-9]{2}){2}", set(&[2, 4]), set(&[1, 2, 3, 4, 5])),
            ("[A-Z]?[ ]?[0-9]-[0-9]", set(&[0, 1, 2]), set(&[1])),
            ("(?:[ .]?[0-9]){3}", set(&[0, 1, 2]), set(&[1, 2])),
            ("(?:[0-9]-){2}[0-9]", set(&[1, 2]), 0),
        ] {
            let shape = shape(pattern);
            assert_eq!((shape.gaps, shape.joints), (gaps, joints), "{pattern}");
        }
    }

    proptest! {
        /// Whatever a pattern matches up to the end of a run, its shape allows.
        #[test]
        fn a_shape_allows_what_its_pattern_matches(text in "[0-9AB .-]{1,14}") {
            let patterns = [
                "[0-9](?:[ .]?[0-9]){3}",
                "[A-B]{2}-?[0-9]{3}",
                "(?:AB|B)[0-9]{2,}",
                "[0-9]{1,3}[. -][0-9]{2}(?:[. -]?[0-9A-B]{2})*",
                "(?:[A-B][0-9] ?){1,4}",
                "[0-9AB-]{4,6}",
            ];
            let index = Index::new(patterns.map(shape).iter());
            let allowed: Vec<usize> = members(index.walk(text.as_bytes(), &ALL).any).collect();
            for (place, pattern) in patterns.iter().enumerate() {
                let regex = regex_automata::meta::Regex::new(&format!("^(?:{pattern})$")).unwrap();
                let ends = (1..=text.len()).filter(|&end| !text.as_bytes().get(end).is_some_and(u8::is_ascii_alphanumeric));
                let matches = ends.map(|end| text.get(..end).unwrap()).any(|head| regex.is_match(head) && head.ends_with(|c: char| c.is_ascii_alphanumeric()) && head.starts_with(|c: char| c.is_ascii_alphanumeric()));
                let gapped = text.contains("    ") || text.split(|c: char| c.is_ascii_alphanumeric()).any(|gap| gap.len() > GAP_BYTES_MAX);
                prop_assert!(!matches || gapped || allowed.contains(&place), "{} {:?}", pattern, text);
            }
        }
    }
}
