//! Ages: 0 to 119 with a unit that means one (`years old`, `Jahre alt`), or beside a word for an age or a person.
//!
//! False friends: durations (`depuis 3 ans`, `10 years of experience`), counts.

use crate::detect::announce;
use crate::detect::context::Context;
use crate::detect::page::{Mark, Page, Report, Wake};
use crate::detect::{Card, Detector};

/// Bytes before a number in which a word may stand.
const BEFORE_BYTES: usize = 48;

/// Finds ages.
#[derive(Debug)]
pub(in crate::detect) struct Age {
    ages: Context,
    people: Context,
    durations: Context,
}

impl Age {
    pub(in crate::detect) fn new() -> Self {
        Self {
            ages: Context::new(AGES.iter().copied()),
            people: Context::new(PEOPLE.iter().copied()),
            durations: Context::new(DURATIONS.iter().copied()),
        }
    }
}

impl Detector for Age {
    fn card(&self) -> Card {
        Card { id: "age", country: "*", method: "number below 120, a unit, a word for an age or a person" }
    }

    fn wake(&self) -> Wake {
        Wake::Number
    }

    fn look(&self, page: &Page<'_>, mark: &Mark, report: &mut Report<'_>) {
        let Mark::Number(run) = mark else { return };
        let digits = page.right(run.start, 4, |byte| byte.is_ascii_digit());
        let before = page.before(run.start);
        let inside = matches!(before, b'.' | b',' | b'/' | b'-' | b':') && page.before(run.start - 1).is_ascii_digit();
        let value = page.text.get(run.start..digits).and_then(|digits| digits.parse::<u8>().ok());
        if digits - run.start > 3 || inside || value.is_none_or(|value| value > 119) {
            return;
        }
        let (end, own) = unit(page, digits).unwrap_or((digits, false));
        let measured = end > digits;
        let longer = matches!(page.byte(end), b'.' | b',' | b'/' | b'-' | b':' | b'%')
            && page.byte(end + 1).is_ascii_alphanumeric();
        if page.byte(end).is_ascii_alphanumeric() || longer {
            return;
        }
        let named = |words: &Context, reach| announce::announces(words, page, run.start, reach);
        let confidence = match (own, measured) {
            (true, _) => 92,
            (false, _) if named(&self.durations, 12) => return,
            (false, true) if named(&self.ages, BEFORE_BYTES) || named(&self.people, BEFORE_BYTES) => 92,
            (false, false) if page.byte(end) != b'%' && named(&self.ages, 12) => 85,
            _ => return,
        };
        report.push(run.start..end, confidence);
    }
}

/// The end of the unit behind a number, and whether it means an age by itself.
fn unit(page: &Page<'_>, digits: usize) -> Option<(usize, bool)> {
    let at = page.right(digits, 2, |byte| matches!(byte, b' ' | b'-'));
    let rest = page.text.get(at..page.text.floor_char_boundary(page.text.len().min(at + 24)))?;
    let first = rest.as_bytes().first()?.to_ascii_lowercase();
    if first.is_ascii() && !INITIALS.contains(&first) {
        return None;
    }
    let spoken = |unit: &&str| {
        // Nearly every unit begins otherwise.
        if first.is_ascii() && unit.as_bytes().first() != Some(&first) {
            return None;
        }
        let mut chars = rest.chars();
        let same = unit.chars().all(|expected| chars.next().is_some_and(|c| c.to_lowercase().eq([expected])));
        let behind = chars.as_str();
        (same && !behind.starts_with(char::is_alphanumeric)).then_some(at + rest.len() - behind.len())
    };
    let own = OWN.iter().filter_map(spoken).max().map(|end| (end, true));
    own.or_else(|| UNITS.iter().filter_map(spoken).max().map(|end| (end, false)))
}

/// What units begin with; others are not in ASCII.
const INITIALS: &[u8] = b"yamjdlrv";

