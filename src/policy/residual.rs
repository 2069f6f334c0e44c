//! The last look: what is about to be sent has been scanned again, and the backend must still be allowed to have it.
//!
//! A value that a duty should have changed and a detector still sees is a refusal, whatever the reason it is still there.

use jiff::Timestamp;

use super::Policy;
use super::engine::{Pass, Undetected};
use super::program::has;
use super::view::{After, View};
use crate::model::{Action, BackendId, Duties, Facts, Removal, Word};

/// What is about to be sent.
#[derive(Debug, Clone, Copy)]
pub struct Sent<'a> {
    /// The facts of the body as changed.
    pub facts: &'a Facts,
    /// The facts of the request as it arrived, and of what its change brought to light there: how often each type was found, how surely,
    /// and whether health was somebody's.
    pub arrived: &'a Facts,
}

/// Whether a backend may have what is about to be sent, judged by the facts of the body as changed.
///
/// `data includes` speaks of the request as it arrived: the types in [`Duties::actions`] and in [`Facts::pseudonymised`] count
/// as having been there as often and as surely as they were found, and as no longer identified; those still found are there, and
/// identified.
///
/// # Errors
/// Why the backend may not have it. This can only refuse: it never allows what [`super::decide`] did not.
pub fn recheck(
    policy: &Policy,
    sent: Sent<'_>,
    backend: BackendId,
    duties: &Duties,
    now: Timestamp,
) -> Result<(), Removal> {
    let required = owed(policy, sent, backend, duties, now)?;
    left_over(sent.facts, &required, duties)
}

/// What must be done to what is about to be sent, judged by the facts of the body as changed: nothing, unless the change itself
/// brought something to light.
///
/// # Errors
/// Why the backend may not have it, whatever is done.
pub fn owed(
    policy: &Policy,
    sent: Sent<'_>,
    backend: BackendId,
    duties: &Duties,
    now: Timestamp,
) -> Result<Duties, Removal> {
    if policy.valid_until().is_some_and(|until| until <= now) && !policy.on_premises(backend) {
        return Err(Removal::Expired);
    }
    let residual = sent.facts;
    let view = View::residual(sent, policy, duties);
    let mut pass = Pass::new(policy, residual, view, Undetected::Real);
    // Nothing more will be done to these bytes: what is in them is what would cross.
    let done = Duties::default();
    let mut bits = pass.bits.clone();
    pass.program.set_after(
        &mut bits,
        &pass.view,
        After { surely: &done, possibly: &done, declared: residual.declared },
    );
    pass.bits = bits;
    let still = pass.program.allows.iter().filter(|allow| allow.still && has(&allow.admits, backend));
    if !pass.is_candidate(backend) && !still.into_iter().any(|allow| allow.gate.surely_open(&pass.bits)) {
        return Err(Removal::NotAllowed);
    }
    if pass.refuses_tools() {
        return Err(Removal::Rules([(Word::fixed(super::engine::HOSTED_RULE), Word::UNKNOWN)].into()));
    }
    if let Some(removal) = pass.removed_by(backend) {
        return Err(removal);
    }
    let mut required = Duties::default();
    for demand in pass.demands().iter().filter(|demand| has(&demand.rule.on, backend)) {
        pass.merge(&mut required, demand)?;
    }
    for rule in pass.program.rules.iter().filter(|rule| rule.still && rule.gate.fires(&pass.bits)) {
        if has(&rule.removes, backend) {
            return Err(Removal::Rules([super::engine::named(rule)].into()));
        }
        if rule.has_duties() && has(&rule.on, backend) {
            let demand = pass.demand(rule, &pass.bits);
            pass.merge(&mut required, &demand)?;
        }
    }
    Ok(required)
}

/// A type that was to be changed, or has to be by what is there now, and is still found. A coarser value may still look like
/// its type.
fn left_over(residual: &Facts, required: &Duties, done: &Duties) -> Result<(), Removal> {
    for fact in residual.types.iter().filter(|fact| fact.possibly > 0) {
        let (wanted, was) = (required.action(fact.entity), done.action(fact.entity));
        let coarser = wanted <= Action::Generalise && was == Action::Generalise;
        let strictest = wanted.max(was);
        if strictest != Action::Keep && !coarser {
            return Err(Removal::Duty(Word::fixed(strictest.name())));
        }
    }
    if required.log_sealed && !done.log_sealed {
        return Err(Removal::Duty(Word::fixed("log sealed")));
    }
    Ok(())
}
