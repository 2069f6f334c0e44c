//! Where the places of a written text are in the restored one.
//!
//! An API that cites says where in its answer a citation begins and ends. Restoring puts values of other lengths in the place of
//! tokens, so the places behind them move; a place within a token becomes the beginning or the end of its value.
//!
//! ```text
//! written    Dear PERSON_8F3K2M9Q, your file           8..23 is the token; "file" begins at 30
//! restored   Dear Hélène, your file                    the value is 7 bytes; "file" begins at 20
//! ```
//!
//! INVARIANT: `written` and `restored` are the lengths of what was passed so far, and every substitution among it is a
//! [`Move`], in order, unless there were more than [`limits::MOVES_MAX`]: then no place is told.

use std::ops::Range;

use crate::limits;
use crate::model::Measure;

/// What was put in the place of what, in the order of the text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Moves {
    list: Vec<Move>,
    written: Length,
    restored: Length,
    /// There were too many.
    lost: bool,
}

/// One substitution: where the token stood, and where its value stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Move {
    from: Length,
    until: Length,
    /// In the restored text.
    new_from: Length,
    new_until: Length,
}

/// The length of a text in both measures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Length {
    bytes: u64,
    chars: u64,
}

impl Length {
    fn add(&mut self, text: &str) {
        self.bytes += text.len() as u64;
        self.chars += characters(text);
    }

    /// How far it is behind another, if it is.
    const fn behind(self, other: Self) -> Self {
        Self { bytes: self.bytes.saturating_sub(other.bytes), chars: self.chars.saturating_sub(other.chars) }
    }

    const fn of(self, measure: Measure) -> u64 {
        match measure {
            Measure::Bytes => self.bytes,
            Measure::Chars => self.chars,
        }
    }
}

impl Moves {
    /// Notes text that was passed on as it was.
    pub(super) fn pass(&mut self, text: &str) {
        self.written.add(text);
        self.restored.add(text);
    }

    /// Notes that `now` stands where `written` stood.
    pub(super) fn replace(&mut self, written: &str, now: &str) {
        let (from, new_from) = (self.written, self.restored);
        self.written.add(written);
        self.restored.add(now);
        if self.list.len() < limits::MOVES_MAX {
            self.list.push(Move { from, until: self.written, new_from, new_until: self.restored });
        } else {
            self.lost = true;
        }
    }

    /// Whether a value was put in the place of any of these bytes of the written text; also where that is not known any more.
    pub fn touches(&self, from: u64, until: u64) -> bool {
        let before = self.list.partition_point(|moved| moved.from.bytes < until);
        let last = before.checked_sub(1).and_then(|last| self.list.get(last));
        self.lost || last.is_some_and(|last| last.until.bytes > from)
    }

    /// Bytes and characters of the written text that were passed so far.
    pub const fn written(&self) -> (u64, u64) {
        (self.written.bytes, self.written.chars)
    }

    /// What was put into a part of the written text, as places of the part and of what became of it. `text` is the written text,
    /// `part` a range of its bytes; a substitution that reaches out of it belongs to the part in which it begins.
    pub(super) fn part(&self, text: &str, part: Range<usize>) -> Self {
        let length = |bytes: usize| {
            let mut length = Length::default();
            length.add(text.get(..bytes).unwrap_or_default());
            length
        };
        let (from, until) = (length(part.start), length(part.end));
        let now = |place: Length| Length {
            bytes: self.at(place.bytes, Measure::Bytes, true).unwrap_or_default(),
            chars: self.at(place.chars, Measure::Chars, true).unwrap_or_default(),
        };
        let (new_from, new_until) = (now(from), now(until));
        let within = |moved: &&Move| from.bytes < moved.until.bytes && moved.from.bytes < until.bytes;
        let list = self.list.iter().filter(within).map(|moved| Move {
            from: moved.from.behind(from),
            until: moved.until.min(until).behind(from),
            new_from: moved.new_from.behind(new_from),
            new_until: moved.new_until.behind(new_from),
        });
        let (written, restored) = (until.behind(from), new_until.behind(new_from));
        Self { list: list.collect(), written, restored, lost: self.lost }
    }

