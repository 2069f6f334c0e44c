//! The entry of a decision, read back: as far as it takes to decide again. Borrowed from the entry; what decides is in `recall`.

use std::borrow::Cow;

use serde::Deserialize;

use crate::model::{Country, Word};

/// The entry of a decision, as far as it takes to decide again.
#[derive(Debug, Deserialize)]
pub struct Recorded<'a> {
    #[serde(borrow)]
    pub(super) tenant: Cow<'a, str>,
    /// The app that asked.
    #[serde(borrow)]
    pub app: Cow<'a, str>,
    pub(super) purpose: Option<Cow<'a, str>>,
    pub(super) label: Option<Cow<'a, str>>,
    pub(super) leak_score: Option<u16>,
    #[serde(borrow)]
    pub(super) scan: RecordedScan<'a>,
    /// The backends that could have it, in order.
    #[serde(borrow)]
    pub plan: Vec<RecordedChoice<'a>>,
    #[serde(borrow)]
    pub(super) facts: Option<Vector<'a>>,
    /// Backends that could not have it, and why.
    #[serde(default, borrow)]
    pub(super) removed: Vec<RecordedRemoval<'a>>,
    /// Where it went first.
    #[serde(default, borrow)]
    pub sending: Option<RecordedSending<'a>>,
    /// Of which request.
    #[serde(default, borrow)]
    pub request: Cow<'a, str>,
    /// Digests of sheets, inventory and reference data of that day.
    #[serde(default, borrow)]
    pub(super) policy: Cow<'a, str>,
    #[serde(default, borrow)]
    pub(super) inventory: Cow<'a, str>,
    #[serde(default, borrow)]
    pub(super) reference: Cow<'a, str>,
}

impl Recorded<'_> {
    /// The digests of the sheets, the inventory and the reference data that it was decided under.
    pub fn digests(&self) -> [&str; 3] {
        [&self.policy, &self.inventory, &self.reference]
    }

    /// Whether it was not the sheets that decided: the policy was frozen, or past its validity.
    pub fn was_held(&self) -> bool {
        self.removed.iter().any(|removed| matches!(&*removed.why, "frozen" | "expired"))
    }

    /// The classes that protected documents brought, and whether surely.
    pub(super) fn brought(&self) -> Vec<(Word, bool)> {
        let brought = self.facts.iter().flat_map(|facts| &facts.brought);
        brought.map(|brought| (Word::configured(&brought.class), brought.sure)).collect()
    }
}

/// What was about to be sent.
#[derive(Debug, Deserialize)]
pub struct RecordedSending<'a> {
    /// To which backend.
    #[serde(borrow)]
    pub backend: Cow<'a, str>,
}

#[derive(Debug, Deserialize)]
pub(super) struct RecordedRemoval<'a> {
    #[serde(default, borrow)]
    pub(super) why: Cow<'a, str>,
}

#[derive(Debug, Deserialize)]
pub(super) struct RecordedScan<'a> {
    #[serde(borrow)]
    pub(super) status: Cow<'a, str>,
}

/// A backend that could have a request.
#[derive(Debug, Deserialize)]
pub struct RecordedChoice<'a> {
    /// Its name.
    #[serde(borrow)]
    pub backend: Cow<'a, str>,
    /// Countries of processing.
    pub countries: Vec<Country>,
    /// Type and action of each duty.
    pub duties: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Vector<'a> {
    pub(super) v: u8,
    #[serde(borrow)]
    pub(super) types: Vec<FoundType<'a>>,
    #[serde(default, borrow)]
    pub(super) unsought: Vec<Cow<'a, str>>,
    #[serde(default, borrow)]
    pub(super) brought: Vec<BroughtClass<'a>>,
    pub(super) leak_history: Option<u16>,
    pub(super) leak_most: Option<u16>,
    #[serde(default)]
    pub(super) cut: bool,
    #[serde(default, borrow)]
    pub(super) health: Option<&'a str>,
    #[serde(default)]
    pub(super) label_unknown: bool,
    #[serde(default)]
    pub(super) purpose_declared: bool,
    #[serde(default)]
    pub(super) roles: Vec<Cow<'a, str>>,
    #[serde(default)]
    pub(super) residence: Vec<Country>,
    #[serde(default)]
    pub(super) minors: bool,
    #[serde(default)]
    pub(super) unreadable: bool,
    #[serde(default)]
    pub(super) reference: bool,
    #[serde(default, borrow)]
    pub(super) hosted: Vec<Tool<'a>>,
    #[serde(default)]
    pub(super) able: Vec<Cow<'a, str>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct FoundType<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) entity: Cow<'a, str>,
    pub(super) possibly: u32,
    pub(super) surely: u32,
    pub(super) confidence: u8,
}

#[derive(Debug, Deserialize)]
pub(super) struct BroughtClass<'a> {
    #[serde(borrow)]
    pub(super) class: Cow<'a, str>,
    pub(super) sure: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct Tool<'a> {
    #[serde(borrow)]
    pub(super) tool: Cow<'a, str>,
    pub(super) host: Option<Cow<'a, str>>,
}
