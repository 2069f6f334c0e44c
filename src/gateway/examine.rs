//! Parse, inspect, decide: what a request holds and where it may go. Pure but for the leak scan's await; `octroi explain` runs
//! the same code on a file.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::kept::{self, Stored};
use super::snapshot::Snapshot;
use crate::balance::Priority;
use crate::dialect;
use crate::model::entry::RequestId;
use crate::model::{
    Backend, BackendId, Call, Caller, Choice, Facts, Fault, Field, Findings, Leak, LeakFact, Line, Plan, Refusal, Role,
    Word,
};
use crate::policy::{self, BackendSet, Context, Declared, Policy};

/// What an application declares in headers. The texts are the caller's: policy maps them to words of the sheet.
#[derive(Clone, Default)]
pub struct Declarations {
    /// `octroi-label`
    pub label: Option<String>,
    /// `octroi-purpose`
    pub purpose: Option<String>,
    /// `octroi-residence`
    pub residence: Option<String>,
    /// `octroi-case`: under whose key content is sealed, when policy wants that.
    pub case: Option<String>,
    /// `octroi-priority`: interactive work comes before batches where requests wait.
    pub priority: Priority,
}

impl Declarations {
    /// The declarations as policy takes them.
    pub fn as_declared(&self) -> Declared<'_> {
        Declared {
            label: self.label.as_deref(),
            purpose: self.purpose.as_deref(),
            residence: self.residence.as_deref(),
        }
    }
}

impl std::fmt::Debug for Declarations {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Declarations(..)")
    }
}

/// A request that was read, inspected and decided on.
#[derive(Debug)]
pub struct Examined {
    /// Which request.
    pub id: RequestId,
    /// The snapshot that all of it was done under.
    pub snapshot: Arc<Snapshot>,
    /// Who asks.
    pub caller: Caller,
    /// What was declared.
    pub declared: Declarations,
    /// What is asked.
    pub call: Arc<Call>,
    /// The kept answer that it goes on from or asks for.
    pub stored: Option<Arc<Stored>>,
    /// The configured model name.
    pub model: Word,
    /// The smaller model that may serve in its place, at home, where all that serve it are full.
    pub smaller: Option<Word>,
    /// Backends that speak the API and serve the model, and those at home that serve the smaller one.
    pub servable: BackendSet,
    /// What was found.
    pub findings: Findings,
    /// What the comparison with protected documents says.
    pub leak: Leak,
    /// What policy sees of it.
    pub facts: Facts,
    /// Where it may go.
    pub plan: Plan,
    /// When it was decided.
    pub decided_at: Timestamp,
}

/// A call that was read.
#[derive(Debug)]
pub struct Parsed {
    /// The call.
    pub call: Call,
    /// The configured model name.
    pub model: Word,
    /// The kept answer that it names.
    pub stored: Option<Arc<Stored>>,
}

/// Parses a body, opens the name of a kept answer in it, and looks the model up; `read` sees the call once it is read, whatever
/// becomes of it.
///
/// # Errors
/// 400 for a body that cannot be read whole or, where the operator says so, holds a leaf that no table names, 404 for a model that the operator did not configure, and as [`kept::open`].
pub fn parse(
    snapshot: &Snapshot,
    caller: &Caller,
    (line, body): (Line, String),
    read: impl FnOnce(&Call),
) -> Result<Parsed, Refusal> {
    let mut call = dialect::parse_within(line, body, snapshot.limits.json_depth)?;
    read(&call);
    if snapshot.limits.refuse_unknown
        && let Some(field) = call.fields.iter().find(|field| field.role == Role::Unknown)
    {
        return Err(unknown_leaf(field));
    }
    let stored = kept::open(snapshot, caller, &mut call)?.map(Arc::new);
    let named = match dialect::model_meant(&call) {
        Some(meant) => Some(unnamed(snapshot, caller, &call, meant)?),
        None => snapshot.models.get_key_value(dialect::model_asked(&call)).map(|(model, _)| model.clone()),
    };
    // A call without a body names no model: what it asks for was made by one.
    let made_by = || stored.as_ref().filter(|_| call.body.is_empty()).map(|stored| stored.model.clone());
    match named.or_else(made_by) {
        Some(model) => {
            // What the smaller model began goes on with it: only its backend has it.
            let began = stored.as_ref().map(|stored| &stored.model);
            let smaller = snapshot.waiting.smaller.get(&model).filter(|smaller| Some(*smaller) == began).cloned();
            Ok(Parsed { call, model: smaller.unwrap_or(model), stored })
        }
        None => Err(Refusal::new(
            Fault::Caller,
            404,
            "model_not_found",
            "no such model is configured here; `GET /v1/models` lists those that are",
        )
        .at("model")),
    }
}

