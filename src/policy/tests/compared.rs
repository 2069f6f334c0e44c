//! Comparisons in other words: one fault each, whose advice, put in the place of what was written, is what was meant.

use super::*;

const ENGLISH: &str = "policy \"test\" version 1 owner \"dpo\" review before 2027-06-30\nhome FR\nlabels \"Public\", \"Internal\", \"Secret\"\nallow backends on premises\nrule r because \"x\"\n  when CONDITION\n  only backends on premises\n";
const FRENCH: &str = "politique \"essai\" version 1 responsable \"dpo\" à revoir avant le 2027-06-30\nsiège FR\nmarquages \"Public\", \"Interne\", \"Secret\"\nautoriser les hébergeurs sur site\nrègle r parce que \"x\"\n  quand CONDITION\n  seulement les hébergeurs sur site\n";

/// What is written, and the part of it that the advice replaces, with the advice.
#[rustfmt::skip]
const ROWS: &[(&str, &str, &str, &str)] = &[
    (ENGLISH, "leak score above 700", "leak score above 700", "leak score at least 701"),
    (ENGLISH, "leak score over 700", "leak score over 700", "leak score at least 701"),
    (ENGLISH, "the leak score is greater than 700", "the leak score is greater than 700", "leak score at least 701"),
    (ENGLISH, "leak score is at least 700", "leak score is at least 700", "leak score at least 700"),
    (ENGLISH, "leak score is not above 700", "leak score is not above 700", "not leak score at least 701"),
    (ENGLISH, "leak score isn't below 700", "leak score isn't below 700", "leak score at least 700"),
    (ENGLISH, "leak score below 700", "leak score below 700", "not leak score at least 700"),
    (ENGLISH, "leak score less than 700", "leak score less than 700", "not leak score at least 700"),
    (ENGLISH, "leak score at most 700", "leak score at most 700", "not leak score at least 701"),
    (ENGLISH, "leak score > 700", "leak score > 700", "leak score at least 701"),
    (ENGLISH, "leak score ≤ 700", "leak score ≤ 700", "not leak score at least 701"),
    (ENGLISH, "leak score 700", "leak score 700", "leak score at least 700"),
    (ENGLISH, "leak score exactly 700", "leak score exactly 700", "(leak score at least 700 and not leak score at least 701)"),
    (ENGLISH, "leak score above 70%", "leak score above 70%", "leak score at least 701"),
    (ENGLISH, "leak history over 300", "leak history over 300", "leak history at least 301"),
    (ENGLISH, "data includes health and leak score above 700", "leak score above 700", "leak score at least 701"),
    (ENGLISH, "data includes more than 3 person", "more than 3 person", "at least 4 person"),
    (ENGLISH, "data includes more than three persons", "more than three persons", "at least 4 person"),
    (ENGLISH, "data includes > 3 person", "> 3 person", "at least 4 person"),
    (ENGLISH, "data includes 3 or more person", "3 or more person", "at least 3 person"),
    (ENGLISH, "data includes 3 person or more", "3 person or more", "at least 3 person"),
    (ENGLISH, "data includes 3 person", "3 person", "at least 3 person"),
    (ENGLISH, "data includes at least three person", "at least three person", "at least 3 person"),
    (ENGLISH, "data includes any of email, more than 3 person", "more than 3 person", "at least 4 person"),
    (ENGLISH, "data includes fewer than 3 person", "data includes fewer than 3 person", "not data includes at least 3 person"),
    (ENGLISH, "data includes less than 3 person", "data includes less than 3 person", "not data includes at least 3 person"),
    (ENGLISH, "data includes at most 3 person and app is \"x\"", "data includes at most 3 person", "not data includes at least 4 person"),
    (ENGLISH, "not data includes fewer than 3 person", "not data includes fewer than 3 person", "data includes at least 3 person"),
    (ENGLISH, "data does not include fewer than 3 person", "data does not include fewer than 3 person", "data includes at least 3 person"),
    (ENGLISH, "data does not include more than 3 person", "data does not include more than 3 person", "not data includes at least 4 person"),
    (ENGLISH, "data includes 0 person", "data includes 0 person", "not data includes at least 1 person"),
    (ENGLISH, "data includes person with confidence above 80", "confidence above 80", "confidence at least 81"),
    (ENGLISH, "data includes person with a confidence of at least 80", "a confidence of at least 80", "confidence at least 80"),
    (ENGLISH, "label is at least \"Internal\"", "label is at least \"Internal\"", "label at least \"Internal\""),
    (ENGLISH, "label is \"Internal\" or higher", "label is \"Internal\" or higher", "label at least \"Internal\""),
    (ENGLISH, "label above \"Internal\"", "label above \"Internal\"", "label at least \"Secret\""),
    (ENGLISH, "the label is below \"Internal\"", "the label is below \"Internal\"", "not label at least \"Internal\""),
    (ENGLISH, "label is at most \"Internal\"", "label is at most \"Internal\"", "not label at least \"Secret\""),
    (FRENCH, "le score de fuite dépasse 700", "le score de fuite dépasse 700", "le score de fuite est au moins 701"),
    (FRENCH, "le score de fuite est au-dessus de 700", "le score de fuite est au-dessus de 700", "le score de fuite est au moins 701"),
    (FRENCH, "le score de fuite est supérieur à 700", "le score de fuite est supérieur à 700", "le score de fuite est au moins 701"),
    (FRENCH, "le score de fuite est supérieur ou égal à 700", "le score de fuite est supérieur ou égal à 700", "le score de fuite est au moins 700"),
    (FRENCH, "le score de fuite ne dépasse pas 700", "le score de fuite ne dépasse pas 700", "non le score de fuite est au moins 701"),
    (FRENCH, "le score de fuite n'est pas supérieur à 700", "le score de fuite n'est pas supérieur à 700", "non le score de fuite est au moins 701"),
    (FRENCH, "le score de fuite est inférieur à 700", "le score de fuite est inférieur à 700", "non le score de fuite est au moins 700"),
    (FRENCH, "l'historique de fuite est au-dessus de 300", "l'historique de fuite est au-dessus de 300", "l'historique de fuite est au moins 301"),
    (FRENCH, "leak score above 700", "leak score above 700", "le score de fuite est au moins 701"),
    (FRENCH, "les données comprennent plus de 3 personne", "plus de 3 personne", "au moins 4 personne"),
    (FRENCH, "les données comprennent plus de trois personnes", "plus de trois personnes", "au moins 4 personne"),
    (FRENCH, "les données comprennent plus d'une personne", "plus d'une personne", "au moins 2 personne"),
    (FRENCH, "les données comprennent 3 personnes ou plus", "3 personnes ou plus", "au moins 3 personne"),
    (FRENCH, "les données comprennent moins de 3 personne", "les données comprennent moins de 3 personne", "non les données comprennent au moins 3 personne"),
    (FRENCH, "les données comprennent jusqu'à 3 personne", "les données comprennent jusqu'à 3 personne", "non les données comprennent au moins 4 personne"),
    (FRENCH, "les données ne comprennent pas plus de 3 personne", "les données ne comprennent pas plus de 3 personne", "non les données comprennent au moins 4 personne"),
    (FRENCH, "les données comprennent personne avec une confiance supérieure à 80", "une confiance supérieure à 80", "confiance au moins 81"),
    (FRENCH, "le marquage est supérieur à \"Interne\"", "le marquage est supérieur à \"Interne\"", "le marquage est au moins \"Secret\""),
    (FRENCH, "le marquage est supérieur ou égal à \"Interne\"", "le marquage est supérieur ou égal à \"Interne\"", "le marquage est au moins \"Interne\""),
    (FRENCH, "le marquage est \"Interne\" ou plus", "le marquage est \"Interne\" ou plus", "le marquage est au moins \"Interne\""),
    (FRENCH, "le marquage est inférieur à \"Secret\"", "le marquage est inférieur à \"Secret\"", "non le marquage est au moins \"Secret\""),
    (FRENCH, "le marquage n'est pas au moins \"Secret\"", "le marquage n'est pas au moins \"Secret\"", "non le marquage est au moins \"Secret\""),
];

