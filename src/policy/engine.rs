//! The decision: one pass over the rows, then the duties, then, where a sheet asks for it, once more on what the duties leave.
//!
//! Candidates are the union of the `allow` that surely hold. Every rule that possibly fires removes its backends and adds its
//! duties. Nothing here can fail, and nothing depends on the order of rules but the order in which `prefer` was written.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use smallvec::SmallVec;

use super::program::{Bits, Mask, Program, RuleRow, add, has};
use super::second::Second;
use super::view::View;
use super::{BackendSet, Policy};
use crate::model::{
    Action, BackendId, Choice, Duties, EntityId, ExceptionUsed, Facts, FallBack, Plan, Removal, Removed, Tier, Word,
};

/// The rule that no sheet writes: provider-hosted tools need a line of their own.
pub const HOSTED_RULE: &str = "hosted-tools";
const HOSTED_BECAUSE: &str = "a tool that runs at the provider is refused unless a sheet allows it by name and host";
pub(super) const UNLOCATED: &str = "change data that no detector could locate";

/// Decides where a request may go. Total and deterministic.
pub fn decide(policy: &Policy, facts: &Facts, servable: &BackendSet, now: Timestamp) -> Plan {
    evaluate(policy, facts, servable, now, Undetected::Real)
}

/// How classes that something declared, and no detector located, meet duties.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Undetected {
    /// Nobody knows where the data is: a duty on it cannot be done.
    Real,
    /// A scenario speaks of the classes that it gives as if a detector had found them.
    Assumed,
}

/// The duties of one rule that fired, reduced to what the request carries.
pub(super) struct Demand<'p> {
    pub(super) rule: &'p RuleRow,
    /// Whether the rule surely fires.
    pub(super) surely: bool,
    pub(super) actions: SmallVec<[(EntityId, Action); 4]>,
}

/// Rules with the `because` of each.
type Reasons = Arc<[(Word, Word)]>;

