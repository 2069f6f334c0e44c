//! One slip is one fault, and the fault says how it is written: rows in the language in which the slip was made.

use super::*;

const FRENCH: &str = "politique \"essai\" version 1 responsable \"dpo\" à revoir avant le 2027-06-30\nsiège FR\nautoriser les hébergeurs sur site\n";
const ENGLISH: &str =
    "policy \"test\" version 1 owner \"dpo\" review before 2027-06-30\nhome FR\nallow backends on premises\n";

/// The faults of statements behind a good header, each as message and help in one line.
fn told(statements: &str, language: Language) -> Vec<String> {
    let head = match language {
        Language::En => ENGLISH,
        Language::Fr => FRENCH,
    };
    let faults = compiled(&sources(&format!("{head}{statements}\n"), example())).err().unwrap_or_default();
    faults.iter().map(|fault| format!("{} | {}", fault.message(), fault.help_text().unwrap_or_default())).collect()
}

/// `and` between names of a list that has no other sense than a comma.
#[test]
fn names_of_lists_are_joined_by_commas() {
    for (written, advice) in [
        ("prendre le paquet unknown-means-home et gdpr-eea-only", "écrivez `unknown-means-home, gdpr-eea-only`"),
        (
            "prendre le paquet pci, unknown-means-home, et gdpr-eea-only",
            "écrivez `pci, unknown-means-home, gdpr-eea-only`",
        ),
        ("marquages \"A\" et \"B\"", "écrivez `\"A\", \"B\"`"),
        ("groupe g d'applications \"a\", \"b\" et \"c\"", "écrivez `\"a\", \"b\", \"c\"`"),
    ] {
        let told = told(written, Language::Fr);
        assert!(told.len() == 1 && told.iter().all(|told| told.contains(advice)), "{written}: {told:?}");
    }
    let told = told("use pack unknown-means-home and gdpr-eea-only\nlabels \"A\" and \"B\"", Language::En);
    assert!(told.len() == 2 && told.iter().all(|told| told.contains("have a comma between them")), "{told:?}");
}

