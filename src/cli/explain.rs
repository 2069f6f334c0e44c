//! `octroi explain`: what would happen to a request body, without sending it. The same code as the journey's.
#![expect(clippy::disallowed_methods, reason = "a command reads its files and the time")]

use std::io::Read as _;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use serde::Serialize;
use tokio_util::task::TaskTracker;

use super::{ConfigPath, Exit, Printer};
use crate::app::Loader;
use crate::dialect;
use crate::gateway::entries;
use crate::gateway::examine::{self, Declarations, Examined, Parsed, Question};
use crate::gateway::outbound;
use crate::model::entry::{FindingCount, RequestId};
use crate::model::{Choice, LeakFact, Removal};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The request body, a JSON file; `-`: standard input
    file: PathBuf,
    /// The app that would send it
    #[arg(long)]
    app: String,
    /// The endpoint it would be sent to
    #[arg(long, default_value = "/v1/chat/completions")]
    endpoint: String,
    /// The label it would declare
    #[arg(long)]
    label: Option<String>,
    /// Show the body as each backend would receive it
    #[arg(long)]
    bodies: bool,
    /// Write JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    path: ConfigPath,
}

#[derive(Serialize)]
struct Explained {
    findings: Vec<FindingCount>,
    leak_score: Option<u16>,
    /// What it may be at most, where the encoder did not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    leak_most: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<String>,
    fired: Vec<String>,
    /// Exceptions that spare it a rule, each with the rule.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    exceptions: Vec<[String; 2]>,
    fall_back: bool,
    fall_back_after_ms: Option<u64>,
    backends: Vec<Explanation>,
}

#[derive(Serialize)]
struct Explanation {
    backend: String,
    tier: String,
    allowed: bool,
    why: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
}

pub(super) fn run(arguments: &Arguments, printer: Printer) -> anyhow::Result<Exit> {
    let body = read(&arguments.file)?;
    let runtime = super::runtime()?;
    let _entered = runtime.enter();
    let loaded = Loader::new(arguments.path.config.clone(), TaskTracker::new()).load(None)?;
    let Some(caller) = loaded.snapshot.callers.app(&arguments.app).cloned() else {
        let meant = super::meant(&arguments.app, loaded.config.apps.iter().map(|app| app.name.as_str()));
        bail!("no app is called `{}` in {}\n  help: {meant}", arguments.app, arguments.path.config.display());
    };
    let line = dialect::route(&http::Method::POST, &arguments.endpoint, None, &http::HeaderMap::new())
        .map_err(|refusal| anyhow::anyhow!(refusal.message))?;
    let Parsed { call, model, stored } = match examine::parse(&loaded.snapshot, &caller, (line, body), |_| {}) {
        Ok(parsed) => parsed,
        Err(refusal) => {
            let place = refusal.place.as_deref().map(|place| format!(" ({place})")).unwrap_or_default();
            printer.line(format!("refused: {}: {}{place}", refusal.code, refusal.message));
            return Ok(Exit::Findings);
        }
    };
    let declared = Declarations { label: arguments.label.clone(), ..Declarations::default() };
    let (snapshot, call) = (Arc::clone(&loaded.snapshot), Arc::new(call));
    let question = Question { id: RequestId([0; 16]), caller, declared, call, model, stored };
    // The rows of a model are compared with each other first.
    snapshot.scanner.look();
    let leak = runtime.block_on(snapshot.scanner.scan(&question.caller, &question.call));
    let findings = examine::inspect(&snapshot, &question.caller, &question.call);
    let examined = Arc::new(examine::decide(snapshot, question, findings, leak, now()));
    let explained = explain(&examined, arguments.bodies);
    let allowed = explained.backends.iter().any(|backend| backend.allowed);
    if arguments.json {
        printer.json(&explained);
    } else {
        print(&explained, printer);
    }
    Ok(if allowed { Exit::Well } else { Exit::Findings })
}

fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

fn read(path: &std::path::Path) -> anyhow::Result<String> {
    let mut text = String::new();
    if path.as_os_str() == "-" {
        std::io::stdin().read_to_string(&mut text).context("standard input")?;
    } else {
        text = std::fs::read_to_string(path).with_context(|| format!("{}", path.display()))?;
    }
    Ok(text)
}

