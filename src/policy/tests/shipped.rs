//! Packs, starter sheets and reference data as they are shipped.

use super::*;

/// The guide in French says of each pack what its text says.
#[test]
fn the_guide_says_what_the_packs_are_for() {
    let guide = include_str!("../../../docs/politique.md");
    for (name, text) in starter::packs_in(Language::Fr) {
        let row = format!("| `{name}` | {} |\n", starter::purpose(text));
        assert!(guide.contains(&row), "{row}");
    }
    for (name, text) in starter::packs() {
        assert!(starter::purpose(text).ends_with('.'), "{name}: {}", starter::purpose(text));
    }
}

#[test]
fn scenarios_of_every_pack_hold() {
    let packs = starter::packs();
    assert!(packs.len() == 21);
    for (name, text) in packs.into_iter().chain(starter::packs_in(Language::Fr)) {
        let policy = good(&starter::trial(name, text));
        let results = run_scenarios(&policy, now());
        assert!(results.len() >= 3, "{name} has scenarios");
        for result in results {
            assert!(result.failures.is_empty(), "{name}: {result:?}");
        }
    }
}

#[test]
fn every_pack_says_that_it_is_a_draft_and_what_it_does_not_cover() {
    for (name, text) in starter::packs() {
        for words in ["Draft until reviewed by counsel", "Does not cover:", "Follows from:", "review before"] {
            assert!(text.contains(words), "{name}: {words}");
        }
    }
}

/// What is made in French speaks of the guide in French, and is the policy that is made in English but for what it names.
#[test]
fn what_is_made_in_french_names_the_french_guide() {
    let (english, french) = (starter::init("FR", Language::En).unwrap(), starter::init("FR", Language::Fr).unwrap());
    let begun = starter::beginning(Language::Fr).0;
    for text in french.iter().map(|(_, text)| text.as_str()).chain([begun]) {
        assert!(!text.contains("docs/policy.md"), "{text}");
    }
    assert!(french[0].1.contains("docs/politique.md") && begun.contains("docs/politique.md"));
    let rules = |files: Vec<(String, String)>| {
        let policy = good(&folder(files));
        (policy.backends().len(), policy.labels().len())
    };
    assert_eq!(rules(english), rules(french));
}

