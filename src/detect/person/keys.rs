//! Keys and heads that say that their value is somebody's name or a part of it, in one table that every reader of structure shares:
//! fields of a body, strings of JSON, elements, settings, tables, statements of SQL.
//!
//! Here stands only what nothing but people have. `name`, `nom` and `client` head things as well; each reader says how far it
//! believes those.

use std::collections::HashSet;
use std::hash::BuildHasherDefault;
use std::sync::LazyLock;

use crate::detect::fold;
use crate::detect::lexicon::Mixer;

/// Keys of given names, folded, by language.
#[rustfmt::skip]
const GIVEN: &[&str] = &[
    "first name", "firstname", "first names", "given name", "givenname", "given names", "forename", "forenames", "middle name",
    "middlename",
    "prenom", "prenoms", "nom et prenoms",
    "vorname", "vornamen", "rufname",
    "nombre de pila", "primer nombre", "segundo nombre",
    "nome proprio", "primeiro nome",
    "voornaam", "voornamen", "roepnaam",
    "imie", "imiona", "fornamn", "fornavn", "etunimi", "jmeno", "krestni jmeno", "prenume", "keresztnev", "utonev",
];

/// Keys of family names, folded, by language.
#[rustfmt::skip]
const FAMILY: &[&str] = &[
    "last name", "lastname", "last names", "surname", "surnames", "family name", "familyname", "maiden name", "birth name",
    "nom de famille", "nom famille", "nom d usage", "nom usage", "nom de naissance", "nom naissance", "nom de jeune fille",
    "nom marital", "nom patronymique",
    "nachname", "familienname", "zuname", "geburtsname", "madchenname",
    "apellido", "apellidos", "primer apellido", "segundo apellido", "apellido paterno", "apellido materno",
    "cognome", "cognomi", "sobrenome", "apelido", "ultimo nome",
    "achternaam", "familienaam", "geboortenaam",
    "nazwisko", "efternamn", "etternavn", "efternavn", "sukunimi", "prijmeni", "priezvisko", "prezime", "vezeteknev", "csaladnev",
    "nume de familie",
];

/// Keys of whole names, folded, by language.
#[rustfmt::skip]
const FULL: &[&str] = &[
    "full name", "fullname", "full names", "first and last name", "name and surname",
    "nom complet", "nom prenom", "nom prenoms", "nom et prenom", "prenom nom", "prenom et nom", "nom du patient", "nom patient",
    "nom du salarie", "nom du titulaire",
    "vor und nachname", "vorname nachname", "voller name", "name des patienten",
    "nombre completo", "nombre y apellido", "nombre y apellidos", "apellidos y nombre",
    "nome e cognome", "cognome e nome", "nome completo", "nome e sobrenome",
    "volledige naam", "imie i nazwisko",
];

/// All of them, as a text announces them: `Vorname:`.
pub(in crate::detect) fn all() -> impl Iterator<Item = &'static str> {
    [GIVEN, FAMILY, FULL].into_iter().flatten().copied()
}

/// Two keys that say so only side by side, as FHIR and many a program have them, and what the first then says.
const PAIRS: &[(&str, &str, &str)] = &[
    ("family", "given", "family name"),
    ("given", "family", "given name"),
    ("last", "first", "last name"),
    ("first", "last", "first name"),
];

/// The key that must stand beside this one for it to say that its value is a part of a name, and what it says then.
pub(in crate::detect) fn beside(key: &str) -> Option<(&'static str, &'static str)> {
    let known = PAIRS.iter().find(|(own, ..)| own.eq_ignore_ascii_case(key));
    known.map(|(_, other, says)| (*other, *says))
}

/// Folded keys.
type Keys = HashSet<&'static [u8], BuildHasherDefault<Mixer>>;

/// Whether folded words are such a key, or end with one of a part of a name: `customer_last_name`. A `company_full_name` is nobody's.
pub(super) fn is_of_name(words: &[u8]) -> bool {
    static PARTS: LazyLock<Keys> = LazyLock::new(|| GIVEN.iter().chain(FAMILY).map(|key| key.as_bytes()).collect());
    static WHOLES: LazyLock<Keys> = LazyLock::new(|| FULL.iter().map(|key| key.as_bytes()).collect());
    let words = words.trim_ascii();
    let tails =
        std::iter::successors(Some(words), |rest| memchr::memchr(b' ', rest).and_then(|blank| rest.get(blank + 1..)));
    WHOLES.contains(words) || tails.take(WORDS_MAX).any(|tail| PARTS.contains(tail))
}

/// Words of a key.
const WORDS_MAX: usize = 8;

/// The words of a key, folded: `lastName` is ` last name `.
pub(super) fn words(key: &str) -> fold::Window {
    let mut folded = fold::Window::new();
    fold::words(key, &mut folded);
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_names() {
        for (key, expected) in [
            ("lastName", true),
            ("LastName", true),
            ("customer_last_name", true),
            ("customerLastName", true),
            ("Prénom", true),
            ("nom_naissance", true),
            ("Nom d’usage", true),
            ("Příjmení", true),
            ("name", false),
            ("nom", false),
            ("full_name", true),
            ("company_full_name", false),
            ("file name", false),
            ("lastNameLength", false),
            ("", false),
        ] {
            assert_eq!(is_of_name(&words(key)), expected, "{key}");
        }
        assert_eq!(beside("Family"), Some(("given", "family name")));
        assert_eq!(beside("name"), None);
    }
}
