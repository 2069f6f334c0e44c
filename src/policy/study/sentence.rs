//! A request in words: as the `given` of a scenario, in the language of the sheet.

use super::super::facts::tell_of_somebody;
use super::super::phrase::{Language, Phrase};
use super::super::surface;
use super::super::text::say;
use crate::model::{
    Catalogue, Certainty, ClassId, ClassSet, Country, Facts, LabelFact, LeakFact, ScanStatus, TypeFact, Word,
};

/// What a scenario would give for this request. With `exact`, `None` when no scenario can say it: a scenario is sure of what
/// it gives.
pub(super) fn given(facts: &Facts, catalogue: &Catalogue, language: Language, exact: bool) -> Option<String> {
    let said = |phrase: Phrase| phrase.surface(language).to_owned();
    let perhaps = say!("perhaps").said(language);
    let unsure = |text: String| if exact { None } else { Some(format!("{perhaps} {text}")) };
    let data = data(facts, catalogue, language, exact)?;
    let mut parts = Vec::new();
    if !data.is_empty() {
        parts.push(format!("{} {}", said(Phrase::Data), data.join(", ")));
    }
    if facts.suspected != ClassSet::default() {
        // Near a protected document, which may have brought it.
        let brought = Facts { declared: facts.suspected, types: Vec::new(), ..facts.clone() };
        let brought = self::data(&brought, catalogue, language, exact)?;
        parts.push(unsure(format!("{} {}", said(Phrase::Data), brought.join(", ")))?);
    }
    let quoted = |phrase: Phrase, word: &Word| format!("{} \"{word}\"", phrase.surface(language));
    for (phrase, word) in [(Phrase::App, &facts.app), (Phrase::Tenant, &facts.tenant)] {
        if !word.as_str().is_empty() {
            parts.push(quoted(phrase, word));
        }
    }
    parts.extend(facts.roles.iter().map(|role| quoted(Phrase::Role, role)));
    match &facts.purpose {
        None => {}
        Some(purpose) if *purpose == Word::UNKNOWN => {
            parts.push(unsure(say!("a purpose that no sheet names").said(language))?);
        }
        Some(purpose) => parts.push(quoted(Phrase::Purpose, purpose)),
    }
    match &facts.label {
        LabelFact::Absent => {}
        LabelFact::Unknown => parts.push(unsure(say!("any label").said(language))?),
        LabelFact::Named(label) => parts.push(quoted(Phrase::Label, label)),
    }
    match facts.leak {
        LeakFact::Score(0) => {}
        LeakFact::Score(score) => parts.push(format!("{} {score}", said(Phrase::LeakScore))),
        LeakFact::Between(..) | LeakFact::Unknown => parts.push(unsure(said(Phrase::LeakScore))?),
    }
    match facts.leak_history {
        LeakFact::Score(0) => {}
        LeakFact::Score(score) => parts.push(format!("{} {score}", said(Phrase::LeakHistory))),
        LeakFact::Between(..) | LeakFact::Unknown => parts.push(unsure(said(Phrase::LeakHistory))?),
    }
    for country in &facts.residence {
        if *country == Country::UNKNOWN {
            parts.push(unsure(say!("any residence").said(language))?);
        } else {
            parts.push(format!("{} {country}", said(Phrase::Residence)));
        }
    }
    let flags = [
        (facts.minors, Phrase::Minors),
        (facts.scan != ScanStatus::Complete, Phrase::ScanIncomplete),
        (facts.unreadable, Phrase::UnreadableField),
        (facts.reference, Phrase::AReference),
    ];
    parts.extend(flags.into_iter().filter(|(on, _)| *on).map(|(_, phrase)| said(phrase)));
    for (tool, host) in &facts.hosted {
        let at = host.as_ref().map(|host| format!(" {} \"{host}\"", said(Phrase::At))).unwrap_or_default();
        parts.push(format!("{} {tool}{at}", said(Phrase::HostedTool)));
    }
    if parts.is_empty() {
        parts.push(said(Phrase::Nothing));
    }
    Some(parts.join(&format!(" {} ", said(Phrase::And))))
}

fn data(facts: &Facts, catalogue: &Catalogue, language: Language, exact: bool) -> Option<Vec<String>> {
    let perhaps = say!("perhaps").said(language);
    let mut data = Vec::new();
    // In a scenario the types say so themselves, and the words would bring the class too.
    let said = exact && tell_of_somebody(&facts.types, catalogue);
    if facts.health_of_a_person == Certainty::TRUE && !said {
        data.push(Phrase::HealthOfAPerson.surface(language).to_owned());
    } else if facts.health_of_a_person == Certainty::UNKNOWN {
        if exact {
            return None;
        }
        data.push(format!("{perhaps} {}", Phrase::HealthOfAPerson.surface(language)));
    }
    // Of declared classes, those that no other implies.
    let declared = |class: ClassId| facts.declared.contains(class);
    for (class, info) in (0_u8..).map(ClassId).zip(&catalogue.classes) {
        let implied = (0_u8..).map(ClassId).zip(&catalogue.classes).any(|(other, by)| {
            other != class && declared(other) && by.closure.contains(class) && !info.closure.contains(other)
        });
        if declared(class) && !implied {
            data.push(surface::written(info.name.as_str(), language).to_owned());
        }
    }
    for fact in &facts.types {
        data.push(amount(fact, catalogue, language, exact)?);
    }
    Some(data)
}

fn amount(fact: &TypeFact, catalogue: &Catalogue, language: Language, exact: bool) -> Option<String> {
    let name = catalogue.info(fact.entity).map_or("", |info| info.name.as_str());
    let name = surface::written(name, language);
    if fact.surely == fact.possibly && fact.confidence == 100 {
        return Some(if fact.surely > 1 { format!("{} {name}", fact.surely) } else { name.to_owned() });
    }
    if exact {
        return None;
    }
    let perhaps = say!("perhaps").said(language);
    Some(if fact.surely == 0 {
        format!("{perhaps} {} {name} ({} %)", fact.possibly, fact.confidence)
    } else {
        let more = if fact.possibly > fact.surely { format!("{perhaps} {}, ", fact.possibly) } else { String::new() };
        format!("{} {name} ({more}{} %)", fact.surely, fact.confidence)
    })
}

/// The names of classes of a set, those that no other implies first.
pub(super) fn class_name(class: ClassId, catalogue: &Catalogue, language: Language) -> String {
    let name = catalogue.class_info(class).map_or("", |info| info.name.as_str());
    surface::written(name, language).to_owned()
}
