//! What kept backends from a recorded request beside the sheets: a freeze, with who ordered it, why and until when, or the end of the
//! policy's validity. It is told from the log alone.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::record::text;
use super::say;
use crate::audit::epochs::Epochs;
use crate::limits::FREEZES_READ_MAX;
use crate::policy::Language;
use crate::policy::study::Study;

/// What takes backends out beside the sheets.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Held {
    Frozen,
    Expired,
}

impl Held {
    /// Whether a decision, or what was newest later, names one.
    pub(super) fn of(body: &Value) -> Option<Self> {
        let removed = || body.get("removed").and_then(Value::as_array).into_iter().flatten();
        let names = |why: &str| removed().any(|one| text(one, "why") == Some(why));
        names("frozen").then_some(Self::Frozen).or_else(|| names("expired").then_some(Self::Expired))
    }

    pub(super) fn said(self, language: Language) -> &'static str {
        match self {
            Self::Frozen => say(language, "the policy was frozen", "la politique était gelée"),
            Self::Expired => say(language, "the policy was past its validity", "la politique était périmée"),
        }
    }
}

/// A freeze as the log tells of it.
#[derive(Serialize)]
pub(super) struct Freeze {
    by: Vec<String>,
    because: String,
    until: Timestamp,
}

impl Freeze {
    /// The one that held at an instant; of several, the one that lasted longest. Nothing where the log no longer tells.
    ///
    /// # Errors
    /// The log cannot be read.
    pub(super) fn at(epochs: &Epochs, instant: Timestamp) -> anyhow::Result<Option<Self>> {
        let mut lasting: Vec<(String, Self)> = Vec::new();
        let records = epochs.of_kind("freeze", FREEZES_READ_MAX)?;
        for entry in records.iter().flat_map(|(_, record)| &record.entries) {
            let time = text(entry, "time").and_then(|time| time.parse::<Timestamp>().ok());
            let Some(body) = entry.get("entry").filter(|_| time.is_some_and(|time| time <= instant)) else { continue };
            let Some(order) = text(body, "order") else { continue };
            match text(body, "state") {
                Some("begun") => lasting.extend(Self::of(body).map(|freeze| (order.to_owned(), freeze))),
                Some("ended") => lasting.retain(|(known, _)| known != order),
                _ => {}
            }
        }
        let freezes = lasting.into_iter().map(|(_, freeze)| freeze).filter(|freeze| instant < freeze.until);
        Ok(freezes.max_by_key(|freeze| freeze.until))
    }

    fn of(body: &Value) -> Option<Self> {
        let by = body.get("by").and_then(Value::as_array).into_iter().flatten();
        Some(Self {
            by: by.filter_map(Value::as_str).map(str::to_owned).collect(),
            because: text(body, "because")?.to_owned(),
            until: text(body, "until")?.parse().ok()?,
        })
    }

    pub(super) fn said(&self, study: &Study) -> String {
        let (by, because, until) = (self.by.join(", "), &self.because, study.clock(self.until));
        match study.language() {
            Language::En => format!(
                "the policy was frozen until {until}, by order of {by} (\"{because}\"): only on premises was allowed"
            ),
            Language::Fr => format!(
                "la politique était gelée jusqu'au {until}, sur ordre de {by} (« {because} ») : seuls les hébergeurs sur site étaient permis"
            ),
        }
    }
}
