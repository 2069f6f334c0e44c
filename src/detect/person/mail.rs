//! Names in the headers of mails as programs write them above what they quote, in the languages of the union: `Von: Brandmeyer, Sieglinde`,
//! `Da: Fiorenza Mastrangelo`, `DW: Żaneta Kurpiewska; Dział Szkód`.
//!
//! A word before a colon heads many lines; two such lines beside each other, of which one names the sender or says when and about
//! what, are the head of a mail.

use std::ops::Range;

use super::parts;
use super::whole::{Trust, whole};
use crate::detect::fold;
use crate::detect::page::{Page, Report};

/// Bytes of the word before the colon.
const WORD_BYTES_MAX: usize = 20;
/// Lines that are the head of a mail when they stand beside each other.
const LINES_MIN: usize = 2;
/// Confidence in a name of several words.
const CONFIDENCE: u8 = 84;

/// Words before names, folded: from, to, copies.
#[rustfmt::skip]
const PEOPLE: &[&str] = &[
    "from", "to", "cc", "bcc", "de", "a", "cci", "von", "an", "kopie", "da", "van", "aan", "para", "od", "komu", "kopia", "do", "dw", "udw",
    "fran", "till", "fra", "til", "kopi", "lahettaja", "vastaanottaja", "kopio", "felado", "cimzett", "masolat", "catre", "de la", "saatja",
    "saaja", "nuo", "kam", "no", "от", "до", "απο", "προς", "κοιν", "salje", "prima", "posiljatelj",
];

/// Words before the other lines, folded: when, about what.
#[rustfmt::skip]
const OTHERS: &[&str] = &[
    "sent", "date", "subject", "envoye", "objet", "gesendet", "datum", "betreff", "inviato", "oggetto", "data", "verzonden", "onderwerp",
    "enviado", "asunto", "assunto", "fecha", "odeslano", "predmet", "wyslano", "temat", "skickat", "amne", "sendt", "emne", "lahetetty",
    "aihe", "elkuldve", "targy", "trimis", "subiect", "kuupaev", "teema", "gauta", "tema", "poslano", "дата", "относно", "θεμα", "ημερομηνια",
];

/// What a line of a head says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Says {
    Who,
    What,
}

/// Reports the names in the heads of mails of a page.
pub(super) fn names(page: &Page<'_>, report: &mut Report<'_>) {
    let mut head: Vec<(Says, Range<usize>)> = Vec::new();
    for line in page.lines() {
        match says(page.text, &line) {
            Some((says, value)) => head.push((says, value)),
            None => read(page, &std::mem::take(&mut head), report),
        }
    }
    read(page, &head, report);
}

/// What a line says, and its value.
fn says(text: &str, line: &Range<usize>) -> Option<(Says, Range<usize>)> {
    let own = text.get(line.clone())?;
    // Quoted (`> Von:`) and emphasised (`*Von:*`) heads are heads.
    let from = own.len() - own.trim_start_matches(['>', ' ', '*', '|', '\t']).len();
    let near = own.as_bytes().get(from..own.len().min(from + WORD_BYTES_MAX))?;
    let colon = from + memchr::memchr(b':', near)?;
    let word = own.get(from..colon)?.trim_end_matches([' ', '\u{a0}', '*']);
    let mut folded = fold::Window::new();
    fold::words(word, &mut folded);
    let is_of = |words: &[&str]| words.iter().any(|known| folded.trim_ascii() == known.as_bytes());
    let says = if is_of(PEOPLE) {
        Says::Who
    } else if is_of(OTHERS) {
        Says::What
    } else {
        return None;
    };
    Some((says, line.start + colon + 1..line.end))
}

/// Reports the names of a head, if it is one.
fn read(page: &Page<'_>, head: &[(Says, Range<usize>)], report: &mut Report<'_>) {
    let says_what = head.iter().any(|(says, _)| *says == Says::What);
    if head.len() < LINES_MIN || !says_what {
        return;
    }
    for (_, value) in head.iter().filter(|(says, _)| *says == Says::Who) {
        let Some(text) = page.text.get(value.clone()) else { continue };
        for part in parts(text, value.start, ';') {
            let Some(own) = page.text.get(part.clone()) else { continue };
            // An address behind a name, and what says by which program it came.
            let end = own.find(['<', '[', '(']).unwrap_or(own.len());
            let name = whole(page.text, part.start..part.start + end, Trust::People)
                .or_else(|| turned(page.text, part.start..part.start + end));
            if let Some((range, words)) = name.filter(|(_, words)| *words > 1) {
                report.push(range, CONFIDENCE.saturating_sub(u8::try_from(words.saturating_sub(3)).unwrap_or(0)));
            }
        }
    }
}

/// `Brandmeyer, Sieglinde`: a surname, a comma and a given name.
fn turned(text: &str, range: Range<usize>) -> Option<(Range<usize>, usize)> {
    let own = text.get(range.clone())?;
    let comma = own.find(',').filter(|comma| !own.get(comma + 1..).is_some_and(|rest| rest.contains(',')))?;
    let (surname, _) = whole(text, range.start..range.start + comma, Trust::Sure)?;
    let (given, _) = whole(text, range.start + comma + 1..range.end, Trust::Sure)?;
    Some((surname.start..given.end, 2))
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "the test knows its own texts")]
mod tests {
    use super::*;
    use crate::detect::page::{Sink, Used};

    #[test]
    fn heads_of_mails() {
        for (text, expected) in [
            ("Von: Brandmeyer, Sieglinde\nGesendet: Dienstag\nBetreff: x", &["Brandmeyer, Sieglinde"][..]),
            ("> Da: Fiorenza Mastrangelo\n> Inviato: ieri\n", &["Fiorenza Mastrangelo"]),
            (
                "Van: Wietske Hoogland <w@x.nl>\r\nAan: Sjoerd Terpstra; Klantenservice\r\nOnderwerp: y\r\n",
                &["Wietske Hoogland", "Sjoerd Terpstra"],
            ),
            ("*De :* Gracinda Pestana\n*Assunto:* z", &["Gracinda Pestana"]),
            ("Od: Květoslava Hrušková\nPředmět: RE", &["Květoslava Hrušková"]),
            ("From: Paris\nTo: Rome\nDate: today", &[]),
            ("From: Accounts Receivable\nSubject: x", &[]),
            ("De: Gracinda Pestana", &[]),
            ("to: Wietske Hoogland\nfrom: x", &[]),
        ] {
            let mut sink = Sink::new(Used::default());
            names(&Page { text, key: None }, &mut Report { sink: &mut sink, detector: 0 });
            let found: Vec<&str> = sink.hits.iter().map(|hit| &text[hit.range.clone()]).collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
