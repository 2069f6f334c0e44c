//! What is said when no backend is left: who is at fault, and which rules took out the others.

use super::examine::Examined;
use super::kept::Stored;
use super::outbound;
use crate::dialect;
use crate::limits;
use crate::model::{Fault, Refusal, Removal, Removed, Role, ScanStatus, Word};
use crate::policy;
use crate::transform::{CannotDo, Why};

/// What became of the backends of the tier that is being tried.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tally {
    pub(super) unavailable: bool,
    pub(super) waiting: bool,
    pub(super) faulty: bool,
    pub(super) retry_after_s: Option<u32>,
}

const FROZEN: &str = "the policy is frozen in an emergency: only backends on premises are used";

/// The refusal of a request for which no backend is left.
pub(super) fn exhausted(examined: &Examined, tally: &Tally) -> Refusal {
    let plan = &examined.plan;
    // Whoever probes for protected documents learns no rule, passage or score.
    let is_owed_to_a_leak = examined.is_owed_to_a_leak();
    let why = if is_owed_to_a_leak { Vec::new() } else { removed_by_rules(examined) };
    let undone = if is_owed_to_a_leak { Vec::new() } else { removed_by_duties(examined) };
    let first_rule = why.first().or_else(|| Some(&undone.first()?.0)).map(|(rule, _)| rule.clone());
    let mut reasons: Vec<String> = why.iter().map(|(rule, because)| format!("rule `{rule}`: {because}")).collect();
    reasons.extend(
        undone.iter().map(|((rule, because), duty)| {
            format!("rule `{rule}`: {because}; it demands `{duty}`, which cannot be done")
        }),
    );
    let frozen = plan.removed.iter().any(|removed| removed.why == Removal::Frozen);
    let reasons: Vec<String> = frozen.then(|| FROZEN.to_owned()).into_iter().chain(reasons).collect();
    let reasons = if reasons.is_empty() { String::new() } else { format!(" ({})", reasons.join("; ")) };
    let refusal = if examined.choices_for(&examined.model).next().is_none() {
        let able_but_removed = plan.removed.iter().any(|removed| examined.serves(removed.backend, &examined.model));
        if let Some(stored) = &examined.stored {
            return kept_elsewhere(examined, stored, (first_rule, &reasons));
        }
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
    } else if examined.stored.is_some() {
        let message = "policy demands that this request, or what it goes on from, be changed for the backend that keeps it, and \
                       what is kept cannot be changed any more; send the whole conversation in the request";
        Refusal::new(Fault::Policy, 403, "kept_unchanged", message)
    } else {
        let unable = if is_owed_to_a_leak { None } else { unable(examined) };
        impossible(unable, &reasons)
    };
    let refusal = if is_owed_to_a_leak { refusal } else { advised(refusal, examined) };
    match first_rule.filter(|_| refusal.rule.is_none()) {
        Some(rule) => refusal.by(rule),
        None => refusal,
    }
}

/// Says what of the request nobody has read, where that is what keeps it from other backends, and what to do instead.
fn advised(mut refusal: Refusal, examined: &Examined) -> Refusal {
    for (role, what) in [
        (
            Role::Reference,
            "names something that a provider holds or would fetch; send what it names in the request itself",
        ),
        (Role::Binary, "holds what cannot be read here; send it as text, or leave it out"),
    ] {
        let paths: Vec<_> =
            examined.unread(role).into_iter().take(PATHS_TOLD_MAX).map(|path| format!("`{path}`")).collect();
        if !paths.is_empty() {
            refusal.message.push_str(&format!("; {} {what}", paths.join(", ")));
        }
    }
    let hosted = removed_by_rules(examined).iter().any(|(rule, _)| *rule == policy::HOSTED_RULE);
    if let Some((first, named)) = hosted.then(|| hosted_paths(examined)).flatten() {
        refusal.message.push_str(&format!(
            "; {named} asks for what runs or is kept at the provider (a tool, a prompt, a variable of one): leave it out, or have \
             the officer allow it by name and host"
        ));
        refusal.place.get_or_insert_with(|| first.to_owned());
    }
    refusal.message.extend(unscanned(examined));
    refusal
}

/// Where a request asks for what runs at the provider: the first place, and the first few as words.
fn hosted_paths(examined: &Examined) -> Option<(&'static str, String)> {
    let fields = examined.call.fields.iter().filter(|field| field.role == Role::Hosted);
    let mut paths: Vec<&'static str> = Vec::new();
    for field in fields {
        if !paths.contains(&field.path) {
            paths.push(field.path);
        }
    }
    let named: Vec<String> = paths.iter().take(PATHS_TOLD_MAX).map(|path| format!("`{path}`")).collect();
    Some((*paths.first()?, named.join(", ")))
}

