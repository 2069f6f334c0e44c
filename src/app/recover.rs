//! What the audit log says of how far the gateway got, behind the place up to which the state beside it knows it: all of it where
//! the state is gone, and what an older copy of the state lacks.
//!
//! Every policy that came into force and every freeze that began or ended is an entry. Versions only increase, so the bundle of the
//! highest version counts, wherever its entry lies: the newest may be of a gateway that did not know of the others. So all
//! that is new is read, finished epochs included, newest first; a freeze lasts a day at most, and older entries of it say nothing any
//! more. It is not proven here: whoever can write the log without a trace can do more than this.

use std::collections::BTreeSet;
use std::path::Path;

use jiff::Timestamp;
use octroi_verify::problem::Problem;
use serde_json::Value;

use super::archive::{Accepted, Archive, Held, State, Thawed};
use crate::audit::decisions::{Place, read_backwards};
use crate::model::entry::Digest;

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) state: State,
    /// Whether the log holds an entry of a policy that came into force.
    pub(super) spoke: bool,
    /// Orders of freezes that were ended.
    pub(super) over: BTreeSet<String>,
}

/// Gathers the state from a log, from a place on; where there is none, nothing is known.
///
/// # Errors
/// A log that cannot be read.
pub(super) fn from_log(audit: &Path, since: Place, now: Timestamp) -> Result<Found, Problem> {
    let mut gathering = Gathering { now, found: Found::default() };
    let end = read_backwards(audit, &["policy", "freeze"], since, &mut |entry| gathering.take(entry))?;
    gathering.found.state.log = end;
    Ok(gathering.found)
}

struct Gathering {
    now: Timestamp,
    found: Found,
}

impl Gathering {
    fn take(&mut self, entry: &[u8]) {
        let Ok(entry) = serde_json::from_slice::<Value>(entry) else { return };
        let Some(body) = entry.get("entry") else { return };
        match text(body, "kind") {
            Some("policy") if body.get("in_force") == Some(&Value::Bool(true)) => {
                self.found.spoke = true;
                // Of one version, the newest entry.
                let highest = self.found.state.bundle.as_ref().map(|bundle| bundle.version);
                if let Some(accepted) = accepted(body).filter(|one| highest.is_none_or(|highest| highest < one.version))
                {
                    self.found.state.bundle = Some(accepted);
                }
            }
            Some("freeze") => self.freeze(body),
            _ => {}
        }
    }

    fn freeze(&mut self, body: &Value) {
        let (Some(order), Some(state)) = (text(body, "order"), text(body, "state")) else { return };
        let until = text(body, "until").and_then(|until| until.parse::<Timestamp>().ok());
        let known = self.found.state.freezes.iter().any(|freeze| freeze.order == order);
        match (state, until) {
            ("ended", until) => {
                let new = self.found.over.insert(order.to_owned());
                let lasting = until.filter(|until| new && text(body, "cause") == Some("thaw") && *until > self.now);
                self.found.state.thawed.extend(lasting.map(|until| Thawed { order: order.to_owned(), until }));
            }
            ("begun", Some(until)) if until > self.now && !known && !self.found.over.contains(order) => {
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
    let told = text(body, "name").unwrap_or_default();
    let name = told.strip_suffix(&format!(" version {version}")).unwrap_or_default().to_owned();
    Some(Accepted { name, version, manifest, detection: String::new(), needed: signers.clamp(1, 2), kept })
}

fn text<'a>(body: &'a Value, key: &str) -> Option<&'a str> {
    body.get(key)?.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, version: u32, digest: char) -> Vec<u8> {
        let digest = digest.to_string().repeat(64);
        serde_json::json!({"entry": {
            "kind": "policy", "in_force": true, "name": format!("{name} version {version}"), "version": version,
            "bundle": digest, "policy": digest, "inventory": digest, "reference": digest, "approvers": ["a"],
        }})
        .to_string()
        .into_bytes()
    }

    /// The newest entry may be of a gateway that did not know of the others: versions only increase all the same.
    #[test]
    fn the_highest_version_counts_and_not_the_newest_entry() {
        let now = Timestamp::UNIX_EPOCH;
        let mut gathering = Gathering { now, found: Found::default() };
        for (version, digest) in [(1, 'a'), (3, 'b'), (3, 'c'), (2, 'd')] {
            gathering.take(&entry("house version 3", version, digest));
        }
        let found = gathering.found.state.bundle.unwrap();
        assert_eq!((found.version, &*found.name, &*found.manifest), (3, "house version 3", &*"b".repeat(64)));
    }
}
