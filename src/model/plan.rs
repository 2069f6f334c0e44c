//! What policy answers: where the request may go, in which order, changed how, and why not elsewhere.

use std::sync::Arc;

use jiff::civil::Date;

use super::{BackendId, EntityId, Tier, Word};

/// What is done to a value so that a backend may have the request; the strictest wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Action {
    /// Nothing.
    #[default]
    Keep,
    /// A coarser value.
    Generalise,
    /// A token that is undone in the answer, stable within tenant and app.
    Pseudonymise,
    /// A token that is undone in the answer, different in each request.
    PseudonymiseUnlinkably,
    /// A fixed word in its place, not undone.
    Redact,
    /// The whole field is emptied.
    Drop,
    /// The backend may not have the request at all.
    Block,
}

impl Action {
    /// Every action, mildest first.
    pub const ALL: [Self; 7] = [
        Self::Keep,
        Self::Generalise,
        Self::Pseudonymise,
        Self::PseudonymiseUnlinkably,
        Self::Redact,
        Self::Drop,
        Self::Block,
    ];

    /// The words used in sheets and records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Generalise => "generalise",
            Self::Pseudonymise => "pseudonymise",
            Self::PseudonymiseUnlinkably => "pseudonymise unlinkably",
            Self::Redact => "redact",
            Self::Drop => "drop",
            Self::Block => "block",
        }
    }
}

/// The duties of one backend for one request, already merged to the strictest.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Duties {
    /// Sorted by type; a type that is not listed is kept.
    pub actions: Vec<(EntityId, Action)>,
    /// Whether the content is to be logged sealed.
    pub log_sealed: bool,
}

impl Duties {
    /// The action for a type.
    pub fn action(&self, entity: EntityId) -> Action {
        self.actions
            .binary_search_by_key(&entity, |(listed, _)| *listed)
            .ok()
            .and_then(|index| self.actions.get(index))
            .map_or(Action::Keep, |(_, action)| *action)
    }

    /// Requires at least this action for a type.
    pub fn require(&mut self, entity: EntityId, action: Action) {
        if action == Action::Keep {
            return;
        }
        match self.actions.binary_search_by_key(&entity, |(listed, _)| *listed) {
            Ok(index) => {
                if let Some((_, listed)) = self.actions.get_mut(index) {
                    *listed = (*listed).max(action);
                }
            }
            Err(index) => self.actions.insert(index, (entity, action)),
        }
    }

    /// The strictest of both for every type.
    pub fn merge(&mut self, other: &Self) {
        for (entity, action) in &other.actions {
            self.require(*entity, *action);
        }
        self.log_sealed |= other.log_sealed;
    }

    /// Number of types that change on the way; fewer is preferred within a tier.
    pub fn changes(&self) -> usize {
        self.actions.len()
    }
}

/// One backend that may serve the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Which.
    pub backend: BackendId,
    /// How near it is.
    pub tier: Tier,
    /// What must be done so that it may have the request.
    pub duties: Duties,
    /// Rank by the sheet's `prefer` clauses and the number of changes; equal ranks are chosen by health and load.
    pub rank: u32,
}

/// Why a backend may not have the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Removal {
    /// No `allow` surely admits it.
    NotAllowed,
    /// These rules took it out: names, with the `because` of each. Backends that the same rules took out share the list.
    Rules(Arc<[(Word, Word)]>),
    /// A duty cannot be done on what the request carries, or by this build.
    Duty(Word),
    /// The policy is past its validity: only on premises is allowed.
    Expired,
    /// The policy is frozen in an emergency: only on premises is allowed.
    Frozen,
}

/// A backend that may not have the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removed {
    /// Which.
    pub backend: BackendId,
    /// Why.
    pub why: Removal,
}

/// Whether the next tier may be used when the first cannot serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct FallBack {
    /// A `fall back` clause surely holds.
    pub open: bool,
    /// It also opens after this many milliseconds of waiting, counted from the decision.
    pub after_ms: Option<u64>,
}

/// The decision on one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Allowed backends that speak the API and serve the model, nearest tier first, then by rank. Only the first tier is
    /// used, unless [`Plan::fall_back`] is open.
    pub choices: Vec<Choice>,
    /// Backends that policy took out or never admitted.
    pub removed: Vec<Removed>,
    /// Backends that policy allows but that do not speak the API or serve the model.
    pub unable: Vec<BackendId>,
    /// The clause that opens the next tier.
    pub fall_back: FallBack,
    /// Hosts into whose addresses the answer may have values put back, as a URL may spell them, with their ports.
    pub value_hosts: Arc<[Word]>,
    /// Names of the rules that fired, in the order of the sheet.
    pub fired: Vec<Word>,
    /// Exceptions that spared the request a rule which would have fired without them, in the order of the rules.
    pub exceptions: Vec<ExceptionUsed>,
}

/// An exception that a request made use of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExceptionUsed {
    /// Its name.
    pub exception: Word,
    /// The rule that it spared the request from.
    pub rule: Word,
    /// Its last day.
    pub until: Date,
}

impl Plan {
    /// Whether policy allows no backend at all, able or not.
    pub fn forbids_all(&self) -> bool {
        self.choices.is_empty() && self.unable.is_empty()
    }
}
