//! A request in words: as the `given` of a scenario, in the language of the sheet.

use super::super::facts::tell_of_somebody;
use super::super::phrase::{Language, Phrase};
use super::super::surface;
use super::super::text::say;
use super::unsure::{label_unknown, purpose_unknown, residence_unknown};
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
            parts.push(unsure(purpose_unknown().said(language))?);
        }
        Some(purpose) => parts.push(quoted(Phrase::Purpose, purpose)),
    }
    match &facts.label {
        LabelFact::Absent => {}
        LabelFact::Unknown => parts.push(unsure(label_unknown().said(language))?),
        LabelFact::Named(label) => parts.push(quoted(Phrase::Label, label)),
    }
    for (leak, phrase) in [(facts.leak, Phrase::LeakScore), (facts.leak_history, Phrase::LeakHistory)] {
        match leak {
            LeakFact::Score(0) => {}
            LeakFact::Score(score) => parts.push(format!("{} {score}", said(phrase))),
            LeakFact::Between(..) if exact => return None,
            LeakFact::Between(least, most) => parts.push(format!("{} {least} ({perhaps} {most})", said(phrase))),
            LeakFact::Unknown => parts.push(unsure(said(phrase))?),
        }
    }
    for country in &facts.residence {
        if *country == Country::UNKNOWN {
            parts.push(unsure(residence_unknown().said(language))?);
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
    data.extend(least(facts.declared, catalogue, language));
    // Near a protected document, which may have brought them.
    let suspected = least(facts.suspected, catalogue, language);
    if exact && !suspected.is_empty() {
        return None;
    }
    data.extend(suspected.iter().map(|class| format!("{perhaps} {class}")));
    for fact in &facts.types {
        data.push(amount(fact, catalogue, language, exact)?);
    }
    Some(data)
}

/// Those of some classes that no other of them implies.
fn least(classes: ClassSet, catalogue: &Catalogue, language: Language) -> Vec<String> {
    let all = || (0_u8..).map(ClassId).zip(&catalogue.classes).filter(|(class, _)| classes.contains(*class));
    let implied = |class: ClassId, closure: ClassSet| {
        all().any(|(other, by)| other != class && by.closure.contains(class) && !closure.contains(other))
    };
    let own = all().filter(|(class, info)| !implied(*class, info.closure));
    own.map(|(_, info)| surface::written(info.name.as_str(), language).to_owned()).collect()
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
