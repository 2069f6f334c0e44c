//! Texts of a call read as one: what one of them begins, the next may end.
//!
//! An IBAN is cut in two parts of a message, in two messages, in the elements of an array, in a key and its value, and each piece
//! alone is nothing. Of a short text all is joined with its neighbours, of a long one its ends; nothing is put between them.
//! This module joins and leads back; what is read in the joined text is for the caller to say.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::model::call::FieldKey;
use crate::model::{Call, Field, Role, TokenKind};

/// What of two neighbours is read joined.
pub(super) struct Seam {
    /// Bytes of either end of a long one.
    pub(super) bytes: usize,
    /// Whether names are looked for too: a reader reads them as one text.
    pub(super) names: bool,
    /// Whether each is a word of its own: only people are looked for.
    pub(super) words: bool,
}

impl Seam {
    /// Parts of one text.
    pub(super) const PARTS: Self = Self { bytes: 256, names: true, words: false };
    /// Short parts of one text, as words: `Mme`, `Camille` and `Aubertin` are a name.
    pub(super) const WORDS: Self = Self { bytes: 64, names: true, words: true };
    /// Texts of their own: messages, elements of an array, a key and its value. A number may still run from one into the next.
    pub(super) const STRANGERS: Self = Self { bytes: 64, names: false, words: false };

    /// Whether a chain has neighbours that are no more than words.
    pub(super) fn has_words(&self, call: &Call, chain: &[u32]) -> bool {
        let short =
            |index: &u32| call.fields.get(*index as usize).is_some_and(|field| call.text(field).len() <= self.bytes);
        chain.windows(2).any(|pair| pair.iter().all(short))
    }
}

/// What stands for the middle of a long part: nothing matches across it.
const GAP: &str = "\n\u{1F}\n";

/// The fields that hold text, in the order in which they are read: what one of them begins, the next may end.
pub(super) fn texts(call: &Call) -> Vec<u32> {
    let text = |field: &Field| {
        let other = match field.role {
            Role::Control | Role::Name | Role::Binary | Role::Reference => true,
            // What stands under the caller's own keys is the caller's own text.
            Role::Identifier => !field.path.ends_with(".*"),
            Role::Schema => !is_choice(field),
            _ => false,
        };
        !other && matches!(field.kind, TokenKind::String | TokenKind::Key)
    };
    let mut order = call.reading_order();
    order.retain(|index| call.fields.get(*index as usize).is_some_and(text));
    order
}

/// Whether a field is an element of a list in a schema: one of the values that the model may choose from.
fn is_choice(field: &Field) -> bool {
    field.kind == TokenKind::String && field.key == FieldKey::None
}

/// Fields of one group that a reader would read as one text, where there are several.
pub(super) fn chains(call: &Call) -> Vec<Vec<u32>> {
    let mut groups: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for index in texts(call) {
        if let Some(field) = call.fields.get(index as usize).filter(|field| field.kind == TokenKind::String) {
            groups.entry(field.group).or_default().push(index);
        }
    }
    groups.into_values().filter(|chain| chain.len() > 1).collect()
}

/// Figures of a number that counts something: `3 apples` behind a telephone number is none of it.
const COUNT_DIGITS_MAX: usize = 2;

