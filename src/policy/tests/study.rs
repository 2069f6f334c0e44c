//! The officer's tools: what they claim holds for every request, and what they show is so.

use super::*;
use crate::policy::study::{Begin, Kind, Study};

fn studied(sheet: &str, inventory: &str) -> Study {
    let catalogue = all_types();
    Study::new(&sources(sheet, inventory), &catalogue, &every(&catalogue), &vocabulary(), now())
        .unwrap_or_else(|faults| panic!("{}", faults.iter().map(render).collect::<Vec<_>>().join("\n")))
}

fn study(statements: &str) -> Study {
    studied(&format!("{HEADER}{statements}"), example())
}

fn kinds(study: &Study) -> Vec<Kind> {
    let kinds = study.lint().into_iter().map(|advice| advice.kind);
    kinds.filter(|kind| kind.is_finding() && *kind != Kind::Unproven).collect()
}

const HEALTH: &str = "rule health because \"x\" when data includes health only backends located in EEA\n";

#[test]
fn a_question_in_words_is_answered() {
    let study = study(&format!("{ALLOW_ALL}{HEALTH}"));
    for (question, backends, allowed) in [
        ("health and FR resident to cloud-us", 1, 0),
        ("health and FR resident to cloud-de", 1, 1),
        ("health, 3 person, Secret", 7, 5),
        ("nothing to cloud-us?", 1, 1),
        ("data email and app \"x\" and minors to cloud-us", 1, 1),
        ("app website to cloud-us", 1, 1),
        ("health and app website to cloud-us", 1, 0),
    ] {
        let answer = study.ask(question, false).unwrap_or_else(|faults| panic!("{question}: {faults:?}"));
        let may = answer.backends.iter().filter(|backend| backend.allowed).count();
        assert_eq!((answer.backends.len(), may), (backends, allowed), "{question}: {answer:?}");
    }
    let faults = study.ask("helth to cloud-us", false).unwrap_err();
    assert!(render(&faults[0]).contains("did you mean `health`"));
    assert!(study.ask("health to cloud-uss", false).is_err());
}

/// A question is read with the articles left out and in everyday words; what is not understood is shown in the question.
#[test]
fn a_question_is_read_as_it_is_asked() {
    let head = "politique \"t\" version 1 responsable \"o\" à revoir avant le 2027-06-30\nsiège FR\nmarquages \"Public\", \"Diffusion Restreinte\"\nautoriser les hébergeurs sur site\nautoriser les hébergeurs nationaux quand l'application est \"site public\"\n";
    let french = studied(head, example());
    for (question, given) in [
        ("fr_nir et application \"x\" vers cloud-us", "l'application \"x\" et des données fr_nir"),
        ("le NIR vers cloud-us", "des données fr_nir"),
        ("site public vers cloud-us", "l'application \"site public\""),
        ("santé et \"site public\"", "des données santé et l'application \"site public\""),
        ("application autre-site et courriel", "des données courriel et l'application \"autre-site\""),
        ("numéro de sécurité sociale → cloud-us", "des données fr_nir"),
        ("données personnelles vers cloud-us", "des données personnel"),
        ("des données de santé", "des données santé"),
        ("score de fuite 700 vers cloud-us", "le score de fuite 700"),
        ("le score de fuite de 700 vers cloud-us", "le score de fuite 700"),
        ("résidence FR et sante vers cloud-us", "des données santé et la résidence FR"),
        ("résident FR, l'IBAN", "des données iban et la résidence FR"),
        (
            "l'application est \"vers la lune\" et 3 personnes",
            "des données 3 personne et l'application \"vers la lune\"",
        ),
        ("diffusion restreinte et mineurs", "le marquage \"Diffusion Restreinte\" et des mineurs"),
        ("des mineurs sont concernés", "des mineurs"),
        ("santé d'une personne vers cloud-us ?", "des données santé d'une personne, santé"),
        ("rien", "rien"),
    ] {
        let answer = french.ask(question, false).unwrap_or_else(|faults| panic!("{question}: {faults:?}"));
        let sorted = |text: &str| {
            let mut parts: Vec<String> = text.split(" et ").map(str::to_owned).collect();
            parts.sort();
            parts
        };
        assert_eq!(sorted(&answer.given), sorted(given), "{question}");
    }
    for (question, place, told) in [
        ("santé vers cloud-uss", 12, "vouliez-vous dire `cloud-us`"),
        ("santé et dossiers clos vers cloud-us", 10, "`dossiers clos` n'est pas une classe"),
        ("score de fuite élevé vers cloud-us", 16, "un nombre est attendu"),
        ("fr_nir application \"x\" vers cloud-us", 8, "attendu : `et` ou `,`"),
    ] {
        let faults = french.ask(question, false).unwrap_err();
        let shown = render(&faults[0]);
        assert_eq!((faults.len(), faults[0].place()), (1, (1, place)), "{question}: {shown}");
        assert!(shown.contains(told) && shown.contains(&format!("1 | {question}")), "{question}: {shown}");
    }
}

