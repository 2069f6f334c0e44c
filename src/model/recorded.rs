//! The facts of a decision as they are recorded: names and numbers from which any policy decides again, and no content.
//!
//! What the entry of a decision says elsewhere (tenant, app, purpose, label, leak score, scan) is not said twice. Types are as
//! found, before a label took any away, so that a candidate whose labels say something else replays exactly.

use serde::Serialize;

use super::{Country, Word};

/// The version of the vector; one that says more, or something else, has a higher one.
pub const FACTS_VERSION: u8 = 3;

/// The facts of one request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecordedFacts {
    /// Backends that speak the API and serve the model, allowed or not.
    pub able: Vec<Word>,
    /// Classes that protected documents bring, and whether surely.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub brought: Vec<Brought>,
    /// More types were found, or more backends are able, than an entry holds: the decision cannot be taken again from it.
    #[serde(skip_serializing_if = "is_not")]
    pub cut: bool,
    /// Health of a person: `possibly` or `surely`; absent when it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health: Option<Word>,
    /// Hosted tools.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hosted: Vec<RecordedTool>,
    /// A label was required and not declared, or one that the sheet did not list.
    #[serde(skip_serializing_if = "is_not")]
    pub label_unknown: bool,
    /// What the caller sent of a protected document within a time; absent when unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leak_history: Option<u16>,
    /// What the leak score may be at most, where a stage of the comparison did not end and the entry says the least.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leak_most: Option<u16>,
    /// The app handles minors' data.
    #[serde(skip_serializing_if = "is_not")]
    pub minors: bool,
    /// The purpose was declared with the request and is not the one that the app is registered for.
    #[serde(skip_serializing_if = "is_not")]
    pub purpose_declared: bool,
    /// Something is named that the provider would fetch or holds.
    #[serde(skip_serializing_if = "is_not")]
    pub reference: bool,
    /// Where the data subjects reside; `ZZ` for a country that nobody knows.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub residence: Vec<Country>,
    /// Roles of the caller.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<Word>,
    /// Types found.
    pub types: Vec<RecordedType>,
    /// A field cannot be read.
    #[serde(skip_serializing_if = "is_not")]
    pub unreadable: bool,
    /// Types that a detector knows and nobody looked for: that none was found says nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unsought: Vec<Word>,
    /// [`FACTS_VERSION`] of the gateway that wrote it.
    pub v: u8,
}

/// What was found of one type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecordedType {
    /// The highest confidence.
    pub confidence: u8,
    /// Findings with confidence of at least 50.
    pub possibly: u32,
    /// Findings with confidence of at least 80.
    pub surely: u32,
    /// Its name.
    #[serde(rename = "type")]
    pub entity: Word,
}

/// A class that a protected document brings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Brought {
    /// Its name.
    pub class: Word,
    /// Whether it surely does.
    pub sure: bool,
}

/// A hosted tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecordedTool {
    /// The host it reaches, where it reaches one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<Word>,
    /// Its kind, as the sheet names it.
    pub tool: Word,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
pub(super) const fn is_not(flag: &bool) -> bool {
    !*flag
}

/// How many of what an entry has no room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct LeftOut {
    /// Backends of the plan.
    #[serde(skip_serializing_if = "is_zero")]
    pub plan: usize,
    /// Backends that may not have the request.
    #[serde(skip_serializing_if = "is_zero")]
    pub removed: usize,
    /// Rules that fired.
    #[serde(skip_serializing_if = "is_zero")]
    pub rules: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
pub(super) const fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// A tier that was left, because a `fall back` clause opened the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Crossed {
    /// `unavailable`: all of it was down; `waited`: it was full or slow for the clause's time; `full`: the same, where the
    /// clause gives no time.
    pub cause: Word,
    /// The tier that did not serve.
    pub from: Word,
    /// The tier that was opened.
    pub to: Word,
}

/// An exception of the policy that spared a request a rule which would have fired without it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Excepted {
    /// Its name.
    pub exception: Word,
    /// The rule.
    pub rule: Word,
    /// Its last day, `2027-06-30`.
    pub until: Word,
}
