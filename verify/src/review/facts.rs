//! What the review index takes from an entry: the words by which records are found, and the sums of the hourly rollups.
//!
//! The gateway's commands fill the index by it, and the verifier checks a filled one.

use std::collections::BTreeSet;

pub use super::body::{Body, Enveloped};
use super::body::{Excepted, Finding, Planned, Sending};

/// By what records are found and counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dimension {
    /// Kind of the record's first entry.
    Kind,
    /// Tenant.
    Tenant,
    /// App.
    App,
    /// Purpose.
    Purpose,
    /// Keyed pseudonym of the credential.
    Actor,
    /// Dialect.
    Api,
    /// Operation.
    Operation,
    /// Model asked for.
    Model,
    /// Class of a finding.
    Class,
    /// Entity type of a finding.
    Type,
    /// Backend that it was sent to.
    Backend,
    /// Country of processing of a backend that it was sent to.
    Country,
    /// Country of control of a backend that it was sent to.
    Control,
    /// Transfer basis of a backend that it was sent to.
    Basis,
    /// `forward` or `refuse`.
    Decision,
    /// Code of the refusal.
    Reason,
    /// Rule that fired or removed a backend.
    Rule,
    /// How the answer ended.
    End,
    /// Label.
    Label,
    /// What stands out: a later tier was used, evidence had expired, the scan was not complete.
    Mark,
    /// Exception of the policy that spared it a rule.
    Exception,
    /// A sending as a whole: its backend, and what was declared of that ([`Self::TOGETHER`]).
    Sending,
    /// A finding as a whole: its type and the classes that it implies.
    Finding,
}

impl Dimension {
    /// Dimensions of which a request may have several words that belong together, and the one that says which: of a request
    /// that went to two backends each has its own country.
    pub const TOGETHER: [(Self, &'static [Self]); 2] = [
        (Self::Sending, &[Self::Backend, Self::Country, Self::Control, Self::Basis]),
        (Self::Finding, &[Self::Type, Self::Class]),
    ];

    /// Every dimension that is asked for by its word, in the order of their numbers in the database.
    pub const ALL: [(Self, &'static str); 21] = [
        (Self::Kind, "kind"),
        (Self::Tenant, "tenant"),
        (Self::App, "app"),
        (Self::Purpose, "purpose"),
        (Self::Actor, "actor"),
        (Self::Api, "api"),
        (Self::Operation, "operation"),
        (Self::Model, "model"),
        (Self::Class, "class"),
        (Self::Type, "type"),
        (Self::Backend, "backend"),
        (Self::Country, "country"),
        (Self::Control, "control"),
        (Self::Basis, "basis"),
        (Self::Decision, "decision"),
        (Self::Reason, "reason"),
        (Self::Rule, "rule"),
        (Self::End, "end"),
        (Self::Label, "label"),
        (Self::Mark, "mark"),
        (Self::Exception, "exception"),
    ];

    /// Its word.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(dimension, _)| *dimension == self).map_or("", |(_, name)| name)
    }

    /// Finds a dimension by its word.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, listed)| *listed == name).map(|(dimension, _)| *dimension)
    }

    /// Its number in the database.
    pub const fn number(self) -> i64 {
        self as i64
    }
}

/// What belongs together as one word: the words of each of the dimensions, in their order, as JSON.
fn whole(parts: &[&[String]]) -> String {
    serde_json::to_string(parts).unwrap_or_default()
}

/// The words of each of the dimensions of what belongs together; `None` for what is no such word.
pub fn parts(whole: &str) -> Option<Vec<Vec<String>>> {
    serde_json::from_str(whole).ok()
}

/// What of a decision later entries of its request need: kept while the request is open.
#[derive(Debug, Clone, Default)]
pub struct Opened {
    tenant: String,
    app: String,
    purpose: String,
    plan: Vec<Planned>,
    classes: BTreeSet<String>,
    exceptions: BTreeSet<Excepted>,
    /// Whether it was let go on: a refusal that comes later is not of the decision.
    let_on: bool,
    /// The key of the last sending.
    pub last: Option<RollupKey>,
}