#[test]
fn the_smallest_change_is_named() {
    let study = study(&format!(
        "{ALLOW_ALL}rule h because \"x\" when data includes health only backends on premises, or certified HDS and retention none\nrule p because \"x\" when data includes iban never backends exposed to US\n"
    ));
    let change = |question: &str| study.ask(question, true).unwrap().backends[0].smallest_change.clone();
    assert_eq!(change("health to cloud-de").as_deref(), Some("certify HDS"));
    assert_eq!(change("health to cloud-unknown").as_deref(), Some("certify HDS, agree that nothing is kept"));
    assert_eq!(change("2 iban and email to cloud-us").as_deref(), Some("take out 2 iban"));
    assert_eq!(change("email to cloud-us"), None);
}

#[test]
fn the_smallest_change_may_be_a_duty_or_a_number_less() {
    let study = study(&format!(
        "{ALLOW_ALL}rule i because \"x\" when data still includes identified personal never backends exposed to US\n\
         rule n because \"x\" when data includes at least 3 fr_nir never backends located in DE\n\
         rule c because \"x\" when data includes iban only backends on premises, or certified HDS\n"
    ));
    let change = |question: &str| study.ask(question, true).unwrap().backends[0].smallest_change.clone();
    for (question, expected) in [
        ("2 email to cloud-us", "pseudonymise 2 email"),
        ("2 email and 3 person to cloud-us", "pseudonymise 2 email, 3 person"),
        ("health and email to cloud-us", "pseudonymise personal"),
        ("4 fr_nir to cloud-de", "take out 2 fr_nir"),
        ("iban to cloud-de", "certify HDS"),
        ("iban to cloud-us", "certify HDS, pseudonymise 1 iban"),
    ] {
        assert_eq!(change(question).as_deref(), Some(expected), "{question}");
    }
    let both = self::study(
        "allow backends certified HDS\nrule n because \"x\" when data includes at least 3 email never backends located in DE\n",
    );
    let answer = both.ask("4 email to cloud-de", true).unwrap();
    assert_eq!(answer.backends[0].smallest_change.as_deref(), Some("certify HDS, take out 2 email"));
}

#[test]
fn the_matrix_tells_the_plain_case_and_its_exceptions() {
    let study = study(&format!(
        "{ALLOW_ALL}{HEALTH}rule p because \"x\" when data includes personal on backends exposed to US must pseudonymise personal\nrule t because \"x\" when data includes trade-secret unless app is \"lab\" only backends on premises\n"
    ));
    let (columns, rows) = (study.columns(), study.matrix());
    let cell = |class: &str, backend: &str| {
        let row = rows.iter().find(|row| row.class == class).unwrap();
        row.cells[columns.iter().position(|column| column == backend).unwrap()].clone()
    };
    let health = cell("health", "cloud-us");
    assert_eq!((health.verdict, health.exact, health.otherwise.is_none()), ("refused", true, true), "{health:?}");
    assert_eq!(cell("health", "gpu-paris").verdict, "as it is");
    let personal = cell("personal", "cloud-us");
    assert_eq!((personal.verdict, personal.exact), ("changed", true), "{personal:?}");
    assert_eq!(personal.changes, ["pseudonymise personal"]);
    assert!(personal.except.iter().any(|line| line.starts_with("health: refused (rule")), "{:?}", personal.except);
    let financial = cell("financial", "cloud-us");
    assert_eq!(financial.verdict, "changed");
    let secret = cell("trade-secret", "cloud-de");
    assert_eq!(secret.verdict, "refused");
    assert!(secret.otherwise.as_deref().unwrap().contains("\"lab\""), "{secret:?}");
    assert!(rows.iter().flat_map(|row| &row.cells).all(|cell| cell.exact));
}

