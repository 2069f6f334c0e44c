//! Text to tokens: words, numbers and marks with their place, their capitals and what the word list knows of them.
//!
//! A word is a run of letters and digits as [`fold`] sees it; every other character that is no blank is a mark of its own,
//! and a run of equal marks is one. A line end is a token too. Nothing is copied: a token is its hash, its first and its
//! last bytes.
//!
//! Longer than 400 lines: one reading with its tests, read as one.

use std::ops::Range;

use super::super::fold::{self, Folded};
use super::super::swar;
use super::lexicon::{CAPITAL, FORENAME, Lexicon, PLACE, SMALL, SURNAME};

/// Tokens that are decoded together at most; a longer text is read in blocks, cut at line ends where there are any.
const BLOCK_TOKENS_MAX: usize = 4_096;
/// Tokens from which a line end closes a block.
const BLOCK_TOKENS: usize = 1_024;

/// What a genitive is of.
const NAMES: u16 = FORENAME | SURNAME | PLACE;

/// How a token is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
#[repr(u8)]
pub(crate) enum Case {
    /// A word in small letters, or in a script that has only one case.
    #[default]
    Lower = 0,
    /// A capital, then small letters.
    Title = 1,
    /// Two capitals and more.
    Upper = 2,
    /// One capital letter alone.
    Initial = 3,
    /// Capitals inside.
    Mixed = 4,
    /// Digits alone.
    Digits = 5,
    /// Letters and digits.
    Alphanumeric = 6,
    /// A mark.
    Mark = 7,
    /// The end of a line, or of the text.
    Line = 8,
}

/// How the sentence around a token is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(u8)]
pub(crate) enum Around {
    /// Some capitals.
    #[default]
    Plain = 0,
    /// All in capitals.
    Capitals = 1,
    /// No capital at all.
    Small = 2,
    /// Nearly every word with a capital: a heading, a list of names.
    Titles = 3,
    /// One or two words.
    Short = 4,
}

/// One token.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Token {
    /// Its hash, folded: `Durand`, `DURAND` and `durand` share it.
    pub(crate) hash: u64,
    /// Its first four folded bytes, zero behind the end.
    pub(crate) head: u32,
    /// Its last four folded bytes, the last lowest.
    pub(crate) tail: u32,
    /// Where it begins, in bytes.
    pub(crate) start: u32,
    /// Where it ends.
    pub(crate) end: u32,
    /// What the word list knows of it.
    pub(crate) flags: u16,
    /// How it is written.
    pub(crate) case: Case,
    /// How its sentence is written.
    pub(crate) around: Around,
    /// Folded bytes, at most 48.
    pub(crate) len: u8,
    /// Whether it begins a sentence or a line.
    pub(crate) opens: bool,
    /// No blank stands before it.
    pub(crate) glued: bool,
    /// Whether it holds a letter with an accent or of another script.
    pub(crate) foreign: bool,
}

impl Token {
    /// Whether it is a word with a letter.
    pub(crate) fn is_word(&self) -> bool {
        self.case <= Case::Mixed
    }

    /// Whether it has a capital.
    pub(crate) fn is_capital(&self) -> bool {
        matches!(self.case, Case::Title | Case::Upper | Case::Initial | Case::Mixed)
    }

    /// Whether the word list says so.
    pub(crate) fn is(&self, flag: u16) -> bool {
        self.flags & flag != 0
    }

    /// The character of a mark, 0 for what is none.
    pub(crate) fn mark(&self) -> u32 {
        if self.case == Case::Mark { self.head } else { 0 }
    }

    /// Whether it ends a sentence or a line.
    pub(crate) fn closes(&self) -> bool {
        self.case == Case::Line || matches!(char::from_u32(self.mark()), Some('.' | '!' | '?' | ';' | '…'))
    }
}

/// The tokens of one stretch of a text.
#[derive(Debug, Default)]
pub(crate) struct Block {
    /// In the order of the text.
    pub(crate) tokens: Vec<Token>,
    /// Where the next block begins.
    pub(crate) end: usize,
}

impl Block {
    /// Reads the block that begins at `from`, in place of what it held. `false`: the text has ended.
    pub(crate) fn read(&mut self, text: &str, from: usize, lexicon: &Lexicon<'_>) -> bool {
        self.tokens.clear();
        self.end = from;
        let mut folded = Folded::default();
        // Five bytes make a token, as a rule.
        self.tokens.reserve((text.len().saturating_sub(from) / 5).min(BLOCK_TOKENS));
        while self.end < text.len() {
            // Most words are in ASCII and shorter than eight bytes: they lie in one number and are not folded.
            if let Some(start) = swar::begin(text.as_bytes(), self.end)
                && let Some((eight, len @ 1..=7)) = swar::run(text.as_bytes(), start)
            {
                if self.gap(text, start) {
                    break;
                }
                self.end = start + len;
                let mut token = of_short(start, eight, len, lexicon);
                token.glued = self.is_glued(token.start);
                self.tokens.push(token);
                continue;
            }
            let word = fold::read_word(text, self.end, &mut folded);
            let until = word.as_ref().map_or(text.len(), |range| range.start);
            if self.gap(text, until) {
                break;
            }
            let Some(range) = word else { break };
            self.end = range.end;
            let mut token = of_word(text, &range, &folded);
            token.flags = known(&token, &folded, lexicon);
            token.glued = self.is_glued(token.start);
            self.tokens.push(token);
        }
        self.sentences();
        !self.tokens.is_empty()
    }

