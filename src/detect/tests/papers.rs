//! Names as papers, payments and programs write them, and what looks like them there.

use super::names::of;

#[test]
fn people_in_papers_payments_and_programs() {
    for (name, text, expected) in [
        (
            "BibTeX",
            "@article{a2020,\n  author = {Aubertin, Camille and Dupont, Jean},\n  title = {On things}\n}",
            &["Aubertin, Camille", "Dupont, Jean"][..],
        ),
        (
            "authors with stops",
            "Aubertin C., Dupont J.-P. et Martin A. (2021)",
            &["Aubertin C.", "Dupont J.-P.", "Martin A."],
        ),
        ("authors without", "Dupont J, Martin A, Lefevre P. A study of soil.", &["Dupont J", "Martin A", "Lefevre P."]),
        (
            "a payment",
            "BCD\n002\n1\nSCT\nBNPAFRPP\nCamille Aubertin\nFR7630006000011234567890189\nEUR12.5",
            &["Camille Aubertin"],
        ),
        ("arguments", "user = User(first=\"Camille\", last=\"Aubertin\")", &["Camille", "Aubertin"]),
    ] {
        let found = of("person", text);
        for expected in expected {
            assert!(found.iter().any(|found| found.contains(expected)), "{name}: {expected} of {found:?}");
        }
    }
}

#[test]
fn what_looks_like_them_is_none() {
    for text in [
        "author = {\"key\": \"value\"}; let editor = {}",
        "range(first=\"Monday\", last=\"Friday\"), slice(first=0, last=\"End\")",
        "Vitamin C, Vitamin D and Hepatitis B",
        "Group A, Group B; Table C, Annex D",
        "Type A, Model S. et Class C",
        "BCD stands for binary coded decimal\nSCT\n1",
        "a, b and c; A, B and C",
    ] {
        let found = of("person", text);
        assert!(found.is_empty(), "{text}: {found:?}");
    }
}
