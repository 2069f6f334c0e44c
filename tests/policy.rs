//! The officer's tools as commands: the guide of `docs/policy.md` from an empty folder to a signed bundle, and what goes wrong.

#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "test helpers")]

use std::path::Path;
use std::process::{Command, Output};

/// The guides, each with the names of its folder, its second approver and its file of approvers.
const GUIDES: [(&str, &str, &str, &str, &str); 2] = [
    (include_str!("../docs/policy.md"), "policies", "changed", "ciso", "approvers.toml"),
    (include_str!("../docs/politique.md"), "politique", "change", "rssi", "approbateurs.toml"),
];

/// A detector of the officer's own.
const OWN_DETECTOR: &str = r#"
[[pattern]]
id = "own_reference"
entity = "email"
prefix = ["ref-"]
pattern = 'ref-[0-9]{6}'
confidence = 95
examples = ["ref-123456"]
counter-examples = ["ref-x"]
"#;

fn run(folder: &Path, line: &str) -> Output {
    run_in(folder, line, "C")
}

fn run_in(folder: &Path, line: &str, locale: &str) -> Output {
    let mut words: Vec<String> = Vec::new();
    // Arguments in double quotes hold blanks.
    for (at, part) in line.split('"').enumerate() {
        if at % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    Command::new(env!("CARGO_BIN_EXE_octroi"))
        .args(words.iter().skip(1))
        .current_dir(folder)
        .env("LC_ALL", locale)
        .output()
        .unwrap()
}

fn ok(folder: &Path, line: &str, code: i32) -> String {
    let output = run(folder, line);
    let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!(output.status.code(), Some(code), "{line}\n{out}\n{err}");
    format!("{out}{err}")
}

#[test]
fn every_command_of_the_guides_runs() {
    for guide in GUIDES {
        follow(guide);
    }
}

/// The fault that each guide shows is what `check` says, in the folder that it has begun.
#[test]
fn the_fault_in_the_guides_is_what_check_says() {
    for (guide, policies, ..) in GUIDES {
        let (right, wrong) = if policies == "politique" {
            ("comprennent personnel", "comprennent maladie")
        } else {
            ("includes personal", "includes helth")
        };
        let folder = tempfile::tempdir().unwrap();
        let init =
            guide.lines().find_map(|line| line.strip_prefix("$ ").filter(|line| line.contains(" init "))).unwrap();
        ok(folder.path(), init, 0);
        let sheet = folder.path().join(policies).join("main.policy");
        let text = std::fs::read_to_string(&sheet).unwrap();
        std::fs::write(&sheet, text.replacen(right, wrong, 1)).unwrap();
        let told = ok(folder.path(), &format!("octroi policy check --policies {policies}"), 2);
        assert!(guide.contains(&format!("```\n{}\n```", told.trim())), "{told}");
    }
}

/// Runs every command of a guide in its order.
fn follow((guide, policies, changed, second, approvers): (&str, &str, &str, &str, &str)) {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let french = policies == "politique";
    let said = |en: &'static str, fr: &'static str| if french { fr } else { en };
    let (mut keys, mut hashed) = ("[approver]\n".to_owned(), 0);
    let lines: Vec<&str> = guide.lines().filter_map(|line| line.strip_prefix("$ ")).collect();
    assert!(lines.len() >= 17);
    for line in lines {
        if line.contains(" diff ") {
            copy(&at.join(policies), &at.join(changed));
            let sheet = at.join(changed).join("main.policy");
            let text = std::fs::read_to_string(&sheet).unwrap();
            let wider =
                text.replace(said(" when app is \"public-website\"", " quand l'application est \"site-public\""), "");
            assert_ne!(text, wider);
            std::fs::write(sheet, wider).unwrap();
            assert!(
                ok(at, line, 1).contains(said("was refused, is possible", "était refusé, devient possible")),
                "{line}"
            );
            let back = line.replace(&format!("{policies} {changed}"), &format!("{changed} {policies}"));
            assert!(ok(at, &back, 0).contains(said("proven over all requests", "prouvé pour toute requête")), "{back}");
        } else if line.contains(" ask ") {
            assert!(ok(at, line, 1).contains(said("refused", "refusé")), "{line}");
        } else if let Some(canonical) = line.strip_suffix(" | sha256sum") {
            let text = run(at, canonical).stdout;
            let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &text);
            let hash = hash.as_ref().iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
            let bundle = canonical.rsplit(' ').next().unwrap();
            let checked = ok(at, &format!("octroi policy check --policies {bundle}"), 0);
            assert!(checked.contains(&format!(" {hash}\n")), "{line}: {hash}: {checked}");
            hashed += 1;
        } else if line.contains(" key ") {
            let name = line.rsplit(' ').next().unwrap().trim_end_matches(".key");
            keys.push_str(&format!("{name} = \"{}\"\n", ok(at, line, 0).trim()));
            std::fs::write(at.join(approvers), &keys).unwrap();
        } else if line.contains(" sign ") && line.contains(&format!("--as {second}")) {
            let bundle = line.split(' ').nth(3).unwrap();
            let verify = format!("octroi policy verify {bundle} --approvers {approvers}");
            assert!(ok(at, &verify, 1).contains(said("does not hold", "ne tient pas")), "one signature");
            ok(at, line, 0);
        } else if line.contains(" verify ") {
            assert!(ok(at, line, 0).contains(said("the bundle holds", "le lot tient")), "{line}");
        } else {
            ok(at, line, 0);
        }
    }
    assert_eq!(hashed, 3, "each digest can be had");
}

