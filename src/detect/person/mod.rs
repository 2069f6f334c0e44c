//! Names of people by rule: a title, a salutation, a signature, a key, a display name beside an address, or a name that was
//! confirmed elsewhere in the call. `table`, `aligned`, `upright`, `html`, `sql`, `vcard`, `hl7` and `list` read names under the head of
//! a column and of a list, `attribute` values of fields of forms, `cells` those of tables without one, `leaf` the values of elements and
//! strings, `surname` surnames in capitals, `alone` names in lines that are no sentences, `tied` those that a sign is tied to, `account`
//! and `path` those of accounts and in addresses, `call` and `argument` those that code hands to functions, `edifact`, `paycode` and `zone`
//! those of messages and documents that machines read, `bibtex` those of bibliographies, `mail` those in the heads of mails, `card` and
//! `above` those on cards and above addresses, `compound` the whole of a surname of several words. `keys` holds what keys and heads say,
//! `kin` whose somebody is.
//!
//! What says that somebody is named stays outside the finding (`Mme <…>`), so that the text keeps its grammar. This is the
//! part that needs no model: it is precise and it misses names that nothing announces.
//!
//! False friends: `Sr. Developer`, `Dear customer`, `M. le Président`, headings, `Hello World`.

pub(super) mod above;
pub(super) mod account;
mod aligned;
mod alone;
mod argument;
mod attribute;
mod bibtex;
mod call;
mod card;
mod cells;
mod compound;
mod edifact;
mod hl7;
mod html;
mod initial;
pub(super) mod keys;
mod kin;
pub(super) mod known;
pub(super) mod leaf;
pub(super) mod line;
mod list;
mod mail;
mod name;
mod path;
mod paycode;
mod sql;
mod surname;
mod table;
pub(super) mod tied;
mod upright;
mod vcard;
mod whole;
mod words;
mod zone;

use std::ops::Range;

pub(super) use compound::widen;
pub(super) use kin::phrases as kin_phrases;
pub(super) use name::Name;
use name::name_at;
pub(super) use words::{CUES, stops};

use super::names::lexicon::{BODY, COMPANY, FORENAME, SMALL, SURNAME};
use super::page::{Page, Report};
use super::{fold, named};

/// How a word announces a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cue {
    /// `Mme`, `Dr`, `Herr`: a name follows.
    Title,
    /// `M.`, `S.`: a title only with its full stop and in capitals.
    DottedTitle,
    /// `my name is`, `je m'appelle`: a name follows.
    Introduction,
    /// `mon frère`, `die Ehefrau`: a name follows, perhaps behind a comma or a verb.
    Kin,
    /// `Dear`, `Bonjour`: a name follows and the line or clause ends.
    Greeting,
    /// `Best regards`, `Cordialement`: a line with a name follows.
    Closing,
    /// `Patient:`, `Nom :`, `last_name`: a key whose value is a name.
    Key,
    /// `Name:`, `From:`, `Client:`: a key whose value may be one.
    WeakKey,
    /// A name of this call, known from elsewhere: whole.
    Whole,
    /// A name of this call, known from elsewhere: first or last name alone.
    Part,
    /// The surname of one of those, if it is no other word.
    Surname,
    /// First and last name that an e-mail address of this call suggests.
    Suggested,
}

/// Bytes of a title that is abbreviated.
const TITLE_BYTES_MAX: usize = 4;

/// What makes detections of names by rule known to listings.
pub(super) const CARD: super::Card = super::Card {
    id: "person",
    country: "*",
    method: "titles, salutations, signatures, keys, consistency in the call",
};

