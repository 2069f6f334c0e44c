//! The texts of a request with every other reading of them, as all spaces take them.

use super::space::JudgeError;
use super::text::disguise::readings;
use super::text::{Spoken, Words};
use crate::model::{Call, Field, Role, TokenKind};

/// Texts in order, each with its number. Other readings (an encoding opened, letters shifted back) stand behind all of them
/// under the number of the text that they are of.
#[derive(Debug, Clone, Default)]
pub struct Texts {
    words: Vec<(u32, Words)>,
    spoken: Spoken,
}

impl Texts {
    /// One text.
    pub fn of(text: &str) -> Self {
        Self::of_all([(0, text)].into_iter())
    }

    /// Several texts that follow one another.
    pub fn of_all<'a>(texts: impl Iterator<Item = (u32, &'a str)>) -> Self {
        Self::read(texts, false)
    }

    /// The same, kept as an encoder reads them too.
    pub fn spoken_of<'a>(texts: impl Iterator<Item = (u32, &'a str)>) -> Self {
        Self::read(texts, true)
    }

    fn read<'a>(texts: impl Iterator<Item = (u32, &'a str)>, is_spoken: bool) -> Self {
        let mut read = Reading { is_spoken, ..Reading::default() };
        texts.for_each(|(number, text)| read.take(number, text));
        read.end()
    }

    /// Every leaf of a call that carries text, kept for an encoder too where `is_spoken`. The numbers are those of its fields.
    ///
    /// # Errors
    /// When `stop` says so, which it is asked before each text.
    pub fn of_call(call: &Call, is_spoken: bool, stop: &dyn Fn() -> bool) -> Result<Self, JudgeError> {
        let mut read = Reading { is_spoken, ..Reading::default() };
        for (number, field) in (0..).zip(&call.fields).filter(|(_, field)| is_text(field)) {
            if stop() {
                return Err(JudgeError::Stopped);
            }
            read.take(number, call.text(field));
        }
        Ok(read.end())
    }

    /// Each text with its number.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &Words)> {
        self.words.iter().map(|(number, words)| (*number, words))
    }

    /// Words of all texts and readings.
    pub fn words(&self) -> usize {
        self.words.iter().map(|(_, words)| words.prose.len()).sum()
    }

    /// The texts as an encoder reads them; empty unless they were kept so.
    pub fn spoken(&self) -> &Spoken {
        &self.spoken
    }
}

/// Texts that are being read.
#[derive(Debug, Default)]
struct Reading {
    is_spoken: bool,
    plain: Vec<(u32, Words)>,
    other: Vec<(u32, Words)>,
    spoken: Spoken,
    /// Other readings, to be spoken behind all texts.
    unspoken: Vec<(u32, String, usize)>,
}

impl Reading {
    fn take(&mut self, number: u32, text: &str) {
        let words = Words::of(text);
        for (reading, words) in readings(text, &words) {
            if self.is_spoken {
                self.unspoken.push((number, reading, self.other.len()));
            }
            self.other.push((number, words));
        }
        if self.is_spoken {
            self.spoken.add(number, text, &words);
        }
        self.plain.push((number, words));
    }

    fn end(mut self) -> Texts {
        for (number, reading, at) in &self.unspoken {
            if let Some((_, words)) = self.other.get(*at) {
                self.spoken.add(*number, reading, words);
            }
        }
        self.plain.append(&mut self.other);
        Texts { words: self.plain, spoken: self.spoken }
    }
}

/// Numbers alone are data too: a table of figures crosses as an array. Only switches that steer the model are none.
fn is_text(field: &Field) -> bool {
    field.role != Role::Control && (field.kind != TokenKind::Number || field.role != Role::Binary)
}
