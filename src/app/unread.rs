//! Files of the officer that cannot be read as what they look like: why, and what to do, in the language of the sheets.
//!
//! Nothing of a folder with such a file comes into force. What else is in it is still looked at, so that all that is wrong is told
//! in one run.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::files::Files;
use crate::policy::Language;

/// A folder in which something cannot be read.
#[derive(Debug)]
pub(crate) struct Unread {
    /// What can be.
    pub(crate) files: Files,
    /// What cannot, with its file.
    pub(super) found: Vec<(PathBuf, Cause)>,
}

/// Why something cannot be read.
#[derive(Debug)]
pub(super) enum Cause {
    /// Its name is no text.
    Name,
    /// Its name has capital letters where a name that is read ends so.
    Ending(&'static str),
    /// It is not in UTF-8, but in an older set of letters, as one of this line shows; without a line: in UTF-16.
    Letters { line: Option<usize> },
    /// What the system says.
    System(io::Error),
    /// A folder of more files than so many.
    Many(usize),
}

impl Cause {
    /// Whether what it says was lost: other files may speak of what stands in it.
    fn loses(&self) -> bool {
        !matches!(self, Self::Ending(_) | Self::Letters { .. })
    }

    fn said(&self, language: Language) -> String {
        let (en, fr) = match self {
            Self::Name => (
                "the name of this file is not text in UTF-8\n  help: give it another".to_owned(),
                "le nom de ce fichier n'est pas un texte en UTF-8\n  conseil : donnez-lui-en un autre".to_owned(),
            ),
            Self::Ending(ending) => (
                format!(
                    "this file is not read, since its name does not end in `.{ending}`\n  help: write the ending in small letters, or give the file another if it is not to be read"
                ),
                format!(
                    "ce fichier n'est pas lu, car son nom ne finit pas par `.{ending}`\n  conseil : écrivez la fin du nom en minuscules, ou donnez-lui-en une autre s'il ne doit pas être lu"
                ),
            ),
            Self::Letters { line } => {
                let wide = line.is_none();
                let en = if wide { "in UTF-16" } else { "with an older set of letters (ANSI)" };
                let fr = if wide { "en UTF-16" } else { "avec un ancien jeu de lettres (ANSI)" };
                (
                    format!(
                        "this file is saved {en}, and is not a text in UTF-8\n  help: save it again in UTF-8: in Notepad, Save as, encoding UTF-8; in Word, Save as, plain text, other encoding, Unicode (UTF-8)"
                    ),
                    format!(
                        "ce fichier est enregistré {fr}, et non comme texte en UTF-8\n  conseil : enregistrez-le de nouveau en UTF-8 : dans le Bloc-notes, Enregistrer sous, encodage UTF-8 ; dans Word, Enregistrer sous, texte brut, autre encodage, Unicode (UTF-8)"
                    ),
                )
            }
            Self::System(error) => {
                let fr = match error.kind() {
                    io::ErrorKind::NotFound => {
                        "il n'y a rien sous ce nom (un lien vers un fichier absent ?)".to_owned()
                    }
                    io::ErrorKind::PermissionDenied => "les droits de lecture manquent".to_owned(),
                    io::ErrorKind::FileTooLarge => "il est trop grand".to_owned(),
                    _ => error.to_string(),
                };
                (format!("cannot be read: {error}"), format!("ne peut pas être lu : {fr}"))
            }
            Self::Many(most) => {
                (format!("there are more than {most} files here"), format!("il y a ici plus de {most} fichiers"))
            }
        };
        match language {
            Language::En => en,
            Language::Fr => fr,
        }
    }
}

impl Unread {
    /// Each with its place.
    pub(super) fn problems(&self) -> Vec<String> {
        let language = self.files.language().unwrap_or_default();
        let colon = if language == Language::Fr { " :" } else { ":" };
        let told = |(path, cause): &(PathBuf, Cause)| {
            let line = match cause {
                Cause::Letters { line: Some(line) } => format!(":{line}"),
                _ => String::new(),
            };
            format!("{}{line}{colon} {}", path.display(), cause.said(language))
        };
        self.found.iter().map(told).collect()
    }

