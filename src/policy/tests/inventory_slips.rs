//! What people write in an inventory in the place of what its format asks: one fault, in the language of the sheets, that says how it
//! is written. A sheet that names a backend whose entry was lost behind it is no fault of its own.

use super::*;

const SHEET: &str = "politique \"essai\" version 1 responsable \"dpo\" à revoir avant le 2027-06-30\nsiège FR\nautoriser les hébergeurs nommés l'un de un, deux\n";
const INVENTORY: &str = "[backend.un]\nhosts = [\"un.example\"]\nprocessing = [\"FR\"]\nstorage = [\"FR\", \"DE\"]\ntraining = \"never\"  # ou \"opt-out\"\nretention = { days = 30 }\ntransfer-basis = [{ kind = \"ad-hoc-clauses\", dated = 2026-01-05, until = 2027-01-04 }]\nverified = 2026-11-01\nby = \"dpo\"\n\n[backend.deux]\nhosts = [\"deux.example\"]\nverified = 2026-11-01\nby = \"dpo\"\n";

/// A certificate that is hoped for is none: it needs no day, and counts for nothing.
#[test]
fn a_certificate_in_progress_needs_no_day() {
    let certified = |status: &str| {
        let certificate = format!("certificates = [{{ scheme = \"HDS\", scope = \"x\"{status} }}]\nhosts = [\"un");
        let sheet = format!("{SHEET}règle r parce que \"x\" seulement les hébergeurs certifiés HDS\n");
        sources(&sheet, &INVENTORY.replacen("hosts = [\"un", &certificate, 1))
    };
    let policy = good(&certified(", status = \"in progress\""));
    assert_eq!(allowed(&policy, &nothing()), [""; 0], "in progress is not obtained");
    let policy = good(&certified(", status = \"in progress\", valid-until = 2099-01-01"));
    assert_eq!(allowed(&policy, &nothing()), [""; 0]);
    assert_eq!(allowed(&good(&certified(", valid-until = 2099-01-01")), &nothing()), ["un"]);
    let faults = compiled(&certified("")).unwrap_err();
    assert!(
        faults.iter().any(|fault| fault.message().contains("valid-until")),
        "one that is obtained ends: {faults:?}"
    );
}

