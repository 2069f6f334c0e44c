//! Every few neighbours read by themselves, so that a value ends where their texts do.
//!
//! Read joined with all the others, `…3456 7890 189` and the `ok` of the next text are one word, and no account number ends in it.
//! So two to four neighbours are read apart from the rest, where a value may run from one into the next: what meets at the border
//! could go on, and holds a digit or an `@`. Lists of numbers that each stand for themselves are left alone.
//!
//! Names of members are left out: `{"first": "camille@", "second": "example.com"}` is an address, and `second` no part of it.
//! It only chooses and joins; what is read in that is for the caller to say.

use std::ops::Range;

use super::joined::{Joined, Seam};
use crate::model::call::FieldKey;
use crate::model::{Call, TokenKind};

/// Neighbours that are read by themselves.
const LEAVES_MAX: usize = 4;
/// Bytes of a text that stands whole within a value.
const INNER_BYTES_MAX: usize = 64;
/// Bytes of the text before that are read as context.
const CONTEXT_BYTES: usize = 40;
/// Bytes of the word beside a border.
const WORD_BYTES_MAX: usize = 64;
/// Pieces of a value that was cut into more: a few characters each.
const CRUMB_BYTES_MAX: usize = 8;
/// Crumbs of one value.
const CRUMBS_MAX: usize = 64;
/// Bytes of the name of a member.
const NAME_BYTES_MAX: usize = 32;
/// Figures that such a name may have (`line2`); with more it may be a value.
const NAME_DIGITS_MAX: usize = 2;
/// Bytes of a number that stands for itself wherever it does.
const NUMBER_BYTES_MIN: usize = 5;

/// A text with neighbours: a field, or a string of a document in one.
#[derive(Debug, Clone)]
pub(super) struct Leaf<'a> {
    pub(super) field: u32,
    /// Where it stands in the field.
    pub(super) own: Range<usize>,
    pub(super) text: &'a str,
    /// Whether it names a member.
    pub(super) is_key: bool,
    /// The name that it stands under.
    pub(super) key: Option<&'a str>,
}

/// The texts of fields, given by their places in the call.
pub(super) fn leaves<'a>(call: &'a Call, chain: &[u32]) -> Vec<Leaf<'a>> {
    let text = |index: u32| call.fields.get(index as usize).map(|field| call.text(field));
    let leaf = |&index: &u32| {
        let (field, own) = (call.fields.get(index as usize)?, text(index)?);
        let key = match field.key {
            FieldKey::None => None,
            FieldKey::Known(word) => Some(word),
            FieldKey::Field(index) => text(index),
        };
        Some(Leaf { field: index, own: 0..own.len(), text: own, is_key: field.kind == TokenKind::Key, key })
    };
    chain.iter().filter_map(leaf).collect()
}

/// Whether a text names a member, as programs write such names, and is no data.
pub(super) fn is_name(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    text.len() <= NAME_BYTES_MAX
        && digits <= NAME_DIGITS_MAX
        && text.starts_with(|first: char| first.is_alphabetic() || first == '_')
        && text.chars().all(|char| char.is_alphanumeric() || matches!(char, '_' | '-'))
}

/// A text that may be part of a value, and the text before it, which is its context.
type Told<'a> = (&'a Leaf<'a>, &'a str);