#[test]
fn lint_finds_bugs_and_nothing_else() {
    let rows: &[(&str, String, &[Kind])] = &[
        ("nothing", format!("{ALLOW_ALL}{HEALTH}"), &[]),
        ("idle allow", format!("{ALLOW_ALL}{HEALTH}allow backends located in NO\n"), &[Kind::IdleAllow]),
        (
            "never fires",
            format!(
                "{ALLOW_ALL}{HEALTH}rule r because \"x\" when app is \"a\" and app is \"b\" only backends domestic\n"
            ),
            &[Kind::Unreachable],
        ),
        (
            "no backend",
            format!("{ALLOW_ALL}{HEALTH}rule r because \"x\" never backends named gpu-paris and named cloud-us\n"),
            &[Kind::Unreachable],
        ),
        (
            "shadowed",
            format!(
                "{ALLOW_ALL}{HEALTH}rule r because \"x\" when data includes health and data includes email never backends named cloud-us\n"
            ),
            &[Kind::Shadowed],
        ),
        (
            "dead end",
            format!(
                "{ALLOW_ALL}{HEALTH}rule r because \"x\" when data includes trade-secret only backends located in NO\n"
            ),
            &[Kind::DeadEnd],
        ),
        (
            "contradiction",
            format!(
                "{ALLOW_ALL}rule a because \"x\" when data includes iban only backends on premises\nrule b because \"x\" when data includes iban never backends on premises\n"
            ),
            &[Kind::Contradiction, Kind::Contradiction],
        ),
        (
            "undoable",
            format!(
                "{ALLOW_ALL}{HEALTH}rule r because \"x\" when data includes email on backends exposed to US must generalise email\n"
            ),
            &[Kind::Undoable],
        ),
        ("swallowed", format!("{ALLOW_ALL}{HEALTH}allow backends on premises when app is \"x\"\n"), &[Kind::Misread]),
        (
            "overdue",
            format!(
                "{ALLOW_ALL}{HEALTH}exception e for rule health because \"x\" when app is \"x\" until 2026-11-21 approved by \"DPO\"\n"
            ),
            &[Kind::Overdue],
        ),
    ];
    for (name, statements, expected) in rows {
        let study = study(statements);
        assert_eq!(kinds(&study), *expected, "{name}: {:?}", study.lint());
    }
}

#[test]
fn ends_and_contested_grounds_are_told() {
    let inventory = example().replace(
        "dated = 2026-01-05, until = 2099-12-31 }]",
        "dated = 2026-01-05, until = 2026-12-24 }]\nadequacy = [{ country = \"US\", until = 2027-12-31 }]",
    );
    let study = studied(&format!("{HEADER}{ALLOW_ALL}{HEALTH}"), &inventory);
    assert_eq!(kinds(&study), [Kind::Expiring, Kind::Contested], "{:?}", study.lint());
}

/// Adequacy where there is nothing that it could name: within the EEA nothing is transferred, and of most countries there is no decision.
#[test]
fn adequacy_that_says_nothing_is_told() {
    for (country, expected) in [("US", &[][..]), ("FR", &[Kind::Baseless]), ("CN", &[Kind::Baseless])] {
        let instrument = "dated = 2026-01-05, until = 2099-12-31 }]";
        let claimed = format!("{instrument}\nadequacy = [{{ country = \"{country}\", until = 2027-12-31 }}]");
        let study = studied(&format!("{HEADER}{ALLOW_ALL}{HEALTH}"), &example().replace(instrument, &claimed));
        let told: Vec<Kind> = kinds(&study).into_iter().filter(|kind| *kind == Kind::Baseless).collect();
        assert_eq!(told, expected, "{country}: {:?}", study.lint());
    }
}

