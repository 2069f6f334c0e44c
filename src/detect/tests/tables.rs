//! Tables as programs print them, and what stands in their columns and rows.

use super::names::of;

#[test]
fn people_in_printed_tables() {
    for (name, text, expected) in [
        (
            "a data frame",
            "        nom   prenom   ville\n0  Aubertin  Camille    Lyon\n1    Quispe  Yaretzi   Paris",
            &["Aubertin", "Camille", "Quispe", "Yaretzi"][..],
        ),
        (
            "a data frame with short columns",
            "   last_name first_name  age\n0   Aubertin    Camille   34\n1     Quispe    Yaretzi   41",
            &["Aubertin", "Camille", "Quispe", "Yaretzi"],
        ),
        ("psql", " nom      | prenom \n----------+--------\n Quispe   | Yaretzi\n(1 row)", &["Quispe", "Yaretzi"]),
        ("psql -x", "-[ RECORD 1 ]---\nnom    | Quispe\nprenom | Yaretzi\nage    | 34", &["Quispe", "Yaretzi"]),
        (
            "mysql",
            "+--------+---------+\n| nom    | prenom  |\n+--------+---------+\n| Quispe | Yaretzi |\n+--------+---------+",
            &["Quispe", "Yaretzi"],
        ),
        (
            "a frame of lines",
            "┌────────┬─────────┐\n│ nom    │ prenom  │\n├────────┼─────────┤\n│ Quispe │ Yaretzi │\n└────────┴─────────┘",
            &["Quispe", "Yaretzi"],
        ),
        (
            "polars",
            "┌────────┬─────────┐\n│ nom    ┆ prenom  │\n│ ---    ┆ ---     │\n│ str    ┆ str     │\n╞════════╪═════════╡\n\
             │ Quispe ┆ Yaretzi │\n└────────┴─────────┘",
            &["Quispe", "Yaretzi"],
        ),
        ("Markdown", "| Nom | Prénom |\n|:---|---:|\n| Quispe | Yaretzi |", &["Quispe", "Yaretzi"]),
        ("Markdown, centred", "|  Nom  | Prénom  |\n|:-----:|:-------:|\n| Quispe | Yaretzi |", &["Quispe", "Yaretzi"]),
        ("Markdown, upright", "| Nom | Aubertin |\n|---|---|\n| Prénom | Yaretzi |", &["Aubertin", "Yaretzi"]),
        (
            "Markdown, upright below a head",
            "| Champ | Valeur |\n|---|---|\n| Nom | Quispe |\n| Prénom | Yaretzi |\n| Ville | Lyon |",
            &["Quispe", "Yaretzi"],
        ),
        ("in bold", "| **Nom** | Quispe |\n|---|---|\n| **Prénom** | Yaretzi |", &["Quispe", "Yaretzi"]),
        ("column -t", "Nom     Prénom\nQuispe  Yaretzi\n", &["Quispe", "Yaretzi"]),
        ("a form", "Nom          Quispe\nPrénom       Yaretzi\nVille        Lyon", &["Quispe", "Yaretzi"]),
    ] {
        let found = of("person", text);
        for name_of in expected {
            assert!(found.iter().any(|found| found.contains(name_of)), "{name}: {name_of} in {found:?}");
        }
        assert!(found.iter().all(|found| !["str", "Lyon", "Ville"].contains(&found.as_str())), "{name}: {found:?}");
    }
}

#[test]
fn tables_of_things() {
    for text in [
        "NAME        READY   STATUS    RESTARTS   AGE\nnginx-1     1/1     Running   0          3d\nredis       1/1     Running   0          3d",
        "| Field | Type | Null |\n|---|---|---|\n| first_name | string | no |\n| last_name | string | no |",
        "| Field | Type |\n|---|---|\n| first_name | Varchar |\n| last_name | Varchar |\n| email | Text |",
        "| Source | Target |\n|---|---|\n| first_name | FirstName |\n| last_name | LastName |",
        "| Name | Description |\n|---|---|\n| Spooler | Prints |\n| Proxy | Forwards |",
        "Status   Name               DisplayName\n------   ----               -----------\nRunning  Appinfo            Application Information",
        "src/\n├── main.rs\n│   └── lib.rs\n└── Cargo.toml",
        "first name  last name\nthe first of them  the last of them",
    ] {
        assert_eq!(of("person", text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn passwords_in_printed_tables() {
    let expected = ["Tr0ub4dor3xyz"];
    for text in [
        "      user       password\n0  camille  Tr0ub4dor3xyz",
        "user     password       role\n-------  -------------  -----\ncamille  Tr0ub4dor3xyz  admin",
        "│ user    │ password      │\n├─────────┼───────────────┤\n│ camille │ Tr0ub4dor3xyz │",
    ] {
        assert_eq!(of("password", text), expected, "{text}");
    }
}
