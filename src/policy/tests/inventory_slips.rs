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

/// An inventory without a backend is as good as none: whatever the sheets allow, nothing goes anywhere.
#[test]
fn an_inventory_without_a_backend_is_a_fault() {
    let sheet = SHEET.replace("nommés l'un de un, deux", "sur site");
    for inventory in ["", "# rien encore\n", "version = \"1\"\n", "[backend]\n"] {
        let faults = compiled(&sources(&sheet, inventory)).unwrap_err();
        let [fault] = faults.as_slice() else { panic!("{inventory}: {faults:?}") };
        assert!(fault.message().contains("cet inventaire ne nomme aucun hébergeur"), "{inventory}: {fault:?}");
    }
}

/// A sign that nobody sees is told with its place and what to do, once, and hides nothing behind it.
#[test]
fn a_sign_that_nobody_sees_is_named_in_its_place() {
    for (sign, called) in [("\u{0}", "U+0000"), ("\u{7f}", "U+007F"), ("\u{202e}", "U+202E")] {
        for (name, before, after) in [
            ("in a text", "[\"FR\", \"DE\"]".to_owned(), format!("[\"FR\", \"DE\"{sign}]")),
            ("before a key", "storage =".to_owned(), format!("{sign}storage =")),
            ("in a note", "# ou".to_owned(), format!("# o{sign}u")),
            ("behind all", "training = \"never\"".to_owned(), format!("training = \"never\"{sign}")),
        ] {
            let inventory = INVENTORY.replacen(&before, &after, 1);
            assert_ne!(inventory, INVENTORY, "{name}");
            let faults = compiled(&sources(SHEET, &inventory)).unwrap_err();
            let [fault] = faults.as_slice() else { panic!("{name}: {faults:?}") };
            let told = render(fault);
            let line = inventory.split(sign).next().unwrap().lines().count().max(1);
            assert!(told.contains(called) && told.contains("effacez-le"), "{name}: {told}");
            assert!(told.contains(&format!("backends.toml:{line}:")) || before == "storage =", "{name}: {told}");
        }
    }
}

