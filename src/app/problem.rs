//! What is wrong with the files: each in full for a reader, and the parts of a fault of a sheet for a program.

use std::fmt;

use serde::Serialize;

use crate::policy::{self, Diagnostic};

/// Everything that is wrong with the files, each in full.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n\n"))]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    /// Adds what is not told yet.
    pub(super) fn extend(&mut self, others: Self) {
        for other in others.0 {
            if !self.0.contains(&other) {
                self.0.push(other);
            }
        }
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    text: String,
    fault: Option<Fault>,
}

/// The parts of something wrong, for programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The file; `question` for what was asked. Absent where no file is at fault.
    pub file: Option<String>,
    /// The line in it, from 1.
    pub line: Option<usize>,
    /// The column, from 1, in characters.
    pub column: Option<usize>,
    /// The stable code, such as `octroi::policy::unknown-word`.
    pub code: Option<&'static str>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Problem {
    /// Its parts; of what has none, the whole text.
    pub fn fault(&self) -> Fault {
        self.fault.clone().unwrap_or_else(|| Fault::of_text(&self.text))
    }
}

impl Fault {
    /// The parts of a text that says behind what is wrong what to do.
    pub fn of_text(text: &str) -> Self {
        let (message, help) = match ["\n  help: ", "\n  conseil : "].iter().find_map(|help| text.split_once(help)) {
            Some((message, help)) => (message, Some(help.to_owned())),
            None => (text, None),
        };
        Self { file: None, line: None, column: None, code: None, message: message.to_owned(), help }
    }

    /// The text again.
    pub fn whole(&self) -> String {
        let help = self.help.as_ref().map(|help| format!("\n  help: {help}"));
        format!("{}{}", self.message, help.unwrap_or_default())
    }
}

impl From<String> for Problem {
    fn from(text: String) -> Self {
        Self { text, fault: None }
    }
}

impl From<Diagnostic> for Problem {
    fn from(fault: Diagnostic) -> Self {
        let (line, column) = fault.place();
        let parts = Fault {
            file: Some(fault.file().to_owned()),
            line: Some(line),
            column: Some(column),
            code: Some(fault.code()),
            message: fault.message().to_owned(),
            help: fault.help_text().map(str::to_owned),
        };
        Self { text: policy::render(&fault), fault: Some(parts) }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<T: Into<Problem>> From<Vec<T>> for Problems {
    fn from(problems: Vec<T>) -> Self {
        Self(problems.into_iter().map(Into::into).collect())
    }
}

impl From<String> for Problems {
    fn from(problem: String) -> Self {
        Self(vec![problem.into()])
    }
}
