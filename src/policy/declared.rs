//! The declared truths of a backend, as they stand in the inventory: values with the last day on which each stands.

use jiff::civil::Date;

use crate::model::{Binding, Country, Word};

/// A value, the day on which somebody verified it, and the last day it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dated<T> {
    pub(super) value: T,
    /// Before this day nobody had looked: it is unknown.
    pub(super) verified: Option<Date>,
    pub(super) until: Option<Date>,
}

/// What "today" is at home. Where home has several time zones, or none that is known, it is whatever day it is anywhere: the two
/// are then a day apart, or two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Today {
    /// The day where the sun is last to rise.
    pub(super) earliest: Date,
    /// The day where it is first.
    pub(super) latest: Date,
}

impl Today {
    /// Whether a first day has surely come.
    pub(super) fn has_begun(self, first: Date) -> bool {
        first <= self.earliest
    }

    /// Whether a last day is surely not over.
    pub(super) fn lasts(self, last: Date) -> bool {
        self.latest <= last
    }

    /// Whether a first day has come somewhere.
    pub(super) fn may_have_begun(self, first: Date) -> bool {
        first <= self.latest
    }

    /// Whether a last day is not over everywhere.
    pub(super) fn may_last(self, last: Date) -> bool {
        self.earliest <= last
    }
}

impl From<Date> for Today {
    fn from(day: Date) -> Self {
        Self { earliest: day, latest: day }
    }
}

/// A declared value, if there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Declared<T>(pub(super) Option<Dated<T>>);

impl<T> Declared<T> {
    /// The value, if it is declared and surely stands.
    pub(super) fn on(&self, today: impl Into<Today>) -> Option<&T> {
        let today = today.into();
        self.0.as_ref().filter(|dated| dated.stands(today)).map(|dated| &dated.value)
    }

    /// The value, whether or not it still stands.
    pub(super) fn ever(&self) -> Option<&T> {
        self.0.as_ref().map(|dated| &dated.value)
    }

    fn until(&self) -> Option<Date> {
        self.0.as_ref().and_then(|dated| dated.until)
    }
}

impl<T> Dated<T> {
    /// Whether it surely stands; its last day included.
    pub(super) fn stands(&self, today: impl Into<Today>) -> bool {
        let today = today.into();
        self.verified.is_none_or(|verified| today.has_begun(verified))
            && self.until.is_none_or(|until| today.lasts(until))
    }
}

/// One backend as declared.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) name: Word,
    pub(super) binding: Binding,
    /// Countries of processing, storage, logs and support, in this order.
    pub(super) places: [Declared<Vec<Country>>; 4],
    pub(super) operator: Declared<Word>,
    pub(super) run_by_owner: Declared<bool>,
    pub(super) controlled_from: Declared<Country>,
    pub(super) exposed_to: Declared<Vec<Word>>,
    pub(super) sub_processors: Declared<Vec<SubProcessor>>,
    pub(super) certificates: Declared<Vec<Certificate>>,
    pub(super) instruments: Declared<Vec<Instrument>>,
    pub(super) adequacy: Declared<Vec<Dated<Country>>>,
    pub(super) retention_none: Declared<bool>,
    pub(super) training_never: Declared<bool>,
    /// Whether the contract of GDPR Art. 28 is on file.
    pub(super) contract: Declared<Contract>,
    /// Whether nobody but the organisation holds the keys.
    pub(super) keys_ours: Declared<bool>,
    pub(super) attestation: Declared<Attestation>,
    /// What the officer should look at, beside what is true.
    pub(super) notes: Notes,
}

/// What of an entry is missing or weak without being wrong.
#[derive(Debug, Clone, Default)]
pub(super) struct Notes {
    /// Regions that the reference data does not know.
    pub(super) unknown_regions: Vec<Word>,
    /// The entry names no document as evidence.
    pub(super) no_evidence: bool,
    /// Certificates without a scope.
    pub(super) unscoped: Vec<Word>,
    /// Days on which the entry or a value of it is said to be verified.
    pub(super) verified: Vec<Date>,
}

