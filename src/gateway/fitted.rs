//! Room in the entry of a decision: what is said more shortly, and what is left out of it last, so that a request with very many
//! findings or an inventory with very many backends is recorded like any other.
//!
//! An entry has a bound ([`ENTRY_BYTES_MAX`](crate::limits::ENTRY_BYTES_MAX)). No class of data that was found is ever left out,
//! nor the backend that is about to be asked. What is left out is counted in the entry, and follows from what the entry holds:
//! the facts, and the digests of policy and inventory.

use serde::Serialize;

use crate::limits::FINDING_KINDS_MAX;
use crate::model::Word;
use crate::model::entry::{Change, Decision, FindingCount, LeftOut, Newest, Sending};

/// How much room there is, from all that is wanted to the least that does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    /// Everything is said as it is.
    Ample,
    /// What is equal is said once, and findings of one type are counted together wherever they stand.
    Close,
    /// Lists end where their share of the room does.
    Scarce,
    /// The facts are cut too, so that the decision cannot be taken again from its entry.
    Least,
}

impl Room {
    /// The next smaller one.
    pub(super) const fn less(self) -> Option<Self> {
        match self {
            Self::Ample => Some(Self::Close),
            Self::Close => Some(Self::Scarce),
            Self::Scarce => Some(Self::Least),
            Self::Least => None,
        }
    }
}

/// In the place of many names.
const SEVERAL: Word = Word::fixed("several");
/// Kinds of findings, and of changes, where room is scarce.
const SCARCE_KINDS_MAX: usize = 12;
/// Bytes of a list where room is scarce: of the plan, and of each of the others.
const PLAN_BYTES: usize = 3_072;
const LIST_BYTES: usize = 1_536;

/// Brings a decision into the room that there is.
pub(super) fn fit(decision: &mut Decision, room: Room) {
    if room == Room::Ample {
        return;
    }
    decision.findings = folded(std::mem::take(&mut decision.findings));
    // The one that is asked, as it is: the one that its duties would be told by may be left out.
    let asked = decision.sending.as_ref().map(|sending| &sending.backend);
    let asked = asked.and_then(|name| decision.plan.iter().find(|planned| planned.backend == *name)).cloned();
    share_duties(decision);
    if let Some(sending) = &mut decision.sending {
        fit_sending(sending, room);
    }
    if room == Room::Close {
        return;
    }
    shorten(&mut decision.findings, SCARCE_KINDS_MAX);
    let mut left_out = LeftOut { plan: within(&mut decision.plan, PLAN_BYTES), ..LeftOut::default() };
    if let Some(asked) = asked.filter(|asked| decision.plan.iter().all(|planned| planned.backend != asked.backend)) {
        decision.plan.push(asked);
        left_out.plan = left_out.plan.saturating_sub(1);
    }
    left_out.removed = within(&mut decision.removed, LIST_BYTES);
    if room == Room::Least {
        left_out.rules = within(&mut decision.rules, LIST_BYTES);
        if let Some(facts) = &mut decision.facts {
            let cut = within(&mut facts.types, LIST_BYTES) + within(&mut facts.able, LIST_BYTES);
            facts.cut |= cut > 0;
        }
    }
    decision.left_out = (left_out != LeftOut::default()).then_some(left_out);
}

/// Brings what is sent into the room that there is.
pub(super) fn fit_sending(sending: &mut Sending, room: Room) {
    if room == Room::Ample {
        return;
    }
    sending.found = folded(std::mem::take(&mut sending.found));
    if room != Room::Close {
        shorten(&mut sending.found, SCARCE_KINDS_MAX);
        sending.changed = changes(std::mem::take(&mut sending.changed));
    }
}

/// Brings what no backend was left under into the room of an outcome.
pub(super) fn fit_newest(newest: &mut Newest) {
    newest.removed_left_out = within(&mut newest.removed, 4 * LIST_BYTES);
}

/// Ends a list where its bytes are more than there is room for; how many are left out. The first stays, whatever its length.
fn within<T: Serialize>(list: &mut Vec<T>, bytes_max: usize) -> usize {
    let mut bytes = 0;
    let fits = |one: &&T| {
        bytes += serde_json::to_vec(one).map_or(bytes_max, |json| json.len() + 1);
        bytes <= bytes_max
    };
    let kept = list.iter().take_while(fits).count().max(1);
    let left_out = list.len().saturating_sub(kept);
    list.truncate(kept);
    left_out
}

/// A backend whose duties are those of one before it names that one.
fn share_duties(decision: &mut Decision) {
    for at in 1..decision.plan.len() {
        let (before, this) = decision.plan.split_at_mut(at);
        let Some(this) = this.first_mut().filter(|this| !this.duties.is_empty()) else { continue };
        if let Some(same) = before.iter().find(|other| other.duties == this.duties) {
            this.duties_as = Some(same.backend.clone());
            this.duties.clear();
        }
    }
}

/// Findings of one type and confidence as one, wherever they stand.
fn folded(findings: Vec<FindingCount>) -> Vec<FindingCount> {
    let mut folded: Vec<FindingCount> = Vec::with_capacity(findings.len());
    for finding in findings {
        let same =
            folded.iter_mut().find(|other| other.entity == finding.entity && other.confidence == finding.confidence);
        match same {
            Some(same) => {
                same.count = same.count.saturating_add(finding.count);
                same.path = SEVERAL;
            }
            None => folded.push(finding),
        }
    }
    folded
}

/// Findings of at most so many kinds: what is more is counted together with all its classes, since whoever looks for a class
/// must find it.
fn shorten(findings: &mut Vec<FindingCount>, kinds_max: usize) {
    if findings.len() <= kinds_max {
        return;
    }
    // One for those that are sure, one for the others.
    for finding in findings.split_off(kinds_max.saturating_sub(2)) {
        let same = findings.iter_mut().find(|other| other.entity == SEVERAL && other.confidence == finding.confidence);
        match same {
            Some(same) => {
                same.count = same.count.saturating_add(finding.count);
                let new: Vec<Word> =
                    finding.classes.into_iter().filter(|class| !same.classes.contains(class)).collect();
                same.classes.extend(new);
            }
            None => findings.push(FindingCount { entity: SEVERAL, path: SEVERAL, ..finding }),
        }
    }
}

/// The findings of an entry: at most [`FINDING_KINDS_MAX`] kinds.
pub(super) fn kinds(findings: Vec<FindingCount>) -> Vec<FindingCount> {
    if findings.len() <= FINDING_KINDS_MAX {
        return findings;
    }
    let mut folded = folded(findings);
    shorten(&mut folded, FINDING_KINDS_MAX);
    folded
}

/// Changes of at most so many kinds: what is more is counted together by what was done.
fn changes(mut changes: Vec<Change>) -> Vec<Change> {
    if changes.len() <= SCARCE_KINDS_MAX {
        return changes;
    }
    for change in changes.split_off(SCARCE_KINDS_MAX) {
        match changes.iter_mut().find(|other| other.entity == SEVERAL && other.action == change.action) {
            Some(same) => same.count = same.count.saturating_add(change.count),
            None => changes.push(Change { entity: SEVERAL, ..change }),
        }
    }
    changes
}