    /// Reads what stands between two words. `true`: the block is long enough and ends here.
    fn gap(&mut self, text: &str, until: usize) -> bool {
        let blank = until == self.end + 1 && text.as_bytes().get(self.end) == Some(&b' ');
        if blank && self.tokens.len() < BLOCK_TOKENS_MAX - 1 {
            self.end = until;
            return false;
        }
        let gap = text.get(self.end..until).unwrap_or_default();
        let from = self.end;
        for (offset, c) in gap.char_indices() {
            let start = from + offset;
            let end = start + c.len_utf8();
            let long = self.tokens.len() >= BLOCK_TOKENS_MAX - 1;
            if c == '\n' {
                if self.tokens.last().is_none_or(|last| last.case != Case::Line) {
                    self.tokens.push(plain(start, end, Case::Line, '\n'));
                }
                if self.tokens.len() >= BLOCK_TOKENS {
                    self.end = end;
                    return true;
                }
            } else if !c.is_whitespace() {
                let last = self.tokens.last_mut().filter(|last| last.mark() == u32::from(c));
                if let Some(last) = last.filter(|last| last.end as usize == start) {
                    last.end = small(end);
                } else {
                    let mut token = plain(start, end, Case::Mark, c);
                    token.glued = self.is_glued(token.start);
                    self.tokens.push(token);
                }
            }
            if long {
                self.end = end;
                return true;
            }
        }
        self.end = until;
        false
    }

    fn is_glued(&self, start: u32) -> bool {
        self.tokens.last().is_some_and(|last| last.end == start)
    }

    /// Marks where sentences begin and how they are written.
    fn sentences(&mut self) {
        let mut first = 0;
        while first < self.tokens.len() {
            let rest = self.tokens.get(first..).unwrap_or_default();
            let mut count = 0;
            let (mut capitals, mut titles, mut words) = (0, 0, 0);
            for (index, token) in rest.iter().enumerate() {
                count += 1;
                if token.is_word() {
                    words += 1;
                    capitals += usize::from(matches!(token.case, Case::Upper | Case::Initial));
                    titles += usize::from(token.case == Case::Title);
                }
                // `M. Dupont`, `J. R.`: a stop behind a short word with a capital ends nothing.
                let short = index
                    .checked_sub(1)
                    .and_then(|at| rest.get(at))
                    .is_some_and(|word| word.glued_to(token) && word.is_capital() && word.len <= 3);
                let numbered = rest.get(index + 1).is_some_and(|next| next.glued && next.case != Case::Line);
                if token.closes() && (token.case == Case::Line || !short && !numbered) {
                    break;
                }
            }
            let around = match words {
                0 => Around::Plain,
                _ if capitals + titles == 0 => Around::Small,
                1 | 2 => Around::Short,
                _ if capitals * 5 >= words * 4 => Around::Capitals,
                _ if (capitals + titles) * 3 >= words * 2 => Around::Titles,
                _ => Around::Plain,
            };
            let mut opens = true;
            for token in self.tokens.iter_mut().skip(first).take(count) {
                token.around = around;
                token.opens = opens;
                opens &= !(token.is_word() || token.case >= Case::Digits && token.case <= Case::Alphanumeric);
            }
            first += count;
        }
    }
}

impl Token {
    fn glued_to(&self, next: &Self) -> bool {
        self.end == next.start
    }
}

fn plain(start: usize, end: usize, case: Case, c: char) -> Token {
    let code = u32::from(c);
    Token {
        hash: fold::hash(&code.to_le_bytes()) ^ 1,
        head: code,
        start: small(start),
        end: small(end),
        case,
        ..Token::default()
    }
}

