//! What a fault says to write is written, and the fault is gone: every remedy is tried as somebody would who does what she is told.

use super::*;

const FRENCH: &str = "politique \"essai\" version 1 responsable \"dpo\" à revoir avant le 2027-06-30\nsiège FR\nautoriser les hébergeurs sur site\n";
const ENGLISH: &str =
    "policy \"test\" version 1 owner \"dpo\" review before 2027-06-30\nhome FR\nallow backends on premises\n";

/// The text between two marks of a sentence.
fn between<'t>(text: &'t str, before: &str, behind: &str) -> Option<&'t str> {
    text.split_once(before)?.1.split_once(behind).map(|(inside, _)| inside)
}

/// What a fault says to write in the place that it shows; nothing where it leaves that to whoever reads it.
fn remedy(fault: &Diagnostic) -> Option<String> {
    let (message, help) = (fault.message(), fault.help_text().unwrap_or_default());
    for verb in ["write ", "écrivez "] {
        let written = help.strip_prefix(verb);
        let exact =
            written.and_then(|rest| rest.strip_prefix('`')?.rsplit_once('`').map(|(inside, _)| inside.to_owned()));
        let quoted = || written.filter(|rest| rest.starts_with('"')).map(str::to_owned);
        if let Some(exact) = exact.or_else(quoted) {
            return Some(exact);
        }
    }
    if ["take it out", "leave it out", "retirez", "enlevez"].iter().any(|out| help.starts_with(out)) {
        return Some(String::new());
    }
    let meant =
        between(message, " is written `", "` in this").or_else(|| between(message, " s'écrit `", "` dans cette"));
    meant.map(str::to_owned)
}

/// A text in which every fault that has a remedy was mended.
fn mended(text: &str, faults: &[Diagnostic]) -> String {
    let mut text = text.to_owned();
    let mut remedies: Vec<_> = faults.iter().filter_map(|fault| Some((fault.span(), remedy(fault)?))).collect();
    remedies.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
    for (span, remedy) in remedies {
        text.replace_range(span, &remedy);
    }
    text
}

/// A name of the inventory that is no word stands in quotes wherever it is to be written, and is read so.
#[test]
fn names_that_need_quotes_are_written_with_them() {
    for name in ["us cloud", "us:1", "9"] {
        let inventory = example().replace("[backend.cloud-us]", &format!("[backend.\"{name}\"]"));
        let head = format!("{ENGLISH}allow backends named \"{name}\" when app is \"site\"\n");
        let catalogue = all_types();
        let study = |sheet: &str| {
            crate::policy::study::Study::new(
                &sources(sheet, &inventory),
                &catalogue,
                &every(&catalogue),
                &vocabulary(),
                now(),
            )
            .unwrap_or_else(|faults| panic!("{sheet}: {}", faults.iter().map(render).collect::<Vec<_>>().join("\n")))
        };
        let rule = "rule r because \"x\" when data includes email on backends located outside EEA must redact email\n";
        let before = study(&format!("{head}{rule}"));
        let suggested: String = before.suggest().into_iter().map(|one| one.text).collect();
        assert!(suggested.contains(&format!("\"{name}\" must redact email")), "{suggested}");
        let after = study(&format!("{head}{rule}{suggested}"));
        assert!(after.mutants().is_empty(), "{suggested}");
        // The line that would admit it, where no other app would do.
        let conditional = study(&format!("{ENGLISH}allow backends named \"{name}\" when data includes iban\n"));
        let answer = conditional.ask(&format!("email to \"{name}\""), true).unwrap();
        let advice = answer.backends[0].smallest_change.clone().unwrap();
        let line = between(&advice, "`", "`").unwrap();
        study(&format!("{ENGLISH}{line}\n"));
        // What is meant by a name that is none.
        let faults =
            compiled(&sources(&format!("{head}rule n because \"x\" never backends named \"{name}x\"\n"), &inventory));
        let help = faults.unwrap_err()[0].help_text().unwrap_or_default().to_owned();
        assert!(help.contains(&format!("`\"{name}\"`")) || help.contains(&format!("\"{name}\"")), "{help}");
    }
}

