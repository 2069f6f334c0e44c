//! Where a statement ends: what is missing at its end is told there, and the next one is read as if all were well before it.

use super::*;

const FRENCH: &str = "politique \"essai\" version 1 responsable \"dpo\" à revoir avant le 2027-06-30\nsiège FR\nautoriser les hébergeurs sur site\n";
const ENGLISH: &str =
    "policy \"test\" version 1 owner \"dpo\" review before 2027-06-30\nhome FR\nallow backends on premises\n";

/// The faults of statements behind a good header, each with its line among them, its message and its help.
fn told(head: &str, statements: &str) -> Vec<(usize, String)> {
    let faults = compiled(&sources(&format!("{head}{statements}\n"), example())).err().unwrap_or_default();
    let line = |fault: &Diagnostic| fault.place().0.saturating_sub(3);
    let text = |fault: &Diagnostic| format!("{} | {}", fault.message(), fault.help_text().unwrap_or_default());
    faults.iter().map(|fault| (line(fault), text(fault))).collect()
}

/// Statements whose last word lacks what belongs behind it, and what is said of each.
const ENDLESS_ENGLISH: [(&str, &str); 18] = [
    ("scenario \"s\" given", "expected what the scenario gives"),
    ("scenario \"s\" given data health then refused", "expected the name of a backend"),
    ("scenario \"s\" given data health then allowed gpu-paris and refused", "expected the name of a backend"),
    ("scenario \"s\" given data", "expected a class or type of data"),
    ("scenario \"s\" given app", "expected the name of an app"),
    ("rule r because \"x\" when data includes health must pseudonymise", "expected a type or class of data"),
    ("rule r because \"x\" never backends exposed to", "expected a legal regime"),
    ("rule r because \"x\" never backends located in", "expected a country"),
    ("rule r because \"x\" never backends controlled from any of", "expected a country"),
    ("rule r because \"x\" never backends named", "expected the name of a backend"),
    ("rule r because \"x\" never backends certified", "expected a certificate scheme"),
    ("rule r because \"x\" when app in group", "expected the name of a group"),
    ("rule r because \"x\" only backends", "expected what is asked of the backends"),
    ("rule", "expected the name of the rule"),
    ("exception e because \"x\" until 2026-12-31 approved by \"DPO\" for rule", "expected the name of the rule"),
    ("use pack", "expected the name of a pack"),
    ("allow hosted tool", "expected the kind of the tool"),
    ("group g of apps", "expected the name of an app"),
];

const ENDLESS_FRENCH: [(&str, &str); 8] = [
    ("scénario \"s\" étant donné des données santé alors refusé", "le nom d'un hébergeur"),
    (
        "règle r parce que \"x\" quand les données comprennent santé doit pseudonymiser",
        "un type ou une classe de données",
    ),
    ("règle r parce que \"x\" jamais les hébergeurs exposés à", "un régime juridique"),
    ("règle r parce que \"x\" jamais les hébergeurs situés dans", "un pays"),
    ("règle r parce que \"x\" jamais les hébergeurs nommés", "le nom d'un hébergeur"),
    ("prendre le paquet", "le nom d'un paquet"),
    ("autoriser l'outil hébergé", "la sorte d'outil"),
    ("groupe g d'applications", "le nom d'une application"),
];

/// Statements with one fault each, and what is said of it.
const NEXT_ENGLISH: [(&str, &str); 12] = [
    ("scenario \"e\" given data helth then refused cloud-us", "`helth` is no class"),
    ("scenario \"e\"\n  given data health\n  then refused cloud-uss", "`cloud-uss` is no backend"),
    ("scenaro \"e\" given data helth then refused cloud-us", "`scenaro` is not understood here"),
    ("rule q\n  because \"y\"\n  never backends located in UX", "`UX` is no country"),
    ("rule q because \"y\" never backends named gpu-pari", "`gpu-pari` is no backend"),
    (
        "exception f\n  for rule none\n  because \"y\"\n  until 2026-12-31\n  approved by \"DPO\"",
        "there is no rule `none`",
    ),
    ("home FR", "`home` is said twice"),
    ("use pack gdpr-eea-onl", "there is no pack `gdpr-eea-onl`"),
    ("allow backends located in UX", "`UX` is no country"),
    ("the label \"None\" brings trade-secret", "`None` is no label"),
    ("fall back if unavailable when data includes helth", "`helth` is no class"),
    ("labels \"Nothing\", \"Nothing\"", "this label is listed twice"),
];