/// A list that narrows where a backend may be, and names nothing, would narrow nothing: whoever wrote it meant something else.
#[test]
fn an_empty_list_of_what_a_name_stands_for_is_a_fault() {
    for key in ["addresses", "spki", "ca"] {
        let inventory = INVENTORY.replacen("hosts = ", &format!("{key} = []\nhosts = "), 1);
        let faults = compiled(&sources(SHEET, &inventory)).unwrap_err();
        let [fault] = faults.as_slice() else { panic!("{key}: {faults:?}") };
        let told = render(fault);
        assert!(told.contains(&format!("`{key}` ne nomme rien")) && told.contains("retirez la clé"), "{told}");
        assert!(told.contains("backends.toml:2:"), "{told}");
    }
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

/// What a slip is called, what stands there, what is written in its place, and what is told.
type Slip = (&'static str, &'static str, &'static str, &'static str);

const SLIPS: &[Slip] = &[
    (
        "a key twice",
        "by = \"dpo\"\n\n",
        "processing = [\"DE\"]\nby = \"dpo\"\n\n",
        "`processing` de `un` figure deux fois : à la ligne 3 et à la ligne 9",
    ),
    (
        "a key twice: what to do",
        "by = \"dpo\"\n\n",
        "training = \"yes\"\nby = \"dpo\"\n\n",
        "gardez l'un des deux, et retirez l'autre",
    ),
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
    (
        "a colon",
        "training = ",
        "training: ",
        "une clé et sa valeur ont `=` entre elles | écrivez `training = \"never\"`",
    ),
    ("no sign between", "training = ", "training ", "une clé et sa valeur ont `=` entre elles"),
    (
        "no sign within brackets",
        "{ days = 30 }",
        "{ days 30 }",
        "une clé et sa valeur ont `=` entre elles | écrivez `days = 30`",
    ),
    (
        "no sign before brackets",
        "retention = {",
        "retention {",
        "une clé et sa valeur ont `=` entre elles | écrivez `retention = { days = 30 }`",
    ),
    (
        "a key of two words",
        "storage = ",
        "storage EEA = ",
        "une clé est un seul mot, et derrière elle il y a `=` | écrivez `storage = [\"FR\", \"DE\"]`",
    ),
    ("a quote before a key", "training = ", "\" training = ", "une clé est un seul mot, et derrière elle il y a `=`"),
    ("a sign before `=`", "training = ", "training ( = ", "écrivez `training = \"never\"`"),
    (
        "a list with a quote too few",
        "[\"FR\", \"DE\"]",
        "[\"FR\", \"DE]",
        "il manque ici un guillemet | écrivez `[\"FR\", \"DE\"]`",
    ),
    (
        "a list that lacks its first quote",
        "[\"FR\", \"DE\"]",
        "[FR\", \"DE\"]",
        "il manque ici un guillemet | écrivez `[\"FR\", \"DE\"]`",
    ),
    (
        "brackets with a quote too few",
        "kind = \"ad-hoc-clauses\"",
        "kind = \"ad-hoc-clauses",
        "il manque ici un guillemet | écrivez `kind = \"ad-hoc-clauses\"`",
    ),
    ("an open quote", "\"never\"  # ou \"opt-out\"", "\"never", "il manque ici un guillemet | écrivez \"never\""),
    ("half a quote", "\"never\"", "never\"", "il manque ici un guillemet | écrivez \"never\""),
    ("guillemets", "\"never\"", "« never »", "ces guillemets ne sont pas droits | écrivez \"never\""),
    ("curly quotes", "\"never\"", "“never”", "ces guillemets ne sont pas droits | écrivez \"never\""),
    ("no value", "\"never\"  # ou \"opt-out\"", "", "il manque ici une valeur"),
    ("no value but a note", "\"never\"", "", "il manque ici une valeur"),
    (
        "no quotes in a list",
        "[\"FR\", \"DE\"]",
        "[FR, DE]",
        "un texte se met entre guillemets droits doubles | écrivez `[\"FR\", \"DE\"]`",
    ),
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
    ("a key with an accent", "by = \"dpo\"\n\n", "délai = 3\nby = \"dpo\"\n\n", "la clé `délai` n'est pas connue ici"),
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
    ("no name", "by = \"dpo\"\n\n", "\n", "`by` manque"),
    ("empty quotes", "by = \"dpo\"\n\n", "by = \"\"\n\n", "il n'y a rien entre ces guillemets | écrivez-le"),
    ("an unknown key", "storage = ", "stockage = ", "la clé `stockage` n'est pas connue ici"),
    ("an unknown country", "[\"FR\", \"DE\"]", "[\"FR\", \"XX\"]", "`XX` n'est pas un pays"),
];

fn told(faults: &[Diagnostic]) -> Vec<String> {
    faults.iter().map(|fault| format!("{} | {}", fault.message(), fault.help_text().unwrap_or_default())).collect()
}

#[test]
fn one_slip_in_an_inventory_is_one_fault() {
    good(&sources(SHEET, INVENTORY));
    let mut wrong = Vec::new();
    for (name, from, to, expected) in SLIPS {
        assert!(INVENTORY.contains(from), "{name}");
        let faults = compiled(&sources(SHEET, &INVENTORY.replacen(from, to, 1))).err().unwrap_or_default();
        let told = told(&faults);
        if told.len() != 1 || !told[0].contains(expected) {
            wrong.push((name, told));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Entries with a slip each, all in one file: what is told of some of them together is what is told of each alone.
#[test]
fn slips_beside_one_another_are_told_as_each_alone() {
    let entry = |number: usize, slip: Option<&Slip>| {
        let (_, from, to, _) = slip.unwrap_or(&("", "", "", ""));
        // The header of the second entry is where some slip.
        let (first, second) = (format!("e{number}a"), format!("e{number}b"));
        INVENTORY.replacen(from, to, 1).replace("backend.un]", &format!("backend.{first}]")).replace("deux", &second)
    };
    let sheet = &SHEET.replace("l'un de un, deux", "e0a");
    // Above all entries there is one place only.
    let slips: Vec<&Slip> = SLIPS.iter().filter(|(_, from, ..)| *from != "[backend.un]").collect();
    let faults = |wrong: &dyn Fn(usize) -> bool| -> Vec<String> {
        // The sheet names what the first brings.
        let entries = slips.iter().enumerate().filter(|(number, _)| *number == 0 || wrong(*number));
        let entries = entries.map(|(number, slip)| entry(number, wrong(number).then_some(slip)));
        let inventory: String = entries.collect();
        let told = told(&compiled(&sources(sheet, &inventory)).err().unwrap_or_default());
        // On which line it stands depends on what stands above.
        let mut told: Vec<String> = told.iter().map(|told| told.replace(|c: char| c.is_ascii_digit(), "")).collect();
        told.sort();
        told
    };
    let alone: Vec<Vec<String>> = (0..slips.len()).map(|own| faults(&|number| number == own)).collect();
    let mut wrong = Vec::new();
    let mut look = |name: String, of: &dyn Fn(usize) -> bool| {
        let mut expected: Vec<String> =
            alone.iter().enumerate().filter(|(number, _)| of(*number)).flat_map(|(_, told)| told.clone()).collect();
        expected.sort();
        let found = faults(of);
        if found != expected {
            let lost: Vec<&String> = expected.iter().filter(|told| !found.contains(told)).collect();
            let more: Vec<&String> = found.iter().filter(|told| !expected.contains(told)).collect();
            wrong.push(format!("{name}: lost {lost:?}, more {more:?}"));
        }
    };
    for (first, (one, ..)) in slips.iter().enumerate() {
        for (second, (other, ..)) in slips.iter().enumerate().skip(first + 1) {
            look(format!("{one} / {other}"), &|number| number == first || number == second);
        }
    }
    look("all".to_owned(), &|_| true);
    assert!(wrong.is_empty(), "{} of them: {wrong:#?}", wrong.len());
}

/// What stands under a name that is misspelt is read as what it was meant for, and its faults are told in the same run.
#[test]
fn what_stands_under_a_misspelt_key_is_read() {
    let further =
        "\n[backends.trois]\nhosts = [\"trois.example\"]\nretention = \"nonee\"\nverified = 2026-11-01\nby = \"dpo\"\n";
    for (inventory, expected) in [
        (format!("{INVENTORY}{further}"), vec!["la clé `backends`", "`nonee` n'est pas une durée"]),
        (
            INVENTORY.replacen("storage", "exposed_to = [\"Cloud Act\"]\nstorage", 1),
            vec!["la clé `exposed_to`", "`Cloud Act` n'est pas"],
        ),
        (
            INVENTORY.replacen("retention = {", "retension = { value = \"nonee\" }\nlogs = {", 1),
            vec!["la clé `retension`", "`nonee` n'est pas", "une liste entre crochets"],
        ),
        (INVENTORY.replacen("hosts = [\"un.example\"]", "hosts = []", 1), vec!["`hosts` ne nomme aucun serveur"]),
    ] {
        let told = told(&compiled(&sources(SHEET, &inventory)).err().unwrap_or_default());
        let fits = told.len() == expected.len() && told.iter().zip(&expected).all(|(told, part)| told.contains(part));
        assert!(fits, "{inventory}: {told:#?}");
    }
}

/// Of a table that stands twice, what is wrong in each is told where it stands.
#[test]
fn what_is_wrong_in_a_table_that_stands_twice_is_told_where_it_stands() {
    let first = INVENTORY.replacen("processing = [\"FR\"]", "processing = []", 1);
    let twice = format!("{first}\n[backend.un]\nlogs = [\"UX\"]\n");
    let faults = compiled(&sources(SHEET, &twice)).err().unwrap_or_default();
    let places: Vec<_> = faults.iter().map(|fault| (fault.place().0, fault.message().to_owned())).collect();
    assert!(places.iter().any(|(line, told)| *line == 3 && told.contains("`processing`")), "{places:#?}");
    assert!(places.iter().any(|(line, told)| *line == 16 && told.contains("deux fois")), "{places:#?}");
    assert!(places.iter().any(|(line, told)| *line == 17 && told.contains("UX")), "{places:#?}");
}

/// Of a key that stands twice both values are read, wherever the second is: in a second copy of the table, in the same one, in
/// brackets, beneath a dot, or in the second of two lists of tables. What was told of the first is told once.
#[test]
fn of_a_key_that_stands_twice_both_values_are_read() {
    let copy = |keys: &str| format!("{INVENTORY}\n[backend.un]\nhosts = [\"un.example\"]\n{keys}by = \"dpo\"\n");
    let within = |from: &str, to: &str| INVENTORY.replacen(from, to, 1);
    let good = ["processing = [\"FR\"]\n", "training = \"never\"\n", "retention = { days = 30 }\n"].concat();
    for (name, inventory, expected) in [
        ("copies of one text", copy(&good), &[(16_usize, "deux fois")] as &[(usize, &str)]),
        ("a second value", copy("training = \"nevr\"\n"), &[(16, "deux fois"), (18, "`nevr`")]),
        (
            "three copies",
            copy("training = \"nevr\"\n") + "\n[backend.un]\ntraining = \"jamais\"\n",
            &[(16, "deux fois"), (18, "`nevr`"), (21, "deux fois"), (22, "`jamais`")],
        ),
        ("over several lines", copy("storage = [\n  \"FR\",\n  \"UX\",\n]\n"), &[(16, "deux fois"), (20, "`UX`")]),
        (
            "both of them wrong",
            copy("training = \"nevr\"\n").replacen("training = \"never\"", "training = \"jamais\"", 1),
            &[(5, "`jamais`"), (16, "deux fois"), (18, "`nevr`")],
        ),
        (
            "in one table",
            within("training = \"never\"", "training = \"never\"\ntraining = \"nevr\""),
            &[(6, "`training` de `un` figure deux fois"), (6, "`nevr`")],
        ),
        (
            "in brackets",
            within("dated = 2026-01-05", "kind = \"clauses\", dated = 2026-01-05"),
            &[(7, "`kind` de `un` figure deux fois"), (7, "`clauses`")],
        ),
        (
            "beneath a dot",
            within(
                "retention = {",
                "contract.reference = \"c\"\ncontract.dated = 2026-01-01\ncontract.dated = \"x\"\nretention = {",
            ),
            &[(8, "figure deux fois"), (8, "attendu")],
        ),
        (
            "in a list of tables",
            format!(
                "{INVENTORY}\n[[backend.deux.certificates]]\nscheme = \"HDS\"\nscope = \"x\"\nvalid-until = 2027-03-31\n\n[[backend.deux.certificates]]\nscheme = \"HDS\"\nscope = \"x\"\nvalid-until = 2027-03-31\nscheme = \"HSD\"\n"
            ),
            &[(25, "`scheme`"), (25, "`HSD`")],
        ),
    ] {
        let faults = compiled(&sources(SHEET, &inventory)).err().unwrap_or_default();
        let places: Vec<_> = faults.iter().map(|fault| (fault.place().0, fault.message().to_owned())).collect();
        let fits = |((line, told), (expected, part)): (&(usize, String), &(usize, &str))| {
            line == expected && told.contains(part)
        };
        assert!(places.len() == expected.len() && places.iter().zip(expected).all(fits), "{name}: {places:#?}");
    }
}

/// What is no fault is told beside the faults, and so is a pack that no sheet uses.
#[test]
fn notices_are_told_beside_faults() {
    let inventory = INVENTORY
        .replacen("\"FR\", \"DE\"", "\"aws:eu-ouest\"", 1)
        .replacen("verified = 2026-11-01", "verified = 2027-11-01", 1)
        .replacen("retention = { days", "retention = { dayz", 1);
    let mut sources = sources(&format!("{SHEET}règle r\n"), &inventory);
    let pack = "pack idle version 1 owner \"dpo\" review before 2027-06-30\nhome FR\nrule s because \"x\" never backends located in UX\n";
    sources.packs.push(file("packs/idle.policy", pack));
    let catalogue = all_types();
    let beside = crate::policy::study::Beside::new(&sources, &catalogue, &every(&catalogue), &vocabulary(), now());
    assert!(compiled(&sources).is_err());
    let notices = beside.notices.join("\n");
    assert!(notices.contains("aws:eu-ouest") && notices.contains("2027-11-01"), "{notices}");
    let [unused] = beside.unused.as_slice() else { panic!("{beside:?}") };
    assert_eq!(unused.notice, "le paquet `idle` ne sert pas : aucune feuille ne le nomme");
    let lines: Vec<_> = unused.faults.iter().map(|fault| fault.place().0).collect();
    assert_eq!(lines, [2, 3], "{:#?}", unused.faults);
}
