//! Questions in another form or language than sheets are in: one fault that says how it is asked.

use super::*;
use crate::policy::study::Study;

fn study(language: Language) -> Study {
    let sheet = match language {
        Language::En => {
            "policy \"t\" version 1 owner \"o\" review before 2027-06-30\nhome FR\nlabels \"Public\", \"Secret\"\nallow backends on premises\n"
        }
        Language::Fr => {
            "politique \"t\" version 1 responsable \"o\" à revoir avant le 2027-06-30\nsiège FR\nmarquages \"Public\", \"Secret\"\nautoriser les hébergeurs sur site\n"
        }
    };
    let catalogue = all_types();
    Study::new(&sources(sheet, example()), &catalogue, &every(&catalogue), &vocabulary(), now()).unwrap()
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn a_question_in_another_form_or_language_is_told_as_it_is_asked() {
    let form = "une question dit ce qui est donné et vers où, et non ce qui est attendu";
    let language = "les feuilles sont en français, et les questions à leur sujet aussi";
    let in_english = "the sheets are in English, and so are questions about them";
    for (name, of, question, message, said) in [
        (
            "a scenario",
            Language::Fr,
            "étant donné des données santé alors refusé cloud-us",
            form,
            "des données santé vers cloud-us",
        ),
        (
            "half a scenario",
            Language::Fr,
            "santé alors refusé cloud-us, cloud-de",
            form,
            "santé vers cloud-us, cloud-de",
        ),
        ("a scenario without an end", Language::Fr, "étant donné courriel", form, "courriel"),
        (
            "a whole scenario",
            Language::Fr,
            "scénario \"x\" étant donné des données santé et l'application \"labo\" alors cloud-us doit pseudonymiser courriel",
            form,
            "des données santé et l'application \"labo\" vers cloud-us",
        ),
        (
            "an English scenario",
            Language::Fr,
            "given data health then refused cloud-us",
            form,
            "des données santé vers cloud-us",
        ),
        ("English", Language::Fr, "health and FR resident to cloud-us", language, "santé et résident FR vers cloud-us"),
        (
            "one English word",
            Language::Fr,
            "santé and courriel vers cloud-us",
            language,
            "santé et courriel vers cloud-us",
        ),
        (
            "English names",
            Language::Fr,
            "app \"labo\" and label \"Secret\" and leak score 700",
            language,
            "l'application \"labo\" et le marquage \"Secret\" et le score de fuite 700",
        ),
        (
            "French",
            Language::En,
            "santé et résident FR vers cloud-us",
            in_english,
            "health and FR resident to cloud-us",
        ),
        (
            "a scenario in English",
            Language::En,
            "given health then refused cloud-us",
            "a question says what is given and where to, and not what is expected",
            "health to cloud-us",
        ),
    ] {
        let study = study(of);
        let faults = study.ask(question, false).unwrap_err();
        assert_eq!(faults.len(), 1, "{name}: {faults:?}");
        let asks = match of {
            Language::En => "ask: ",
            Language::Fr => "demandez : ",
        };
        let told = (faults[0].message(), faults[0].help_text());
        assert_eq!(told, (message, Some(format!("{asks}{said}").as_str())), "{name}");
        assert!(study.ask(said, false).is_ok(), "{name}: {said}");
    }
    let both = study(Language::Fr).ask("given data helth then refused cloud-us", false).unwrap_err();
    assert!(both.len() == 2 && both[1].message().contains("`helth`"), "{both:?}");
}

/// A number may be written as a word, beside everyday words of any language: the answer tells the request as understood.
#[test]
fn numbers_in_words_are_counts() {
    for (language, question, digits) in [
        (Language::Fr, "deux courriels vers cloud-us", "2 courriel vers cloud-us"),
        (
            Language::Fr,
            "deux adresses e-mail et trois personnes vers cloud-us",
            "2 courriel et 3 personne vers cloud-us",
        ),
        (Language::Fr, "Dix e-mails vers cloud-us", "10 courriel vers cloud-us"),
        (Language::Fr, "un courriel et une personne vers cloud-us", "courriel et personne vers cloud-us"),
        (Language::Fr, "des données sept courriel vers cloud-us", "7 courriel vers cloud-us"),
        (Language::En, "two e-mails to cloud-us", "2 email to cloud-us"),
        (Language::En, "two e-mails, five people to cloud-us", "2 email and 5 person to cloud-us"),
        (Language::En, "ten email addresses to cloud-us", "10 email to cloud-us"),
        (Language::En, "one e-mail to cloud-us", "email to cloud-us"),
        (Language::En, "data three email", "data 3 email"),
    ] {
        let study = study(language);
        let [asked, told] = [question, digits].map(|question| study.ask(question, false).unwrap());
        assert_eq!(asked.given, told.given, "{question}");
    }
}

/// A bound of a number is what a rule asks; a question is told with the nearest number that is within.
#[test]
fn a_bound_of_a_number_is_told_as_a_number() {
    let (english, french) = (
        "a question is about one request: it gives a number, and no bound of it",
        "une question porte sur une seule requête : elle donne un nombre, et non une borne",
    );
    for (language, question, message, said) in [
        (Language::En, "at least two e-mails to cloud-us", english, "ask: 2 e-mails to cloud-us"),
        (Language::En, "more than 2 email to cloud-us", english, "ask: 3 email to cloud-us"),
        (Language::En, "leak score at least 700 to cloud-us", english, "ask: leak score 700 to cloud-us"),
        (Language::Fr, "au moins deux courriels vers cloud-us", french, "demandez : 2 courriels vers cloud-us"),
        (Language::Fr, "moins de 4 courriel vers cloud-us", french, "demandez : 3 courriel vers cloud-us"),
    ] {
        let study = study(language);
        let faults = study.ask(question, false).unwrap_err();
        let told = faults.iter().map(|fault| (fault.message(), fault.help_text())).collect::<Vec<_>>();
        assert_eq!(told, [(message, Some(said))], "{question}");
    }
}

/// What a question or a scenario gives stands together, so that an illness is that of whom it names, whatever type it is of.
#[test]
fn an_illness_beside_a_name_is_health_of_a_person() {
    let scenario = |given: &str, then: &str| {
        format!("scenario \"{given}\" given data {given} and app \"site\" then {then} cloud-us\n")
    };
    let sheet = format!(
        "{HEADER}allow backends on premises\nallow backends exposed to US when app is \"site\"\n\
         rule a because \"x\" when data includes health of a person only backends on premises\n{}{}{}{}",
        scenario("health_condition, person", "refused"),
        scenario("health, person", "refused"),
        scenario("health of a person", "refused"),
        scenario("health_condition", "allowed"),
    );
    let catalogue = all_types();
    let study = Study::new(&sources(&sheet, example()), &catalogue, &every(&catalogue), &vocabulary(), now()).unwrap();
    for result in run_scenarios(study.policy(), now()) {
        assert_eq!(result.failures, [] as [&str; 0], "{}", result.title);
    }
}

/// The matrix and a question say the same of a cell, for the same reasons.
#[test]
fn the_matrix_names_the_reasons_that_a_question_names() {
    let sheet = "policy \"t\" version 1 owner \"o\" review before 2027-06-30\nhome FR\nlabels \"Public\"\n\
        use pack fr-nir, gdpr-special-categories, trade-secret\n\
        allow backends on premises\nallow backends located in EEA and controlled from EEA\n\
        rule companies because \"board\" when data includes business-id only backends on premises\n\
        rule us because \"board\" never backends exposed to US\n";
    let catalogue = all_types();
    let study = Study::new(&sources(sheet, example()), &catalogue, &every(&catalogue), &vocabulary(), now()).unwrap();
    let mut several = 0;
    for row in study.matrix() {
        for (backend, cell) in study.columns().iter().zip(&row.cells) {
            let answer = study.ask(&format!("{} to {backend}", row.class), false).unwrap();
            let [asked] = answer.backends.as_slice() else { panic!("{answer:?}") };
            assert_eq!((cell.verdict, &cell.why), (asked.verdict, &asked.why), "{} to {backend}", row.class);
            several += usize::from(cell.why.len() > 2);
        }
    }
    assert!(several > 0, "no cell has several reasons");
}

/// The request that `diff` shows is asked as it is printed, of both folders, and comes out as it says.
#[test]
fn what_diff_shows_can_be_asked() {
    let catalogue = all_types();
    let study = |statements: &str| {
        let sheet = format!("{HEADER}allow backends on premises or located in EEA\n{statements}");
        Study::new(&sources(&sheet, example()), &catalogue, &every(&catalogue), &vocabulary(), now()).unwrap()
    };
    let mut unsure = 0;
    for (old, new) in [
        ("data includes email with confidence at least 60", "data includes email with confidence at least 70"),
        ("leak score at least 500", "leak score at least 700"),
        ("data includes trade-secret", "data includes health"),
        ("label is \"Secret\"", "minors are concerned"),
        ("residence in FR", "purpose is \"billing\""),
        ("data includes at least 2 email", "data includes at least 4 email"),
    ] {
        let rule = |when: &str| study(&format!("rule r because \"x\" when {when} only backends on premises\n"));
        let (old, new) = (rule(old), rule(new));
        let differences = old.diff(&new).unwrap();
        for (change, (before, after)) in [(&differences.opened, (&old, &new)), (&differences.refused, (&new, &old))] {
            for one in change {
                let Some(backend) = &one.backend else { continue };
                unsure += usize::from(one.example.contains("perhaps"));
                let allowed = |study: &Study| {
                    let question = format!("{} to {backend}", one.example);
                    study.ask(&question, false).unwrap_or_else(|faults| panic!("{question}: {faults:?}")).allowed
                };
                assert!(!allowed(before) && allowed(after), "{one:?}");
            }
        }
    }
    assert!(unsure > 0, "some of what is shown is unsure");
}

/// A class of a scenario is of no type, and in a question it is any value: where that differs, it is said how.
#[test]
fn a_class_of_a_scenario_whose_types_come_out_otherwise_is_told() {
    let catalogue = all_types();
    let told = |statements: &str| {
        let sheet = format!("{HEADER}allow backends on premises or located in EEA\n{statements}");
        let study = Study::new(&sources(&sheet, example()), &catalogue, &every(&catalogue), &vocabulary(), now());
        let study = study.unwrap();
        let failed = run_scenarios(study.policy(), now()).into_iter().flat_map(|result| result.failures);
        assert_eq!(failed.collect::<Vec<_>>(), [""; 0]);
        study.by_type_otherwise()
    };
    let rule = "rule r because \"x\" when data includes fr_nir only backends on premises\n";
    let scenario = |given: &str| format!("{rule}scenario \"s\" given {given} then allowed cloud-fr\n");
    let [one] = told(&scenario("data national-id")).try_into().unwrap();
    assert!(
        one.starts_with("main.policy:6: \"s\": `national-id` is given as a class and is allowed at `cloud-fr`"),
        "{one}"
    );
    assert!(one.contains("would be refused there: fr_nir;"), "{one}");
    for given in ["data health", "data email", "data de_idnr"] {
        assert_eq!(told(&scenario(given)), [""; 0], "{given}");
    }
}
