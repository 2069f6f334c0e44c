//! Words as they are read, from left to right: letters folded, endings cut, the rest kept as a hash.
//!
//! Most words are a few plain letters between blanks: [`plain`] reads those at once, and this reader all others, letter by letter.
//! Both make the same of the same word.

use super::common::{self, Weights};
use super::fold::{self, Folded};
use super::{Word, plain};

/// Bytes of a word that are compared; what is longer is cut.
const WORD_BYTES_MAX: usize = 48;
/// Bytes before the first word of a line.
const INDENT_MAX: usize = 40;

/// A word as it is read: folded letters are gone, their hash stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lexeme {
    pub(super) hash: u64,
    pub(super) start: usize,
    pub(super) end: usize,
    /// Folded letters, without an ending.
    pub(super) letters: u8,
    pub(super) digits: u8,
    pub(super) capital: bool,
    /// What it says where no table knows it; nothing for a word of letters.
    pub(super) alone: Option<u8>,
}

impl Lexeme {
    #[inline]
    pub(super) fn weighed(self, weights: Weights) -> Word {
        let numeric = self.digits == self.letters;
        let known = if self.digits == 0 { weights.of(self.hash) } else { None };
        let weight = match known.or(self.alone) {
            Some(weight) => weight,
            None if numeric && self.digits <= 2 => common::SMALL_NUMBER,
            None if self.letters == 1 => common::LETTER,
            None => common::RARE,
        };
        let fact = known.is_none() && self.alone.is_none() && (self.digits >= 2 || (self.digits == 0 && self.capital));
        Word { hash: self.hash, start: self.start as u32, end: self.end as u32, weight, fact }
    }
}

/// Reads words from left to right.
#[inline]
pub(super) fn lexemes(text: &str, found: impl FnMut(Lexeme)) {
    read::<true>(text, found);
}

/// The same; plain letters at once or one by one.
fn read<const AT_ONCE: bool>(text: &str, mut found: impl FnMut(Lexeme)) {
    let bytes = text.as_bytes();
    let mut reader = Reader::default();
    let mut at = 0;
    let latin = fold::latin();
    while let Some(&byte) = bytes.get(at) {
        if byte < 0x80 {
            let folded = fold::ASCII.get(usize::from(byte)).copied().unwrap_or(0);
            if folded == 0 {
                at = reader.between(bytes, at, &mut found);
            } else if AT_ONCE && let Some(run) = plain::run(bytes, at) {
                let end = at + run.len;
                if run.is_last && reader.is_fresh() {
                    found(run.lexeme(at, end));
                    // What ends a word is looked at like any other byte, but for the blank that mostly does.
                    at = end + usize::from(bytes.get(end) == Some(&b' '));
                } else {
                    reader.take(run, at);
                    at = end;
                }
            } else {
                reader.letter(folded, at, byte.is_ascii_uppercase());
                at += 1;
            }
            continue;
        }
        if AT_ONCE && let Some((letters, c)) = fold::accented(latin, bytes, at) {
            reader.accented(letters, at, c, &mut found);
            at += 2;
            continue;
        }
        let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) else { break };
        let next = at + c.len_utf8();
        match fold::fold(c) {
            Folded::Nothing => {}
            Folded::Between => reader.end(at, &mut found),
            Folded::Latin(letters) => reader.accented(letters, at, c as u32, &mut found),
            Folded::Letter(letter) => reader.letters(letter, at, c.is_uppercase()),
            Folded::Alone(letter) => {
                reader.end(at, &mut found);
                reader.before(letter, at);
                reader.letters(letter, at, false);
                reader.alone = Some(if fold::is_syllable(letter) { common::SYLLABLE } else { common::CHARACTER });
                reader.end(next, &mut found);
            }
        }
        at = next;
    }
    reader.end(bytes.len(), &mut found);
}

/// The word that is being read.
#[derive(Debug)]
struct Reader {
    letters: [u8; WORD_BYTES_MAX],
    len: usize,
    start: usize,
    digits: u8,
    capital: bool,
    /// Whether an apostrophe stands before the word.
    apostrophe: bool,
    /// Whether there is something among its letters that is none.
    is_odd: bool,
    /// What it says, where it is a character of its own.
    alone: Option<u8>,
    /// The last two syllables, or letters that are read so.
    earlier: [Option<char>; 2],
}

