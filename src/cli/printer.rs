//! The only place that prints: data to standard output, everything else to standard error. A reader that goes away (a closed
//! pipe) is not an error.

use std::io::Write as _;

use serde::Serialize;

/// Prints data.
#[derive(Debug, Clone, Copy, Default)]
pub struct Printer;

impl Printer {
    /// One line of data.
    pub fn line(self, text: impl AsRef<str>) {
        let mut out = std::io::stdout().lock();
        writeln!(out, "{}", text.as_ref()).unwrap_or_default();
        out.flush().unwrap_or_default();
    }

    /// Data without a line end of its own.
    pub fn text(self, text: impl AsRef<str>) {
        let mut out = std::io::stdout().lock();
        out.write_all(text.as_ref().as_bytes()).unwrap_or_default();
        out.flush().unwrap_or_default();
    }

    /// Data as JSON on one line.
    pub fn json(self, value: &impl Serialize) {
        if let Ok(text) = serde_json::to_string(value) {
            self.line(text);
        }
    }

    /// One line for the person who watches.
    pub fn say(self, text: impl AsRef<str>) {
        writeln!(std::io::stderr().lock(), "{}", text.as_ref()).unwrap_or_default();
    }

    /// An error and, when there is one, what to do.
    pub fn error(self, what: impl std::fmt::Display, hint: Option<&str>) {
        self.say(format!("error: {what}"));
        if let Some(hint) = hint {
            self.say(format!("\nhint: {hint}"));
        }
    }
}
