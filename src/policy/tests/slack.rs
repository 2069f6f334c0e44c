//! What a sheet leaves open without saying so: parts of an `allow` that no scenario watches, dated lines beside conditions, duties
//! under `unless not`.

use super::*;
use crate::policy::study::{Kind, Study};

fn study(statements: &str) -> Study {
    let (catalogue, files) = (all_types(), sources(&format!("{HEADER}{statements}"), example()));
    Study::new(&files, &catalogue, &every(&catalogue), &vocabulary(), now()).unwrap()
}

#[test]
fn each_part_of_what_an_allow_asks_of_a_backend_wants_a_scenario() {
    let allow = "allow backends on premises\nallow backends located in EEA and controlled from EEA\n";
    let changes = |statements: &str| -> Vec<String> {
        study(statements).mutants().into_iter().map(|mutant| mutant.change).collect()
    };
    let change = "`allow backends` number 2 no longer asks `controlled from EEA`";
    assert!(changes(allow).iter().any(|told| told == change), "{:?}", changes(allow));
    let watched = format!("{allow}scenario \"an American one in Europe\" given nothing then refused us-owned-in-eea\n");
    assert!(!changes(&watched).iter().any(|told| told == change), "{:?}", changes(&watched));
}

/// Each change has a name of its own, also where two parts of a condition differ by a `not`: what is suggested can be pasted.
#[test]
fn changes_that_differ_by_a_not_are_told_apart() {
    let sheet = "allow backends on premises\nallow backends named cloud-us\nrule r because \"x\" when tenant is \"t1\" or not tenant is \"t1\" never backends named cloud-us\n";
    let before = study(sheet);
    let changes: Vec<String> = before.mutants().into_iter().map(|mutant| mutant.change).collect();
    for part in ["tenant is \"t1\"", "not tenant is \"t1\""] {
        let change = format!("rule `r` no longer asks `{part}`");
        assert!(changes.contains(&change), "{change}: {changes:#?}");
    }
    let suggested: String = before.suggest().into_iter().map(|one| one.text).collect();
    assert!(!suggested.is_empty());
    let faults = compiled(&sources(&format!("{HEADER}{sheet}{suggested}"), example())).err().unwrap_or_default();
    assert!(faults.is_empty(), "{suggested}{}", faults.iter().map(render).collect::<Vec<_>>().join("\n"));
}

#[test]
fn a_line_that_ends_sooner_swallows_no_condition() {
    for (dated, misread) in [("", true), (" until 2027-01-31", false)] {
        let sheet = format!("allow backends named cloud-us{dated}\nallow backends named cloud-us when app is \"a\"\n");
        let found: Vec<Kind> = study(&sheet).misreadings().into_iter().map(|advice| advice.kind).collect();
        assert_eq!(found.contains(&Kind::Misread), misread, "{dated}");
    }
}

#[test]
fn duties_under_unless_not_are_about_that_data_too() {
    for (condition, refused) in [
        ("when data includes personal", true),
        ("unless not data includes personal", true),
        ("unless data includes iban", false),
    ] {
        let sheet = format!("{HEADER}{ALLOW_ALL}rule r because \"x\" {condition} must redact email\n");
        let faults = compiled(&sources(&sheet, example())).err().unwrap_or_default();
        let crosses = faults.iter().any(|fault| fault.code() == "octroi::policy::crosses-unchanged");
        assert_eq!(crosses, refused, "{condition}: {faults:?}");
    }
}

#[test]
fn folders_that_cannot_be_compared_are_undecided() {
    use crate::policy::study::Differences;
    let study = study("allow backends on premises\n");
    let told = Differences::undecided(&study, &study, "no".to_owned());
    assert!(!told.no_flow_is_opened && !told.whole && told.undecided == ["no"] && told.refused_undecided == ["no"]);
}

/// A duty that lets its own data cross, and a condition that says nothing, are told in one run, each with its place.
#[test]
fn what_would_be_misread_is_told_with_the_rest() {
    let sheet = format!(
        "{HEADER}allow backends named cloud-us\nallow backends named cloud-us when app is \"a\"\nrule r because \"x\" when data includes personal must pseudonymise email\n"
    );
    let (catalogue, sources) = (all_types(), sources(&sheet, example()));
    let faults = Study::new(&sources, &catalogue, &every(&catalogue), &vocabulary(), now()).unwrap_err();
    let told: Vec<(&str, String)> = faults.iter().map(|fault| (fault.code(), render(fault))).collect();
    assert_eq!(told.len(), 2, "{told:#?}");
    assert!(told[0].0 == "octroi::policy::idle-condition" && told[0].1.contains("main.policy:5:1"), "{told:#?}");
    assert!(told[1].0 == "octroi::policy::crosses-unchanged" && told[1].1.contains("main.policy:6:6"), "{told:#?}");
}

/// So are conditions that are too wide, and what is misread beside a line that cannot be read.
#[test]
fn what_needs_the_whole_sheet_is_told_beside_faults() {
    let wide = ["(app is \"a\" or app is \"b\")"; 11].join(" and ");
    let sheet = format!(
        "{HEADER}allow backends named cloud-us\nallow backends named cloud-us when app is \"a\"\nrule r because \"x\" when {wide} only backends on premises\nrule s because \"x\" when {wide} only backends domestic\nexception e for rule r because \"x\" until 2027-01-01 approved by \"DPO\"\n"
    );
    let told = |sheet: &str| -> Vec<String> {
        let (catalogue, sources) = (all_types(), sources(sheet, example()));
        let faults = Study::new(&sources, &catalogue, &every(&catalogue), &vocabulary(), now()).unwrap_err();
        faults.iter().map(|fault| format!("{} {}", fault.code(), render(fault).lines().next().unwrap())).collect()
    };
    let lines = [
        "idle-condition main.policy:5:1",
        "too-wide main.policy:6:6",
        "too-wide main.policy:7:6",
        "spares-all main.policy:8:11",
    ];
    let expected = |told: &[String], lines: &[&str]| {
        assert_eq!(told.len(), lines.len(), "{told:#?}");
        for (fault, line) in told.iter().zip(lines) {
            assert!(fault.contains(line), "{told:#?}");
        }
    };
    expected(&told(&sheet), &lines);
    let broken = format!("{sheet}rule t\n  because \"x\"\n  only backends green\n");
    expected(&told(&broken), &[&lines[..], &["unknown-word main.policy:11:17"]].concat());
}

/// A weakening that no request shows is none, also where packs that concern everything stand beside it.
#[test]
fn an_allow_beside_packs_is_proven_to_be_no_weaker() {
    let statements = "use pack unknown-means-home, gdpr-special-categories\nallow backends on premises\nallow backends located in EEA and controlled from EEA\nallow backends exposed to US when app is \"public-website\"\nrule pseudonyms\n  because \"GDPR\"\n  when data includes personal\n  on backends located outside EEA or exposed to US\n  only backends with transfer basis and retention none and training never\n  must pseudonymise personal\n";
    let undecided: Vec<String> =
        study(statements).mutants().into_iter().filter(|mutant| mutant.undecided).map(|mutant| mutant.change).collect();
    assert!(undecided.is_empty(), "{undecided:?}");
}