/// A word of the other language before one of this, a text that lacks its quote, a phrase that lacks its second word: told as what they
/// are meant for, and as nothing else.
#[test]
fn half_of_a_phrase_is_told_with_the_whole() {
    let rule = |rest: &str| format!("rule r because \"x\" {rest}");
    for (language, written, expected) in [
        (Language::En, rule("seulement backends on premises"), "`seulement backends` is written `only backends`"),
        (Language::En, rule("jamais backends exposed to US"), "`jamais backends` is written `never backends`"),
        (Language::En, rule("pour backends exposed to US must redact email"), "is written `on backends`"),
        (Language::En, "autoriser backends domestic".to_owned(), "`autoriser backends` is written `allow backends`"),
        (Language::En, rule("only backends on premises, ou located in EEA"), "`ou` is written `or` in this sheet"),
        (
            Language::Fr,
            "règle r parce que \"x\" only les hébergeurs sur site".to_owned(),
            "`only les hébergeurs` s'écrit `seulement les hébergeurs`",
        ),
        (
            Language::En,
            rule("when app is any of \"ward\", \"lab, \"website\", \"office\" only backends on premises"),
            "this text is not closed | write \"lab\"",
        ),
        (Language::En, "group clinic of \"ward\", \"lab\"".to_owned(), "`of apps`"),
    ] {
        let told = told(&written, language);
        assert!(told.len() == 1 && told[0].contains(expected), "{written}: {told:#?}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn one_slip_is_one_fault() {
    let duty =
        |duty: &str| format!("règle r\n  parce que \"x\"\n  quand les données comprennent personnel\n  doit {duty}");
    let english = |duty: &str| format!("rule r\n  because \"x\"\n  when data includes personal\n  must {duty}");
    let unlinked = "s'écrit `pseudonymiser sans lien` dans cette feuille";
    let one_word = "un nom est un seul mot : des traits d'union y remplacent les espaces | écrivez";
    let score = "un score de fuite va de 0 à 1000, et n'est pas un pourcentage | écrivez `600`";
    let rows: &[(&str, Language, String, &str)] = &[
        ("an adverb in the plural", Language::Fr, duty("pseudonymiser sans liens personnel"), unlinked),
        ("an adverb with a hyphen", Language::Fr, duty("pseudonymiser sans-lien personnel"), unlinked),
        ("letters of an adverb swapped", Language::Fr, duty("pseudonymiser sans lein personnel"), unlinked),
        ("another adverb", Language::Fr, duty("pseudonymiser sans aucun lien personnel"), unlinked),
        ("half an adverb", Language::Fr, duty("pseudonymiser sans personnel"), unlinked),
        ("an adverb of the other language", Language::Fr, duty("pseudonymiser unlinkably personnel"), unlinked),
        (
            "an adverb behind the data",
            Language::Fr,
            duty("pseudonymiser personnel sans lien"),
            "ce qui précise la mesure se met devant les données | écrivez `pseudonymiser sans lien personnel`",
        ),
        (
            "an adverb misspelt",
            Language::En,
            english("pseudonymise unlinkable personal"),
            "`pseudonymise unlinkable` is written `pseudonymise unlinkably` in this sheet",
        ),
        (
            "data that is none: nothing is said of what would cross",
            Language::Fr,
            duty("pseudonymiser dossiers"),
            "`dossiers` n'est pas une classe ou un type de données | les classes sont",
        ),
        (
            "a rule of several words",
            Language::En,
            "rule health stays home\n  because \"x\"\n  when data includes health\n  only backends on premises".to_owned(),
            "a name is one word: hyphens stand in the place of blanks | write `health-stays-home`",
        ),
        (
            "a rule of several words on one line",
            Language::En,
            "rule health at home because \"x\" when data includes health only backends on premises".to_owned(),
            "write `health-at-home`",
        ),
        (
            "a clause misspelt behind a name is no part of it",
            Language::En,
            "rule r becuase \"x\" only backends on premises".to_owned(),
            "`becuase` is not understood here | did you mean `because`",
        ),
        (
            "a rule of several words, with an apostrophe",
            Language::Fr,
            "règle pas d'export à l'étranger\n  parce que \"x\"\n  seulement les hébergeurs sur site".to_owned(),
            &format!("{one_word} `pas-d-export-à-l-étranger`"),
        ),
        (
            "an exception to a rule of several words",
            Language::Fr,
            "règle santé-ici\n  parce que \"x\"\n  seulement les hébergeurs sur site\nexception du labo à la règle santé-ici parce que \"y\" quand l'application est \"labo\" jusqu'au 2027-02-28 approuvée par \"DPO\"".to_owned(),
            &format!("{one_word} `du-labo`"),
        ),
        (
            "a group of several words",
            Language::Fr,
            "groupe applications du labo d'applications \"labo\"".to_owned(),
            &format!("{one_word} `applications-du-labo`"),
        ),
        (
            "a score in per cent",
            Language::Fr,
            "règle r\n  parce que \"x\"\n  quand le score de fuite est au moins 60 %\n  seulement les hébergeurs sur site".to_owned(),
            score,
        ),
        (
            "a score in per cent, with a no-break blank",
            Language::Fr,
            "règle r\n  parce que \"x\"\n  quand le score de fuite est au moins 60\u{a0}%\n  seulement les hébergeurs sur site".to_owned(),
            score,
        ),
        (
            "a score in per cent, in words",
            Language::Fr,
            "règle r\n  parce que \"x\"\n  quand le score de fuite est au moins 60 pour cent\n  seulement les hébergeurs sur site".to_owned(),
            score,
        ),
        (
            "a score of a scenario",
            Language::En,
            "scenario \"s\"\n  given leak score 60%\n  then allowed gpu-paris".to_owned(),
            "a leak score runs from 0 to 1000, and is no per cent | write `600`",
        ),
        (
            "a confidence in per cent",
            Language::En,
            "rule r\n  because \"x\"\n  when data includes person with confidence at least 90 %\n  only backends on premises".to_owned(),
            "a confidence is a number alone, from 50 to 100 | write `90`",
        ),
        (
            "a per cent of nothing",
            Language::En,
            "rule r\n  because \"x\"\n  when data includes at least 3 % person\n  only backends on premises".to_owned(),
            "the sign `%` has no meaning here | a number stands alone, without it",
        ),
    ];
    for (name, language, statements, expected) in rows {
        let told = told(statements, *language);
        assert!(told.len() == 1 && told[0].contains(expected), "{name}: {told:#?}");
    }
}

#[test]
fn names_of_one_word_are_left_alone() {
    for statements in [
        "rule r because \"x\" only backends on premises",
        "rule health-stays-home\n  because \"x\"\n  only backends on premises",
        "group lab of apps \"lab\"\nrule r because \"x\" when app in group lab only backends on premises",
        "use pack gdpr-eea-only, pci\nallow backends domestic",
    ] {
        assert!(told(statements, Language::En).is_empty(), "{statements}: {:#?}", told(statements, Language::En));
    }
}

/// Words that officers use for what the language calls otherwise: told with the word, and nothing else is told of them.
#[test]
fn words_of_everyday_are_told_with_those_of_the_sheet() {
    let rule = |rest: &str| format!("rule r because \"x\" {rest}");
    let regle = |rest: &str| format!("règle r parce que \"x\" {rest}");
    let (en, fr) = (Language::En, Language::Fr);
    for (language, written, expected) in [
        (en, "allow backends exposed to US when app = \"site\"".to_owned(), "`app =` is written `app is`"),
        (
            fr,
            "autoriser les hébergeurs nationaux quand l'application = \"a\"".to_owned(),
            "`l'application =` s'écrit `l'application est`",
        ),
        (en, rule("never backends exposed to the United States"), "did you mean `US` ("),
        (en, "allow backends located in Russia".to_owned(), "did you mean `RU`?"),
        (en, "allow backends located in the Czech Republic".to_owned(), "did you mean `CZ`?"),
        (fr, regle("jamais les hébergeurs situés dans Russie"), "vouliez-vous dire `RU` ?"),
        (en, "fallback if down".to_owned(), "is written `fall back if unavailable`"),
        (fr, "repli en cas de panne".to_owned(), "s'écrit `repli si indisponible`"),
        (fr, "autoriser les hébergeurs agréés HDS".to_owned(), "`agréés` s'écrit `certifiés`"),
        (fr, regle("jamais les hébergeurs exposés à US jusqu au 2027-03-31"), "`jusqu au` s'écrit `jusqu'au`"),
        (en, rule("never backends exposed to US until end of 2027"), "write 2027-12-31"),
        (en, rule("never backends exposed to US until end of June 2027"), "write 2027-06-30"),
        (fr, regle("jamais les hébergeurs exposés à US jusqu'au fin mars 2027"), "écrivez 2027-03-31"),
        (en, rule("must encrypt personal"), "`redact` (a fixed word, not undone)"),
        (en, rule("must anonymise personal"), "`pseudonymise` ("),
    ] {
        let told = told(&written, language);
        assert!(told.len() == 1 && told.iter().all(|told| told.contains(expected)), "{written}: {told:?}");
    }
}
