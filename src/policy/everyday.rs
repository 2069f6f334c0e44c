//! Everyday words for classes and types of data, in every language: what an officer writes before they have seen the list.
//!
//! They are suggestions. A sheet names data by the words of its vocabulary, so that two readers mean the same; a question to `ask`,
//! which is answered with the request as understood, may use them. Words are compared without accents and capitals, and without
//! the articles and the `data about` before them.

use super::parser::folded;
use super::phrase::Language;
use super::surface;

/// Identifiers, each with what people call it.
#[rustfmt::skip]
const WORDS: &[(&str, &[&str])] = &[
    ("personal", &["dcp", "a caractere personnel", "personnelles", "personnelle", "personnels", "nominatives", "nominatif", "vie privee", "pii", "personally identifiable", "personally identifiable information"]),
    ("special", &["sensibles", "categories particulieres", "categorie particuliere", "article 9", "sensitive", "special categories of data", "special categories of personal data", "categories particulieres de donnees", "special category", "special categories"]),
    ("health", &["medical", "medicale", "medicales", "dossier medical", "dossiers medicaux", "diagnostic", "diagnostics", "maladie", "maladies", "secret medical", "patient", "patients", "medical record", "medical records", "diagnosis", "phi"]),
    ("criminal", &["condamnation", "condamnations", "condamnations penales", "infraction", "infractions penales", "penal", "penales", "judiciaires", "conviction", "convictions", "offence", "offences", "offenses"]),
    ("criminal_record", &["casier judiciaire", "criminal record", "criminal records", "police record"]),
    ("payment-card", &["carte bancaire", "cartes bancaires", "carte de credit", "cartes de credit", "carte de paiement", "cartes de paiement", "carte bleue", "cb", "pci", "payment card", "payment cards", "credit card", "credit cards", "bank card", "debit card"]),
    ("card_pan", &["numero de carte", "numeros de carte", "numero de carte bancaire", "pan", "card number", "card numbers", "credit card number"]),
    ("card_cvv", &["cryptogramme", "cryptogramme visuel", "cvv", "cvc", "cvv2"]),
    ("financial", &["bancaire", "bancaires", "finances", "financieres", "financiere", "financiers", "secret bancaire", "banking", "bank", "financials", "bank secrecy", "banking secrecy"]),
    ("iban", &["compte bancaire", "comptes bancaires", "coordonnees bancaires", "numero de compte", "bank account", "bank accounts", "account number"]),
    ("fr_rib", &["rib", "releve d'identite bancaire"]),
    ("fr_nir", &["nir", "numero de securite sociale", "numeros de securite sociale", "securite sociale", "numero secu", "numero insee", "insee", "nss", "french social security number"]),
    ("us_ssn", &["ssn", "social security number", "social security numbers"]),
    ("gb_nino", &["nino", "national insurance number"]),
    ("gb_nhs", &["nhs", "nhs number"]),
    ("fr_siren", &["siren", "numero siren"]),
    ("fr_siret", &["siret", "numero siret"]),
    ("fr_tva", &["tva", "numero de tva"]),
    ("fr_nif", &["numero fiscal", "identifiant fiscal", "spi"]),
    ("fr_cni", &["carte d'identite", "cartes d'identite", "carte nationale d'identite", "cni"]),
    ("fr_passport", &["passeport", "passeports", "numero de passeport"]),
    ("fr_permis", &["permis", "permis de conduire"]),
    ("fr_titre_sejour", &["titre de sejour", "titres de sejour"]),
    ("plate_fr", &["immatriculation", "plaque", "plaque d'immatriculation"]),
    ("fr_rpps", &["rpps", "numero rpps"]),
    ("national-id", &["identite nationale", "national id", "identity card", "identity number", "national identifier"]),
    ("business-id", &["identite d'entreprise", "numero d'entreprise", "company number", "business id"]),
    ("trade-secret", &["secret d'affaires", "secrets d'affaires", "secret des affaires", "secrets des affaires", "trade secret", "trade secrets", "business secret", "business secrets"]),
    ("secret", &["secrets", "identifiants", "secrets d'acces", "cles", "cle", "jetons", "jeton", "credential", "credentials", "keys", "tokens"]),
    ("api_key", &["cle d'api", "cles d'api", "cle api", "api key", "api keys"]),
    ("password", &["mot de passe", "mots de passe", "mdp", "passwords"]),
    ("person", &["nom", "noms", "nom de famille", "noms de personnes", "nom de personne", "prenom", "prenoms", "patronyme", "personnes", "name", "names", "surname", "surnames", "first name", "last name", "people", "persons", "person name"]),
    ("email", &["mail", "mails", "e-mail", "e-mails", "adresse mail", "adresses mail", "adresse electronique", "adresses electroniques", "adresse de courriel", "adresse e-mail", "adresses e-mail", "adresse email", "adresses email", "courrier electronique", "courriers electroniques", "mel", "emails", "email address", "email addresses", "e-mail address", "e-mail addresses"]),
    ("phone", &["tel", "portable", "numero de telephone", "numeros de telephone", "telephones", "telephone", "telephone number", "phone number", "phone numbers", "mobile", "phones"]),
    ("address", &["adresses", "adresse postale", "adresses postales", "domicile", "addresses", "postal address", "home address"]),
    ("date_of_birth", &["date de naissance", "dates de naissance", "naissance", "ddn", "date of birth", "dates of birth", "birth date", "birthday", "dob"]),
    ("belief_union_orientation_origin", &["religion", "opinion politique", "opinions politiques", "opinions", "syndicat", "appartenance syndicale", "trade union membership", "orientation sexuelle", "origine ethnique", "ethnic origin", "political opinion", "political opinions", "trade union", "sexual orientation"]),
    ("ip", &["adresse ip", "adresses ip", "ip address", "ip addresses"]),
    ("location", &["geolocalisation", "localisation", "ville", "lieu", "city", "place"]),
];

