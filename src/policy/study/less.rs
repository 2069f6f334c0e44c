//! What of a request would have to be gone, or otherwise, so that it passes.

use std::collections::BTreeSet;

use super::super::resolved::Atom;
use super::super::text::{Part, Text, say};
use super::change::CHANGES_MAX;
use super::{Study, choices};
use crate::model::{ClassSet, Facts, LabelFact, LeakFact, ScanStatus, TypeFact, Word};

/// Findings that are taken out one by one to find how many must go; of more, all are named.
const COUNT_MAX: u32 = 64;

/// A request with nothing left in it, however it was sent.
pub(super) fn bare(facts: &Facts) -> Facts {
    Facts { types: Vec::new(), declared: ClassSet::default(), ..read(facts) }
}

/// A request of which all was read.
fn read(facts: &Facts) -> Facts {
    Facts { reference: false, unreadable: false, scan: ScanStatus::Complete, hosted: Vec::new(), ..facts.clone() }
}

/// The request without some data, without which it passes, and which that is.
pub(super) fn without(study: &Study, facts: &Facts, passes: &dyn Fn(&Facts) -> bool) -> Option<(Facts, String)> {
    let count = facts.types.len();
    for size in 1..=count.min(CHANGES_MAX) {
        for chosen in choices(count, size) {
            let mut less = facts.clone();
            let mut gone: Vec<TypeFact> = Vec::new();
            for at in chosen.iter().rev() {
                gone.push(less.types.remove(*at));
            }
            if passes(&less) {
                let fewest = |fact: &TypeFact| match gone.as_slice() {
                    [only] => fewest(facts, only, passes),
                    _ => fact.possibly,
                };
                let parts: Vec<String> = gone.iter().rev().map(|fact| amount(study, fact, fewest(fact))).collect();
                return Some((less, say!("take out {}", parts.join(", ")).said(study.language)));
            }
        }
    }
    if let Some((less, text)) = whole(facts, passes) {
        return Some((less, text.said(study.language)));
    }
    let less = Facts { declared: ClassSet::default(), ..facts.clone() };
    let passes = facts.declared != less.declared && passes(&less);
    passes.then(|| (less, say!("send it without this data").said(study.language)))
}

/// So many findings of a type: `2 email`.
pub(super) fn amount(study: &Study, fact: &TypeFact, count: u32) -> String {
    let name = study.catalogue.info(fact.entity).map_or("", |info| info.name.as_str());
    format!("{count} {}", super::super::surface::written(name, study.language))
}

/// What of a request that nobody could read would have to be otherwise, alone or all of it.
fn whole(facts: &Facts, passes: &dyn Fn(&Facts) -> bool) -> Option<(Facts, Text)> {
    let all = read(facts);
    let parts = [
        (Facts { reference: false, ..facts.clone() }, say!("send what it names in the request itself")),
        (Facts { unreadable: false, ..facts.clone() }, say!("send what cannot be read as text, or leave it out")),
        (
            Facts { scan: ScanStatus::Complete, ..facts.clone() },
            say!("send it in several requests, so that all is read"),
        ),
        (Facts { hosted: Vec::new(), ..facts.clone() }, say!("leave the hosted tool out")),
    ];
    let others: Vec<(Facts, Text)> = parts.into_iter().filter(|(less, _)| less != facts).collect();
    if let Some(found) = others.iter().find(|(less, _)| passes(less)) {
        return Some(found.clone());
    }
    let texts: Vec<Part> = others.into_iter().map(|(_, text)| Part::Text(text)).collect();
    (texts.len() > 1 && passes(&all)).then(|| (all, say!("{}", texts)))
}

/// How many findings of a type have to go at least: a rule may ask for a number of them.
fn fewest(facts: &Facts, gone: &TypeFact, passes: impl Fn(&Facts) -> bool) -> u32 {
    let less = |count: u32| {
        let mut less = facts.clone();
        for fact in less.types.iter_mut().filter(|fact| fact.entity == gone.entity) {
            fact.possibly = fact.possibly.saturating_sub(count);
            fact.surely = fact.surely.min(fact.possibly);
        }
        less
    };
    (1..gone.possibly.min(COUNT_MAX)).find(|count| passes(&less(*count))).unwrap_or(gone.possibly)
}

