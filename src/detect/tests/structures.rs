//! Names that a structure tells: tables of HTML, records of JSON, statements of SQL, settings, cards, heads of mails.

use super::names::of;

#[test]
fn names_that_a_structure_tells() {
    all(&[
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
    ]);
}

/// A key says so from farther away: of an object, a column, a pair, a line above.
#[test]
fn names_that_a_key_tells_from_afar() {
    all(&[
        ("a record in braces", "Customer{lastName=Aubertin, firstName=Camille}", &["Aubertin", "Camille"][..]),
        ("a key and its value", r#"{"key":"nom","value":"Aubertin"}"#, &["Aubertin"]),
        (
            "a field and its value",
            r#"[{"name":"last_name","value":"Aubertin"},{"name":"x","value":"y"}]"#,
            &["Aubertin"],
        ),
        ("a field of a form", r#"<input name="last_name" value="Aubertin">"#, &["Aubertin"]),
        ("a field of a form, turned", r#"<input value="Aubertin" id="lastName"/>"#, &["Aubertin"]),
        ("an object with a value", r#"{"nom":{"value":"Aubertin","confidence":0.9}}"#, &["Aubertin"]),
        ("a column by numbers", r#"{"nom":{"0":"Aubertin","1":"Quispe"}}"#, &["Aubertin", "Quispe"]),
        (
            "columns and data",
            r#"{"columns":["nom","prenom"],"index":[0,1],"data":[["Aubertin","Camille"],["Quispe","Xiomara"]]}"#,
            &["Aubertin", "Camille", "Quispe", "Xiomara"],
        ),
        ("psql", " nom      | prenom  \n----------+---------\n Aubertin | Camille \n(1 row)", &["Aubertin", "Camille"]),
        (
            "mysql",
            "+----------+---------+\n| nom      | prenom  |\n+----------+---------+\n| Aubertin | Camille |\n+----------+---------+",
            &["Aubertin", "Camille"],
        ),
        ("a line below", "nom:\nAubertin\nprénom:\n  Camille", &["Aubertin", "Camille"]),
        ("a list of terms", "<dl><dt>Nom</dt><dd>Aubertin</dd></dl>", &["Aubertin"]),
        ("a row of a table", "<tr><th>Nom</th><td>Aubertin</td></tr>", &["Aubertin"]),
        ("HL7", "PID|1||12345^^^HOP||AUBERTIN^CAMILLE^^^MME||19840312|F", &["AUBERTIN", "CAMILLE"]),
    ]);
}

/// Every name must be found, whatever of its text is found besides.
fn all(rows: &[(&str, &str, &[&str])]) {
    let mut missed = Vec::new();
    for (name, text, expected) in rows {
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
        r#"{"key":"color","value":"Red"} {"name":"last_name","type":"string"} {"name":"last_name","value":"string"}"#,
        r#"<input name="color" value="Red"><option value="Open">"#,
        r#"{"nom":{"type":"string"},"name":{"value":"Proxy"}}"#,
        "nom:\n  - lundi\nname:\n  Proxy\npatient:\n  Name: x",
        "<dl><dt>Name</dt><dd>Proxy</dd></dl>",
        "font-family: Garamond; --first: 1; last: 3",
    ] {
        let found = of("person", text);
        if !found.is_empty() {
            told.push(format!("{text}: {found:?}"));
        }
    }
    assert!(told.is_empty(), "{}", told.join("\n"));
}
