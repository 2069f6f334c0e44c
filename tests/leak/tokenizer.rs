//! Our tokenizers against the reference implementation, on our own documents and on what is strange in Unicode.
//!
//! `reference.py` trains unigram models on the documents, with the normalisation that training frameworks write and with the
//! compiled one that published models carry, and says which ids it makes of every line.

use std::path::{Path, PathBuf};
use std::process::Command;

use octroi::leak::encoder::Tokenizer;

use crate::encoder::model;

#[test]
fn ids_are_those_of_the_reference() {
    let Some(model) = model() else { return };
    let python = model.ancestors().nth(5).unwrap().join("bin/python");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let documents =
        ["docs", "benches/leak"].into_iter().flat_map(|folder| std::fs::read_dir(root.join(folder)).unwrap());
    let mut documents: Vec<PathBuf> = documents
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "md" || end == "txt"))
        .collect();
    documents.sort();
    let folder = tempfile::tempdir().unwrap();
    let mut reference = Command::new(python);
    reference.arg(root.join("tests/leak/reference.py")).arg(folder.path()).arg(model.join("tokenizer.json"));
    let output = reference.args(&documents).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let read = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
    let lines: Vec<String> = serde_json::from_slice(&read("lines.json")).unwrap();
    assert!(lines.iter().map(String::len).sum::<usize>() > 400_000);
    for kind in ["wordpiece", "unigram-nfkc", "unigram-charsmap"] {
        let tokenizer = Tokenizer::parse(&read(&format!("{kind}.json")), 50_000).unwrap();
        let expected: Vec<Vec<u32>> = serde_json::from_slice(&read(&format!("{kind}.ids.json"))).unwrap();
        let other: Vec<(&String, Vec<u32>, &Vec<u32>)> = lines
            .iter()
            .zip(&expected)
            .map(|(line, expected)| (line, tokenizer.encode(line, 8_192), expected))
            .filter(|(_, found, expected)| found != *expected)
            .collect();
        assert!(other.is_empty(), "{kind}: {} of {} lines, such as {:?}", other.len(), lines.len(), other.first());
    }
}