/// Evidence that nobody has looked at yet proves nothing: it is unknown until its day, and that is said.
#[test]
fn what_is_still_to_be_verified_is_unknown_until_then() {
    let home = "allow backends on premises\n";
    let sheet = format!("{HEADER}{home}");
    let at = |day: &str| {
        let inventory = example().replacen("verified = 2026-11-01", &format!("verified = {day}"), 1);
        let policy = good(&sources(&sheet, &inventory));
        (allowed(&policy, &nothing()).len(), policy.valid_until(), policy.notices().to_vec())
    };
    let (served, until, notices) = at("2026-11-22");
    assert_eq!((served, notices.len()), (1, 0), "verified today");
    let (served, sooner, notices) = at("2026-11-23");
    assert_eq!(served, 0, "{notices:?}");
    assert!(
        notices[0].contains("`gpu-paris` is said to be verified on 2026-11-23, which is still to come"),
        "{notices:?}"
    );
    let midnight = "2026-11-22T23:00:00Z".parse().unwrap();
    assert_eq!(sooner, Some(midnight), "it is compiled again when the day begins");
    assert_ne!(until, sooner);
    let inventory = example().replacen("verified = 2026-11-01", "verified = 2026-11-23", 1);
    assert!(kinds(&studied(&sheet, &inventory)).contains(&Kind::Expiring));
}

#[test]
fn a_review_that_is_due_is_told() {
    for (day, told) in [("2026-11-22", 1), ("2026-11-23", 0)] {
        let sheet = format!("{HEADER}{ALLOW_ALL}").replace("review before 2027-06-30", &format!("review before {day}"));
        let study = studied(&sheet, example());
        assert_eq!(study.policy().notices().len(), told, "{day}");
        assert_eq!(kinds(&study).iter().filter(|kind| **kind == Kind::Overdue).count(), told, "{day}");
    }
}

#[test]
fn a_difference_is_shown_and_its_absence_proven() {
    let base = format!("{ALLOW_ALL}{HEALTH}");
    let rows: &[(&str, String, String, usize, usize)] = &[
        ("the same", base.clone(), base.clone(), 0, 0),
        ("in another order", format!("{HEALTH}{ALLOW_ALL}"), base.clone(), 0, 0),
        ("a rule gone", base.clone(), ALLOW_ALL.to_owned(), 2, 0),
        ("a pack more", base.clone(), format!("{base}use pack no-us-controlled\n"), 0, 3),
        (
            "a milder duty",
            format!("{base}rule p because \"x\" on backends exposed to US must redact email\n"),
            format!("{base}rule p because \"x\" on backends exposed to US must pseudonymise email\n"),
            3,
            0,
        ),
        ("a fall back", base.clone(), format!("{base}fall back if unavailable\n"), 1, 0),
        (
            "an exception",
            base.clone(),
            format!(
                "{base}exception e for rule health because \"x\" when app is \"lab\" until 2026-12-01 approved by \"DPO\"\n"
            ),
            2,
            0,
        ),
        (
            "said otherwise",
            format!(
                "{ALLOW_ALL}rule r because \"x\" when data includes iban or data includes email never backends exposed to US\n"
            ),
            format!(
                "{ALLOW_ALL}rule a because \"x\" when data includes iban never backends exposed to US\nrule b because \"y\" when data includes email never backends exposed to US\n"
            ),
            0,
            0,
        ),
        (
            "narrower",
            format!("{ALLOW_ALL}rule r because \"x\" when data includes personal never backends exposed to US\n"),
            format!(
                "{ALLOW_ALL}rule r because \"x\" when data includes at least 2 personal never backends exposed to US\n"
            ),
            3,
            0,
        ),
    ];
    for (name, old, new, opened, refused) in rows {
        let differences = study(old).diff(&study(new)).unwrap();
        let counts = (differences.opened.len(), differences.refused.len());
        assert_eq!(counts, (*opened, *refused), "{name}: {differences:#?}");
        assert_eq!(differences.no_flow_is_opened, *opened == 0, "{name}");
        assert!(differences.whole, "{name}");
    }
}

