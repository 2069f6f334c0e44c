//! Sheets of few words, whose whole space of requests can be visited.
//!
//! Two sheets written apart share next to nothing; of a policy and its next version nearly everything is the same. So a sheet is kept
//! in parts, and [`versions`] changes some of them.

use proptest::prelude::*;
use proptest::sample::select;

use super::random::clause;

/// A sheet in parts.
#[derive(Debug, Clone)]
struct Parts {
    labels: &'static str,
    allows: Vec<String>,
    rules: Vec<String>,
    rest: &'static str,
    fall_back: &'static str,
}

impl Parts {
    fn sheet(&self) -> String {
        let header =
            super::HEADER.replace("labels \"Public\", \"Internal\", \"Secret\"", &format!("labels {}", self.labels));
        let rules: Vec<String> =
            self.rules.iter().enumerate().map(|(at, rule)| format!("rule r{at}\n{rule}")).collect();
        format!("{header}{}{}{}{}", self.allows.concat(), rules.concat(), self.rest, self.fall_back)
    }
}

/// A sheet whose space of requests can be visited whole: few words, short conditions.
pub(in crate::policy) fn sheet() -> BoxedStrategy<String> {
    parts().prop_map(|parts| parts.sheet()).boxed()
}

/// A sheet and a next version of it: some parts are another's, or a rule is gone or new.
pub(in crate::policy) fn versions() -> BoxedStrategy<(String, String)> {
    let choice = || proptest::bool::weighted(0.3);
    let choices = (choice(), choice(), choice(), choice(), choice(), choice());
    (parts(), parts(), choices, any::<proptest::sample::Index>())
        .prop_map(|(one, another, (labels, allows, rule, more, rest, fall_back), at)| {
            let mut next = one.clone();
            if labels {
                next.labels = another.labels;
            }
            if allows {
                next.allows = another.allows;
            }
            if rule && !next.rules.is_empty() {
                let at = at.index(next.rules.len());
                match another.rules.first() {
                    Some(other) => next.rules[at] = other.clone(),
                    None => drop(next.rules.remove(at)),
                }
            }
            if more {
                next.rules.extend(another.rules.last().cloned());
            }
            if rest {
                next.rest = another.rest;
            }
            if fall_back {
                next.fall_back = another.fall_back;
            }
            (one.sheet(), next.sheet())
        })
        .boxed()
}

fn parts() -> BoxedStrategy<Parts> {
    let atom = || {
        select(
            &[
                "data includes personal",
                "data includes health",
                "data includes health of a person",
                "data includes at least 2 email",
                "not data includes iban",
                "data still includes identified email",
                "app is \"a\"",
                "label is \"Secret\"",
                "leak score at least 700",
                "scan incomplete",
            ][..],
        )
    };
    let condition = || {
        prop_oneof![
            2 => atom().prop_map(str::to_owned),
            1 => (atom(), atom()).prop_map(|(one, other)| format!("({one} and {other})")),
            1 => (atom(), atom()).prop_map(|(one, other)| format!("({one} or {other})")),
        ]
        .boxed()
    };
    let whom = || select(&["on premises", "located in EEA", "exposed to US", "named b0", "not named b0"][..]);
    let allow = (whom(), clause("when", condition()), clause("unless", condition()))
        .prop_map(|(whom, when, unless)| format!("allow backends {whom}\n{when}{unless}"));
    let effect = prop_oneof![
        whom().prop_map(|whom| format!("  never backends {whom}\n")),
        whom().prop_map(|whom| format!("  only backends {whom}\n")),
        (whom(), select(&["pseudonymise", "redact"][..]), select(&["personal", "email"][..])).prop_map(
            |(on, action, what)| format!("  on backends {on}\n  must {action} {what}\n  keep personal because \"t\"\n")
        ),
        Just("  must pseudonymise personal\n".to_owned()),
    ];
    let rule = (clause("when", condition()), clause("unless", condition()), effect)
        .prop_map(|(when, unless, effect)| format!("  because \"a test\"\n{when}{unless}{effect}"));
    let labels = select(
        &[
            "\"Public\", \"Internal\", \"Secret\"",
            "\"Public\", \"Internal\", \"Secret\"",
            "\"Public\", \"Secret\"",
            "\"Public\", \"Internal\", \"Secret\", \"Top\"",
        ][..],
    );
    let rest = select(
        &[
            "",
            "",
            "the label \"Secret\" brings health\n",
            "the label \"Public\" brings health\n",
            "the label \"Secret\" lowers personal issued by \"a\"\n",
            "the label \"Secret\" lowers personal issued by \"a\", \"b\"\n",
            "the label \"Secret\" lowers personal, health issued by \"a\"\n",
            "the label \"Secret\" lowers health issued by \"a\"\nthe label \"Secret\" brings health\n",
        ][..],
    );
    let fall_back = select(
        &[
            "",
            "",
            "fall back if unavailable\n",
            "fall back if unavailable when app is \"a\"\n",
            "fall back if unavailable unless leak score at least 700\n",
            "fall back if unavailable unless label is \"Secret\"\n",
        ][..],
    );
    (labels, proptest::collection::vec(allow, 1..3), proptest::collection::vec(rule, 0..4), rest, fall_back)
        .prop_map(|(labels, allows, rules, rest, fall_back)| Parts { labels, allows, rules, rest, fall_back })
        .boxed()
}