#[test]
fn a_bundle_that_was_changed_does_not_verify() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    ok(at, "octroi policy init policies --home FR", 0);
    let key = ok(at, "octroi policy key dpo.key", 0);
    std::fs::write(at.join("approvers.toml"), format!("[approver]\ndpo = \"{0}\"\nalias = \"{0}\"\n", key.trim()))
        .unwrap();
    ok(at, "octroi policy sign one --key dpo.key --as dpo", 0);
    // The same key under another name is the same person, and who puts it there by hand gains nothing.
    assert!(ok(at, "octroi policy sign one --key dpo.key --as alias", 2).contains("has signed as `dpo` already"));
    sign_again(&at.join("one"), "dpo", "alias");
    let verify = "octroi policy verify one --approvers approvers.toml";
    assert!(ok(at, verify, 1).contains("signed by 1 of 2"));
    let sheet = at.join("policies/main.policy");
    let text = std::fs::read_to_string(&sheet).unwrap();
    // A tighter version needs one signature, and a version that does not increase none will save.
    std::fs::write(&sheet, text.replace("version 1", "version 2")).unwrap();
    // Who means the new folder does not sign the old bundle.
    let refused = ok(at, "octroi policy sign one --policies policies --key dpo.key --as dpo", 2);
    assert!(refused.contains("nothing was signed") && refused.contains("main.policy"), "{refused}");
    ok(at, "octroi policy sign two --key dpo.key --as dpo", 0);
    assert!(
        ok(at, "octroi policy verify one --approvers approvers.toml --policies policies", 2).contains("main.policy")
    );
    assert!(ok(at, "octroi policy key policies/secret.key", 2).contains("lies in the policy folder"));
    assert!(ok(at, "octroi policy diff policies --json", 0).contains("\"no_flow_is_opened\":true"));
    ok(at, "octroi policy sign two --policies policies --key dpo.key --as dpo", 0);
    let follows = ok(at, "octroi policy verify two --approvers approvers.toml --previous one", 0);
    assert!(follows.contains("no flow is opened"), "{follows}");
    assert!(ok(at, "octroi policy verify one --approvers approvers.toml --previous two", 2).contains("only increase"));
    // What lies beside is named, and whoever verifies must look at it; an order to freeze bears signatures of its own.
    let whole = "octroi policy verify two --approvers approvers.toml --previous one";
    let strays = ["more/sheet.policy", "notes.txt", "policies/packs/old.bak", "policies/readme.md"];
    let named = ["more/", "notes.txt", "policies/packs/old.bak", "policies/readme.md"];
    for stray in strays {
        let place = at.join("two").join(stray);
        std::fs::create_dir_all(place.parent().unwrap()).unwrap();
        std::fs::write(&place, "x").unwrap();
    }
    let told = ok(at, whole, 1);
    for named in named {
        assert!(told.contains(&format!("no gateway reads it: {named}\n")), "{named}: {told}");
    }
    assert!(told.contains("what was signed holds: take away"), "{told}");
    let json: serde_json::Value = serde_json::from_str(&ok(at, &format!("{whole} --json"), 1)).unwrap();
    assert_eq!((&json["uncovered"], &json["holds"]), (&serde_json::json!(named), &true.into()), "{json}");
    // One is enough.
    for stray in strays.iter().skip(1) {
        std::fs::remove_file(at.join("two").join(stray)).unwrap();
    }
    assert!(ok(at, whole, 1).contains("no gateway reads it: more/\n"));
    std::fs::remove_file(at.join("two").join(strays[0])).unwrap();
    std::fs::remove_dir(at.join("two/more")).unwrap();
    ok(at, "octroi policy freeze --policies two --key dpo.key --as dpo --because drill", 0);
    ok(at, whole, 0);
    // What was signed is what must lie there.
    let signed = at.join("two/policies/main.policy");
    std::fs::write(&signed, format!("{text}# a note\n")).unwrap();
    assert!(ok(at, "octroi policy verify two --approvers approvers.toml", 2).contains("not what was signed"));
    std::fs::write(at.join("one/policies/extra.policy"), "").unwrap();
    assert!(ok(at, verify, 2).contains("not in the manifest"));
}

