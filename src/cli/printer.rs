//! The only place that prints: data to standard output, everything else to standard error. A reader that goes away (a closed
//! pipe) is not an error. Anything else that keeps data from being written is, and the command ends as one that failed: half a file
//! is not taken for a whole one.

use std::io::{self, Write as _};
use std::sync::OnceLock;

use serde::Serialize;

/// Why data could not be written, the first time.
static LOST: OnceLock<io::ErrorKind> = OnceLock::new();

/// Prints data.
#[derive(Debug, Clone, Copy, Default)]
pub struct Printer;

impl Printer {
    /// One line of data.
    pub fn line(self, text: impl AsRef<str>) {
        let mut out = io::stdout().lock();
        keep(writeln!(out, "{}", text.as_ref()).and_then(|()| out.flush()));
    }

    /// Data without a line end of its own.
    pub fn text(self, text: impl AsRef<str>) {
        let mut out = io::stdout().lock();
        keep(out.write_all(text.as_ref().as_bytes()).and_then(|()| out.flush()));
    }

    /// Whether all data was written, but for a reader who went away.
    ///
    /// # Errors
    /// The reason.
    pub fn written(self) -> io::Result<()> {
        match LOST.get() {
            None => Ok(()),
            Some(kind) => Err(io::Error::new(
                *kind,
                format!("standard output cannot be written ({kind}): what is there is not whole"),
            )),
        }
    }

    /// Data as JSON on one line.
    pub fn json(self, value: &impl Serialize) {
        if let Ok(text) = serde_json::to_string(value) {
            self.line(text);
        }
    }

    /// One line for the person who watches.
    pub fn say(self, text: impl AsRef<str>) {
        writeln!(io::stderr().lock(), "{}", text.as_ref()).unwrap_or_default();
    }

    /// How far something is, on one line that is drawn over; only where a person watches.
    pub fn progress(self, percent: u64, what: &str) {
        const WIDTH: usize = 40;
        let mut err = io::stderr().lock();
        if !io::IsTerminal::is_terminal(&err) {
            return;
        }
        let done = usize::try_from(percent.min(100)).unwrap_or(0) * WIDTH / 100;
        let (full, empty) = ("#".repeat(done), " ".repeat(WIDTH - done));
        write!(err, "\r[{full}{empty}] {percent:>3} %  {what}").unwrap_or_default();
        err.flush().unwrap_or_default();
    }

    /// Takes the line of [`Self::progress`] away.
    pub fn progress_end(self) {
        let mut err = io::stderr().lock();
        if io::IsTerminal::is_terminal(&err) {
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

/// Remembers why data was not written, for [`Printer::written`].
fn keep(written: io::Result<()>) {
    if let Err(error) = written
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        LOST.get_or_init(|| error.kind());
    }
}
