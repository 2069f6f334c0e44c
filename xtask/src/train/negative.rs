//! Texts in which nothing is a name: documentation and code of the dependencies, as the lock file pins them.

use std::path::Path;

use anyhow::{Context, ensure};

use super::corpus::Text;
use super::packages;

/// Bytes that are read of one package's documents, and of its code.
const DOCUMENT_BYTES: usize = 4_000;
const CODE_BYTES: usize = 6_000;
/// Lines of one text.
const LINES: usize = 30;
/// Folders of a package that are read.
const PARTS: &[&str] = &["", "src", "docs", "benches", "tests"];

/// Reads every package that the lock file names, in its order.
pub(super) fn read(root: &Path) -> anyhow::Result<Vec<Text>> {
    let packages = packages::packages(root).context("the packages of the lock file")?;
    ensure!(packages.len() > 100, "only {} packages of the lock file are unpacked; run cargo fetch", packages.len());
    let mut texts = Vec::new();
    for (name, folder) in &packages {
        package(folder, packages::fold(name, super::FOLDS), &mut texts);
    }
    Ok(texts)
}

fn package(folder: &Path, fold: usize, texts: &mut Vec<Text>) {
    for (extension, limit, source) in
        [("md", DOCUMENT_BYTES, "negative_documents"), ("rs", CODE_BYTES, "negative_code")]
    {
        let mut left = limit;
        for path in packages::files(folder, PARTS, extension) {
            let Ok(text) = std::fs::read_to_string(path) else { continue };
            let lines: Vec<&str> = text.lines().filter(|line| packages::names_nobody(line)).collect();
            for chunk in lines.chunks(LINES) {
                let text = chunk.join("\n");
                if left == 0 {
                    break;
                }
                left = left.saturating_sub(text.len());
                texts.push(Text { body: text, source: source.to_owned(), fold, weight: 1.0, spans: Vec::new() });
            }
        }
    }
}
