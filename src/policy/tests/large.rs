//! A folder as a large house has it: many packs, rules of its own, labels that bring and take away. Nothing stays undecided.

use super::*;
use crate::policy::study::{Kind, Study};

const SHEET: &str = include_str!("large.policy");

fn study(sheet: &str) -> Study {
    let catalogue = all_types();
    let mut files = sources(sheet, include_str!("large.toml"));
    files.packs.clear();
    Study::new(&files, &catalogue, &every(&catalogue), &vocabulary(), now())
        .unwrap_or_else(|faults| panic!("{}", faults.iter().map(render).collect::<Vec<_>>().join("\n")))
}

/// The sheet without one of its rules, and without what hangs on it.
fn without(rule: &str) -> String {
    let (before, rest) = SHEET.split_once(&format!("règle {rule}\n")).unwrap();
    let (_, after) = rest.split_once("\n\n").unwrap();
    format!("{before}\n{after}")
}

#[test]
fn the_matrix_and_the_bugs_of_a_large_folder_are_proven() {
    let study = study(SHEET);
    for row in study.matrix() {
        for (cell, column) in row.cells.iter().zip(study.columns()) {
            assert!(cell.exact, "{} at {column}", row.class);
        }
    }
    let advice = study.lint();
    assert!(advice.iter().all(|advice| advice.kind != Kind::Undecided), "{advice:#?}");
}

#[test]
fn differences_of_large_folders_are_proven() {
    let whole = study(SHEET);
    for (rule, opens) in [("nir-caviarde", true), ("transferts-us", true), ("rh-en-europe", true)] {
        let less = study(&without(rule));
        for (old, new, opens) in [(&whole, &less, opens), (&less, &whole, false)] {
            let differences = old.diff(new).unwrap();
            let undecided = (&differences.undecided, &differences.refused_undecided);
            assert_eq!(undecided, (&Vec::new(), &Vec::new()), "{rule}");
            assert_eq!(!differences.opened.is_empty(), opens, "{rule}: {differences:#?}");
        }
    }
}
