//! Policy: sheets, packs, the inventory and reference data in; for each request, which backends may have it and how changed.
//!
//! The officer's files come as text ([`Sources`]); [`compile`] reads them all, reports every fault of every file at once,
//! and yields a [`Policy`] of bit masks. [`facts`] reduces a call and its findings to closed words and counts; [`decide`]
//! turns facts into a plan. It is total and deterministic, and denies by default: only an `allow` that surely holds admits,
//! a rule that possibly holds removes. What will be sent is scanned again and put to [`recheck`].
//!
//! Nothing here reads files, clocks or environments, and no text of a request enters [`crate::model::Facts`].
//!
//! ```text
//!  text -> lexer -> parser* -> tree -> resolve -> resolved -> program (bit masks) -> Policy
//!  backends.toml -> inventory -> truth (possibly, surely, for one day) --^
//!  reference/*.toml -> reference, classes --^
//!  Call, Findings, Caller -> facts -> view (atoms) -> engine (first decision) -> second (after the duties) -> Plan
//! ```
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod addresses;
mod again;
mod called;
mod canonical;
mod classes;
mod comparatives;
mod compared;
mod compile;
mod compiled;
mod concrete;
mod dates;
mod declared;
mod diagnostic;
mod digested;
mod engine;
mod equals;
mod everyday;
mod facts;
mod french;
mod french_tools;
mod frozen;
mod in_quotes;
mod inventory;
mod inventory_keys;
mod inventory_terms;
mod kept;
mod layout;
mod lexer;
mod lines;
mod mend;
mod nearest;
mod openings;
mod otherwise;
mod overdue;
mod parse_condition;
mod parse_data;
mod parse_expression;
mod parse_names;
mod parse_rule;
mod parse_scenario;
mod parse_sheet;
mod parser;
mod phrase;
mod program;
mod recall;
mod reference;
mod remembered;
mod reserved;
mod residual;
mod resolve;
mod resolve_area;
mod resolve_exception;
mod resolve_names;
mod resolve_rule;
mod resolved;
mod scenario;
pub mod schema;
mod second;
mod servable;
mod sheets;
mod signs;
mod slips;
mod spared;
pub mod starter;
mod stray_signs;
mod strays;
pub mod study;
mod suggest;
mod surface;
#[cfg(test)]
mod tests;
mod text;
mod told;
mod toml_brackets;
mod toml_document;
mod toml_faults;
mod toml_file;
mod toml_slips;
mod tree;
mod truth;
mod varied;
mod view;
mod within;

pub use again::Day;
pub use classes::catalogue;
pub use compile::compile;
pub use compiled::Policy;
pub use dates::day;
pub use diagnostic::{Diagnostic, render};
pub use digested::{Part, digest_text};
pub use engine::{HOSTED_RULE, decide, owing, undone};
pub use facts::{Context, facts};
pub use frozen::freeze;
pub use inventory::INSTRUMENTS as TRANSFER_INSTRUMENTS;
pub use kept::{join, told};
pub use layout::{digest_of, format};
pub use nearest::nearest;
pub use parser::language_of;
pub use phrase::Language;
pub use recall::{Lost, Recall, recorded};
pub use reference::countries;
pub use remembered::{Recorded, RecordedChoice, RecordedSending};
pub use residual::{Sent, owed, recheck};
pub use scenario::{ScenarioResult, run_scenarios};
pub use servable::BackendSet;
pub use surface::written as data_name;
pub use within::in_eea;

use crate::limits::POLICY_FAULTS_MAX;
use crate::model::{Action, Word};

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

impl Sources {
    /// The language in which what is wrong with all of them is told: that of the first sheet.
    fn language(&self) -> Language {
        self.sheets.first().map(|sheet| language_of(&sheet.text)).unwrap_or_default()
    }
}

/// What this build can do, so that a sheet which demands more removes backends instead of being ignored.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Vocabulary {
    /// Actions that the transformer carries out. `keep` and `block` need no carrying out.
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

/// Faults in the order in which they are shown, and no more of them than somebody would read.
fn sorted(mut faults: Vec<Diagnostic>) -> Vec<Diagnostic> {
    faults.sort_by(|a, b| a.order().cmp(&b.order()));
    if faults.len() > POLICY_FAULTS_MAX {
        faults.truncate(POLICY_FAULTS_MAX);
        let more = faults.last().map(Diagnostic::and_more);
        faults.extend(more);
    }
    faults
}
