//! The texts of a request with every other reading of them, as all spaces take them.

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
        let (mut plain, mut other) = (Vec::new(), Vec::new());
        for (number, text) in texts {
            plain.push((number, Words::of(text)));
            other.extend(readings(text).iter().map(|reading| (number, Words::of(reading))));
        }
        plain.append(&mut other);
        Self(plain)
    }

    /// Every leaf of a call that carries text. The numbers are those of its fields.
    pub fn of_call(call: &Call) -> Self {
        let texts = (0..).zip(&call.fields).filter(|(_, field)| is_text(field));
        Self::of_all(texts.map(|(number, field)| (number, call.text(field))))
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

/// Numbers alone are data too: a table of figures crosses as an array. Only switches that steer the model are none.
fn is_text(field: &Field) -> bool {
    field.role != Role::Control && (field.kind != TokenKind::Number || field.role != Role::Binary)
}
