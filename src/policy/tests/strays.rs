//! What is wrong behind what is wrong is told too, each once and with what to write: rows in the language of the slip.

use super::*;

const FRENCH: &str = "politique \"essai\" version 1 responsable \"dpo\" à revoir avant le 2027-06-30\nsiège FR\nmarquages \"Public\", \"Secret\"\nautoriser les hébergeurs sur site\n";
const ENGLISH: &str = "policy \"test\" version 1 owner \"dpo\" review before 2027-06-30\nhome FR\nlabels \"Public\", \"Secret\"\nallow backends on premises\n";

/// The faults of a sheet on the example inventory, in order, each as message and help in one line.
fn told(sheet: &str) -> Vec<String> {
    let faults = compiled(&sources(sheet, example())).err().unwrap_or_default();
    faults.iter().map(|fault| format!("{} | {}", fault.message(), fault.help_text().unwrap_or_default())).collect()
}

/// A rule of these clauses behind a good header.
fn rule(clauses: &str) -> String {
    format!("{ENGLISH}rule r\n  because \"x\"\n  {clauses}\n")
}

fn french(clauses: &str) -> String {
    format!("{FRENCH}règle r\n  parce que \"x\"\n  {clauses}\n")
}

fn scenario(lines: &str) -> String {
    format!("{ENGLISH}scenario \"s\"\n  {lines}\n")
}

