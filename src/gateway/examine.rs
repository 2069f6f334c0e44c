//! Parse, inspect, decide: what a request holds and where it may go. Pure but for the leak scan's await; `octroi explain` runs
//! the same code on a file.

use std::sync::Arc;

use jiff::Timestamp;

use super::snapshot::Snapshot;
use crate::balance::Priority;
use crate::dialect;
use crate::model::entry::RequestId;
use crate::model::{Backend, BackendId, Call, Caller, Choice, Facts, Fault, Findings, Leak, Line, Plan, Refusal, Word};
use crate::policy::{self, BackendSet, Context, Declared};

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

/// Parses a body and looks its model up.
///
/// # Errors
/// 400 for a body that cannot be read whole, 404 for a model that the operator did not configure.
pub fn parse(snapshot: &Snapshot, line: Line, body: String) -> Result<(Call, Word), Refusal> {
    let call = dialect::parse_within(line, body, snapshot.limits.json_depth)?;
    match snapshot.models.get_key_value(dialect::model_asked(&call)) {
        Some((model, _)) => {
            let model = model.clone();
            Ok((call, model))
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
}

/// Inspects a parsed call.
pub fn inspect(snapshot: &Snapshot, caller: &Caller, call: &Call) -> Findings {
    let memory = snapshot.memory.of(caller, &snapshot.root);
    snapshot.engine.inspect_with(call, Some(&memory))
}

/// Decides on an inspected call.
pub fn decide(snapshot: Arc<Snapshot>, question: Question, findings: Findings, leak: Leak, now: Timestamp) -> Examined {
    let Question { id, caller, declared, call, model } = question;
    let context = Context { leak: &leak, policy: &snapshot.policy };
    let facts = policy::facts(&call, &findings, &caller, &declared.as_declared(), context);
    // What the caller may not ask for does not serve it either.
    let smaller = snapshot.waiting.smaller.get(&model).filter(|small| caller.scope.admits_model(small)).cloned();
    let servable = snapshot.servable_of(&snapshot.policy, &dialect::speakers(call.api), (&model, smaller.as_ref()));
    let plan = planned(&snapshot, &facts, &servable, now);
    let decided_at = now;
    Examined { id, snapshot, caller, declared, call, model, smaller, servable, findings, leak, facts, plan, decided_at }
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
        };
        let findings = inspect(&snapshot, &self.caller, &self.call);
        decide(snapshot, question, findings, leak, now)
    }

    /// Whether the plan would be another if nothing were near to a protected document: then a refusal gives no reason that
    /// tells its author so.
    pub fn is_owed_to_a_leak(&self) -> bool {
        let context = Context { leak: &Leak::scored(0), policy: &self.snapshot.policy };
        let said = self.declared.as_declared();
        let facts = policy::facts(&self.call, &self.findings, &self.caller, &said, context);
        if facts == self.facts {
            return false;
        }
        planned(&self.snapshot, &facts, &self.servable, self.decided_at) != self.plan
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
