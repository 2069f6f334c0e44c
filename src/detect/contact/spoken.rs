//! E-mail addresses spelt so that programs pass them by: `jean [at] exemple.fr`, `jean point dupont arobase exemple point fr`,
//! `jean at example dot com`.
//!
//! A sign in brackets and a word for the sign alone (`arobase`) are enough before a domain under a known top-level domain. A
//! plain `at` is a word of every English sentence: it counts only where the domain is spelt with words too, or in
//! capitals behind a part with a dot (`jean.dupont AT example.com`). What is found is the whole address. False friends: `look at the dot com boom`, `created (at) login.time`.

use std::ops::Range;

use super::email::Tops;
use crate::detect::page::{Mark, Page, Report, Wake};
use crate::detect::{Card, Detector};

/// Bytes of one part of an address.
const PART_BYTES_MAX: usize = 64;
/// Parts on either side.
const PARTS_MAX: usize = 6;
/// Blanks around a sign.
const BLANKS_MAX: usize = 2;

/// Words and brackets for `@`, in small letters, that say it by themselves.
const SIGNS: &[&str] = WAKES.split_at(SIGNS_COUNT).0;
/// What stands for a dot between parts, in small letters; the words need blanks around them.
const DOTS: &[&str] = &["[dot]", "(dot)", "{dot}", "[.]", "(.)", "[point]", "(point)", "[punkt]", "(punkt)"];
const DOT_WORDS: &[&str] = &["dot", "point", "punkt", "punto", "ponto", "punt", "kropka"];
/// What stands for another sign within the part before `@`.
const SIGN_WORDS: &[&str] =
    &["tiret", "dash", "hyphen", "minus", "bindestrich", "underscore", "unterstrich", "guion", "trattino", "plus"];
/// Words for `@` that are words of any sentence.
const PLAIN: &[&str] = &["at", "chez", "bei", "ät"];
/// Words before which nobody's address stands.
const NO_PART: &[&str] = &["the", "a", "an", "this", "that", "le", "la", "les", "un", "une", "der", "die", "das"];
/// Entries of [`WAKES`] that are signs.
const SIGNS_COUNT: usize = 26;
/// What wakes the detector: every sign, then the words that spell a dot behind a plain `at`.
const WAKES: &[&str] = &[
    "[at]",
    "(at)",
    "{at}",
    "<at>",
    "[ at ]",
    "( at )",
    "{ at }",
    "[@]",
    "(@)",
    "{@}",
    "(ät)",
    "[ät]",
    "(a)",
    "[a]",
    "(chez)",
    "(bei)",
    "_at_",
    "[arobase]",
    "(arobase)",
    "arobase",
    "arobas",
    "arroba",
    "chiocciola",
    "klammeraffe",
    "apenstaartje",
    "małpa",
    " dot ",
    " point ",
    " punkt ",
    " punto ",
    " ponto ",
    " kropka ",
    " at ",
];

/// Finds e-mail addresses spelt out.
#[derive(Debug)]
pub(in crate::detect) struct SpokenEmail {
    tops: Tops,
}

impl SpokenEmail {
    pub(in crate::detect) fn new() -> Self {
        Self { tops: Tops::new() }
    }

    /// The end of the domain that begins behind the sign, and whether a dot of it is spelt.
    fn domain(&self, page: &Page<'_>, sign_end: usize) -> Option<(usize, bool)> {
        let mut at = blanks_right(page, sign_end);
        let (mut best, mut spelt) = (None, false);
        for count in 0..PARTS_MAX {
            let end =
                page.right(at, PART_BYTES_MAX, |byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte >= 0x80);
            let label = page.text.get(at..end)?;
            if label.is_empty() || label.starts_with('-') || NO_PART.contains(&label) {
                break;
            }
            if count > 0 && label.is_ascii() && self.tops.holds(label) {
                best = Some((end, spelt));
            }
            if page.byte(end) == b'.' && page.byte(end + 1).is_ascii_alphanumeric() {
                at = end + 1;
                continue;
            }
            let Some(next) = dot_right(page, end) else { break };
            (at, spelt) = (next, true);
        }
        best
    }
}

