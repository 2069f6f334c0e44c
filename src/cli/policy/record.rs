//! `explain ID`: a request of the audit log, decided again by the policy of its day.

use std::path::Path;

use anyhow::{Context as _, anyhow, bail};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::held::{Freeze, Held};
use super::read::colon;
use super::recorded::{action_said, cause_said};
use super::{Exit, Faulty, Printer, locale, read, say, show};
use crate::app::{Archive, Fault, Officer};
use crate::audit::epochs::Epochs;
use crate::model::Word;
use crate::model::entry::{Digest, RequestId};
use crate::policy::study::{Answer, Explained, Study};
use crate::policy::{Language, Lost, data_name};

/// The folder of the log where none is named.
const AUDIT: &str = "audit";

/// Tells it, or that there is none, in the language of the folder; where that holds no sheet, in the one of the sheets of its day.
pub(super) fn explain(
    id: RequestId,
    audit: &Path,
    (json, spoken): (bool, Option<Language>),
    printer: Printer,
) -> anyhow::Result<Exit> {
    let epochs = Epochs::of(audit);
    let found = epochs.find(id).with_context(|| log(audit))?;
    let entries: Vec<&Value> = found.iter().flat_map(|(_, record)| &record.entries).collect();
    let is_decision = |entry: &&&Value| entry.pointer("/entry/kind").and_then(Value::as_str) == Some("decision");
    let Some(entry) = entries.iter().find(is_decision) else {
        let (error, none) = match spoken.unwrap_or_else(locale) {
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
    let time = entry.get("time").and_then(Value::as_str).unwrap_or_default();
    let time: Timestamp = time.parse().context("the time of the entry")?;
    let decision = entry.get("entry").unwrap_or(&Value::Null);
    let (name, sought, study) = of_that_day(audit, decision, (time, spoken))?;
    let bytes = serde_json::to_vec(entry).context("the entry")?;
    let language = study.language();
    let frozen = Held::of(decision) == Some(Held::Frozen);
    let freeze = if frozen { Freeze::at(&epochs, time).with_context(|| log(audit))? } else { None };
    let why = freeze.as_ref().map_or_else(|| Held::Frozen.said(language).to_owned(), |freeze| freeze.said(&study));
    let explained = study.explain(&bytes, frozen.then_some(&why)).map_err(|lost| anyhow!(lost.said(language)))?;
    let bodies: Vec<&Value> = entries.iter().filter_map(|entry| entry.get("entry")).collect();
    let later: Vec<&Value> = bodies.iter().copied().filter(|body| text(body, "kind") != Some("decision")).collect();
    let attempts = later.iter().filter_map(|body| Attempted::of(body)).collect();
    let mut newer = Vec::new();
    for newest in later.iter().filter_map(|body| body.get("newest")) {
        if STATE.iter().all(|key| newest.get(key) == decision.get(key)) {
            continue;
        }
        let (policy, _, other) = of_that_day(audit, newest, (time, spoken))?;
        let (answer, lost) = match other.explain_of(&bytes, (&sought, &study), time) {
            Ok(answer) => (Some(answer), None),
            Err(lost) => (None, Some(lost)),
        };
        newer.push(Newer { policy, answer, lost, recorded: Recorded::of(newest) });
    }
    newer.dedup();
    let mut newest = later.iter().filter_map(|body| body.get("newest"));
    let decided_held = Held::of(decision).is_some();
    let held = Held::of(decision).or_else(|| newest.find_map(Held::of));
    let ran_out = bodies.iter().any(|body| text(body, "reason").is_some_and(|reason| EXHAUSTED.contains(&reason)));
    let told = Told { explained, attempts, newer, held, decided_held, freeze, ran_out };
    show(printer, json, &told, || {
        let by = say(language, "by", "par");
        printer.line(format!("{}, {by} \"{name}\"", study.clock(time)));
        printer.line(happened(&bodies, language));
        let story = say(language, "its whole story:", "toute son histoire :");
        let dir = if audit == Path::new(AUDIT) { String::new() } else { format!(" --dir {}", audit.display()) };
        printer.line(format!("{story} octroi audit show {id}{dir}"));
        told.print(language, printer);
    });
    Ok(if told.explained.as_recorded || decided_held { Exit::Well } else { Exit::Findings })
}

/// Why a request was refused that policy permitted some backend.
const EXHAUSTED: [&str; 2] = ["backends_unavailable", "backends_full"];

/// The digests of a state, as entries name them.
const STATE: [&str; 3] = ["policy", "inventory", "reference"];

/// What `explain ID` tells.
#[derive(Serialize)]
struct Told {
    #[serde(flatten)]
    explained: Explained,
    /// Further backends that were tried, in order.
    attempts: Vec<Attempted>,
    /// What states that came into force before it ended say of it.
    newer: Vec<Newer>,
    /// What kept backends from it beside the sheets.
    #[serde(skip_serializing_if = "Option::is_none")]
    held: Option<Held>,
    /// Whether that was so when it was decided, and not only before it ended.
    #[serde(skip)]
    decided_held: bool,
    /// The freeze that did, where the log tells of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    freeze: Option<Freeze>,
    /// Whether it was refused since none of the backends that it might use could serve it.
    #[serde(skip)]
    ran_out: bool,
}

impl Told {
    fn print(&self, language: Language, printer: Printer) {
        for attempt in &self.attempts {
            printer.line(attempt.said(language));
        }
        read::print(&self.explained.answer, language, printer);
        let able = say(
            language,
            "they speak its API and have its model, whether or not they could be reached",
            "ils parlent son API et ont son modèle, qu'ils aient pu être joints ou non",
        );
        printer.line(format!("{able}{}{}", colon(language), self.explained.able.join(", ")));
        if self.ran_out && !self.explained.behind.is_empty() {
            let only = say(
                language,
                "only the nearest of them could be used: no `fall back` opened this request the way to",
                "seuls les plus proches pouvaient servir : aucun `repli` n'ouvrait à cette requête la voie vers",
            );
            printer.line(format!("{only} {}", self.explained.behind.join(", ")));
        }
        let held = self.held.map(|held| held.said(language));
        if self.explained.as_recorded {
            printer.line(say(language, "the record says the same", "le journal dit de même"));
            let later = say(language, "before it ended", "avant sa fin");
            if let Some(held) = held.filter(|_| !self.decided_held) {
                printer.line(format!("{later}{}{held}", colon(language)));
            }
        } else {
            let otherwise = say(language, "the record says otherwise", "le journal dit autrement");
            printer.line(
                held.map_or_else(|| otherwise.to_owned(), |held| format!("{otherwise}{}{held}", colon(language))),
            );
        }
        for newer in &self.newer {
            let then = say(
                language,
                "before it ended another state was in force, which had to permit every further backend as well:",
                "avant sa fin un autre état est entré en vigueur, qui devait permettre lui aussi tout autre serveur :",
            );
            printer.line(format!("{then} \"{}\"", newer.policy));
            if let Some(lost) = newer.lost {
                let known = say(
                    language,
                    "what it says is known from the log alone",
                    "ce qu'il dit n'est connu que par le journal",
                );
                printer.line(format!("{known}{}{}", colon(language), lost.said(language)));
                for told in &newer.recorded {
                    printer.line(told.said(language));
                }
            }
            if let Some(answer) = &newer.answer {
                read::print(answer, language, printer);
            }
        }
    }
}

/// A state that came into force before a request ended, and what it says of it.
#[derive(PartialEq, Serialize)]
struct Newer {
    policy: String,
    /// Taken again; absent where the record does not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<Answer>,
    /// Why it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    lost: Option<Lost>,
    /// What the gateway recorded of it.
    recorded: Vec<Recorded>,
}

/// What a newer state said of a backend, as the gateway recorded it.
#[derive(PartialEq, Serialize)]
struct Recorded {
    backend: String,
    /// The rules that took it out, or another reason; nothing where it was allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<String>,
    /// What was to be changed for it.
    duties: Vec<String>,
}

impl Recorded {
    fn of(newest: &Value) -> Vec<Self> {
        let list = |of: &Value, key: &str| of.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
        let removed = list(newest, "removed").into_iter().filter_map(|one| {
            let rules = list(&one, "rules");
            let rules: Vec<&str> = rules.iter().filter_map(Value::as_str).collect();
            let why = if rules.is_empty() { text(&one, "why")?.to_owned() } else { rules.join(", ") };
            Some(Self { backend: text(&one, "backend")?.to_owned(), refused: Some(why), duties: Vec::new() })
        });
        let planned = newest.get("planned").and_then(|planned| {
            let duty = |duty: &Value| Some(format!("{} {}", duty.get(1)?.as_str()?, duty.get(0)?.as_str()?));
            let duties = list(planned, "duties").iter().filter_map(duty).collect();
            Some(Self { backend: text(planned, "backend")?.to_owned(), refused: None, duties })
        });
        removed.chain(planned).collect()
    }

    fn said(&self, language: Language) -> String {
        let Self { backend, refused, duties } = self;
        let duty = |duty: &String| match duty.rsplit_once(' ') {
            Some((action, of)) => format!("{} {}", action_said(action, language), data_name(of, language)),
            None => duty.clone(),
        };
        let duties: Vec<String> = duties.iter().map(duty).collect();
        let colon = colon(language);
        match refused {
            Some(why) => format!("  {backend}{colon}{} ({why})", say(language, "refused", "refusé")),
            None if duties.is_empty() => {
                format!("  {backend}{colon}{}", say(language, "allowed as it is", "permis tel quel"))
            }
            None => {
                format!(
                    "  {backend}{colon}{}{colon}{}",
                    say(language, "allowed, changed", "permis, changé"),
                    duties.join(", ")
                )
            }
        }
    }
}

/// A further backend that was tried.
#[derive(Serialize)]
struct Attempted {
    number: u64,
    backend: String,
    /// Why the one before did not serve.
    cause: String,
    /// What was changed for it: type, action and count.
    changed: Vec<Changed>,
}

/// What was changed.
struct Changed {
    action: String,
    of: String,
    count: u64,
}

impl Changed {
    fn said(&self, language: Language) -> String {
        format!("{} {} ({})", action_said(&self.action, language), data_name(&self.of, language), self.count)
    }
}

impl Serialize for Changed {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Programs know the words of the record.
        serializer.serialize_str(&self.said(Language::En))
    }
}

impl Attempted {
    fn of(body: &Value) -> Option<Self> {
        let (sending, number) = (body.get("sending")?, body.get("number")?.as_u64()?);
        let changes = sending.get("changed").and_then(Value::as_array).into_iter().flatten();
        let changed = changes.filter_map(|change| {
            let count = change.get("count")?.as_u64()?;
            Some(Changed { action: text(change, "action")?.to_owned(), of: text(change, "type")?.to_owned(), count })
        });
        let backend = text(sending, "backend")?.to_owned();
        Some(Self { number, backend, cause: text(body, "cause")?.to_owned(), changed: changed.collect() })
    }

    fn said(&self, language: Language) -> String {
        let Self { number, backend, cause, changed } = self;
        let (what, after) = (say(language, "attempt", "tentative"), say(language, "after", "après"));
        let changed = if changed.is_empty() {
            say(language, "unchanged", "inchangée").to_owned()
        } else {
            let changed: Vec<String> = changed.iter().map(|changed| changed.said(language)).collect();
            format!("{}{}", say(language, "changed: ", "modifiée : "), changed.join(", "))
        };
        match language {
            Language::En => format!("{what} {number}: {backend}, {after} `{cause}`; {changed}"),
            Language::Fr => format!("{what} {number} : {backend}, {after} {} ; {changed}", cause_said(cause)),
        }
    }
}

/// The policy that an entry names, from the archive beside the log: what it is called, the types that were looked for under
/// it, and what it says of requests as they were.
fn of_that_day(
    audit: &Path,
    named: &Value,
    (time, spoken): (Timestamp, Option<Language>),
) -> anyhow::Result<(String, Vec<Word>, Study)> {
    let [Some(policy), Some(inventory), Some(reference)] = STATE.map(|key| text(named, key).and_then(Digest::parse))
    else {
        bail!("the decision does not say by which policy it was taken: run `octroi audit verify`");
    };
    let place = Archive::of(audit).place([policy, inventory, reference]);
    if !place.is_dir() {
        bail!("the files of the policy of that day are not kept in `{}`", place.display());
    }
    let officer = Officer::read(&place)?;
    let study = officer.study(time)?;
    let compiled = study.policy();
    if [compiled.digest(), compiled.inventory_digest(), compiled.reference_digest()] != [policy, inventory, reference] {
        bail!("the files in `{}` do not compile here to the policy of that day", place.display());
    }
    let name = format!("{} version {}", compiled.name(), compiled.version());
    let language = spoken.unwrap_or_else(|| study.language());
    Ok((name, officer.sought(), study.as_it_happened().answering_in(language)))
}

fn log(audit: &Path) -> String {
    format!("the audit log in `{}`", audit.display())
}

pub(super) fn text<'a>(of: &'a Value, key: &str) -> Option<&'a str> {
    of.get(key).and_then(Value::as_str)
}

