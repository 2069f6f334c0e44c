//! Policy: sheets, packs, the inventory and reference data in; for each request, which backends may have it and how changed.
//!
//! The officer's files come as text ([`Sources`]); [`compile`] reads them all, reports every fault of every file at once,
//! and yields a [`Policy`] of bit masks. [`facts()`] reduces a call and its findings to closed words and counts; [`decide`]
//! turns facts into a plan. It is total and deterministic, and denies by default: only an `allow` that surely holds admits,
//! a rule that possibly holds removes. What will be sent is scanned again and put to [`recheck`].
//!
//! Nothing here reads files, clocks or environments, and no text of a request enters [`crate::model::Facts`].
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod diagnostic;
mod servable;
pub mod starter;

pub use diagnostic::{Diagnostic, render};
pub use servable::BackendSet;

use jiff::Timestamp;

use crate::model::entry::Digest;
use crate::model::{
    Action, Backend, BackendId, Call, Caller, Catalogue, Duties, EntityId, Facts, Findings, LeakFact, Plan, Removal,
    Word,
};

/// A file that the caller has read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// The name shown in faults, such as `policies/main.policy`.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// The officer's files.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sources {
    /// The organisation's sheets: `policies/*.policy`.
    pub sheets: Vec<SourceFile>,
    /// Packs of the operator's folder, `policies/packs/*.policy`; they win over the packs that octroi brings.
    pub packs: Vec<SourceFile>,
    /// `policies/backends.toml`.
    pub inventory: Option<SourceFile>,
    /// Files of `policies/reference/` that replace the shipped ones of the same name.
    pub reference: Vec<SourceFile>,
}

/// What this build can do, so that a sheet which demands more removes backends instead of being ignored.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Vocabulary {
    /// Actions that the transformer carries out, `keep` and `block` included.
    pub actions: Vec<Action>,
    /// Whether content can be logged sealed.
    pub seals: bool,
    /// Kinds of provider-hosted tools that the dialects know; empty: any word is accepted in a sheet.
    pub hosted: Vec<Word>,
}

/// The values of the headers by which an application declares its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Declared<'a> {
    /// `octroi-label`
    pub label: Option<&'a str>,
    /// `octroi-purpose`
    pub purpose: Option<&'a str>,
    /// `octroi-residence`: country codes, separated by commas.
    pub residence: Option<&'a str>,
}

/// A compiled policy.
#[derive(Debug)]
pub struct Policy {
    name: Word,
    backends: Vec<Backend>,
}

impl Policy {
    /// SHA-256 of the canonical JSON of the sheets and the packs they use.
    pub fn digest(&self) -> Digest {
        Digest([0; 32])
    }

    /// SHA-256 of the canonical JSON of the inventory.
    pub fn inventory_digest(&self) -> Digest {
        Digest([0; 32])
    }

    /// SHA-256 of the canonical JSON of the reference data.
    pub fn reference_digest(&self) -> Digest {
        Digest([0; 32])
    }

    /// The instant from which it must be compiled again; past it only on-premises backends are allowed.
    pub fn valid_until(&self) -> Option<Timestamp> {
        None
    }

    /// The inventory; [`BackendId`] is the index.
    pub fn backends(&self) -> &[Backend] {
        &self.backends
    }

    /// The backend of a name.
    pub fn id_of(&self, name: &str) -> Option<BackendId> {
        let index = self.backends.iter().position(|backend| backend.name == *name)?;
        u16::try_from(index).ok().map(BackendId)
    }

    /// The title in the header of the first sheet.
    pub fn name(&self) -> &Word {
        &self.name
    }

    /// The version in the header of the first sheet.
    pub fn version(&self) -> u32 {
        0
    }

    /// The labels, lowest first.
    pub fn labels(&self) -> &[Word] {
        &[]
    }

    /// The `because` of a rule.
    pub fn because(&self, _rule: &str) -> Option<&Word> {
        None
    }
}

/// How a scenario of a sheet came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScenarioResult {
    /// Its title.
    pub title: Word,
    /// The sheet it stands in.
    pub file: Word,
    /// Its line, from 1.
    pub line: u32,
    /// What did not come out as told; empty when all did.
    pub failures: Vec<String>,
}

/// Reads the entity types and data classes, from the shipped reference data and the operator's overrides.
///
/// # Errors
/// Every fault of `classes.toml` and `entities.toml`.
pub fn catalogue(_overrides: &[SourceFile]) -> Result<Catalogue, Vec<Diagnostic>> {
    Err(Vec::new())
}

/// Compiles the officer's files as they stand at `now`.
///
/// # Errors
/// Every fault of every file.
pub fn compile(
    _sources: &Sources,
    _catalogue: &Catalogue,
    _served: &[EntityId],
    _vocabulary: &Vocabulary,
    _now: Timestamp,
) -> Result<Policy, Vec<Diagnostic>> {
    Err(Vec::new())
}

/// Reduces a call, what was found in it and who asks to what policy may see.
pub fn facts(
    call: &Call,
    findings: &Findings,
    caller: &Caller,
    declared: &Declared<'_>,
    context: Context<'_>,
) -> Facts {
    let _ = (call, findings, declared, context.policy);
    Facts {
        tenant: caller.tenant.clone(),
        app: caller.app.clone(),
        purpose: None,
        roles: Vec::new(),
        residence: Vec::new(),
        minors: false,
        label: crate::model::LabelFact::Unknown,
        types: Vec::new(),
        declared: crate::model::ClassSet::default(),
        health_of_a_person: crate::model::Certainty::UNKNOWN,
        scan: crate::model::ScanStatus::Failed,
        unreadable: true,
        reference: true,
        hosted: Vec::new(),
        leak: context.leak,
        pseudonymised: Vec::new(),
    }
}

/// What [`facts()`] needs beside the request: the leak scan's answer, and the policy whose spelling is used.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// Similarity to protected documents.
    pub leak: LeakFact,
    /// Labels, purposes and hosts are mapped to its words.
    pub policy: &'a Policy,
}

/// Decides where a request may go. Total and deterministic.
pub fn decide(_policy: &Policy, _facts: &Facts, _servable: &BackendSet, _now: Timestamp) -> Plan {
    Plan {
        choices: Vec::new(),
        removed: Vec::new(),
        unable: Vec::new(),
        fall_back: crate::model::FallBack::default(),
        fired: Vec::new(),
    }
}

/// Whether a backend may have what is about to be sent, judged by the facts of the body as changed
/// ([`Facts::pseudonymised`] names the types that were). It may only refuse.
///
/// # Errors
/// Why the backend may not have it.
pub fn recheck(
    _policy: &Policy,
    _residual: &Facts,
    _backend: BackendId,
    _duties: &Duties,
    _now: Timestamp,
) -> Result<(), Removal> {
    Err(Removal::NotAllowed)
}

/// Runs the scenarios of the sheets.
pub fn run_scenarios(_policy: &Policy, _now: Timestamp) -> Vec<ScenarioResult> {
    Vec::new()
}
