//! The commands, as somebody types them who has not read the documentation: what is wrong is named, with its place and what to do.
#![allow(
    clippy::allow_attributes,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "test helpers"
)]

#[path = "cli/approvers.rs"]
mod approvers;
#[path = "cli/check.rs"]
mod check;
#[path = "cli/dates.rs"]
mod dates;
#[path = "cli/demo.rs"]
mod demo;
#[path = "cli/words.rs"]
mod words;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What a command printed, and how it ended.
#[derive(Debug)]
struct Told {
    out: String,
    said: String,
    status: Option<i32>,
}

impl Told {
    /// Fails unless it ended so and standard error holds all of these.
    fn must(&self, status: i32, words: &[&str]) {
        assert_eq!(self.status, Some(status), "{self:#?}");
        for word in words {
            assert!(self.said.contains(word), "`{word}` is not said: {self:#?}");
        }
    }
}

/// Runs a command line in a folder; words are separated by blanks.
fn octroi(folder: &Path, line: &str) -> Told {
    let output = Command::new(env!("CARGO_BIN_EXE_octroi"))
        .args(line.split_whitespace())
        .current_dir(folder)
        .env_remove("OCTROI_CONFIG")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Told { out: text(output.stdout), said: text(output.stderr), status: output.status.code() }
}

/// A folder with a new configuration in `house/`.
struct House {
    folder: tempfile::TempDir,
}

impl House {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        octroi(folder.path(), "init house --home FR").must(0, &[]);
        Self { folder }
    }

    fn run(&self, line: &str) -> Told {
        octroi(self.folder.path(), line)
    }

    fn check(&self) -> Told {
        self.run("check --config house/octroi.toml")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("house").join(name)
    }

    /// Replaces a text in a file, which must hold it.
    fn edit(&self, name: &str, old: &str, new: &str) {
        let text = std::fs::read_to_string(self.path(name)).unwrap();
        assert!(text.contains(old), "{name} does not hold `{old}`: {text}");
        std::fs::write(self.path(name), text.replacen(old, new, 1)).unwrap();
    }
}
