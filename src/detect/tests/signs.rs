//! Names with signs tied to them, in names of files, over the ends of lines; and what looks like them in code, logs and documents.

use super::names::of;

/// Every name must be found, whatever of its text is found besides.
fn all(rows: &[(&str, &[&str])]) {
    let mut missed = Vec::new();
    for (text, names) in rows {
        let found = of("person", text);
        let is_found =
            |name: &str| found.iter().any(|found| found.contains(name) || found.replace(['\n', '_'], " ") == name);
        missed.extend(names.iter().filter(|name| !is_found(name)).map(|name| format!("{text:?}: {name} of {found:?}")));
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

/// Nobody is found.
fn none(texts: &[&str]) {
    let found: Vec<String> = texts
        .iter()
        .map(|text| (text, of("person", text)))
        .filter(|(_, found)| !found.is_empty())
        .map(|(text, found)| format!("{text:?}: {found:?}"))
        .collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_sign_is_tied_to_the_name() {
    all(&[
        ("Mme Camille Aubertin$", &["Camille Aubertin"]),
        ("ask Camille Aubertin% about it", &["Camille Aubertin"]),
        ("=Mme Camille Aubertin=", &["Camille Aubertin"]),
        ("call Camille Aubertin2 today", &["Camille Aubertin"]),
        ("Camille Aubertin¹, Jean Dupont²", &["Camille Aubertin", "Jean Dupont"]),
        ("Mme Camille Aubertin/M. Jean Dupont", &["Camille Aubertin", "Jean Dupont"]),
        ("- [Camille Aubertin](https://intra.test/u/12)", &["Camille Aubertin"]),
        ("see [Jean Dupont](/u) and [Camille Aubertin](/u/12)", &["Jean Dupont", "Camille Aubertin"]),
        ("![Camille Aubertin](a.png)", &["Camille Aubertin"]),
        ("cc @Camille Aubertin", &["Camille Aubertin"]),
        ("<@Camille Aubertin> hello", &["Camille Aubertin"]),
        ("@[Camille Aubertin](user:12)", &["Camille Aubertin"]),
        ("Hi {Camille Aubertin}, welcome", &["Camille Aubertin"]),
        ("{{Camille Aubertin}} is here", &["Camille Aubertin"]),
        ("[10:32] [Camille Aubertin] hello", &["Camille Aubertin"]),
        ("\\author{Camille Aubertin}", &["Camille Aubertin"]),
        ("#Camille Aubertin called", &["Camille Aubertin"]),
        ("$Camille Aubertin$", &["Camille Aubertin"]),
        ("/Camille Aubertin/ came", &["Camille Aubertin"]),
        ("Camille Aubertin(12) called", &["Camille Aubertin"]),
        ("Camille_Aubertin came", &["Camille Aubertin"]),
    ]);
}

#[test]
fn a_line_ends_within_the_name() {
    all(&[
        ("Write to Mme Camille\nAubertin, mail her", &["Camille Aubertin"]),
        ("Please write to Jean\nDupont, he will know", &["Jean Dupont"]),
        ("Please write to Jean\r\nDupont, he will know", &["Jean\r\nDupont"]),
        ("> Write to Mme Camille\n> Aubertin, mail her", &["Camille", "Aubertin"]),
    ]);
    none(&["He lives in Paris\nLondon is far", "we use Ruby\nPerl, and more", "written by hand\nSince then it works"]);
}

#[test]
fn names_of_files() {
    all(&[
        ("CV Camille Aubertin.csv", &["Camille Aubertin"]),
        ("CV_Camille_Aubertin.csv", &["Camille Aubertin"]),
        ("Camille-Aubertin-2024.csv", &["Camille-Aubertin"]),
        ("see CV Camille Aubertin.pdf", &["Camille Aubertin"]),
        ("C:\\Users\\camille.aubertin\\Documents\\CV Camille Aubertin.docx", &["Camille Aubertin", "camille.aubertin"]),
        ("/data/Dossier Dupont Jean 2024.xlsx", &["Dupont Jean"]),
        ("/home/jean.dupont/notes.txt", &["jean.dupont"]),
    ]);
    none(&[
        "Quarterly Report 2024.xlsx",
        "Visual_Studio_Setup.zip",
        "/usr/share/doc/README.md and /home/build/src/main.rs",
        "C:\\Users\\Public\\Documents\\Release Notes.docx",
        "/Users/runner/work/octroi/octroi/target/debug/build.log",
        "Rolls-Royce-2024.pdf",
        "screenshot-2024-11-03.png",
    ]);
}

/// Signs are tied to capitals everywhere in code and logs.
#[test]
fn what_signs_are_tied_to_in_code_and_logs() {
    none(&[
        "let x = vec![Foo::Bar]; match y { State::Open => Some(Box::new(Node { left, right })), _ => None }",
        "use std::{collections::HashMap, sync::Arc}; #[derive(Debug, Clone)] struct Cache<K, V> { map: HashMap<K, V> }",
        "@Override public String toString() { return Grace_Period + Max_Value; }",
        "@Inject Session session; @Autowired UserService users;",
        "import { Component, OnInit } from '@angular/core'; export class AppComponent implements OnInit {}",
        "const [First, Second] = useState(null); export { Button, Modal };",
        "body { font-family: Georgia, 'Times New Roman', serif; } .Card_Header { color: #FFF; } @media screen {}",
        "SELECT [Order Details].[Unit Price] FROM [Order Details] WHERE [Ship City] = 'Lyon'",
        "INSERT INTO products (name, brand) VALUES ('Apple Watch', 'Apple'), ('Visual Studio', 'Microsoft')",
        "[INFO] [Main Thread] [Http Client] Starting Tomcat Server [Session Manager]",
        "2026-11-03 08:14:22 [Worker Thread 3] ERROR {Request Handler} Connection Reset",
        "commit 3f2a9c1 Merge branch 'Feature_Login' into Release_Candidate",
        "[Pull Request](https://x.test/1) [Rust Book](https://x.test/2) [Visual Studio Code](https://x.test/3)",
        "[Getting Started](#start) [Release Notes](#notes) {Project Name} {{Company Address}} $Total Amount$",
        "#Meeting Notes @Channel Everyone %Growth Rate% =Gross Margin=",
        "Content_Type=Text_Plain&Accept_Language=En",
        "New_York_Times San_Francisco Hong_Kong [San Francisco](x) {New York} @Los Angeles",
        "[Apache Maven] [Spring Boot] [Google Chrome] [Microsoft Office] {Amazon Prime}",
        "Docker_Compose Amazon_Linux Red_Hat Ubuntu_Server [Docker Compose](x)",
        "package Foo.Bar; using System.Linq; System.Out.Println(Hello_World)",
    ]);
}