#[test]
fn mutation_finds_what_no_scenario_notices_and_suggest_repairs_it() {
    let sheet = format!(
        "{HEADER}{ALLOW_ALL}{HEALTH}rule t because \"x\" when data includes trade-secret unless app is \"lab\" only backends on premises\nscenario \"s\" given data health then allowed gpu-paris and refused cloud-us\n"
    );
    let before = studied(&sheet, example());
    let changes: Vec<String> = before.mutants().into_iter().map(|mutant| mutant.change).collect();
    assert_eq!(changes, ["rule `t` taken out"]);
    let coverage = before.coverage();
    assert_eq!((coverage.rules, coverage.silent.as_slice()), (2, &["t".to_owned()][..]));
    let suggested: String = before.suggest().into_iter().map(|suggestion| suggestion.text).collect();
    let after = studied(&format!("{sheet}{suggested}"), example());
    assert!(after.mutants().is_empty(), "{suggested}");
    assert!(run_scenarios(after.policy(), now()).iter().all(|result| result.failures.is_empty()));
}

#[test]
fn a_new_folder_passes_every_tool() {
    let catalogue = all_types();
    let choices: [(&str, &[&str]); 9] = [
        ("FR", &[]),
        ("FR", &["unknown-means-home", "gdpr-special-categories"]),
        ("FR", &["no-us-controlled"]),
        ("DE", &["gdpr-transfers", "fr-hds-health", "fr-nir"]),
        ("FR", &["pci", "minors", "trade-secret"]),
        // Outside the EEA, home is home too.
        ("CH", &[]),
        ("GB", &["gdpr-special-categories", "uk-gdpr"]),
        ("US", &["unknown-means-home", "pci"]),
        ("US", &["gdpr-transfers"]),
    ];
    for (number, (home, packs)) in choices.iter().enumerate() {
        let packs: &[String] = &packs.iter().map(|pack| (*pack).to_owned()).collect::<Vec<_>>();
        let language = Language::ALL[number % 2];
        let begin = Begin { home, packs, language };
        let files = begin
            .files(&catalogue, &every(&catalogue), &vocabulary(), now())
            .unwrap_or_else(|faults| panic!("{packs:?}: {}", faults.iter().map(render).collect::<Vec<_>>().join("\n")));
        passes_every_tool(&files, &format!("{home} {packs:?}"));
    }
}

fn passes_every_tool(files: &[(String, String)], name: &str) {
    let text = |name: &str| files.iter().find(|(path, _)| path == name).unwrap().1.clone();
    let study = studied(&text("main.policy"), &text("backends.toml"));
    assert_eq!(study.misreadings(), [], "{name}");
    let findings: Vec<_> = study.lint().into_iter().filter(|advice| advice.kind.is_finding()).collect();
    assert_eq!(findings, [], "{name}\n{}", text("main.policy"));
    assert!(study.mutants().is_empty(), "{name}: {:?}", study.mutants());
    assert_eq!(format(&file("main.policy", &text("main.policy")), None).unwrap(), text("main.policy"), "{name}");
    let results = run_scenarios(study.policy(), now());
    assert!(results.iter().all(|result| result.failures.is_empty()) && !results.is_empty(), "{name}");
}

/// Whatever pack with whatever home: a folder that passes every tool, or the name of the pack that leaves no backend there.
#[test]
fn a_pack_fits_a_home_or_is_told_not_to() {
    let catalogue = all_types();
    let mut refused = Vec::new();
    for (number, home) in ["FR", "GB", "US"].into_iter().enumerate() {
        for (pack, _) in starter::packs() {
            let packs = ["unknown-means-home".to_owned(), pack.to_owned()];
            let begin = Begin { home, packs: &packs, language: Language::ALL[number % 2] };
            match begin.files(&catalogue, &every(&catalogue), &vocabulary(), now()) {
                Ok(files) => passes_every_tool(&files, &format!("{home} {pack}")),
                Err(faults) => {
                    let [fault] = faults.as_slice() else { panic!("{home} {pack}: {faults:?}") };
                    assert!(fault.message().contains(&format!("`{pack}`")), "{home} {pack}: {fault:?}");
                    refused.push((home, pack));
                }
            }
        }
    }
    let expected = [("GB", "gdpr-eea-only"), ("US", "gdpr-eea-only"), ("US", "no-us-controlled")];
    assert_eq!(refused, expected);
}

