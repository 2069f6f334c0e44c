//! Maintenance commands of the repository: `cargo run -p xtask -- tidy`.
//!
//! Tidy checks what neither rustfmt nor clippy can: that every source file opens by saying what it is for, that files stay
//! short enough to be read in one sitting, and that no lock file carries the address of somebody's registry mirror. It
//! reads the files that git tracks and changes nothing. `train-names` builds the model of names, `phones` the
//! table of numbering plans.
#![expect(clippy::disallowed_methods, reason = "a maintenance command reads the files of the repository")]

#[path = "../../src/detect/fold.rs"]
#[expect(dead_code, reason = "the trainer reads texts as the product does, and needs a part of it")]
mod fold;
#[path = "../../src/detect/names/mod.rs"]
mod names;
mod phones;
#[path = "../../src/detect/swar.rs"]
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "the trainer reads texts as the product does, and needs a part of it")
)]
mod swar;
mod train;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, anyhow, ensure};

/// Lines of a source file; a longer one says why in its opening, with the words of [`EXCUSE`].
const LINES_MAX: usize = 400;
/// How a file opens the sentence that says why it is longer.
const EXCUSE: &str = "//! Longer than 400 lines: ";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match words.split_first().map(|(first, rest)| (first.as_str(), rest)) {
        Some(("tidy", _)) => tidy(),
        Some(("train-names", rest)) => root().and_then(|root| train::run(&root, rest)),
        Some(("phones", [source])) => root().and_then(|root| phones::run(&root, Path::new(source))),
        _ => Err(anyhow!("usage: cargo run -p xtask -- tidy | train-names | phones PhoneNumberMetadata.xml.gz")),
    };
    let Err(error) = outcome else { return ExitCode::SUCCESS };
    #[expect(clippy::print_stderr, reason = "the only output of a maintenance command")]
    {
        eprintln!("{error:#}");
    }
    ExitCode::FAILURE
}

/// Checks every file and reports all faults at once.
fn tidy() -> anyhow::Result<()> {
    let root = root()?;
    let mut faults = Vec::new();
    let mut files = 0_usize;
    for path in tracked(&root)? {
        let check: fn(&str) -> Vec<String> = match path.as_str() {
            path if path.ends_with("/tests.rs") => continue,
            path if is_source(path) && is_test(path) => opening_faults,
            path if is_source(path) => source_faults,
            path if is_lock(path) => lock_faults,
            _ => continue,
        };
        // A file that git tracks may be deleted in the working tree.
        let Ok(text) = std::fs::read_to_string(root.join(&path)) else { continue };
        files = files.saturating_add(1);
        faults.extend(check(&text).into_iter().map(|fault| format!("{path}: {fault}")));
    }
    ensure!(files > 0, "git tracks no source file here, so nothing was checked");
    ensure!(faults.is_empty(), "tidy found faults\n{}", faults.join("\n"));
    Ok(())
}

/// The top of the working tree that the command was started in.
fn root() -> anyhow::Result<PathBuf> {
    Ok(PathBuf::from(git(Path::new("."), &["rev-parse", "--show-toplevel"])?.trim_end()))
}

/// The files that git tracks or would track.
fn tracked(root: &Path) -> anyhow::Result<Vec<String>> {
    let list = git(root, &["ls-files", "-z", "--cached", "--others", "--exclude-standard"])?;
    Ok(list.split_terminator('\0').map(ToOwned::to_owned).collect())
}

fn git(folder: &Path, arguments: &[&str]) -> anyhow::Result<String> {
    let output = Command::new("git").args(arguments).current_dir(folder).output().context("git cannot be run")?;
    ensure!(output.status.success(), "git {} failed", arguments.join(" "));
    String::from_utf8(output.stdout).context("git answered in something other than UTF-8")
}

fn is_source(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|extension| extension == "rs")
}

/// Tables of rows grow with what they cover, so tests may be long.
fn is_test(path: &str) -> bool {
    path.split('/').any(|folder| matches!(folder, "tests" | "benches"))
}

fn is_lock(path: &str) -> bool {
    matches!(path.rsplit('/').next(), Some("Cargo.lock" | "package-lock.json"))
}

/// What is wrong with a Rust file.
fn source_faults(text: &str) -> Vec<String> {
    let mut faults = opening_faults(text);
    let lines = text.lines().count();
    if lines > LINES_MAX && !text.lines().any(|line| line.starts_with(EXCUSE)) {
        faults.push(format!("has {lines} lines, over {LINES_MAX}; split it or say why: `{EXCUSE}…`"));
    }
    faults
}

/// What is wrong with how a Rust file opens.
fn opening_faults(text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    // One word is a placeholder, not a purpose.
    let opening = text.lines().next().and_then(|line| line.strip_prefix("//! ")).unwrap_or_default();
    if !opening.trim().contains(' ') {
        faults.push("does not open with `//!` and what it is for".to_owned());
    }
    faults
}

/// What is wrong with a lock file.
fn lock_faults(text: &str) -> Vec<String> {
    let strange = |line: &&str| {
        line.contains("\"resolved\":")
            || (line.starts_with("source = ")
                && !line.contains("registry+https://github.com/rust-lang/crates.io-index"))
    };
    let places = text.lines().enumerate().filter(|(_, line)| strange(line)).map(|(index, _)| index.saturating_add(1));
    places.map(|line| format!("line {line} names where a package was fetched from")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources() {
        let long = "x\n".repeat(LINES_MAX);
        let rows = [
            ("good", "//! What it is for.\n".to_owned(), 0),
            ("empty", String::new(), 1),
            ("a stub's opening", "//! x\n".to_owned(), 1),
            ("code first", "fn main() {}\n//! What it is for.\n".to_owned(), 1),
            ("long", format!("//! What it is for.\n{long}"), 1),
            ("long with a reason", format!("//! What it is for.\n{EXCUSE}one table.\n{long}"), 0),
        ];
        for (name, text, expected) in rows {
            assert_eq!(source_faults(&text).len(), expected, "{name}");
        }
    }

    #[test]
    fn locks() {
        let rows = [
            ("cargo", "source = \"registry+https://github.com/rust-lang/crates.io-index\"", 0),
            ("cargo, a mirror", "source = \"registry+https://mirror.example/index\"", 1),
            ("npm", "      \"integrity\": \"sha512-x\",", 0),
            ("npm, an address", "      \"resolved\": \"https://mirror.example/x.tgz\",", 1),
        ];
        for (name, text, expected) in rows {
            assert_eq!(lock_faults(text).len(), expected, "{name}");
        }
    }
}