/// What became of the request, from its outcome; else from its decision.
fn happened(bodies: &[&Value], language: Language) -> String {
    let text = |entry: &Value, key: &str| text(entry, key).map(str::to_owned);
    let of = |kind: &str| bodies.iter().rfind(|entry| text(entry, "kind").as_deref() == Some(kind)).copied();
    let outcome = of("outcome");
    let served = outcome.as_ref().and_then(|entry| text(entry, "backend"));
    let status = outcome.as_ref().and_then(|entry| entry.get("status").and_then(Value::as_u64));
    let reason = of("decision").and_then(|entry| text(entry, "reason"));
    let end = outcome.as_ref().and_then(|entry| text(entry, "end"));
    let refused = end.as_deref() == Some("refused");
    let (what, why) = match (served, reason, status) {
        // It was tried there, and nothing came.
        (Some(backend), _, Some(status)) if refused => {
            let tried = say(language, "tried last at", "essayée en dernier chez");
            let what = say(language, "what became of it: refused, status", "ce qu'il en advint : refusée, statut");
            let why = outcome.as_ref().and_then(|entry| text(entry, "reason"));
            let why = why.map(|why| format!(" ({why})")).unwrap_or_default();
            (what, format!("{status}{why}, {tried} {backend}"))
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
    format!("{what} {why}")
}
