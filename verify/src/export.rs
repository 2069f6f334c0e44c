//! Exported entries: JSON lines, each the bytes of an entry as they stand in the log, in ascending order.
//!
//! Whoever got an export can have it compared with the log: a line that was edited, made up, repeated or moved is named. A
//! line that was taken out cannot be told from one that the export left out on purpose, so the gaps are counted and told.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use crate::entry::{self, ENTRY_BYTES_MAX};
use crate::merkle::{Hash, leaf_hash};
use crate::problem::{Problem, ProblemKind};
use crate::shown::shown;
use crate::walk::unreadable;

/// An export that is compared while the log passes by.
#[derive(Debug)]
pub(crate) struct Export {
    name: String,
    lines: BufReader<File>,
    /// The next line and the number that its entry has.
    next: Option<(u64, Vec<u8>)>,
    line: u64,
    first: Option<u64>,
    last: u64,
    matched: u64,
    /// The first thing that is wrong with it; what follows is not compared.
    problem: Option<Problem>,
}

/// What was found of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// The file.
    pub name: String,
    /// Lines that are entries of the log, as they stand there.
    pub matched: u64,
    /// The numbers of its first entry and its last; `None` for one without entries.
    pub range: Option<(u64, u64)>,
    /// Entries between its first and its last that it does not hold.
    pub left_out: u64,
    /// The first line that is not as in this log.
    pub problem: Option<Problem>,
}

/// Whether a line is meant for an entry, edited or not: one that is of something else accuses nobody.
fn is_entry(line: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct Meant {
        #[serde(rename = "entry")]
        _entry: serde::de::IgnoredAny,
    }
    line.starts_with(b"{\"entry\":") || serde_json::from_slice::<Meant>(line).is_ok()
}

impl Export {
    pub(crate) fn open(path: &Path) -> Result<Self, Problem> {
        let name = shown(path);
        let file = File::open(path).map_err(|error| unreadable(&name, &error))?;
        let lines = BufReader::new(file);
        let mut export = Self { name, lines, next: None, line: 0, first: None, last: 0, matched: 0, problem: None };
        export.advance()?;
        Ok(export)
    }

    /// An entry of the log passes by.
    pub(crate) fn pass(&mut self, seq: u64, bytes: &[u8]) -> Result<(), Problem> {
        if let Some((_, line)) = self.next.as_ref().filter(|(expected, _)| *expected == seq) {
            if line != bytes {
                let detail = format!("line {} is not the entry that the log has", self.line);
                self.fails(Problem::new(&self.name, ProblemKind::Export, detail).entry(seq));
                return Ok(());
            }
            self.first.get_or_insert(seq);
            self.last = seq;
            self.matched = self.matched.saturating_add(1);
            self.advance()?;
        }
        Ok(())
    }

    /// An entry passes by of which only the hash was kept.
    pub(crate) fn pass_hash(&mut self, seq: u64, hash: &Hash) -> Result<(), Problem> {
        match self.next.take_if(|(expected, line)| *expected == seq && leaf_hash(line) == *hash) {
            // It is the entry, so it passes as itself.
            Some((seq, line)) => {
                self.next = Some((seq, line.clone()));
                self.pass(seq, &line)
            }
            None => self.pass(seq, &[]),
        }
    }

    /// The log has ended: nothing may be left.
    pub(crate) fn end(&mut self) {
        if let Some((seq, _)) = &self.next {
            let detail = format!("line {} is an entry that the log does not have", self.line);
            self.fails(Problem::new(&self.name, ProblemKind::Export, detail).entry(*seq));
        }
    }

    fn fails(&mut self, problem: Problem) {
        self.next = None;
        self.problem.get_or_insert(problem);
    }

    pub(crate) fn told(&self) -> Exported {
        let span = self.first.map_or(0, |first| self.last.saturating_sub(first).saturating_add(1));
        Exported {
            name: self.name.clone(),
            matched: self.matched,
            range: self.first.map(|first| (first, self.last)),
            left_out: span.saturating_sub(self.matched),
            problem: self.problem.clone(),
        }
    }

    /// The next line that is not blank, without its end, which may be that of Windows: neither is of an entry. `None` at the end.
    fn line(&mut self) -> Result<Option<Vec<u8>>, Problem> {
        loop {
            let mut bytes = Vec::new();
            let limit = ENTRY_BYTES_MAX as u64 + 6;
            let read = std::io::Read::take(&mut self.lines, limit).read_until(b'\n', &mut bytes);
            if read.map_err(|error| unreadable(&self.name, &error))? == 0 {
                return Ok(None);
            }
            self.line = self.line.saturating_add(1);
            if let Some(line) = bytes.strip_suffix(b"\n") {
                bytes = line.strip_suffix(b"\r").unwrap_or(line).to_vec();
            }
            if let Some(line) = bytes.strip_prefix(b"\xef\xbb\xbf").filter(|_| self.line == 1) {
                bytes = line.to_vec();
            }
            if !bytes.is_empty() {
                return Ok(Some(bytes));
            }
        }
    }

    fn advance(&mut self) -> Result<(), Problem> {
        let Some(bytes) = self.line()? else {
            self.next = None;
            return Ok(());
        };
        let seq = match entry::open(&bytes) {
            Ok(entry) => entry.seq,
            Err(_) if self.first.is_none() && !is_entry(&bytes) => {
                let detail =
                    "it is not what `octroi audit export` writes: only its JSON lines can be compared, not CSV";
                self.fails(Problem::new(&self.name, ProblemKind::Unreadable, detail));
                return Ok(());
            }
            Err(error) => {
                self.fails(Problem::new(&self.name, ProblemKind::Export, format!("line {}: {error}", self.line)));
                return Ok(());
            }
        };
        if self.matched > 0 && seq <= self.last {
            let detail = format!("line {} repeats or is out of order", self.line);
            self.fails(Problem::new(&self.name, ProblemKind::Export, detail).entry(seq));
            return Ok(());
        }
        self.next = Some((seq, bytes));
        Ok(())
    }
}