fn told(sheet: &str) -> Vec<String> {
    let faults = compiled(&sources(sheet, example())).err().unwrap_or_default();
    faults.iter().map(|fault| format!("{} | {}", fault.message(), fault.help_text().unwrap_or_default())).collect()
}

#[test]
fn a_comparison_in_other_words_is_told_in_those_of_the_language() {
    for (sheet, written, part, advice) in ROWS {
        let wrong = sheet.replace("CONDITION", written);
        let told_of = told(&wrong);
        let is = if *sheet == ENGLISH { "is written" } else { "s'écrit" };
        let expected = format!("`{part}` {is} `{advice}`");
        assert!(told_of.len() == 1 && told_of.iter().all(|told| told.contains(&expected)), "{written}: {told_of:?}");
        let right = wrong.replacen(part, advice, 1);
        assert_eq!(told(&right), [""; 0], "{right}");
    }
}

/// Where the words alone do not say what is meant, or nothing is, that is said.
#[test]
fn what_no_comparison_can_mean_is_said() {
    for (sheet, written, expected) in [
        (ENGLISH, "leak score above 1000", "`leak score above 1000` is never true"),
        (ENGLISH, "leak score at most 1000", "`leak score at most 1000` is true whatever is sent"),
        (ENGLISH, "label is above \"Secret\"", "`label is above \"Secret\"` is never true"),
        (FRENCH, "le score de fuite dépasse 1000", "`le score de fuite dépasse 1000` n'est jamais vrai"),
        (FRENCH, "le marquage est au-dessus de \"Secret\"", "n'est jamais vrai"),
        (
            ENGLISH,
            "data includes any of email, fewer than 3 person",
            "`fewer than 3 person` is a condition of its own | write the condition `not data includes at least 3 person`",
        ),
        (
            FRENCH,
            "les données comprennent l'un de courriel, moins de 3 personne",
            "`moins de 3 personne` est une condition à part | écrivez la condition `non les données comprennent au moins 3 personne`",
        ),
        (
            ENGLISH,
            "data includes exactly 3 person",
            "write the condition `(data includes at least 3 person and not data includes at least 4 person)`",
        ),
    ] {
        let told = told(&sheet.replace("CONDITION", written));
        assert!(told.len() == 1 && told.iter().all(|told| told.contains(expected)), "{written}: {told:?}");
    }
    let unlisted = told(&ENGLISH.replace("CONDITION", "label is higher than \"Nope\""));
    assert!(unlisted.iter().any(|told| told.contains("the label that comes next above \"Nope\"")), "{unlisted:?}");
}

/// What the language has stays as it is.
#[test]
fn what_is_written_well_is_no_comparison() {
    for (sheet, written) in [
        (ENGLISH, "leak score at least 700"),
        (ENGLISH, "not leak score at least 700"),
        (ENGLISH, "data includes at least 3 person"),
        (ENGLISH, "data includes person with confidence at least 80"),
        (ENGLISH, "label is \"Secret\" or app is \"x\""),
        (ENGLISH, "label at least \"Secret\""),
        (FRENCH, "le marquage est \"Secret\" ou l'application est \"x\""),
        (FRENCH, "le marquage est au moins \"Secret\""),
        (FRENCH, "les données comprennent au moins 3 personne"),
    ] {
        assert_eq!(told(&sheet.replace("CONDITION", written)), [""; 0], "{written}");
    }
}