/// The configured model for a call that names none: the alias of the one that its API means, else the only one that a backend
/// serves for this API and that the caller may ask for.
fn unnamed(snapshot: &Snapshot, caller: &Caller, call: &Call, meant: &'static str) -> Result<Word, Refusal> {
    if let Some((model, _)) = snapshot.models.get_key_value(meant) {
        return Ok(model.clone());
    }
    let speakers = dialect::speakers(call.api);
    let backends = || snapshot.policy.backends().iter();
    let serves = |model: &&Word| backends().any(|backend| snapshot.serves(&backend.name, &speakers, model));
    let mut models = snapshot.models.keys().filter(|model| caller.scope.admits_model(model)).filter(serves);
    if let (Some(model), None) = (models.next(), models.next()) {
        return Ok(model.clone());
    }
    let message = format!(
        "the body names no `model`, and `{meant}`, which this API then means, is not configured here: name one that `GET \
         /v1/models` lists, or have the operator add that alias"
    );
    Err(Refusal::invalid("model_missing", message).at("model"))
}

fn unknown_leaf(field: &Field) -> Refusal {
    let message = format!(
        "a member under `{}` is not one of this API that the gateway knows, and here such requests are refused; leave it out, or \
         ask the operator to set `[limits] unknown_leaves` to `inspect`",
        field.path
    );
    Refusal::invalid("unknown_leaf", message).at(format!("{} byte {}", field.path, field.span.start))
}

/// The leaves of a call that no table names, by the place of the table that is nearest.
pub fn unknown_leaves(call: &Call) -> BTreeMap<&'static str, u64> {
    let mut counts = BTreeMap::new();
    for field in call.fields.iter().filter(|field| field.role == Role::Unknown) {
        *counts.entry(field.path).or_default() += 1;
    }
    counts
}

/// Who asks what, before it is inspected.
#[derive(Debug, Clone)]
pub struct Question {
    /// Which request.
    pub id: RequestId,
    /// Who asks.
    pub caller: Caller,
    /// What was declared.
    pub declared: Declarations,
    /// What is asked.
    pub call: Arc<Call>,
    /// The configured model name.
    pub model: Word,
    /// The kept answer that it names.
    pub stored: Option<Arc<Stored>>,
}

/// Inspects a parsed call.
pub fn inspect(snapshot: &Snapshot, caller: &Caller, call: &Call) -> Findings {
    let memory = snapshot.memory.of(caller, &snapshot.root);
    snapshot.engine.inspect_with(call, Some(&memory))
}

/// Decides on an inspected call.
pub fn decide(snapshot: Arc<Snapshot>, question: Question, findings: Findings, leak: Leak, now: Timestamp) -> Examined {
    let Question { id, caller, declared, call, model, stored } = question;
    let asked =
        Asked { call: &call, findings: &findings, caller: &caller, declared: &declared, stored: stored.as_deref() };
    let (facts, leak) = asked.facts(leak, &snapshot.policy);
    // What the caller may not ask for does not serve it either, and nothing smaller goes on from what another model made.
    let smaller =
        snapshot.waiting.smaller.get(&model).filter(|small| caller.scope.admits_model(small) && stored.is_none());
    let smaller = smaller.cloned();
    let servable = asked.servable(&snapshot, &snapshot.policy, (&model, smaller.as_ref()));
    let plan = planned(&snapshot, &facts, &servable, now);
    Examined {
        id,
        snapshot,
        caller,
        declared,
        call,
        stored,
        model,
        smaller,
        servable,
        findings,
        leak,
        facts,
        plan,
        decided_at: now,
    }
}

/// What a decision is taken from, under whatever policy.
struct Asked<'a> {
    call: &'a Call,
    findings: &'a Findings,
    caller: &'a Caller,
    declared: &'a Declarations,
    stored: Option<&'a Stored>,
}

impl Asked<'_> {
    /// The facts of the request and of what it goes on from, and what the comparison with protected documents says of both.
    fn facts(&self, leak: Leak, policy: &Policy) -> (Facts, Leak) {
        let context = Context { leak: &leak, policy };
        let facts = policy::facts(self.call, self.findings, self.caller, &self.declared.as_declared(), context);
        match self.stored {
            Some(stored) => stored.join(facts, &leak, policy),
            None => (facts, leak),
        }
    }

    /// The backends that can serve it: of a kept answer only the one that keeps it.
    fn servable(&self, snapshot: &Snapshot, policy: &Policy, models: (&Word, Option<&Word>)) -> BackendSet {
        let able = snapshot.servable_of(policy, &dialect::speakers(self.call.api), models);
        let Some(stored) = self.stored else { return able };
        let backends = (0..).map(BackendId).zip(policy.backends());
        let keeping = backends.filter(|(id, backend)| able.contains(*id) && backend.name == stored.backend);
        keeping.map(|(id, _)| id).collect()
    }
}