/// A pack in French is the same pack: only its texts are said otherwise.
#[test]
fn packs_say_the_same_in_french() {
    fn rules(name: &str, text: &str) -> serde_json::Value {
        let mut faults = Vec::new();
        let source = diagnostic::File::new("pack", text, language_of(text));
        let sheet = parser::parse(&source, &mut faults).unwrap();
        assert!(faults.is_empty(), "{name}: {faults:?}");
        let mut value = serde_json::to_value(&sheet).unwrap();
        silence(&mut value);
        value
    }
    fn silence(value: &mut serde_json::Value) {
        match value {
            serde_json::Value::Object(members) => {
                for (key, member) in members {
                    if ["because", "title", "owner", "reason"].contains(&key.as_str()) {
                        *member = serde_json::Value::Null;
                    } else {
                        silence(member);
                    }
                }
            }
            serde_json::Value::Array(items) => items.iter_mut().for_each(silence),
            _ => {}
        }
    }
    let (english, french) = (starter::packs(), starter::packs_in(Language::Fr));
    let names = |packs: &[(&'static str, &str)]| packs.iter().map(|(name, _)| *name).collect::<Vec<_>>();
    assert_eq!(names(&english), names(&french));
    for ((name, english), (_, french)) in english.into_iter().zip(french) {
        assert_eq!(rules(name, english), rules(name, french), "{name}");
        for words in ["Projet, à revoir par un juriste", "Ne couvre pas :", "Découle de :", "à revoir avant le"] {
            assert!(french.contains(words), "{name}: {words}");
        }
    }
}

/// A French sheet reads the packs that octroi brings in French, files or not, and is the same policy as in English.
#[test]
fn packs_without_files_speak_the_language_of_the_sheet() {
    let names: Vec<&str> = starter::packs().into_iter().map(|(name, _)| name).collect();
    let head = "politique \"t\" version 1 responsable \"o\" à revoir avant le 2027-06-30\nsiège FR\nmarquages \"Diffusion Restreinte\", \"VS-NfD\", \"VS-Nur für den Dienstgebrauch\"\nautoriser les hébergeurs sur site\n";
    let french = format!("{head}prendre le paquet {}\n", names.join(", "));
    let english = format(&file("main.policy", &french), Some(Language::En)).unwrap();
    let with_files = |language| {
        let mut sources = sources(&french, example());
        let texts = starter::packs_in(language).into_iter();
        sources.packs = texts.map(|(name, text)| file(&format!("packs/{name}.policy"), text)).collect();
        good(&sources)
    };
    let (plain, translated) = (good(&sources(&french, example())), good(&sources(&english, example())));
    assert_eq!(plain.digest(), translated.digest(), "another language is another policy");
    assert_eq!(plain.digest(), with_files(Language::Fr).digest(), "files of the same packs are another policy");
    assert_eq!(plain.digest(), with_files(Language::En).digest());
    for (name, text) in starter::packs_in(Language::Fr) {
        let sheet = parser::parse(&diagnostic::File::new("pack", text, Language::Fr), &mut Vec::new()).unwrap();
        for rule in sheet.rules {
            let because = |policy: &Policy| policy.because(rule.name.text.as_str()).unwrap().to_string();
            assert_eq!(because(&plain), rule.because.as_ref().unwrap().text, "{name}");
        }
    }
    // A pack that says something else than the one octroi brings counts as what it says.
    let mut changed = sources(&french, example());
    let (name, text) = starter::packs_in(Language::Fr)[0];
    changed.packs = vec![file(&format!("packs/{name}.policy"), &text.replace("version 2", "version 3"))];
    assert_ne!(good(&changed).digest(), plain.digest());
}

/// The files of a starter folder as sources.
fn folder(files: Vec<(String, String)>) -> Sources {
    let mut found = Sources::default();
    for (path, text) in files {
        let file = SourceFile { name: format!("policies/{path}"), text };
        match path.as_str() {
            "backends.toml" => found.inventory = Some(file),
            path if path.starts_with("packs/") => found.packs.push(file),
            _ => found.sheets.push(file),
        }
    }
    found
}

#[test]
fn the_demonstration_compiles_and_its_scenarios_hold() {
    let policy = good(&folder(starter::demo(&[7; 32])));
    let names: Vec<&str> = policy.backends().iter().map(|backend| backend.name.as_str()).collect();
    assert_eq!(names, ["paris-gpu-1", "paris-gpu-2", "us-cloud"]);
    assert_eq!(policy.backends()[0].binding.authorities, [[7; 32]]);
    let results = run_scenarios(&policy, now());
    assert_eq!(results.len(), 6);
    for result in results {
        assert!(result.failures.is_empty(), "{result:?}");
    }
}

#[test]
fn the_tour_of_the_demonstration_comes_out_as_told() {
    let policy = good(&folder(starter::demo(&[7; 32])));
    let mut facts = with(&policy, &["person", "email", "phone", "iban"]);
    facts.app = Word::fixed("public-website");
    let raw = plan(&policy, &facts);
    let tiers: Vec<(&str, usize)> =
        raw.choices.iter().map(|choice| (choice.tier.name(), choice.duties.changes())).collect();
    assert_eq!(tiers, [("on premises", 0), ("on premises", 0), ("other", 4)]);
    assert_eq!((raw.fall_back.open, raw.fall_back.after_ms), (true, Some(2_000)));
    let mut health = with(&policy, &["health_condition", "person"]);
    health.app = facts.app;
    let removed = plan(&policy, &health).removed;
    assert_eq!(removed.len(), 1);
    assert!(scenario::reasons(&removed[0].why, Language::En).concat().contains("health-stays-hds"));
}

#[test]
fn init_compiles_for_every_country_of_the_eea() {
    for home in ["FR", "DE", "NO", "IS", "CY"] {
        for language in Language::ALL {
            let files = folder(starter::init(home, language).unwrap());
            assert_eq!(language_of(&files.sheets[0].text), language);
            for result in run_scenarios(&good(&files), now()) {
                assert!(result.failures.is_empty(), "{home}: {result:?}");
            }
        }
    }
    for wrong in ["fr", "UK", "ZZ", "", "France"] {
        assert!(starter::init(wrong, Language::En).is_err(), "{wrong}");
    }
}

#[test]
fn packs_of_the_binary_serve_where_the_folder_lacks_them() {
    let mut files = folder(starter::demo(&[0; 32]));
    let with_folder = good(&files);
    files.packs.clear();
    let without = good(&files);
    assert_eq!(with_folder.digest(), without.digest());
}

#[test]
fn every_atom_of_conditions_has_a_row_in_the_table_of_facts() {
    use phrase::CONDITIONS;
    let table: toml::Table = include_str!("../../../policies/reference/facts.toml").parse().unwrap();
    let facts = table["fact"].as_table().unwrap();
    for phrase in CONDITIONS {
        let surface = phrase.surface(Language::En);
        let known = facts.keys().any(|fact| {
            let said = fact.replace('-', " ");
            surface.starts_with(&said) || surface.contains(&said)
        });
        assert!(known || surface.starts_with("still"), "{surface}");
    }
    for (name, row) in facts {
        for key in ["source", "wire", "absent"] {
            assert!(row.get(key).and_then(|value| value.as_str()).is_some_and(|text| !text.is_empty()), "{name}.{key}");
        }
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test may read its data")]
fn reference_data_agrees_with_its_source() {
    let Ok(source) = std::fs::read_to_string("../shared/data/refdata/iso3166.csv") else {
        eprintln!("skipped: ../shared/data/refdata/iso3166.csv is not there");
        return;
    };
    let mut faults = Vec::new();
    let reference = reference::Reference::read(&[], Language::En, &mut faults);
    assert!(faults.is_empty(), "{faults:?}");
    let codes: Vec<&str> = source.lines().skip(1).filter_map(|line| line.get(..2)).collect();
    let ours: Vec<&str> = reference.countries.keys().map(crate::model::Country::as_str).collect();
    assert_eq!(ours, codes);
}

#[test]
fn the_guide_explains_every_word() {
    let guide = include_str!("../../../docs/policy.md");
    for phrase in phrase::all() {
        assert!(
            guide.contains(phrase.surface(Language::En)),
            "docs/policy.md does not say what `{}` means",
            phrase.surface(Language::En)
        );
    }
}

#[test]
fn the_sheet_of_the_guide_compiles() {
    let guide = include_str!("../../../docs/policy.md");
    // The English guide has every word too.
    let english = include_str!("../../../docs/policy.md").split_whitespace().collect::<Vec<_>>().join(" ");
    for phrase in phrase::all() {
        let surface = phrase.surface(Language::En);
        assert!(english.contains(surface), "docs/policy.md lacks `{surface}`");
    }
    // Both ways: each word for data is a class or type that there is, and each class is in the table.
    let catalogue = all_types();
    for [english, french] in surface::NAMES {
        let there = catalogue.class(english).is_some() || catalogue.entity(english).is_some();
        assert!(there, "`{french}` stands for no class or type");
    }
    for info in &catalogue.classes {
        let listed = surface::NAMES.iter().any(|[english, _]| *english == info.name.as_str());
        assert!(listed, "`{}` is not in the table", info.name);
    }
    for (identifier, _) in everyday::rows() {
        assert!(catalogue.class(identifier).is_some() || catalogue.entity(identifier).is_some(), "{identifier}");
    }
    let sheet = guide.split("```").find(|block| block.trim_start().starts_with("policy \"")).unwrap();
    let inventory = example().replace("[backend.cloud-us]", "[backend.us-cloud]");
    for result in run_scenarios(&good(&sources(sheet, &inventory)), now()) {
        assert!(result.failures.is_empty(), "{result:?}");
    }
    let inventory = guide.split("```toml").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let whole = inventory.replace("sha256:…", &"ab".repeat(32));
    let policy = good(&sources(&format!("{HEADER}allow backends on premises\n"), &whole));
    assert_eq!(policy.backends()[0].name.as_str(), "cloud-example");
}

/// The French guide lists every word with the English one and its meaning, and its sheet is one.
#[test]
fn the_french_guide_lists_every_word() {
    let guide = include_str!("../../../docs/politique.md");
    let mut table = "\n| mot | en anglais | sens |\n|---|---|---|\n".to_owned();
    for phrase in phrase::all() {
        let (french, english) = (phrase.surface(Language::Fr), phrase.surface(Language::En));
        table.push_str(&format!("| `{french}` | `{english}` | {} |\n", phrase.meaning(Language::Fr)));
    }
    table.push_str("\n| donnée | en anglais |\n|---|---|\n");
    for [english, french] in surface::NAMES {
        table.push_str(&format!("| `{french}` | `{english}` |\n"));
    }
    let listed = guide.split_once("<!-- words: begin -->\n").unwrap().1.split_once("<!-- words: end -->").unwrap().0;
    assert_eq!(listed.trim(), table.trim());
    // The English guide has every word too.
    let english = include_str!("../../../docs/policy.md").split_whitespace().collect::<Vec<_>>().join(" ");
    for phrase in phrase::all() {
        let surface = phrase.surface(Language::En);
        assert!(english.contains(surface), "docs/policy.md lacks `{surface}`");
    }
    // Both ways: each word for data is a class or type that there is, and each class is in the table.
    let catalogue = all_types();
    for [english, french] in surface::NAMES {
        let there = catalogue.class(english).is_some() || catalogue.entity(english).is_some();
        assert!(there, "`{french}` stands for no class or type");
    }
    for info in &catalogue.classes {
        let listed = surface::NAMES.iter().any(|[english, _]| *english == info.name.as_str());
        assert!(listed, "`{}` is not in the table", info.name);
    }
    for (identifier, _) in everyday::rows() {
        assert!(catalogue.class(identifier).is_some() || catalogue.entity(identifier).is_some(), "{identifier}");
    }
    let sheet = guide.split("```").find(|block| block.trim_start().starts_with("politique \"")).unwrap();
    let inventory = example().replace("[backend.cloud-us]", "[backend.us-cloud]");
    for result in run_scenarios(&good(&sources(sheet, &inventory)), now()) {
        assert!(result.failures.is_empty(), "{result:?}");
    }
}
