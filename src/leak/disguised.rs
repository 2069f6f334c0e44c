//! The texts of a request with every other reading of them, as all spaces take them.

use super::space::JudgeError;
use super::text::Words;
use super::text::disguise::readings;
use crate::model::{Call, Field, Role, TokenKind};

/// Texts in order, each with its number. Other readings (an encoding opened, letters shifted back) stand behind all of them
/// under the number of the text that they are of.
#[derive(Debug, Clone, Default)]
pub struct Texts(Vec<(u32, Words)>);

impl Texts {
    /// One text.
    pub fn of(text: &str) -> Self {
        Self::of_all([(0, text)].into_iter())
    }

    /// Several texts that follow one another.
    pub fn of_all<'a>(texts: impl Iterator<Item = (u32, &'a str)>) -> Self {
        let mut read = Reading::default();
        texts.for_each(|(number, text)| read.take(number, text));
        read.end()
    }

    /// Every leaf of a call that carries text. The numbers are those of its fields.
    ///
    /// # Errors
    /// When `stop` says so, which it is asked before each text.
    pub fn of_call(call: &Call, stop: &dyn Fn() -> bool) -> Result<Self, JudgeError> {
        let mut read = Reading::default();
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
        self.0.iter().map(|(number, words)| (*number, words))
    }

    /// Words of all texts and readings.
    pub fn words(&self) -> usize {
        self.0.iter().map(|(_, words)| words.prose.len()).sum()
    }
}

/// Texts that are being read.
#[derive(Debug, Default)]
struct Reading {
    plain: Vec<(u32, Words)>,
    other: Vec<(u32, Words)>,
}

impl Reading {
    fn take(&mut self, number: u32, text: &str) {
        let words = Words::of(text);
        self.other.extend(readings(text, &words).into_iter().map(|reading| (number, reading)));
        self.plain.push((number, words));
    }

    fn end(mut self) -> Texts {
        self.plain.append(&mut self.other);
        Texts(self.plain)
    }
}

/// Numbers alone are data too: a table of figures crosses as an array. Only switches that steer the model are none.
fn is_text(field: &Field) -> bool {
    field.role != Role::Control && (field.kind != TokenKind::Number || field.role != Role::Binary)
}