/// Looks behind a word that announces a name.
pub(super) fn announced(page: &Page<'_>, cue: Cue, range: &Range<usize>, report: &mut Report<'_>) {
    let found = match cue {
        Cue::Title => after_title(page, range, false),
        Cue::DottedTitle => after_title(page, range, true),
        Cue::Introduction => {
            let at = page.right(range.end, 2, |byte| matches!(byte, b' ' | b':'));
            name_at(page.text, at).map(|name| (name, 88))
        }
        Cue::Kin => name_at(page.text, kin::behind(page, range.end)).map(|name| (name, 86)),
        Cue::Greeting => after_greeting(page, range),
        Cue::Closing => after_closing(page, range),
        Cue::Key => card::after(page, range).or_else(|| after_key(page, range, 85, 80)),
        Cue::WeakKey => {
            let several = after_key(page, range, 80, 0);
            several
                .filter(|(_, confidence)| *confidence > 0)
                .or_else(|| after_label(page, range))
                .or_else(|| card::after(page, range))
        }
        Cue::Whole | Cue::Part | Cue::Surname | Cue::Suggested => None,
    };
    let Some((name, confidence)) = found.filter(|(_, confidence)| *confidence > 0) else { return };
    // `author: Option<…>`, `Hi Folks,`: a type, or one word that is common.
    let title = matches!(cue, Cue::Title | Cue::DottedTitle | Cue::Introduction | Cue::Kin);
    let one = match name.words.as_slice() {
        // `représentée par la Direction`: an article, and no name.
        [word] if title => name.range.start < word.start && is_common(page.text, word),
        [_] => is_common(page.text, &name.range),
        // `Hello Scope Exit!`
        words => cue == Cue::Greeting && words.iter().all(|word| is_common(page.text, word)),
    };
    let glued = page.byte(range.end) == b'.' && name.range.start == range.end + 1;
    let alone =
        if title && glued { is_behind_stop(page, range, &name) } else { named::stands_alone(page, &name.range) };
    let thing = cue == Cue::WeakKey && named::is_thing_of_element(page, &name.range);
    if !one && alone && !thing {
        report.push(widen(page.text, name.range), confidence);
    }
}

/// Whether a name stands directly behind the stop of a short title: `M.Dupont`, `Mme.Aubertin`. What is written so in code
/// (`M.Map`) has other words behind it; behind one letter the name must be known.
fn is_behind_stop(page: &Page<'_>, title: &Range<usize>, name: &Name) -> bool {
    let first = name.words.first().and_then(|word| fold::next_word(page.text, word.start));
    let flags = first.map_or(SMALL, |(_, folded)| named::flags(folded.as_slice()));
    let known = flags & (FORENAME | SURNAME) != 0 || title.len() > 1 && flags == 0;
    let short = title.len() <= TITLE_BYTES_MAX && page.before(title.start) != b'.';
    short && known && flags & SMALL == 0 && named::is_bounded(page, &name.range)
}

/// Whether a word is common in texts and the name of nobody.
fn is_common(text: &str, range: &Range<usize>) -> bool {
    fold::next_word(text, range.start).is_some_and(|(_, folded)| named::is_common(&folded))
}

/// Names by where they stand: under a key, under the head of a column, under the head of a list. A reader is not asked where the
/// byte is missing that it looks for: most texts are prose.
pub(super) fn by_place(page: &Page<'_>, report: &mut Report<'_>) {
    under_key(page, report);
    table::names(page, report);
    if page.holds(b'\n') {
        aligned::names(page, report);
        upright::names(page, report);
        paycode::names(page, report);
    }
    if page.holds(b'=') {
        argument::names(page, report);
        bibtex::names(page, report);
    }
    if page.holds(b'<') {
        html::names(page, report);
        zone::names(page, report);
    }
    if page.holds(b'(') {
        sql::names(page, report);
        call::names(page, report);
    }
    if page.holds(b':') {
        vcard::names(page, report);
        if page.holds(b'\n') {
            mail::names(page, report);
        }
    }
    hl7::names(page, report);
    if page.holds(b'+') {
        edifact::names(page, report);
    }
    list::names(page, report);
    cells::names(page, report);
    account::names(page, report);
    if page.holds(b'/') || page.holds(b'\\') {
        path::names(page, report);
    }
}

/// The parts of a text between signs, as ranges of the page in which the text begins at `start`.
fn parts(text: &str, start: usize, sign: char) -> impl Iterator<Item = Range<usize>> {
    let mut at = start;
    text.split(sign).map(move |part| {
        let range = at..at + part.len();
        at = range.end + sign.len_utf8();
        range
    })
}

/// A text that stands under a key such as `patient_name` and is a name from end to end.
fn under_key(page: &Page<'_>, report: &mut Report<'_>) {
    let Some(key) = page.key else { return };
    let folded = keys::words(key);
    let holds = |keys: &[&str]| keys.iter().any(|key| folded.trim_ascii() == key.as_bytes());
    let (whole, single) = if holds(words::VALUE_KEYS) || keys::is_of_name(&folded) {
        (88, 82)
    } else if holds(words::WEAK_VALUE_KEYS) {
        (75, 0)
    } else {
        return;
    };
    let start = page.text.len() - page.text.trim_start().len();
    let Some(name) = name_at(page.text, start) else { return };
    if page.text.get(name.range.end..).is_none_or(|rest| !rest.trim().is_empty()) {
        return;
    }
    let confidence = if name.words.len() > 1 { whole } else { single };
    if confidence > 0 {
        report.push(name.range, confidence);
    }
}