impl Default for Reader {
    fn default() -> Self {
        let letters = [0; WORD_BYTES_MAX];
        Self {
            letters,
            len: 0,
            start: 0,
            digits: 0,
            capital: false,
            apostrophe: false,
            is_odd: false,
            alone: None,
            earlier: [None; 2],
        }
    }
}

impl Reader {
    /// Whether nothing that was read has a say in the next word.
    #[inline]
    const fn is_fresh(&self) -> bool {
        self.len == 0 && !self.apostrophe
    }

    #[inline]
    fn letter(&mut self, letter: u8, at: usize, capital: bool) {
        if self.len == 0 {
            self.start = at;
            self.capital = capital;
        }
        self.digits = self.digits.saturating_add(u8::from(letter.is_ascii_digit()));
        self.is_odd |= !letter.is_ascii_alphabetic();
        if let Some(place) = self.letters.get_mut(self.len) {
            *place = letter;
            self.len += 1;
        }
    }

    /// Takes plain letters.
    #[inline]
    fn take(&mut self, run: plain::Run, at: usize) {
        let bytes = run.bytes();
        let letters = bytes.get(..run.len).unwrap_or_default();
        if let Some(places) = self.letters.get_mut(self.len..self.len + run.len) {
            if self.len == 0 {
                (self.start, self.capital) = (at, run.capital);
            }
            places.copy_from_slice(letters);
            self.len += run.len;
        } else {
            for letter in letters {
                self.letter(*letter, at, run.capital);
            }
        }
    }

    /// Takes a letter with an accent, or two that are written as one; without any it stands between words.
    #[inline]
    fn accented(&mut self, [first, second]: [u8; 2], at: usize, c: u32, found: &mut impl FnMut(Lexeme)) {
        if first == 0 {
            return self.end(at, found);
        }
        self.letter(first, at, self.len == 0 && char::from_u32(c).is_some_and(char::is_uppercase));
        if second != 0 {
            self.letter(second, at, false);
        }
    }

    fn letters(&mut self, letter: char, at: usize, capital: bool) {
        let mut utf8 = [0; 4];
        for (place, byte) in letter.encode_utf8(&mut utf8).bytes().enumerate() {
            self.letter(byte, at, capital && place == 0);
        }
    }

    /// Begins a letter of a script that has some eighty of them and no blanks with the two before it: alone it would be a word of
    /// any text, and any two texts near. What stands between them (a blank, a mark, a character of another script) changes nothing.
    fn before(&mut self, letter: char, at: usize) {
        if !fold::is_syllable(letter) {
            return;
        }
        for earlier in self.earlier.into_iter().flatten() {
            self.letters(earlier, at, false);
        }
        self.earlier = [self.earlier[1], Some(letter)];
    }

    /// A byte that is no letter: it may still belong to the word. Returns where to go on.
    #[inline]
    fn between(&mut self, bytes: &[u8], at: usize, found: &mut impl FnMut(Lexeme)) -> usize {
        let byte = bytes.get(at).copied().unwrap_or(0);
        if byte == b' ' || byte == b'\n' {
            self.end(at, found);
            return at + 1;
        }
        let next = bytes.get(at + 1).copied().unwrap_or(0);
        match byte {
            b'.' | b',' | b'\'' if self.len > 0 && self.is_number() && next.is_ascii_digit() => {
                // Three digits behind it: thousands, which may stand without a mark as well.
                let behind = bytes.get(at + 1..).unwrap_or_default();
                let digits = behind.iter().take(4).take_while(|byte| byte.is_ascii_digit()).count();
                if digits != 3 {
                    self.letter(b'.', at, false);
                    self.digits = self.digits.saturating_add(1);
                }
            }
            b'@' | b'$' | b'!' | b'|' if self.len > 0 && next.is_ascii_alphabetic() && !self.is_number() => {
                self.letter(byte, at, false);
            }
            b'-' if self.len > 0
                && !self.is_number()
                && let Some(behind) = broken(bytes, at) =>
            {
                return behind;
            }
            b'%' => {
                self.end(at, found);
                "percent".bytes().for_each(|letter| self.letter(letter, at, false));
                self.end(at + 1, found);
            }
            b'\'' => {
                self.end(at, found);
                self.apostrophe = true;
            }
            _ => self.end(at, found),
        }
        at + 1
    }

    fn is_number(&self) -> bool {
        usize::from(self.digits) == self.len
    }