/// What a rollup counts together, apart from the hour.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RollupKey {
    /// Tenant.
    pub tenant: String,
    /// App.
    pub app: String,
    /// Purpose, empty for none.
    pub purpose: String,
    /// `forward`: a sending; `refuse`: a refusal, also one after sendings.
    pub decision: String,
    /// Code of the refusal, empty for none.
    pub reason: String,
    /// Backend, empty for none.
    pub backend: String,
    /// Countries of processing, joined by `+`, empty for none.
    pub country: String,
    /// Country of control.
    pub control: String,
    /// Transfer basis.
    pub basis: String,
    /// A class of the findings; empty for the row that counts each sending or refusal once.
    pub class: String,
    /// An exception that was used; empty for the rows that count all. A row has a class or an exception, or neither.
    pub exception: String,
    /// The rule that the exception spared it from.
    pub spared: String,
}

/// Words of a record and what it adds to the rollups.
#[derive(Debug, Default)]
pub struct Taken {
    /// Words.
    pub words: Vec<(Dimension, String)>,
    /// What is counted once under each.
    pub rollups: Vec<RollupKey>,
}

impl Taken {
    fn fell_back(&mut self, body: &Body) {
        let fell_back = body.fell_back.as_ref().is_some_and(|value| *value != serde_json::Value::Bool(false));
        self.put(Dimension::Mark, fell_back.then_some("fell-back"));
        if let Some(crossed) = &body.crossed {
            self.put(Dimension::Mark, Some(&format!("crossed-{}", crossed.cause)));
        }
        if body.sending.as_ref().is_some_and(|sending| sending.smaller.is_some()) {
            self.put(Dimension::Mark, Some("smaller"));
        }
    }

