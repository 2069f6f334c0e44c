//! The packages of the lock file as they lie unpacked: their code and documents are texts in which nothing is a name.
//!
//! The trainer's counter-examples and the bench of accuracy read the same ones. Lines that may name somebody after all
//! (authors, thanks, licences) are left out, and so are files that are lists of them.

use std::io;
use std::path::{Path, PathBuf};

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

/// What the name of a file that lists people may hold.
const LISTING: &[&str] = &["license", "licence", "changelog", "authors", "contribut", "code_of", "changes", "release"];

/// Name and folder of every unpacked package that the lock file names, in its order.
///
/// # Errors
/// When the lock file or the folder of unpacked packages cannot be read.
pub(crate) fn packages(root: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let lock = std::fs::read_to_string(root.join("Cargo.lock"))?;
    let home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cargo")));
    let registry = home.ok_or(io::ErrorKind::NotFound)?.join("registry/src");
    let mut mirrors: Vec<PathBuf> =
        std::fs::read_dir(registry)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    mirrors.sort();
    let mut name = "";
    let mut folders = Vec::new();
    for line in lock.lines() {
        if let Some(value) = line.strip_prefix("name = ") {
            name = value.trim_matches('"');
        }
        let Some(version) = line.strip_prefix("version = ") else { continue };
        let folder = format!("{name}-{}", version.trim_matches('"'));
        let path = mirrors.iter().map(|mirror| mirror.join(&folder)).find(|path| path.is_dir());
        folders.extend(path.map(|path| (name.to_owned(), path)));
    }
    Ok(folders)
}

/// The part of so many that a package belongs to: by its name, so that another package in the lock file moves none.
pub(crate) fn fold(name: &str, folds: usize) -> usize {
    name.bytes().map(usize::from).sum::<usize>() % folds
}

/// The files of some folders of a package with an extension, sorted, without those that list people.
pub(crate) fn files(folder: &Path, parts: &[&str], extension: &str) -> Vec<PathBuf> {
    let entries = parts.iter().filter_map(|part| std::fs::read_dir(folder.join(part)).ok()).flatten().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| path.is_file()).collect();
    files.retain(|path| path.extension().is_some_and(|own| own == extension) && !lists_people(path));
    files.sort();
    files
}

fn lists_people(path: &Path) -> bool {
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_lowercase();
    LISTING.iter().any(|word| stem.contains(word))
}

/// Whether a line names nobody, as far as its words tell.
pub(crate) fn names_nobody(line: &str) -> bool {
    let line = line.to_lowercase();
    !NAMING.iter().any(|word| line.contains(word))
}