/// The plan for these facts, under a freeze if there is one.
fn planned(snapshot: &Snapshot, facts: &Facts, servable: &BackendSet, now: Timestamp) -> Plan {
    let mut plan = policy::decide(&snapshot.policy, facts, servable, now);
    if snapshot.is_frozen(now) {
        policy::freeze(&snapshot.policy, &mut plan);
    }
    plan
}

impl Examined {
    #[must_use]
    /// Decides on the same call again under another snapshot: its detectors, its policy, its backends.
    pub fn again(&self, snapshot: Arc<Snapshot>, leak: Leak, now: Timestamp) -> Self {
        let question = Question {
            id: self.id,
            caller: self.caller.clone(),
            declared: self.declared.clone(),
            call: Arc::clone(&self.call),
            model: self.model.clone(),
            stored: self.stored.clone(),
        };
        let findings = inspect(&snapshot, &self.caller, &self.call);
        decide(snapshot, question, findings, leak, now)
    }

    /// Whether it was decided before an instant at which another decision may be due, and that instant is past.
    pub fn is_past(&self, now: Timestamp) -> bool {
        self.snapshot.policy.valid_until().is_some_and(|until| self.decided_at < until && until <= now)
    }

    /// Whether the plan would be another if nothing were near to a protected document: then a refusal gives no reason that
    /// tells its author so.
    pub fn is_owed_to_a_leak(&self) -> bool {
        if self.stored.is_some() {
            // What is kept may be what is near, and its facts are not told apart.
            let Leak { score, history, classes, .. } = &self.leak;
            return (*score, *history) != (LeakFact::Score(0), LeakFact::Score(0)) || !classes.is_empty();
        }
        let facts = self.facts_under(Leak::scored(0), &self.snapshot.policy);
        if facts == self.facts {
            return false;
        }
        planned(&self.snapshot, &facts, &self.servable, self.decided_at) != self.plan
    }

    /// The table paths of what nobody here has read, by its role, if the request might go to more backends without it: bytes that
    /// cannot be read, and references to what lies elsewhere.
    pub(super) fn unread(&self, role: Role) -> Vec<&'static str> {
        if !self.facts.unreadable && !self.facts.reference {
            return Vec::new();
        }
        let facts = Facts { unreadable: false, reference: false, ..self.facts.clone() };
        let without = planned(&self.snapshot, &facts, &self.servable, self.decided_at);
        let has = |backend| self.plan.choices.iter().any(|choice| choice.backend == backend);
        if without.choices.iter().all(|choice| has(choice.backend)) {
            return Vec::new();
        }
        let mut paths: Vec<_> =
            self.call.fields.iter().filter(|field| field.role == role).map(|field| field.path).collect();
        paths.sort_unstable();
        paths.dedup();
        paths
    }

    /// The facts under a policy, with what the comparison with protected documents says of the request.
    pub(super) fn facts_under(&self, leak: Leak, policy: &Policy) -> Facts {
        self.asked().facts(leak, policy).0
    }

    /// The backends that can serve it, as a policy numbers them.
    pub(super) fn servable_under(&self, policy: &Policy) -> BackendSet {
        self.asked().servable(&self.snapshot, policy, (&self.model, self.smaller.as_ref()))
    }

    fn asked(&self) -> Asked<'_> {
        let (call, findings, caller) = (&self.call, &self.findings, &self.caller);
        Asked { call, findings, caller, declared: &self.declared, stored: self.stored.as_deref() }
    }

    /// What the plan says of the backends that serve a model: the one that was asked for, or the smaller one.
    pub fn choices_for<'e>(&'e self, model: &'e Word) -> impl Iterator<Item = &'e Choice> {
        self.plan.choices.iter().filter(|choice| self.serves(choice.backend, model))
    }

    /// Whether a backend speaks the request's API and serves a model.
    pub fn serves(&self, backend: BackendId, model: &Word) -> bool {
        let speakers = dialect::speakers(self.call.api);
        self.backend(backend).is_some_and(|backend| self.snapshot.serves(&backend.name, &speakers, model))
    }

    /// The declared truths of a backend of this examination's policy.
    pub fn backend(&self, id: BackendId) -> Option<&Backend> {
        self.snapshot.policy.backends().get(usize::from(id.0))
    }
}
