//! The texts: invented ones, and those of the development data where it lies beside the repository.

use std::io::Read as _;
use std::path::Path;

use serde::Deserialize;

use crate::attacks::Chance;

/// Words of a document made of sentences that follow one another.
const DOCUMENT_WORDS: usize = 200;
/// Words of a general text.
const TEXT_WORDS: usize = 70;

/// An invented document with its disguises.
#[derive(Debug, Default)]
pub(crate) struct Invented {
    pub(crate) polished: String,
    pub(crate) reworded: String,
    pub(crate) sentences: String,
}

/// All texts.
#[derive(Debug)]
pub(crate) struct Set {
    /// The invented documents come first.
    pub(crate) documents: Vec<String>,
    pub(crate) invented: Vec<Invented>,
    pub(crate) general: Vec<String>,
    pub(crate) field: Vec<String>,
    /// What excerpts are put into.
    pub(crate) carriers: Vec<String>,
    /// Programs, as documents: the last ones.
    pub(crate) programs: std::ops::Range<usize>,
}

#[derive(Deserialize)]
struct Line {
    text: String,
}

impl Set {
    pub(crate) fn load() -> Self {
        let (mut documents, mut invented, mut field) = (Vec::new(), Vec::new(), Vec::new());
        let texts = [include_str!("texts.txt"), include_str!("languages.txt")];
        for part in texts.into_iter().flat_map(|texts| texts.split("== ").skip(1)) {
            let mut pieces = part.split("\n-- ");
            let head = pieces.next().unwrap_or_default();
            documents.push(head.split_once('\n').map_or("", |(_, text)| text).trim().to_owned());
            let mut of = Invented::default();
            for piece in pieces {
                let (kind, text) = piece.split_once('\n').unwrap_or_default();
                let text = text.trim().to_owned();
                match kind {
                    "polished" => of.polished = text,
                    "reworded" => of.reworded = text,
                    "sentences" => of.sentences = text,
                    _ => field.push(text),
                }
            }
            invented.push(of);
        }
        let data = Path::new("shared/data").canonicalize().or_else(|_| Path::new("../../shared/data").canonicalize());
        let data = data.or_else(|_| Path::new("../shared/data").canonicalize());
        let (mut general, mut carriers) = (Vec::new(), Vec::new());
        match data {
            Ok(data) => {
                let read = |name: &str| lines(&data.join(name));
                // Articles and decisions follow one another: documents are taken from the front, texts of their field from the
                // back, so that no text is the neighbour of a document.
                for name in ["pii/dev/wikigold.en.jsonl.gz", "pii/dev/ler_dev.de.jsonl.gz"] {
                    let joined = joined(&read(name), DOCUMENT_WORDS);
                    let third = joined.len() / 3;
                    documents.extend(joined.iter().take(third.min(80)).cloned());
                    field.extend(joined.iter().skip(2 * third).cloned());
                }
                let web = read("by-sa/uner_en_ewt_dev.en.jsonl");
                carriers = joined(&web, TEXT_WORDS);
                general.extend(carriers.iter().cloned());
                for name in [
                    "wnut17_train.en",
                    "europeana_kb.nl",
                    "europeana_bnf_first80.fr",
                    "lener_br_dev.pt-BR",
                    "ronec_valid.ro",
                    "swedish_ner_train.sv",
                    "meddocan_dev.es",
                    "germeval14_dev.de",
                ] {
                    general.extend(joined(&read(&format!("pii/dev/{name}.jsonl.gz")), TEXT_WORDS));
                }
            }
            Err(_) => println!(
                "the development data is not there: only invented texts, and rates of false alarms mean little"
            ),
        }
        if carriers.is_empty() {
            carriers.clone_from(&field);
            general.clone_from(&field);
        }
        let first = documents.len();
        documents.extend(PROGRAMS.iter().map(|program| (*program).to_owned()));
        let programs = first..documents.len();
        Self { documents, invented, general, field, carriers, programs }
    }

    /// The invented documents in English, each with its number: those that have all disguises.
    pub(crate) fn english(&self) -> impl Iterator<Item = (usize, &Invented)> {
        self.invented.iter().enumerate().filter(|(_, of)| !of.polished.is_empty())
    }

    /// Words that a replaced one is replaced by.
    pub(crate) fn word<'a>(&'a self, chance: &mut Chance) -> &'a str {
        let text = &self.general[chance.below(self.general.len())];
        let words: Vec<&str> = text.split_whitespace().collect();
        words[chance.below(words.len())]
    }
}

/// Texts of at least so many words, of sentences that follow one another.
fn joined(lines: &[String], words: usize) -> Vec<String> {
    let (mut out, mut text, mut count) = (Vec::new(), String::new(), 0);
    for line in lines {
        text.push_str(line);
        text.push(' ');
        count += line.split_whitespace().count();
        if count >= words {
            out.push(std::mem::take(&mut text));
            count = 0;
        }
    }
    out
}

fn lines(path: &Path) -> Vec<String> {
    let bytes = std::fs::read(path).expect("the file can be read");
    let mut text = String::new();
    if path.extension().is_some_and(|extension| extension == "gz") {
        flate2::read::GzDecoder::new(bytes.as_slice()).read_to_string(&mut text).expect("gzip");
    } else {
        text = String::from_utf8(bytes).expect("UTF-8");
    }
    text.lines().map(|line| serde_json::from_str::<Line>(line).expect("a line").text).collect()
}

/// Parts of this very program, with their identifiers.
const PROGRAMS: &[&str] = &[
    include_str!("../../src/leak/sketch.rs"),
    include_str!("../../src/leak/align.rs"),
    include_str!("../../src/transform/mint.rs"),
    include_str!("../../src/wire/sse.rs"),
    include_str!("../../src/upstream/health.rs"),
    include_str!("../../src/detect/payment/card.rs"),
];
