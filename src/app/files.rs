//! The officer's files, read once: what is hashed, verified, compiled and kept is the same bytes.
//!
//! ```text
//!  *.policy  backends.toml  packs/*.policy  reference/*.toml  detectors/*.toml  match-lists/*.list
//! ```
//!
//! What looks like one of these and cannot be read as one is a fault and is never passed over: a rule that nobody reads restricts
//! nobody. Sizes are bounded before anything is read.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use super::unread::{Cause, Unread, unreadable};
use crate::disk;
use crate::limits::{MATCH_LIST_BYTES_MAX, POLICY_FILE_BYTES_MAX, POLICY_FILES_MAX, POLICY_FOLDER_BYTES_MAX};
use crate::model::entry::Digest;
use crate::policy::{self, Language, SourceFile, Sources, starter};

/// The folder of lists of exact values, beside the sheets.
pub(crate) const MATCH_LISTS: &str = "match-lists";

/// The inventory, beside the sheets.
const INVENTORY: &str = "backends.toml";

/// The folders that are read, and the endings of the files in them.
const PLACES: [(&str, &[&str]); 5] = [
    ("", &["policy", "toml"]),
    ("packs", &["policy"]),
    ("reference", &["toml"]),
    ("detectors", &["toml"]),
    (MATCH_LISTS, &["list"]),
];

/// The officer's files of a folder: the path below it, with `/`, and the bytes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Files {
    folder: PathBuf,
    pub(crate) by_path: BTreeMap<String, Vec<u8>>,
}

impl Files {
    /// Reads a folder; one that is not there is empty.
    ///
    /// # Errors
    /// What cannot be read, is too large, is not in UTF-8, or bears a name that is almost that of a sheet; with what can be read.
    pub(crate) fn read(folder: &Path) -> Result<Self, Unread> {
        let mut files = Self { folder: folder.to_owned(), by_path: BTreeMap::new() };
        let mut found = Vec::new();
        let mut left = POLICY_FOLDER_BYTES_MAX;
        for (inside, endings) in PLACES {
            let place = folder.join(inside);
            let bytes_max = if inside == MATCH_LISTS { MATCH_LIST_BYTES_MAX } else { POLICY_FILE_BYTES_MAX };
            let paths = listed(&place).unwrap_or_else(|error| {
                found.push(unreadable(&place, error));
                Vec::new()
            });
            for path in paths {
                let name = match named(&path, endings) {
                    Ok(None) => continue,
                    Ok(Some(name)) => name.to_owned(),
                    Err(cause) => {
                        // One whose ending has capital letters is looked at all the same, under its own name: one that is spelt as
                        // it should be may lie beside it.
                        let own = path.file_name().and_then(|name| name.to_str()).map(str::to_owned);
                        let own = own.filter(|_| matches!(cause, Cause::Ending(_)));
                        found.push((path.clone(), cause));
                        let Some(own) = own else { continue };
                        own
                    }
                };
                let key = if inside.is_empty() { name } else { format!("{inside}/{name}") };
                match disk::read(&path, bytes_max.min(left)) {
                    Ok(bytes) => {
                        left = left.saturating_sub(bytes.len());
                        let wide = utf_16(&bytes).is_some();
                        let odd = str::from_utf8(&bytes).err().map(|error| error.valid_up_to());
                        if inside != MATCH_LISTS && (wide || odd.is_some()) {
                            let line = odd.filter(|_| !wide).map(|at| line_of(&bytes, at));
                            found.push((path.clone(), Cause::Letters { line }));
                        }
                        files.by_path.entry(key).or_insert(bytes);
                    }
                    Err(error) => found.push(unreadable(&path, error)),
                }
                if files.by_path.len() > POLICY_FILES_MAX {
                    found.push((folder.to_owned(), Cause::Many(POLICY_FILES_MAX)));
                    return Err(Unread { files, found });
                }
            }
        }
        if found.is_empty() { Ok(files) } else { Err(Unread { files, found }) }
    }

    /// Adds what octroi itself brings and the files rest on: the packs that their sheets name, the reference data. With it
    /// another build reads them as this one does.
    pub(crate) fn complete(mut self) -> Self {
        let sheets = self.by_path.iter().filter(|(path, _)| !path.contains('/') && path.ends_with(".policy"));
        let sheets: String = sheets.map(|(_, bytes)| String::from_utf8_lossy(bytes).into_owned()).collect();
        let language = self.language().unwrap_or_default();
        let packs = starter::packs_in(language).into_iter().filter(|(name, _)| sheets.contains(name));
        let brought = packs.map(|(name, text)| (format!("packs/{name}.policy"), text));
        let reference = starter::reference().iter().map(|(name, text)| (format!("reference/{name}"), *text));
        for (path, text) in brought.chain(reference) {
            self.by_path.entry(path).or_insert_with(|| text.as_bytes().to_vec());
        }
        self
    }

