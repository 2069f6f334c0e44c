//! What the audit log says of how far the gateway got, where the state beside it is gone.
//!
//! Every policy that came into force and every freeze that began or ended is an entry. Versions only increase, so the newest
//! entry of a signed bundle is that of the highest version; a freeze lasts a day at most, so older entries do not matter. The
//! log is read from its end, finished epochs included. It is not proven here: whoever can write the log without a trace can
//! do more than this.

use std::collections::BTreeSet;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use octroi_verify::problem::Problem;
use serde_json::Value;

use super::archive::{Accepted, Archive, Held, State};
use super::freeze::LASTS_MAX;
use crate::audit::decisions::{Backwards, read_backwards};
use crate::model::entry::Digest;

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) state: State,
    /// Whether the log holds an entry of a policy that came into force.
    pub(super) spoke: bool,
}

/// Gathers the state from a log; where there is none, nothing is known.
///
/// # Errors
/// A log that cannot be read.
pub(super) fn from_log(audit: &Path, now: Timestamp) -> Result<Found, Problem> {
    // A day, and what clocks may differ by.
    let since = now.checked_sub(LASTS_MAX + SignedDuration::from_hours(1)).unwrap_or(Timestamp::MIN);
    let mut gathering = Gathering { now, since: format!("{since:.9}"), found: Found::default(), over: BTreeSet::new() };
    read_backwards(audit, &["policy", "freeze"], &mut gathering)?;
    Ok(gathering.found)
}

struct Gathering {
    now: Timestamp,
    since: String,
    found: Found,
    /// Orders of freezes that were ended.
    over: BTreeSet<String>,
}

impl Backwards for Gathering {
    fn take(&mut self, entry: &[u8]) {
        let Ok(entry) = serde_json::from_slice::<Value>(entry) else { return };
        let Some(body) = entry.get("entry") else { return };
        match text(body, "kind") {
            Some("policy") if body.get("in_force") == Some(&Value::Bool(true)) => {
                self.found.spoke = true;
                if self.found.state.bundle.is_none() {
                    self.found.state.bundle = accepted(body);
                }
            }
            Some("freeze") => self.freeze(body),
            _ => {}
        }
    }

    fn is_enough(&self, before: &str) -> bool {
        self.found.state.bundle.is_some() && before < self.since.as_str()
    }
}

impl Gathering {
    fn freeze(&mut self, body: &Value) {
        let (Some(order), Some(state)) = (text(body, "order"), text(body, "state")) else { return };
        let until = text(body, "until").and_then(|until| until.parse::<Timestamp>().ok());
        let known = self.found.state.freezes.iter().any(|freeze| freeze.order == order);
        match (state, until) {
            ("ended", _) => {
                self.over.insert(order.to_owned());
            }
            ("begun", Some(until)) if until > self.now && !known && !self.over.contains(order) => {
                let by = body.get("by").and_then(Value::as_array).into_iter().flatten();
                self.found.state.freezes.push(Held {
                    until,
                    by: by.filter_map(Value::as_str).map(str::to_owned).collect(),
                    because: text(body, "because").unwrap_or_default().to_owned(),
                    order: order.to_owned(),
                });
            }
            _ => {}
        }
    }
}

/// What is remembered of a bundle, from its entry. What decides which values are found is not in it, so that the next bundle
/// needs two approvers.
fn accepted(body: &Value) -> Option<Accepted> {
    let digest = |key: &str| text(body, key).and_then(Digest::parse);
    let manifest = digest("bundle")?.to_string();
    let version = body.get("version").and_then(Value::as_u64).and_then(|version| u32::try_from(version).ok())?;
    let kept = Archive::kept([digest("policy")?, digest("inventory")?, digest("reference")?]);
    let signers = body.get("approvers").and_then(Value::as_array).map_or(0, Vec::len);
    Some(Accepted { version, manifest, detection: String::new(), needed: signers.clamp(1, 2), kept })
}

fn text<'a>(body: &'a Value, key: &str) -> Option<&'a str> {
    body.get(key)?.as_str()
}