    /// The place in the restored text of a place in the written one; `end`: it is the end of a range, which a value that it
    /// falls into belongs to. `None` where it is not known.
    pub fn at(&self, place: u64, measure: Measure, end: bool) -> Option<u64> {
        self.carried(place, measure, end, |moved| [moved.from, moved.until, moved.new_from, moved.new_until])
    }

    /// The other way round: the place in the written text of a place in the restored one.
    pub(super) fn was_at(&self, place: u64, measure: Measure, end: bool) -> Option<u64> {
        self.carried(place, measure, end, |moved| [moved.new_from, moved.new_until, moved.from, moved.until])
    }

    /// A place carried over; `ends` are those of a substitution in the text that it is in, then in the other.
    fn carried(&self, place: u64, measure: Measure, end: bool, ends: fn(&Move) -> [Length; 4]) -> Option<u64> {
        if self.lost {
            return None;
        }
        let of = |moved: &Move| ends(moved).map(|length| length.of(measure));
        let begins = |moved: &Move| {
            let [from, ..] = of(moved);
            from
        };
        let before = self.list.partition_point(|moved| begins(moved) < place);
        let Some(last) = before.checked_sub(1).and_then(|last| self.list.get(last)) else { return Some(place) };
        let [_, until, other_from, other_until] = of(last);
        if let Some(beyond) = place.checked_sub(until) {
            return other_until.checked_add(beyond);
        }
        Some(if end { other_until } else { other_from })
    }
}

/// Characters of a text.
fn characters(text: &str) -> u64 {
    text.bytes().filter(|byte| !(0x80..0xC0).contains(byte)).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_move_with_what_was_put_before_them() {
        let mut moves = Moves::default();
        moves.pass("Dear ");
        moves.replace("PERSON_8F3K2M9Q", "Hélène");
        moves.pass(", é ");
        moves.replace("IBAN_2", "FR76 3000");
        moves.pass(".");
        let chars = |place, end| moves.at(place, Measure::Chars, end).unwrap();
        let bytes = |place, end| moves.at(place, Measure::Bytes, end).unwrap();
        for (name, place, in_chars, in_bytes, end) in [
            ("the beginning", 0, 0, 0, false),
            ("before the first", 5, 5, 5, false),
            ("within it, a beginning", 9, 5, 5, false),
            ("within it, an end", 9, 11, 13, true),
            ("its end", 20, 11, 13, true),
            ("behind it", 21, 12, 14, false),
        ] {
            assert_eq!((chars(place, end), bytes(place, end)), (in_chars, in_bytes), "{name}");
        }
        // "é" between the two takes two bytes: the measures part.
        assert_eq!((chars(24, false), bytes(25, false)), (15, 18), "the second");
        assert_eq!((chars(30, true), bytes(31, true)), (24, 27), "its end");
        assert_eq!((chars(31, true), bytes(32, true)), (25, 28), "the end");
        // And back: what stands outside a value comes back to where it was, what stands within one to the ends of its token.
        for place in [0, 5, 20, 21, 24, 30, 31] {
            let end = place != 5;
            assert_eq!(moves.was_at(chars(place, end), Measure::Chars, end), Some(place), "{place}");
        }
        assert_eq!([false, true].map(|end| moves.was_at(8, Measure::Chars, end).unwrap()), [5, 20], "within a value");
    }

    #[test]
    fn what_touches_a_value_is_known() {
        let mut moves = Moves::default();
        moves.pass("é ");
        moves.replace("PERSON_8F3K2M9Q", "Hélène");
        moves.pass(", ");
        moves.replace("IBAN_2", "FR76");
        assert_eq!(moves.written(), (26, 25));
        for (name, range, touches) in [
            ("before", 0..3, false),
            ("into the first", 0..4, true),
            ("within it", 7..8, true),
            ("out of it", 17..19, true),
            ("between", 18..20, false),
            ("over both", 0..26, true),
            ("behind", 26..30, false),
            ("nothing", 5..5, true),
            ("nothing, before", 3..3, false),
        ] {
            assert_eq!(moves.touches(range.start, range.end), touches, "{name}");
        }
    }

    #[test]
    fn too_many_moves_tell_no_place() {
        let mut moves = Moves::default();
        for _ in 0..=limits::MOVES_MAX {
            moves.replace("TOKEN_1", "v");
        }
        assert_eq!((moves.at(0, Measure::Chars, false), moves.touches(0, 0)), (None, true));
    }
}
