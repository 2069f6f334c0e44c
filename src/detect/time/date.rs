//! Dates (Gregorian, any written form), and dates of birth: the same behind a word that says so.
//!
//! False friends: timestamps of logs, versions, fractions. Those forms count only where a word says that a date follows.

use std::ops::Range;

use super::written::{self, Form};
use crate::detect::announce;
use crate::detect::context::Context;
use crate::detect::page::{Mark, Page, Report, Wake};
use crate::detect::{Card, Detector};

/// Bytes before a date in which the word for a birth may stand: `née à Saint-Rémy-de-Provence le`.
const BIRTH_BYTES: usize = 64;
/// Bytes before a date in which the word for a date may stand.
const DATE_BYTES: usize = 24;

/// Finds dates.
#[derive(Debug)]
pub(in crate::detect) struct Date {
    words: Context,
}

impl Date {
    pub(in crate::detect) fn new() -> Self {
        Self { words: Context::new(DATE_WORDS.iter().copied()) }
    }
}

impl Detector for Date {
    fn card(&self) -> Card {
        Card { id: "date", country: "*", method: "day that exists, written or numeric; technical forms need context" }
    }

    fn wake(&self) -> Wake {
        Wake::Number
    }

    fn look(&self, page: &Page<'_>, mark: &Mark, report: &mut Report<'_>) {
        let Mark::Number(run) = mark else { return };
        let Some(written) = written::read(page, run) else { return };
        let alone = match written.form {
            Form::Full => 75,
            Form::Partial => 55,
            Form::Technical | Form::Timestamp => 40,
        };
        let named = alone < 50 && announce::announces(&self.words, page, written.range.start, DATE_BYTES);
        report.push(written.range, if named { 70 } else { alone });
    }
}

/// Finds dates of birth.
#[derive(Debug)]
pub(in crate::detect) struct DateOfBirth {
    words: Context,
}

impl DateOfBirth {
    pub(in crate::detect) fn new() -> Self {
        Self { words: Context::new(BIRTH_WORDS.iter().copied()) }
    }
}

impl Detector for DateOfBirth {
    fn card(&self) -> Card {
        Card { id: "date_of_birth", country: "*", method: "date behind a word for a birth" }
    }

    fn wake(&self) -> Wake {
        Wake::Number
    }

    fn look(&self, page: &Page<'_>, mark: &Mark, report: &mut Report<'_>) {
        let Mark::Number(run) = mark else { return };
        let Some(range) = written::read(page, run).map(|written| written.range).or_else(|| eight_digits(page, run))
        else {
            return;
        };
        if announce::announces(&self.words, page, range.start, BIRTH_BYTES)
            || announce::follows(&self.words, page, range.end, DATE_BYTES)
        {
            report.push(range, 96);
        }
    }
}

/// `19850312` or `12031985`.
fn eight_digits(page: &Page<'_>, run: &Range<usize>) -> Option<Range<usize>> {
    let text =
        page.text.get(run.clone()).filter(|text| text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit()))?;
    let part = |from: usize, to: usize| text.get(from..to)?.parse::<u64>().ok();
    let born = |year: u64, month: u64, day: u64| {
        (1900..=2099).contains(&year) && crate::detect::validate::is_day(year, month, day)
    };
    let right = born(part(0, 4)?, part(4, 6)?, part(6, 8)?) || born(part(4, 8)?, part(2, 4)?, part(0, 2)?);
    right.then(|| run.clone())
}

/// Words that announce a date.
const DATE_WORDS: &[&str] = &[
    "date",
    "dated",
    "today",
    "today is",
    "on the",
    "le",
    "daté du",
    "en date du",
    "aujourd'hui",
    "datum",
    "heute",
    "vom",
    "fecha",
    "hoy",
    "oggi",
    "vandaag",
    "hoje",
    "dnia",
    "since",
    "until",
    "depuis",
    "jusqu'au",
    "seit",
    "desde",
    "hasta",
];

/// Words that announce a birth.
#[rustfmt::skip]
const BIRTH_WORDS: &[&str] = &[
    "né", "née", "né le", "née le", "nés le", "naissance", "date de naissance", "ddn", "birth", "birth date", "birthdate", "date of birth", "dob", "born", "birthday",
    "d o b", "d.o.b", "born on", "bday", "birthdate", "date naissance", "né(e) le", "jour de naissance", "geboren", "geb", "geburtsdatum", "geburtstag", "nacido", "nacida", "fecha de nacimiento", "nacimiento", "nata il", "nato il", "nato", "nata", "data di nascita", "nascita", "geboortedatum", "geboren op", "nascido", "nascida", "data de nascimento", "nascimento",
    "urodzony", "urodzona", "data urodzenia", "ur", "urodzin", "narozen", "narozena", "narodený", "dátum narodenia", "rođen", "rođena", "datum rođenja", "rojen", "datum rojstva", "gimimo data", "dzimšanas datums", "sünniaeg", "geb datum", "geb am", "gebdat", "datum narození", "születési idő", "született", "född", "födelsedatum",
    "fnac", "f nac", "fecha nac", "fec nac", "fecha nacimiento", "gebdatum", "geb.datum", "geboortedat", "data nasc", "dt nasc", "data nascimento", "dn", "nar", "d nar",
    "dat nar", "dataur", "data ur", "data nascita", "födelsedatum", "född", "f.nac", "dtnasc", "datanascimento", "syntymaaika", "dob.", "geboortedatum",
    "født", "fødselsdato", "syntynyt", "syntymäaika", "γεννήθηκε", "ημερομηνία γέννησης", "роден", "дата на раждане", "născut", "data nașterii",
];

#[cfg(test)]
#[expect(clippy::string_slice, reason = "the test knows its own texts")]
mod tests {
    use super::*;
    use crate::detect::page::Sink;

    #[test]
    fn births() {
        let births = DateOfBirth::new();
        for (name, text, expected) in [
            ("French", "née à Saint-Rémy-de-Provence le 12 mars 1985", Some("12 mars 1985")),
            ("German", "geb. 12.03.1985", Some("12.03.1985")),
            ("key", "\"birthDate\": \"1985-03-12\"", Some("1985-03-12")),
            ("packed", "DOB 19850312", Some("19850312")),
            ("another date", "née le 12 mars 1985, vue le 03/04/2024", Some("12 mars 1985")),
            ("none", "vue le 03/04/2024", None),
        ] {
            let mut sink = Sink::new(crate::detect::page::Used::default());
            let mut at = 0;
            while let Some(start) = text[at..].find(|c: char| c.is_ascii_digit()).map(|start| at + start) {
                let end =
                    text[start..].find(|c: char| !c.is_ascii_alphanumeric()).map_or(text.len(), |end| start + end);
                births.look(
                    &Page { text, key: None },
                    &Mark::Number(start..end),
                    &mut Report { sink: &mut sink, detector: 0 },
                );
                at = end;
            }
            let found: Vec<&str> = sink.hits.iter().map(|hit| &text[hit.range.clone()]).collect();
            assert_eq!(found, expected.into_iter().collect::<Vec<_>>(), "{name}");
        }
    }
}