/// The token of a word of fewer than eight ASCII letters and digits.
fn of_short(start: usize, eight: u64, len: usize, lexicon: &Lexicon<'_>) -> Token {
    let [upper, lower, digits] = swar::count_short(eight, len);
    let word = (eight | swar::SMALL) & ((1 << (8 * len)) - 1);
    let hash = fold::hash_short(word, len);
    let last = if len < 4 { word << (8 * (4 - len)) } else { word >> (8 * (len - 4)) };
    let low = |number: u64| (number & 0xFFFF_FFFF) as u32;
    let mut token = Token {
        hash,
        head: low(word),
        tail: low(last).swap_bytes(),
        start: small(start),
        end: small(start + len),
        flags: lexicon.flags(hash),
        case: written(upper, lower, digits, eight.to_le_bytes()[0].is_ascii_uppercase()),
        len: u8::try_from(len).unwrap_or(u8::MAX),
        ..Token::default()
    };
    if len > 4 && token.is_capital() && word >> (8 * (len - 1)) == u64::from(b's') && !token.is(NAMES | SMALL | CAPITAL)
    {
        let stem = word & ((1 << (8 * (len - 1))) - 1);
        token.flags |= lexicon.flags(fold::hash_short(stem, len - 1)) & NAMES;
    }
    token
}

/// What the word list knows of a word.
fn known(token: &Token, folded: &Folded, lexicon: &Lexicon<'_>) -> u16 {
    let flags = lexicon.flags(token.hash);
    let told = flags & (NAMES | SMALL | CAPITAL) != 0;
    match folded.split_last() {
        // `Nerudas Verfassung`: German and Nordic names bear their genitive.
        Some((b's', stem)) if token.is_capital() && stem.len() > 3 && !told => {
            flags | lexicon.flags(fold::hash(stem)) & NAMES
        }
        _ => flags,
    }
}

fn of_word(text: &str, range: &Range<usize>, folded: &Folded) -> Token {
    let (case, foreign) = case(text, range);
    Token {
        hash: folded.hash(),
        head: folded.first_four(),
        tail: folded.last_four(),
        start: small(range.start),
        end: small(range.end),
        case,
        len: u8::try_from(folded.len()).unwrap_or(u8::MAX),
        foreign,
        ..Token::default()
    }
}

/// How a word is written, and whether it has other than ASCII.
fn case(text: &str, word: &Range<usize>) -> (Case, bool) {
    let first = text.as_bytes().get(word.start).is_some_and(u8::is_ascii_uppercase);
    match swar::count(text.as_bytes(), word) {
        Some([upper, lower, digits]) => (written(upper, lower, digits, first), false),
        None => case_of_characters(text.get(word.clone()).unwrap_or_default()),
    }
}

fn case_of_characters(word: &str) -> (Case, bool) {
    let (mut upper, mut lower, mut digits, mut others, mut foreign) = (0_usize, 0_usize, 0_usize, 0_usize, false);
    let mut first_upper = false;
    for (index, c) in word.chars().enumerate() {
        let is_upper = if c.is_ascii() {
            digits += usize::from(c.is_ascii_digit());
            lower += usize::from(c.is_ascii_lowercase());
            c.is_ascii_uppercase()
        } else {
            foreign = true;
            let is_upper = c.is_uppercase();
            lower += usize::from(c.is_lowercase());
            others += usize::from(!is_upper && !c.is_lowercase());
            is_upper
        };
        upper += usize::from(is_upper);
        first_upper |= is_upper && index == 0;
    }
    (written(upper, lower + others, digits, first_upper), foreign)
}

/// How a word with so many capitals, other letters and digits is written.
const fn written(upper: usize, lower: usize, digits: usize, first_upper: bool) -> Case {
    match (upper, lower, digits) {
        (0, 0, _) => Case::Digits,
        (_, _, 1..) => Case::Alphanumeric,
        (0, _, _) => Case::Lower,
        (1, 0, _) => Case::Initial,
        (_, 0, _) => Case::Upper,
        (1, _, _) if first_upper => Case::Title,
        _ => Case::Mixed,
    }
}

/// Offsets of a text; beyond four gigabytes, which no request reaches, they stick to the end.
fn small(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn short_words_make_the_tokens_of_folded_ones(text in "[ -~]{0,60}|[a-zA-Z0-9é’ s.]{0,60}|\\PC{0,40}") {
            // A word list that knows about every other word by something.
            let slots: Vec<u8> = (0..256_u32).flat_map(|slot| ((slot << 12) | (slot * 7 % 4096)).to_le_bytes()).collect();
            let lexicon = Lexicon::new(&slots).unwrap();
            let mut block = Block::default();
            block.read(&text, 0, &lexicon);
            let mut at = 0;
            let mut folded = Folded::default();
            let mut words = block.tokens.iter().filter(|token| !matches!(token.case, Case::Mark | Case::Line));
            while let Some(range) = fold::read_word(&text, at, &mut folded) {
                at = range.end;
                let mut expected = of_word(&text, &range, &folded);
                expected.flags = known(&expected, &folded, &lexicon);
                let token = *words.next().unwrap();
                (expected.around, expected.opens, expected.glued) = (token.around, token.opens, token.glued);
                prop_assert_eq!(format!("{:?}", token), format!("{:?}", expected));
            }
            prop_assert!(words.next().is_none());
        }
    }
}