/// A key is kept out of the folder of the sheets, from wherever the two are named.
#[test]
fn a_key_beside_the_folder_is_not_within_it() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    ok(at, "octroi policy init en --home FR --lang en", 0);
    let within = at.join("en");
    ok(&within, "octroi policy key ../dpo.key --policies .", 0);
    assert!(at.join("dpo.key").exists());
    for key in ["dpo.key", "./dpo.key", "packs/../dpo.key"] {
        let refused = ok(&within, &format!("octroi policy key {key} --policies ."), 2);
        assert!(refused.contains("lies in the policy folder"), "{key}: {refused}");
    }
    ok(at, "octroi policy key en/../other.key --policies en", 0);
}

/// Who signs is told of scenarios that do not come out as told, and signs them only on purpose.
#[test]
fn a_sheet_against_its_own_scenarios_is_not_signed_unawares() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    for (language, told, signed) in [
        (
            "en",
            "these scenarios do not come out as told: `zz` (en/main.policy:",
            "signed although it does not come out as told: `zz`",
        ),
        (
            "fr",
            "ces scénarios ne donnent pas ce qui est annoncé : `zz` (fr/main.policy:",
            "malgré un scénario qui ne donne pas ce qui est annoncé : `zz`",
        ),
    ] {
        ok(at, &format!("octroi policy init {language} --home FR --lang {language}"), 0);
        ok(at, &format!("octroi policy key {language}.key --policies {language}"), 0);
        let sheet = at.join(language).join("main.policy");
        let scenario = if language == "en" {
            "scenario \"zz\" given data health then allowed example-cloud"
        } else {
            "scénario \"zz\" étant donné des données santé alors admis example-cloud"
        };
        let text = std::fs::read_to_string(&sheet).unwrap();
        std::fs::write(&sheet, format!("{text}\n{scenario}\n")).unwrap();
        let sign = format!("octroi policy sign lot-{language} --policies {language} --key {language}.key --as dpo");
        let refused = ok(at, &sign, 2);
        assert!(refused.contains(told) && refused.contains("--despite-scenarios"), "{refused}");
        assert!(!at.join(format!("lot-{language}")).exists(), "nothing was made");
        let despite = ok(at, &format!("{sign} --despite-scenarios"), 0);
        assert!(despite.contains(signed), "{despite}");
    }
}