const NEXT_FRENCH: [(&str, &str); 6] = [
    ("scénario \"e\" étant donné des données truc alors refusé cloud-us", "`truc` n'est pas"),
    ("règle q\n  parce que \"y\"\n  jamais les hébergeurs situés dans UX", "`UX` n'est pas un pays"),
    (
        "exception f\n  à la règle aucune\n  parce que \"y\"\n  jusqu'au 2026-12-31\n  approuvée par \"DPO\"",
        "il n'y a pas de règle `aucune`",
    ),
    ("siège FR", "`siège` est dit deux fois"),
    ("prendre le paquet rgpd", "il n'y a pas de paquet `rgpd`"),
    ("tout marquage \"Rien\" apporte secret-des-affaires", "`Rien` n'est pas un marquage"),
];

#[test]
fn a_statement_without_its_end_takes_nothing_of_the_next() {
    let english = ENDLESS_ENGLISH.iter().flat_map(|row| NEXT_ENGLISH.iter().map(move |next| (ENGLISH, row, next)));
    let french = ENDLESS_FRENCH.iter().flat_map(|row| NEXT_FRENCH.iter().map(move |next| (FRENCH, row, next)));
    let mut wrong = Vec::new();
    for (head, (endless, missing), (next, fault)) in english.chain(french) {
        let told = told(head, &format!("{endless}\n{next}"));
        let here = told.iter().filter(|(line, text)| *line == 1 && text.contains(missing)).count();
        let behind = told.iter().filter(|(line, text)| *line > 1 && text.contains(fault)).count();
        let others = told.iter().filter(|(line, _)| *line > 1).count();
        // A misspelt word is told besides what is wrong behind it.
        let also = usize::from(next.starts_with("scenaro"));
        if (here, behind, others) != (1, 1, 1 + also) {
            wrong.push(format!("{endless} / {next}: {told:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}: {}", wrong.len(), wrong.join("\n"));
}

/// A clause without its end takes nothing of the next clause.
#[test]
fn a_clause_without_its_end_takes_nothing_of_the_next() {
    let endless = [
        "when data includes",
        "when label is",
        "never backends exposed to",
        "never backends located in",
        "never backends named",
        "on backends certified",
        "must pseudonymise",
    ];
    for clause in endless {
        for next in ["until 2027-02-30", "must redact helth", "prefer backends located in UX"] {
            let told = told(ENGLISH, &format!("rule r\n  because \"x\"\n  {clause}\n  {next}"));
            let lines: Vec<usize> = told.iter().map(|(line, _)| *line).collect();
            assert!(
                lines.first() == Some(&3) && lines.iter().skip(1).all(|line| *line == 4),
                "{clause} / {next}: {told:#?}"
            );
            assert!(lines.contains(&4), "{clause} / {next}: {told:#?}");
        }
    }
}

/// A line may end anywhere, and names may be the words of the language.
#[test]
fn a_line_that_begins_with_the_word_of_a_statement_need_not_begin_one() {
    let sheet = "use\npack gdpr-eea-only\ngroup\nrule\nof apps \"a\"\nrule\nhome because \"x\" when app in\ngroup\nrule only backends located in\nhome\nand controlled from\nhome\nexception\ngroup for\nrule\nhome because \"x\" when app is \"a\" until 2026-12-31 approved by \"DPO\"\nscenario \"s\" given residence\nhome then allowed\ngpu-paris";
    assert_eq!(told(ENGLISH, sheet), []);
    let sheet = "prendre\nle\npaquet gdpr-eea-only\nrègle\nsiège parce que \"x\" seulement les hébergeurs situés dans\nsiège\nexception e à la\nrègle\nsiège parce que \"x\" quand l'application est \"a\" jusqu'au 2026-12-31 approuvée par \"DPO\"";
    assert_eq!(told(FRENCH, sheet), []);
}

/// Lines may end anywhere, and a backend may be called like a statement: behind a comma a name is expected, and a line that says no
/// more than that name begins nothing.
#[test]
fn a_line_may_begin_with_a_backend_that_is_called_like_a_statement() {
    for name in ["home", "policy", "pack", "rule", "scenario", "group", "label", "labels", "exception", "allow", "use"]
    {
        let inventory = example().replace("[backend.cloud-us]", &format!("[backend.{name}]"));
        for (list, behind) in [
            ("rule r because \"x\" never backends named any of cloud-fr,", ""),
            ("rule r because \"x\" never backends named any of cloud-fr,", ", cloud-de"),
            ("rule r because \"x\" never backends named any of cloud-fr,", " and located in EEA"),
            ("rule r because \"x\" never backends named any of cloud-fr,", "\n  when scan incomplete"),
            ("scenario \"s\"\n  given nothing\n  then allowed gpu-paris and refused cloud-fr,", ", cloud-de"),
        ] {
            let sheet = format!("{HEADER}allow backends on premises\n{list}\n{name}{behind}\n");
            let faults = compiled(&sources(&sheet, &inventory)).err().unwrap_or_default();
            assert!(faults.is_empty(), "{sheet}{}", faults.iter().map(render).collect::<Vec<_>>().join("\n"));
        }
    }
    // What takes something behind it begins a statement, and the comma before it is one too many.
    let idle =
        told(HEADER, "allow backends named any of gpu-paris,\nrule r because \"x\" never backends named cloud-us\n");
    assert!(idle.len() == 1 && idle[0].1.contains("this comma has nothing to separate"), "{idle:?}");
}

/// Lines may end anywhere: each fact of a scenario may begin one, whatever statement it is near to.
#[test]
fn a_line_may_begin_with_any_fact_of_a_scenario() {
    let facts = [
        "label \"Secret\"",
        "role \"nurse\"",
        "tenant \"t\"",
        "purpose \"p\"",
        "app \"x\"",
        "data email",
        "residence FR",
        "leak score 700",
        "minors",
        "a reference",
        "hosted tool web_search",
    ];
    for fact in facts {
        for open in [
            "given\n",
            "given scan incomplete and\n",
            "given scan incomplete,\n    # a note\n",
            "given scan incomplete\n and\n",
        ] {
            for indent in ["", "        "] {
                let sheet = format!("scenario \"s\"\n  {open}{indent}{fact}\n  then refused cloud-us\n");
                assert_eq!(told(HEADER, &format!("allow backends on premises\n{sheet}")), [], "{sheet}");
            }
        }
    }
    // Behind a comma too many, what begins a statement begins one.
    let idle = told(HEADER, "scenario \"s\"\n  given app \"x\",\nlabel \"Secret\" brings health\n");
    assert!(idle.iter().any(|(_, told)| told.contains("label \"Secret\"") || told.contains("`label`")), "{idle:?}");
}

/// Whoever writes restrictions without rules is told of each line.
#[test]
fn each_line_that_restricts_is_told() {
    let told_of = |head: &str, lines: &[&str]| {
        let told = told(head, &lines.join("\n"));
        let at: Vec<usize> = told.iter().map(|(line, _)| *line).collect();
        assert_eq!(at, (1..=lines.len()).collect::<Vec<_>>(), "{told:#?}");
        assert!(
            told.iter().all(|(_, text)| text.contains("rule of its own") || text.contains("règle à part")),
            "{told:#?}"
        );
    };
    told_of(ENGLISH, &["forbid backends exposed to US", "deny backends located in CN", "only backends on premises"]);
    told_of(ENGLISH, &["never backends exposed to US", "never backends located in CN", "block backends located in RU"]);
    told_of(FRENCH, &["jamais les hébergeurs exposés à US", "seulement les hébergeurs sur site"]);
    told_of(FRENCH, &["interdire les hébergeurs exposés à US", "refuser les hébergeurs situés dans CN"]);
}

/// A restriction at the margin behind a rule is none of its clauses.
#[test]
fn what_restricts_behind_a_rule_is_no_clause_of_it() {
    for (head, rule, line) in [
        (
            FRENCH,
            "règle r\n  parce que \"x\"\n  seulement les hébergeurs sur site",
            "interdire les hébergeurs exposés à US",
        ),
        (
            FRENCH,
            "règle r\n  parce que \"x\"\n  seulement les hébergeurs sur site",
            "exclure les hébergeurs exposés à US",
        ),
        (ENGLISH, "rule r\n  because \"x\"\n  only backends on premises", "forbid backends exposed to US"),
        (ENGLISH, "rule r\n  because \"x\"\n  only backends on premises", "deny backends exposed to US"),
    ] {
        let told = told(head, &format!("{rule}\n{line}"));
        let expected = ["rule of its own", "règle à part"];
        let fits = told.len() == 1 && told[0].0 == 4 && expected.iter().any(|part| told[0].1.contains(part));
        assert!(fits, "{line}: {told:#?}");
    }
    // Within the rule it is a slip for its clause.
    let told = told(ENGLISH, "rule r\n  because \"x\"\n  forbid backends exposed to US");
    assert!(told.len() == 1 && told[0].1.contains("is written `never backends`"), "{told:#?}");
}

/// A reserved word is told wherever it stands, once, and nothing else is said of what it is about.
#[test]
fn a_reserved_word_is_told_wherever_it_stands() {
    let home = "\n  only backends on premises";
    let ici = "\n  seulement les hébergeurs sur site";
    for (head, statements, line) in [
        (ENGLISH, "rule r\n  because \"x\"\n  must have approval of \"DPO\"".to_owned(), 3),
        (ENGLISH, "rule r\n  because \"x\"\n  must ask approval".to_owned(), 3),
        (ENGLISH, "rule r\n  because \"x\"\n  must ask for an approval of the DPO".to_owned(), 3),
        (ENGLISH, format!("rule r\n  because \"x\"\n  when approval is \"given\"{home}"), 3),
        (ENGLISH, format!("rule r\n  because \"x\"\n  when data includes health and approval is given{home}"), 3),
        (ENGLISH, "approval of \"DPO\" for rule r\nallow backends domestic".to_owned(), 1),
        (ENGLISH, "allow backends domestic unless approval of \"DPO\"".to_owned(), 1),
        (ENGLISH, "rule approval\n  because \"x\"\n  only backends on premises".to_owned(), 1),
        (FRENCH, "approbation du DPO\nautoriser les hébergeurs nationaux".to_owned(), 1),
        (FRENCH, "règle r\n  parce que \"x\"\n  doit avoir l'approbation du DPO".to_owned(), 3),
        (FRENCH, format!("règle r\n  parce que \"x\"\n  quand l'approbation est donnée{ici}"), 3),
        (FRENCH, format!("règle r\n  parce que \"x\"\n  sauf si approbation \"DPO\"{ici}"), 3),
    ] {
        let told = told(head, &statements);
        let reserved = |text: &str| text.contains("is not there yet") || text.contains("n'existe pas encore");
        assert!(told.len() == 1 && told[0].0 == line && reserved(&told[0].1), "{statements}: {told:#?}");
    }
    let sheet = "rule r\n  because \"with the approval of the DPO\" # approval\n  only backends on premises";
    assert_eq!(told(ENGLISH, sheet), []);
}

/// A request has one app, one label, one score: a second one would count silently.
#[test]
fn what_there_is_one_of_is_given_once() {
    for (given, phrase) in [
        ("app \"a\" and app \"b\"", "app"),
        ("app \"a\", health and app \"a\"", "app"),
        ("label \"Public\" and label \"Secret\"", "label"),
        ("leak score 7 and leak score 700", "leak score"),
        ("leak history 7 and leak history 700", "leak history"),
        ("purpose \"a\" and purpose \"b\"", "purpose"),
        ("tenant \"a\" and tenant \"b\"", "tenant"),
    ] {
        let given = given.replace("health and", "data health and");
        let sheet = format!("labels \"Public\", \"Secret\"\nscenario \"s\"\n  given {given}\n  then allowed gpu-paris");
        let told = told(ENGLISH, &sheet);
        assert!(told.len() == 1 && told[0].1.contains(&format!("`{phrase}` is said twice")), "{given}: {told:#?}");
    }
    let sheet =
        "scenario \"s\"\n  given role \"a\", role \"b\", data health, email and residence FR\n  then allowed gpu-paris";
    assert_eq!(told(ENGLISH, sheet), []);
}

/// What is wrong with a day, a unit or a name hides nothing else.
#[test]
fn a_slip_in_a_statement_hides_no_other_fault_of_it() {
    let crosses = "would let";
    for (statements, expected) in [
        (
            "rule r\n  because \"x\"\n  when data includes health\n  must pseudonymise person\n  until tomorrow",
            vec![crosses, "expected a date"],
        ),
        (
            "rule r\n  because \"x\"\n  until next summer\n  when data includes health",
            vec!["does nothing", "expected a date"],
        ),
        (
            "exception e\n  for rule none\n  because \"x\"\n  until tomorrow\n  approved by \"DPO\"",
            vec!["there is no rule `none`", "expected a date"],
        ),
        (
            "fall back if unavailable after 2 secondes when data includes helth",
            vec!["is written `or after`", "is written `s`", "`of waiting` is missing", "`helth` is no class"],
        ),
        (
            "use pack gdpr eea only\nexception e\n  for rule stays\n  because \"x\"\n  when app is \"a\"\n  until 2027-01-01\n  approved by \"DPO\"",
            vec!["a name is one word", "there is no rule `stays`"],
        ),
    ] {
        let told = told(ENGLISH, statements);
        let fits =
            told.len() == expected.len() && told.iter().zip(&expected).all(|((_, told), part)| told.contains(part));
        assert!(fits, "{statements}: {told:#?}");
    }
}
