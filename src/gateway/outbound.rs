//! Transform: the original body with one backend's duties done to it, scanned again before it may leave.

use std::borrow::Cow;
use std::sync::Arc;

use super::examine::Examined;
use super::residue::{self, Shifts};
use super::route::{Failed, Failure, Leg};
use super::{Gate, entries, fitted};
use crate::model::entry::{Change, FindingCount};
use crate::model::finding::POSSIBLY;
use crate::model::{Action, Backend, Call, Duties, EntityId, Facts, Field, Finding, Findings, Line, Tier, Word};
use crate::policy::{self, Context, Sent};
use crate::transform::{self, CannotDo, Vault, Why};
use crate::wire::splice;
use crate::{dialect, limits};

/// What one backend may have: made from the original body, for this backend and no other.
pub struct Outbound {
    /// The leg it was made for.
    pub leg: Leg,
    /// The body as it will leave.
    pub body: String,
    /// The backend's own name for the model.
    pub model: Word,
    /// What each pseudonym stands for.
    pub vault: Arc<Vault>,
    /// What was changed, counted from the edits.
    pub changes: Vec<Change>,
    /// What only the change brought to light.
    pub found: Vec<FindingCount>,
}

impl std::fmt::Debug for Outbound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outbound")
            .field("leg", &self.leg.backend.name)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// A body changed for one backend.
pub struct Changed {
    /// The body as it will leave.
    pub body: String,
    /// The backend's own name for the model.
    pub model: Word,
    /// What each pseudonym stands for.
    pub vault: Vault,
    /// What was changed, counted from the edits.
    pub changes: Vec<Change>,
    /// What only the change brought to light.
    pub found: Vec<FindingCount>,
}

impl std::fmt::Debug for Changed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Changed")
            .field("bytes", &self.body.len())
            .field("changes", &self.changes)
            .finish_non_exhaustive()
    }
}

/// Does a leg's duties.
///
/// # Errors
/// The leg and why its duties cannot be done: the caller goes on to the next backend.
pub fn prepare(gate: &Gate, leg: Leg) -> Result<Outbound, Box<Failed>> {
    let changed = match gate.salt() {
        // A duty that this gateway is not set up for removes the backend, as every duty does that cannot be done.
        _ if leg.duties.log_sealed && leg.examined.snapshot.sealer.is_none() => Err(Failure::Impossible("duty")),
        Some(salt) => change_for(&leg.examined, (&leg.backend, &leg.model), &leg.duties, salt),
        None => Err(Failure::Impossible("randomness")),
    };
    match changed {
        Ok(Changed { body, model, mut vault, changes, found }) => {
            vault.name_hosts(Arc::clone(&leg.value_hosts));
            Ok(Outbound { leg, body, model, vault: Arc::new(vault), changes, found })
        }
        Err(failure) => Err(Box::new(Failed { leg, failure, retry_after_s: None })),
    }
}

/// Does one backend's duties on the original body, which asks it for a configured model, and scans the result.
///
/// # Errors
/// [`Failure::Impossible`] when a duty cannot be done on what the body holds, or something that it covers is left.
pub fn change_for(
    examined: &Examined,
    (backend, model): (&Backend, &Word),
    duties: &Duties,
    salt: [u8; 16],
) -> Result<Changed, Failure> {
    change(examined, (backend, model), duties, salt).map_err(|unable| match unable {
        Unable::Before(failure) => failure,
        Unable::Duty(CannotDo { why: Why::Left, .. }) => RESIDUE,
        Unable::Duty(_) => Failure::Impossible("duty"),
    })
}

/// The duty of a backend that cannot be done on the request, and where. Nothing of this is sent.
pub(super) fn cannot(examined: &Examined, of: (&Backend, &Word), duties: &Duties) -> Option<CannotDo> {
    match change(examined, of, duties, [0; 16]) {
        Err(Unable::Duty(cannot)) => Some(cannot),
        Ok(_) | Err(Unable::Before(_)) => None,
    }
}

/// Why a body cannot be changed.
enum Unable {
    Before(Failure),
    Duty(CannotDo),
}

const RESIDUE: Failure = Failure::Impossible("residue");