/// Units that mean an age by themselves.
const OWN: &[&str] = &[
    "years old",
    "year old",
    "year-old",
    "years-old",
    "yrs old",
    "yr old",
    "y/o",
    "yo",
    "years of age",
    "months old",
    "month-old",
    "jahre alt",
    "jährige",
    "jähriger",
    "jährigen",
    "jähriges",
    "jaar oud",
    "años de edad",
    "ans révolus",
    "anni di età",
    "anos de idade",
    "år gammal",
    "år gammel",
    "lat życia",
];

/// Units of durations too.
const UNITS: &[&str] = &[
    "ans", "an", "mois", "years", "year", "months", "jahre", "jahren", "monate", "años", "año", "meses", "mes", "días",
    "anni", "anno", "mesi", "jaar", "maanden", "anos", "ano", "lat", "lata", "rok", "let", "år", "vuotta", "éves",
    "ani", "ετών",
];

/// Words for an age.
const AGES: &[&str] = &[
    "age",
    "âge",
    "âgé",
    "âgée",
    "agé",
    "agée",
    "aged",
    "alter",
    "im alter von",
    "edad",
    "età",
    "leeftijd",
    "idade",
    "wiek",
    "w wieku",
    "ålder",
    "alder",
    "ikä",
    "kor",
    "věk",
    "vârsta",
    "ηλικία",
    "years old",
];

/// Words for a person.
#[rustfmt::skip]
const PEOPLE: &[&str] = &[
    "patient", "patiente", "homme", "femme", "enfant", "garçon", "fille", "fillette", "monsieur", "madame", "man", "woman", "male", "female", "boy", "girl",
    "mann", "frau", "junge", "mädchen", "patientin", "kind", "paciente", "hombre", "mujer", "varón", "niño", "niña", "paziente", "uomo", "donna",
    "bambino", "bambina", "patiënt", "vrouw", "jongen", "meisje", "homem", "mulher", "pacjent", "pacjentka", "mężczyzna", "kobieta", "child",
    "fils", "fils de", "son", "daughter", "hijo", "hija", "fiancée", "épouse", "mari",
];

/// Words that make it a duration.
const DURATIONS: &[&str] = &[
    "depuis", "pendant", "for", "since", "seit", "durante", "hace", "desde", "da", "per", "sinds", "há", "od", "in",
    "dans", "après", "within", "last", "past",
];

#[cfg(test)]
#[expect(clippy::string_slice, reason = "the test knows its own texts")]
mod tests {
    use super::*;
    use crate::detect::page::Sink;

    #[test]
    fn units_begin_with_their_initials() {
        for unit in OWN.iter().chain(UNITS) {
            let first = unit.as_bytes()[0];
            assert!(!first.is_ascii() || INITIALS.contains(&first), "{unit}");
        }
    }

    #[test]
    fn rows() {
        let age = Age::new();
        for (text, expected) in [
            ("She is 45 years old.", Some("45 years old")),
            ("a 45-year-old man", Some("45-year-old")),
            ("patiente de 45 ans", Some("45 ans")),
            ("âgé de 7 mois", Some("7 mois")),
            ("Edad: 45", Some("45")),
            ("paciente varón de 62 años, fumador", Some("62 años")),
            ("ein Mann (45 Jahre)", Some("45 Jahre")),
            ("depuis 3 ans", None),
            ("10 years of experience", None),
            ("page 45", None),
            ("a man for 3 years", None),
        ] {
            let mut sink = Sink::new(crate::detect::page::Used::default());
            let start = text.find(|c: char| c.is_ascii_digit()).unwrap();
            let end = text[start..].find(|c: char| !c.is_ascii_alphanumeric()).map_or(text.len(), |end| start + end);
            age.look(
                &Page { text, key: None },
                &Mark::Number(start..end),
                &mut Report { sink: &mut sink, detector: 0 },
            );
            assert_eq!(sink.hits.first().map(|hit| &text[hit.range.clone()]), expected, "{text}");
        }
    }
}