impl Detector for SpokenEmail {
    fn card(&self) -> Card {
        Card { id: "email_spelt", country: "*", method: "words and brackets for `@` and dots, known top-level domain" }
    }

    fn entity(&self) -> &'static str {
        "email"
    }

    fn wake(&self) -> Wake {
        Wake::Literals(WAKES)
    }

    fn look(&self, page: &Page<'_>, mark: &Mark, report: &mut Report<'_>) {
        let Mark::Literal(woken) = *mark else { return };
        let (sign, plain) = match SIGNS.iter().filter(|sign| begins(page, woken, sign)).max_by_key(|sign| sign.len()) {
            Some(sign) => (woken..woken + sign.len(), false),
            None if begins(page, woken, " at ") => {
                return shouted(page, woken + 1..woken + 3)
                    .and_then(|start| Some((start, self.domain(page, woken + 3)?.0)))
                    .map_or((), |(start, end)| report.push(start..end, 85));
            }
            None => match plain_before(page, woken) {
                Some(sign) => (sign, true),
                None => return,
            },
        };
        let word = page.byte(sign.start).is_ascii_alphabetic();
        if word && (page.before(sign.start).is_ascii_alphanumeric() || page.byte(sign.end).is_ascii_alphanumeric()) {
            return;
        }
        let (Some(start), Some((end, spelt))) = (local(page, sign.start), self.domain(page, sign.end)) else { return };
        if !plain || spelt {
            report.push(start..end, if plain { 80 } else { 90 });
        }
    }
}

/// Where the part before an `AT` in capitals begins, which has a dot or a digit in it: `camille.aubertin AT example.com`.
fn shouted(page: &Page<'_>, sign: Range<usize>) -> Option<usize> {
    let part = |byte: u8| byte.is_ascii_alphanumeric() || b"._%+-".contains(&byte);
    let end = sign.start.checked_sub(1)?;
    let start = page.left(end, PART_BYTES_MAX, part);
    let own = page.text.get(start..end)?;
    let inner = own.trim_matches(['.', '_', '-']);
    let address =
        inner == own && inner.contains(['.', '_', '-']) && inner.starts_with(|c: char| c.is_ascii_lowercase());
    (page.text.get(sign)? == "AT" && address).then_some(start)
}

/// Whether the text goes on with a literal here, whatever its case.
fn begins(page: &Page<'_>, at: usize, literal: &str) -> bool {
    page.text.get(at..at + literal.len()).is_some_and(|part| part.eq_ignore_ascii_case(literal))
}

