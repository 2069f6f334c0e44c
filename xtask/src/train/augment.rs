//! Copies of the training texts in the spellings that requests come in: small letters, no accents, capitals, misread letters;
//! parts that stand alone; and other people in the old places.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;

use super::corpus::Text;
use super::gazetteer::Names;
use super::random::Chance;
use crate::names::decode::Kind;

/// What a copy costs: copies count less than what was really written.
const COPY_WEIGHT: f32 = 0.5;

/// The copies, for a training set.
pub(super) fn copies(texts: &[&Text], names: &Names, chance: &mut Chance) -> Vec<Text> {
    let mut copies = Vec::new();
    for text in texts {
        let negative = text.source.starts_with("negative");
        let named = text.spans.iter().any(|(_, kind)| *kind == Kind::Person);
        if chance.per_thousand(if negative { 50 } else { 200 }) {
            copies.push(spelt(text, |c, out| out.extend(c.to_lowercase())));
        }
        if chance.per_thousand(if negative { 50 } else { 120 }) {
            copies.push(spelt(text, |c, out| out.extend(c.to_uppercase())));
        }
        if !negative && chance.per_thousand(100) {
            copies.push(spelt(text, bare));
        }
        if !negative && chance.per_thousand(80) {
            copies.push(spelt(text, |c, out| misread(c, chance, out)));
        }
        if chance.per_thousand(250) {
            copies.extend(field(text, chance));
        }
        if named && chance.per_thousand(800) {
            let other = renamed(text, names, chance);
            if chance.per_thousand(200) {
                copies.push(spelt(&other, |c, out| out.extend(c.to_lowercase())));
            }
            copies.push(other);
        }
    }
    copies
}

/// A copy with every character spelt anew.
fn spelt(text: &Text, mut spell: impl FnMut(char, &mut String)) -> Text {
    let mut out = String::with_capacity(text.body.len());
    let mut places = vec![0; text.body.len() + 1];
    for (at, c) in text.body.char_indices() {
        if let Some(place) = places.get_mut(at) {
            *place = out.len();
        }
        spell(c, &mut out);
    }
    if let Some(place) = places.last_mut() {
        *place = out.len();
    }
    let moved = |range: &Range<usize>| Some(*places.get(range.start)?..*places.get(range.end)?);
    let spans = text.spans.iter().filter_map(|(range, kind)| Some((moved(range)?, *kind))).collect();
    Text { body: out, spans, weight: text.weight * COPY_WEIGHT, ..text.clone() }
}

/// A part of a text that stands alone, as in a field or a cell: one of its names, or a few words that are none.
fn field(text: &Text, chance: &mut Chance) -> Option<Text> {
    let whole = |range: Range<usize>, spans| {
        let text = Text { body: text.body.get(range)?.to_owned(), spans, weight: text.weight, ..text.clone() };
        Some(text)
    };
    if let Some((range, kind)) = chance.pick(&text.spans).filter(|_| chance.per_thousand(400)) {
        return whole(range.clone(), vec![(0..range.len(), *kind)]);
    }
    let place = |word: &str| word.as_ptr() as usize - text.body.as_ptr() as usize;
    let words: Vec<&str> = text.body.split_ascii_whitespace().collect();
    let first = chance.below(words.len());
    let own = words.get(first..(first + 1 + chance.below(3)).min(words.len()))?;
    let range = place(own.first()?)..place(own.last()?) + own.last()?.len();
    let apart = text.spans.iter().all(|(span, _)| span.end <= range.start || range.end <= span.start);
    apart.then(|| whole(range, Vec::new()))?
}

/// Without accents.
fn bare(c: char, out: &mut String) {
    match c {
        'œ' => out.push_str("oe"),
        'æ' => out.push_str("ae"),
        'ß' => out.push_str("ss"),
        'ł' => out.push('l'),
        'ø' => out.push('o'),
        _ => out.extend(std::iter::once(c).nfd().filter(|c| !matches!(c, '\u{300}'..='\u{36F}'))),
    }
}

/// As a scanner may read it.
fn misread(c: char, chance: &mut Chance, out: &mut String) {
    if !chance.per_thousand(35) {
        out.push(c);
        return;
    }
    match c {
        'e' => out.push('c'),
        'l' | 'i' => out.push('1'),
        'm' => out.push_str("rn"),
        'n' => out.push('u'),
        'u' => out.push('n'),
        'o' => out.push('0'),
        's' => out.push('5'),
        'h' => out.push('b'),
        'a' => out.push('o'),
        't' => out.push('l'),
        ' ' if chance.per_thousand(200) => {}
        c if c.is_alphabetic() && chance.per_thousand(300) => {}
        c => out.push(c),
    }
}

/// A copy with other people in it: one word becomes one name, several become a forename and a surname.
fn renamed(text: &Text, names: &Names, chance: &mut Chance) -> Text {
    let mut out = String::with_capacity(text.body.len() + 32);
    let mut spans = Vec::new();
    let mut done = 0;
    for (range, kind) in &text.spans {
        out.push_str(text.body.get(done..range.start).unwrap_or_default());
        let start = out.len();
        let body = text.body.get(range.clone()).unwrap_or_default();
        if *kind == Kind::Person {
            out.push_str(&name_like(body, names, chance));
        } else {
            out.push_str(body);
        }
        spans.push((start..out.len(), *kind));
        done = range.end;
    }
    out.push_str(text.body.get(done..).unwrap_or_default());
    Text { body: out, spans, weight: text.weight * COPY_WEIGHT, ..text.clone() }
}

fn name_like(body: &str, names: &Names, chance: &mut Chance) -> String {
    let words = body.split_ascii_whitespace().count();
    let forename = chance.pick(&names.forenames).map_or("", String::as_str);
    let surname = chance.pick(&names.surnames).map_or("", String::as_str);
    let name = match words {
        0 => return body.to_owned(),
        1 if chance.per_thousand(500) => forename.to_owned(),
        1 => surname.to_owned(),
        2 if chance.per_thousand(100) => format!("{surname} {forename}"),
        2 => format!("{forename} {surname}"),
        _ => {
            let second = chance.pick(&names.surnames).map_or("", String::as_str);
            format!("{forename} {surname} {second}")
        }
    };
    let name =
        if !body.chars().any(char::is_lowercase) && body.chars().count() > 2 { name.to_uppercase() } else { name };
    // The mark that the label took with it stays.
    match body.chars().last().filter(|c| matches!(c, ',' | '.' | ';' | ':')) {
        Some(mark) => name + &mark.to_string(),
        None => name,
    }
}