/// Somebody whom the operator lets work on the data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SubProcessor {
    pub(super) controlled_from: Option<Country>,
    pub(super) exposed_to: Option<Vec<Word>>,
    /// Countries where it works on the data; nothing where they are not declared, or one of them is not known.
    pub(super) places: Option<Vec<Country>>,
}

/// Whether the machine proves what it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Attestation {
    /// It does not.
    None,
    /// The proof stands until this day.
    Until(Date),
}

/// The contract of GDPR Art. 28.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Contract {
    pub(super) on_file: bool,
    /// From when it holds; `None`: from ever.
    pub(super) dated: Option<Date>,
}

/// A certificate, obtained or in progress.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Certificate {
    pub(super) scheme: Word,
    pub(super) level: Option<Word>,
    pub(super) obtained: bool,
    pub(super) until: Date,
}

/// An instrument of transfer (GDPR Art. 46).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Instrument {
    pub(super) kind: Word,
    pub(super) dated: Date,
    pub(super) until: Date,
    /// The countries it covers; `None`: all that the backend lists.
    pub(super) countries: Option<Vec<Country>>,
}

impl Entry {
    /// The days on which something declared begins, and the last days on which something stands.
    pub(super) fn dates(&self, first: &mut Vec<Date>, last: &mut Vec<Date>) {
        first.extend(&self.notes.verified);
        last.extend(self.places.iter().filter_map(Declared::until));
        let values = [self.operator.until(), self.controlled_from.until(), self.exposed_to.until()];
        let flags = [self.run_by_owner.until(), self.retention_none.until(), self.training_never.until()];
        let lists = [self.sub_processors.until(), self.certificates.until(), self.instruments.until()];
        let terms = [self.contract.until(), self.keys_ours.until(), self.attestation.until()];
        last.extend([values, flags, lists, terms].into_iter().flatten().flatten());
        if let Some(Attestation::Until(day)) = self.attestation.ever() {
            last.push(*day);
        }
        first.extend(self.contract.ever().and_then(|contract| contract.dated));
        last.extend(self.adequacy.until());
        last.extend(self.certificates.ever().into_iter().flatten().filter(|one| one.obtained).map(|one| one.until));
        last.extend(self.adequacy.ever().into_iter().flatten().filter_map(|claim| claim.until));
        for instrument in self.instruments.ever().into_iter().flatten() {
            first.push(instrument.dated);
            last.push(instrument.until);
        }
    }

    /// What had evidence until a day that is over, by a word for it, with that day.
    pub(super) fn ended(&self, today: Today) -> Vec<(&'static str, Date)> {
        let mut lasts: Vec<(&'static str, Option<Date>)> = vec![
            ("operator", self.operator.until()),
            ("controlled-from", self.controlled_from.until()),
            ("exposed-to", self.exposed_to.until()),
            ("run-by-owner", self.run_by_owner.until()),
            ("retention", self.retention_none.until()),
            ("training", self.training_never.until()),
            ("sub-processors", self.sub_processors.until()),
            ("certificate", self.certificates.until()),
            ("transfer-basis", self.instruments.until()),
            ("adequacy", self.adequacy.until()),
            ("contract", self.contract.until()),
            ("keys", self.keys_ours.until()),
            ("attestation", self.attestation.until()),
        ];
        if let Some(Attestation::Until(day)) = self.attestation.ever() {
            lasts.push(("attestation", Some(*day)));
        }
        lasts.extend(self.places.iter().map(|place| ("place", place.until())));
        let obtained = self.certificates.ever().into_iter().flatten().filter(|one| one.obtained);
        lasts.extend(obtained.map(|one| ("certificate", Some(one.until))));
        lasts.extend(self.instruments.ever().into_iter().flatten().map(|one| ("transfer-basis", Some(one.until))));
        lasts.extend(self.adequacy.ever().into_iter().flatten().map(|claim| ("adequacy", claim.until)));
        let over = lasts.into_iter().filter_map(|(what, last)| Some((what, last.filter(|last| !today.lasts(*last))?)));
        let mut over: Vec<_> = over.collect();
        over.sort_unstable();
        over.dedup();
        over
    }
}