#[test]
fn a_difference_that_shows_later_is_told_with_its_day() {
    let base = format!("{ALLOW_ALL}{HEALTH}");
    let rows: &[(&str, String, String, &str)] = &[
        (
            "a window that opens",
            format!("allow backends on premises\n{HEALTH}"),
            format!("allow backends on premises\nallow backends named cloud-us from 2027-01-04\n{HEALTH}"),
            "2027-01-04",
        ),
        (
            "a rule that ends",
            format!("{base}rule r because \"x\" when data includes email never backends named cloud-us\n"),
            format!(
                "{base}rule r because \"x\" when data includes email never backends named cloud-us until 2026-12-31\n"
            ),
            "2027-01-01",
        ),
    ];
    for (name, old, new, day) in rows {
        let differences = study(old).diff(&study(new)).unwrap();
        assert!(!differences.no_flow_is_opened && differences.undecided.is_empty(), "{name}");
        let days: Vec<_> = differences.opened.iter().map(|one| one.from.as_deref()).collect();
        assert_eq!(days, [Some(*day)], "{name}: {differences:#?}");
        assert!(differences.opened[0].sentence.contains(day), "{name}");
        assert!(study(new).diff(&study(old)).unwrap().no_flow_is_opened, "{name}");
    }
}

/// What no scenario reaches, `suggest` writes: with its sentences every rule plays a part and every boundary has been seen from each
/// side, and they hold.
#[test]
fn suggest_reaches_every_boundary() {
    for (name, statements) in [
        (
            "a condition and an exemption",
            "rule r because \"x\" when data includes at least 3 person and app is \"bench\" unless label is \"Public\" only backends on premises\n",
        ),
        ("only a preference", "rule r because \"x\" when data includes health of a person prefer backends domestic\n"),
        (
            "scores, purposes, residence",
            "rule r because \"x\" when leak score at least 700 or purpose is \"care\", or residence in EEA only backends on premises\n",
        ),
        (
            "what opens",
            "allow backends named cloud-us when app is \"bench\"\nallow hosted tool web_search when label is \"Public\"\n",
        ),
        ("fall back", "fall back if unavailable when data includes email unless leak score at least 300\n"),
        (
            "labels that bring and lower",
            "the label \"Secret\" brings trade-secret\nthe label \"Public\" lowers health issued by \"lab\"\nrule r because \"x\" when data includes trade-secret or data includes health only backends on premises\n",
        ),
    ] {
        let sheet = format!("{HEADER}{ALLOW_ALL}{statements}");
        let before = studied(&sheet, example());
        assert!(!before.coverage().unseen.is_empty(), "{name}");
        let suggested: String = before.suggest().into_iter().map(|one| one.text).collect();
        let after = studied(&format!("{sheet}{suggested}"), example());
        let failures: Vec<_> = run_scenarios(after.policy(), now()).into_iter().flat_map(|one| one.failures).collect();
        assert_eq!(failures, Vec::<String>::new(), "{name}: {suggested}");
        let coverage = after.coverage();
        assert_eq!((coverage.unseen, coverage.silent), (Vec::new(), Vec::new()), "{name}: {suggested}");
        assert_eq!(after.suggest(), [], "{name}: {suggested}");
    }
}

/// No scenario is asked for where only a doubt shows a change: whoever wrote all that are suggested is done.
#[test]
fn mutants_that_only_a_doubt_notices_are_no_findings() {
    let mut sheet = "allow backends on premises\nallow backends located in EEA\nallow backends named cloud-us when app is any of \"site\", \"clinic\"\n\
        rule a because \"x\" when data includes personal on backends located outside EEA must pseudonymise personal\n\
        rule b because \"x\" when data still includes identified personal only backends located in EEA\n"
        .to_owned();
    for _ in 0..4 {
        let study = study(&sheet);
        let mutants = study.mutants();
        let (suggestions, _) = study.suggestions(mutants.clone());
        if suggestions.is_empty() {
            let findings: Vec<_> = mutants.iter().filter(|mutant| mutant.is_finding()).collect();
            assert!(findings.is_empty(), "{findings:?}");
            return;
        }
        for one in &suggestions {
            sheet.push_str(&one.text);
        }
    }
    panic!("{sheet}");
}
