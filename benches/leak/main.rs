//! How well protected documents are found, and how fast.
//!
//! `cargo bench --bench leak -- quality` prints, for each way to disguise a passage, how much of it is found at which rate of
//! false alarms, and writes the plots of `docs/leak.md`; `-- speed` times the stages on one core, `-- scan` the scan alone, `-- size 1000000`
//! what a request takes in a corpus of so many windows; `-- encoder` and `-- encoder-speed` do the first two for an encoder, where
//! the test model is installed. Documents are invented
//! (`texts.txt`: each with a polished and a reworded version, single sentences of it, and another text of its field), and, where
//! the development data lies beside the repository, encyclopaedia articles and court decisions. General texts are web pages,
//! messages, newspapers and decisions in eight languages.
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    reason = "a bench prints and needs its data"
)]

mod attacks;
mod encoder;
mod plot;
mod size;
mod speed;
mod texts;

use std::collections::BTreeMap;

use octroi::leak::disguised::Texts;
use octroi::leak::space::{About, Content, DocumentId, Question, Space};
use octroi::leak::text::{Keys, Words};

use texts::Set;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let wants = |what: &str| words.is_empty() || words.iter().any(|word| word == what);
    if wants("quality") {
        quality();
    }
    if wants("speed") {
        speed::run();
    }
    // What `speed` times too: alone for `faiss_scan.py`.
    if words.iter().any(|word| word == "scan") {
        speed::scans();
    }
    if words.first().is_some_and(|word| word == "size") {
        size::run(words.get(1).map_or(1_000_000, |windows| windows.parse().expect("a number of windows")));
    }
    if wants("encoder") {
        encoder::quality();
    }
    if wants("encoder-speed") {
        encoder::speed();
    }
}

/// A space with these documents.
fn space(documents: &[String], keys: &Keys) -> Space {
    let mut space = Space::new(keys.clone());
    for (number, text) in (0_u32..).zip(documents) {
        let content = Content::of(&Words::of(text), keys);
        let mut id = [0; 12];
        id[..4].copy_from_slice(&number.to_le_bytes());
        let (path, class) = (number.to_string(), "trade-secret".to_owned());
        let about = About { id: DocumentId(id), sha256: [0; 32], path, class, registered_ms: 0 };
        space.add(about, &content).expect("documents fit");
    }
    space
}

/// The score of a request of several messages.
fn score(space: &Space, messages: &[String], keys: &Keys) -> (u16, Option<String>) {
    let texts = Texts::of_all((0..).zip(messages.iter().map(String::as_str)));
    let verdict = space
        .judge(&Question::new(texts.iter(), keys, &|| false).expect("nobody stops"), &|| false)
        .expect("the scan ends");
    (verdict.score, verdict.matches.first().map(|found| found.about.path.clone()))
}

fn quality() {
    let keys = Keys::new(&[42; 24]);
    let set = Set::load();
    println!(
        "{} documents, {} general texts, {} of the same field\n",
        set.documents.len(),
        set.general.len(),
        set.field.len()
    );
    let space = space(&set.documents, &keys);
    let scored = |texts: &[String]| -> Vec<u16> {
        let mut scores: Vec<u16> =
            texts.iter().map(|text| score(&space, std::slice::from_ref(text), &keys).0).collect();
        scores.sort_unstable();
        scores
    };
    let (general, field) = (scored(&set.general), scored(&set.field));
    // The smallest score that at most this share reaches.
    let threshold = |scores: &[u16], share: f64| {
        let may = (scores.len() as f64 * share).floor();
        (0..=1000_u16)
            .find(|at| (scores.len() - scores.partition_point(|score| score < at)) as f64 <= may)
            .unwrap_or(1000)
    };
    let (per_cent, per_mille) = (threshold(&general, 0.01), threshold(&general, 0.001));
    println!(
        "general texts: the highest score is {}; 1 % reach {per_cent}, 0.1 % reach {per_mille}",
        general.last().unwrap()
    );
    let share = |scores: &[u16], at: u16| {
        100.0 * (scores.len() - scores.partition_point(|score| *score < at)) as f64 / scores.len().max(1) as f64
    };
    println!("of the same field: {:.2} % reach 500, {:.2} % reach 800\n", share(&field, 500), share(&field, 800));
    println!(
        "| disguise | texts | at 1 % | at 0.1 % | at 500 | at 800 | right document | median |\n|---|---|---|---|---|---|---|---|"
    );
    let mut curves: BTreeMap<&str, Vec<u16>> = BTreeMap::new();
    for (name, attacked) in attacks::all(&set) {
        let mut scores = Vec::new();
        let mut right = 0;
        for (document, messages) in &attacked {
            let (score, found) = score(&space, messages, &keys);
            scores.push(score);
            right += usize::from(found == Some(document.to_string()));
        }
        scores.sort_unstable();
        let right = 100.0 * right as f64 / attacked.len() as f64;
        let cell = |at| share(&scores, at);
        let median = scores[scores.len() / 2];
        println!(
            "| {name} | {} | {:.1} | {:.1} | {:.1} | {:.1} | {right:.1} | {median} |",
            scores.len(),
            cell(per_cent.max(1)),
            cell(per_mille.max(1)),
            cell(500),
            cell(800)
        );
        curves.insert(name, scores);
    }
    plot::write("docs/leak-recall.svg", &curves, &general, &field);
}
