//! Names that a structure tells: tables of HTML, records of JSON, statements of SQL, settings, cards, heads of mails.

use super::names::of;

#[test]
fn names_that_a_structure_tells() {
    let mut missed = Vec::new();
    for (name, text, expected) in [
        (
            "a table of HTML",
            "<table><tr><th>Nom</th><th>Prénom</th></tr><tr><td>Aubertin</td><td>Camille</td></tr></table>",
            &["Aubertin", "Camille"][..],
        ),
        (
            "with sections",
            "<table><thead><tr><th>Nom</th><th>Prénom</th><th>Ville</th></tr></thead><tbody><tr><td>Quispe</td><td>Xiomara</td><td>Lyon</td></tr></tbody></table>",
            &["Quispe", "Xiomara"],
        ),
        ("a setting", "LastName=Aubertin", &["Aubertin"]),
        ("a setting in French", "prenom=Camille nom=Aubertin", &["Camille", "Aubertin"]),
        ("settings", "id=3, lastName=Aubertin, city=Lyon", &["Aubertin"]),
        (
            "FHIR",
            r#"{"resourceType":"Patient","name":[{"use":"official","family":"Quispe","given":["Xiomara","Ana"]}]}"#,
            &["Quispe", "Xiomara", "Ana"],
        ),
        ("last and first", r#"{"name":{"last":"Aubertin","first":"Camille"}}"#, &["Aubertin", "Camille"]),
        ("names in a list", r#"{"name":["Camille","Aubertin"]}"#, &["Camille", "Aubertin"]),
        ("a family name", r#"{"familyName":"Aubertin"}"#, &["Aubertin"]),
        ("a name at birth", r#"{"nom_naissance":"Aubertin"}"#, &["Aubertin"]),
        ("whose name", r#"{"customerLastName":"Aubertin"}"#, &["Aubertin"]),
        (
            "other languages",
            r#"{"příjmení":"Nováková","jméno":"Jana","voornaam":"Sanne"}"#,
            &["Nováková", "Jana", "Sanne"],
        ),
        (
            "SQL",
            "INSERT INTO clients (id, nom, prenom) VALUES (1, 'Aubertin','Camille'), (2, 'Quispe', 'Xiomara');",
            &["Aubertin", "Camille", "Quispe", "Xiomara"],
        ),
        ("a card", "BEGIN:VCARD\nVERSION:3.0\nN:Aubertin;Camille;;;\nEND:VCARD", &["Aubertin", "Camille"]),
        ("a card's line", "N:Aubertin;Camille;;Mme;", &["Aubertin", "Camille"]),
        ("the head of a mail", "From: =?utf-8?Q?Camille_Aubertin?= <x@test.example>", &["Camille_Aubertin"]),
        ("in base64", "From: =?utf-8?B?Q2FtaWxsZSBBdWJlcnRpbg==?= <x@test.example>", &["Q2FtaWxsZSBBdWJlcnRpbg=="]),
        ("in Latin-1", "From: =?iso-8859-1?Q?H=E9l=E8ne_Lef=E8vre?= <x@test.example>", &["H=E9l=E8ne_Lef=E8vre"]),
    ] {
        let found = of("person", text);
        for expected in expected.iter().filter(|expected| !found.iter().any(|found| found.contains(**expected))) {
            missed.push(format!("{name}: {expected} of {found:?}"));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

/// The same structures hold names of things, and words of programs.
#[test]
fn structures_that_tell_of_nobody() {
    let mut told = Vec::new();
    for text in [
        "<table><tr><th>Name</th><th>Type</th></tr><tr><td>Proxy</td><td>Object</td></tr></table>",
        "<table><tr><th>Ville</th><th>Pays</th></tr><tr><td>Lyon</td><td>France</td></tr></table>",
        r#"{"font":{"family":"Georgia","size":12},"first":"Monday","last":"Friday"}"#,
        r#"{"family":"Arial","weight":400}"#,
        r#"{"name":["Proxy","Cache"],"tags":["Open","Closed"]}"#,
        r#"{"firstName":"string","lastName":"string","first_name":{"type":"string"}}"#,
        r#"{"file_name":"Report","project":"Visual Studio"}"#,
        "INSERT INTO products (id, name) VALUES (1, 'Proxy'), (2, 'Cache');",
        "INSERT INTO users (first_name) VALUES (NULL), (DEFAULT), ('test');",
        "lastName=null firstName=undefined surname=String",
        "this.lastName=lastName; user.firstName=Faker::Name.first_name",
        "N:1;2;3;4;5",
        "Subject: =?utf-8?Q?Release_Notes?=",
        "font-family: Garamond; --first: 1; last: 3",
    ] {
        let found = of("person", text);
        if !found.is_empty() {
            told.push(format!("{text}: {found:?}"));
        }
    }
    assert!(told.is_empty(), "{}", told.join("\n"));
}