/// The request as it would be sent otherwise, with how: what rules that fire, and lines that could admit, ask of it beside its data.
/// Who lives where, and whose data it is, nobody changes.
pub(super) fn circumstances(study: &Study, facts: &Facts, fired: &BTreeSet<Word>) -> Vec<(Facts, Text)> {
    let mut found: Vec<(Facts, Text)> = Vec::new();
    let mut see = |atom: &Atom, wanted: bool| {
        for (other, text) in otherwise(study, facts, atom, wanted) {
            if other != *facts && !found.iter().any(|(known, _)| *known == other) {
                found.push((other, text));
            }
        }
    };
    for rule in study.today.rules.iter().filter(|rule| fired.contains(&rule.name)) {
        rule.gate.when.iter().for_each(|when| when.visit(false, &mut see));
        rule.gate.unless.iter().for_each(|unless| unless.visit(true, &mut see));
    }
    for allow in &study.today.allows {
        allow.gate.when.iter().for_each(|when| when.visit(true, &mut see));
        allow.gate.unless.iter().for_each(|unless| unless.visit(false, &mut see));
    }
    found
}

/// The request with something of it so, or not so.
fn otherwise(study: &Study, facts: &Facts, atom: &Atom, wanted: bool) -> Vec<(Facts, Text)> {
    let with = |change: &dyn Fn(&mut Facts)| {
        let mut other = facts.clone();
        change(&mut other);
        other
    };
    let labelled = |label: &Word| {
        let other = with(&|other| other.label = LabelFact::Named(label.clone()));
        (other, say!("send it under the label \"{}\"", label))
    };
    let from = |app: &Word| (with(&|other| other.app = app.clone()), say!("send it from the app \"{}\"", app));
    let below = |score: u16| LeakFact::Score(score.saturating_sub(1));
    match (atom, wanted) {
        (Atom::Label(labels), true) => labels.iter().map(labelled).collect(),
        (Atom::Label(labels), false) => match &facts.label {
            LabelFact::Named(label) if labels.contains(label) => {
                vec![(with(&|other| other.label = LabelFact::Absent), say!("send it without the label \"{}\"", label))]
            }
            LabelFact::Unknown => {
                study.policy.labels().iter().filter(|label| !labels.contains(label)).map(labelled).collect()
            }
            _ => Vec::new(),
        },
        (Atom::LeakAtLeast(score), false) => {
            vec![(
                with(&|other| other.leak = below(*score)),
                say!("change it until its leak score is below {}", usize::from(*score)),
            )]
        }
        (Atom::LeakHistoryAtLeast(score), false) => {
            let text = say!("wait until the leak score of what was sent before is below {}", usize::from(*score));
            vec![(with(&|other| other.leak_history = below(*score)), text)]
        }
        (Atom::App(app), true) => vec![from(app)],
        (Atom::Group(apps), true) => apps.iter().map(from).collect(),
        (Atom::App(_) | Atom::Group(_), false) => {
            vec![(with(&|other| other.app = Word::fixed("")), say!("send it from another app than \"{}\"", &facts.app))]
        }
        (Atom::Role(role), true) => {
            vec![(with(&|other| other.roles.push(role.clone())), say!("send it in the role \"{}\"", role))]
        }
        (Atom::Role(role), false) => {
            let other = with(&|other| other.roles.retain(|own| own != role));
            vec![(other, say!("send it without the role \"{}\"", role))]
        }
        (Atom::Purpose(purpose), true) => {
            let other = with(&|other| other.purpose = Some(purpose.clone()));
            vec![(other, say!("send it for the purpose \"{}\"", purpose))]
        }
        (Atom::Purpose(purpose), false) => {
            vec![(with(&|other| other.purpose = None), say!("send it for another purpose than \"{}\"", purpose))]
        }
        (Atom::Minors, false) => {
            vec![(with(&|other| other.minors = false), say!("send it from an app that has no minors' data"))]
        }
        _ => Vec::new(),
    }
}
