//! What the officer reads when something is wrong: one snapshot for each fault, in `snapshots/`.
//!
//! Each row is a sheet (or inventory, or pack) with a fault in it; the whole rendering is the expectation.

use unicode_normalization::UnicodeNormalization as _;

use super::*;

const HEAD: &str = "policy \"Test\" version 1 owner \"dpo\" review before 2027-06-30\nhome FR\nlabels \"Public\", \"Secret\"\nallow backends on premises\n";

/// All faults of the sources, rendered.
fn faults(sources: &Sources) -> String {
    match compiled(sources) {
        Ok(_) => "no fault".to_owned(),
        Err(faults) => faults.iter().map(render).collect::<Vec<_>>().join("\n"),
    }
}

/// Statements behind a good header, on the example inventory.
fn of_statements(statements: &str) -> Sources {
    of_sheet(&format!("{HEAD}{statements}"))
}

fn of_sheet(sheet: &str) -> Sources {
    sources(sheet, example())
}

fn of_inventory(inventory: &str) -> Sources {
    sources(HEAD, inventory)
}

fn of_pack(pack: &str) -> Sources {
    let mut sources = of_statements("use pack mine\n");
    sources.packs.push(file("packs/mine.policy", pack));
    sources
}

/// The same, faults and all, with the phrases in French: what stands in quotes stays.
fn in_french(sources: &Sources) -> Sources {
    let mut table: Vec<(&str, &str)> =
        phrase::all().map(|phrase| (phrase.surface(Language::En), phrase.surface(Language::Fr))).collect();
    table.extend(surface::NAMES.iter().map(|[english, french]| (*english, *french)));
    table.sort_by_key(|(english, _)| std::cmp::Reverse(english.len()));
    let said = |text: &str| -> String {
        let parts = text.split('"').enumerate();
        let parts = parts.map(|(at, part)| if at % 2 == 0 { said_in_french(part, &table) } else { part.to_owned() });
        parts.collect::<Vec<_>>().join("\"")
    };
    let mut french = sources.clone();
    for file in french.sheets.iter_mut().chain(&mut french.packs) {
        file.text = said(&file.text);
    }
    french
}

/// Replaces whole phrases, the longest first.
fn said_in_french(part: &str, table: &[(&str, &str)]) -> String {
    let (mut out, mut rest, mut fresh) = (String::new(), part, true);
    while let Some(next) = rest.chars().next() {
        let fits = |english: &str| {
            let behind = rest.strip_prefix(english);
            behind.is_some_and(|behind| !behind.starts_with(|c: char| c.is_alphanumeric() || c == '-' || c == '_'))
        };
        if let Some((english, french)) = table.iter().find(|(english, _)| fresh && fits(english)) {
            out.push_str(french);
            rest = rest.split_at(english.len()).1;
            fresh = false;
        } else {
            out.push(next);
            rest = rest.split_at(next.len_utf8()).1;
            fresh = !(next.is_alphanumeric() || next == '-' || next == '_');
        }
    }
    out
}

/// Takes a snapshot of each row in every language, under the row's name.
fn snapshots(group: &str, rows: &[(&str, Sources)]) {
    for (name, sources) in rows {
        let (english, french) = (faults(sources), faults(&in_french(sources)));
        assert_ne!(english, "no fault", "{name}");
        // An empty sheet is in no language.
        let headless = ["empty"].contains(name);
        assert!(french != english || headless, "{name} is not in French");
        // How many types there are, and which come first, is the affair of the catalogue.
        let filters = [
            (r"would let [a-z0-9_, ]+ and \d+ more", "would let TYPES and N more"),
            (r"tels quels : [a-z0-9_, ]+ et \d+ autres", "tels quels : TYPES et N autres"),
        ];
        insta::with_settings!({ filters => filters }, {
            insta::assert_snapshot!(format!("{group}__{name}"), english);
            if !headless {
                insta::assert_snapshot!(format!("{group}__{name}__fr"), french);
            }
        });
    }
}

const ENTRY: &str = "[backend.one]\nhosts = [\"one.example\"]\nverified = 2026-11-01\nby = \"dpo\"\n";

