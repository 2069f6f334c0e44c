//! One line that tells how far a long run is. On a terminal it is rewritten; elsewhere nothing is shown.

use std::io::{IsTerminal as _, Write as _};

/// Cells of the bar.
const CELLS: u64 = 30;

/// A bar over bytes.
#[derive(Debug)]
pub(super) struct Progress {
    total: u64,
    done: u64,
    shown: u64,
    terminal: bool,
}

impl Progress {
    pub(super) fn new(total: u64) -> Self {
        Self { total: total.max(1), done: 0, shown: u64::MAX, terminal: std::io::stderr().is_terminal() }
    }

    /// Goes on by so many bytes, in a file.
    pub(super) fn step(&mut self, bytes: u64, files: u64) {
        self.done += bytes;
        let per_mille = self.done.saturating_mul(1000) / self.total;
        if self.terminal && per_mille != self.shown {
            self.shown = per_mille;
            let cells = (per_mille * CELLS / 1000).min(CELLS);
            let bar: String = (0..CELLS).map(|cell| if cell < cells { '#' } else { '.' }).collect();
            let (percent, megabytes) = ((per_mille / 10).min(100), self.done / 1_000_000);
            let mut out = std::io::stderr().lock();
            write!(out, "\r[{bar}] {percent:>3} %  {megabytes} MB, {files} files ").unwrap_or_default();
            out.flush().unwrap_or_default();
        }
    }

    /// Takes the line away.
    pub(super) fn end(&self) {
        if self.terminal {
            write!(std::io::stderr().lock(), "\r{:70}\r", "").unwrap_or_default();
        }
    }
}
