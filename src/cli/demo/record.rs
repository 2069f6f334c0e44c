//! The record of the tour: each request in a few sentences, and each entry on a line. Made from the log's entries alone.

use std::path::Path;

use serde_json::Value;

use crate::audit::epochs::Epochs;
use crate::audit::query::Record;
use crate::model::entry::RequestId;

/// A request in a few sentences; `None` when the log has none of it.
pub(super) fn tell(dir: &Path, id: &str) -> anyhow::Result<Option<String>> {
    let Some(id) = RequestId::parse(id) else { return Ok(None) };
    Ok(Epochs::of(dir).find(id)?.map(|(_, record)| sentences(&record)))
}

fn sentences(record: &Record) -> String {
    let mut told = Vec::new();
    if let Some(decision) = record.of_kind("decision").next() {
        let beside = decision.get("sending").into_iter().flat_map(|sending| summed(sending, "found"));
        let found = list(summed(decision, "findings").chain(beside)).unwrap_or_else(|| "nothing".to_owned());
        told.push(format!("Found: {found}."));
        if let Some(rules) = list(items(decision, "rules").filter_map(Value::as_str).map(str::to_owned)) {
            told.push(format!("Rules that fired: {rules}."));
        }
        if let Some(used) = list(items(decision, "exceptions").map(|used| text(used, "exception").to_owned())) {
            told.push(format!("Exceptions that spared it a rule: {used}."));
        }
        if text(decision, "verdict") == "refuse" {
            told.push(format!("Refused ({}): nothing left the gateway.", text(decision, "reason")));
        }
        told.extend(decision.get("sending").filter(|sending| sending.is_object()).map(|sending| sent("To", sending)));
    }
    told.extend(record.of_kind("attempt").map(|attempt| {
        let why = text(attempt, "cause");
        sent(&format!("That one did not serve ({why}): to"), attempt.get("sending").unwrap_or(&Value::Null))
    }));
    told.extend(record.of_kind("outcome").map(|outcome| {
        let restored = outcome.get("restored").and_then(Value::as_u64).unwrap_or_default();
        let restored = match restored {
            0 => String::new(),
            restored => format!("; {restored} pseudonyms in it became values again"),
        };
        match text(outcome, "end") {
            "complete" => format!("The answer was complete{restored}."),
            "refused" => "That did not serve either, and no other is permitted: the client was refused.".to_owned(),
            other => format!("It ended: {other}{restored}."),
        }
    }));
    told.join(" ")
}

fn sent(verb: &str, sending: &Value) -> String {
    let changed = list(summed(sending, "changed"));
    let how = changed.map_or_else(|| "as it came".to_owned(), |changed| format!("with pseudonyms for {changed}"));
    format!("{verb} {}, {how}.", text(sending, "backend"))
}

/// Counts by type, in the order in which they come.
fn summed(value: &Value, key: &str) -> impl Iterator<Item = String> + use<> {
    let mut sums: Vec<(String, u64)> = Vec::new();
    for item in items(value, key) {
        let count = item.get("count").and_then(Value::as_u64).unwrap_or_default();
        match sums.iter_mut().find(|(entity, _)| entity == text(item, "type")) {
            Some((_, sum)) => *sum += count,
            None => sums.push((text(item, "type").to_owned(), count)),
        }
    }
    sums.into_iter().map(|(entity, count)| format!("{count} {entity}"))
}

/// An entry on one line: number, kind, request, what it says.
pub(super) fn line(entry: &Value) -> String {
    let at = |pointer: &str| entry.pointer(pointer).and_then(Value::as_str).unwrap_or("-");
    let story = match at("/entry/kind") {
        "decision" if at("/entry/verdict") == "refuse" => format!("refuse, {}", at("/entry/reason")),
        "decision" => format!("forward to {}", at("/entry/sending/backend")),
        "attempt" => format!("again, after {}: to {}", at("/entry/cause"), at("/entry/sending/backend")),
        "outcome" => format!("{} from {}", at("/entry/end"), at("/entry/backend")),
        _ => String::new(),
    };
    let number = entry.pointer("/seq").and_then(Value::as_u64).unwrap_or_default();
    format!("{number:>4}  {:<9} {}  {story}", at("/entry/kind"), at("/entry/request"))
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or("-")
}

fn items<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

/// `a, b and c`; nothing of nothing.
fn list(items: impl Iterator<Item = String>) -> Option<String> {
    let mut items: Vec<String> = items.collect();
    let last = items.pop()?;
    Some(if items.is_empty() { last } else { format!("{} and {last}", items.join(", ")) })
}
