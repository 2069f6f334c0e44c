//! Reading a sheet ends, whatever it says, and tells no more faults than it has tokens.

use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::limits::POLICY_FAULTS_MAX;
use crate::policy::diagnostic::File;
use crate::policy::parser::parse;
use crate::policy::phrase::{self, Language};

/// The faults of one text, as many as the parser tells.
fn faults(text: &str, language: Language) -> Vec<String> {
    let mut faults = Vec::new();
    parse(&File::new("main.policy", text, language), &mut faults);
    faults.iter().map(render).collect()
}

/// Each of these once made the parser tell the same fault for ever.
#[test]
fn a_clause_in_the_wrong_statement_is_told_once() {
    let clauses = [
        ("unless", "unless app is \"x\""),
        ("from", "from 2026-12-01"),
        ("never", "never backends exposed to US"),
        ("only", "only backends on premises"),
        ("on", "on backends on premises"),
        ("prefer", "prefer backends on premises"),
        ("must", "must redact health"),
        ("keep", "keep email because \"x\""),
    ];
    for (name, clause) in clauses {
        let sheet = format!(
            "{HEADER}exception e\n  for rule r\n  because \"b\"\n  {clause}\n  until 2027-02-28\n  approved by \"DPO\"\nlabel\nallow backends on premises\n"
        );
        let told = faults(&sheet, Language::En);
        assert_eq!(told.len(), 2, "{name}: {told:#?}");
        assert!(told[0].contains("main.policy:7:3"), "{name}: {}", told[0]);
        assert!(told[1].contains("main.policy:10:1"), "{name}: what is wrong behind it is told too: {}", told[1]);
    }
}

#[test]
fn more_faults_than_are_shown_end_the_sheet() {
    let sheet = format!("{HEADER}{}", "exception e\nunless\n".repeat(20_000));
    let told = faults(&sheet, Language::En).len();
    assert!((POLICY_FAULTS_MAX..POLICY_FAULTS_MAX + 10).contains(&told), "{told}");
}

/// A phrase of the vocabulary, or what stands between phrases.
fn token(language: Language) -> BoxedStrategy<String> {
    let phrases: Vec<&str> = phrase::all().map(|phrase| phrase.surface(language)).collect();
    let between = ["\n", "\n  ", "\n", ",", "(", ")", "\"x\"", "\"r\"", "r", "7", "2027-02-28", "health", "FR", "#"];
    prop_oneof![3 => select(phrases).prop_map(str::to_owned), 2 => select(between.to_vec()).prop_map(str::to_owned)]
        .boxed()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_of_phrases_is_read_to_its_end(
        (language, tokens) in select(Language::ALL.to_vec())
            .prop_flat_map(|language| (Just(language), proptest::collection::vec(token(language), 0..80))),
        begins in select(vec!["", "policy \"x\" version 1 owner \"o\" review before 2027-01-01\n", "exception e\n", "rule r\n"]),
    ) {
        let told = faults(&format!("{begins}{}", tokens.join(" ")), language);
        // Each fault is about a token; those of a whole rule or header come on top.
        prop_assert!(told.len() <= 2 * tokens.len() + 20, "{} faults of {} tokens", told.len(), tokens.len());
    }
}