/// Words before the name of data that name nothing.
const BEFORE: &[&str] = &[
    "le",
    "la",
    "les",
    "l'",
    "un",
    "une",
    "des",
    "du",
    "de",
    "d'",
    "aux",
    "relatives",
    "donnees",
    "donnee",
    "informations",
    "numeros",
    "tous",
    "toutes",
    "toute",
    "the",
    "a",
    "an",
    "any",
    "all",
    "every",
    "some",
    "data",
    "information",
    "about",
    "of",
    "on",
];

/// The identifier that some words mean, when they are everyday words for data and no word of the vocabulary alone. `words` may
/// hold blanks.
pub(super) fn meant(words: &str) -> Option<&'static str> {
    let said = folded(words).replace('\u{2019}', "'");
    let bare = std::iter::successors(Some(said.as_str()), |rest| behind_one(rest));
    // The words of the vocabulary themselves are no everyday words.
    bare.enumerate().find_map(|(at, rest)| listed(rest).or_else(|| if at > 0 { named(rest) } else { None }))
}

/// Folded words without the articles before them.
pub(super) fn stripped(said: &str) -> &str {
    std::iter::successors(Some(said), |rest| behind_one(rest)).last().unwrap_or(said)
}

/// What stands behind one article.
fn behind_one(rest: &str) -> Option<&str> {
    let behind = rest.split_once(' ').filter(|(first, _)| BEFORE.contains(first)).map(|(_, behind)| behind);
    behind.or_else(|| ["l'", "d'"].iter().find_map(|article| rest.strip_prefix(article)))
}

fn listed(said: &str) -> Option<&'static str> {
    let found = WORDS.iter().find(|(_, words)| words.contains(&said)).map(|(identifier, _)| *identifier);
    let without_data = || {
        // `health data`, `personal data`
        let bare =
            ["data", "information", "numbers"].iter().find_map(|behind| said.strip_suffix(behind)?.strip_suffix(' '));
        bare.and_then(|bare| listed(bare).or_else(|| named(bare)))
    };
    // `courriels`
    let one = || said.strip_suffix('s').and_then(named);
    found.or_else(without_data).or_else(one)
}

/// The identifier of a word for data of any language.
fn named(said: &str) -> Option<&'static str> {
    let row = surface::NAMES.iter().find(|row| row.iter().any(|word| folded(word) == said))?;
    surface::column(row, Language::En)
}

#[cfg(test)]
pub(super) fn rows() -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
    WORDS.iter().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everyday_words() {
        for (words, expected) in [
            ("NIR", Some("fr_nir")),
            ("le NIR", Some("fr_nir")),
            ("numéro de sécurité sociale", Some("fr_nir")),
            ("l'IBAN", None),
            ("Carte bancaire", Some("payment-card")),
            ("des données de santé", Some("health")),
            ("données personnelles", Some("personal")),
            ("données à caractère personnel", Some("personal")),
            ("personal data", Some("personal")),
            ("health data", Some("health")),
            ("d'infractions", Some("criminal")),
            ("mots de passe", Some("password")),
            ("courriels", Some("email")),
            ("santé", None),
            ("health", None),
            ("giraffe", None),
        ] {
            assert_eq!(meant(words), expected, "{words}");
        }
    }

    #[test]
    fn words_are_folded_and_listed_once() {
        let mut all: Vec<&str> = rows().flat_map(|(_, words)| words.iter().copied()).collect();
        assert!(all.iter().all(|word| folded(word) == **word));
        all.sort_unstable();
        let listed = all.len();
        all.dedup();
        assert_eq!(all.len(), listed);
    }
}
