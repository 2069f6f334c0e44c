//! Names in the paths and queries of addresses: `https://crm.example/clients/camille-aubertin/notes`, `…?client=jean.dupont`.
//!
//! Programs write their users into addresses, small and joined by a mark, where the recogniser of prose sees no name. What stands
//! there is mostly no person, so a segment must be two words and nothing else, but for an ending of a file and figures behind, and lists
//! must know both: a given name and a surname, one of them common. Behind a segment that says whose names follow (`clients`), a common
//! given name and a word of which nothing is known are enough, as for the names of accounts.
//!
//! False friends: `/grace-period`, `/jackson-databind`, `/san-francisco`, `/aurora-serverless`, `/docker-compose`, `/v1.2/self.name`.

use std::ops::Range;

use super::tied::{are_known_name, are_name};
use crate::detect::page::{Page, Report};

/// Confidence in such a name: that of the names of accounts.
const CONFIDENCE: u8 = 78;
/// Bytes of host and port.
const HOST_BYTES_MAX: usize = 255;
/// Bytes of an address that are read.
const ADDRESS_BYTES_MAX: usize = 2_048;
/// Segments and parameters behind which people are called by their names.
#[rustfmt::skip]
pub(super) const PEOPLE: &[&str] = &[
    "author", "authors", "client", "clients", "contact", "contacts", "customer", "customers", "employee", "employees", "in", "member",
    "members", "name", "patient", "patients", "people", "person", "persons", "profile", "profiles", "staff", "u", "user", "users",
    "auteur", "auteurs", "collaborateurs", "employes", "nom", "personnel", "salaries", "utilisateurs",
    "benutzer", "kunde", "kunden", "mitarbeiter", "nutzer", "patienten", "personen",
    "cliente", "clientes", "empleados", "nombre", "paciente", "pacientes", "usuario", "usuarios",
    "clienti", "dipendenti", "nome", "pazienti", "utente", "utenti", "klanten", "medewerkers",
];
/// What the names of pages and files end with.
const ENDINGS: &[&str] =
    &["html", "htm", "php", "aspx", "jsp", "pdf", "json", "xml", "csv", "png", "jpg", "jpeg", "vcf", "md", "txt"];

/// Reports the names in the addresses of a page.
pub(super) fn names(page: &Page<'_>, report: &mut Report<'_>) {
    for at in memchr::memmem::find_iter(page.text.as_bytes(), b"://") {
        let host = page.right(at + 3, HOST_BYTES_MAX, |byte| {
            byte.is_ascii_alphanumeric()
                || !byte.is_ascii()
                || matches!(byte, b'.' | b'-' | b'_' | b':' | b'@' | b'[' | b']')
        });
        if !matches!(page.byte(host), b'/' | b'?' | b'#') {
            continue;
        }
        let end = page.right(host, ADDRESS_BYTES_MAX, |byte| {
            !byte.is_ascii_whitespace()
                && !matches!(byte, b'"' | b'\'' | b'<' | b'>' | b'\\' | b'`' | b'|' | b'{' | b'}' | b')' | b']')
        });
        let Some(address) = page.text.get(host..page.text.floor_char_boundary(end)) else { continue };
        let (mut from, mut before) = (host, "");
        for segment in address.split(['/', '?', '#', '=', '&', ';', ',', '@', '~', ':', '+', '%']) {
            let of_people = PEOPLE.iter().any(|word| word.eq_ignore_ascii_case(before));
            if let Some(name) = in_segment(segment, of_people) {
                report.push(from + name.start..from + name.end, CONFIDENCE);
            }
            (from, before) = (from + segment.len() + 1, segment);
        }
    }
}

/// The name that a segment of an address is: `camille-aubertin`, `aubertin_camille.html`, `camille-aubertin-8a1b2c`.
fn in_segment(segment: &str, of_people: bool) -> Option<Range<usize>> {
    let is_mark = |c: char| matches!(c, '-' | '_' | '.');
    let mut words = segment.split(is_mark);
    let (one, other) = (words.next()?, words.next()?);
    let letters = |word: &str| !word.is_empty() && word.chars().all(char::is_alphabetic);
    let of_nobody =
        |word: &str| word.is_empty() || word.contains(|c: char| c.is_ascii_digit()) || ENDINGS.contains(&word);
    let is_name = if of_people { are_name } else { are_known_name };
    (letters(one) && letters(other) && words.all(of_nobody) && is_name(one, other))
        .then(|| 0..one.len() + 1 + other.len())
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "the test knows its own texts")]
mod tests {
    use super::*;
    use crate::detect::page::{Sink, Used};

    #[test]
    fn names_stand_in_paths_and_queries() {
        for (text, expected) in [
            ("See https://crm.example/clients/camille-aubertin/notes now", &["camille-aubertin"][..]),
            ("(https://crm.example/Clients/Camille_Aubertin)", &["Camille_Aubertin"]),
            ("https://crm.example/c/jean.dupont?by=martin.camille&a=1", &["jean.dupont", "martin.camille"]),
            ("https://crm.example/?nom=camille-aubertin", &["camille-aubertin"]),
            (
                "https://intra.example/~jean.dupont/cv.pdf https://x.example/cv/jean-dupont.pdf",
                &["jean.dupont", "jean-dupont"],
            ),
            ("https://social.example/in/camille-aubertin-8a1b2c#jean_dupont", &["camille-aubertin", "jean_dupont"]),
            ("<base href=\"https://crm.example/clients/camille-aubertin/\">", &["camille-aubertin"]),
            ("https://docs.example/grace-period/visual-studio/san-francisco/new-york/rolls-royce", &[]),
            ("https://docs.example/docker-compose/self.name/red-hat/spring-boot/hello-world", &[]),
            ("https://docs.example/v1.2/rust-book/getting-started.html?utm-source=news-letter", &[]),
            ("https://github.example/FasterXML/jackson-databind/aurora-serverless/julia_opsuffs/lucas-calc", &[]),
            ("git://host.example and camille-martin", &[]),
            ("https://host.example", &[]),
            ("://", &[]),
        ] {
            let mut sink = Sink::new(Used::default());
            names(&Page { text, key: None }, &mut Report { sink: &mut sink, detector: 0 });
            let found: Vec<&str> = sink.hits.iter().map(|hit| &text[hit.range.clone()]).collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
