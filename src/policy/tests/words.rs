//! The words of DESIGN section 7: one row for each sentence, named after it, on the inventory entry that it speaks of.

use super::*;
use crate::model::Certainty;
use crate::policy::compile::gather;
use crate::policy::resolved::Quality;
use crate::policy::tree::Expr;

const TRUE: Certainty = Certainty::TRUE;
const FALSE: Certainty = Certainty::FALSE;
const UNKNOWN: Certainty = Certainty::UNKNOWN;

/// Every place known and in France, controlled from France, run by the owner, nothing open.
const FRENCH: &str = "processing = [\"FR\"]\nstorage = [\"FR\"]\nlogs = [\"FR\"]\nsupport = [\"FR\"]\nrun-by-owner = true\ncontrolled-from = \"FR\"\nexposed-to = []\nsub-processors = []\ncertificates = []\ntransfer-basis = []\nadequacy = []\nretention = \"none\"\ntraining = \"never\"\n";

/// The entry with one line replaced, or added; an empty value takes the line out.
fn entry(base: &str, changes: &[&str]) -> String {
    let mut lines: Vec<String> = base.lines().map(str::to_owned).collect();
    for change in changes {
        let (key, value) = change.split_once('=').unwrap();
        lines.retain(|line| line.split('=').next().unwrap().trim() != key.trim());
        if !value.trim().is_empty() {
            lines.push((*change).to_owned());
        }
    }
    format!("[backend.it]\nhosts = [\"it.example\"]\nverified = 2026-11-01\nby = \"dpo\"\n{}\n", lines.join("\n"))
}

/// What a predicate comes to for an entry.
fn truth(predicate: &str, changes: &[&str]) -> Certainty {
    let sheet =
        format!("policy \"t\" version 1 owner \"o\" review before 2027-01-01\nhome FR\nallow backends {predicate}\n");
    let catalogue = all_types();
    let found = gather(&sources(&sheet, &entry(FRENCH, changes)), &catalogue, &every(&catalogue), &vocabulary());
    let gathered = found.unwrap_or_else(|faults| panic!("{faults:?}"));
    gathered.truths(now())[0].holds(&gathered.resolved.allows[0].backends)
}

/// Everywhere: each place in these countries.
fn all(countries: &str) -> Vec<String> {
    ["processing", "storage", "logs", "support"].map(|key| format!("{key} = [{countries}]")).to_vec()
}

#[test]
fn words_about_places() {
    let rows: &[(&str, &str, &[&str], Certainty)] = &[
        ("on premises: run by the owner, located in home", "on premises", &[], TRUE),
        ("on premises: not run by the owner", "on premises", &["run-by-owner = false"], FALSE),
        (
            "on premises: not in home",
            "on premises",
            &["processing = [\"DE\"]", "storage = [\"DE\"]", "logs = [\"DE\"]", "support = [\"DE\"]"],
            FALSE,
        ),
        ("on premises: unknown who runs it", "on premises", &["run-by-owner ="], UNKNOWN),
        ("domestic: located in and controlled from home", "domestic", &["run-by-owner = false"], TRUE),
        ("domestic: controlled from elsewhere", "domestic", &["controlled-from = \"US\""], FALSE),
        ("located in X: every country of processing, storage, logs and support is in X", "located in FR", &[], TRUE),
        ("located in X: support elsewhere is possibly, not surely", "located in FR", &["support = [\"US\"]"], UNKNOWN),
        ("located in X: a place that is unknown is possibly, not surely", "located in FR", &["logs ="], UNKNOWN),
        ("located in X: nothing there", "located in US", &[], FALSE),
        ("located in X: unknown places may be in X", "located in US", &["logs ="], UNKNOWN),
        ("outside X is its negation: surely none", "located outside US", &[], TRUE),
        ("outside X is its negation: a part there", "located outside US", &["logs = [\"US\"]"], UNKNOWN),
        ("outside X is its negation: all there", "located outside FR", &[], FALSE),
        ("nothing stored counts as nowhere", "located in FR", &["storage = []"], TRUE),
        ("several areas are taken together", "located in any of DE, FR", &["logs = [\"DE\"]"], TRUE),
        ("FR excludes territories with codes of their own", "located in FR", &["logs = [\"RE\"]"], UNKNOWN),
        ("unless FR with overseas", "located in FR with overseas", &["logs = [\"RE\"]"], TRUE),
        ("FR with overseas takes in New Caledonia", "located in FR with overseas", &["logs = [\"NC\"]"], TRUE),
        ("EEA includes Norway", "located in EEA", &["logs = [\"NO\"]"], TRUE),
        ("EU does not include Norway", "located in EU", &["logs = [\"NO\"]"], UNKNOWN),
        ("EEA does not include Switzerland", "located in EEA", &["logs = [\"CH\"]"], UNKNOWN),
        ("controlled from: the ultimate control", "controlled from EEA", &["controlled-from = \"DE\""], TRUE),
        ("controlled from: another", "controlled from EEA", &["controlled-from = \"US\""], FALSE),
        ("controlled from: undeclared", "controlled from EEA", &["controlled-from ="], UNKNOWN),
        (
            "verified on a day that has not come is unknown",
            "controlled from EEA",
            &["controlled-from = { value = \"FR\", verified = 2026-11-23 }"],
            UNKNOWN,
        ),
        (
            "verified today stands",
            "controlled from EEA",
            &["controlled-from = { value = \"FR\", verified = 2026-11-22 }"],
            TRUE,
        ),
        (
            "past its date is unknown",
            "controlled from EEA",
            &["controlled-from = { value = \"FR\", until = 2026-11-21 }"],
            UNKNOWN,
        ),
        (
            "until DATE includes that day",
            "controlled from EEA",
            &["controlled-from = { value = \"FR\", until = 2026-11-22 }"],
            TRUE,
        ),
        ("the entry's own date bounds all its values", "controlled from EEA", &["until = 2026-11-21"], UNKNOWN),
    ];
    for (sentence, predicate, changes, expected) in rows {
        assert_eq!(truth(predicate, changes), *expected, "{sentence}");
    }
}

