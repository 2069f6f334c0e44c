//! What is known of a field before its text is read: whether it can hold anything, and the key that it stands under.

use crate::detect::named::is_a_name;
use crate::model::call::FieldKey;
use crate::model::{Call, Field, Role, TokenKind};

/// Digits below which a JSON number is none of the identifiers that any detector knows.
const NUMBER_BYTES_MIN: usize = 7;

/// Whether a field is long enough to hold a value. A short number was read all the same: there is nothing in it.
pub(super) fn can_hold_anything(field: &Field, text: &str) -> bool {
    field.kind != TokenKind::Number || text.len() >= NUMBER_BYTES_MIN
}

/// Whether a field is the title of a type or of a property: one word that nobody is known to be called by. Programs write it from
/// the names of their types (`Dossier`), and alone it looks like a name.
pub(super) fn is_title_of_schema(field: &Field, text: &str, key: Option<&str>) -> bool {
    field.role == Role::Schema && key == Some("title") && text.chars().all(char::is_alphabetic) && !is_a_name(text)
}

/// The key that a field stands under, where it says something.
pub(super) fn key<'a>(call: &'a Call, field: &Field) -> Option<&'a str> {
    match field.key {
        FieldKey::None => None,
        FieldKey::Known(word) => Some(word),
        FieldKey::Field(index) => call.fields.get(index as usize).map(|field| call.text(field)),
    }
}