/// A display name before an address: `Jean Dupont <jean@example.com>`.
pub(super) fn before_address(page: &Page<'_>, address: usize, report: &mut Report<'_>) {
    if page.before(address) != b'<' {
        return;
    }
    let end = page.left(address - 1, 2, |byte| matches!(byte, b' ' | b'"'));
    let start = page.left(end, 60, |byte| !matches!(byte, b',' | b';' | b':' | b'\n' | b'<' | b'>' | b'"' | b'('));
    let start = start + page.text.get(start..end).map_or(0, |text| text.len() - text.trim_start().len());
    if let Some(name) = name_at(page.text, start).filter(|name| name.range.end == end) {
        report.push(name.range, 92);
    }
}

fn after_title(page: &Page<'_>, title: &Range<usize>, dotted: bool) -> Option<(Name, u8)> {
    if dotted && (page.byte(title.end) != b'.' || !page.byte(title.start).is_ascii_uppercase()) {
        return None;
    }
    // A short title in small letters without its stop is a word of something else. With a capital this one is of other names: `Peter Pan`.
    let sir = page.text.get(title.clone()).unwrap_or_default();
    let is_pan = sir == "pan" || sir == "pán";
    if sir.eq_ignore_ascii_case("pan") && !is_pan {
        return None;
    }
    if !is_pan
        && title.len() <= 3
        && page.byte(title.end) != b'.'
        && page.byte(title.start).is_ascii_lowercase()
        && page.byte(title.start) != b'm'
    {
        return None;
    }
    let at = behind_abbreviation(page, title.end);
    let blank = page.right(at, 2, |byte| matches!(byte, b' ' | b'\n'));
    if blank == at && !dotted && page.byte(title.end) != b'.' {
        return None;
    }
    // `sig.Verify(`, `Sig Sauer`: of somebody only with its stop and a blank.
    if sir.eq_ignore_ascii_case("sig") && (blank == at || page.byte(title.end) != b'.') {
        return None;
    }
    let Some(name) = name_at(page.text, blank) else { return in_small_letters(page, title, blank) };
    let confidence = if name.words.len() > 1 { 93 } else { 88 };
    Some((name, confidence))
}

/// Behind the stop of an abbreviated title and the ending that Italian writes behind it: `Sig.ra`, `dott.ssa`, `Sigg.ri`.
fn behind_abbreviation(page: &Page<'_>, end: usize) -> usize {
    const ENDINGS: &[&str] = &["ra", "ri", "re", "na", "ssa"];
    let stop = page.right(end, 1, |byte| byte == b'.');
    let rest = page.text.get(stop..).unwrap_or_default();
    let ending =
        ENDINGS.iter().find(|ending| rest.strip_prefix(**ending).is_some_and(|rest| rest.starts_with([' ', '.'])));
    match ending.filter(|_| stop > end) {
        Some(ending) => page.right(stop + ending.len(), 1, |byte| byte == b'.'),
        None => stop,
    }
}

/// `frau bürger`, `mme bourgeois`: one word in small letters behind a title that has nothing else to stand before.
fn in_small_letters(page: &Page<'_>, title: &Range<usize>, at: usize) -> Option<(Name, u8)> {
    const TITLES: &[&str] = &[
        "mme", "mlle", "madame", "monsieur", "frau", "herr", "herrn", "signora", "signor", "mr", "mrs", "ms", "señora",
        "señor",
    ];
    let title = page.text.get(title.clone())?.to_lowercase();
    let (range, folded) = fold::next_word(page.text, at).filter(|(range, _)| range.start == at)?;
    let letters = page.text.get(range.clone())?.chars().all(char::is_lowercase);
    let known = range.len() > 2 && letters && !stops().contains(folded.as_slice()) && !named::is_common(&folded);
    (TITLES.contains(&title.as_str()) && known)
        .then(|| (Name { range: range.clone(), words: smallvec::smallvec![range] }, 70))
}

fn after_greeting(page: &Page<'_>, greeting: &Range<usize>) -> Option<(Name, u8)> {
    let name = name_at(page.text, page.right(greeting.end, 1, |byte| byte == b' '))?;
    let rest = page.text.get(name.range.end..)?.trim_start_matches(' ');
    let ends = rest.is_empty() || rest.starts_with([',', '!', '\n', '\r', ':', '.', ';', '-']);
    let head = page.text.get(..greeting.start).unwrap_or_default().trim_end_matches(' ');
    let starts = head.is_empty() || head.ends_with(['\n', '.', '!', '"', '>', ':']);
    let confidence = match (name.words.len(), starts) {
        (1, true) => 80,
        (1, false) => 60,
        _ => 85,
    };
    ends.then_some((name, confidence))
}