fn explain(examined: &Arc<Examined>, bodies: bool) -> Explained {
    let plan = &examined.plan;
    let mut backends: Vec<Explanation> =
        plan.choices.iter().filter_map(|choice| allowed(examined, choice, bodies)).collect();
    let named = |id, why: Vec<String>| {
        examined.backend(id).map(|backend| Explanation {
            backend: backend.name.to_string(),
            tier: backend.tier.name().to_owned(),
            allowed: false,
            why,
            body: None,
        })
    };
    for removed in &plan.removed {
        let why = match &removed.why {
            Removal::NotAllowed => vec!["no `allow` admits it".to_owned()],
            Removal::Rules(rules) => rules.iter().map(|(rule, because)| format!("rule `{rule}`: {because}")).collect(),
            Removal::Duty(duty) => vec![format!("duty cannot be done: {duty}")],
            Removal::Expired => vec!["the policy's validity has ended".to_owned()],
            Removal::Frozen => vec!["the policy is frozen: only backends on premises are used".to_owned()],
        };
        backends.extend(named(removed.backend, why));
    }
    for unable in &plan.unable {
        backends.extend(named(*unable, vec!["does not speak this API or serve this model".to_owned()]));
    }
    let leak = &examined.leak;
    Explained {
        leak_score: leak.score.least(),
        leak_most: matches!(leak.score, LeakFact::Between(..)).then(|| leak.score.most()),
        document: leak.nearest.as_ref().map(|nearest| nearest.place.document.to_string()),
        findings: entries::count(examined, &examined.findings.list),
        fired: plan.fired.iter().map(ToString::to_string).collect(),
        exceptions: plan.exceptions.iter().map(|used| [used.exception.to_string(), used.rule.to_string()]).collect(),
        fall_back: plan.fall_back.open,
        fall_back_after_ms: plan.fall_back.after_ms,
        backends,
    }
}

fn allowed(examined: &Arc<Examined>, choice: &Choice, bodies: bool) -> Option<Explanation> {
    let backend = examined.backend(choice.backend)?;
    // One that serves only the smaller model is there for that.
    let asked = examined.serves(choice.backend, &examined.model);
    let model = examined.smaller.as_ref().filter(|_| !asked).unwrap_or(&examined.model);
    let (changed, impossible) = match outbound::change_for(examined, (backend, model), &choice.duties, [0; 16]) {
        Ok(change) => (Some(change), None),
        Err(failure) => (None, Some(format!("duty cannot be done: {}", failure.cause()))),
    };
    let why = match (&changed, impossible) {
        (_, Some(impossible)) => vec![impossible],
        (Some(change), None) if change.changes.is_empty() => vec!["as it is".to_owned()],
        (Some(change), None) => change
            .changes
            .iter()
            .map(|change| format!("{} {} × {}", change.action, change.count, change.entity))
            .collect(),
        (None, None) => Vec::new(),
    };
    Some(Explanation {
        backend: backend.name.to_string(),
        tier: choice.tier.name().to_owned(),
        allowed: changed.is_some(),
        why,
        body: changed.filter(|_| bodies).map(|change| change.body),
    })
}

fn print(explained: &Explained, printer: Printer) {
    for finding in &explained.findings {
        printer.line(format!(
            "found     {} × {} ({}) in {}",
            finding.count, finding.entity, finding.confidence, finding.path
        ));
    }
    match (explained.leak_score, &explained.document) {
        (Some(score), Some(document)) => {
            printer.line(format!("leak      {score} of 1000, nearest to document {document}"));
        }
        (None, _) => printer.line("leak      unknown: something in it cannot be read here, or the comparison with protected documents failed or took too long"),
        (Some(_), None) => {}
    }
    if let Some(most) = explained.leak_most {
        printer.line(format!("leak      up to {most}: not all of it was read (an attachment that nobody can read here, or the encoder had no time)"));
    }
    if !explained.fired.is_empty() {
        printer.line(format!("rules     {}", explained.fired.join(", ")));
    }
    for [exception, rule] in &explained.exceptions {
        printer.line(format!("exception {exception} spares it the rule {rule}"));
    }
    for backend in &explained.backends {
        let verdict = if backend.allowed { "allowed" } else { "refused" };
        printer.line(format!("{verdict}   {} ({}): {}", backend.backend, backend.tier, backend.why.join("; ")));
        if let Some(body) = &backend.body {
            printer.line(body);
        }
    }
    let clause = match (explained.fall_back, explained.fall_back_after_ms) {
        (false, _) => "only the first tier is used".to_owned(),
        (true, None) => "the next tier opens if the first is unavailable".to_owned(),
        (true, Some(ms)) => format!("the next tier opens if the first is unavailable, or full for {ms} ms"),
    };
    printer.line(format!("tiers     {clause}"));
}
