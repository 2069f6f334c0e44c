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

    /// How far something is, on one line that is drawn over; only where a person watches.
    pub fn progress(self, percent: u64, what: &str) {
        const WIDTH: usize = 40;
        let mut err = std::io::stderr().lock();
        if !std::io::IsTerminal::is_terminal(&err) {
            return;
        }
        let done = usize::try_from(percent.min(100)).unwrap_or(0) * WIDTH / 100;
        let (full, empty) = ("#".repeat(done), " ".repeat(WIDTH - done));
        write!(err, "\r[{full}{empty}] {percent:>3} %  {what}").unwrap_or_default();
        err.flush().unwrap_or_default();
    }

    /// Takes the line of [`Self::progress`] away.
    pub fn progress_end(self) {
        let mut err = std::io::stderr().lock();
        if std::io::IsTerminal::is_terminal(&err) {
            write!(err, "\r\x1b[K").unwrap_or_default();
        }
    }

    /// An error and, when there is one, what to do.
    pub fn error(self, what: impl std::fmt::Display, hint: Option<&str>) {
        self.say(format!("error: {what}"));
        if let Some(hint) = hint {
            self.say(format!("\nhint: {hint}"));
        }
    }
}
