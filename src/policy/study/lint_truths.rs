//! Lint of what is declared: truths that end or have not begun, rest on little, or are declared twice; duties that cannot be done; approvers of exceptions.

use std::collections::BTreeSet;

use jiff::ToSpan;
use jiff::civil::Date;

use super::super::declared::{Attestation, Entry};
use super::super::overdue;
use super::super::parser::folded;
use super::super::text::say;
use super::lint::{Advice, Kind};
use super::{Study, sentence};
use crate::model::Word;

/// Days ahead within which an end is told.
const AHEAD_DAYS: i64 = 90;

impl Study {
    /// Duties that this build cannot do.
    pub(super) fn undoable(&self, found: &mut Vec<Advice>) {
        let told = overdue::undoable(&self.today.rules, &self.vocabulary);
        found.extend(told.iter().map(|text| self.advice(Kind::Undoable, text)));
    }

    /// Classes that rules speak of, packs' included, and nothing in these files brings: such a rule waits for a protected document.
    pub(super) fn unbrought(&self, found: &mut Vec<Advice>) {
        let brought = |class| self.today.says.iter().any(|says| !says.lowers && says.classes.contains(class));
        for class in self.listed_classes().filter(|class| self.types_of(*class).is_empty() && !brought(*class)) {
            let rules = self.today.rules.iter().filter(|rule| rule.names(class));
            let rules: Vec<String> = rules.map(|rule| format!("`{}`", rule.name)).collect();
            if !rules.is_empty() {
                let text = say!(
                    "note: no detector finds `{}` and no label of the sheets brings it; what is said of it in {} concerns only what is near protected documents of this class, or cannot be read",
                    sentence::class_name(class, &self.catalogue, self.language),
                    rules.join(", ")
                );
                found.push(self.advice(Kind::Unbrought, &text));
            }
        }
    }

    pub(super) fn dates(&self, found: &mut Vec<Advice>) {
        let today = self.gathered.day(self.now);
        let soon = today.checked_add(AHEAD_DAYS.days()).unwrap_or(Date::MAX);
        for entry in &self.gathered.inventory.entries {
            let mut lasts = Vec::new();
            entry.dates(&mut Vec::new(), &mut lasts);
            lasts.sort_unstable();
            lasts.dedup();
            for last in lasts.into_iter().filter(|last| (today..=soon).contains(last)) {
                let text = say!("a truth about `{}` ends on {}", entry.name, last.to_string());
                found.push(self.advice(Kind::Expiring, &text));
            }
        }
        found.extend(self.gathered.unknown_by_date(today).iter().map(|text| self.advice(Kind::Expiring, text)));
        found.extend(self.gathered.overdue(today).iter().map(|text| self.advice(Kind::Overdue, text)));
    }

    /// Backends of which two name one host for one model: what is declared of the place is declared twice.
    pub(super) fn one_host(&self, found: &mut Vec<Advice>) {
        let entries = &self.gathered.inventory.entries;
        for (at, one) in entries.iter().enumerate() {
            for other in entries.iter().skip(at + 1) {
                let (mine, theirs) = (&one.binding, &other.binding);
                let apart = |mine: &[Word], theirs: &[Word]| {
                    !mine.is_empty() && !theirs.is_empty() && !mine.iter().any(|name| theirs.contains(name))
                };
                let host = mine.hosts.iter().find(|host| theirs.hosts.contains(host));
                let differ = apart(&mine.models, &theirs.models) || apart(&mine.path_ids, &theirs.path_ids);
                if let Some(host) = host.filter(|_| !differ) {
                    let text = say!(
                        "`{}` and `{}` both name the host `{}`: one place has two declarations",
                        one.name,
                        other.name,
                        host
                    );
                    found.push(self.advice(Kind::OneHost, &text));
                }
            }
        }
    }

    /// Exceptions for which one person stands twice.
    pub(super) fn approved_twice(&self, found: &mut Vec<Advice>) {
        for (_, exception) in self.gathered.exceptions() {
            let mut seen = BTreeSet::new();
            let folds = |name: &str| folded(name.trim());
            let twice = exception.approved.iter().find(|approver| !seen.insert(folds(&approver.text)));
            if let Some(approver) = twice {
                let text = say!(
                    "exception `{}` is approved twice by `{}`, who is one person",
                    exception.name.text,
                    approver.text
                );
                found.push(self.advice(Kind::OneApprover, &text));
            }
        }
    }

    /// Transfers that rest on a contested decision alone.
    pub(super) fn contested(&self, found: &mut Vec<Advice>) {
        let today = self.gathered.day(self.now);
        for entry in &self.gathered.inventory.entries {
            let claims = entry.adequacy.on(today).into_iter().flatten();
            for claim in claims.filter(|claim| claim.stands(today)) {
                let decisions = self.gathered.world.reference.decisions.iter();
                for decision in decisions.filter(|one| one.contested && one.country == claim.value) {
                    let text = say!("`{}` relies on {}, which is contested", entry.name, decision.instrument);
                    found.push(self.advice(Kind::Contested, &text));
                }
            }
        }
    }

    /// Adequacy that is claimed where it can say nothing: a claim names a decision of limited scope, and there is none. It opens no flow,
    /// so `check` passes it; whoever wrote it holds a transfer to be covered that is none, or is not covered.
    pub(super) fn baseless(&self, found: &mut Vec<Advice>) {
        let world = &self.gathered.world;
        for entry in &self.gathered.inventory.entries {
            for claim in entry.adequacy.ever().into_iter().flatten() {
                let country = claim.value;
                if world.eea.contains(&country) {
                    let text = say!(
                        "`{}` claims adequacy for {}, which is in the EEA: what is sent there is no transfer, and the claim says nothing",
                        entry.name,
                        country.to_string()
                    );
                    found.push(self.advice(Kind::Baseless, &text));
                } else if !world.reference.decisions.iter().any(|decision| decision.country == country) {
                    let text = say!(
                        "`{}` claims adequacy for {}, of which the reference data knows no decision: the claim says nothing",
                        entry.name,
                        country.to_string()
                    );
                    found.push(self.advice(Kind::Baseless, &text));
                }
            }
        }
    }

    pub(super) fn unproven(&self, found: &mut Vec<Advice>) {
        for entry in &self.gathered.inventory.entries {
            for region in &entry.notes.unknown_regions {
                let text = say!("the countries of region `{}` of `{}` are not known", region, entry.name);
                found.push(self.advice(Kind::Unproven, &text));
            }
            for scheme in &entry.notes.unscoped {
                let text = say!("the certificate {} of `{}` does not say its scope", scheme, entry.name);
                found.push(self.advice(Kind::Unproven, &text));
            }
            if entry.notes.no_evidence {
                found.push(self.advice(Kind::Unproven, &say!("the truths about `{}` name no evidence", entry.name)));
            }
            self.lapsed(entry, found);
        }
    }

    fn lapsed(&self, entry: &Entry, found: &mut Vec<Advice>) {
        let today = self.gathered.day(self.now);
        if let Some(Attestation::Until(day)) = entry.attestation.ever()
            && *day < today
        {
            let text = say!("the attestation of `{}` ended on {}", entry.name, day.to_string());
            found.push(self.advice(Kind::Expiring, &text));
        }
    }
}
