//! Names of a list that a head announces: `Participants :` and the bullets below it, `attendees: smith john, patel`.
//!
//! Each line is read once: it is a head, an item below one, or it ends the list.

use std::ops::Range;

use super::whole::{Trust, whole};
use crate::detect::fold;
use crate::detect::page::{Page, Report};

/// Bytes of a head.
const HEAD_BYTES_MAX: usize = 48;
/// Bytes of a line of items.
const LINE_BYTES_MAX: usize = 2048;
/// Words that join the last two items.
const AND: &[&str] = &[" et ", " and ", " und ", " & ", " en ", " och "];
/// Confidence in an item of several words, and of one.
const CONFIDENCE: (u8, u8) = (84, 74);

/// Reports the names of all lists of a page.
pub(super) fn names(page: &Page<'_>, report: &mut Report<'_>) {
    let mut list = false;
    // Nothing stands yet below the head of the list.
    let mut fresh = false;
    for line in page.lines() {
        if line.len() > LINE_BYTES_MAX {
            list = false;
            continue;
        }
        let own = page.text.get(line.clone()).unwrap_or_default().trim_end();
        let range = line.start..line.start + own.len();
        if own.is_empty() {
            list &= fresh;
            continue;
        }
        if list && item(page, &range, report) {
            fresh = false;
            continue;
        }
        let head = head(page.text, &range);
        list = head.is_some();
        fresh = list;
        if let Some(items) = head.filter(|items| !items.is_empty()) {
            list = false;
            inline(page, items, report);
        }
    }
}

/// The items that stand behind a head on its line, empty when they stand below it; `None`: the line is no head.
fn head(text: &str, line: &Range<usize>) -> Option<Range<usize>> {
    let own = text.get(line.clone())?;
    let body = own.trim_start_matches(['#', '*', '_', '-', '>', '"', ' ', '\t']);
    let begin = own.len() - body.len();
    let near = body.get(..body.floor_char_boundary(HEAD_BYTES_MAX))?;
    let colon = near.find([':', '：']);
    // Without a colon a heading of Markdown is one, and a line of its own.
    let label = match colon {
        Some(colon) => near.get(..colon)?,
        None if near.len() == body.len() => near,
        None => return None,
    };
    if !is_head(label) {
        return None;
    }
    let behind = colon.map_or(body.len(), |colon| colon + 1);
    let rest = body.get(behind..)?;
    let items = rest.trim_start_matches(['*', '_', '"', '[', ' ', '\t', '\u{A0}']);
    let from = line.start + begin + body.len() - items.len();
    Some(from..line.end)
}

/// Whether a label announces people: it is such a word, begins or ends with one.
fn is_head(label: &str) -> bool {
    // Nearly every line begins otherwise.
    let label = label.split('(').next().unwrap_or_default();
    if label.len() < 2 || label.contains(['`', '/', '<', ',', '.', '=', '{']) || label.split_whitespace().count() > 4 {
        return false;
    }
    let mut folded = fold::Window::new();
    fold::words(label, &mut folded);
    let mut words = folded.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
    let Some(first) = words.next() else { return false };
    let last = words.next_back();
    let holds = |word: &[u8]| HEADS.iter().any(|head| head.as_bytes() == word);
    holds(first) || last.is_some_and(holds)
}

/// Reads a line below a head. `false`: the list has ended.
fn item(page: &Page<'_>, line: &Range<usize>, report: &mut Report<'_>) -> bool {
    let own = page.text.get(line.clone()).unwrap_or_default();
    let body = own.trim_start();
    let behind = body.trim_start_matches(['-', '*', '•', '–', '—', '·', '◦', '+', '☐', '☑']);
    let numbered = body.trim_start_matches(|c: char| c.is_ascii_digit());
    let behind = match numbered.strip_prefix(['.', ')']) {
        Some(rest) if numbered.len() < body.len() => rest,
        _ => behind,
    };
    let bullet = behind.len() < body.len() && behind.starts_with([' ', '\t', '\u{A0}']);
    let range = line.end - behind.len()..line.end;
    let range = if bullet { range } else { line.start..line.end };
    let Some((name, words)) = one(page.text, range) else { return bullet };
    if bullet || words > 1 {
        push(name, words, report);
        return true;
    }
    false
}

/// Reads items on one line.
fn inline(page: &Page<'_>, items: Range<usize>, report: &mut Report<'_>) {
    let rest = page.text.get(items.clone()).unwrap_or_default();
    let sign = if rest.contains(';') { ';' } else { ',' };
    let mut start = items.start;
    for piece in rest.split(sign) {
        let mut from = start;
        // The last two are joined by a word.
        loop {
            let rest = page.text.get(from..start + piece.len()).unwrap_or_default();
            let and = AND.iter().filter_map(|and| Some((rest.find(and)?, and.len()))).min();
            let to = and.map_or(rest.len(), |(at, _)| at);
            if let Some((name, words)) = one(page.text, from..from + to) {
                push(name, words, report);
            }
            let Some((_, len)) = and else { break };
            from += to + len;
        }
        start += piece.len() + sign.len_utf8();
    }
}

/// One item: a name from end to end, or up to what is said of it.
fn one(text: &str, range: Range<usize>) -> Option<(Range<usize>, usize)> {
    let value = text.get(range.clone())?;
    let ends = [" (", " <", " - ", " – ", " — ", ": ", " : ", "\t", " [", " :"];
    let len = ends.iter().filter_map(|end| value.trim_start().find(end)).min();
    let lead = value.len() - value.trim_start().len();
    let range = range.start..len.map_or(range.end, |len| range.start + lead + len);
    let value = text.get(range.clone())?.trim_end_matches([' ', '.', ';', ',', ']', '"']);
    let range = range.start..range.start + value.len();
    let name = whole(text, range.clone(), Trust::People);
    // `Anna Nowak, directrice`
    name.or_else(|| whole(text, range.start..range.start + value.find(',')?, Trust::People))
}

fn push(name: Range<usize>, words: usize, report: &mut Report<'_>) {
    report.push(name, if words > 1 { CONFIDENCE.0 } else { CONFIDENCE.1 });
}

/// Words that announce people, folded.
#[rustfmt::skip]
const HEADS: &[&str] = &[
    "participants", "participantes", "participant", "participante", "partecipanti", "attendees", "attendee", "attendance", "present", "presents",
    "presentes", "presenti", "absent", "absents", "absentes", "teilnehmer", "teilnehmerinnen", "teilnehmende", "teilnehmerliste",
    "anwesend", "anwesende", "abwesend", "asistentes", "invitados", "invites", "invitees", "invitati", "gaste", "guests", "members",
    "membres", "mitglieder", "miembros", "membri", "leden", "deelnemers", "aanwezig", "aanwezigen", "signataires", "signatories",
    "unterzeichner", "firmantes", "firmatari", "cc", "bcc", "excuses", "excusees", "entschuldigt", "uczestnicy", "obecni", "deltagare",
    "narvarande", "deltagere", "osallistujat", "speakers", "intervenants", "temoins", "witnesses", "zeugen", "testigos", "testimoni",
    "eleves", "students", "patients", "patienten", "pacientes", "pazienti", "employees", "employes", "salaries", "mitarbeiter",
    "empleados", "dipendenti", "beneficiaires", "heritiers", "heirs", "locataires", "destinataires", "recipients",
];