    /// Takes findings; returns their classes.
    fn found(&mut self, findings: &[Finding]) -> BTreeSet<String> {
        for finding in findings {
            self.put(Dimension::Type, Some(&finding.r#type));
            let parts = whole(&[std::slice::from_ref(&finding.r#type), &finding.classes]);
            self.put(Dimension::Finding, Some(&parts));
        }
        let classes: BTreeSet<String> = findings.iter().flat_map(|finding| finding.classes.clone()).collect();
        for class in &classes {
            self.put(Dimension::Class, Some(class));
        }
        classes
    }

    fn put(&mut self, dimension: Dimension, word: Option<&str>) {
        if let Some(word) = word.filter(|word| !word.is_empty()) {
            self.words.push((dimension, word.to_owned()));
        }
    }
}

/// Takes a decision.
pub fn decision(body: &Body) -> (Taken, Opened) {
    use Dimension as D;
    let mut taken = Taken::default();
    for (dimension, word) in [
        (D::Kind, Some(&body.kind)),
        (D::Tenant, body.tenant.as_ref()),
        (D::App, body.app.as_ref()),
        (D::Purpose, body.purpose.as_ref()),
        (D::Actor, body.actor.as_ref()),
        (D::Api, body.api.as_ref()),
        (D::Operation, body.operation.as_ref()),
        (D::Model, body.model.as_ref()),
        (D::Decision, body.verdict.as_ref()),
        (D::Reason, body.reason.as_ref()),
        (D::Label, body.label.as_ref()),
    ] {
        taken.put(dimension, word.map(String::as_str));
    }
    let classes = taken.found(&body.findings);
    let rules = body.rules.iter().chain(body.removed.iter().flat_map(|removed| &removed.rules));
    rules.for_each(|rule| taken.put(D::Rule, Some(rule)));
    if body.removed.iter().any(|removed| removed.why == "expired") {
        taken.put(D::Mark, Some("expired"));
    }
    if let Some(scan) = body.scan.as_ref().filter(|scan| scan.status != "complete") {
        taken.put(D::Mark, Some(&format!("scan-{}", scan.status)));
    }
    let exceptions: BTreeSet<Excepted> = body.exceptions.iter().cloned().collect();
    for used in &exceptions {
        taken.put(D::Exception, Some(&used.exception));
    }
    taken.fell_back(body);
    let own = |word: &Option<String>| word.clone().unwrap_or_default();
    let mut opened = Opened {
        tenant: own(&body.tenant),
        app: own(&body.app),
        purpose: own(&body.purpose),
        plan: body.plan.clone(),
        classes,
        exceptions,
        let_on: body.verdict.as_deref() == Some("forward"),
        last: None,
    };
    if let Some(sending) = &body.sending {
        sent(&mut taken, &mut opened, sending);
    } else {
        let key = RollupKey { decision: own(&body.verdict), reason: own(&body.reason), ..opened.key() };
        opened.count(&mut taken, key);
    }
    (taken, opened)
}

/// Takes a further attempt.
pub fn attempt(body: &Body, opened: &mut Opened) -> Taken {
    let mut taken = Taken::default();
    taken.fell_back(body);
    if let Some(newest) = &body.newest {
        for used in &newest.exceptions {
            taken.put(Dimension::Exception, Some(&used.exception));
            opened.exceptions.insert(used.clone());
        }
        if let Some(declared) = &newest.planned {
            // What the backend was when it saw the request is what counts, not what it was at the decision.
            opened.plan.retain(|planned| planned.backend != declared.backend);
            opened.plan.push(declared.clone());
        }
    }
    if let Some(sending) = &body.sending {
        sent(&mut taken, opened, sending);
    }
    taken
}

/// Takes an outcome. A request that was let go on and refused in the end counts as refused as well as sent.
pub fn outcome(body: &Body, opened: &Opened) -> Taken {
    let mut taken = Taken::default();
    if let Some(reason) = body.reason.clone().filter(|reason| opened.let_on && !reason.is_empty()) {
        opened.count(&mut taken, RollupKey { decision: "refuse".to_owned(), reason, ..opened.key() });
    }
    taken.put(Dimension::End, body.end.as_deref());
    taken.put(Dimension::Reason, body.reason.as_deref());
    let removed = body.newest.iter().flat_map(|newest| &newest.removed);
    removed.flat_map(|removed| &removed.rules).for_each(|rule| taken.put(Dimension::Rule, Some(rule)));
    taken
}

/// Takes an entry that belongs to no request.
pub fn other(body: &Body) -> Taken {
    let mut taken = Taken::default();
    taken.put(Dimension::Kind, Some(&body.kind));
    taken
}

/// Takes what was sent to one backend: each is a transfer of its own.
fn sent(taken: &mut Taken, opened: &mut Opened, sending: &Sending) {
    let planned = opened.plan.iter().find(|planned| planned.backend == sending.backend).cloned().unwrap_or_default();
    taken.put(Dimension::Backend, Some(&sending.backend));
    // What a change brought to light was in the request all along: whoever gets it next gets that too.
    opened.classes.extend(taken.found(&sending.found));
    planned.countries.iter().for_each(|country| taken.put(Dimension::Country, Some(country)));
    taken.put(Dimension::Control, planned.controlled_from.as_deref());
    taken.put(Dimension::Basis, planned.transfer_basis.as_deref());
    let backend = std::slice::from_ref(&sending.backend);
    let [control, basis] = [&planned.controlled_from, &planned.transfer_basis].map(Option::as_slice);
    taken.put(Dimension::Sending, Some(&whole(&[backend, &planned.countries, control, basis])));
    let key = RollupKey {
        decision: "forward".to_owned(),
        backend: sending.backend.clone(),
        country: planned.countries.join("+"),
        control: planned.controlled_from.unwrap_or_default(),
        basis: planned.transfer_basis.unwrap_or_default(),
        ..opened.key()
    };
    opened.last = Some(key.clone());
    opened.count(taken, key);
}

impl Opened {
    fn key(&self) -> RollupKey {
        RollupKey {
            tenant: self.tenant.clone(),
            app: self.app.clone(),
            purpose: self.purpose.clone(),
            ..RollupKey::default()
        }
    }

    /// Counts once, once for each class, and once for each exception.
    fn count(&self, taken: &mut Taken, key: RollupKey) {
        taken.rollups.extend(self.exceptions.iter().map(|used| RollupKey {
            exception: used.exception.clone(),
            spared: used.rule.clone(),
            ..key.clone()
        }));
        taken.rollups.extend(self.classes.iter().map(|class| RollupKey { class: class.clone(), ..key.clone() }));
        taken.rollups.push(key);
    }
}
