//! Reading a sheet ends, whatever it says, and tells no more faults than it has tokens.

use proptest::prelude::*;
use proptest::sample::select;

use std::collections::BTreeSet;

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

/// What is nested too deep is left out, and nothing stands still before it.
#[test]
fn conditions_nested_too_deep_are_left() {
    for (name, condition) in [
        ("closed", format!("{}data includes health{}", "(".repeat(40), ")".repeat(40))),
        ("open", format!("{}data includes health data includes email", "(".repeat(40))),
        ("on lines of their own", format!("{}\ndata includes health\n  app is \"x\"", "(".repeat(40))),
        ("denied", format!("{}data includes health app is \"x\"", "not ".repeat(40))),
    ] {
        let told = faults(&format!("{HEADER}rule r\n  because \"x\"\n  when {condition}\n"), Language::En);
        assert!(told.iter().any(|told| told.contains("too-deep")), "{name}: {told:#?}");
    }
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

/// A sheet with a fault in each place that has two readings, `<right|wrong>`.
const PLACES: &str = r#"policy "Test" version <1|seven> owner <"dpo"|dpo> <review before|reviewed before> <2027-06-30|2027-02-30>
home FR
labels "Public", "Secret"
group web <of apps|off apps> "a"<| q>, <"b"|7>
<use pack|use pak> minors
the label "Secret" <brings|bringss> trade-secret<,| and> health
the label "Public" lowers personal<,| and> health issued by "a"<,| and> "b"

allow backends on premises
allow backends <located in|locatd in> <DE|ZZ> and<| backends> <controlled from|controled from> <EEA|FX><| foo> when <app in group|app is in group> <web|wob><| foo> and role is "x"<| bar> and tenant is "y" until <2027-01-01|someday>
allow hosted tool web_search when <app is|colour is> "a" <unless|unless banana and> role is "x"

<rule|rulle> one
  <because "x"|>
  when data includes <health|helth><| foo> and (leak score at least <700|2000><| bar> or label is <"Secret"|"Nope">)
  unless <purpose is|porpoise blue> "care" and app in group <web|wub>
  on backends <located outside|locatd outside> <FR|QQ>, or <exposed to US|exposed by US>
  only backends <on premises|on the moon> or certified <HDS|HDX><| truc> or located in <FR|QX>
  <must|muss> <pseudonymise|pseudonimise> health<| foo>, <personal|persnal>
  keep <email|emial> because "y"
  <|bananas are good>
  <|so are pears>
  <from 2026-01-01|from 2027-13-01>

rule two
  because "x"
  <never|nevr> backends located in <US|UX>
  <|never backends located in QQ>

<|xyzzy 7>
<|plugh 8>

exception e
  for rule <two|tow>
  because "z"
  when tenant is "t" and <role is|roll is> "r"
  <until 2027-01-01|>
  <approved by "DPO"|approved>

fall back if unavailable or after <2|9999999> <s|weeks> of waiting when leak score at least <300|5000>

scenario "a"
  given <data|dta> <person|persn><| foo>, and leak score <100|1001> and label <"Public"|"Nope">
  then <refused|refusd> <gpu-paris|gpu-pari><| foo> <and|then> <allowed|admittedly> gpu-paris
scenario "b"
  <given|givn> data <health|heatlh>
  <then|than> gpu-paris must <redact|redcat> <person|persno>
"#;

/// The sheet with these places wrong, and the others right.
fn with_wrong(wrong: &[usize]) -> String {
    let (mut said, mut rest, mut place) = (String::new(), PLACES, 0);
    while let Some((before, behind)) = rest.split_once('<') {
        let (reading, after) = behind.split_once('>').unwrap();
        let (right, otherwise) = reading.split_once('|').unwrap();
        said.push_str(before);
        said.push_str(if wrong.contains(&place) { otherwise } else { right });
        (rest, place) = (after, place + 1);
    }
    said + rest
}

/// Line and message of every fault.
fn told(wrong: &[usize]) -> BTreeSet<String> {
    let faults = match compiled(&sources(&with_wrong(wrong), example())) {
        Ok(_) => Vec::new(),
        Err(faults) => faults,
    };
    let first = |fault: &Diagnostic| {
        let text = render(fault);
        let (place, message) = text.lines().next().unwrap().split_once(": ").unwrap();
        format!("{}: {message}", place.rsplit_once(':').unwrap().0)
    };
    faults.iter().map(first).collect()
}

/// What is told of two places is what is told of each alone: of every `step`th pair, and of all places at once.
fn told_together(step: usize) {
    let places = PLACES.matches('<').count();
    assert_eq!(told(&[]), BTreeSet::new());
    let alone: Vec<BTreeSet<String>> = (0..places).map(|place| told(&[place])).collect();
    for (place, told) in alone.iter().enumerate() {
        assert!(!told.is_empty(), "place {place} is wrong and nothing is told");
    }
    let pairs = (0..places).flat_map(|first| (first + 1..places).map(move |second| [first, second]));
    for [first, second] in pairs.step_by(step) {
        let both: BTreeSet<String> = alone[first].union(&alone[second]).cloned().collect();
        let found = told(&[first, second]);
        assert_eq!(found, both, "places {first} and {second}:\n{}", with_wrong(&[first, second]));
    }
    let all: BTreeSet<String> = alone.iter().flatten().cloned().collect();
    assert_eq!(told(&(0..places).collect::<Vec<_>>()), all);
}

#[test]
fn faults_beside_one_another_are_told_as_each_alone() {
    told_together(15);
}

#[test]
#[ignore = "a minute: `scripts/test --long` runs it"]
fn faults_of_every_two_places_are_told_as_each_alone() {
    told_together(1);
}