/// Each sheet has faults, each of them says what to write, and none is left when that is written.
#[test]
fn remedies_of_sheets_hold() {
    let rule = |clause: &str| format!("rule r\n  because \"x\"\n  {clause}\n");
    let regle = |clause: &str| format!("règle r\n  parce que \"x\"\n  {clause}\n");
    let ici = "\n  seulement les hébergeurs sur site";
    let home = "\n  only backends on premises";
    let rows: &[(&str, &str, String)] = &[
        ("a level of a certificate", FRENCH, regle("seulement les hébergeurs certifiés HDS 2024")),
        ("a scheme with a blank", ENGLISH, rule("only backends certified ISO 27001")),
        ("data without its words", FRENCH, regle(&format!("quand données santé{ici}"))),
        ("data without its words", ENGLISH, rule(&format!("when data health{home}"))),
        ("data alone", ENGLISH, rule(&format!("when medical records{home}"))),
        ("data of a scenario", ENGLISH, "scenario \"s\" given health then allowed gpu-paris\n".to_owned()),
        (
            "an exception of a bare rule",
            ENGLISH,
            format!(
                "{}exception e rule r\n  because \"y\"\n  when app is \"a\"\n  until 2027-01-01\n  approved by \"DPO\"\n",
                rule("only backends on premises")
            ),
        ),
        ("a dash in a name", ENGLISH, rule("only backends on premises").replace("rule r", "rule stays–at—home")),
        ("a dash alone", ENGLISH, rule("only backends on premises –")),
        ("a pack with dashes", ENGLISH, "use pack gdpr–eea–only\n".to_owned()),
        ("a pack with blanks", ENGLISH, "use pack gdpr eea only\n".to_owned()),
        ("a pack with blanks", FRENCH, "prendre le paquet gdpr eea only\n".to_owned()),
        ("semicolons", ENGLISH, rule(&format!("when data includes health;{home};")).replace("\"x\"", "\"x\";")),
        ("a semicolon of a list", ENGLISH, "use pack gdpr-eea-only; pci\n".to_owned()),
        ("numbers of lines", ENGLISH, format!("1. allow backends domestic\n2) {}", rule("only backends on premises"))),
        (
            "letters of lines",
            FRENCH,
            "1. règle r\n   a. parce que \"x\"\n   b) seulement les hébergeurs sur site\n".to_owned(),
        ),
        ("a level with a point", FRENCH, regle("seulement les hébergeurs certifiés SecNumCloud 3.2")),
        (
            "bullets",
            ENGLISH,
            "rule r\n  - because \"x\"\n  • only backends on premises\n* allow backends domestic\n".to_owned(),
        ),
        (
            "brackets of programs",
            ENGLISH,
            rule(&format!("when {{data includes health or data includes iban}} and [app is \"a\"]{home}")),
        ),
        ("an owner without quotes", ENGLISH, "allow backends named gpu-paris when app is public\n".to_owned()),
        ("a denial", ENGLISH, rule(&format!("when app is not \"a\"{home}"))),
        ("seconds", FRENCH, "repli si indisponible ou après 2 secondes d'attente\n".to_owned()),
        ("seconds without `or`", ENGLISH, "fall back if unavailable after 2 seconds of waiting\n".to_owned()),
    ];
    for (name, head, statements) in rows {
        let sheet = format!("{head}{statements}");
        let faults = compiled(&sources(&sheet, example())).err().unwrap_or_default();
        assert!(!faults.is_empty(), "{name}: no fault");
        let mended = mended(&sheet, &faults);
        let left = compiled(&sources(&mended, example())).err().unwrap_or_default();
        let (told, left): (Vec<_>, Vec<_>) = (faults.iter().map(render).collect(), left.iter().map(render).collect());
        assert!(left.is_empty(), "{name}: {}\n-> {mended}\n{}", told.join("\n"), left.join("\n"));
    }
}

/// An owner without quotes, with signs in it that a sheet does not have.
#[test]
fn a_remedy_of_a_header_holds() {
    for (head, quoted) in [(ENGLISH, "owner \"dpo\""), (FRENCH, "responsable \"dpo\"")] {
        let sheet = head.replace(quoted, &quoted.replace("\"dpo\"", "dpo@x.fr"));
        let faults = compiled(&sources(&sheet, example())).err().unwrap_or_default();
        let told: Vec<_> = faults.iter().map(render).collect();
        assert_eq!(faults.len(), 1, "{}", told.join("\n"));
        let mended = mended(&sheet, &faults);
        assert!(compiled(&sources(&mended, example())).is_ok(), "{}{mended}", told.join("\n"));
    }
}