    /// The texts of one kind.
    pub(crate) fn texts(&self, inside: &str, ending: &str) -> Vec<SourceFile> {
        let of = |path: &&String| match path.rsplit_once('/') {
            Some((folder, name)) => folder == inside && ends(name, ending),
            None => inside.is_empty() && ends(path, ending),
        };
        self.by_path.keys().filter(of).map(|path| self.text(path)).collect()
    }

    /// The officer's sheets, packs, inventory and reference data.
    pub(crate) fn sources(&self) -> Sources {
        Sources {
            sheets: self.texts("", ".policy"),
            packs: self.texts("packs", ".policy"),
            inventory: self.inventory().map(|path| self.text(path)),
            reference: self.texts("reference", ".toml"),
        }
    }

    /// The path of the inventory: of two, the one that is spelt as it should be, which stands behind any in capital letters.
    fn inventory(&self) -> Option<&str> {
        self.by_path.keys().rfind(|path| path.eq_ignore_ascii_case(INVENTORY)).map(String::as_str)
    }

    /// SHA-256 of each file.
    pub(crate) fn hashes(&self) -> BTreeMap<String, String> {
        self.by_path.iter().map(|(path, bytes)| (path.clone(), sha256(bytes).to_string())).collect()
    }

    fn text(&self, path: &str) -> SourceFile {
        let name = self.folder.join(path).display().to_string();
        SourceFile { name, text: self.by_path.get(path).map(|bytes| letters(bytes)).unwrap_or_default() }
    }

    /// The language of the first sheet, however it is saved.
    pub(crate) fn language(&self) -> Option<Language> {
        let sheets = |path: &&String| !path.contains('/') && ends(path, ".policy");
        let first = self.by_path.keys().find(sheets)?;
        Some(policy::language_of(&letters(self.by_path.get(first)?)))
    }
}

/// A text, however it is saved: what is not in UTF-8 has been found wrong, and is looked at only to tell what else is.
fn letters(bytes: &[u8]) -> String {
    utf_16(bytes).unwrap_or_else(|| match str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        // The letters of Western Europe, as older editors of Windows save them.
        Err(_) => bytes.iter().copied().map(char::from).collect(),
    })
}

/// The number of the line in which a byte stands.
fn line_of(bytes: &[u8], at: usize) -> usize {
    1 + bytes.iter().take(at).filter(|byte| **byte == b'\n').count()
}

/// A text in UTF-16, as its first two bytes say, or where they do not, every second of those that follow.
fn utf_16(bytes: &[u8]) -> Option<String> {
    let (pairs, _) = bytes.as_chunks::<2>();
    let (mark, little) = match *bytes {
        [0xFF, 0xFE, ..] => (1, true),
        [0xFE, 0xFF, ..] => (1, false),
        [first, 0, second, 0, ..] if first > 0 && second > 0 => (0, true),
        [0, first, 0, second, ..] if first > 0 && second > 0 => (0, false),
        _ => return None,
    };
    let units = pairs.iter().skip(mark);
    let units = units.map(|pair| if little { u16::from_le_bytes(*pair) } else { u16::from_be_bytes(*pair) });
    Some(char::decode_utf16(units).map(|read| read.unwrap_or('?')).collect())
}

/// SHA-256 of some bytes.
pub(crate) fn sha256(bytes: &[u8]) -> Digest {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    Digest(hash.as_ref().first_chunk().copied().unwrap_or_default())
}

