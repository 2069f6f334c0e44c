//! A folder as a large house has it: many packs, rules of its own, labels that bring and take away. Nothing stays undecided.

use super::*;
use crate::limits::POLICY_SEARCH_STEPS_MAX;
use crate::policy::study::{Kind, Study};

const SHEET: &str = include_str!("large.policy");

fn study(sheet: &str) -> Study {
    on(sheet, include_str!("large.toml"))
}

fn on(sheet: &str, inventory: &str) -> Study {
    let catalogue = all_types();
    let mut files = sources(sheet, inventory);
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
        // What is refused is what the other direction would open.
        let differences = whole.diff(&less).unwrap();
        let undecided = (&differences.undecided, &differences.refused_undecided);
        assert_eq!(undecided, (&Vec::new(), &Vec::new()), "{rule}");
        assert_eq!(!differences.opened.is_empty(), opens, "{rule}: {differences:#?}");
        assert!(differences.refused.is_empty(), "{rule}: {differences:#?}");
    }
}

/// Health of a person is a health term beside a name: one of the many types that name somebody is no matter where there is no term.
#[test]
fn a_rule_that_is_narrowed_to_health_of_a_person_is_proven() {
    let narrow = SHEET.replacen(
        "quand les données comprennent santé\n",
        "quand les données comprennent santé d'une personne\n",
        1,
    );
    assert_ne!(narrow, SHEET);
    let (old, new) = (study(SHEET), study(&narrow));
    let seen = std::cell::Cell::new(None);
    let differences = old.diff_watched(&new, &|looked| seen.set(Some(looked))).unwrap();
    let undecided = (&differences.undecided, &differences.refused_undecided);
    assert_eq!(undecided, (&Vec::new(), &Vec::new()));
    // The packs refuse the same, in either direction.
    assert!(differences.no_flow_is_opened && differences.refused.is_empty(), "{differences:#?}");
    let looked = seen.get().unwrap();
    assert!(looked.compared == looked.of && looked.requests < POLICY_SEARCH_STEPS_MAX, "{looked:?}");
}

/// What both versions say of a request is nearly all the same, whatever is still open of it.
#[test]
fn new_labels_and_new_backends_of_a_large_folder_are_proven() {
    const STILL: &str = "règle encore\n  parce que \"x\"\n  quand les données comprennent encore en clair personnel\n  jamais les hébergeurs exposés à US\n\nrepli si";
    let labels = SHEET.replacen(
        "\"Confidentiel\", \"Secret\"",
        "\"Restreint\", \"Confidentiel\", \"Secret\", \"Très Secret\"",
        1,
    );
    let still = SHEET.replacen("repli si", STILL, 1);
    let still_labels = labels.replacen("repli si", STILL, 1);
    let inventory = include_str!("large.toml");
    let (_, own) = inventory.split_once("[backend.gpu-lyon]").unwrap();
    let (own, _) = own.split_once("\n[backend.").unwrap();
    let more = format!("{inventory}\n[backend.gpu-metz]{}", own.replace("gpu1.", "gpu2."));
    let conditional = SHEET.replacen("ou après 2 s d'attente", "sauf si le score de fuite est au moins 300", 1);
    let rows = [
        ("two labels", (SHEET, inventory), (labels.as_str(), inventory)),
        ("two labels, and what is still identified", (&still, inventory), (&still_labels, inventory)),
        ("a backend on premises", (SHEET, inventory), (SHEET, &more)),
        ("a backend on premises before a fall back with a condition", (&conditional, inventory), (&conditional, &more)),
    ];
    for (name, old, new) in rows {
        let (old, new) = (on(old.0, old.1), on(new.0, new.1));
        let differences = old.diff(&new).unwrap();
        let undecided = (&differences.undecided, &differences.refused_undecided);
        assert_eq!(undecided, (&Vec::new(), &Vec::new()), "{name}");
        assert!(!differences.opened.is_empty() || !differences.refused.is_empty(), "{name}: {differences:#?}");
    }
}

#[test]
fn the_matrix_of_a_new_backend_is_told_class_by_class() {
    let inventory = include_str!("large.toml");
    let (_, own) = inventory.split_once("[backend.souverain-fr]").unwrap();
    let (own, _) = own.split_once("\n[backend.").unwrap();
    let more = format!("{inventory}\n[backend.hds-paris]{}", own.replace("souverain.", "hds."));
    let moved = study(SHEET).diff(&on(SHEET, &more)).unwrap().matrix;
    assert!(moved.iter().all(|one| one.backend == "hds-paris" && one.before.is_none()), "{moved:#?}");
    let of = |class: &str| {
        let of = moved.iter().find(|one| one.classes.iter().any(|known| known == class));
        of.and_then(|one| one.after.as_deref()).unwrap_or_default()
    };
    assert_eq!((of("secret"), of("santé"), of("identité-nationale")), ("refusé", "tel quel", "caviarder"));
    let classes: usize = moved.iter().map(|one| one.classes.len()).sum();
    assert_eq!(classes, study(SHEET).matrix().len(), "every class, once");
    // Of a rule that is gone, the classes for which it stood.
    let moved = study(SHEET).diff(&study(&without("nir-caviarde"))).unwrap().matrix;
    assert!(moved.iter().all(|one| one.before.as_deref().is_some_and(|was| was.contains("caviarder"))), "{moved:#?}");
}
