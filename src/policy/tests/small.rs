//! Sheets of few words, whose whole space of requests can be visited.

use proptest::prelude::*;
use proptest::sample::select;

use super::random::clause;

/// A sheet whose space of requests can be visited whole: few words, short conditions.
pub(in crate::policy) fn sheet() -> BoxedStrategy<String> {
    let atom = || {
        select(
            &[
                "data includes personal",
                "data includes health",
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
    let rest = select(
        &[
            "",
            "",
            "fall back if unavailable\n",
            "the label \"Secret\" brings health\n",
            "the label \"Secret\" lowers personal issued by \"a\"\n",
        ][..],
    );
    (proptest::collection::vec(allow, 1..3), proptest::collection::vec(rule, 0..4), rest)
        .prop_map(|(allows, rules, rest)| {
            let rules: Vec<String> = rules.iter().enumerate().map(|(at, rule)| format!("rule r{at}\n{rule}")).collect();
            let rules = rules.concat();
            format!("{}{}{rules}{rest}", super::HEADER, allows.concat())
        })
        .boxed()
}