/// Each sheet has these faults, in this order, and no others.
fn tells(rows: &[(&str, String, &[&str])]) {
    for (name, sheet, expected) in rows {
        let told = told(sheet);
        let fits = told.len() == expected.len() && told.iter().zip(*expected).all(|(told, part)| told.contains(part));
        assert!(fits, "{name}: {told:#?}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn what_stands_behind_a_stray_word_is_told() {
    let home = "\n  only backends on premises";
    tells(&[
        (
            "a condition",
            rule(&format!("when data includes secret foo and data includes helth{home}")),
            &["`foo` is not understood here", "`helth` is no class"],
        ),
        (
            "a clause on the same line",
            french(
                "quand les données comprennent maladie foo sauf si les données comprennent truc\n  seulement les hébergeurs sur site",
            ),
            &["`maladie` n'est pas", "`foo` n'est pas compris ici", "`truc` n'est pas"],
        ),
        (
            "a number",
            rule(&format!("when leak history at least 1e3 and data includes at least 0 person{home}")),
            &["`e3` is not understood here", "0 is out of range"],
        ),
        (
            "a misspelt clause on the next line",
            rule("when leak score at least 700 bar\n  onli backends on premises or located in EAA"),
            &["`bar` is not", "`onli` is not understood here | did you mean `only backends`", "`EAA` is no country"],
        ),
        (
            "a misspelt rule behind a clause",
            rule(
                "only backends on premises\n  until someday\nrulle s\n  becuase \"y\"\n  never backends located in UX",
            ),
            &["expected a date", "`rulle` is not", "`becuase` is not", "`UX` is no country"],
        ),
        (
            "in brackets",
            rule(&format!("when (data includes health foo or data includes helth) and label is \"Nope\"{home}")),
            &["`foo` is not", "`helth` is no class", "`Nope` is no label"],
        ),
        (
            "predicates",
            rule("only backends certified HDS truc and located in UX and exposed to EU"),
            &["`truc` is not", "`UX` is no country", "`EU` is no legal regime"],
        ),
        (
            "a line that nobody understands",
            rule("wherever and data includes helth\n  only backends on premises"),
            &["`wherever` is not", "`helth` is no class"],
        ),
        (
            "a duty that there is not",
            rule("when data includes health\n  must anonymise helth, persn"),
            &["`anonymise` is not", "`helth` is no class", "`persn` is no class"],
        ),
        (
            "an item of a list",
            rule("when data includes any of health foo, helth, 7, persn\n  only backends on premises"),
            &["`foo` is not", "`helth` is no class", "expected a class or type of data", "`persn` is no class"],
        ),
        (
            "two conditions without a joint",
            rule(&format!("when data includes health app in group wob{home}")),
            &["`and` or `or` is missing before this", "`wob` is no group"],
        ),
        (
            "givens",
            scenario("given data health foo, and app x and label \"Nope\"\n  then refused gpu-pari"),
            &[
                "`foo` is not",
                "a text stands in straight double quotes",
                "`Nope` is no label",
                "`gpu-pari` is no backend",
            ],
        ),
        (
            "expectations",
            scenario("given data health\n  then refused cloud-us foo and allowed gpu-pari, refused cloud-uss"),
            &[
                "`foo` is not",
                "`gpu-pari` is no backend",
                "what is expected is joined by `and`",
                "`cloud-uss` is no backend",
            ],
        ),
    ]);
}

#[test]
fn every_part_of_a_header_is_told() {
    tells(&[
        (
            "a number in words, an owner without quotes, another phrase, another date",
            ENGLISH.replace(
                "version 1 owner \"dpo\" review before 2027-06-30",
                "version seven owner dpo reviewed before 30/06/2027",
            ),
            &[
                "expected a number: the version | write `7`",
                "write \"dpo\"",
                "is written `review before`",
                "write 2027-06-30",
            ],
        ),
        (
            "in French",
            FRENCH.replace(
                "version 1 responsable \"dpo\" à revoir avant le 2027-06-30",
                "version sept responsable le dpo à revoir avant 30/06/2027",
            ),
            &["écrivez `7`", "écrivez \"le dpo\"", "s'écrit `à revoir avant le`", "écrivez 2027-06-30"],
        ),
        (
            "a version that is none",
            ENGLISH.replace("version 1 owner \"dpo\"", "version draft owner dpo"),
            &["expected a number", "write \"dpo\""],
        ),
    ]);
}

#[test]
fn there_is_one_app_one_label_and_one_name() {
    for (clause, expected) in [
        ("when app is \"a\" and \"b\"", "write `any of \"a\", \"b\"`"),
        ("when tenant is \"a\" and \"b\" and \"c\"", "write `any of \"a\", \"b\", \"c\"`"),
        ("when purpose is \"a\", \"b\"", "write `any of \"a\", \"b\"`"),
        ("when label is \"Public\" and \"Secret\"", "write `any of \"Public\", \"Secret\"`"),
        ("when role is \"a\" and \"b\"", "write `all of \"a\", \"b\"`"),
        ("when data includes any of iban and email", "write `any of iban, email`"),
        ("when data includes iban, email, and phone", "write `all of iban, email, phone`"),
        ("when data includes health, email", "write `any of health, email` or `all of health, email`"),
        ("never backends named cloud-us and cloud-de", "write `any of cloud-us, cloud-de`"),
        ("never backends located in FR, DE, and in Italy", "write `any of FR, DE, Italy`"),
    ] {
        let told = told(&rule(&format!("{clause}\n  only backends on premises")));
        assert!(told.iter().filter(|told| told.contains(expected)).count() == 1, "{clause}: {told:#?}");
        assert!(told.len() <= 1 + usize::from(clause.contains("Italy")), "{clause}: {told:#?}");
    }
}

/// A comma before a clause says nothing, and stays where it stands.
#[test]
fn a_comma_before_a_clause_says_nothing() {
    let with = format!(
        "{}exception e, for rule r, because \"y\", when app is \"a\", until 2026-12-31, approved by \"DPO\"\nscenario \"s\" given data health, and app \"a\", then refused cloud-us, and allowed gpu-paris\nfall back if unavailable, unless leak score at least 300\nthe label \"Public\" lowers personal, health, issued by \"a\"\n",
        rule("when data includes any of health, person, unless app is \"b\",\n  only backends on premises, must redact health, email,\n  keep person, because \"z\"")
    )
    .replace("\"test\" version 1 owner \"dpo\" review", "\"test\", version 1, owner \"dpo\", review");
    let kept = [", person", ", health", ", email", ", and"];
    let without = with.lines().map(|line| {
        let held = kept.iter().fold(line.to_owned(), |line, list| line.replace(list, &list.replace(',', ";")));
        held.replace(',', "").replace(';', ",")
    });
    let without =
        without.collect::<Vec<_>>().join("\n").replace("labels \"Public\" \"Secret\"", "labels \"Public\", \"Secret\"");
    assert_eq!(told(&with), Vec::<String>::new());
    let digest = |sheet: &str| digest_of(&file("main.policy", sheet)).unwrap();
    assert_eq!(digest(&with), digest(&without), "{without}");
    let laid_out = format(&file("main.policy", &with), None).unwrap();
    assert_eq!(laid_out.matches(',').count(), with.matches(',').count(), "{laid_out}");
    assert_eq!(format(&file("main.policy", &laid_out), None).unwrap(), laid_out);
    assert!(told(&rule("only backends on premises,")).iter().all(|told| told.contains("| take it out")));
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn what_was_meant_is_said_in_the_words_of_the_sheet() {
    let group = "group x of apps \"a\"\n";
    let home = "\n  only backends on premises";
    let in_group = "is written `app in group` in this sheet";
    let groupe = "s'écrit `l'application est du groupe` dans cette feuille";
    let of_group = |clause: &str| rule(&format!("{clause}{home}")) + group;
    let du_groupe = |clause: &str| {
        french(&format!("{clause}\n  seulement les hébergeurs sur site")) + "groupe x d'applications \"a\"\n"
    };
    let places = "the regimes are CN, GB, IN, RU, US; of a place write `located in EU` or `controlled from EU`";
    tells(&[
        ("is in group", of_group("when app is in group x"), &[in_group]),
        ("is in", of_group("when app is in x"), &[in_group]),
        ("in", of_group("when app in x and role is \"r\""), &[in_group]),
        ("belongs to", of_group("when the app belongs to group x"), &[in_group]),
        ("in names", of_group("when app is in \"a\""), &["`app is in` is written `app is`"]),
        ("est dans le groupe", du_groupe("quand l'application est dans le groupe x"), &[groupe]),
        ("est dans", du_groupe("quand l'application est dans x"), &[groupe]),
        ("fait partie", du_groupe("quand l'application fait partie du groupe x"), &[groupe]),
        ("a joined one", du_groupe("quand le rôle est \"a\" ou est dans le groupe x"), &[groupe]),
        ("outside of", rule("only backends outside of EEA"), &["is written `located outside`"]),
        ("located outside of", rule("only backends located outside of EEA"), &["is written `located outside`"]),
        ("in an area", rule("only backends in EEA"), &["`in` is written `located in`"]),
        ("en", french("seulement les hébergeurs en FR"), &["`en` s'écrit `situés dans`"]),
        ("a regime that is a place", rule("never backends exposed to EU"), &[places]),
        (
            "a regime that is a country",
            rule("never backends exposed to France"),
            &["`located in FR` or `controlled from FR`"],
        ),
        (
            "two letters of another country",
            rule("only backends located in UX"),
            &["`UX` is no country: two letters of ISO 3166-1 are | "],
        ),
        (
            "three letters of something else",
            rule(&format!("when data includes MRI{home}")),
            &["`MRI` is no class or type of data | the classes are"],
        ),
        (
            "a score between",
            rule(&format!("when leak score is between 300 and 700{home}")),
            &["is written `(leak score at least 300 and not leak score at least 701)`"],
        ),
        (
            "a count between",
            rule(&format!("when data includes between 2 and 5 person{home}")),
            &["write the condition `(data includes at least 2 person and not data includes at least 6 person)`"],
        ),
        (
            "a score between, in French",
            french("quand le score de fuite est entre 300 et 700\n  seulement les hébergeurs sur site"),
            &["`(le score de fuite est au moins 300 et non le score de fuite est au moins 701)`"],
        ),
        (
            "a confidence that is none",
            french(
                "quand les données comprennent personne avec une confiance d'au moins 40\n  seulement les hébergeurs sur site",
            ),
            &[
                "s'écrit `confiance au moins 50` dans cette feuille | une confiance va de 50 à 100 : 40 n'en est pas une",
            ],
        ),
        (
            "then twice",
            scenario("given data health\n  then refused cloud-us\n  then allowed gpu-paris"),
            &["`then` stands once in a scenario | write `and` in its place"],
        ),
        (
            "a pattern for a name",
            rule("never backends named *.example.com"),
            &["`*.example.com` is no backend of the inventory | each is named by itself"],
        ),
        (
            "a pattern for an app",
            rule(&format!("when app is \"clinic-*\"{home}")),
            &["`clinic-*` is the name of nothing: there are no patterns"],
        ),
        (
            "a pattern for an app, without quotes",
            format!("{ENGLISH}group g of apps *.example\n"),
            &["`*.example` is the name of nothing: there are no patterns"],
        ),
        (
            "a pattern for a host",
            format!("{ENGLISH}allow values in addresses of *.example\n"),
            &["`*.example` is the name of nothing: there are no patterns"],
        ),
        (
            "and between classes",
            format!("{ENGLISH}the label \"Public\" lowers personal and health issued by \"a\" and \"b\"\n"),
            &["write `personal, health`", "write `\"a\", \"b\"`"],
        ),
        (
            "and between approvers",
            rule("only backends on premises")
                + "exception e\n  for rule r\n  because \"y\"\n  when app is \"a\"\n  until 2026-12-31\n  approved by \"a\" and \"b\"\n",
            &["write `\"a\", \"b\"`"],
        ),
    ]);
}

/// What a lawyer writes before she has seen the list of phrases: once, at its place, with the words of the sheet.
#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn everyday_wordings_are_told_once() {
    let home = "\n  only backends on premises";
    let chez_nous = "\n  seulement les hébergeurs sur site";
    tells(&[
        (
            "two duties in one",
            rule("when data includes any of iban, person\n  must redact iban and pseudonymise persn, and log sealed"),
            &[
                "each duty has a `must` of its own | write it on a line of its own: must pseudonymise",
                "`persn` is no class",
                "each duty has a `must` of its own | write it on a line of its own: must log sealed",
            ],
        ),
        (
            "then in a rule",
            rule("when data includes health, then only backends on premises"),
            &["`then` belongs to scenarios | leave it out"],
        ),
        (
            "alors",
            french("quand les données comprennent santé\n  alors seulement les hébergeurs sur site"),
            &["retirez-le"],
        ),
        ("a date in words", rule("only backends on premises\n  until June 30, 2027"), &["write 2027-06-30"]),
        (
            "une date en toutes lettres",
            french("seulement les hébergeurs sur site\n  à compter du 1er janvier 2027 jusqu'au 31 décembre 2027"),
            &["écrivez 2027-01-01", "écrivez 2027-12-31"],
        ),
        (
            "what a label says",
            format!("{ENGLISH}label \"Secret\" brings helth\n"),
            &["`label` is written `the label`", "`helth` is no class"],
        ),
        (
            "counts and data alone",
            rule(&format!(
                "when data includes at least 2 email or at least 3 person or role is \"x\" or health data{home}"
            )),
            &[
                "`data includes` is missing before this | write `data includes at least 3`",
                "`data includes` is missing before this | write `data includes health`",
            ],
        ),
        (
            "givens without a word for them",
            scenario("given 3 person and 2 ibans and leak score above 700\n  then gpu-paris is allowed"),
            &[
                "`data` is missing before this",
                "`data` is missing before this",
                "`ibans` is no class",
                "a scenario gives one number | write `leak score 700`",
                "is written `allowed gpu-paris`",
            ],
        ),
        (
            "a certificate alone",
            rule("only backends HDS"),
            &["`certified` is missing before this | write `certified HDS`"],
        ),
        ("a place alone", rule("only backends EEA"), &["`located in` is missing before this | write `located in EEA`"]),
        (
            "a backend alone",
            rule("never backends cloud-us"),
            &["`named` is missing before this | write `named cloud-us`"],
        ),
        ("a scheme with a blank", rule("only backends certified ISO 27001"), &["is written `ISO27001`"]),
        (
            "areas by their names",
            rule(
                "never backends located in the European Union\n  only backends controlled from the United States or from China",
            ),
            &[
                "`the European Union` is written `EU`",
                "several areas need `any of`",
                "did you mean `US`?",
                "did you mean `CN`?",
            ],
        ),
        (
            "en Allemagne",
            french("seulement les hébergeurs situés dans FR, en Allemagne ou au Luxembourg"),
            &["plusieurs territoires demandent `l'un de`", "vouliez-vous dire `DE`", "vouliez-vous dire `LU`"],
        ),
        (
            "controlled from outside",
            rule("never backends controlled from outside EEA"),
            &["write `not controlled from EEA`"],
        ),
        (
            "regimes with articles",
            french("jamais les hébergeurs exposés à US ou à la Chine"),
            &["`l'un de US, Chine`", "vouliez-vous dire `CN`"],
        ),
        (
            "a comma between predicates",
            french("seulement les hébergeurs sans conservation, sans entraînement et avec contrat"),
            &["une virgule seule ne joint rien ici | écrivez `et` ou `ou` à sa place"],
        ),
        (
            "a comma at the end of a statement",
            format!("{ENGLISH}group g of apps \"a\" \"b\",\nrulle r\n  becuase \"x\"\n  only backends on premises\n"),
            &[
                "a comma is missing before this",
                "nothing to separate | take it out",
                "`rulle` is not",
                "`becuase` is not",
            ],
        ),
        (
            "the same data in two words",
            rule(&format!("when data includes health data or medical records{home}")),
            &["is written `health`", "| write `health`", "`medical records` is written `health`"],
        ),
        (
            "et que",
            french(&format!("quand l'application est \"a\" et que les données comprennent helth{chez_nous}")),
            &["`que` n'est pas compris ici | retirez-le", "`helth` n'est pas"],
        ),
        (
            "compris entre",
            french(&format!("quand le score de fuite est compris entre 300 et 700{chez_nous}")),
            &["non le score de fuite est au moins 701)`"],
        ),
        (
            "the … group",
            rule(&format!("when app is in the wob group{home}")),
            &["is written `app in group wob`", "`wob` is no group"],
        ),
        (
            "a clause said twice",
            rule("only backends on premises\n  only backends located in UX"),
            &["`only backends` is said twice", "`UX` is no country"],
        ),
        (
            "a line behind what cannot be read",
            rule(
                "when data includes health or bananas of all kinds\n  chiefly backends on premises\n  only backends located in UX",
            ),
            &["`bananas` is not", "`chiefly` is not", "`UX` is no country"],
        ),
        (
            "a wait in words",
            format!("{ENGLISH}fall back if unavailable or after two seconds unless data includes helth\n"),
            &["| write `2`", "`seconds` is written `s`", "`of waiting` is missing before this", "`helth` is no class"],
        ),
    ]);
}

/// No name of data and no country is taken for a word of prose or for a clause misspelt.
#[test]
fn names_in_lists_are_no_clauses() {
    let catalogue = all_types();
    let identifiers = catalogue.classes.iter().map(|info| info.name.as_str());
    let identifiers: Vec<&str> = identifiers.chain(catalogue.entities.iter().map(|info| info.name.as_str())).collect();
    let countries: Vec<String> = countries().iter().map(|(code, _)| code.as_str().to_owned()).collect();
    for language in Language::ALL {
        let names: Vec<&str> = identifiers.iter().map(|name| surface::written(name, language)).collect();
        let sheet = match language {
            Language::En => rule(&format!(
                "when data includes any of {}\n  only backends located in any of {}",
                names.join(", "),
                countries.join(", ")
            )),
            Language::Fr => french(&format!(
                "quand les données comprennent l'un de {}\n  seulement les hébergeurs situés dans l'un de {}",
                names.join(", "),
                countries.join(", ")
            )),
        };
        assert_eq!(told(&sheet), Vec::<String>::new(), "{language:?}");
    }
    for country in &countries {
        let told = told(&rule(&format!("never backends located in FR or {country}")));
        assert!(told.len() == 1 && told[0].contains(&format!("`any of FR, {country}`")), "{told:#?}");
    }
}

/// Whoever restricts where a statement begins is told how, and never of what opens.
#[test]
fn no_ban_is_answered_with_what_opens() {
    for word in ["forbid", "deny", "block", "prohibit", "disallow", "never", "only"] {
        let told = told(&format!("{ENGLISH}{word} backends exposed to US\n"));
        assert!(told.iter().any(|one| one.contains("a restriction is a rule of its own")), "{word}: {told:#?}");
        assert!(!told.iter().any(|one| one.contains("did you mean `allow")), "{word}: {told:#?}");
    }
    for word in
        ["interdire", "refuser", "exclure", "bloquer", "proscrire", "jamais", "ne pas autoriser", "n'autoriser que"]
    {
        let told = told(&format!("{FRENCH}{word} les hébergeurs exposés à US\n"));
        assert!(told.iter().any(|one| one.contains("une restriction est une règle à part")), "{word}: {told:#?}");
        assert!(!told.iter().any(|one| one.contains("vouliez-vous dire `autoriser")), "{word}: {told:#?}");
    }
}

/// A line whose first word nobody knows is told, whatever is wrong at the end of the one before it.
#[test]
fn a_line_behind_a_stray_word_is_told() {
    let rule = "rule r because \"x\" only backends on premises\n";
    let exception = format!("{rule}exception e for rule r because \"x\" until 2026-12-31 approved by \"A\" zz");
    let indented = format!("{rule}exception e for rule r\n  because \"x\" until 2026-12-31\n  approved by \"A\" zz");
    for statement in [
        "allow hosted tool web_search zz",
        "allow hosted tool web_search at \"mcp.example\" zz",
        "labels \"A\" zz",
        "fall back if unavailable zz",
        "group g of apps \"a\" zz",
        "the label \"Secret\" brings health zz",
        "the label \"Secret\" lowers health issued by \"a\" zz",
        "allow values in addresses of \"h.example\" zz",
        "scenario \"s\" given data health then refused cloud-us zz",
        "scenario \"s\" given data health zz then refused cloud-us",
        "scenario \"s\"\n  given data health\n  then refused cloud-us zz",
        "allow backends domestic zz",
        "rule q because \"x\" when data includes health zz only backends on premises",
        "use pack gdpr-transfers zz",
        &exception,
        &indented,
    ] {
        // What may be a clause belongs to the block that the line before it may have begun.
        for (line, times) in [("deny backends located in US", 2), ("autorise backends", 2), ("si autre chose", 1)] {
            let labels = "labels \"Public\", \"Secret\"\n";
            let header = if statement.starts_with("labels") { ENGLISH.replace(labels, "") } else { ENGLISH.to_owned() };
            let sheet = format!("{header}{statement}\n{line}\n{line}\n");
            let faults = compiled(&sources(&sheet, example())).err().unwrap_or_default();
            let told: Vec<String> = faults.iter().map(render).collect();
            let at = |written: &str| told.iter().filter(|one| one.contains(&format!(" | {written}\n"))).count();
            assert!(told.iter().any(|one| one.contains("zz")), "{statement}: {told:#?}");
            assert!(at(line) >= times, "{statement}: {line}: {told:#?}");
        }
    }
}

/// What is cut off is said to be.
#[test]
fn more_faults_than_are_shown_are_told_of() {
    let many = |count: usize| -> String {
        let rules = (0..count)
            .map(|rule| format!("rule r{rule} because \"x\" when data includes helth only backends on premises\n"));
        format!("{ENGLISH}{}", rules.collect::<String>())
    };
    let (all, cut) = (told(&many(150)), told(&many(250)));
    assert!(all.len() == 150 && !all[149].contains("more faults"), "{}", all.len());
    assert!(cut.len() == 201 && cut[200].contains("there are more faults than the 200"), "{:?}", cut.last());
}
