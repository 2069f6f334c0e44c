//! What must hold of a record, whatever happened: no request crosses a tier without a clause that opens it, none is lost, and
//! none runs twice after its first byte. What breaks it is told, not panicked about: the rows below break each on purpose.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// For whom the sheet's clause is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// It may leave home when the clause says so.
    May,
    /// The policy allows a backend abroad, and the clause is not open to it.
    ClauseClosed,
    /// The policy allows no backend abroad.
    StaysHome,
}

/// What a client was told of one request.
#[derive(Debug, Clone)]
pub(super) struct Told {
    pub(super) number: String,
    pub(super) kind: Kind,
    /// When it was sent, in milliseconds since the epoch. The clause counts from the decision, which comes later; its entry
    /// may come later still, when the request has waited.
    pub(super) sent_ms: i128,
    pub(super) id: String,
    pub(super) status: u16,
    pub(super) clean: bool,
    pub(super) backend: String,
}

/// What servers saw of each request, by its number.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    /// Requests that reached a server.
    pub(super) asked: BTreeMap<String, usize>,
    /// Answers that were begun.
    pub(super) begun: BTreeMap<String, usize>,
    /// Requests that reached the server abroad.
    pub(super) abroad: BTreeMap<String, usize>,
}

/// Milliseconds of waiting after which the clause of the sheet opens.
pub(super) const CLAUSE_MS: i128 = 2_000;

/// Everything that a record, what clients were told and what servers saw do not agree in. Entries are `(time in milliseconds,
/// entry)`, in their order.
pub(super) fn faults(entries: &[(i128, Value)], told: &[Told], seen: &Seen) -> Vec<String> {
    let mut faults = Vec::new();
    let of = |kind: &'static str| entries.iter().filter(move |(_, entry)| entry["kind"] == *kind);
    let id = |entry: &Value| entry["request"].as_str().unwrap_or_default().to_owned();
    let mut sent: BTreeMap<String, Vec<&(i128, Value)>> = BTreeMap::new();
    for timed in entries.iter().filter(|(_, entry)| entry["sending"].is_object()) {
        sent.entry(id(&timed.1)).or_default().push(timed);
    }
    let decisions: BTreeMap<String, &(i128, Value)> = of("decision").map(|timed| (id(&timed.1), timed)).collect();
    let mut outcomes: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
    for (_, entry) in of("outcome") {
        outcomes.entry(id(entry)).or_default().push(entry);
    }
    for told in told {
        let mut fault = |what: &str| faults.push(format!("{}: {what}: {told:?}", told.number));
        let sent = sent.get(&told.id).map_or(&[][..], Vec::as_slice);
        let ends = outcomes.get(&told.id).map_or(&[][..], Vec::as_slice);
        let count = |of: &BTreeMap<String, usize>| of.get(&told.number).copied().unwrap_or(0);
        let Some(decision) = decisions.get(&told.id) else {
            fault("no decision");
            continue;
        };
        // None is lost: each was answered, or refused with what its author can do, and each has one end.
        if !matches!(told.status, 200 | 429 | 502 | 503) {
            fault("neither answered nor refused");
        }
        if ends.len() != usize::from(!sent.is_empty()) {
            fault("not one end");
        }
        if told.status == 200 && told.clean {
            let end = ends.first().map(|end| (&end["end"], &end["backend"]));
            if end.is_none_or(|end| *end.0 != "complete" || *end.1 != told.backend.as_str()) {
                fault("what its client had whole is not so in the record");
            }
            if count(&seen.begun) != 1 {
                fault("answered whole, and no server began it, or two did");
            }
        }
        // Nothing is sent that is not recorded before, and nothing runs twice after its first byte.
        if count(&seen.asked) > sent.len() {
            fault("sent without an entry");
        }
        if count(&seen.begun) > 1 {
            fault("ran twice after its first byte");
        }
        if told.kind != Kind::May
            && (count(&seen.abroad) > 0 || sent.iter().any(|(_, entry)| !entry["crossed"].is_null()))
        {
            fault("left home, and no clause was open to it");
        }
        for what in crossings(told.sent_ms, &decision.1, sent) {
            fault(&what);
        }
    }
    if told.iter().map(|told| &told.id).collect::<BTreeSet<_>>().len() != told.len() {
        faults.push("two requests have one id".to_owned());
    }
    faults
}