    /// Ends the word before a byte.
    #[inline]
    fn end(&mut self, at: usize, found: &mut impl FnMut(Lexeme)) {
        let (len, apostrophe) = (self.len, self.apostrophe);
        (self.len, self.apostrophe) = (0, false);
        let (digits, alone) = (std::mem::take(&mut self.digits), self.alone.take());
        if len == 0 {
            return;
        }
        let is_odd = std::mem::take(&mut self.is_odd);
        if !is_odd && let Some(run) = self.letters.first_chunk().and_then(|buffer| plain::letters(buffer, len)) {
            if !(apostrophe && len == 1 && self.letters.first() == Some(&b's')) {
                found(Lexeme { capital: self.capital, ..run.lexeme(self.start, at) });
            }
            return;
        }
        let Some(letters) = self.letters.get_mut(..len) else { return };
        let is_number = usize::from(digits) == len;
        if is_odd && !is_number {
            for letter in letters.iter_mut() {
                *letter = fold::stands_for(*letter);
            }
        }
        let (length, capital) = if is_number { (len, false) } else { (stem(letters), self.capital) };
        let hash = hash(letters.get(..length).unwrap_or_default());
        let letters = u8::try_from(length).unwrap_or(u8::MAX);
        found(Lexeme { hash, start: self.start, end: at, letters, digits, capital, alone });
    }
}

/// Where a word goes on that a line broke: a hyphen at the end of a line, a small letter on the next, behind the marks of a quoted
/// mail or an indent.
#[inline]
fn broken(bytes: &[u8], hyphen: usize) -> Option<usize> {
    let behind = bytes.get(hyphen + 1..)?;
    let behind = behind.strip_prefix(b"\r").unwrap_or(behind).strip_prefix(b"\n")?;
    let indent = behind.iter().take(INDENT_MAX).take_while(|byte| matches!(byte, b' ' | b'\t' | b'>')).count();
    let letter = behind.get(indent)?;
    (letter.is_ascii_lowercase() || *letter >= 0x80).then(|| bytes.len() - behind.len() + indent)
}

/// Bytes of a word without its ending: `agreement`, `agreements`; `operate`, `operated`, `operating`.
fn stem(word: &[u8]) -> usize {
    let mut len = word.len();
    if len < 4 {
        return len;
    }
    let ends = |len: usize, ending: &[u8]| word.get(..len).is_some_and(|word| word.ends_with(ending));
    if ends(len, b"s") && !ends(len, b"ss") && !ends(len, b"us") && !ends(len, b"is") {
        len -= 1;
    }
    // `l` is folded to `i`.
    let cut = if len >= 7 && ends(len, b"ing") {
        3
    } else if len >= 6 && (ends(len, b"ed") || ends(len, b"iy")) {
        2
    } else {
        usize::from(len >= 5 && ends(len, b"e"))
    };
    len -= cut;
    len - usize::from(cut == 0 && len >= 5 && ends(len, b"y"))
}

/// A hash of folded letters, without a key and never 0.
#[inline]
pub(super) fn hash(letters: &[u8]) -> u64 {
    let (eights, tail) = letters.as_chunks::<8>();
    let mut last = [0; 8];
    for (to, from) in last.iter_mut().zip(tail) {
        *to = *from;
    }
    let state = eights.iter().fold(seed(letters.len()), |state, eight| mixed(state, u64::from_le_bytes(*eight)));
    mixed_last(state, u64::from_le_bytes(last))
}

/// What a word of so many letters begins with.
#[inline]
pub(super) const fn seed(letters: usize) -> u64 {
    0x9E37_79B9_7F4A_7C15 ^ letters as u64
}

/// Takes eight letters.
#[inline]
pub(super) const fn mixed(state: u64, eight: u64) -> u64 {
    let state = (state ^ eight).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    state ^ (state >> 32)
}

/// Takes the last letters, fewer than eight, and ends.
#[inline]
pub(super) const fn mixed_last(state: u64, last: u64) -> u64 {
    mixed(state, last).wrapping_mul(0xD6E8_FEB8_6659_FD93) | 1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all<const AT_ONCE: bool>(text: &str) -> Vec<Lexeme> {
        let mut found = Vec::new();
        read::<AT_ONCE>(text, |lexeme| found.push(lexeme));
        found
    }

    proptest! {
        #[test]
        fn words_at_once_are_words_letter_by_letter(
            text in "([A-Za-zLl]{1,18}(s|ed|ing|ly|y|e|ss|us|is)?[ .,'@$!|%\n0-9éж-]{1,2}){0,12}|\\PC{0,80}|[a-z' ]{0,40}",
        ) {
            prop_assert_eq!(all::<true>(&text), all::<false>(&text));
        }
    }
}
