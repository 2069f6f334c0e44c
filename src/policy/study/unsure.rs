//! What tools print of a request of which nobody is sure, read again in a question: `perhaps 2 email (60 %)`,
//! `3 email (perhaps 5, 90 %)`, `perhaps health`, `perhaps any label`, `leak score 300 (perhaps 700)`.
//!
//! A scenario is sure of what it gives, so its parser knows none of this: it is taken out of the question first, in place, and put into
//! the request that the rest of the question gives.

use std::ops::Range;

use super::super::phrase::{Language, Phrase};
use super::super::resolved::What;
use super::super::text::{Text, say};
use super::super::tree::{Given, Name};
use crate::model::finding::{POSSIBLY, SURELY};
use crate::model::{Catalogue, Certainty, Country, Facts, LabelFact, LeakFact, TypeFact, Word};

/// A question without what it is unsure of, every other byte in its place.
#[derive(Debug)]
pub(super) struct Sure {
    pub(super) text: String,
    unsure: Vec<Unsure>,
}

/// Something of which a question is not sure.
#[derive(Debug)]
enum Unsure {
    /// Data whose name stands in a place.
    Data(Range<usize>, Doubt),
    /// A score that may be so much, and of which nothing is known otherwise; `true` for the history.
    Score(bool, Option<u16>),
    HealthOfAPerson,
    Label,
    Purpose,
    Residence,
}

/// How much of some data is not sure.
#[derive(Debug, Clone, Copy)]
pub(super) struct Doubt {
    /// Whether all of it is.
    all: bool,
    /// How many there may be.
    possibly: Option<u32>,
    /// How sure a detector was.
    confidence: Option<u8>,
}

/// What nobody knows of a request, as the tools say it behind `perhaps`.
pub(super) fn purpose_unknown() -> Text {
    say!("a purpose that no sheet names")
}

pub(super) fn label_unknown() -> Text {
    say!("any label")
}

pub(super) fn residence_unknown() -> Text {
    say!("any residence")
}

impl Sure {
    /// Takes what is unsure out of a part of a question.
    pub(super) fn of(question: &str, request: Range<usize>, language: Language) -> Self {
        let mut sure = Self { text: question.to_owned(), unsure: Vec::new() };
        for part in parts(question, request, language) {
            sure.part(question, part, language);
        }
        sure
    }

    fn part(&mut self, question: &str, part: Range<usize>, language: Language) {
        let written = question.get(part.clone()).unwrap_or_default();
        let lead = written.strip_prefix(Phrase::Data.surface(language)).filter(|rest| rest.starts_with(' '));
        let lead = lead.map_or(0, |rest| written.len() - rest.trim_start().len());
        let perhaps = format!("{} ", say!("perhaps").said(language));
        let all = written.get(lead..).is_some_and(|rest| rest.starts_with(&perhaps));
        let begins = lead + if all { perhaps.len() } else { 0 };
        let behind = written.get(begins..).unwrap_or_default();
        let in_brackets = behind.strip_suffix(')').and_then(|rest| rest.rsplit_once(" ("));
        let told = in_brackets.and_then(|(core, inside)| Some((core, bracket(inside, &perhaps)?)));
        let (core, (possibly, confidence)) = told.unwrap_or((behind, (None, None)));
        if !all && told.is_none() {
            return;
        }
        let core_at = part.start + begins..part.start + begins + core.len();
        let is = |phrase: Phrase| core.starts_with(phrase.surface(language));
        let score =
            [(Phrase::LeakScore, false), (Phrase::LeakHistory, true)].into_iter().find(|(phrase, _)| is(*phrase));
        let whole = match score {
            Some((_, history)) => Some(Unsure::Score(history, possibly.and_then(|most| u16::try_from(most).ok()))),
            None if core == Phrase::HealthOfAPerson.surface(language) => Some(Unsure::HealthOfAPerson),
            None if core == label_unknown().said(language) => Some(Unsure::Label),
            None if core == purpose_unknown().said(language) => Some(Unsure::Purpose),
            None if core == residence_unknown().said(language) => Some(Unsure::Residence),
            None => None,
        };
        let Some(unsure) = whole else {
            self.blank(part.start + lead..core_at.start);
            self.blank(core_at.end..part.end);
            self.unsure.push(Unsure::Data(core_at, Doubt { all, possibly, confidence }));
            return;
        };
        self.unsure.push(unsure);
        if !all {
            // So much of it is sure.
            return self.blank(core_at.end..part.end);
        }
        self.blank(part.clone());
        let nothing = Phrase::Nothing.surface(language);
        self.text.replace_range(part.start..part.start + nothing.len(), nothing);
    }