/// The same of the inventory.
#[test]
fn remedies_of_an_inventory_hold() {
    let entry =
        "[backend.gpu-one]\nhosts = [\"one.example\"]\nprocessing = [\"FR\"]\nverified = 2026-01-01\nby = \"dpo\"\n";
    for line in [
        "retention = 30",
        "retention = 0",
        "retention = false",
        "training = false",
        "training = true",
        "attestation = false",
        "exposed-to = \"none\"",
        "exposed-to = \"US\"",
        "storage = \"FR\"",
        "sub-processors = \"none\"",
        "run-by-owner = \"yes\"",
    ] {
        let inventory = format!("{}\n{entry}{line}\n", example());
        let faults = compiled(&sources(ENGLISH, &inventory)).err().unwrap_or_default();
        assert_eq!(faults.len(), 1, "{line}: {faults:#?}");
        let mended = mended(&inventory, &faults).replace(", without quotes", "");
        let left = compiled(&sources(ENGLISH, &mended)).err().unwrap_or_default();
        assert!(left.is_empty(), "{line}: {}\n{left:#?}", render(&faults[0]));
    }
}

/// What cannot be written for the officer is named: the title, the name, the pack's own header.
#[test]
fn what_is_missing_is_named() {
    for (head, statements, expected) in [
        (ENGLISH, "rule because \"x\"\n  only backends on premises", vec!["expected the name of the rule"]),
        (FRENCH, "règle parce que \"x\"\n  seulement les hébergeurs sur site", vec!["attendu : le nom de la règle"]),
        (ENGLISH, "rule\n  because \"x\"\n  only backends on premises", vec!["expected the name of the rule"]),
        (ENGLISH, "scenario given data health then allowed gpu-paris", vec!["expected the title of the scenario"]),
        (
            FRENCH,
            "scénario étant donné rien alors admis gpu-paris",
            vec!["attendu, entre guillemets droits : le titre"],
        ),
        (ENGLISH, "rule r because when data includes health only backends on premises", vec!["expected the reason"]),
        (ENGLISH, "use pack my pack", vec!["a name is one word", "there is no pack `my-pack`"]),
        (FRENCH, "prendre le paquet mon paquet", vec!["un nom est un seul mot", "il n'y a pas de paquet `mon-paquet`"]),
    ] {
        let faults = compiled(&sources(&format!("{head}{statements}\n"), example())).err().unwrap_or_default();
        let told: Vec<_> = faults.iter().map(render).collect();
        let fits = told.len() == expected.len() && told.iter().zip(&expected).all(|(told, part)| told.contains(part));
        assert!(fits, "{statements}: {}", told.join("\n"));
    }
}

/// A pack of one's own, whatever is wrong with its header.
#[test]
fn the_header_of_a_pack_is_told_as_that_of_a_pack() {
    let body = "rule r\n  because \"x\"\n  only backends on premises\n";
    for (header, expected) in [
        ("policy \"x\" version 1 owner \"dpo\" review before 2027-06-30", "begin the file: pack mine version 1 …"),
        ("pack mine version 1 review before 2027-06-30", "a header reads: pack its-name version 1 owner"),
        ("pack my own version 1 owner \"dpo\" review before 2027-06-30", "write `my-own`"),
    ] {
        let mut sources = sources(&format!("{ENGLISH}use pack mine\n"), example());
        sources.packs.push(file("packs/mine.policy", &format!("{header}\n{body}")));
        let faults = compiled(&sources).err().unwrap_or_default();
        let told: Vec<_> = faults.iter().map(render).collect();
        assert!(told.iter().any(|told| told.contains(expected)), "{header}: {}", told.join("\n"));
    }
    let mut sources = sources(&format!("{ENGLISH}use pack mine\n"), example());
    let pack = format!("pack mine version 1 owner \"dpo\" review before 2027-06-30\n{body}home FR\n");
    sources.packs.push(file("packs/mine.policy", &pack));
    let faults = compiled(&sources).err().unwrap_or_default();
    assert_eq!(faults.iter().map(Diagnostic::place).collect::<Vec<_>>(), [(5, 1)], "{faults:#?}");
}
