//! One request told in plain sentences: who asked, what was found, which policy and rules, where it could go and why not
//! elsewhere, what was changed, how it ended. Made from the entries alone.

mod unasked;

use serde_json::Value;

use self::unasked::not_asked;
use super::query::{Record, items, word};
use crate::model::entry::UNSENT_CAUSES;

/// Tells the story of one request from its entries.
pub fn tell(record: &Record) -> Vec<String> {
    let mut story = Vec::new();
    if let Some(decision) = record.of_kind("decision").next() {
        story.push(asked(&record.time, decision));
        story.push(found(decision));
        story.extend(marks(decision));
        story.push(decided(decision));
        story.extend(items(decision, "exceptions").map(excepted));
        story.extend(possible(decision));
        story.extend(items(decision, "removed").map(removed));
        story.extend(decision.get("left_out").map(left_out));
        story.extend(crossed(decision));
        story.extend(decision.get("sending").map(|sending| first_sent(sending, arrived(record, 0))));
        story.extend(decision.get("sending").and_then(|sending| sealed("Its content", sending)));
    } else {
        story.push("What was decided is not in the log any more: entries as old as that were pruned.".to_owned());
    }
    for (index, attempt) in record.of_kind("attempt").enumerate() {
        story.extend(crossed(attempt));
        if let Some(newest) = attempt.get("newest") {
            story.push(format!("By then the {} was in force, and permitted the next as well.", state(newest)));
            story.extend(items(newest, "exceptions").map(excepted));
        }
        story.push(tried(attempt, arrived(record, index + 1)));
    }
    story.push(match record.of_kind("outcome").next() {
        Some(outcome) => ended(outcome),
        None if record.of_kind("decision").any(|decision| word(decision, "verdict") == "refuse") => {
            "Nothing left the gateway.".to_owned()
        }
        None => "It has no outcome yet.".to_owned(),
    });
    for outcome in record.of_kind("outcome") {
        let newest = outcome.get("newest");
        story.extend(newest.into_iter().flat_map(|newest| not_asked(record, outcome, newest)));
        story.extend(newest.into_iter().flat_map(|newest| items(newest, "removed")).map(removed));
        let further = newest.map(|newest| number(newest, "removed_left_out")).filter(|further| *further > 0);
        story.extend(further.map(|further| format!("It could not go to {further} more backends.")));
        story.extend(sealed("Its answer", outcome));
        if outcome.get("unsealed").is_some() {
            story.push("Its answer was to be kept under seal and could not be.".to_owned());
        }
    }
    let numbers = record.entries.iter().map(|entry| number(entry, "seq").to_string());
    story.push(format!("This is told by the log's entries {}.", list(numbers)));
    story
}

fn sealed(what: &str, of: &Value) -> Option<String> {
    let sealed = of.get("sealed")?;
    let (scope, whose, key) = (word(sealed, "scope"), word(sealed, "of"), word(sealed, "key"));
    let what = if sealed.get("cut").is_some() { "The beginning of its answer" } else { what };
    Some(format!("{what} is kept under seal, by the key {key} of the {scope} {whose}."))
}

fn asked(time: &str, decision: &Value) -> String {
    let purpose = optional(decision, "purpose", |purpose| format!(" for the purpose {purpose}"));
    let stream = if decision.get("stream") == Some(&Value::Bool(true)) { ", as a stream" } else { "" };
    let clock = optional(decision, "clock", |clock| match clock {
        "unknown" => " (how true the clock was is not known)".to_owned(),
        clock => format!(" (by a clock that was {clock})"),
    });
    format!(
        "At {time}{clock} the app {} of {} (credential {}){purpose} asked for {} from the model {}{stream}.",
        word(decision, "app"),
        word(decision, "tenant"),
        word(decision, "actor"),
        word(decision, "operation"),
        word(decision, "model"),
    )
}