    /// Writes blanks in a place.
    fn blank(&mut self, place: Range<usize>) {
        self.text.replace_range(place.clone(), &" ".repeat(place.len()));
    }

    /// Takes the data of which the question is not sure out of what it gives: name, number and doubt.
    pub(super) fn doubted(&self, given: &mut Vec<Given>) -> Vec<(Name, u32, Doubt)> {
        let doubt = |name: &Name| {
            self.unsure.iter().find_map(|unsure| match unsure {
                Unsure::Data(place, doubt) if place.start <= name.span.start && name.span.end <= place.end => {
                    Some(*doubt)
                }
                _ => None,
            })
        };
        let mut doubted = Vec::new();
        given.retain(|one| {
            let Given::Data { count, what } = one else { return true };
            let found = doubt(what).map(|doubt| (what.clone(), *count, doubt));
            let is_sure = found.is_none();
            doubted.extend(found);
            is_sure
        });
        doubted
    }

    /// Puts what is unsure into the request that the rest gives.
    pub(super) fn put(&self, data: &[(What, u32, Doubt)], catalogue: &Catalogue, facts: &mut Facts) {
        for (what, count, doubt) in data {
            match what {
                What::Class(class) => {
                    let closure = catalogue.class_info(*class).map(|info| info.closure).unwrap_or_default();
                    facts.suspected = facts.suspected.union(closure);
                }
                What::Type(entity) => {
                    let confidence = doubt.confidence.unwrap_or(if doubt.all { SURELY - 1 } else { 100 });
                    let surely = if doubt.all || confidence < SURELY { 0 } else { *count };
                    let possibly = doubt.possibly.unwrap_or(*count).max(*count);
                    facts.types.retain(|fact| fact.entity != *entity);
                    facts.types.push(TypeFact { entity: *entity, possibly, surely, confidence });
                }
            }
        }
        facts.types.sort_by_key(|fact| fact.entity);
        for unsure in &self.unsure {
            match unsure {
                Unsure::Data(..) => {}
                Unsure::Score(false, most) => facts.leak = between(facts.leak, *most),
                Unsure::Score(true, most) => facts.leak_history = between(facts.leak_history, *most),
                Unsure::HealthOfAPerson => facts.health_of_a_person = Certainty::UNKNOWN,
                Unsure::Label => facts.label = LabelFact::Unknown,
                Unsure::Purpose => facts.purpose = Some(Word::UNKNOWN),
                Unsure::Residence => facts.residence.push(Country::UNKNOWN),
            }
        }
    }
}

/// A score that is so much, and may be more; without that, any.
fn between(least: LeakFact, most: Option<u16>) -> LeakFact {
    match (least, most) {
        (LeakFact::Score(least), Some(most)) => LeakFact::Between(least, most.max(least)),
        _ => LeakFact::Unknown,
    }
}

/// What stands in brackets behind data: how many there may be, and how sure a detector was.
fn bracket(inside: &str, perhaps: &str) -> Option<(Option<u32>, Option<u8>)> {
    let (mut possibly, mut confidence) = (None, None);
    for piece in inside.split(", ") {
        if let Some(count) = piece.strip_prefix(perhaps) {
            possibly = Some(count.trim().parse().ok()?);
        } else {
            let sure: u8 = piece.strip_suffix('%')?.trim().parse().ok()?;
            confidence = Some(sure).filter(|sure| (POSSIBLY..=100).contains(sure));
            confidence?;
        }
    }
    Some((possibly, confidence))
}

