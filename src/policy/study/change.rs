//! The smallest change that would let a refused request pass: of the inventory's truths, or of the data.
//!
//! Each is tried, not guessed: a truth is taken as declared, the policy is compiled with it, and the request decided again.

use jiff::Timestamp;

use super::super::declared::{Certificate, Dated, Declared, Entry};
use super::super::phrase::Language;
use super::super::resolved::{Predicate, Quality};
use super::super::text::{Text, say};
use super::Study;
use super::side::{Side, standing};
use crate::model::{BackendId, Facts, TypeFact};

/// At most this many truths are changed at once; more is another backend.
const CHANGES_MAX: usize = 3;

/// What would have to become true of a backend so that it may have the request, fewest first; or what would have to be
/// gone from the request.
pub(super) fn smallest(study: &Study, facts: &Facts, backend: BackendId, language: Language) -> Option<String> {
    let index = usize::from(backend.0);
    let lacking = lacking(study, facts, index);
    for size in 1..=CHANGES_MAX {
        for chosen in choices(lacking.len(), size) {
            let qualities: Vec<&Quality> = chosen.iter().filter_map(|at| lacking.get(*at)).collect();
            if passes(study, facts, index, &qualities) {
                let parts: Vec<String> =
                    qualities.iter().filter_map(|q| name(q)).map(|text| text.said(language)).collect();
                return Some(parts.join(", "));
            }
        }
    }
    without(study, facts, backend, language)
}

/// The qualities that some `allow`, `only` or `never` asks and the backend does not surely have.
fn lacking(study: &Study, facts: &Facts, index: usize) -> Vec<Quality> {
    let truths = study.gathered.truths(study.now);
    let Some(truth) = truths.get(index) else { return Vec::new() };
    let plan = study.side().plan(facts);
    let mut found: Vec<Quality> = Vec::new();
    let mut ask = |predicate: &Predicate| {
        predicate.visit(true, &mut |quality, positive| {
            let holds = truth.holds(&super::super::tree::Expr::Is(quality.clone()));
            let missing = positive && !holds.surely;
            if missing && name(quality).is_some() && !found.contains(quality) {
                found.push(quality.clone());
            }
        });
    };
    for rule in study.today.rules.iter().filter(|rule| plan.fired.contains(&rule.name)) {
        rule.only.iter().for_each(&mut ask);
    }
    study.today.allows.iter().for_each(|allow| ask(&allow.backends));
    found
}

/// Every choice of `size` among `count`.
fn choices(count: usize, size: usize) -> Vec<Vec<usize>> {
    let mut found: Vec<Vec<usize>> = vec![Vec::new()];
    for _ in 0..size {
        found = found
            .iter()
            .flat_map(|chosen| {
                let from = chosen.last().map_or(0, |last| last + 1);
                (from..count).map(|next| chosen.iter().copied().chain([next]).collect())
            })
            .collect();
    }
    found
}

fn passes(study: &Study, facts: &Facts, index: usize, qualities: &[&Quality]) -> bool {
    let mut changed = study.gathered.clone();
    let Some(entry) = changed.inventory.entries.get_mut(index) else { return false };
    let name = entry.name.clone();
    for quality in qualities {
        declare(entry, quality, study.now);
    }
    let Ok(policy) = changed.policy(&study.catalogue, &study.vocabulary, study.now) else { return false };
    let Some(backend) = policy.id_of(name.as_str()) else { return false };
    let side = Side { policy: &policy, today: &study.today, now: study.now, told: study.told };
    standing(&side.plan(facts), backend).is_some()
}

/// Makes a quality surely true of an entry.
fn declare(entry: &mut Entry, quality: &Quality, now: Timestamp) {
    fn said<T>(value: T) -> Declared<T> {
        Declared(Some(Dated { value, verified: None, until: None }))
    }
    let until = now.to_zoned(jiff::tz::TimeZone::UTC).date().saturating_add(jiff::Span::new().years(1));
    match quality {
        Quality::Certified { scheme, level } => {
            let mut all = entry.certificates.ever().cloned().unwrap_or_default();
            all.push(Certificate { scheme: scheme.clone(), level: level.clone(), obtained: true, until });
            entry.certificates = said(all);
        }
        Quality::Contract => entry.contract = said(true),
        Quality::KeysOurs => entry.keys_ours = said(true),
        Quality::Attested => entry.attestation = said(super::super::declared::Attestation::Until(until)),
        Quality::RetentionNone => entry.retention_none = said(true),
        Quality::TrainingNever => entry.training_never = said(true),
        Quality::TransferBasis => {
            entry.instruments = said(vec![super::super::declared::Instrument {
                kind: crate::model::Word::fixed("standard-contractual-clauses"),
                dated: until.saturating_sub(jiff::Span::new().years(2)),
                until,
                countries: None,
            }]);
        }
        _ => {}
    }
}

/// What the officer would do to make a quality true; `None` for what cannot be brought about on paper.
fn name(quality: &Quality) -> Option<Text> {
    Some(match quality {
        Quality::Certified { scheme, level: None } => say!("certify {}", scheme),
        Quality::Certified { scheme, level: Some(level) } => say!("certify {} level {}", scheme, level),
        Quality::Contract => say!("put a processor contract on file"),
        Quality::KeysOurs => say!("hold the keys alone"),
        Quality::Attested => say!("have the machine attested"),
        Quality::RetentionNone => say!("agree that nothing is kept"),
        Quality::TrainingNever => say!("agree that nothing is learnt"),
        Quality::TransferBasis => say!("agree on a transfer basis"),
        _ => return None,
    })
}

/// The data without which the request would pass.
fn without(study: &Study, facts: &Facts, backend: BackendId, language: Language) -> Option<String> {
    let passes = |facts: &Facts| standing(&study.side().plan(facts), backend).is_some();
    let count = facts.types.len();
    for size in 1..=count.min(CHANGES_MAX) {
        for chosen in choices(count, size) {
            let mut less = facts.clone();
            let mut gone: Vec<TypeFact> = Vec::new();
            for at in chosen.iter().rev() {
                gone.push(less.types.remove(*at));
            }
            if passes(&less) {
                let part = |fact: &TypeFact| {
                    let name = study.catalogue.info(fact.entity).map_or("", |info| info.name.as_str());
                    format!("{} {}", fact.possibly, super::super::surface::written(name, language))
                };
                let parts: Vec<String> = gone.iter().rev().map(part).collect();
                return Some(say!("take out {}", parts.join(", ")).said(language));
            }
        }
    }
    let mut bare = facts.clone();
    bare.declared = crate::model::ClassSet::default();
    (facts.declared != bare.declared && passes(&bare)).then(|| say!("send it without this data").said(language))
}