/// Changes the original body until nothing is found in the result that a duty covers.
fn change(
    examined: &Examined,
    (backend, model): (&Backend, &Word),
    duties: &Duties,
    salt: [u8; 16],
) -> Result<Changed, Unable> {
    let before = |cause| Unable::Before(Failure::Impossible(cause));
    if !may_go_on(examined, backend, duties) {
        return Err(before("kept"));
    }
    let snapshot = &*examined.snapshot;
    let model = snapshot.upstream_model(model, &backend.name).ok_or_else(|| before("model"))?;
    let keys = transform::Keys::new(snapshot.token_key(&examined.caller.tenant, &examined.caller.app), salt);
    let (mut findings, mut duties) = (Cow::Borrowed(&examined.findings), Cow::Borrowed(duties));
    let mut rounds = limits::CHANGE_ROUNDS_MAX;
    loop {
        let changed = transform::apply(&examined.call, &findings, &duties, &snapshot.catalogue, &keys);
        let changed = changed.map_err(Unable::Duty)?;
        let mut edits = Vec::new();
        if dialect::takes_body(examined.call.api) {
            edits = dialect::outgoing(&examined.call, model.as_str(), store_off(backend));
        }
        edits.extend(changed.edits);
        let shifts = Shifts::of(&edits, &changed.moves);
        let body = splice(&examined.call.body, edits).map_err(|_| before("splice"))?;
        let left = if duties.actions.is_empty() {
            Vec::new()
        } else {
            let arrived = match &findings {
                Cow::Borrowed(_) => Cow::Borrowed(&examined.facts),
                // What the change brought to light was there when the request arrived.
                Cow::Owned(grown) => Cow::Owned(facts(examined, &examined.call, grown)),
            };
            confirm(examined, backend, duties.to_mut(), (&body, model, changed.pseudonymised, &arrived))?
        };
        let Some(first) = left.first() else {
            let found = match &findings {
                Cow::Owned(grown) => fitted::kinds(entries::count(examined, residue::added(&examined.findings, grown))),
                Cow::Borrowed(_) => Vec::new(),
            };
            return Ok(Changed { body, model: model.clone(), vault: changed.vault, changes: changed.changes, found });
        };
        rounds -= 1;
        // What a pseudonym left behind is taken in where it stood in the original, and all of it is changed anew.
        let grown = shifts.carried(&examined.call, &left).and_then(|more| residue::grown(&findings, more));
        findings = match grown.filter(|_| rounds > 0) {
            Some(grown) => Cow::Owned(grown),
            None => return Err(Unable::Duty(still(examined, &duties, first))),
        };
    }
}

/// That something is still found, and where.
fn still(examined: &Examined, duties: &Duties, (field, found): &(Field, Finding)) -> CannotDo {
    let entity = examined.snapshot.catalogue.info(found.entity).map_or(Word::UNKNOWN, |info| info.name.clone());
    CannotDo { action: duties.action(found.entity), entity, path: field.path, why: Why::Left }
}

/// Whether answers are not kept at a backend, whatever a request says.
pub(super) fn store_off(backend: &Backend) -> bool {
    backend.tier != Tier::OnPremises
}

/// Whether a call that names a kept answer may go to a backend: it is the one that keeps it, and nothing of either would have
/// to be changed, for what is kept cannot be any more.
fn may_go_on(examined: &Examined, backend: &Backend, duties: &Duties) -> bool {
    match (&examined.stored, examined.call.kept()) {
        (None, None) => true,
        (Some(stored), Some(_)) => stored.backend == backend.name && duties.actions.is_empty(),
        _ => false,
    }
}

/// The facts of a call in the place of the one that was examined.
fn facts(examined: &Examined, call: &Call, findings: &Findings) -> Facts {
    let context = Context { leak: &examined.leak, policy: &examined.snapshot.policy };
    policy::facts(call, findings, &examined.caller, &examined.declared.as_declared(), context)
}

/// Scans what will be sent and asks policy whether this backend may have it as it is now; returns what is still found that a duty
/// covers, with the field of what will be sent. The duties grow by those of what only the change brought to light.
fn confirm(
    examined: &Examined,
    backend: &Backend,
    duties: &mut Duties,
    (body, model, pseudonymised, arrived): (&str, &Word, Vec<EntityId>, &Facts),
) -> Result<Vec<(Field, Finding)>, Unable> {
    let snapshot = &*examined.snapshot;
    let own = &examined.call.line;
    let line = Line { model: own.model.as_ref().map(|_| model.to_string()), ..own.clone() };
    let call = dialect::parse(line, body.to_owned()).map_err(|_| Unable::Before(RESIDUE))?;
    // What no edit touched was read a moment ago, and what an edit made will be read again in the next turn.
    let memory = snapshot.memory.of(&examined.caller, &snapshot.root);
    let findings = snapshot.engine.inspect_with(&call, Some(&memory));
    let mut facts = facts(examined, &call, &findings);
    facts.pseudonymised = pseudonymised;
    let sent = Sent { facts: &facts, arrived };
    let id = snapshot.policy.id_of(backend.name.as_str()).ok_or(Unable::Before(RESIDUE))?;
    let removed = |_| Unable::Before(RESIDUE);
    let owed = policy::owed(&snapshot.policy, sent, id, duties, examined.decided_at).map_err(removed)?;
    let was = duties.clone();
    for (entity, action) in owed.actions {
        duties.require(entity, action);
    }
    // A value that a duty covers and that is still found was not changed: the duty is not done.
    let covers = |found: &&Finding| found.confidence >= POSSIBLY && duties.action(found.entity) != Action::Keep;
    let left = findings.list.iter().filter(covers);
    let left: Vec<_> =
        left.filter_map(|found| Some((call.fields.get(found.field as usize)?.clone(), found.clone()))).collect();
    if left.is_empty() {
        policy::recheck(&snapshot.policy, sent, id, &was, examined.decided_at).map_err(removed)?;
    }
    Ok(left)
}
