//! Texts as an encoder reads them: the normalised view, word by word, with the way back to the text as given.
//!
//! The words are those of [`Words`], one for one, so that a passage that the encoder reads has its place among the windows of the
//! sketch. A word that mixes look-alikes of other scripts into Latin letters is written in Latin: an encoder knows
//! nothing of disguises.

use std::ops::Range;

use zeroize::Zeroize;

use super::Words;
use super::fold::{Folded, fold, is_dressed};
use super::lexeme::lexemes;
use crate::detect::view::View;

/// A word that was heard.
#[derive(Debug, Clone, Copy)]
struct Heard {
    /// Where it stands in what was heard, in bytes.
    from: usize,
    to: usize,
    /// Number of its text.
    text: u32,
    /// Where it stands there.
    start: u32,
    end: u32,
}

/// The words of several texts, one after the other. Wiped when dropped.
#[derive(Clone, Default)]
pub struct Spoken {
    text: String,
    words: Vec<Heard>,
}

impl std::fmt::Debug for Spoken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Spoken({} words)", self.words.len())
    }
}

impl Drop for Spoken {
    fn drop(&mut self) {
        self.text.zeroize();
    }
}

impl Spoken {
    /// One text, whose words are known.
    pub fn of(text: &str, words: &Words) -> Self {
        let mut spoken = Self::default();
        spoken.add(0, text, words);
        spoken
    }

    /// Adds a text with its words.
    pub fn add(&mut self, number: u32, text: &str, words: &Words) {
        let view = View::of(text);
        let seen = view.as_ref().map_or(text, View::text);
        let mut given = words.prose.iter();
        let mut done = 0;
        lexemes(seen, |lexeme| {
            let Some(word) = given.next() else { return };
            self.text.push_str(seen.get(done..lexeme.start).unwrap_or_default());
            let from = self.text.len();
            let letters = seen.get(lexeme.start..lexeme.end).unwrap_or_default();
            if is_mixed(letters) {
                letters.chars().for_each(|c| self.latin(c));
            } else {
                self.text.push_str(letters);
            }
            done = lexeme.end.max(done);
            self.words.push(Heard { from, to: self.text.len(), text: number, start: word.start, end: word.end });
        });
        self.text.push_str(seen.get(done..).unwrap_or_default());
        self.text.push('\n');
    }

    fn latin(&mut self, c: char) {
        match fold(c) {
            Folded::Latin(letters) if !c.is_ascii() => {
                self.text.extend(letters.into_iter().filter(|letter| *letter != 0).map(char::from));
            }
            _ => self.text.push(c),
        }
    }

    /// Words of all texts.
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// The place behind the last word of each text, in order.
    pub fn ends(&self) -> Vec<usize> {
        let pairs = self.words.windows(2).zip(1..);
        let borders = pairs.filter(|(pair, _)| pair.first().map(|word| word.text) != pair.last().map(|word| word.text));
        borders.map(|(_, end)| end).chain((!self.words.is_empty()).then_some(self.words.len())).collect()
    }

    /// A stretch of words as it was heard.
    pub fn passage(&self, words: Range<usize>) -> &str {
        let ends = |words: &[Heard]| Some(words.first()?.from..words.last()?.to);
        let bytes = self.words.get(words).and_then(ends);
        bytes.and_then(|bytes| self.text.get(bytes)).unwrap_or_default()
    }

    /// Where a stretch of words stands: number of the text and byte, of its beginning and of its end.
    pub fn place(&self, words: Range<usize>) -> Option<((u32, u32), (u32, u32))> {
        let words = self.words.get(words)?;
        let (first, last) = (words.first()?, words.last()?);
        Some(((first.text, first.start), (last.text, last.end)))
    }
}

/// Whether a word has letters of ASCII and others beside them that stand for such, or is in Latin letters of another dress.
fn is_mixed(word: &str) -> bool {
    if word.is_ascii() {
        return false;
    }
    let stands = |c: char| c as u32 >= 0x250 && matches!(fold(c), Folded::Latin(_));
    word.bytes().any(|byte| byte.is_ascii_alphabetic()) && word.chars().any(stands) || word.chars().any(is_dressed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_the_sketch_and_lead_back() {
        for (name, text, passages) in [
            ("plain", "The plant closes, says memo 4471-B.", &["The plant", "closes, says"][..]),
            ("look-alikes", "th\u{435} pl\u{430}nt closes now", &["the plant", "closes now"]),
            ("small capitals", "ᴛʜᴇ ᴘʜᴏɴᴇ rings twice", &["the phone", "rings twice"]),
            ("another script whole", "завод закрыт скоро да", &["завод закрыт", "скоро да"]),
            ("invisible", "pla\u{200b}nt clo\u{ad}ses now then", &["plant closes", "now then"]),
            ("nothing", " .. ", &[]),
        ] {
            let words = Words::of(text);
            let spoken = Spoken::of(text, &words);
            assert_eq!(spoken.len(), words.prose.len(), "{name}");
            for (at, expected) in passages.iter().enumerate() {
                assert_eq!(spoken.passage(2 * at..2 * at + 2), *expected, "{name}");
                let ((_, start), (_, end)) = spoken.place(2 * at..2 * at + 2).unwrap();
                let both = &words.prose[2 * at..2 * at + 2];
                assert_eq!((start, end), (both[0].start, both[1].end), "{name}");
            }
        }
    }

    #[test]
    fn texts_follow_one_another() {
        let (one, other) = ("first words", "and others");
        let mut spoken = Spoken::of(one, &Words::of(one));
        spoken.add(3, other, &Words::of(other));
        assert_eq!(spoken.ends(), [2, 4]);
        assert_eq!(spoken.passage(1..3), "words\nand");
        assert_eq!(spoken.place(1..3), Some(((0, 6), (3, 3))));
        assert_eq!((spoken.passage(3..9), spoken.place(3..9)), ("", None));
    }
}
