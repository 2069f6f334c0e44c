//! Trains the recogniser of names: `cargo run --release -p xtask -- train-names`.
//!
//! Everything is fixed: the order of the files, the folds, the seed, one thread. The same data and the same sources of the
//! dependencies give the same bytes. Figures come from models that never saw the text they are scored on: every source is cut
//! into blocks of forty texts, block `i` belongs to fold `i % 5`, and a fold is scored by a model of the other four. The model
//! that is written is trained on all of it; its calibration comes from the folds.
//!
//! ```text
//! train-names [--data FOLDER] [--folds N] [--only-folds] [--out FILE] [--epochs N] [--show SOURCE] [--also FOLDER]
//! ```
//! `--show` prints the errors in a source; `--also` scores a folder that is never trained on.

mod augment;
mod corpus;
mod crf;
mod gazetteer;
mod judge;
mod negative;
mod packages;
mod random;
mod write;

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};

use crate::names::model::{MAGIC, Model};
use corpus::Text;
use judge::{Judge, Kept};

/// Folds of the data.
const FOLDS: usize = 5;
/// The only source of chance.
const SEED: u64 = 0x6f63_7472_6f69;

/// What the command line asks for.
struct Arguments {
    data: PathBuf,
    out: PathBuf,
    scratch: PathBuf,
    folds: usize,
    only_folds: bool,
    epochs: usize,
    show: Option<String>,
    also: Option<PathBuf>,
}

impl Arguments {
    fn read(root: &Path, words: &[String]) -> anyhow::Result<Self> {
        let value = |name: &str| words.iter().position(|word| word == name).and_then(|at| words.get(at + 1));
        let number = |name: &str, default: usize| value(name).map_or(Ok(default), |text| text.parse());
        Ok(Self {
            data: value("--data").map_or_else(|| root.join("../shared/data"), PathBuf::from),
            out: value("--out").map_or_else(|| root.join("models/names.bin"), PathBuf::from),
            scratch: root.join("target/names"),
            folds: number("--folds", FOLDS)?,
            only_folds: words.iter().any(|word| word == "--only-folds"),
            epochs: number("--epochs", crf::EPOCHS)?,
            show: value("--show").cloned(),
            also: value("--also").map(PathBuf::from),
        })
    }
}

/// Runs the command.
pub(crate) fn run(root: &Path, words: &[String]) -> anyhow::Result<()> {
    let arguments = Arguments::read(root, words)?;
    let names = gazetteer::Names::read(&arguments.data.join("names"), &arguments.data.join("refdata"))?;
    let mut texts = corpus::read(&arguments.data.join("pii/dev"))?;
    texts.extend(negative::read(root)?);
    say(&format!("{} texts, {} words in lists", texts.len(), names.len()));
    std::fs::create_dir_all(&arguments.scratch)?;
    let mut judge = Judge::default();
    judge.show.clone_from(&arguments.show);
    let also = arguments.also.as_deref().map(corpus::read).transpose()?.unwrap_or_default();
    for fold in 0..arguments.folds.min(FOLDS) {
        let train: Vec<&Text> = texts.iter().filter(|text| text.fold != fold).collect();
        let bytes = fit(&train, &names, arguments.epochs, &Kept::default())?;
        let path = arguments.scratch.join(format!("fold-{fold}.bin"));
        std::fs::write(&path, &bytes)?;
        let model = Model::new(&bytes).context("the model that was written cannot be read")?;
        for text in texts.iter().filter(|text| text.fold == fold) {
            judge.score(&model, text);
        }
        if fold == 0 {
            for text in &also {
                judge.score(&model, text);
            }
        }
        say(&format!("fold {fold}: {} bytes", bytes.len()));
    }
    if arguments.folds > 0 {
        say(&judge.table());
    }
    let kept = judge.kept();
    // The models of the folds get the calibration of a model of all: what is scored elsewhere is what ships, but for the fold.
    for fold in 0..arguments.folds.min(FOLDS) {
        let path = arguments.scratch.join(format!("fold-{fold}.bin"));
        let mut bytes = std::fs::read(&path)?;
        kept.write_into(&mut bytes)?;
        std::fs::write(&path, bytes)?;
    }
    if arguments.only_folds {
        return Ok(());
    }
    ensure!(arguments.folds > 0, "without folds there is no calibration");
    let all: Vec<&Text> = texts.iter().collect();
    let bytes = fit(&all, &names, arguments.epochs, &kept)?;
    ensure!(bytes.starts_with(MAGIC), "the file has no opening");
    std::fs::create_dir_all(arguments.out.parent().context("no folder")?)?;
    std::fs::write(&arguments.out, &bytes)?;
    say(&format!("{}: {} bytes", arguments.out.display(), bytes.len()));
    Ok(())
}

/// Trains one model.
fn fit(train: &[&Text], names: &gazetteer::Names, epochs: usize, kept: &Kept) -> anyhow::Result<Vec<u8>> {
    let lexicon = names.lexicon(train)?;
    let mut chance = random::Chance::new(SEED);
    let copies = augment::copies(train, names, &mut chance);
    let mut set = crf::Set::default();
    for text in train.iter().copied().chain(&copies) {
        set.add(text, &lexicon)?;
    }
    set.close();
    let weights = crf::train(&set, epochs, &mut chance);
    write::model(&set, &weights, &lexicon, kept)
}

/// Tells how far it is.
#[expect(clippy::print_stderr, reason = "a maintenance command says what it does")]
fn say(line: &str) {
    eprintln!("{line}");
}