/// The plain word for `@` that stands before the one label before a spelt dot: `at` in `at example dot com`.
fn plain_before(page: &Page<'_>, dot: usize) -> Option<Range<usize>> {
    let label = page.left(dot, PART_BYTES_MAX, |byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let end = blanks_left(page, label);
    let start = page.left(end, 4, |byte| byte.is_ascii_alphabetic() || byte >= 0x80);
    let word = page.text.get(start..end)?.to_lowercase();
    (label < dot && end < label && page.before(start) == b' ' && PLAIN.contains(&word.as_str())).then_some(start..end)
}

/// Where the part before the sign begins.
fn local(page: &Page<'_>, sign: usize) -> Option<usize> {
    let part = |byte: u8| byte.is_ascii_alphanumeric() || b"._%+-'".contains(&byte) || byte >= 0x80;
    let end = blanks_left(page, sign);
    let mut start = page.left(end, PART_BYTES_MAX, part);
    while start < end && b".'-%+".contains(&page.byte(start)) {
        start += 1;
    }
    let word = page.text.get(start..end)?;
    if word.is_empty() || NO_PART.iter().any(|known| word.eq_ignore_ascii_case(known)) {
        return None;
    }
    for _ in 0..PARTS_MAX {
        let Some(before) = joint_left(page, start) else { break };
        let next = page.left(before, PART_BYTES_MAX, part);
        if next == before {
            break;
        }
        start = next;
    }
    Some(page.text.ceil_char_boundary(start))
}

/// Where what stands before a spelt dot or sign ends, going left from the part behind it.
fn joint_left(page: &Page<'_>, part: usize) -> Option<usize> {
    let end = blanks_left(page, part);
    let ends = |literal: &&&str| end.checked_sub(literal.len()).is_some_and(|from| begins(page, from, literal));
    if let Some(literal) = DOTS.iter().find(ends) {
        return Some(blanks_left(page, end - literal.len()));
    }
    let literal = DOT_WORDS.iter().chain(SIGN_WORDS).find(ends)?;
    let from = end - literal.len();
    let before = blanks_left(page, from);
    (end < part && before < from).then_some(before)
}

/// Where the part behind a spelt dot begins, going right from the part before it.
fn dot_right(page: &Page<'_>, part: usize) -> Option<usize> {
    let start = blanks_right(page, part);
    if let Some(literal) = DOTS.iter().find(|literal| begins(page, start, literal)) {
        return Some(blanks_right(page, start + literal.len()));
    }
    let literal = DOT_WORDS.iter().find(|literal| begins(page, start, literal))?;
    let end = start + literal.len();
    let behind = blanks_right(page, end);
    (part < start && end < behind).then_some(behind)
}

fn blanks_left(page: &Page<'_>, at: usize) -> usize {
    page.left(at, BLANKS_MAX, |byte| byte == b' ')
}

fn blanks_right(page: &Page<'_>, at: usize) -> usize {
    page.right(at, BLANKS_MAX, |byte| byte == b' ')
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "the test knows its own texts")]
mod tests {
    use super::*;
    use crate::detect::page::Sink;

    #[test]
    fn rows() {
        let email = SpokenEmail::new();
        for (name, text, expected) in [
            ("brackets", "write to jean.dupont [at] exemple.fr please", Some("jean.dupont [at] exemple.fr")),
            ("round, no blanks", "jean(at)exemple.fr", Some("jean(at)exemple.fr")),
            ("both in brackets", "jean [AT] exemple [DOT] fr", Some("jean [AT] exemple [DOT] fr")),
            ("sign in brackets", "jean(@)exemple.co.uk.", Some("jean(@)exemple.co.uk")),
            (
                "French",
                "Adresse : jean point dupont arobase exemple point fr, merci",
                Some("jean point dupont arobase exemple point fr"),
            ),
            ("French, dash", "jean tiret louis arobase exemple.fr", Some("jean tiret louis arobase exemple.fr")),
            ("English", "mail jane dot doe at example dot com today", Some("jane dot doe at example dot com")),
            ("two dots", "jane at example dot co dot uk", Some("jane at example dot co dot uk")),
            ("Spanish", "juan arroba ejemplo punto es", Some("juan arroba ejemplo punto es")),
            ("German", "hans at beispiel punkt de", Some("hans at beispiel punkt de")),
            ("a plain at before a real domain", "meet me at example.com dot ", None),
            ("a sentence", "look at the dot com boom", None),
            ("no domain", "created (at) login time", None),
            ("no top-level domain", "jean [at] exemple.zzzz", None),
            ("within a word", "larobasee exemple.fr", None),
            ("nothing before", "[at] exemple.fr", None),
        ] {
            let mut found = None;
            let lower = text.to_ascii_lowercase();
            let places = WAKES.iter().flat_map(|wake| lower.match_indices(wake).map(|(at, _)| at)).collect::<Vec<_>>();
            for at in places {
                let mut sink = Sink::new(crate::detect::page::Used::default());
                let page = Page { text, key: None };
                email.look(&page, &Mark::Literal(at), &mut Report { sink: &mut sink, detector: 0 });
                found = found.or_else(|| sink.hits.first().map(|hit| text[hit.range.clone()].to_owned()));
            }
            assert_eq!(found.as_deref(), expected, "{name}");
        }
    }
}