fn found(decision: &Value) -> String {
    let scan = decision.get("scan").unwrap_or(&Value::Null);
    let (leaves, scanned) = (number(scan, "leaves"), number(scan, "scanned"));
    let mut told = format!("The scan was {}: {scanned} of {leaves} fields were read", word(scan, "status"));
    let extra = |key, what: &str| match number(scan, key) {
        0 => String::new(),
        count => format!(", {count} {what}"),
    };
    told.push_str(&extra("unreadable", "cannot be read"));
    told.push_str(&extra("unknown", "stand where no table names them"));
    let findings = findings(decision, "findings");
    let found =
        if findings.is_empty() { told + ", and nothing was found." } else { format!("{told}. Found: {findings}.") };
    let kept = "It names an answer that a backend keeps; what was known of that counted as well.";
    if decision.get("kept").is_some() { format!("{found} {kept}") } else { found }
}

/// Findings as a list.
fn findings(of: &Value, key: &str) -> String {
    list(items(of, key).map(|finding| {
        let classes = list(items(finding, "classes").filter_map(Value::as_str).map(str::to_owned));
        let sure = if word(finding, "confidence") == "sure" { "" } else { "possibly" };
        let about: Vec<&str> = [&*classes, sure].into_iter().filter(|part| !part.is_empty()).collect();
        let about = if about.is_empty() { String::new() } else { format!(" ({})", about.join(", ")) };
        let (count, entity, path) = (number(finding, "count"), word(finding, "type"), word(finding, "path"));
        let [entity, path] = [(entity, "of further types"), (path, "several places")]
            .map(|(name, all)| if name == "several" { all } else { name });
        format!("{count} {entity}{about} in {path}")
    }))
}

fn marks(decision: &Value) -> Option<String> {
    let label = decision.get("label").and_then(Value::as_str).map(|label| format!("the label {label}"));
    let leak = decision.get("leak_score").and_then(Value::as_u64).filter(|score| *score > 0);
    let leak = leak.map(|score| match decision.get("leak") {
        Some(near) => format!(
            "a similarity of {score} of 1000 to passage {} of the protected document {} ({}, by {})",
            number(near, "passage"),
            word(near, "document"),
            word(near, "class"),
            word(near, "stage")
        ),
        None => format!("a similarity of {score} of 1000 to protected documents"),
    });
    let most = decision.pointer("/facts/leak_most").and_then(Value::as_u64);
    let unread =
        most.map(|most| format!("parts that were not read (no text, or an encoder had no time for them), which could raise its similarity to {most}"));
    let marks = list(label.into_iter().chain(leak).chain(unread));
    (!marks.is_empty()).then(|| format!("It had {marks}."))
}

fn decided(decision: &Value) -> String {
    let source = state(decision);
    let rules = list(items(decision, "rules").filter_map(Value::as_str).map(str::to_owned));
    let rules = if rules.is_empty() { "no rule fired".to_owned() } else { format!("rules that fired: {rules}") };
    let reason = word(decision, "reason");
    if word(decision, "verdict") == "refuse" {
        // Where it could go somewhere, and where nothing was decided, it was not the policy.
        let took_out = |one: &Value| word(one, "why") != "unable";
        let by_policy = items(decision, "plan").next().is_none() && items(decision, "removed").any(took_out);
        if by_policy {
            format!("The {source} refused it ({reason}); {rules}.")
        } else {
            format!("It was refused ({reason}) under the {source}, not by it; {rules}.")
        }
    } else {
        format!("The {source} let it go on; {rules}.")
    }
}

/// The digests of what was decided under.
fn state(of: &Value) -> String {
    let short = |key| word(of, key).get(..12).unwrap_or_default();
    let (policy, inventory, reference) = (short("policy"), short("inventory"), short("reference"));
    format!("policy {policy} with the inventory {inventory} and the reference data {reference}")
}

fn excepted(used: &Value) -> String {
    let (exception, rule, until) = (word(used, "exception"), word(used, "rule"), word(used, "until"));
    format!("The exception {exception}, in force until {until}, spared it the rule {rule}, which would have fired.")
}