/// The parts of a question, between commas and `and`, but not within quotes or brackets; without the blanks around them.
fn parts(question: &str, request: Range<usize>, language: Language) -> Vec<Range<usize>> {
    let and = format!(" {} ", Phrase::And.surface(language));
    let (mut parts, mut from, mut quoted, mut open) = (Vec::new(), request.start, false, false);
    let asked = question.get(request.clone()).unwrap_or_default();
    for (at, sign) in asked.char_indices().map(|(at, sign)| (request.start + at, sign)) {
        quoted ^= sign == '"';
        open = !quoted && (sign == '(' || (open && sign != ')'));
        let rest = question.get(at..request.end).unwrap_or_default();
        let joint = match sign {
            ',' => 1,
            ' ' if rest.starts_with(&and) => and.len() - 1,
            _ => 0,
        };
        if joint > 0 && !quoted && !open {
            parts.push(from..at);
            from = at + joint;
        }
    }
    parts.push(from.min(request.end)..request.end);
    let trimmed = |part: Range<usize>| {
        let written = question.get(part.clone()).unwrap_or_default();
        let start = part.end - written.trim_start().len();
        start..start + written.trim().len()
    };
    parts.into_iter().map(trimmed).collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::scenario::nothing;
    use super::super::super::tests::{all_types, every, example, now, sources, vocabulary};
    use super::super::{Study, sentence};
    use super::*;

    const SHEETS: [&str; 2] = [
        "policy \"t\" version 1 owner \"o\" review before 2027-06-30\nhome FR\nlabels \"A\"\nallow backends on premises\n",
        "politique \"t\" version 1 responsable \"o\" à revoir avant le 2027-06-30\nsiège FR\nmarquages \"A\"\nautoriser les hébergeurs sur site\n",
    ];

    /// Whatever is printed of a request is understood as that request.
    #[test]
    fn what_is_printed_is_understood() {
        type Change = fn(&mut Facts, &Catalogue);
        fn email(facts: &mut Facts, catalogue: &Catalogue, (possibly, surely, confidence): (u32, u32, u8)) {
            let entity = catalogue.entity("email").unwrap();
            facts.types.push(TypeFact { entity, possibly, surely, confidence });
        }
        fn class(name: &str, catalogue: &Catalogue) -> crate::model::ClassSet {
            catalogue.class_info(catalogue.class(name).unwrap()).unwrap().closure
        }
        let rows: [(&str, Change); 14] = [
            ("perhaps two", |facts, all| email(facts, all, (2, 0, 60))),
            ("three, perhaps five", |facts, all| email(facts, all, (5, 3, 90))),
            ("two, not quite sure", |facts, all| email(facts, all, (2, 2, 90))),
            ("one, not quite sure", |facts, all| email(facts, all, (1, 1, 85))),
            ("perhaps a class", |facts, all| facts.suspected = class("health", all)),
            ("a class, perhaps another", |facts, all| {
                (facts.declared, facts.suspected) = (class("personal", all), class("trade-secret", all));
            }),
            ("perhaps somebody's health", |facts, _| facts.health_of_a_person = Certainty::UNKNOWN),
            ("any label", |facts, _| facts.label = LabelFact::Unknown),
            ("any purpose", |facts, _| facts.purpose = Some(Word::UNKNOWN)),
            ("any residence", |facts, _| facts.residence.push(Country::UNKNOWN)),
            ("any score", |facts, _| facts.leak = LeakFact::Unknown),
            ("a score, perhaps more", |facts, _| facts.leak = LeakFact::Between(300, 700)),
            ("any history", |facts, _| facts.leak_history = LeakFact::Unknown),
            ("a history, perhaps more", |facts, _| facts.leak_history = LeakFact::Between(0, 600)),
        ];
        let catalogue = all_types();
        for sheet in SHEETS {
            let study = Study::new(&sources(sheet, example()), &catalogue, &every(&catalogue), &vocabulary(), now());
            let study = study.unwrap();
            let asked = |name: &str, facts: &Facts| {
                let said = sentence::given(facts, &catalogue, study.language, false).unwrap();
                let (understood, _) =
                    study.question(&said).unwrap_or_else(|faults| panic!("{name}: {said}: {faults:?}"));
                assert_eq!(&understood, facts, "{name}: {said}");
            };
            let mut all = nothing();
            all.app = Word::fixed("site, (one) and another");
            for (name, change) in rows {
                let mut facts = nothing();
                change(&mut facts, &catalogue);
                asked(name, &facts);
                all.types.clear();
                change(&mut all, &catalogue);
                asked(name, &all);
            }
        }
    }
}