#[test]
fn words() {
    let rule = |clauses: &str| of_statements(&format!("rule r\n  because \"a law\"\n{clauses}\n"));
    snapshots(
        "words",
        &[
            ("statement", of_statements("alow backends domestic")),
            ("missing_backends", of_statements("allow located in EEA")),
            ("clause", rule("  wen data includes health\n  only backends on premises")),
            ("condition", rule("  when data contains health\n  only backends on premises")),
            ("predicate", rule("  only backends certfied HDS")),
            ("predicate_missing", rule("  only backends")),
            ("duty", rule("  must anonymise personal")),
            ("class", rule("  when data includes helth\n  only backends on premises")),
            ("country", rule("  only backends located in UK")),
            ("country_lower_case", rule("  only backends located in fr")),
            ("area", rule("  only backends located in EAA")),
            ("regime", rule("  never backends exposed to USA")),
            ("scheme", rule("  only backends certified SecNumClod")),
            ("label", rule("  when label is \"Secrte\"\n  only backends on premises")),
            ("backend", rule("  never backends named cloud-uss")),
            ("pack", of_statements("use pack unknown-means-hom")),
            ("approval", rule("  must have approval of dpo")),
            ("exception", of_statements("exception pilot for rule r until 2027-01-01")),
            (
                "exception_of_no_rule",
                of_statements(
                    "exception pilot for rule restrictd because \"x\" until 2027-01-01 approved by \"DPO\"\nrule restricted because \"y\" only backends domestic",
                ),
            ),
            (
                "exception_without_date",
                of_statements(
                    "rule r because \"y\" only backends domestic\nexception pilot for rule r because \"x\" until soon approved by \"DPO\"",
                ),
            ),
            (
                "group",
                rule("  when app in group clinicl\n  only backends on premises\ngroup clinical of apps \"ward\""),
            ),
            ("level", rule("  only backends certified HDS level \"2042\"")),
            ("label_without_issuer", of_statements("the label \"Public\" lowers personal")),
            ("label_brings", of_statements("the label \"Secret\" brings personal")),
            ("window", of_statements("allow backends domestic until 2027-13-01")),
            ("window_written_day_first", of_statements("allow backends domestic until 30/06/2027")),
            ("window_written_either_way", of_statements("allow backends domestic until 06/07/2027")),
            (
                "capital",
                of_statements(
                    "Rule r because \"x\" only backends domestic\nrule s because \"y\" only backends domestic",
                ),
            ),
            ("article", rule("  only backends located in the FR")),
            ("country_by_name", rule("  only backends located in Germany")),
            ("europe", rule("  only backends located in Europe")),
            ("class_in_the_plural", rule("  when data includes persons\n  only backends domestic")),
            ("class_everyday", rule("  when data includes NIR\n  only backends domestic")),
            ("class_in_words", rule("  when data includes the social security number\n  only backends domestic")),
            ("class_with_article", rule("  when data includes the iban\n  only backends domestic")),
            ("class_minor", rule("  when data includes minor\n  only backends domestic")),
            ("regime_by_country", rule("  never backends exposed to UK")),
            ("denied_duty", rule("  must not go to the US")),
            ("label_not_listed", rule("  when label is \"Restricted\"\n  only backends on premises")),
            ("class_nobody_knows", rule("  when data includes dossiers\n  only backends domestic")),
        ],
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn readings() {
    let rule = |clauses: &str| of_statements(&format!("rule r\n  because \"a law\"\n{clauses}\n"));
    snapshots(
        "readings",
        &[
            ("mixed_and_or", rule("  only backends on premises or located in EEA and certified HDS")),
            ("mixed_commas", rule("  only backends on premises, or located in EEA, and certified HDS")),
            ("any_or_all", rule("  when data includes health, person\n  only backends on premises")),
            ("either", rule("  when app is \"a\" or \"b\"\n  only backends on premises")),
            ("either_data", rule("  when data includes health or person\n  only backends on premises")),
            ("either_area", rule("  only backends located in FR or DE")),
            ("name_with_blank", rule("  when app is \"a \"\n  only backends on premises")),
            ("name_with_no_break_blank", rule("  when app is \"a\u{a0}b\"\n  only backends on premises")),
            ("unquoted", of_statements("rule r\n  because C. com. L.151-1\n  only backends on premises")),
            ("single_quotes", of_statements("rule r\n  because 'the law'\n  only backends on premises")),
            ("no_such_day", rule("  only backends on premises\n  until 2027-02-30")),
            (
                "over_two_lines",
                of_statements("rule r\n  because \"a law,\n    and another\"\n  only backends on premises"),
            ),
            ("empty_reason", of_statements("rule r\n  because \"\"\n  only backends on premises")),
            (
                "two_scenarios_of_one_name",
                of_statements(
                    "scenario \"s\" given nothing then allowed gpu-paris\nscenario \"s\" given nothing then allowed gpu-paris\n",
                ),
            ),
            ("several_areas", rule("  only backends located in FR, DE")),
            ("open_bracket", rule("  only backends (on premises or domestic")),
            ("too_deep", rule(&format!("  only backends {}on premises", "not ".repeat(40)))),
            (
                "too_wide",
                rule(&format!(
                    "  when {}\n  only backends on premises",
                    ["(app is \"a\" or app is \"b\")"; 11].join(" and ")
                )),
            ),
            (
                "crosses_unchanged",
                rule("  when data includes payment-card or data includes national-id\n  must redact card_pan"),
            ),
            ("no_because", of_statements("rule r\n  only backends on premises")),
            ("no_effect", rule("  when data includes health")),
            ("keep_alone", rule("  only backends on premises\n  keep email because \"asked for\"")),
            ("because_twice", rule("  never backends exposed to US\n  because \"another article\"")),
            ("twice", rule("  only backends on premises\n  only backends domestic")),
            (
                "two_rules_of_one_name",
                of_statements(
                    "rule r because \"x\" only backends domestic\nrule r because \"y\" only backends domestic\n",
                ),
            ),
            (
                "still_in_fall_back",
                of_statements("fall back if unavailable unless data still includes identified personal"),
            ),
            ("count_of_a_class", of_statements("scenario \"s\" given data 3 personal then allowed gpu-paris")),
            (
                "count_and_confidence",
                rule("  when data includes at least 3 person with confidence at least 90\n  only backends domestic"),
            ),
            ("confidence", rule("  when data includes person with confidence at least 40\n  only backends domestic")),
            ("leak_score", rule("  when leak score at least 7000\n  only backends domestic")),
            ("wait_unit", of_statements("fall back if unavailable or after 2 minutes of waiting")),
            ("mcp_without_host", of_statements("allow hosted tool mcp")),
            ("values_in_patterns", of_statements("allow values in addresses of \"*.example\", \"wiki.example\"")),
            ("values_in_an_address", of_statements("allow values in addresses of \"https://wiki.example/\"")),
            ("values_without_a_host", of_statements("allow values in addresses of")),
            ("values_when", of_statements("allow values in addresses of \"wiki.example\" when app is \"wiki\"")),
            ("values_in_a_list", of_statements("allow values in addresses of \"a.example\" and \"b.example\"")),
        ],
    );
}

#[test]
fn lists() {
    let rule = |clauses: &str| of_statements(&format!("rule r\n  because \"a law\"\n{clauses}\n"));
    let scenario = |given: &str, then: &str| of_statements(&format!("scenario \"s\" given {given} then {then}\n"));
    snapshots(
        "lists",
        &[
            ("condition", rule("  when data includes financial and health\n  only backends on premises")),
            ("duty", rule("  when data includes iban and data includes email\n  must redact iban and email")),
            ("given", scenario("data financial and health", "refused cloud-us")),
            ("backends", scenario("data health", "refused cloud-us and cloud-de")),
            ("expected_with_comma", scenario("data health", "refused cloud-us, allowed gpu-paris")),
            ("expected_without_and", scenario("data health", "refused cloud-us\n  allowed gpu-paris")),
            ("except", rule("  only backends on premises\n  except app is \"x\"")),
        ],
    );
}

#[test]
fn sheets() {
    snapshots(
        "sheets",
        &[
            ("empty", of_sheet("")),
            ("no_header", of_sheet("home FR\nallow backends on premises\n")),
            ("incomplete_header", of_sheet("policy \"Test\" version 1\nhome FR\nallow backends on premises\n")),
            (
                "two_headers",
                of_sheet(&format!("{HEAD}policy \"Other\" version 1 owner \"x\" review before 2027-01-01\n")),
            ),
            ("no_home", of_sheet(&HEAD.replace("home FR\n", ""))),
            ("home_is_no_country", of_sheet(&HEAD.replace("home FR", "home EEA"))),
            ("nothing_allowed", of_sheet(&HEAD.replace("allow backends on premises\n", ""))),
            ("open_quote", of_sheet(&HEAD.replace("\"Secret\"", "\"Secret"))),
            ("stray_character", of_statements("allow backends domestic @ ")),
            ("semicolon", of_sheet(&HEAD.replace("\"Public\", ", "\"Public\"; "))),
            ("full_stop", of_statements("allow backends domestic.")),
            ("slashes", of_statements("// a note\nallow backends domestic")),
            ("curly_quotes", of_statements("rule r because “the law” only backends domestic")),
            ("fraction", of_sheet(&HEAD.replace("version 1", "version 1.1"))),
            ("bad_date", of_sheet(&HEAD.replace("2027-06-30", "2027-06-31"))),
            ("zero_width", of_statements("rule a\u{200b}b because \"x\" only backends domestic")),
            ("en_dash", of_statements("rule a–b because \"x\" only backends domestic")),
            ("hidden_in_a_note", of_statements("# no\u{202e}te\nallow backends domestic")),
            ("labels_twice", of_sheet(&format!("{HEAD}labels \"Top\"\n"))),
            ("label_twice", of_sheet(&HEAD.replace("\"Secret\"", "\"public\""))),
            (
                "pack_that_opens",
                of_pack(
                    "pack mine version 1 owner \"o\" review before 2027-01-01\nallow backends domestic\nfall back if unavailable\n",
                ),
            ),
            (
                "pack_of_another_name",
                of_pack(
                    "pack yours version 1 owner \"o\" review before 2027-01-01\nrule x because \"y\" only backends domestic\n",
                ),
            ),
            (
                "many_faults_in_one_run",
                of_statements(
                    "rule a\n  when data includes helth\n  only backends located in UK\n  must anonymise personal\nrule b because \"x\"\n  nevr backends domestic\nscenario \"s\" given data emial then refused cloud-uss\n",
                ),
            ),
        ],
    );
    let nothing = faults(&Sources::default());
    insta::assert_snapshot!("sheets__no_files", nothing);
}

#[test]
fn unserved() {
    let catalogue = all_types();
    let email = [catalogue.entity("email").unwrap()];
    let sheet = format!("{HEAD}rule r because \"x\"\n  when data includes payment-card\n  only backends domestic\n");
    let found = compile(&sources(&sheet, example()), &catalogue, &email, &vocabulary(), now());
    insta::assert_snapshot!("unserved", render(&found.unwrap_err()[0]));
    let declared = sheet.replace("payment-card", "trade-secret");
    assert!(compile(&sources(&declared, example()), &catalogue, &email, &vocabulary(), now()).is_ok());
}

#[test]
fn inventory() {
    let with = |line: &str| of_inventory(&format!("{ENTRY}{line}\n"));
    snapshots(
        "inventory",
        &[
            ("not_toml", of_inventory("[backend.one\nhosts = ")),
            (
                "table_twice",
                of_inventory(&format!(
                    "{ENTRY}retention = \"none\"\n\n{ENTRY}retention = \"none\"\ntraining = \"never\"\n"
                )),
            ),
            ("key_twice", with("retention = \"none\"\nretention = \"none\"")),
            ("day_first", with("until = 31/03/2027")),
            ("day_first_in_quotes", with("until = \"31/03/2027\"")),
            ("line_separator", of_inventory(&ENTRY.replace("verified", "# note\u{2028}verified"))),
            (
                "basis_abbreviated",
                with("transfer-basis = [{ kind = \"SCC\", dated = 2026-01-01, until = 2027-01-01 }]"),
            ),
            (
                "basis_in_french",
                with(
                    "transfer-basis = [{ kind = \"clauses contractuelles types\", dated = 2026-01-01, until = 2027-01-01 }]",
                ),
            ),
            ("regime_of_the_kingdom", with("exposed-to = [\"UK\"]")),
            ("unknown_key", with("procesing = [\"FR\"]")),
            ("country", with("processing = [\"FR\", \"UK\"]")),
            ("wrong_type", with("processing = \"FR\"")),
            ("processing_nowhere", with("processing = []")),
            ("regime", with("exposed-to = [\"USA\"]")),
            ("certificate_without_end", with("certificates = [{ scheme = \"HDS\" }]")),
            ("certificate_scheme", with("certificates = [{ scheme = \"HSD\", valid-until = 2027-01-01 }]")),
            (
                "basis_kind",
                with(
                    "transfer-basis = [{ kind = \"standard-contract-clauses\", dated = 2026-01-01, until = 2027-01-01 }]",
                ),
            ),
            ("quoted_date", with("until = \"2027-01-01\"")),
            ("date_in_words", with("until = 30 avril 2027")),
            ("date_in_words_quoted", with("until = \"April 30, 2027\"")),
            ("date_without_year", with("until = 30 avril")),
            ("date_without_zeros", with("until = 2027-4-3")),
            ("boolean_in_words", with("run-by-owner = no")),
            ("boolean_in_french", with("run-by-owner = oui")),
            ("boolean_with_dates", with("run-by-owner = { value = non, until = 2027-01-01 }")),
            ("boolean_quoted", with("run-by-owner = \"non\"")),
            ("text_without_quotes", with("training = never")),
            ("retention", with("retention = \"zero\"")),
            ("training", with("training = \"no\"")),
            ("host_is_a_url", of_inventory(&ENTRY.replace("one.example", "https://one.example/v1"))),
            ("digest", with("ca = [\"sha256:12ab\"]")),
            ("addresses", with("addresses = [\"10.0.0.0/33\"]")),
            ("nobody_verified", of_inventory("[backend.one]\nhosts = [\"one.example\"]\n")),
        ],
    );
}

#[test]
fn miette_shows_the_same_place() {
    use miette::Diagnostic as _;
    let statements = format!("{HEAD}allow backends located in UK\n");
    let faults = compiled(&sources(&statements, example())).unwrap_err();
    let fault = &faults[0];
    assert_eq!(miette::Diagnostic::code(fault).unwrap().to_string(), "octroi::policy::unknown-country");
    assert_eq!(fault.labels().unwrap().next().unwrap().offset(), statements.find("UK").unwrap());
    assert_eq!((fault.file(), fault.place()), ("main.policy", (5, 27)));
}

/// One slip is one fault, whatever stands behind it: accents, capitals, a word of the other language, accents apart.
#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn a_slip_is_told_once() {
    let french = "politique \"t\" version 1 responsable \"o\" à revoir avant le 2027-06-30\nsiège FR\nautoriser les hébergeurs sur site\nrègle r parce que \"x\" quand les données comprennent santé seulement les hébergeurs situés dans EEE\n";
    let english = format!("{HEAD}rule r because \"x\" when data includes health only backends located in EEA\n");
    for (name, sheet, expected) in [
        ("no accent", french.replace("règle r", "regle r"), "`regle` s'écrit `règle`"),
        (
            "no accents",
            french.replace("les données", "les donnees"),
            "`les donnees comprennent` s'écrit `les données comprennent`",
        ),
        ("a capital", french.replace("règle r", "Règle r"), "`Règle` s'écrit `règle`"),
        ("all capitals", french.replace("siège", "SIÈGE"), "`SIÈGE` s'écrit `siège`"),
        ("an English word", french.replace("quand", "when"), "`when` s'écrit `quand`"),
        ("an English area", french.replace("EEE", "EEA"), "`EEA` s'écrit `EEE`"),
        ("an elided article", french.replace("dans EEE", "dans l'EEE"), "écrivez `EEE`"),
        ("a country by name", french.replace("EEE", "Allemagne"), "vouliez-vous dire `DE`"),
        ("a day first", french.replace("2027-06-30", "30/06/2027"), "écrivez 2027-06-30"),
        ("guillemets", french.replace("\"x\"", "« x »"), "écrivez \"x\""),
        ("a French word", english.replace("when", "quand"), "`quand` is written `when`"),
        ("if", english.replace("when", "if"), "`if` is written `when`"),
        ("contains", english.replace("includes", "contains"), "`data contains` is written `data includes`"),
        ("does not", english.replace("includes", "does not include"), "write `not data includes health`"),
        ("is not", english.replace("data includes health", "app is not \"x\""), "write `not app is \"x\"`"),
        ("isn't", english.replace("data includes health", "app isn't \"x\""), "write `not app is \"x\"`"),
        (
            "above",
            english.replace("data includes health", "leak score is above 700"),
            "is written `leak score at least 701`",
        ),
        (
            "not in",
            english.replace("located in EEA", "not located in EEA or exposed to UK"),
            "did you mean `GB` (United Kingdom",
        ),
        ("an English class", french.replace("santé", "health"), "`health` s'écrit `santé`"),
        ("a French class", english.replace("health", "santé"), "`santé` is written `health`"),
        ("a class without its accent", french.replace("santé", "sante"), "`sante` s'écrit `santé`"),
        ("a number in words", french.replace("santé", "numéro de sécurité sociale"), "s'écrit `fr_nir`"),
        ("data with an article", french.replace("santé", "des données de santé"), "s'écrit `santé`"),
        ("pas", french.replace("dans EEE", "dans EEE et pas sur site"), "`pas` s'écrit `non`"),
        (
            "ne pas",
            french.replace("données comprennent", "données ne comprennent pas"),
            "`non les données comprennent santé`",
        ),
        (
            "n'est pas",
            french.replace("les données comprennent santé", "l'application n'est pas \"x\""),
            "`non l'application est \"x\"`",
        ),
        (
            "ou",
            french.replace("les données comprennent santé", "l'application est \"a\" ou \"b\""),
            "`l'un de \"a\", \"b\"`",
        ),
        ("si", french.replace("quand", "si"), "`si` s'écrit `quand`"),
        (
            "sauf without si",
            french.replace("seulement", "sauf l'application est \"x\" seulement"),
            "`sauf` s'écrit `sauf si`",
        ),
        ("lorsque", french.replace("quand", "lorsque"), "`lorsque` s'écrit `quand`"),
        (
            "supérieur",
            french.replace("les données comprennent santé", "le score de fuite est supérieur à 700"),
            "`le score de fuite est supérieur à 700` s'écrit `le score de fuite est au moins 701`",
        ),
        ("no header", french.split_once('\n').unwrap().1.to_owned(), "une feuille commence par son en-tête"),
        (
            "a reason without quotes",
            french.replace("\"x\" quand", "C. com. L.151-1\nquand"),
            "écrivez \"C. com. L.151-1\"",
        ),
        ("a reason in single quotes", french.replace("\"x\"", "'l'article 9'"), "écrivez \"l'article 9\""),
        ("no such day", french.replace("2027-06-30", "2027-02-30"), "le jour 2027-02-30 n'existe pas"),
        ("over two lines", french.replace("\"x\"", "\"x,\n y\""), "écrivez \"x, y\""),
        ("no reason", french.replace("\"x\"", "\"\""), "écrivez entre les guillemets : la raison"),
        (
            "two lists of labels",
            french.replace("autoriser", "marquages \"A\"\nmarquages \"B\"\nautoriser"),
            "`marquages` est dit deux fois",
        ),
        ("an en dash", french.replace("règle r", "règle r–s"), "U+2013 (un tiret demi-cadratin)"),
        ("a soft hyphen", french.replace("règle r", "règle r\u{ad}s"), "U+00AD (un trait d'union conditionnel)"),
        ("a capital letter", english.replace("only", "Only"), "`Only backends` is written `only backends`"),
    ] {
        let told = faults(&of_sheet(&sheet));
        assert!(told.contains(expected) && told.matches("octroi::policy::").count() == 1, "{name}: {told}");
    }
    let apart: String = french.nfd().collect();
    assert_ne!(apart, french);
    let digest = |sheet: &str| good(&sources(sheet, example())).digest();
    assert_eq!(digest(&apart), digest(french), "accents apart from their letters are the same words");
    for (name, sheet) in [
        ("line ends", french.replace('\n', "\r\n")),
        ("byte order mark", format!("\u{feff}{french}")),
        ("tabs", french.replace(' ', "\t")),
        ("narrow blanks", french.replace(' ', "\u{202f}")),
    ] {
        // Blanks within texts are part of them: there are none here.
        assert_eq!(digest(&sheet), digest(french), "{name}");
    }
}

/// What is no fault and says something else than was probably meant is told at every check.
#[test]
fn notices() {
    let rule = "rule low because \"x\"\n  when leak score at least 70\n  only backends on premises\n";
    let entry = format!("{ENTRY}processing = [\"azure:france-central\"]\n");
    let policy = good(&sources(&format!("{HEAD}{rule}"), &entry));
    assert_eq!(
        policy.notices(),
        [
            "the countries of region `azure:france-central` of `one` are not known: did you mean `azure:francecentral`?",
            "rule `low` asks for a leak score of 70, and scores run from 0 to 1000: 700 is meant, perhaps"
        ]
    );
}

/// No phrase of one language is another phrase of the other, or the same as another but for accents and capitals.
#[test]
fn no_slip_is_another_phrase() {
    for one in phrase::all() {
        for other in phrase::all().filter(|other| *other != one) {
            for language in Language::ALL {
                let (mine, theirs) = (one.surface(language), other.surface(language));
                assert_ne!(parser::folded(mine), parser::folded(theirs), "{one:?} {other:?}");
                for foreign in Language::ALL.into_iter().filter(|foreign| *foreign != language) {
                    assert_ne!(mine, other.surface(foreign), "{one:?} {other:?}");
                }
            }
        }
    }
}