fn possible(decision: &Value) -> Option<String> {
    let plan = items(decision, "plan").map(|planned| {
        let mut told = vec![format!("tier: {}", word(planned, "tier"))];
        let countries = list(items(planned, "countries").filter_map(Value::as_str).map(str::to_owned));
        told.push(if countries.is_empty() { "country unknown".to_owned() } else { format!("in {countries}") });
        told.extend(present(planned, "operator").map(|operator| format!("operated by {operator}")));
        told.extend(present(planned, "controlled_from").map(|country| format!("controlled from {country}")));
        told.extend(present(planned, "transfer_basis").map(|basis| format!("transfer basis: {basis}")));
        let duties = items(planned, "duties").filter_map(Value::as_array).map(|duty| {
            let mut words = duty.iter().filter_map(Value::as_str);
            let (entity, action) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
            format!("{action} {entity}")
        });
        let duties = list(duties);
        let duties = match present(planned, "duties_as") {
            Some(other) => format!(", with the same duties as {other}"),
            None if duties.is_empty() => String::new(),
            None => format!(", with the duty to {duties}"),
        };
        format!("{} ({}){duties}", word(planned, "backend"), told.join(", "))
    });
    let plan = plan.collect::<Vec<_>>().join("; then ");
    (!plan.is_empty()).then(|| format!("It could go to {plan}."))
}

fn removed(removed: &Value) -> String {
    let backend = word(removed, "backend");
    let rules = list(items(removed, "rules").filter_map(Value::as_str).map(str::to_owned));
    match word(removed, "why") {
        "not-allowed" => format!("It could not go to {backend}: nothing in the policy surely allows it."),
        "rule" => format!("It could not go to {backend}, because of {rules}."),
        "duty" => format!("It could not go to {backend}: a duty could not be done."),
        "expired" => format!("It could not go to {backend}: the policy was past its validity."),
        "frozen" => format!("It could not go to {backend}: the policy was frozen."),
        "unable" => format!("It could not go to {backend}: that does not serve this API or model."),
        other => format!("It could not go to {backend} ({other})."),
    }
}

/// What an entry has no room for.
fn left_out(of: &Value) -> String {
    let counts = [
        ("plan", "more backends that it could go to"),
        ("removed", "that it could not"),
        ("rules", "rules that fired"),
    ];
    let counts = counts
        .into_iter()
        .filter(|(key, _)| number(of, key) > 0)
        .map(|(key, what)| format!("{} {what}", number(of, key)));
    format!("The entry has no room for {}: `octroi policy explain` works them out again.", list(counts))
}

/// Whether a sending (0: that of the decision) was written to its backend, as far as the entry behind it tells.
fn arrived(record: &Record, sending: usize) -> bool {
    let next = record.of_kind("attempt").chain(record.of_kind("outcome")).nth(sending);
    next.is_none_or(|next| !UNSENT_CAUSES.contains(&word(next, "cause")))
}

/// Where it was sent first, or was to be.
fn first_sent(sending: &Value, arrived: bool) -> String {
    if arrived {
        format!("It was sent to {}.", sent(sending))
    } else {
        format!("It was to go to {}, and nothing arrived there.", sent(sending))
    }
}

fn sent(sending: &Value) -> String {
    let changed = items(sending, "changed").map(|change| {
        let entity = Some(word(change, "type")).filter(|entity| *entity != "several").unwrap_or("of further types");
        format!("{} {entity} ({})", number(change, "count"), word(change, "action"))
    });
    let changed = list(changed);
    let changed = if changed.is_empty() { "unchanged".to_owned() } else { format!("with these changes: {changed}") };
    let found = findings(sending, "found");
    let found = if found.is_empty() {
        String::new()
    } else {
        format!("; only beside what was changed, this was found: {found}")
    };
    let smaller = optional(sending, "smaller", |smaller| format!(" (to the smaller model {smaller})"));
    format!("{}{smaller}, {} bytes, {changed}{found}", word(sending, "backend"), number(sending, "body_bytes"))
}

fn name(planned: &Value) -> &str {
    word(planned, "backend")
}

