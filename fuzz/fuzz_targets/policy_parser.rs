//! An officer's files: whatever they say, reading them ends, and every fault can be shown with its place.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use octroi::model::{Action, Catalogue, EntityId};
use octroi::policy::{SourceFile, Sources, Vocabulary, catalogue, compile, render, run_scenarios, starter};

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| catalogue(&[]).unwrap());
const NOW: jiff::Timestamp = jiff::Timestamp::UNIX_EPOCH;

// A sheet, and behind a line of `%` an inventory of its own.
fuzz_target!(|input: &str| {
    let (sheet, inventory) = input.split_once("\n%\n").unwrap_or((input, starter::example_inventory()));
    let sources = Sources {
        sheets: vec![SourceFile { name: "main.policy".to_owned(), text: sheet.to_owned() }],
        inventory: Some(SourceFile { name: "backends.toml".to_owned(), text: inventory.to_owned() }),
        ..Sources::default()
    };
    let served: Vec<EntityId> = (0..CATALOGUE.entities.len()).map(|index| EntityId(index as u16)).collect();
    let vocabulary = Vocabulary { actions: Action::ALL.to_vec(), ..Vocabulary::default() };
    let compiled = compile(&sources, &CATALOGUE, &served, &vocabulary, NOW);
    if !sheet.contains('\r') {
        // Whatever ends the lines, the same is said: no rule vanishes behind a note.
        let mut other = sources.clone();
        other.sheets.iter_mut().for_each(|file| file.text = file.text.replace('\n', "\u{2028}"));
        let other = compile(&other, &CATALOGUE, &served, &vocabulary, NOW);
        assert_eq!(compiled.as_ref().ok().map(|p| p.digest()), other.as_ref().ok().map(|p| p.digest()));
        assert_eq!(compiled.as_ref().err().map(Vec::len), other.as_ref().err().map(Vec::len));
    }
    match compiled {
        Ok(policy) => drop(run_scenarios(&policy, NOW)),
        Err(faults) => {
            assert!(!faults.is_empty(), "refused without a reason");
            assert!(faults.iter().all(|fault| !render(fault).is_empty()));
        }
    }
});