#[test]
fn the_outermost_regions_are_in_the_eea_and_the_overseas_territories_are_not() {
    for (codes, expected) in
        [(["GF", "GP", "MF", "MQ", "RE", "YT"], TRUE), (["NC", "PF", "PM", "WF", "BL", "TF"], FALSE)]
    {
        for code in codes {
            let places = all(&format!("\"{code}\""));
            let places: Vec<&str> = places.iter().map(String::as_str).collect();
            assert_eq!(truth("located in EEA", &places), expected, "{code}");
        }
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn words_about_law_and_contract() {
    let rows: &[(&str, &str, &[&str], Certainty)] = &[
        ("exposed to: surely when declared", "exposed to US", &["exposed-to = [\"US\"]"], TRUE),
        ("exposed to: excluded by a complete declaration", "exposed to US", &[], FALSE),
        ("exposed to: possibly when not excluded", "exposed to US", &["exposed-to ="], UNKNOWN),
        ("exposed to: through parents", "exposed to US", &["controlled-from = \"US\""], TRUE),
        ("exposed to: control unknown", "exposed to US", &["controlled-from ="], UNKNOWN),
        ("exposed to: through a place", "exposed to US", &["logs = [\"US\"]"], TRUE),
        ("exposed to: a place unknown", "exposed to US", &["support ="], UNKNOWN),
        (
            "exposed to: through sub-processors",
            "exposed to US",
            &["sub-processors = [{ name = \"s\", controlled-from = \"FR\", exposed-to = [\"US\"] }]"],
            TRUE,
        ),
        (
            "exposed to: through a sub-processor's control",
            "exposed to US",
            &["sub-processors = [{ name = \"s\", controlled-from = \"PR\", exposed-to = [] }]"],
            TRUE,
        ),
        (
            "exposed to: a sub-processor that says nothing",
            "exposed to US",
            &["sub-processors = [{ name = \"s\" }]"],
            UNKNOWN,
        ),
        ("exposed to: sub-processors unknown", "exposed to US", &["sub-processors ="], UNKNOWN),
        (
            "exposed to: a sub-processor in a region that nobody knows",
            "exposed to US",
            &[
                "sub-processors = [{ name = \"s\", controlled-from = \"FR\", exposed-to = [], countries = [\"aws:moon\"] }]",
            ],
            UNKNOWN,
        ),
        (
            "transfer basis: a sub-processor abroad without any",
            "with transfer basis",
            &["sub-processors = [{ name = \"s\", countries = [\"US\"] }]"],
            FALSE,
        ),
        (
            "transfer basis: a sub-processor abroad under an instrument",
            "with transfer basis",
            &[
                "sub-processors = [{ name = \"s\", countries = [\"US\"] }]",
                "transfer-basis = [{ kind = \"binding-corporate-rules\", dated = 2026-01-05, until = 2027-01-04 }]",
            ],
            TRUE,
        ),
        (
            "transfer basis: sub-processors of whom there is no list today",
            "with transfer basis",
            &["sub-processors = { value = [], until = 2026-11-21 }"],
            UNKNOWN,
        ),
        (
            "certified: obtained and in date",
            "certified HDS",
            &["certificates = [{ scheme = \"HDS\", valid-until = 2026-11-22 }]"],
            TRUE,
        ),
        (
            "certified: run out is unknown",
            "certified HDS",
            &["certificates = [{ scheme = \"HDS\", valid-until = 2026-11-21 }]"],
            UNKNOWN,
        ),
        (
            "certified: in progress is not obtained",
            "certified HDS",
            &["certificates = [{ scheme = \"HDS\", status = \"in progress\", valid-until = 2030-01-01 }]"],
            FALSE,
        ),
        (
            "certified: another scheme",
            "certified HDS",
            &["certificates = [{ scheme = \"SecNumCloud\", valid-until = 2030-01-01 }]"],
            FALSE,
        ),
        ("certified: undeclared", "certified HDS", &["certificates ="], UNKNOWN),
        ("transfer basis: one surely located in the EEA needs none", "with transfer basis", &[], TRUE),
        ("transfer basis: abroad without any", "with transfer basis", &["logs = [\"US\"]"], FALSE),
        (
            "transfer basis: abroad, undeclared",
            "with transfer basis",
            &["logs = [\"US\"]", "transfer-basis ="],
            UNKNOWN,
        ),
        (
            "transfer basis: an instrument in date",
            "with transfer basis",
            &[
                "logs = [\"US\"]",
                "transfer-basis = [{ kind = \"standard-contractual-clauses\", dated = 2026-01-05, until = 2026-11-22 }]",
            ],
            TRUE,
        ),
        (
            "transfer basis: an instrument past its date",
            "with transfer basis",
            &[
                "logs = [\"US\"]",
                "transfer-basis = [{ kind = \"standard-contractual-clauses\", dated = 2026-01-05, until = 2026-11-21 }]",
            ],
            UNKNOWN,
        ),
        (
            "transfer basis: an instrument not yet signed",
            "with transfer basis",
            &[
                "logs = [\"US\"]",
                "transfer-basis = [{ kind = \"standard-contractual-clauses\", dated = 2026-11-23, until = 2027-11-21 }]",
            ],
            FALSE,
        ),
        (
            "transfer basis: an instrument for another country",
            "with transfer basis",
            &[
                "logs = [\"US\", \"IN\"]",
                "transfer-basis = [{ kind = \"standard-contractual-clauses\", dated = 2026-01-05, until = 2030-01-01, countries = [\"IN\"] }]",
            ],
            FALSE,
        ),
        (
            "transfer basis: an adequacy decision for the whole country",
            "with transfer basis",
            &["logs = [\"CH\"]"],
            TRUE,
        ),
        (
            "transfer basis: a limited decision whose scope is not declared",
            "with transfer basis",
            &["logs = [\"JP\"]", "adequacy ="],
            UNKNOWN,
        ),
        (
            "transfer basis: a limited decision that does not cover it",
            "with transfer basis",
            &["logs = [\"JP\"]"],
            FALSE,
        ),
        (
            "transfer basis: a limited decision whose scope includes it",
            "with transfer basis",
            &["logs = [\"JP\"]", "adequacy = [{ country = \"JP\", until = 2027-01-01 }]"],
            TRUE,
        ),
        ("transfer basis: an unknown place", "with transfer basis", &["logs ="], UNKNOWN),
        ("retention none", "retention none", &[], TRUE),
        ("retention of days", "retention none", &["retention = { days = 30 }"], FALSE),
        ("retention undeclared", "retention none", &["retention ="], UNKNOWN),
        ("training never", "training never", &[], TRUE),
        ("training by default", "training never", &["training = \"opt-out\""], FALSE),
        ("named", "named it", &[], TRUE),
        ("not negates one predicate", "not located in FR and on premises", &[], FALSE),
        ("not negates what is in brackets", "not (located in US and on premises)", &[], TRUE),
        ("a comma binds less: a, or b and c", "on premises, or located in US and certified HDS", &[], TRUE),
        ("a comma binds less: a or b, and c", "on premises or located in US, and certified HDS", &[], FALSE),
    ];
    for (sentence, predicate, changes, expected) in rows {
        assert_eq!(truth(predicate, changes), *expected, "{sentence}");
    }
}

#[test]
fn until_a_date_ends_at_home() {
    // 23:30 on the 22nd in Paris is 22:30 in Greenwich; half an hour later the day is over in Paris.
    let sheet =
        "policy \"t\" version 1 owner \"o\" review before 2027-01-01\nhome FR\nallow backends controlled from EEA\n";
    let inventory = entry(FRENCH, &["controlled-from = { value = \"DE\", until = 2026-11-22 }"]);
    let catalogue = all_types();
    for (instant, surely) in [("2026-11-22T22:59:59Z", true), ("2026-11-22T23:00:00Z", false)] {
        let now: Timestamp = instant.parse().unwrap();
        let policy = compile(&sources(sheet, &inventory), &catalogue, &every(&catalogue), &vocabulary(), now).unwrap();
        let plan = decide(&policy, &nothing(), &everyone(&policy), now);
        assert_eq!(plan.choices.len(), usize::from(surely), "{instant}");
        if surely {
            assert_eq!(policy.valid_until(), Some("2026-11-22T23:00:00Z".parse().unwrap()));
        }
    }
}

#[test]
fn two_bits_are_never_surely_and_not_possibly() {
    let gathered_of = |inventory: &str| {
        let sheet =
            "policy \"t\" version 1 owner \"o\" review before 2027-01-01\nhome FR\nallow backends on premises\n";
        let catalogue = all_types();
        gather(&sources(sheet, inventory), &catalogue, &every(&catalogue), &vocabulary()).unwrap()
    };
    let gathered = gathered_of(example());
    let eea = gathered.world.eea.clone();
    let qualities = [
        Quality::OnPremises,
        Quality::Domestic,
        Quality::LocatedIn(eea.clone()),
        Quality::ControlledFrom(eea),
        Quality::ExposedTo(Word::fixed("US")),
        Quality::Certified { scheme: Word::fixed("HDS"), level: None },
        Quality::Certified { scheme: Word::fixed("HDS"), level: Some(Word::fixed("2024")) },
        Quality::Contract,
        Quality::KeysOurs,
        Quality::Attested,
        Quality::TransferBasis,
        Quality::RetentionNone,
        Quality::TrainingNever,
    ];
    for truth in gathered.truths(now()) {
        for quality in qualities.clone() {
            let certainty = truth.holds(&Expr::Is(quality.clone()));
            assert!(certainty.possibly || !certainty.surely, "{quality:?}");
        }
    }
}

#[test]
fn tiers() {
    let rows: &[(&str, &[&str], &str)] = &[
        ("run by the owner, located in home", &[], "on premises"),
        ("located in and controlled from home", &["run-by-owner = false"], "domestic"),
        ("unknown who runs it: the first tier that it surely meets", &["run-by-owner ="], "domestic"),
        ("located in and controlled from the EEA", &["logs = [\"DE\"]", "run-by-owner = false"], "EEA"),
        ("controlled from an adequate country", &["controlled-from = \"CH\""], "on premises"),
        (
            "located in and controlled from the EEA or adequate countries",
            &["controlled-from = \"CH\"", "run-by-owner = false"],
            "adequate",
        ),
        ("a limited decision that does not include it", &["controlled-from = \"JP\"", "run-by-owner = false"], "other"),
        (
            "a limited decision that includes it",
            &[
                "controlled-from = \"JP\"",
                "run-by-owner = false",
                "adequacy = [{ country = \"JP\", until = 2027-01-01 }]",
            ],
            "adequate",
        ),
        ("the rest", &["controlled-from = \"US\"", "run-by-owner = false"], "other"),
        ("nothing declared", &["processing =", "controlled-from ="], "other"),
    ];
    let sheet = "policy \"t\" version 1 owner \"o\" review before 2027-01-01\nhome FR\nallow backends on premises\n";
    for (sentence, changes, tier) in rows {
        let policy = good(&sources(sheet, &entry(FRENCH, changes)));
        assert_eq!(policy.backends()[0].tier.name(), *tier, "{sentence}");
    }
}

/// The list of sub-processors is a truth like any other: what of it is not known opens nothing.
#[test]
fn unknown_sub_processors_may_be_anywhere() {
    let unknown = [
        ("not declared", "sub-processors ="),
        ("run out", "sub-processors = { value = [], until = 2026-11-21 }"),
        ("not verified yet", "sub-processors = { value = [], verified = 2026-11-23 }"),
        ("one that does not say where it works", "sub-processors = [{ name = \"s\" }]"),
        (
            "one in a region that nobody knows",
            "sub-processors = [{ name = \"s\", countries = [\"FR\", \"aws:moon\"] }]",
        ),
    ];
    for (name, line) in unknown {
        for predicate in ["on premises", "domestic", "located in FR", "located in EEA", "located outside US"] {
            assert_eq!(truth(predicate, &[line]), UNKNOWN, "{name}: {predicate}");
        }
    }
    let known = "sub-processors = [{ name = \"s\", countries = [\"FR\"] }]";
    assert_eq!(truth("on premises", &[known]), TRUE, "one that is known hides nothing");
    // The tier is the first that it surely meets.
    for (line, tier) in unknown
        .map(|(_, line)| (line, crate::model::Tier::Other))
        .into_iter()
        .chain([(known, crate::model::Tier::OnPremises)])
    {
        let sheet = format!("{HEADER}allow backends on premises\n");
        let policy = good(&sources(&sheet, &entry(FRENCH, &[line])));
        assert_eq!(policy.backends()[0].tier, tier, "{line}");
    }
}