fn after_closing(page: &Page<'_>, closing: &Range<usize>) -> Option<(Name, u8)> {
    let rest = page.text.get(closing.end..)?;
    let line = rest.trim_start_matches([',', '.', '!', ' ', '\r', '-']);
    let body = line.trim_start_matches(['\n', '\r', ' ', '-', '\u{2014}']);
    // The name stands on a line of its own, or the closing was the end of a clause.
    let broken = line.len() != body.len() || rest.starts_with(',');
    let name = name_at(page.text, page.text.len() - body.len()).filter(|_| broken)?;
    let behind = page.text.get(name.range.end..)?.trim_start_matches([' ', '.', ',']);
    let confidence = if name.words.len() > 1 { 86 } else { 72 };
    (behind.is_empty() || behind.starts_with(['\n', '\r', '"', '<', '|'])).then_some((name, confidence))
}

/// `key: Name`, `"key": "Name"`, `**Key:** Name`, `<key>Name</key>`; two words and more, or one.
fn after_key(page: &Page<'_>, key: &Range<usize>, several: u8, single: u8) -> Option<(Name, u8)> {
    let quoted = page.right(key.end, 3, |byte| matches!(byte, b' ' | b'"' | b'\'' | b'*'));
    let colon = page.right(quoted, 1, |byte| matches!(byte, b':' | b'=' | b'>'));
    let mut at = colon;
    if colon == quoted {
        // `la patiente Marie Durand`: without a colon only two names are one.
        let name = name_at(page.text, page.right(key.end, 1, |byte| byte == b' '))
            .filter(|_| single > 0 && quoted > key.end)?;
        return (name.words.len() > 1).then_some((name, 75));
    }
    at = page.right(at, 4, |byte| matches!(byte, b' ' | b'"' | b'\'' | b'*'));
    if matches!(page.byte(at), b'\n' | b'\r') && page.byte(colon - 1) == b':' {
        return on_next_line(page, at, single);
    }
    let name = name_at(page.text, at)?;
    let confidence = if name.words.len() > 1 { several } else { single };
    // A value that goes on in small letters is a sentence.
    let rest = page.text.get(name.range.end..)?;
    let goes_on = rest.strip_prefix(' ').is_some_and(|rest| rest.starts_with(char::is_lowercase));
    (!goes_on || name.words.len() > 1).then_some((name, confidence))
}

/// `Nom:⏎Aubertin`: a name that has the line below its key for itself.
fn on_next_line(page: &Page<'_>, at: usize, single: u8) -> Option<(Name, u8)> {
    let line = page.right(at, 2, |byte| matches!(byte, b'\r' | b'\n'));
    let start = page.right(line, 8, |byte| matches!(byte, b' ' | b'\t'));
    let end = start + page.text.get(start..)?.lines().next()?.trim_end().len();
    let name = name_at(page.text, start).filter(|name| single > 0 && name.range.end == end)?;
    Some((name, single.saturating_sub(LINE_BELOW)))
}

/// What a line end between a key and its value takes from the confidence.
const LINE_BELOW: u8 = 4;

/// `Name: Schneider`: one word that is known as a name and nothing else, alone behind its label on the line.
fn after_label(page: &Page<'_>, label: &Range<usize>) -> Option<(Name, u8)> {
    const LABELS: &[&str] = &["Name", "NAME", "Nome", "nome", "NOME", "Naam", "naam", "NAAM"];
    let own = page.text.get(label.clone()).filter(|own| LABELS.contains(own))?;
    let quoted = page.right(label.end, 3, |byte| matches!(byte, b' ' | b'"' | b'*'));
    let before = page.left(label.start, 8, |byte| matches!(byte, b' ' | b'*' | b'-' | b'#' | b'>' | b'|'));
    let opens = before == 0 || matches!(page.before(before), b'\n' | b',' | b';' | b'.');
    if page.byte(quoted) != b':' || !opens {
        return None;
    }
    let (name, confidence) = after_key(page, label, 0, 74).filter(|(name, _)| name.words.len() == 1)?;
    let rest = page.text.get(name.range.end..)?;
    let ends = rest.is_empty() || rest.starts_with(['\n', '\r', ',', ';', '"', '<', '|']) || rest.trim() == ".";
    let flags = fold::next_word(page.text, name.range.start).map_or(0, |(_, folded)| named::flags(folded.as_slice()));
    let names = flags & (FORENAME | SURNAME) != 0 && flags & (SMALL | COMPANY | BODY) == 0;
    // `Name` of an English form heads products and machines as well.
    let known = names && (!own.eq_ignore_ascii_case("name") || flags & SURNAME != 0);
    (ends && known).then_some((name, confidence))
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "the test knows its own texts")]
mod tests;
