//! `explain ID`: a request of the audit log, decided again by the policy of its day.

use std::path::Path;

use anyhow::{Context as _, anyhow, bail};
use jiff::Timestamp;
use serde_json::Value;

use super::{Exit, Faulty, Printer, read, say, show};
use crate::app::{Archive, Fault, Officer};
use crate::audit::query::{Filter, query};
use crate::model::entry::{Digest, RequestId};
use crate::policy::Language;

/// Tells it, or that there is none, in the language of the folder where the one of its day is not known.
pub(super) fn explain(
    id: RequestId,
    audit: &Path,
    (json, heard): (bool, Language),
    printer: Printer,
) -> anyhow::Result<Exit> {
    let page = query(audit, &Filter { id: Some(id), ..Filter::default() }, 1, None)
        .with_context(|| format!("the audit log in `{}`", audit.display()))?;
    let entries = page.records.iter().flat_map(|record| &record.entries);
    let is_decision = |entry: &&Value| entry.pointer("/entry/kind").and_then(Value::as_str) == Some("decision");
    let Some(entry) = entries.into_iter().find(is_decision) else {
        let (error, none) = match heard {
            Language::En => ("error:", "the log holds no decision on the request"),
            Language::Fr => ("erreur :", "le journal ne contient aucune décision sur la requête"),
        };
        let none = format!("{none} {id}");
        if json {
            printer.json(&Faulty { faults: vec![Fault::of_text(&none)] });
        } else {
            printer.say(format!("{error} {none}"));
        }
        return Ok(Exit::Findings);
    };
    let digests = ["policy", "inventory", "reference"].map(|key| digest(entry, key));
    let [Some(policy), Some(inventory), Some(reference)] = digests else {
        bail!("the decision does not say by which policy it was taken: run `octroi audit verify`");
    };
    let place = Archive::of(audit).place([policy, inventory, reference]);
    if !place.is_dir() {
        bail!("the files of the policy of that day are not kept in `{}`", place.display());
    }
    let time = entry.get("time").and_then(Value::as_str).unwrap_or_default();
    let time: Timestamp = time.parse().context("the time of the entry")?;
    let study = Officer::read(&place)?.study(time)?;
    let compiled = study.policy();
    if [compiled.digest(), compiled.inventory_digest(), compiled.reference_digest()] != [policy, inventory, reference] {
        bail!("the files in `{}` do not compile here to the policy of that day", place.display());
    }
    let name = format!("{} version {}", compiled.name(), compiled.version());
    let bytes = serde_json::to_vec(entry).context("the entry")?;
    let language = study.language();
    let study = study.as_it_happened();
    let explained = study.explain(&bytes).map_err(|lost| anyhow!(lost.said(language)))?;
    show(printer, json, &explained, || {
        let by = say(language, "by", "par");
        printer.line(format!("{}, {by} \"{name}\"", study.clock(time)));
        printer.line(happened(&page.records, language));
        read::print(&explained.answer, language, printer);
        let able = say(
            language,
            "they speak its API and have its model, whether or not they could be reached",
            "ils parlent son API et ont son modèle, qu'ils aient pu être joints ou non",
        );
        printer.line(format!("{able}: {}", explained.able.join(", ")));
        printer.line(if explained.as_recorded {
            say(language, "the record says the same", "le journal dit de même")
        } else if took_out(entry, "frozen") {
            say(
                language,
                "the record says otherwise: the policy was frozen",
                "le journal dit autrement : la politique était gelée",
            )
        } else if took_out(entry, "expired") {
            say(
                language,
                "the record says otherwise: the policy was past its validity",
                "le journal dit autrement : la politique était périmée",
            )
        } else {
            say(language, "the record says otherwise", "le journal dit autrement")
        });
    });
    let held = took_out(entry, "frozen") || took_out(entry, "expired");
    Ok(if explained.as_recorded || held { Exit::Well } else { Exit::Findings })
}

/// What became of the request, from its outcome; else from its decision.
fn happened(records: &[crate::audit::query::Record], language: Language) -> String {
    let entries = || records.iter().flat_map(|record| &record.entries).filter_map(|entry| entry.get("entry"));
    let text = |entry: &Value, key: &str| entry.get(key).and_then(Value::as_str).map(str::to_owned);
    let of = |kind: &str| entries().rfind(|entry| text(entry, "kind").as_deref() == Some(kind)).cloned();
    let outcome = of("outcome");
    let served = outcome.as_ref().and_then(|entry| text(entry, "backend"));
    let status = outcome.as_ref().and_then(|entry| entry.get("status").and_then(Value::as_u64));
    let reason = of("decision").and_then(|entry| text(&entry, "reason"));
    let end = outcome.as_ref().and_then(|entry| text(entry, "end"));
    let refused = end.as_deref() == Some("refused");
    let (what, why) = match (served, reason, status) {
        // It was tried there, and nothing came.
        (Some(backend), _, Some(status)) if refused => {
            let tried = say(language, "tried last at", "essayée en dernier chez");
            let what = say(language, "what became of it: refused, status", "ce qu'il en advint : refusée, statut");
            (what, format!("{status}, {tried} {backend}"))
        }
        (Some(backend), _, _) => {
            (say(language, "what became of it: served by", "ce qu'il en advint : servie par"), backend)
        }
        (None, Some(reason), _) => {
            (say(language, "what became of it: refused", "ce qu'il en advint : refusée"), reason)
        }
        (None, None, Some(status)) => (
            say(language, "what became of it: no answer, status", "ce qu'il en advint : sans réponse, statut"),
            format!("{status}{}", end.map(|end| format!(" ({end})")).unwrap_or_default()),
        ),
        (None, None, None) => {
            (say(language, "what became of it: not known", "ce qu'il en advint : non connu"), String::new())
        }
    };
    let story = say(language, "its whole story: octroi audit show ID", "toute son histoire : octroi audit show ID");
    format!("{what} {why}; {story}")
}

fn digest(entry: &Value, key: &str) -> Option<Digest> {
    Digest::parse(entry.get("entry")?.get(key)?.as_str()?)
}

/// Whether this took a backend out: a freeze or the end of validity, and not the sheets.
fn took_out(entry: &Value, why: &str) -> bool {
    let removed = entry.pointer("/entry/removed").and_then(Value::as_array).into_iter().flatten();
    removed.into_iter().any(|one| one.get("why").and_then(Value::as_str) == Some(why))
}