/// The name of a file of one of these endings; nothing for one that is none of the officer's.
fn named<'p>(path: &'p Path, endings: &[&'static str]) -> Result<Option<&'p str>, Cause> {
    let name = path.file_name().and_then(|name| name.to_str()).ok_or(Cause::Name)?;
    // Emacs marks a file that somebody edits by a link beside it which leads nowhere, and macOS keeps what it knows of a file beside it.
    if name.starts_with(".#") || name.starts_with("._") {
        return Ok(None);
    }
    let Some(end) = path.extension().and_then(|end| end.to_str()) else { return Ok(None) };
    if endings.contains(&end) {
        return Ok(Some(name));
    }
    endings.iter().find(|ending| ending.eq_ignore_ascii_case(end)).map_or(Ok(None), |ending| Err(Cause::Ending(ending)))
}

/// Whether a path ends so, in whatever letters: only what has small ones is ever used, and what is wrong is told of all.
fn ends(path: &str, ending: &str) -> bool {
    let end = path.len().checked_sub(ending.len()).and_then(|at| path.get(at..));
    end.is_some_and(|end| end.eq_ignore_ascii_case(ending))
}

/// The files of a folder, by name: what is told of them stands in one order.
fn listed(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut paths: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, clippy::disallowed_types, reason = "a test writes the files that are read")]
mod tests {
    use std::os::unix::ffi::OsStrExt as _;

    use super::*;

    #[test]
    fn a_file_that_is_not_utf_8_is_told_how_to_be_saved() {
        let french = "politique \"t\" version 1 responsable \"é\"";
        let wide: Vec<u8> = "\u{feff}".encode_utf16().chain(french.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        let ansi: Vec<u8> = french.chars().map(|c| u8::try_from(c).unwrap()).collect();
        let english: Vec<u8> = ansi.iter().copied().skip("politique".len()).collect();
        let unmarked = "policy \"t\" version 1".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for (name, bytes, expected) in [
            ("UTF-16", wide, "enregistré en UTF-16"),
            ("UTF-16 without its mark", unmarked, "saved in UTF-16"),
            ("ANSI", ansi, "main.policy:1 : ce fichier est enregistré avec un ancien jeu de lettres (ANSI)"),
            ("English", [b"policy".to_vec(), english].concat(), "older set of letters (ANSI)"),
        ] {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join("main.policy"), bytes).unwrap();
            let told = Files::read(folder.path()).unwrap_err().to_string();
            assert!(told.contains(expected) && told.contains("UTF-8"), "{name}: {told}");
        }
    }

    /// A sheet that is passed over restricts nobody: what looks like one is read or refused.
    #[test]
    fn what_looks_like_a_sheet_is_read_or_refused() {
        type Make = fn(&Path);
        let rows: [(&str, Make, Option<&str>); 11] = [
            ("a sheet", |folder| std::fs::write(folder.join("more.policy"), "x").unwrap(), None),
            ("a note", |folder| std::fs::write(folder.join("note.txt"), "x").unwrap(), None),
            ("a sheet kept by an editor", |folder| std::fs::write(folder.join("main.policy~"), "x").unwrap(), None),
            (
                "the mark of an editor",
                |folder| std::os::unix::fs::symlink("somebody@host.1234", folder.join(".#main.policy")).unwrap(),
                None,
            ),
            (
                "a name that is no text",
                |folder| std::fs::write(folder.join(std::ffi::OsStr::from_bytes(b"n\xffn.policy")), "x").unwrap(),
                Some("not text in UTF-8"),
            ),
            (
                "a link to nothing",
                |folder| std::os::unix::fs::symlink(folder.join("gone"), folder.join("health.policy")).unwrap(),
                Some("cannot be read"),
            ),
            (
                "capital letters",
                |folder| std::fs::write(folder.join("health.Policy"), "x").unwrap(),
                Some("does not end in `.policy`"),
            ),
            ("a folder", |folder| std::fs::create_dir(folder.join("health.policy")).unwrap(), Some("it is no file")),
            (
                "capital letters of a pack",
                |folder| {
                    std::fs::create_dir(folder.join("packs")).unwrap();
                    std::fs::write(folder.join("packs/own.POLICY"), "x").unwrap();
                },
                Some("does not end in `.policy`"),
            ),
            (
                "a socket",
                |folder| drop(std::os::unix::net::UnixListener::bind(folder.join("health.policy")).unwrap()),
                Some("it is no file"),
            ),
            (
                "a file of any size",
                |folder| {
                    let file = std::fs::File::create(folder.join("large.policy")).unwrap();
                    file.set_len(u64::try_from(POLICY_FILE_BYTES_MAX).unwrap() + 1).unwrap();
                },
                Some("is larger than"),
            ),
        ];
        for (name, make, problem) in rows {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join("main.policy"), "x").unwrap();
            make(folder.path());
            let read = Files::read(folder.path());
            match problem {
                None => drop(read.unwrap()),
                Some(problem) => {
                    let told = read.map(|files| files.by_path).expect_err(name).to_string();
                    assert!(told.contains(problem), "{name}: {told}");
                }
            }
        }
    }
}
