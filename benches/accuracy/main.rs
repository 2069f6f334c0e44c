//! How right the detectors are: per type and language, on texts that no model saw.
//!
//! `cargo bench --bench accuracy` prints tables; `docs/accuracy.md` keeps the last. Names are scored by the models of the folds
//! that `cargo run --release -p xtask -- train-names --only-folds` leaves in `target/names`: each text by the one that never
//! saw it. Letters and the sets that may not be trained on are scored by the model that ships. Without the development data
//! beside the repository the run says so and ends.
//!
//! ```text
//! accuracy [names] [letters] [abroad] [identifiers] [quiet] [--show TYPE]      all of them by default
//! ```

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench prints and needs its data"
)]

mod data;
#[path = "../../xtask/src/train/packages.rs"]
mod packages;
mod quiet;
mod score;
mod vectors;

use std::path::{Path, PathBuf};

use octroi::detect::{Engine, embedded};
use octroi::model::Catalogue;

use score::{Sheet, Table};

/// Folds of the trainer.
const FOLDS: usize = 5;
/// Texts of one of the trainer's blocks.
const BLOCK_TEXTS: usize = 40;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let show = words.iter().position(|word| word == "--show").and_then(|at| words.get(at + 1)).cloned();
    let chosen: Vec<&String> =
        words.iter().filter(|word| !word.starts_with("--") && Some(*word) != show.as_ref()).collect();
    let runs = |name: &str| chosen.is_empty() || chosen.iter().any(|word| *word == name);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let data = root.join("../shared/data");
    let catalogue = catalogue();
    if runs("letters") {
        letters(root, &catalogue, show.as_deref());
    }
    if !data.is_dir() {
        println!("SKIPPED: {} is not there, so only the letters were scored", data.display());
        return;
    }
    let folds = folds(root, &catalogue);
    if runs("names") {
        names(&data, &folds, &catalogue, show.as_deref());
    }
    let shipped = engine(&catalogue);
    let eye = Eye { engine: &shipped, catalogue: &catalogue, show: show.as_deref() };
    if runs("abroad") {
        let mut table = Table::default();
        for (source, texts) in data::folder(&data.join("by-sa")) {
            for text in &texts {
                table.read(&source, text, &eye);
            }
        }
        println!("\n## Sets that are never trained on\n\n{}", table.render(&["person", "location", "organisation"]));
    }
    if runs("identifiers") {
        println!("{}", vectors::run(&data, &eye));
    }
    if runs("quiet") {
        println!("{}", quiet::run(root, &folds, &catalogue, show.as_deref()));
    }
}

/// The repository's entity types, with their classes: a type without one explains none that has one.
fn catalogue() -> Catalogue {
    octroi::policy::catalogue(&[]).expect("the catalogue reads")
}

fn engine(catalogue: &Catalogue) -> Engine {
    Engine::new(embedded(), catalogue).expect("the engine builds").with_organisations()
}

/// One engine for each fold; none when the models are not there.
fn folds(root: &Path, catalogue: &Catalogue) -> Vec<Engine> {
    let path = |fold: usize| -> PathBuf { root.join(format!("target/names/fold-{fold}.bin")) };
    let model = |fold: usize| std::fs::read(path(fold)).ok();
    let models: Option<Vec<Vec<u8>>> = (0..FOLDS).map(model).collect();
    let Some(models) = models else {
        println!(
            "NOT HELD OUT: {} is missing, names are scored by the shipped model, which saw them",
            path(0).display()
        );
        return Vec::new();
    };
    let with = |model: Vec<u8>| engine(catalogue).with_names(model.leak()).expect("the fold's model can be read");
    models.into_iter().map(with).collect()
}

/// The engine whose model did not see the text at `index` of its source.
fn unseen<'a>(folds: &'a [Engine], index: usize, shipped: &'a Engine) -> &'a Engine {
    folds.get(index / BLOCK_TEXTS % FOLDS).unwrap_or(shipped)
}

fn names(data: &Path, folds: &[Engine], catalogue: &Catalogue, show: Option<&str>) {
    let mut table = Table::default();
    let shipped = engine(catalogue);
    for (source, texts) in data::folder(&data.join("pii/dev")) {
        for (index, text) in texts.iter().enumerate() {
            let eye = Eye { engine: unseen(folds, index, &shipped), catalogue, show };
            table.read(&source, text, &eye);
        }
    }
    let types = ["person", "location", "organisation", "address", "email", "phone", "date", "age"];
    println!("\n## Annotated texts, each read by a model that never saw it\n\n{}", table.render(&types));
}

fn letters(root: &Path, catalogue: &Catalogue, show: Option<&str>) {
    let path = root.join("tests/data/pii/letters.jsonl");
    let engine = engine(catalogue);
    let mut table = Table::default();
    for text in data::file(&path) {
        let part = text.part.clone().unwrap_or_default();
        let source = format!("letters {} {part}", text.lang);
        table.read(&source, &text, &Eye { engine: &engine, catalogue, show });
        table.read(&format!("letters all {part}"), &text, &Eye { engine: &engine, catalogue, show: None });
    }
    let types = ["person", "address", "phone", "email", "iban", "date_of_birth"];
    println!("\n## Letters and e-mails written by hand\n\n{}", table.render(&types));
}

/// An engine, and the type whose errors are shown.
#[derive(Clone, Copy)]
pub(crate) struct Eye<'a> {
    engine: &'a Engine,
    catalogue: &'a Catalogue,
    show: Option<&'a str>,
}

impl Eye<'_> {
    /// What is found in a text, by the names that the annotations use.
    pub(crate) fn found(&self, text: &str) -> Vec<Sheet> {
        let named = self.engine.find(text).into_iter().filter_map(|found| {
            let name = self.catalogue.info(found.entity)?.name.as_str().to_owned();
            Some(Sheet { range: found.range, kind: name, confidence: found.confidence })
        });
        named.collect()
    }

    /// Whether errors of a type are shown.
    pub(crate) fn shows(&self, kind: &str) -> bool {
        self.show == Some(kind)
    }
}