/// One decision being taken.
pub(super) struct Pass<'p> {
    pub(super) policy: &'p Policy,
    pub(super) program: &'p Program,
    pub(super) facts: &'p Facts,
    pub(super) view: View<'p>,
    pub(super) bits: Bits,
    pub(super) undetected: Undetected,
    /// Indices of the rules that fired, ascending.
    fired: SmallVec<[usize; 32]>,
    /// Exceptions that spared it a rule which would have fired, with the place of the rule.
    spared: SmallVec<[(usize, &'p Word, Date); 2]>,
    candidates: Mask,
    removed: Mask,
    demands: SmallVec<[Demand<'p>; 8]>,
    /// The `prefer` clauses of the rules that fired.
    preferring: SmallVec<[&'p (u32, Mask); 8]>,
    /// The rules that fired and remove somebody.
    removers: SmallVec<[&'p RuleRow; 32]>,
    /// Which of them removed a backend, one bit each, with their names and reasons.
    lists: SmallVec<[(u64, Reasons); 8]>,
}

pub(super) fn evaluate(
    policy: &Policy,
    facts: &Facts,
    servable: &BackendSet,
    now: Timestamp,
    undetected: Undetected,
) -> Plan {
    let mut pass = Pass::new(policy, facts, View::arrived(facts, policy), undetected);
    let expired = policy.valid_until().is_some_and(|until| until <= now);
    let mut plan = Plan {
        choices: Vec::new(),
        removed: Vec::with_capacity(policy.backends().len()),
        unable: Vec::new(),
        fall_back: pass.fall_back(),
        value_hosts: if expired { Arc::from([]) } else { Arc::clone(policy.value_hosts()) },
        fired: Vec::new(),
        exceptions: Vec::new(),
    };
    let tools_refused = pass.refuses_tools();
    let mut ranked: Vec<(Tier, u64, usize, Choice)> = Vec::with_capacity(policy.backends().len());
    let backends = (0..).map(BackendId).zip(policy.backends());
    for (backend, declared) in backends {
        let verdict = match pass.verdict(backend, expired, tools_refused) {
            Ok(duties) => duties,
            Err(why) => {
                plan.removed.push(Removed { backend, why });
                continue;
            }
        };
        if !servable.contains(backend) {
            plan.unable.push(backend);
            continue;
        }
        let changes = verdict.changes();
        let choice = Choice { backend, tier: declared.tier, duties: verdict, rank: 0 };
        ranked.push((declared.tier, pass.preference(backend), changes, choice));
    }
    plan.choices = rank(ranked);
    plan.fired.reserve_exact(pass.fired.len() + usize::from(tools_refused));
    plan.fired.extend(tools_refused.then(|| Word::fixed(HOSTED_RULE)));
    pass.fired.sort_unstable();
    pass.fired.dedup();
    plan.exceptions = pass.exceptions_used();
    plan.fired
        .extend(pass.fired.iter().filter_map(|index| pass.program.rules.get(*index)).map(|rule| rule.name.clone()));
    plan
}

/// The rule that demands most for a type of value at a backend, and its reason; nothing where none that looks at the request as it
/// arrived does.
pub fn owing(policy: &Policy, facts: &Facts, backend: BackendId, entity: EntityId) -> Option<(Word, Word)> {
    let pass = Pass::new(policy, facts, View::arrived(facts, policy), Undetected::Real);
    let of_type = |demand: &Demand<'_>| demand.actions.iter().find(|(of, _)| *of == entity).map(|(_, action)| *action);
    let demands = pass.demands.iter().rev().filter(|demand| has(&demand.rule.on, backend));
    let demanding = demands.filter_map(|demand| Some((of_type(demand)?, demand.rule)));
    demanding.max_by_key(|(action, _)| *action).map(|(_, rule)| named(rule))
}

/// The first rule whose duty on a backend cannot be done, with its reason and the duty: what takes the backend out before anything of
/// the request is changed.
pub fn undone(policy: &Policy, facts: &Facts, backend: BackendId) -> Option<((Word, Word), Word)> {
    let pass = Pass::new(policy, facts, View::arrived(facts, policy), Undetected::Real);
    let mut demands = pass.demands.iter().filter(|demand| has(&demand.rule.on, backend));
    demands.find_map(|demand| match pass.merge(&mut Duties::default(), demand) {
        Err(Removal::Duty(duty)) => Some((named(demand.rule), duty)),
        _ => None,
    })
}

/// Sorts by tier, then by what the sheet prefers, then by the fewest changes; equal places share a rank.
fn rank(mut ranked: Vec<(Tier, u64, usize, Choice)>) -> Vec<Choice> {
    ranked.sort_by_key(|place| (place.0, place.1, place.2, place.3.backend));
    let mut last: Option<(Tier, u64, usize, u32)> = None;
    let place = |(tier, preference, changes, mut choice): (Tier, u64, usize, Choice)| {
        let rank = match last {
            Some((before, a, b, rank)) if before == tier => rank + u32::from((a, b) != (preference, changes)),
            _ => 0,
        };
        last = Some((tier, preference, changes, rank));
        choice.rank = rank;
        choice
    };
    ranked.into_iter().map(place).collect()
}

impl<'p> Pass<'p> {
    /// Evaluates everything that does not ask for the state after the duties.
    pub(super) fn new(policy: &'p Policy, facts: &'p Facts, view: View<'p>, undetected: Undetected) -> Self {
        let program = policy.program();
        let mut pass = Self {
            bits: program.bits(&view),
            candidates: program.none(),
            removed: program.none(),
            fired: SmallVec::new(),
            spared: SmallVec::new(),
            demands: SmallVec::new(),
            preferring: SmallVec::new(),
            removers: SmallVec::new(),
            lists: SmallVec::new(),
            policy,
            program,
            facts,
            view,
            undetected,
        };
        for allow in program.allows.iter().filter(|allow| !allow.still && allow.gate.surely_open(&pass.bits)) {
            add(&mut pass.candidates, &allow.admits);
        }
        for (index, rule) in program.rules.iter().enumerate() {
            if !rule.still && rule.gate.fires(&pass.bits) {
                if rule.removes.iter().any(|bits| *bits != 0) {
                    add(&mut pass.removed, &rule.removes);
                    pass.removers.push(rule);
                }
                pass.fired.push(index);
                pass.preferring.extend(&rule.prefers);
                if rule.has_duties() {
                    let demand = pass.demand(rule, &pass.bits);
                    pass.demands.push(demand);
                }
            }
        }
        for index in &program.excepted {
            if let Some(rule) = program.rules.get(*index).filter(|rule| !rule.still && !pass.fired.contains(index)) {
                let used = rule.exceptions.iter().flat_map(|exceptions| exceptions.used(&pass.bits));
                pass.spared.extend(used.map(|(name, until)| (*index, name, until)));
            }
        }
        pass
    }

    /// A rule that asks for the state after the duties did not fire: whether an exception spared the request from it.
    pub(super) fn spare(&mut self, index: usize, rule: &'p RuleRow, bits: &Bits) {
        for (name, until) in rule.exceptions.iter().flat_map(|exceptions| exceptions.used(bits)) {
            if !self.spared.iter().any(|(spared, by, _)| (*spared, *by) == (index, name)) {
                self.spared.push((index, name, until));
            }
        }
    }

    /// The exceptions that the request made use of, in the order of the rules.
    fn exceptions_used(&mut self) -> Vec<ExceptionUsed> {
        self.spared.sort_by_key(|(index, _, _)| *index);
        let rules = &self.program.rules;
        let used = self.spared.iter().filter_map(|(index, name, until)| {
            let rule = rules.get(*index)?.name.clone();
            Some(ExceptionUsed { exception: (*name).clone(), rule, until: *until })
        });
        used.collect()
    }

    pub(super) fn fire(&mut self, index: usize) {
        self.fired.push(index);
    }

    pub(super) fn is_candidate(&self, backend: BackendId) -> bool {
        has(&self.candidates, backend)
    }

    pub(super) fn demand(&self, rule: &'p RuleRow, bits: &Bits) -> Demand<'p> {
        let present = self.facts.types.iter().filter(|fact| fact.possibly > 0);
        let wanted = present.map(|fact| (fact.entity, rule.action(fact.entity)));
        Demand {
            rule,
            surely: rule.gate.surely_open(bits),
            actions: wanted.filter(|(_, action)| *action != Action::Keep).collect(),
        }
    }

    /// The duties of a backend, or why it may not have the request.
    fn verdict(&mut self, backend: BackendId, expired: bool, tools_refused: bool) -> Result<Duties, Removal> {
        let conditional = self.program.asks_still();
        if !conditional && !self.is_candidate(backend) {
            return Err(Removal::NotAllowed);
        }
        if tools_refused {
            return Err(Removal::Rules([(Word::fixed(HOSTED_RULE), Word::fixed(HOSTED_BECAUSE))].into()));
        }
        if expired && !self.policy.on_premises(backend) {
            return Err(Removal::Expired);
        }
        if has(&self.removed, backend) {
            return Err(Removal::Rules(self.removing_shared(backend)));
        }
        let mut duties = Duties::default();
        for demand in self.demands.iter().filter(|demand| has(&demand.rule.on, backend)) {
            self.merge(&mut duties, demand)?;
        }
        if !conditional {
            return Ok(duties);
        }
        Second::new(self, backend, duties)?.decide()
    }

    /// The rules that removed a backend; one list for all that the same rules removed, since counting its references costs
    /// less than those of each name in it.
    fn removing_shared(&mut self, backend: BackendId) -> Reasons {
        let signature =
            self.removers.iter().fold(0_u64, |signature, rule| signature << 1 | u64::from(has(&rule.removes, backend)));
        // With more rules than the signature has bits it tells too little.
        let is_whole = self.removers.len() <= 64;
        let known = self.lists.iter().find(|(of, _)| is_whole && *of == signature);
        if let Some((_, list)) = known {
            return Arc::clone(list);
        }
        let list: Reasons = self.removing(backend).into();
        if is_whole {
            self.lists.push((signature, Arc::clone(&list)));
        }
        list
    }

    /// The rules that removed a backend.
    fn removing(&self, backend: BackendId) -> Vec<(Word, Word)> {
        let rules = || self.removers.iter().filter(|rule| has(&rule.removes, backend));
        let mut named_rules = Vec::with_capacity(rules().count());
        named_rules.extend(rules().map(|rule| named(rule)));
        named_rules
    }

    /// Adds what a rule demands, or says why it cannot be done.
    pub(super) fn merge(&self, duties: &mut Duties, demand: &Demand<'_>) -> Result<(), Removal> {
        let rule = demand.rule;
        for (entity, action) in &demand.actions {
            self.feasible(rule, *action)?;
            duties.require(*entity, *action);
        }
        for (class, action) in &rule.class_actions {
            if self.view.undetected().contains(*class) {
                if *action != Action::Block && self.view.nowhere(self.undetected).contains(*class) {
                    return Err(Removal::Duty(Word::fixed(UNLOCATED)));
                }
                self.feasible(rule, *action)?;
            }
        }
        if rule.changes() && self.view.opaque() {
            return Err(if rule.actions.contains(&Action::Block) {
                Removal::Rules([named(rule)].into())
            } else {
                Removal::Duty(Word::fixed(UNLOCATED))
            });
        }
        if rule.seals && !self.policy.seals() {
            return Err(Removal::Duty(Word::fixed("log sealed")));
        }
        duties.log_sealed |= rule.seals;
        Ok(())
    }

    fn feasible(&self, rule: &RuleRow, action: Action) -> Result<(), Removal> {
        if action == Action::Block {
            return Err(Removal::Rules([named(rule)].into()));
        }
        if action != Action::Keep && !self.policy.can(action) {
            return Err(Removal::Duty(Word::fixed(action.name())));
        }
        Ok(())
    }

    /// Whether the call asks for a hosted tool that no line surely allows by name and host.
    pub(super) fn refuses_tools(&self) -> bool {
        // `unknown` stands for whatever no sheet names: no line can name that.
        let unknown = |tool: &(Word, Option<Word>)| tool.0 == Word::UNKNOWN || tool.1 == Some(Word::UNKNOWN);
        let allowed = |tool: &(Word, Option<Word>)| {
            let rows = self.program.tools.iter().filter(|row| row.tool == tool.0 && row.host == tool.1);
            !unknown(tool) && rows.into_iter().any(|row| row.gate.surely_open(&self.bits))
        };
        !self.facts.hosted.iter().all(allowed)
    }

    fn fall_back(&self) -> FallBack {
        let open = self.program.fall_backs.iter().filter(|(gate, _)| gate.surely_open(&self.bits));
        open.fold(FallBack::default(), |opened, (_, after)| FallBack {
            open: true,
            after_ms: match (opened.after_ms, *after) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            },
        })
    }

    /// A number that is smaller the more a backend is preferred; the first `prefer` written weighs most. In the last tier,
    /// those located in the EEA come before all preferences.
    fn preference(&self, backend: BackendId) -> u64 {
        let behind = u64::from(self.policy.after_the_eea(backend)) << 63;
        let missed = self.preferring.iter().filter(|(_, preferred)| !has(preferred, backend));
        missed.fold(behind, |preference, (bit, _)| preference | 1_u64 << bit)
    }

    /// The rules that remove a backend: for [`super::recheck`], which asks for all at once.
    pub(super) fn removed_by(&self, backend: BackendId) -> Option<Removal> {
        has(&self.removed, backend).then(|| Removal::Rules(self.removing(backend).into()))
    }

    pub(super) fn demands(&self) -> &[Demand<'p>] {
        &self.demands
    }
}

pub(super) fn named(rule: &RuleRow) -> (Word, Word) {
    (rule.name.clone(), rule.because.clone())
}