#[test]
fn a_wider_sheet_is_found_by_diff_and_a_broken_one_by_every_tool() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    ok(at, "octroi policy init policies --home FR --packs gdpr-eea-only", 0);
    copy(&at.join("policies"), &at.join("wider"));
    let sheet = at.join("wider/main.policy");
    let text = std::fs::read_to_string(&sheet).unwrap();
    std::fs::write(&sheet, text.replace(" when app is \"public-website\"", "")).unwrap();
    let told = ok(at, "octroi policy diff policies wider", 1);
    assert!(told.contains("example-cloud: was refused, is possible"), "{told}");
    assert!(ok(at, "octroi policy diff wider policies", 0).contains("proven"));
    std::fs::write(&sheet, text.replace("allow backends on premises", "allow backends on premisses")).unwrap();
    for tool in ["check", "lint", "test", "matrix", "suggest"] {
        assert!(
            ok(at, &format!("octroi policy {tool} --policies wider"), 2).contains("did you mean `on premises`"),
            "{tool}"
        );
    }
    // What cannot be decided is no proof, and the exit status says so.
    copy(&at.join("policies"), &at.join("other"));
    std::fs::create_dir(at.join("other/detectors")).unwrap();
    std::fs::write(at.join("other/detectors/own.toml"), OWN_DETECTOR).unwrap();
    let told = ok(at, "octroi policy diff policies other", 1);
    assert!(told.contains("it could not be proven that there is none") && !told.contains("proven over all"), "{told}");
    assert!(ok(at, "octroi policy check --policies nowhere", 2).contains("nowhere"));
    assert!(ok(at, "octroi policy ask \"helth\" --policies policies", 2).contains("did you mean `health`"));
    assert!(ok(at, "octroi policy init policies --home FR", 2).contains("there already"));
}

#[test]
fn answers_are_json_on_demand() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    ok(at, "octroi policy init policies --home FR", 0);
    std::fs::write(at.join("question.txt"), "# a note\nhealth and app \"public-website\"\n").unwrap();
    for (line, code, key) in [
        ("octroi policy check --json", 0, "digest"),
        ("octroi policy matrix --json", 0, "rows"),
        ("octroi policy ask \"health\" --json", 0, "backends"),
        ("octroi policy explain question.txt --json", 0, "smallest_change"),
        ("octroi policy test --mutate --json", 0, "coverage"),
    ] {
        let text = ok(at, line, code);
        let value: serde_json::Value = serde_json::from_str(text.trim()).unwrap();
        assert!(value.is_object() && text.contains(key), "{line}: {text}");
    }
    let page = ok(at, "octroi policy matrix --html", 0);
    assert!(page.starts_with("<!doctype html>") && !page.contains("<script") && !page.contains("http"), "{page}");
    assert!(ok(at, "octroi policy matrix --csv", 0).starts_with("class,law,backend"));
}