/// No country in particular is every country, and nobody has said which.
#[test]
fn global_is_no_country() {
    for word in ["global", "Worldwide", "*"] {
        let inventory = INVENTORY.replacen("processing = [\"FR\"]", &format!("processing = [\"{word}\"]"), 1);
        let faults = compiled(&sources(SHEET, &inventory)).unwrap_err();
        let [fault] = faults.as_slice() else { panic!("{faults:?}") };
        assert!(fault.message().contains(&format!("`{word}` ne nomme aucun pays")), "{fault:?}");
        assert!(fault.help_text().is_some_and(|help| help.contains("omettez la clé")), "{fault:?}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn one_slip_in_an_inventory_is_one_fault() {
    good(&sources(SHEET, INVENTORY));
    let twice = "gardez l'un des deux, et retirez l'autre";
    let equals = "une clé et sa valeur ont `=` entre elles";
    let quotes = "un texte se met entre guillemets droits doubles";
    let mut wrong = Vec::new();
    for (name, from, to, expected) in [
        (
            "a key twice",
            "by = \"dpo\"\n\n",
            "processing = [\"DE\"]\nby = \"dpo\"\n\n",
            "`processing` de `un` figure deux fois : à la ligne 3 et à la ligne 9",
        ),
        ("a key twice: what to do", "by = \"dpo\"\n\n", "training = \"yes\"\nby = \"dpo\"\n\n", twice),
        (
            "a key twice in brackets",
            "dated = 2026-01-05",
            "dated = 2026-01-05, dated = 2026-01-06",
            "`dated` de `un` figure deux fois à la ligne 7",
        ),
        (
            "a key twice above all",
            "[backend.un]",
            "version = \"1\"\nversion = \"2\"\n[backend.un]",
            "`version` figure deux fois : à la ligne 1 et à la ligne 2",
        ),
        ("a colon", "training = ", "training: ", &format!("{equals} | écrivez `training = \"never\"`")),
        ("no sign between", "training = ", "training ", equals),
        ("no sign within brackets", "{ days = 30 }", "{ days 30 }", &format!("{equals} | écrivez `days = 30`")),
        ("an open quote", "\"never\"  # ou \"opt-out\"", "\"never", "il manque ici un guillemet | écrivez \"never\""),
        ("half a quote", "\"never\"", "never\"", "il manque ici un guillemet | écrivez \"never\""),
        ("guillemets", "\"never\"", "« never »", "ces guillemets ne sont pas droits | écrivez \"never\""),
        ("curly quotes", "\"never\"", "“never”", "ces guillemets ne sont pas droits | écrivez \"never\""),
        ("no value", "\"never\"  # ou \"opt-out\"", "", "il manque ici une valeur"),
        ("no value but a note", "\"never\"", "", "il manque ici une valeur"),
        ("no quotes in a list", "[\"FR\", \"DE\"]", "[FR, DE]", &format!("{quotes} | écrivez `[\"FR\", \"DE\"]`")),
        (
            "an open list",
            "[\"FR\", \"DE\"]",
            "[\"FR\", \"DE\"",
            "`[` s'ouvre ici et n'est pas fermé | écrivez `]` derrière ce qu'il contient",
        ),
        (
            "an open bracket",
            "{ days = 30 }",
            "{ days = 30",
            "`{` s'ouvre ici et n'est pas fermé | écrivez `}` derrière ce qu'il contient",
        ),
        ("an open header", "[backend.deux]", "[backend.deux", "`[` s'ouvre ici et n'est pas fermé"),
        (
            "a header of two words",
            "[backend.deux]",
            "[backend.nuage deux]",
            "des traits d'union y remplacent les espaces | écrivez `[backend.nuage-deux]`",
        ),
        ("a header without its dot", "[backend.deux]", "[backend deux]", "écrivez `[backend.deux]`"),
        (
            "a header with an accent",
            "[backend.deux]",
            "[backend.hébergeur]",
            "lettres sans accent, de chiffres, de `-` et de `_` | écrivez `[backend.hebergeur]`",
        ),
        (
            "a key with an accent",
            "by = \"dpo\"\n\n",
            "délai = 3\nby = \"dpo\"\n\n",
            "la clé `délai` n'est pas connue ici",
        ),
        (
            "a note with slashes",
            "\n[backend.deux]",
            "// une note\n[backend.deux]",
            "une note commence par # | écrivez `# une note`",
        ),
        ("a note with a semicolon", "\n[backend.deux]", "; une note\n[backend.deux]", "une note commence par #"),
        ("a day first", "until = 2027-01-04", "until = 04/01/2027", "écrivez 2027-01-04"),
        (
            "no such day",
            "until = 2027-01-04",
            "until = 2027-02-30",
            "le jour 2027-02-30 n'existe pas | le dernier jour de ce mois est le 2027-02-28",
        ),
        (
            "a backslash",
            "\"dpo\"\n\n",
            "\"dpo\\de\"\n\n",
            "une barre oblique inverse commence un signe à part | écrivez `/` à sa place",
        ),
        ("two values", "\"never\"", "\"never\" \"yes\"", "une ligne se lit : clé = valeur"),
    ] {
        assert!(INVENTORY.contains(from), "{name}");
        let faults = compiled(&sources(SHEET, &INVENTORY.replacen(from, to, 1))).err().unwrap_or_default();
        let told: Vec<String> = faults
            .iter()
            .map(|fault| format!("{} | {}", fault.message(), fault.help_text().unwrap_or_default()))
            .collect();
        if told.len() != 1 || !told[0].contains(expected) {
            wrong.push((name, told));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
