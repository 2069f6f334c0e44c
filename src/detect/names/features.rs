//! What a token shows to the model: itself, how it is written, what the word list says, and its neighbours.
//!
//! Each feature is a number of 64 bits, made of the values it joins and of its template. Only this file decides which there
//! are; their order is the table's, so that a change here needs a new training.

use super::lexicon;
use super::token::{Case, Token};

/// Templates that name the word itself or a part of it; they are the first. Training leaves these out now and then, so that
/// the model also learns from what surrounds a word that it has never seen.
pub(crate) const LEXICAL: usize = 13;
/// Templates of features of one token.
pub(crate) const TEMPLATES: usize = LEXICAL + 29;

/// What stands beyond a block.
const OUTSIDE: Token = Token {
    hash: 7,
    head: 0,
    tail: 0,
    start: 0,
    end: 0,
    flags: 0,
    case: Case::Line,
    around: super::token::Around::Plain,
    len: 0,
    opens: false,
    glued: false,
    foreign: false,
};

/// The features of the token at `at`. A neighbour beyond the block is [`Token::default`].
pub(crate) fn keys(tokens: &[Token], at: usize, keys: &mut [u64; TEMPLATES]) {
    let near = |offset: isize| at.checked_add_signed(offset).and_then(|at| tokens.get(at)).unwrap_or(&OUTSIDE);
    let (token, before, after) = (near(0), near(-1), near(1));
    let (before2, after2, before3) = (near(-2), near(2), near(-3));
    let case = token.case as u64;
    let own = Look::of(token);
    let (left, right, left2, right2) = (Look::of(before), Look::of(after), Look::of(before2), Look::of(after2));
    let glue = u64::from(token.glued) | u64::from(after.glued) << 1;
    let opens = u64::from(token.opens);
    let stands = case | opens << 4 | (token.around as u64) << 5;
    let mut next = keys.iter_mut().zip(0_u64..);
    let mut put = |value: u64| {
        if let Some((slot, template)) = next.next() {
            *slot = mix(value, template);
        }
    };
    // The word and its parts.
    put(token.hash);
    put(join(token.hash, case));
    put(join(token.hash, before.hash));
    put(join(token.hash, after.hash));
    put(u64::from(token.head & 0xFFFF));
    put(u64::from(token.head & 0xFF_FFFF) | case << 32);
    put(u64::from(token.head));
    put(u64::from(token.tail & 0xFF));
    put(u64::from(token.tail & 0xFFFF) | case << 32);
    put(u64::from(token.tail & 0xFF_FFFF) | case << 32);
    put(u64::from(token.tail));
    put(join(u64::from(token.tail & 0xFF_FFFF), before.hash));
    put(join(u64::from(token.tail & 0xFF_FFFF), after.hash));
    // How it is written.
    put(stands);
    put(stands | u64::from(token.len.min(9)) << 8 | u64::from(token.foreign) << 12 | glue << 13);
    put(case | left.case << 4 | right.case << 8 | glue << 12);
    put(case | left.case << 4 | right.case << 8 | left2.case << 12 | right2.case << 16 | opens << 20);
    // What the word list says.
    put(own.flags | case << 16);
    put(own.names | case << 16 | opens << 20 | (token.around as u64) << 21);
    put(own.usage | case << 16 | opens << 20 | (token.around as u64) << 21);
    put(own.names | left.names << 16 | case << 32 | left.case << 36);
    put(own.names | right.names << 16 | case << 32 | right.case << 36);
    put(own.usage | left.usage << 8 | right.usage << 16 | case << 24 | left.case << 28 | right.case << 32);
    put(left.flags | case << 16 | left.case << 20);
    put(right.flags | case << 16 | right.case << 20);
    put(left2.names | left.names << 12 | own.names << 24 | case << 36);
    put(right2.names | right.names << 12 | own.names << 24 | case << 36);
    // Its neighbours.
    put(before.hash);
    put(after.hash);
    put(join(before.hash, case));
    put(join(after.hash, case));
    put(join(before2.hash, case));
    put(join(after2.hash, case));
    put(join(join(before2.hash, before.hash), case));
    put(join(join(after.hash, after2.hash), case));
    put(join(before.hash, own.names | case << 16));
    put(join(after.hash, own.names | case << 16));
    put(join(before.hash, own.usage | case << 16 | own.named << 20));
    put(join(after.hash, own.usage | case << 16 | own.named << 20));
    put(u64::from(before.tail & 0xFF_FFFF) | case << 32);
    put(u64::from(after.tail & 0xFF_FFFF) | case << 32);
    put(join(before3.hash, left2.case | left.case << 4 | case << 8));
}

/// What of a token its neighbours look at.
struct Look {
    case: u64,
    flags: u64,
    names: u64,
    usage: u64,
    /// Whether it is a given or a family name.
    named: u64,
}

impl Look {
    fn of(token: &Token) -> Self {
        const NAMES: u16 = lexicon::FORENAME
            | lexicon::SURNAME
            | lexicon::PLACE
            | lexicon::TITLE
            | lexicon::COMPANY
            | lexicon::PARTICLE
            | lexicon::POPULAR
            | lexicon::STREET
            | lexicon::BODY;
        // Bits 0 to 11: they are moved together so that three of them fit beside each other.
        Self {
            case: token.case as u64,
            flags: u64::from(token.flags),
            names: u64::from(token.flags & NAMES),
            usage: u64::from(token.flags >> 8 & 0b111),
            named: u64::from(token.is(lexicon::FORENAME | lexicon::SURNAME)),
        }
    }
}

/// Joins two values into one.
const fn join(a: u64, b: u64) -> u64 {
    (a.rotate_left(29) ^ b.wrapping_mul(0xA24B_AED4_963E_E407)).wrapping_mul(0x9FB2_1C65_1E98_DF25)
}

/// The key of a value under its template.
const fn mix(value: u64, template: u64) -> u64 {
    let mixed = (value ^ template.wrapping_mul(0xC2B2_AE3D_27D4_EB4F)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed ^ (mixed >> 32)
}