/// Whether a piece of a joined reading is a word of its own text, and no part of the value that stands whole in the neighbour. Read
/// joined, `… helpful assistant` and an address are one address.
///
/// In doubt it is part of the value: of parts of one text the end of one may well be the beginning of the next word, so there only
/// what begins anew is a word of its own.
pub(super) fn is_own_word(text: &str, piece: &Range<usize>, kind: TokenKind, seam: &Seam, is_before: bool) -> bool {
    let (Some(word), true) = (text.get(piece.clone()), piece.start < piece.end) else { return false };
    let is_whole = piece.len() == text.len();
    if kind == TokenKind::Key {
        return is_whole && word.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
    }
    let outside = if is_before {
        text.get(..piece.start).and_then(|before| before.chars().next_back())
    } else {
        text.get(piece.end..).and_then(|behind| behind.chars().next())
    };
    if outside.is_some_and(char::is_alphanumeric) {
        return false;
    }
    let core = if is_before { word.trim_end_matches(STOPS) } else { word };
    if core.len() <= COUNT_DIGITS_MAX && !core.is_empty() && core.bytes().all(|byte| byte.is_ascii_digit()) {
        return !(is_whole && seam.names);
    }
    let is_word = !core.is_empty() && core.chars().all(char::is_alphabetic);
    let begins_anew = !is_before && core.chars().next().is_some_and(char::is_uppercase);
    // `order 12345678.`, `v1.2.`: a sentence ends there, and no name begins so. Without the stop a name may have marks in it.
    let is_stopped = core.len() < word.len();
    let ends_sentence =
        is_before && !core.is_empty() && is_stopped && (!seam.names || core.contains(|c: char| c.is_ascii_digit()));
    let is_number = is_before && !seam.names && !core.is_empty() && core.chars().all(|c| c.is_ascii_digit());
    (is_word && (begins_anew || (is_before && !seam.names))) || ends_sentence || is_number
}

/// What ends a sentence or a part of one.
const STOPS: [char; 6] = ['.', ',', ':', ';', '!', '?'];

/// Texts of a call, joined.
#[derive(Default)]
pub(super) struct Joined {
    /// The joined text.
    pub(super) text: String,
    parts: Vec<Part>,
}

/// A stretch of a field within a joined text.
struct Part {
    field: u32,
    /// Where it begins in the joined text.
    joined: usize,
    /// The stretch of the field.
    own: Range<usize>,
}

impl Joined {
    /// Joins fields, given by their places in the call.
    pub(super) fn of(call: &Call, chain: &[u32], seam: &Seam) -> Self {
        let mut joined = Self { text: String::new(), parts: Vec::with_capacity(chain.len()) };
        for &index in chain {
            let Some(field) = call.fields.get(index as usize) else { continue };
            let text = call.text(field);
            if seam.words && !joined.text.is_empty() {
                joined.text.push(' ');
            }
            if text.len() <= 2 * seam.bytes {
                joined.add(index, text, 0..text.len());
                continue;
            }
            let (head, tail) = (text.floor_char_boundary(seam.bytes), text.ceil_char_boundary(text.len() - seam.bytes));
            joined.add(index, text.get(..head).unwrap_or_default(), 0..head);
            joined.text.push_str(GAP);
            joined.add(index, text.get(tail..).unwrap_or_default(), tail..text.len());
        }
        joined
    }

    /// Adds a stretch of a field.
    pub(super) fn add(&mut self, field: u32, stretch: &str, own: Range<usize>) {
        self.parts.push(Part { field, joined: self.text.len(), own });
        self.text.push_str(stretch);
    }

    /// Begins something that is read by itself, behind a text that is its context and no part of it.
    pub(super) fn part(&mut self, before: &str) {
        self.text.push_str(GAP);
        if !before.is_empty() {
            self.text.push_str(before);
            self.text.push_str(GAP);
        }
    }

    /// The fields and their bytes that lie in a range of the joined text.
    pub(super) fn pieces(&self, range: &Range<usize>) -> Vec<(u32, Range<usize>)> {
        let first = self.parts.partition_point(|part| part.end() <= range.start);
        let touched = self.parts.iter().skip(first).take_while(|part| part.joined < range.end);
        touched.filter_map(|part| part.piece(range)).collect()
    }
}

impl Part {
    fn end(&self) -> usize {
        self.joined + self.own.len()
    }

    /// The bytes of the field that lie in a range of the joined text.
    fn piece(&self, range: &Range<usize>) -> Option<(u32, Range<usize>)> {
        let (from, to) = (range.start.max(self.joined), range.end.min(self.end()));
        let own = self.own.start + from.saturating_sub(self.joined)..self.own.start + to.saturating_sub(self.joined);
        (from < to).then_some((self.field, own))
    }
}