/// Which tier was left, and what opened the next.
fn crossed(entry: &Value) -> Option<String> {
    let crossed = entry.get("crossed")?;
    let (from, to) = (word(crossed, "from"), word(crossed, "to"));
    let why = match word(crossed, "cause") {
        "unavailable" => "every backend was down",
        "waited" => "it was full or slow for as long as the clause says",
        "full" => "it was full or slow, and the clause gives no time",
        other => other,
    };
    Some(format!("It left the tier {from} for {to}, because {why}."))
}

fn tried(attempt: &Value, arrived: bool) -> String {
    let tier = match attempt.get("fell_back") {
        Some(Value::Bool(true)) => " This used the policy's leave to fall back to a farther tier.",
        _ => "",
    };
    let sending = attempt.get("sending").map(sent).unwrap_or_default();
    let (cause, number) = (word(attempt, "cause"), number(attempt, "number"));
    if arrived {
        format!("The one before did not serve ({cause}): attempt {number} went to {sending}.{tier}")
    } else {
        format!(
            "The one before did not serve ({cause}): attempt {number} was to go to {sending}, and nothing arrived there.{tier}"
        )
    }
}

fn ended(outcome: &Value) -> String {
    let end = match word(outcome, "end") {
        "complete" => "The answer was complete",
        "client-gone" if number(outcome, "bytes_out") == 0 => {
            return format!(
                "The client went away after {} ms, before anything of an answer came.",
                number(outcome, "total_us") / 1_000
            );
        }
        "gateway-stop" if number(outcome, "bytes_out") == 0 => {
            return "The gateway was stopped and cut it before anything of an answer came.".to_owned();
        }
        "client-gone" => "The client went away before the end",
        "gateway-stop" => "The gateway was stopped and cut it before the end",
        "upstream-broke" => "The backend broke off before the end",
        "refused" => {
            let reason = optional(outcome, "reason", |reason| format!(" ({reason})"));
            let last =
                optional(outcome, "cause", |cause| format!("{} did not serve ({cause}). ", word(outcome, "backend")));
            return format!(
                "{last}The client was told that it is refused{reason}, with status {}.",
                number(outcome, "status")
            );
        }
        "failed" => return "The gateway failed inside before it ended.".to_owned(),
        "gateway-restart" => return "The gateway stopped before it ended: how it ended is not known.".to_owned(),
        other => return format!("It ended: {other}."),
    };
    let from = optional(outcome, "backend", |backend| format!(", from {backend}"));
    let tokens = match (
        outcome.get("input_tokens").and_then(Value::as_u64),
        outcome.get("output_tokens").and_then(Value::as_u64),
    ) {
        (Some(input), Some(output)) => format!("; {input} tokens in and {output} out"),
        _ => String::new(),
    };
    let foreign = match number(outcome, "foreign_tokens") {
        0 => String::new(),
        count => format!(", {count} strings that look like pseudonyms and are not of this request left alone"),
    };
    let withheld = match number(outcome, "withheld_tokens") {
        0 => String::new(),
        count => format!(", {count} left in addresses"),
    };
    format!(
        "{end}{from}: status {}, {} bytes, first after {} ms, the last after {} ms; {} pseudonyms restored{withheld}{foreign}{tokens}.",
        number(outcome, "status"),
        number(outcome, "bytes_out"),
        number(outcome, "first_byte_us") / 1_000,
        number(outcome, "total_us") / 1_000,
        number(outcome, "restored"),
    )
}

fn number(value: &Value, key: &str) -> u64 {
    value.get(key).and_then(Value::as_u64).unwrap_or_default()
}

fn present<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str)
}

fn optional(value: &Value, key: &str, tell: impl FnOnce(&str) -> String) -> String {
    present(value, key).map(tell).unwrap_or_default()
}

/// `a, b and c`.
fn list(items: impl IntoIterator<Item = String>) -> String {
    let mut items: Vec<String> = items.into_iter().collect();
    match items.pop() {
        Some(last) if items.is_empty() => last,
        Some(last) => format!("{} and {last}", items.join(", ")),
        None => String::new(),
    }
}
