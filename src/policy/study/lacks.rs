//! What a backend lacks that can be agreed on, put on file or certified: truths that some statement asks of it.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::super::declared::{Attestation, Certificate, Contract, Dated, Declared, Entry, Instrument};
use super::super::resolved::Quality;
use super::super::text::{Text, say};
use super::super::tree::Expr;
use super::Study;
use crate::model::Word;

/// Shows every quality that has a part in whether a backend may have a request: with `true` those that are to be so, with `false`
/// those that are not to be.
pub(super) fn asked<'a>(study: &'a Study, fired: &BTreeSet<Word>, see: &mut impl FnMut(&'a Quality, bool)) {
    for rule in study.today.rules.iter().filter(|rule| fired.contains(&rule.name)) {
        rule.only.iter().for_each(|only| only.visit(true, see));
        // What a rule is about, it is about as soon as it may be so.
        rule.never.iter().for_each(|never| never.visit(false, see));
        rule.on.iter().for_each(|on| on.visit(false, see));
    }
    study.today.allows.iter().for_each(|allow| allow.backends.visit(true, see));
}

/// The qualities that some statement asks and the backend does not surely have.
pub(super) fn lacking(study: &Study, index: usize, fired: &BTreeSet<Word>) -> Vec<Quality> {
    let truths = study.gathered.truths(study.now);
    let Some(truth) = truths.get(index) else { return Vec::new() };
    let mut found: Vec<Quality> = Vec::new();
    asked(study, fired, &mut |quality, wanted| {
        let lacks = wanted && !truth.holds(&Expr::Is(quality.clone())).surely;
        if lacks && name(quality).is_some() && !found.contains(quality) {
            found.push(quality.clone());
        }
    });
    found
}

/// Makes a quality surely true of an entry.
pub(super) fn declare(entry: &mut Entry, quality: &Quality, now: Timestamp) {
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
        Quality::Contract => entry.contract = said(Contract { on_file: true, dated: None }),
        Quality::KeysOurs => entry.keys_ours = said(true),
        Quality::Attested => entry.attestation = said(Attestation::Until(until)),
        Quality::RetentionNone => entry.retention_none = said(true),
        Quality::TrainingNever => entry.training_never = said(true),
        Quality::TransferBasis => {
            entry.instruments = said(vec![Instrument {
                kind: Word::fixed("standard-contractual-clauses"),
                dated: until.saturating_sub(jiff::Span::new().years(2)),
                until,
                countries: None,
            }]);
        }
        _ => {}
    }
}

/// What the officer would do to make a quality true of an entry.
pub(super) fn obtained(study: &Study, entry: &Entry, quality: &Quality) -> Option<Text> {
    renewal(study, entry, quality).or_else(|| name(quality))
}

/// A certificate that the entry had until a day that is over.
fn renewal(study: &Study, entry: &Entry, quality: &Quality) -> Option<Text> {
    let Quality::Certified { scheme, level } = quality else { return None };
    let today = study.gathered.today(study.now);
    let mut had = entry.certificates.ever()?.iter();
    let fits = |level_had: &Option<Word>| level.is_none() || level_had == level;
    let ended = had.any(|one| one.scheme == *scheme && one.obtained && fits(&one.level) && !today.lasts(one.until));
    ended.then(|| say!("renew the certificate {}", scheme))
}

/// The same for any entry; `None` for what cannot be brought about on paper.
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