/// Says why not all of a request was read, where it was not.
fn unscanned(examined: &Examined) -> Option<String> {
    let findings = &examined.findings;
    let bound = match findings.scan {
        ScanStatus::Complete => return None,
        ScanStatus::Failed => return Some("; the scan of this request failed".to_owned()),
        ScanStatus::Partial if findings.list.len() >= limits::FINDINGS_MAX => {
            format!("{} findings", limits::FINDINGS_MAX)
        }
        ScanStatus::Partial => {
            format!("{} findings or {} places where one may begin", limits::FINDINGS_MAX, limits::SCAN_PLACES_MAX)
        }
    };
    Some(format!("; not all of this request was read: a scan ends at {bound}; send it in several requests"))
}

/// Paths of a table that one refusal names.
const PATHS_TOLD_MAX: usize = 4;

/// The refusal of a request whose only backend, the one that keeps what it names, may or can not have it.
fn kept_elsewhere(examined: &Examined, stored: &Stored, (rule, reasons): (Option<Word>, &str)) -> Refusal {
    let is_it = |removed: &&Removed| examined.backend(removed.backend).is_some_and(|it| it.name == stored.backend);
    if examined.plan.removed.iter().any(|removed| is_it(&removed)) {
        let message = format!(
            "policy does not permit this request, and what it goes on from, at the backend that keeps it{reasons}; send the \
             whole conversation in the request"
        );
        let refusal = Refusal::new(Fault::Policy, 403, "refused_by_policy", message);
        return match rule {
            Some(rule) => refusal.by(rule),
            None => refusal,
        };
    }
    let message = "the backend that keeps it no longer speaks this API or serves this model; send the whole conversation in the \
                   request";
    Refusal::new(Fault::Policy, 404, "no_permitted_backend", message)
}

/// The first duty that cannot be done on the request, and the rule that demands it.
fn unable(examined: &Examined) -> Option<(CannotDo, Option<(Word, Word)>)> {
    let snapshot = &*examined.snapshot;
    examined.choices_for(&examined.model).find_map(|choice| {
        let backend = examined.backend(choice.backend)?;
        // It is done once more to learn where it fails, which a try at a backend does not tell.
        let unable = outbound::cannot(examined, (backend, &examined.model), &choice.duties)?;
        let entity = snapshot.catalogue.entity(unable.entity.as_str());
        let owing = entity.and_then(|entity| policy::owing(&snapshot.policy, &examined.facts, choice.backend, entity));
        Some((unable, owing))
    })
}

/// The refusal of a request on which no backend's duties can be done: where, what is demanded there, by which rule, and what to do.
fn impossible(unable: Option<(CannotDo, Option<(Word, Word)>)>, reasons: &str) -> Refusal {
    let advice = match unable.as_ref().map(|(cannot, _)| cannot.why) {
        Some(Why::Left) => "part the values from what stands beside them, or leave them out",
        Some(Why::TooMany) => "send it in several requests",
        Some(Why::Blocked) => "leave the value out",
        _ => "leave the value out, or send it in a text of the request",
    };
    let refused = |message: String| Refusal::new(Fault::Policy, 403, "duty_impossible", format!("{message}; {advice}"));
    let Some((CannotDo { action, entity, path, why }, owing)) = unable else {
        let message = "what this request holds cannot be changed as policy demands for any backend that it permits";
        return refused(format!("{message}{reasons}"));
    };
    let because = match &owing {
        Some((rule, because)) => format!(" (rule `{rule}`: {because})"),
        None => reasons.to_owned(),
    };
    let mut refusal = refused(format!(
        "policy demands to {} the `{entity}` in `{path}` for every backend that it permits{because}, and it cannot be done \
         there: {why}",
        action.name()
    ));
    refusal.place = (!path.is_empty()).then(|| path.to_owned());
    refusal.rule = owing.map(|(rule, _)| rule);
    refusal
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
        .map(|dialect| format!("{} ({})", dialect.name(), dialect::served(dialect).join(", ")))
        .collect();
    if listed.is_empty() { String::new() } else { format!("; those that serve it speak {}", listed.join(" and ")) }
}

/// The rules that took out backends which serve the model, each once, in the order of the inventory: what a rule does to another backend
/// decides nothing here.
fn removed_by_rules(examined: &Examined) -> Vec<(Word, Word)> {
    let mut rules: Vec<(Word, Word)> = Vec::new();
    for removed in examined.plan.removed.iter().filter(|one| examined.serves(one.backend, &examined.model)) {
        if let Removal::Rules(by) = &removed.why {
            for rule in by.iter() {
                if !rules.contains(rule) {
                    rules.push(rule.clone());
                }
            }
        }
    }
    rules
}

/// The rules whose duty cannot be done on the request at a backend that serves the model, each once with that duty.
fn removed_by_duties(examined: &Examined) -> Vec<((Word, Word), Word)> {
    let mut undone = Vec::new();
    for removed in examined.plan.removed.iter().filter(|one| examined.serves(one.backend, &examined.model)) {
        if let Removal::Duty(_) = removed.why {
            let by = policy::undone(&examined.snapshot.policy, &examined.facts, removed.backend);
            undone.extend(by.filter(|by| !undone.contains(by)));
        }
    }
    undone
}