/// Every tool tells the faults of a sheet as data, to whoever asks for data.
#[test]
fn faults_are_json_on_demand() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    ok(at, "octroi policy init policies --home FR", 0);
    ok(at, "octroi policy key dpo.key", 0);
    std::fs::write(at.join("question.txt"), "health\n").unwrap();
    copy(&at.join("policies"), &at.join("well"));
    let sheet = at.join("policies/main.policy");
    let text = std::fs::read_to_string(&sheet).unwrap();
    std::fs::write(&sheet, text.replace("allow backends on premises", "allow backends on premisses")).unwrap();
    let read = |line: &str| {
        let output = run(at, line);
        assert_eq!(output.status.code(), Some(2), "{line}");
        assert!(output.stderr.is_empty(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        told["faults"].as_array().unwrap_or_else(|| panic!("{line}: {told}")).clone()
    };
    for line in [
        "check",
        "fmt",
        "matrix",
        "ask \"health\"",
        "explain question.txt",
        "test",
        "suggest",
        "lint",
        "diff policies well",
        "diff well",
        "replay",
        "sign bundle --key dpo.key --as dpo",
        "shadow policies --policies well",
    ] {
        let faults = read(&format!("octroi policy {line} --json"));
        let fault = &faults[0];
        assert_eq!(fault["file"], "policies/main.policy", "{line}: {fault}");
        assert_eq!((&fault["line"], &fault["column"]), (&20.into(), &16.into()), "{line}: {fault}");
        assert_eq!(fault["code"], "octroi::policy::unknown-word", "{line}: {fault}");
        assert!(fault["help"].as_str().unwrap().contains("did you mean `on premises`"), "{line}: {fault}");
        assert!(fault["message"].is_string(), "{line}: {fault}");
    }
    for (line, file, message) in [
        ("ask \"helth\" --policies well", Some("question"), "`helth` is no"),
        ("check --policies nowhere", None, "there is no such policy folder"),
        ("verify nowhere --approvers none", None, "nowhere/manifest.json"),
        ("freeze --key none --as dpo --because x --policies well", None, "none: "),
        ("init well --home FR", None, "is there already"),
    ] {
        let faults = read(&format!("octroi policy {line} --json"));
        assert_eq!(faults[0]["file"].as_str(), file, "{line}: {faults:?}");
        assert!(faults[0]["message"].as_str().unwrap().contains(message), "{line}: {faults:?}");
    }
}

/// Usage is told in French to whoever writes French sheets, or whose system speaks French.
#[test]
fn usage_is_told_in_french() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    ok(at, "octroi policy init policies --home FR --lang fr", 0);
    for (line, locale, code, expected, english) in [
        ("matrix --on 31/12/2026", "C", 2, "écrivez 2026-12-31", "error"),
        ("matrix --on 31/12/2026 --policies nowhere", "C", 2, "write 2026-12-31", "écrivez"),
        ("matrix --on 31/12/2026 --policies nowhere", "fr_FR.UTF-8", 2, "écrivez 2026-12-31", "error"),
        ("check --policies nowhere", "fr_FR.UTF-8", 2, "il n'y a pas de tel dossier de politique", "there is"),
        ("frobnicate", "fr_FR.UTF-8", 2, "il n'y a pas d'outil `frobnicate`", "error"),
        ("--help", "C", 0, "Créer un dossier de politique", "Usage:"),
        ("diff --help", "C", 0, "Le dossier tel qu'il serait", "Options:"),
        ("key policies/own.key", "C", 2, "conseil : gardez les clés secrètes ailleurs", "help"),
        ("sign lot --key none --as dpo", "C", 2, "erreur : none : ce fichier ou dossier n'existe pas", "No such"),
        ("verify policies --approvers none", "C", 2, "ce fichier ou dossier n'existe pas", "No such"),
        ("--help", "fr_FR.UTF-8", 0, "Mettre fin à un gel", "Usage:"),
        ("replay --since 31/12/2026", "C", 2, "conseil : écrivez 2026-12-31", "error"),
        (
            "init other --home FR --packs gdpr-transfer,nimporte --lang fr",
            "C",
            2,
            "vouliez-vous dire `gdpr-transfers` ?",
            "did you",
        ),
        ("init other --home FR --packs nimporte --lang fr", "C", 2, "prenez l'un de ceux-ci", "help:"),
        ("init other --home FR --packs nir --lang fr", "C", 2, "fr-nir : Le numéro de sécurité sociale", "there is"),
        ("replay --since hier", "C", 2, "`--since` est un nombre de jours", "error"),
        ("fmt --lang de", "C", 2, "`de` n'est pas une langue des feuilles", "error"),
        ("init other --home France --lang fr", "C", 2, "vouliez-vous dire `FR` (France) ?", "did you"),
        (
            "ask \"l'outil hébergé mcp\"",
            "C",
            1,
            "aucune ligne `autoriser l'outil hébergé` n'admet cet outil",
            "refused",
        ),
    ] {
        let output = run_in(at, &format!("octroi policy {line}"), locale);
        let told = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert_eq!(output.status.code(), Some(code), "{line}: {told}");
        assert!(told.contains(expected) && !told.contains(english), "{line}: {told}");
    }
}

