//! The compiled policy and what can be asked of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::program::Program;
use super::reference::Countries;
use super::resolved::{LabelSays, Scenario};
use crate::model::entry::{Digest, Ended};
use crate::model::{Action, Backend, BackendId, Catalogue, EntityId, Tier, Word};

/// A compiled policy: the sheets, packs, inventory and reference data as they stood on one day.
#[derive(Debug, Clone)]
pub struct Policy {
    pub(super) name: Word,
    pub(super) version: u32,
    pub(super) digests: [Digest; 3],
    pub(super) valid_until: Option<Timestamp>,
    pub(super) notices: Vec<String>,
    pub(super) ended: Vec<Ended>,
    pub(super) catalogue: Catalogue,
    pub(super) backends: Vec<Backend>,
    pub(super) located_in_eea: Vec<bool>,
    pub(super) labels: Vec<Word>,
    pub(super) says: Vec<LabelSays>,
    pub(super) purposes: Vec<Word>,
    /// Sorted.
    pub(super) asked: Vec<EntityId>,
    pub(super) hosts: Vec<Word>,
    pub(super) value_hosts: Arc<[Word]>,
    pub(super) countries: Countries,
    pub(super) because: BTreeMap<Word, Word>,
    pub(super) scenarios: Vec<Scenario>,
    pub(super) actions: Vec<Action>,
    pub(super) seals: bool,
    pub(super) program: Program,
}

impl Policy {
    /// SHA-256 of the canonical JSON of the sheets and the packs they use.
    pub fn digest(&self) -> Digest {
        let [policy, _, _] = self.digests;
        policy
    }

    /// SHA-256 of the canonical JSON of the inventory.
    pub fn inventory_digest(&self) -> Digest {
        let [_, inventory, _] = self.digests;
        inventory
    }

    /// SHA-256 of the canonical JSON of the reference data.
    pub fn reference_digest(&self) -> Digest {
        let [_, _, reference] = self.digests;
        reference
    }

    /// The next instant at which a truth begins or ends. The policy must be compiled again then; from it on only
    /// on-premises backends are allowed.
    pub fn valid_until(&self) -> Option<Timestamp> {
        self.valid_until
    }

    /// What has had its day, or has not had it yet: truths that are unknown for it, reviews that are due, exceptions that are
    /// over. A sentence each, in the language of the first sheet.
    pub fn notices(&self) -> &[String] {
        &self.notices
    }

    /// Evidence about backends whose day was over when it was compiled, the latest first.
    pub fn ended(&self) -> &[Ended] {
        &self.ended
    }

    /// The inventory; [`BackendId`] is the index.
    pub fn backends(&self) -> &[Backend] {
        &self.backends
    }

    /// One backend of the inventory; `None` for a number of another policy.
    pub fn backend(&self, backend: BackendId) -> Option<&Backend> {
        self.backends.get(usize::from(backend.0))
    }

    /// The backend of a name.
    pub fn id_of(&self, name: &str) -> Option<BackendId> {
        let index = self.backends.binary_search_by(|backend| backend.name.as_str().cmp(name)).ok()?;
        u16::try_from(index).ok().map(BackendId)
    }

    /// The title in the header of the first sheet.
    pub fn name(&self) -> &Word {
        &self.name
    }

    /// The version in the header of the first sheet.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// The labels, lowest first.
    pub fn labels(&self) -> &[Word] {
        &self.labels
    }

    /// The hosts into whose addresses values may be put back, in every spelling that a URL may have, with their ports.
    pub fn value_hosts(&self) -> &Arc<[Word]> {
        &self.value_hosts
    }

    /// The `because` of a rule.
    pub fn because(&self, rule: &str) -> Option<&Word> {
        self.because.get(rule)
    }

    /// The types and classes it was compiled for.
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// The types that something in it depends on, sorted.
    pub(super) fn asked(&self) -> &[EntityId] {
        &self.asked
    }

    /// Whether a condition, a duty or an exception is about a type, by its name or by one of its classes. What nothing asks
    /// for changes no decision.
    pub fn asks_for(&self, entity: EntityId) -> bool {
        self.asked.binary_search(&entity).is_ok()
    }

    pub(super) fn program(&self) -> &Program {
        &self.program
    }

    pub(super) fn scenarios(&self) -> &[Scenario] {
        &self.scenarios
    }

    pub(super) fn purposes(&self) -> &[Word] {
        &self.purposes
    }

    pub(super) fn hosts(&self) -> &[Word] {
        &self.hosts
    }

    pub(super) fn is_country(&self, country: crate::model::Country) -> bool {
        self.countries.contains(&country)
    }

    pub(super) fn on_premises(&self, backend: BackendId) -> bool {
        self.backend(backend).is_some_and(|backend| backend.tier == Tier::OnPremises)
    }

    /// Whether, in the last tier, it comes after those located in the EEA.
    pub(super) fn after_the_eea(&self, backend: BackendId) -> bool {
        let in_eea = self.located_in_eea.get(usize::from(backend.0)).copied().unwrap_or(false);
        self.backend(backend).is_some_and(|backend| backend.tier == Tier::Other) && !in_eea
    }

    /// Whether this build carries an action out.
    pub(super) fn can(&self, action: Action) -> bool {
        self.actions.contains(&action)
    }

    /// Whether any rule demands that content is recorded under seal.
    pub fn demands_sealing(&self) -> bool {
        self.program.rules.iter().any(|rule| rule.seals)
    }

    pub(super) fn seals(&self) -> bool {
        self.seals
    }
}