/// No tier is left but by a clause, and each that is has its entry, a cause that fits what went before, and its time.
fn crossings(asked_ms: i128, decision: &Value, sent: &[&(i128, Value)]) -> Vec<String> {
    let mut faults = Vec::new();
    let planned = decision["plan"].as_array().map_or(&[][..], Vec::as_slice);
    let tiers: BTreeMap<&str, &str> =
        planned.iter().filter_map(|planned| Some((planned["backend"].as_str()?, planned["tier"].as_str()?))).collect();
    let mut tier = "on premises";
    for (index, (at, entry)) in sent.iter().enumerate() {
        let backend = entry["sending"]["backend"].as_str().unwrap_or_default();
        let Some(now) = tiers.get(backend) else {
            faults.push(format!("{backend} is not in the plan"));
            continue;
        };
        let Some(crossed) = entry.get("crossed") else {
            if *now != tier {
                faults.push("a tier was left without a clause".to_owned());
            }
            continue;
        };
        if (&crossed["from"], &crossed["to"]) != (&tier.into(), &(*now).into()) {
            faults.push(format!("{crossed} is not from {tier} to {now}"));
        }
        let before: Vec<&str> =
            sent[1.min(index)..=index].iter().filter_map(|(_, entry)| entry["cause"].as_str()).collect();
        let full =
            before.iter().any(|cause| matches!(*cause, "full" | "overloaded" | "timeout" | "waited" | "retries"));
        match crossed["cause"].as_str() {
            Some("unavailable") if full => faults.push(format!("left at once, and something was full: {before:?}")),
            Some("waited") if at - asked_ms < CLAUSE_MS => {
                faults.push(format!("left {} ms after it was asked", at - asked_ms));
            }
            Some("unavailable" | "waited") => {}
            cause => faults.push(format!("left for {cause:?}, for which the sheet has no clause")),
        }
        // One that failed at the request itself opens nothing.
        if before.contains(&"error") {
            faults.push(format!("left after an error of the request itself: {before:?}"));
        }
        tier = now;
    }
    faults
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A request that waited at home, crossed and was answered abroad; one that was answered at home; one that was refused.
    fn good() -> (Vec<(i128, Value)>, Vec<Told>, Seen) {
        let plan = json!([{"backend": "home", "tier": "on premises"}, {"backend": "abroad", "tier": "other"}]);
        let crossed = json!({"cause": "waited", "from": "on premises", "to": "other"});
        let entries = vec![
            (0, json!({"kind": "decision", "request": "a", "plan": plan, "sending": {"backend": "home"}})),
            (
                2_000,
                json!({"kind": "attempt", "request": "a", "cause": "full", "crossed": crossed, "sending": {"backend": "abroad"}}),
            ),
            (2_100, json!({"kind": "outcome", "request": "a", "backend": "abroad", "end": "complete"})),
            (2_200, json!({"kind": "decision", "request": "b", "plan": plan, "sending": {"backend": "home"}})),
            (2_300, json!({"kind": "outcome", "request": "b", "backend": "home", "end": "complete"})),
            (2_400, json!({"kind": "decision", "request": "c", "plan": plan})),
        ];
        let told = |number: &str, kind, id: &str, status, backend: &str| Told {
            number: number.to_owned(),
            kind,
            sent_ms: 0,
            id: id.to_owned(),
            status,
            clean: true,
            backend: backend.to_owned(),
        };
        let told = vec![
            told("1", Kind::May, "a", 200, "abroad"),
            told("2", Kind::ClauseClosed, "b", 200, "home"),
            told("3", Kind::StaysHome, "c", 429, ""),
        ];
        let counts =
            |counts: &[(&str, usize)]| counts.iter().map(|(number, count)| ((*number).to_owned(), *count)).collect();
        let seen = Seen {
            asked: counts(&[("1", 2), ("2", 1)]),
            begun: counts(&[("1", 1), ("2", 1)]),
            abroad: counts(&[("1", 1)]),
        };
        (entries, told, seen)
    }

    type Break = fn(&mut Vec<(i128, Value)>, &mut Vec<Told>, &mut Seen);

    /// Ends a change of what servers saw.
    const fn set(_: Option<usize>) {}

    #[test]
    fn each_of_them_can_fail() {
        let (entries, told, seen) = good();
        assert_eq!(faults(&entries, &told, &seen), [""; 0], "nothing is wrong");
        let rows: [(&str, Break, &str); 16] = [
            ("no decision", |entries, _, _| drop(entries.remove(3)), "no decision"),
            ("a status of its own", |_, told, _| told[2].status = 500, "neither answered"),
            ("no end", |entries, _, _| drop(entries.remove(4)), "not one end"),
            ("two ends", |entries, _, _| entries.push(entries[4].clone()), "not one end"),
            ("an end of nothing", |entries, _, _| entries[4].1["request"] = "c".into(), "not one end"),
            ("another end", |entries, _, _| entries[4].1["end"] = "aborted".into(), "not so in the record"),
            ("another backend", |entries, _, _| entries[4].1["backend"] = "abroad".into(), "not so in the record"),
            ("nobody began it", |_, _, seen| set(seen.begun.remove("2")), "no server began it"),
            ("sent twice", |_, _, seen| set(seen.asked.insert("2".into(), 2)), "sent without an entry"),
            ("sent without anything", |_, _, seen| set(seen.asked.insert("3".into(), 1)), "sent without an entry"),
            ("run twice", |_, _, seen| set(seen.begun.insert("1".into(), 2)), "ran twice"),
            ("abroad in silence", |_, _, seen| set(seen.abroad.insert("2".into(), 1)), "no clause was open"),
            ("no clause for it", |_, told, _| told[0].kind = Kind::ClauseClosed, "no clause was open"),
            (
                "no word of it",
                |entries, _, _| drop(entries[1].1.as_object_mut().unwrap().remove("crossed")),
                "without a clause",
            ),
            ("too soon", |entries, _, _| entries[1].0 = 1_900, "left 1900 ms after it was asked"),
            ("one id", |_, told, _| told[1].id = "a".into(), "two requests have one id"),
        ];
        for (name, breaks, says) in rows {
            let (mut entries, mut told, mut seen) = good();
            breaks(&mut entries, &mut told, &mut seen);
            let found = faults(&entries, &told, &seen);
            assert!(found.iter().any(|fault| fault.contains(says)), "{name}: {found:?}");
        }
        for (name, cause, crossing, says) in [
            ("full, and left at once", "full", "unavailable", "something was full"),
            ("an error of the request", "error", "waited", "an error of the request itself"),
            ("a cause without a clause", "full", "full", "has no clause"),
        ] {
            let (mut entries, told, seen) = good();
            entries[1].1["cause"] = cause.into();
            entries[1].1["crossed"]["cause"] = crossing.into();
            let found = faults(&entries, &told, &seen);
            assert!(found.iter().any(|fault| fault.contains(says)), "{name}: {found:?}");
        }
        for (name, place, says) in
            [("not planned", "nowhere", "not in the plan"), ("turned round", "home", "is not from")]
        {
            let (mut entries, told, seen) = good();
            entries[1].1["sending"]["backend"] = place.into();
            let found = faults(&entries, &told, &seen);
            assert!(found.iter().any(|fault| fault.contains(says)), "{name}: {found:?}");
        }
    }
}