/// What a French folder answers is in French, and says what to do.
#[test]
fn a_french_folder_answers_in_french() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    ok(at, "octroi policy init policies --home FR --lang fr", 0);
    for name in ["dpo", "rssi", "other"] {
        ok(at, &format!("octroi policy key {name}.key"), 0);
    }
    let freeze = "octroi policy freeze --key dpo.key --as dpo --because \"incident 7\"";
    let thaw = "octroi policy thaw --key dpo.key --as dpo --because \"résolu\"";
    for (line, code, expected) in [
        ("octroi policy check", 0, "heure du siège"),
        ("octroi policy check", 0, "paquet gdpr-special-categories : Catégories particulières"),
        ("octroi policy check --on 2028-01-01", 1, "état au 2028-01-01 12:00 (heure du siège)"),
        ("octroi policy check --on 2028-01-01", 1, "attention : `Modèles de langage` devait être revu avant le"),
        ("octroi policy suggest", 0, "0 scénario manque"),
        ("octroi policy lint", 0, "0 constat"),
        ("octroi policy fmt --check", 0, "feuilles déjà mises en forme : 1"),
        ("octroi policy matrix --csv", 0, "classe,loi,hébergeur,issue"),
        ("octroi policy explain 01a22257-618b", 2, "n'est ni l'identifiant d'une requête ni un fichier"),
        ("octroi policy ask \"dossiers clos\"", 2, "erreur : question:1:1: `dossiers clos` n'est pas une classe"),
        (freeze, 0, "(heure du siège), seuls les hébergeurs sur site servent : ordre de dpo"),
        ("octroi policy check", 0, "(heure du siège), une passerelle qui accepte sa signature"),
        (thaw, 0, "signé avec 1 clé(s) sur 2 qu'il faut"),
    ] {
        let told = ok(at, line, code);
        assert!(told.contains(expected), "{line}: {told}");
    }
    std::fs::write(at.join("qui.toml"), "[approver]\ndpo = ed25519\n").unwrap();
    ok(at, "octroi policy sign lot --key dpo.key --as dpo", 0);
    let told = ok(at, "octroi policy verify lot --approvers qui.toml", 2);
    assert!(told.contains("qui.toml : la ligne 2 n'est pas comme dans un fichier d'approbateurs"), "{told}");
    std::fs::write(at.join("lot/signatures.json"), "{\"dpo\" \"x\"}").unwrap();
    let told = ok(at, "octroi policy verify lot --approvers qui.toml", 2);
    assert!(told.contains("écrit : il manque `:`, à la ligne 1, colonne 8"), "{told}");
    copy(&at.join("policies"), &at.join("ouvert"));
    let sheet = at.join("ouvert/main.policy");
    let text = std::fs::read_to_string(&sheet).unwrap();
    std::fs::write(&sheet, format!("{}\nrepli si indisponible\n", text.replace(" version 1 ", " version 2 "))).unwrap();
    let told = ok(at, "octroi policy diff ouvert", 1);
    assert!(told.contains("version 1 -> 2") && told.contains("[repli si indisponible]"), "{told}");
    // Packs that octroi brings speak French without files too.
    std::fs::remove_dir_all(at.join("ouvert/packs")).unwrap();
    let told =
        ok(at, "octroi policy ask \"l'analyse est incomplète et site-public vers example-cloud\" --policies ouvert", 1);
    assert!(told.contains("ce qui n'a pu être inspecté peut tout contenir"), "{told}");
    let sheet = at.join("policies/main.policy");
    let text = std::fs::read_to_string(&sheet).unwrap();
    let failing = "scénario \"rien à l'étranger\"\n  étant donné rien\n  alors refusé home-gpu-1\n";
    std::fs::write(&sheet, format!("{text}\n{failing}")).unwrap();
    let told = ok(at, "octroi policy check", 1);
    assert!(told.contains("devait être refusé et est admis"), "{told}");
    let ansi: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect();
    std::fs::write(&sheet, ansi).unwrap();
    let told = ok(at, "octroi policy check", 2);
    assert!(told.contains("erreur : ") && told.contains("Bloc-notes"), "{told}");
}