    /// Whether other files may speak of what stands in one of these.
    pub(super) fn loses(&self) -> bool {
        self.found.iter().any(|(_, cause)| cause.loses())
    }
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problems().join("\n\n"))
    }
}

impl std::error::Error for Unread {}

/// What the system says of a file.
pub(super) fn unreadable(path: &Path, error: io::Error) -> (PathBuf, Cause) {
    (path.to_owned(), Cause::System(error))
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test writes the files that are read")]
mod tests {
    use super::super::officer::Officer;

    const SHEET: &str =
        "policy \"main\" version 1 owner \"legal\" review before 2027-06-30\nhome FR\nallow backends on premises\n";
    const INVENTORY: &str =
        "[backend.paris]\nhosts = [\"paris.example\"]\nprocessing = [\"FR\"]\nverified = 2026-11-01\nby = \"legal\"\n";

    /// What cannot be read hides nothing of the other files, and makes no fault of a name that may stand in it.
    #[test]
    fn all_that_is_wrong_in_a_folder_is_told_in_one_run() {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, bytes: &[u8]| {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        };
        let told = || Officer::of_folder(folder.path()).map(|_| ()).unwrap_err().to_string();
        write(
            "main.policy",
            format!("{SHEET}rule a because \"x\" when data includes helth only backends on premises\n").as_bytes(),
        );
        write("backends.toml", INVENTORY.replace("processing", "procesing").as_bytes());
        write("Second.Policy", b"policy \"second\" version 1 owner \"legal\" review before 2027-06-30\nrule b because \"x\" when data includes emial only backends on premises\n");
        let wide: Vec<u8> = "\u{feff}policy \"third\" version 1 owner \"legal\" review before 2027-06-30\nrule c because \"x\" when data includes sicknes only backends on premises\n"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        write("third.policy", &wide);
        let both = told();
        for expected in
            ["does not end in `.policy`", "is saved in UTF-16", "`helth`", "`procesing`", "`emial`", "`sicknes`"]
        {
            assert!(both.contains(expected), "{expected}: {both}");
        }

        // A fault is told of the file in which it stands, though one of nearly its name lies beside it.
        write("second.policy", b"policy \"more\" version 1 owner \"legal\" review before 2027-06-30\nrule d because \"x\" when data includes persn only backends on premises\n");
        let beside = told();
        for (name, expected) in [("Second.Policy:2", "`emial`"), ("second.policy:2", "`persn`")] {
            let line = beside.lines().find(|line| line.contains(expected)).unwrap_or_default();
            assert!(line.contains(name), "{expected}: {beside}");
        }
        std::fs::remove_file(folder.path().join("second.policy")).unwrap();

        // What stood in a file that is gone may be named elsewhere.
        std::os::unix::fs::symlink("gone", folder.path().join("fourth.policy")).unwrap();
        write("detectors/own.toml", b"[[detector]]\nid = \"x\"\n");
        let (_, classes) =
            crate::policy::starter::reference().iter().find(|(name, _)| *name == "classes.toml").unwrap();
        write("reference/classes.toml", format!("{classes}\n[class.x]\nunheard = 1\n").as_bytes());
        let all = told();
        for expected in ["fourth.policy: cannot be read", "detectors/own.toml", "`unheard`", "`procesing`"] {
            assert!(all.contains(expected), "{expected}: {all}");
        }

        // Where there is no inventory, the sheets are read all the same.
        for path in ["fourth.policy", "Second.Policy", "third.policy", "detectors", "reference", "backends.toml"] {
            let path = folder.path().join(path);
            std::fs::remove_dir_all(&path).or_else(|_| std::fs::remove_file(&path)).unwrap();
        }
        write(
            "main.policy",
            format!("{SHEET}rule a because \"x\" when dta includes health only backends on premises\n").as_bytes(),
        );
        let missing = told();
        assert!(missing.contains("there is no inventory") && missing.contains("`dta`"), "{missing}");
    }
}