/// Joins what is worth reading by itself, one stretch behind the other; `None` where nothing is. Where a cut does not show, no more
/// bytes are read so than are left.
pub(super) fn joined(leaves: &[Leaf<'_>], seam: &Seam, left: &mut usize) -> Option<Joined> {
    // What a type is called says nothing, and stands between the texts of a document.
    let says_nothing = |leaf: &Leaf<'_>| (leaf.is_key || leaf.key == Some("type")) && is_name(leaf.text);
    let mut before = "";
    let mut told: Vec<Told<'_>> = Vec::with_capacity(leaves.len());
    for leaf in leaves {
        if !says_nothing(leaf) {
            told.push((leaf, before));
        }
        before = leaf.text;
    }
    let borders: Vec<Border> = told.windows(2).map(Border::between).collect();
    let mut joined = Joined::default();
    for count in 2..=LEAVES_MAX {
        for (at, window) in told.windows(count).enumerate() {
            let crossed = borders.get(at..at + count - 1).unwrap_or_default();
            if !crossed.iter().all(|border| border.goes_on) || !crossed.iter().any(|border| border.tells) {
                continue;
            }
            let shows = crossed.iter().all(|border| border.shows);
            if !shows && (*left == 0 || !crossed.iter().all(|border| border.kin)) {
                continue;
            }
            let around = [at.checked_sub(1), Some(at + count)];
            let around = around.map(|at| at.and_then(|at| told.get(at)).map(|(leaf, _)| leaf.text));
            if inner(window).iter().all(|(leaf, _)| is_inner(leaf.text)) && !is_list(window, around) {
                let before = joined.text.len();
                joined.add_window(window, seam);
                *left = left.saturating_sub(if shows { 0 } else { joined.text.len() - before });
            }
        }
    }
    for run in crumbs(&told) {
        let (from, to) = (run.start.saturating_sub(1), (run.end + 1).min(told.len()));
        for range in [run.clone(), from..run.end, run.start..to, from..to] {
            joined.add_window(told.get(range).unwrap_or_default(), seam);
        }
    }
    (!joined.text.is_empty()).then_some(joined)
}

impl Joined {
    /// Adds neighbours behind what stands before them.
    fn add_window(&mut self, window: &[Told<'_>], seam: &Seam) {
        let Some((first, before)) = window.first() else { return };
        self.part(
            before.get(before.ceil_char_boundary(before.len().saturating_sub(CONTEXT_BYTES))..).unwrap_or_default(),
        );
        for (leaf, _) in window {
            let (text, len) = (leaf.text, leaf.text.len());
            let from =
                if std::ptr::eq(*leaf, *first) { text.ceil_char_boundary(len.saturating_sub(seam.bytes)) } else { 0 };
            let to = if from > 0 { len } else { text.floor_char_boundary(seam.bytes) };
            let own = leaf.own.start + from..leaf.own.start + to;
            self.add(leaf.field, text.get(from..to).unwrap_or_default(), own);
        }
    }
}

/// What meets between two neighbours.
#[derive(Default)]
struct Border {
    /// Whether a value may run over it.
    goes_on: bool,
    /// Whether a word beside it looks like a part of one.
    tells: bool,
    /// Whether it looks as if it was cut there: a blank, or a part of an address.
    shows: bool,
    /// Whether both stand under the same name, or one under the other.
    kin: bool,
}

impl Border {
    fn between(pair: &[Told<'_>]) -> Self {
        let [(one, _), (other, _)] = pair else { return Self::default() };
        let (left, right) = (one.text.trim_end(), other.text.trim_start());
        let ends = left.chars().next_back().is_none_or(|last| last.is_alphanumeric() || ENDS.contains(last));
        let begins = right.chars().next().is_none_or(|first| first.is_alphanumeric() || BEGINS.contains(first));
        if !(ends && begins) {
            return Self::default();
        }
        let is_in_word = |byte: &&u8| !byte.is_ascii_whitespace();
        let near = || {
            let last = left.as_bytes().iter().rev().take(WORD_BYTES_MAX).take_while(is_in_word);
            last.chain(right.as_bytes().iter().take(WORD_BYTES_MAX).take_while(is_in_word))
        };
        let tells = near().any(|&byte| tells(byte));
        let apart = left.len() < one.text.len() || right.len() < other.text.len();
        let mail = || near().any(|&byte| byte == b'@') && !is_address(left) && !is_address(right);
        let kin = one.key == other.key || (one.is_key && other.key == Some(one.text));
        Self { goes_on: true, tells, shows: tells && (apart || mail()), kin }
    }
}

/// What a value may have before and behind a cut, besides letters and digits.
const ENDS: &str = "@._%+-'~/:=\\";
const BEGINS: &str = "@._%+-'~/:=(\\";

/// Whether a text is an address of mail, as far as its marks tell.
fn is_address(text: &str) -> bool {
    text.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && domain.trim_matches('.').contains('.'))
}

/// Whether a byte is one that most values have.
const fn tells(byte: u8) -> bool {
    byte.is_ascii_digit() || byte == b'@'
}

/// What stands between the ends of a window.
fn inner<T>(window: &[T]) -> &[T] {
    window.get(1..window.len().saturating_sub(1)).unwrap_or_default()
}

/// Whether a text may stand whole within a value: one word, or groups of digits.
fn is_inner(text: &str) -> bool {
    let text = text.trim();
    text.len() <= INNER_BYTES_MAX
        && (!text.contains(char::is_whitespace) || text.split_whitespace().all(|word| word.bytes().any(tells)))
}

/// Whether these are elements of a list that each stand for themselves: numbers, or what all looks alike and goes on so.
fn is_list(window: &[Told<'_>], around: [Option<&str>; 2]) -> bool {
    let Some((first, _)) = window.first() else { return false };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let numbers = window.iter().all(|(leaf, _)| is_number(leaf.text));
    if numbers && window.iter().any(|(leaf, _)| leaf.text.len() >= NUMBER_BYTES_MIN) {
        return true;
    }
    let alike = |text: &str| text.len() > 1 && are_alike(first.text, text);
    window.iter().all(|(leaf, _)| alike(leaf.text)) && around.into_iter().flatten().any(alike)
}

/// Whether two texts have digits, letters and marks at the same places.
fn are_alike(one: &str, other: &str) -> bool {
    let kind = |byte: u8| match byte {
        b'0'..=b'9' => b'0',
        b'a'..=b'z' | b'A'..=b'Z' => b'a',
        other => other,
    };
    one.len() == other.len() && one.bytes().map(kind).eq(other.bytes().map(kind))
}

/// Runs of more neighbours than are read otherwise that are a few characters each.
fn crumbs(told: &[Told<'_>]) -> Vec<Range<usize>> {
    let is_crumb = |text: &str| {
        text.len() <= CRUMB_BYTES_MAX && (text.bytes().any(tells) || text.chars().nth(1).is_none()) && is_inner(text)
    };
    let (mut runs, mut start) = (Vec::new(), 0);
    for at in 0..=told.len() {
        if told.get(at).is_some_and(|(leaf, _)| is_crumb(leaf.text)) {
            continue;
        }
        let run = start..at;
        let numbers = told.get(run.clone()).unwrap_or_default();
        // A longer one is a list.
        if (LEAVES_MAX - 1..=CRUMBS_MAX).contains(&run.len())
            && !is_list(numbers, [numbers.first().map(|(leaf, _)| leaf.text), None])
        {
            runs.push(run);
        }
        start = at + 1;
    }
    runs
}
