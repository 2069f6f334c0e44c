//! The way through a plan: which backend is tried next, and what is said when none is left.
//!
//! A backend is taken only from the decision. Within a tier the way goes freely from one to the next; the next tier opens
//! only by a `fall back` clause: at once when every backend of the tier before is unavailable, and after the clause's time
//! of waiting when one of them is merely full or slow. From the second attempt on, the newest policy must allow the backend
//! too, with the strictest duties of both.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::Gate;
use super::examine::Examined;
use crate::dialect;
use crate::limits;
use crate::model::{Backend, Duties, FallBack, Fault, Refusal, Removal, Tier, Word};

/// One backend that is about to be tried.
#[derive(Debug)]
pub struct Leg {
    /// What is sent is made from this: the newest examination of the request.
    pub examined: Arc<Examined>,
    /// The backend's declared truths.
    pub backend: Backend,
    /// Its connections.
    pub upstream: Arc<crate::upstream::Backend>,
    /// What must be done to the request.
    pub duties: Duties,
    /// 1 for the first backend tried.
    pub number: u32,
    /// Why the one before did not serve.
    pub cause: Word,
    /// Whether this leg is of a later tier than the first.
    pub fell_back: bool,
}

/// Why a leg did not serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// Down: ejected, not reachable, or broke before the first byte.
    Unavailable(&'static str),
    /// Full: it answered 429 or 503, or did not begin to answer in time.
    Waiting(&'static str),
    /// Its duties cannot be done on this request.
    Impossible(&'static str),
    /// It answered with what no client may see: another backend may do better, without crossing a tier.
    Faulty(&'static str),
}

impl Failure {
    /// The closed word for records.
    pub const fn cause(self) -> &'static str {
        match self {
            Self::Unavailable(cause) | Self::Waiting(cause) | Self::Impossible(cause) | Self::Faulty(cause) => cause,
        }
    }
}

/// A leg that did not serve.
#[derive(Debug)]
pub struct Failed {
    /// Which.
    pub leg: Leg,
    /// Why.
    pub failure: Failure,
    /// Seconds after which the backend would be asked again, if it said so.
    pub retry_after_s: Option<u32>,
}

/// What became of the backends of the tier that is being tried.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    unavailable: bool,
    waiting: bool,
    faulty: bool,
    retry_after_s: Option<u32>,
}

/// The way of one request through its plan.
#[derive(Debug)]
pub struct Route {
    gate: Arc<Gate>,
    first: Arc<Examined>,
    newest: Arc<Examined>,
    decided: Instant,
    tier: Option<Tier>,
    tried: Vec<Word>,
    tally: Tally,
    overall: Tally,
    number: u32,
    cause: Word,
}

impl Route {
    /// Starts on a decided request.
    pub fn new(gate: &Arc<Gate>, examined: Arc<Examined>) -> Self {
        Self {
            gate: Arc::clone(gate),
            newest: Arc::clone(&examined),
            first: examined,
            decided: Instant::now(),
            tier: None,
            tried: Vec::new(),
            tally: Tally::default(),
            overall: Tally::default(),
            number: 0,
            cause: Word::fixed("first"),
        }
    }

    /// Takes the next backend, waiting where the clause says so.
    ///
    /// # Errors
    /// When none is left: 403 if policy allows no backend, 429 if one of those allowed is full, 502 if one failed and none is
    /// full, 503 if all are down.
    pub async fn next(&mut self) -> Result<Leg, Refusal> {
        loop {
            if self.number > 0 {
                self.renew().await;
            }
            let Some(tier) = self.current_tier() else { return Err(self.exhausted()) };
            if self.tier.replace(tier) != Some(tier) {
                self.tally = Tally::default();
            }
            if self.tried.len() < limits::ATTEMPTS_MAX
                && let Some(leg) = self.pick(tier)
            {
                return Ok(leg);
            }
            self.cross(tier).await?;
        }
    }

    /// Notes how a leg failed.
    pub fn failed(&mut self, failed: &Failed) {
        let Failed { leg, failure, retry_after_s } = failed;
        self.cause = Word::fixed(failure.cause());
        self.gate.telemetry.attempted(self.first_id(), &leg.backend.name, &self.cause);
        match failure {
            Failure::Unavailable(_) => self.tally.unavailable = true,
            Failure::Waiting(_) => self.tally.waiting = true,
            Failure::Faulty(_) => self.tally.faulty = true,
            // The backend is taken out as policy would have done it; its tier is neither down nor full for that.
            Failure::Impossible(_) => {}
        }
        self.tally.retry_after_s = self.tally.retry_after_s.max(*retry_after_s);
    }

    /// Which request, for the log.
    fn first_id(&self) -> crate::model::entry::RequestId {
        self.first.id
    }

    /// Decides again when a newer snapshot is in force.
    async fn renew(&mut self) {
        let snapshot = self.gate.snapshot();
        if !Arc::ptr_eq(&snapshot, &self.newest.snapshot) {
            let leak = snapshot.scanner.scan(&self.first.caller, &self.first.call).await;
            self.newest = Arc::new(self.first.again(snapshot, leak, self.gate.now()));
        }
    }

    /// The backends that both decisions allow, with the strictest duties of both: name, tier, rank, duties.
    fn allowed(&self) -> Vec<(Word, Tier, u32, Duties)> {
        let mut allowed = Vec::new();
        for choice in &self.newest.plan.choices {
            let Some(backend) = self.newest.backend(choice.backend) else { continue };
            if Arc::ptr_eq(&self.first, &self.newest) {
                allowed.push((backend.name.clone(), choice.tier, choice.rank, choice.duties.clone()));
                continue;
            }
            let earlier = self.first.plan.choices.iter().find(|earlier| {
                self.first.backend(earlier.backend).is_some_and(|earlier| earlier.name == backend.name)
            });
            let Some(earlier) = earlier else { continue };
            // The catalogues may number types differently: duties are carried over by name, and a type that the newest
            // catalogue does not know cannot be looked after.
            let Some(carried) = self.carried(&earlier.duties) else { continue };
            let mut duties = choice.duties.clone();
            duties.merge(&carried);
            allowed.push((backend.name.clone(), choice.tier.max(earlier.tier), choice.rank, duties));
        }
        allowed.sort_by_key(|(_, tier, rank, _)| (*tier, *rank));
        allowed
    }

    fn carried(&self, duties: &Duties) -> Option<Duties> {
        let mut carried = Duties { actions: Vec::new(), log_sealed: duties.log_sealed };
        for (entity, action) in &duties.actions {
            let name = &self.first.snapshot.catalogue.info(*entity)?.name;
            carried.require(self.newest.snapshot.catalogue.entity(name.as_str())?, *action);
        }
        Some(carried)
    }

    /// The nearest tier that is allowed and not left behind.
    fn current_tier(&self) -> Option<Tier> {
        let tiers = self.allowed().into_iter().map(|(_, tier, ..)| tier);
        match self.tier {
            None => tiers.min(),
            Some(current) => tiers.filter(|tier| *tier >= current).min(),
        }
    }

    /// Takes the best backend of a tier that was not tried yet: in use, preferred, least outstanding.
    fn pick(&mut self, tier: Tier) -> Option<Leg> {
        let mut open: Vec<_> = self.allowed();
        open.retain(|(name, of, ..)| *of == tier && !self.tried.contains(name));
        let pool = Arc::clone(&self.newest.snapshot.pool);
        let candidates: Vec<_> = open.iter().map(|(name, _, rank, _)| (name.clone(), *rank)).collect();
        let order = pool.pick(&candidates);
        let (name, _, _, duties) = open.get(*order.first()?)?.clone();
        let upstream = Arc::clone(pool.backend(name.as_str())?);
        if !upstream.available() {
            // The best one is ejected, so all are.
            self.tally.unavailable = true;
            self.cause = Word::fixed("unavailable");
            return None;
        }
        let backend = self.newest.snapshot.policy.backends().iter().find(|backend| backend.name == name)?.clone();
        self.tried.push(name);
        self.number += 1;
        let first_tier = self.first.plan.choices.iter().map(|choice| choice.tier).min();
        Some(Leg {
            examined: Arc::clone(&self.newest),
            backend,
            upstream,
            duties,
            number: self.number,
            cause: self.cause.clone(),
            fell_back: first_tier.is_some_and(|first| first < tier),
        })
    }

    /// The clause, as both decisions have it.
    fn fall_back(&self) -> FallBack {
        let (first, newest) = (self.first.plan.fall_back, self.newest.plan.fall_back);
        FallBack {
            open: first.open && newest.open,
            after_ms: first.after_ms.zip(newest.after_ms).map(|(first, newest)| first.max(newest)),
        }
    }

    /// Leaves a tier whose backends did not serve, if the clause lets the request go on.
    async fn cross(&mut self, tier: Tier) -> Result<(), Refusal> {
        self.overall.unavailable |= self.tally.unavailable;
        self.overall.waiting |= self.tally.waiting;
        self.overall.faulty |= self.tally.faulty;
        self.overall.retry_after_s = self.overall.retry_after_s.max(self.tally.retry_after_s);
        let next = self.allowed().into_iter().map(|(_, tier, ..)| tier).find(|of| *of > tier);
        let Some(next) = next.filter(|_| self.tried.len() < limits::ATTEMPTS_MAX) else { return Err(self.exhausted()) };
        let clause = self.fall_back();
        // A tier that only held backends whose duties cannot be done was never there for this request.
        let was_there = self.tally.unavailable || self.tally.waiting || self.tally.faulty;
        if was_there {
            if !clause.open || self.tally.faulty {
                return Err(self.exhausted());
            }
            if self.tally.waiting {
                let Some(after_ms) = clause.after_ms else { return Err(self.exhausted()) };
                tokio::time::sleep_until(self.decided + Duration::from_millis(after_ms)).await;
            }
            self.gate.telemetry.crossed(self.first_id(), &Word::fixed(next.name()), &self.cause);
        }
        self.tier = Some(next);
        self.tally = Tally::default();
        Ok(())
    }

    fn exhausted(&self) -> Refusal {
        exhausted(&self.newest, &self.overall)
    }
}

const FROZEN: &str = "the policy is frozen in an emergency: only backends on premises are used";

/// The refusal of a request for which no backend is left.
fn exhausted(examined: &Examined, tally: &Tally) -> Refusal {
    let plan = &examined.plan;
    // Whoever probes for protected documents learns no rule, passage or score.
    let why = if examined.is_owed_to_a_leak() { Vec::new() } else { removed_by_rules(examined) };
    let first_rule = why.first().map(|(rule, _)| rule.clone());
    let reasons: Vec<String> = why.iter().map(|(rule, because)| format!("rule `{rule}`: {because}")).collect();
    let frozen = plan.removed.iter().any(|removed| removed.why == Removal::Frozen);
    let reasons: Vec<String> = frozen.then(|| FROZEN.to_owned()).into_iter().chain(reasons).collect();
    let reasons = if reasons.is_empty() { String::new() } else { format!(" ({})", reasons.join("; ")) };
    let refusal = if plan.choices.is_empty() {
        let able_but_removed = plan.removed.iter().any(|removed| examined.servable.contains(removed.backend));
        if plan.forbids_all() || able_but_removed {
            let message = format!("policy permits no backend for this request{reasons}");
            Refusal::new(Fault::Policy, 403, "refused_by_policy", message)
        } else {
            let message =
                format!("no permitted backend speaks this API and serves this model{}{reasons}", spoken(examined));
            Refusal::new(Fault::Policy, 404, "no_permitted_backend", message)
        }
    } else if tally.waiting {
        // One that is full is up: waiting helps, even where others are down.
        let message = format!("the backends that policy permits are full, and it permits no other{reasons}");
        Refusal::new(Fault::Upstream, 429, "backends_full", message).retry_after(tally.retry_after_s.unwrap_or(2))
    } else if tally.faulty {
        let message = format!("the backend failed, and policy permits no other{reasons}");
        Refusal::new(Fault::Upstream, 502, "backend_failed", message)
    } else if tally.unavailable {
        let message = format!("the backends that policy permits are not available, and it permits no other{reasons}");
        Refusal::new(Fault::Upstream, 503, "backends_unavailable", message)
            .retry_after(tally.retry_after_s.unwrap_or(5))
    } else {
        let message = "what this request holds cannot be changed as policy demands for any backend that it permits";
        Refusal::new(Fault::Policy, 403, "duty_impossible", message)
    };
    match first_rule {
        Some(rule) => refusal.by(rule),
        None => refusal,
    }
}

/// The APIs that permitted backends speak which serve the model, as the end of a sentence.
fn spoken(examined: &Examined) -> String {
    let snapshot = &examined.snapshot;
    let names = examined.plan.unable.iter().filter_map(|id| Some(&examined.backend(*id)?.name));
    let serving = names.filter_map(|name| {
        let backend = snapshot.pool.backend(name.as_str())?;
        snapshot.upstream_model(&examined.model, name).filter(|model| backend.serves(model.as_str())).map(|_| backend)
    });
    let mut dialects: Vec<_> = serving.flat_map(|backend| backend.settings().dialects.iter().copied()).collect();
    dialects.sort_unstable();
    dialects.dedup();
    let listed: Vec<String> = dialects
        .into_iter()
        .map(|dialect| {
            let paths: Vec<&str> = dialect::endpoints(dialect).into_iter().map(|(_, path)| path).collect();
            format!("{} ({})", dialect.name(), paths.join(", "))
        })
        .collect();
    if listed.is_empty() { String::new() } else { format!("; those that serve it speak {}", listed.join(" and ")) }
}

/// The rules that took out backends, each once, in the order of the inventory.
fn removed_by_rules(examined: &Examined) -> Vec<(Word, Word)> {
    let mut rules: Vec<(Word, Word)> = Vec::new();
    for removed in &examined.plan.removed {
        if let Removal::Rules(by) = &removed.why {
            for rule in by {
                if !rules.contains(rule) {
                    rules.push(rule.clone());
                }
            }
        }
    }
    rules
}