/// A signature with another key than the approver's says whose key it was.
#[test]
fn a_signature_with_another_key_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    ok(at, "octroi policy init policies --home FR", 0);
    let key = |name: &str| ok(at, &format!("octroi policy key {name}.key"), 0).trim().to_owned();
    let (dpo, ciso, _) = (key("dpo"), key("ciso"), key("stranger"));
    std::fs::write(at.join("approvers.toml"), format!("[approver]\ndpo = \"{dpo}\"\nciso = \"{ciso}\"\n")).unwrap();
    ok(at, "octroi policy sign one --key dpo.key --as dpo", 0);
    let verify = "octroi policy verify one --approvers approvers.toml";
    assert!(ok(at, verify, 1).contains("two approvers must answer for it"));
    for (key, expected) in [("dpo", "made with the key of `dpo`"), ("stranger", "the key is not the one in the file")] {
        match key {
            "dpo" => sign_again(&at.join("one"), "dpo", "ciso"),
            _ => drop(ok(at, &format!("octroi policy sign one --key {key}.key --as ciso"), 0)),
        }
        let told = ok(at, verify, 2);
        assert!(told.contains("the signature of `ciso` does not hold") && told.contains(expected), "{told}");
        // No signature is replaced by that of another key, not even a wrong one by the right.
        assert!(
            ok(at, "octroi policy sign one --key ciso.key --as ciso", 2).contains("has signed this with another key")
        );
        let place = at.join("one/signatures.json");
        let mut signatures: serde_json::Value =
            serde_json::from_str(&std::fs::read_to_string(&place).unwrap()).unwrap();
        signatures.as_object_mut().unwrap().remove("ciso").unwrap();
        std::fs::write(&place, signatures.to_string()).unwrap();
    }
    ok(at, "octroi policy sign one --key ciso.key --as ciso", 0);
    let told = ok(at, verify, 0);
    assert!(told.contains("two approvers answer for it") && told.contains("the bundle holds"), "{told}");
}

/// What somebody wrote into the file of signatures by hand is told, and nothing that reads two ways is taken for a signature.
#[test]
fn a_line_too_many_among_the_signatures_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    ok(at, "octroi policy init policies --home FR", 0);
    let key = |name: &str| ok(at, &format!("octroi policy key {name}.key"), 0).trim().to_owned();
    let (dpo, ciso) = (key("dpo"), key("ciso"));
    std::fs::write(at.join("approvers.toml"), format!("[approver]\ndpo = \"{dpo}\"\nciso = \"{ciso}\"\n")).unwrap();
    for name in ["dpo", "ciso"] {
        ok(at, &format!("octroi policy sign live --key {name}.key --as {name}"), 0);
    }
    let place = at.join("live/signatures.json");
    let signed = std::fs::read_to_string(&place).unwrap();
    let within = |line: &str| signed.replacen("\"\n}", &format!("\",\n  {line}\n}}"), 1);
    let wrong = "it is not what `octroi policy sign` writes: ";
    for (name, text, code, expected) in [
        (
            "a note below",
            format!("{signed}checked by the board\n"),
            2,
            format!("{wrong}trailing characters at line 5 column 1"),
        ),
        ("another table below", format!("{signed}{{}}\n"), 2, format!("{wrong}trailing characters at line 5 column 1")),
        ("empty lines below", format!("{signed}\r\n\n"), 0, "the bundle holds".to_owned()),
        ("a name twice", within("\"dpo\": \"AAAA\""), 2, format!("{wrong}duplicate field `dpo` at line ")),
        (
            "a name that no approver has",
            within("\"board\": \"AAAA\""),
            0,
            "this signature counts for nothing: the file of approvers does not have its name: board".to_owned(),
        ),
        ("no signature", within("\"version\": 3"), 2, format!("{wrong}invalid type: integer `3`, expected a string")),
    ] {
        std::fs::write(&place, text).unwrap();
        let told = ok(at, "octroi policy verify live --approvers approvers.toml", code);
        assert!(told.contains(&expected), "{name}: {told}");
        // Nothing is added to what cannot be read.
        ok(at, "octroi policy sign live --key dpo.key --as dpo", code);
    }
}

/// Puts the signature of one name under another, by hand.
fn sign_again(bundle: &Path, name: &str, other: &str) {
    let place = bundle.join("signatures.json");
    let mut signatures: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&place).unwrap()).unwrap();
    let signatures_by = signatures.as_object_mut().unwrap();
    let signature = signatures_by.get(name).unwrap().clone();
    signatures_by.insert(other.to_owned(), signature);
    std::fs::write(&place, signatures.to_string()).unwrap();
}

fn copy(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from) {
        let entry = entry.unwrap();
        let place = to.join(entry.path().strip_prefix(from).unwrap());
        if entry.file_type().is_dir() {
            std::fs::create_dir_all(&place).unwrap();
        } else {
            std::fs::copy(entry.path(), &place).unwrap();
        }
    }
}
