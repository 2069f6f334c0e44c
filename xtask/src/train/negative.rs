//! Texts in which nothing is a name: documentation and code of the dependencies, as the lock file pins them.
//!
//! Lines that may name somebody after all (authors, thanks, licences) are left out, and so are files that are lists of them.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};

use super::corpus::Text;

/// Bytes that are read of one package's documents, and of its code.
const DOCUMENT_BYTES: usize = 4_000;
const CODE_BYTES: usize = 6_000;
/// Lines of one text.
const LINES: usize = 30;
/// What a line that names somebody may hold.
const NAMING: &[&str] = &[
    "author",
    "copyright",
    "(c)",
    "©",
    "thank",
    "credit",
    "maintain",
    "written by",
    "license",
    "licence",
    "@",
    "inspired by",
    "invented",
    "created by",
    "contribut",
    "algorithm by",
    "et al",
    "paper",
    "blog",
];

/// Reads every package that the lock file names, in its order.
pub(super) fn read(root: &Path) -> anyhow::Result<Vec<Text>> {
    let lock = std::fs::read_to_string(root.join("Cargo.lock"))?;
    let home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cargo")));
    let registry = home.context("no home folder")?.join("registry/src");
    let mut mirrors: Vec<PathBuf> =
        std::fs::read_dir(&registry)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    mirrors.sort();
    let mut texts = Vec::new();
    let mut name = "";
    let mut packages = 0;
    for line in lock.lines() {
        if let Some(value) = line.strip_prefix("name = ") {
            name = value.trim_matches('"');
        }
        let Some(version) = line.strip_prefix("version = ") else { continue };
        let folder = format!("{name}-{}", version.trim_matches('"'));
        let Some(path) = mirrors.iter().map(|mirror| mirror.join(&folder)).find(|path| path.is_dir()) else { continue };
        // By its name, so that another package in the lock moves none.
        let fold = name.bytes().map(usize::from).sum::<usize>() % super::FOLDS;
        package(&path, fold, &mut texts);
        packages += 1;
    }
    ensure!(packages > 100, "only {packages} packages of the lock file are unpacked; run cargo fetch");
    Ok(texts)
}

fn package(folder: &Path, fold: usize, texts: &mut Vec<Text>) {
    let mut files = Vec::new();
    for part in ["", "src", "docs", "benches", "tests"] {
        let Ok(entries) = std::fs::read_dir(folder.join(part)) else { continue };
        files.extend(entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path.is_file()));
    }
    files.sort();
    for (extension, limit, source) in
        [("md", DOCUMENT_BYTES, "negative_documents"), ("rs", CODE_BYTES, "negative_code")]
    {
        let mut left = limit;
        for path in files.iter().filter(|path| path.extension().is_some_and(|own| own == extension)) {
            let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_lowercase();
            if ["license", "licence", "changelog", "authors", "contribut", "code_of", "changes", "release"]
                .iter()
                .any(|word| stem.contains(word))
            {
                continue;
            }
            let Ok(text) = std::fs::read_to_string(path) else { continue };
            let lines: Vec<&str> = text.lines().filter(|line| names_nobody(line)).collect();
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

fn names_nobody(line: &str) -> bool {
    let line = line.to_lowercase();
    !NAMING.iter().any(|word| line.contains(word))
}
