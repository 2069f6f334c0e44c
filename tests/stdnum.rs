//! Our validators against python-stdnum, another implementation of the same rules, in a process of its own.
//!
//! For every row 1,000 random numbers that the library calls valid and 10,000 small changes of them. Where the two disagree,
//! the row says which is stricter and why, as a predicate on the value: whatever it does not cover fails the test.
//! `scripts/test` installs the library; without it the test is skipped aloud.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, clippy::panic, reason = "test helpers")]
#![expect(clippy::disallowed_methods, reason = "the test runs a program")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use octroi::detect::validate::{self, Verdict};

#[path = "stdnum/rows.rs"]
mod rows;

/// One module of the library and the validator that must agree with it.
#[derive(Clone, Copy)]
struct Row {
    /// The module below `stdnum`.
    module: &'static str,
    /// Our validator.
    validator: &'static str,
    /// A regular expression of literals, sets, groups and repetitions from which numbers are drawn.
    shape: &'static str,
    /// Values of which the two may say different things; each row that has one says why.
    disputed: fn(&str) -> bool,
}

/// Numbers that the library calls valid, for each module.
const VALID: usize = 1_000;
/// Changed numbers, for each module.
const PERTURBED: usize = 10_000;
/// Of all numbers of a module the share that may be disputed, in percent: a predicate must not cover everything.
const DISPUTED_MAX_PERCENT: usize = 40;

/// The Python that has the library, if any.
fn python() -> Option<PathBuf> {
    let tools = std::env::var_os("OCTROI_TEST_TOOLS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join(".test-tools"), PathBuf::from);
    let python = tools.join("venv/bin/python");
    let found = Command::new(&python).args(["-c", "import stdnum"]).stderr(Stdio::null()).status();
    found.is_ok_and(|status| status.success()).then_some(python)
}

#[test]
fn validators_agree_with_another_implementation() {
    let Some(python) = python() else {
        assert!(std::env::var("OCTROI_REQUIRE_SDK").is_err(), "python-stdnum is required and missing");
        eprintln!("skipped: no python-stdnum in .test-tools/venv (scripts/test installs it)");
        return;
    };
    // Modules have nothing to do with one another: one oracle for each core, each with its share of them.
    let oracles = std::thread::available_parallelism().map_or(1, usize::from);
    let share = |which: usize| rows::ROWS.iter().skip(which).step_by(oracles).collect::<Vec<_>>();
    let failures: Vec<String> = std::thread::scope(|scope| {
        let asked = |which: usize| {
            scope.spawn({
                let (python, rows) = (&python, share(which));
                move || failures(python, &rows)
            })
        };
        let asking: Vec<_> = (0..oracles).map(asked).collect();
        asking.into_iter().flat_map(|one| one.join().unwrap()).collect()
    });
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Where these rows differ from what an oracle of their own says.
fn failures(python: &Path, rows: &[&Row]) -> Vec<String> {
    let mut asked = String::new();
    for row in rows {
        writeln!(asked, "{}\t{}\t{VALID}\t{PERTURBED}", row.module, row.shape).unwrap();
    }
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stdnum/oracle.py");
    let mut oracle = Command::new(python).arg(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = oracle.stdin.take().unwrap();
    let writer = std::thread::spawn(move || input.write_all(asked.as_bytes()));
    let output = oracle.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "the oracle failed; its message is above");
    let answers = String::from_utf8(output.stdout).unwrap();
    let mut by_module: BTreeMap<&str, Vec<(bool, &str)>> = BTreeMap::new();
    for line in answers.lines() {
        let mut parts = line.splitn(3, '\t');
        let (Some(module), Some(valid), Some(value)) = (parts.next(), parts.next(), parts.next()) else {
            panic!("the oracle answered `{line}`");
        };
        by_module.entry(module).or_default().push((valid == "1", value));
    }
    rows.iter().filter_map(|row| row.compare(&by_module)).collect()
}

impl Row {
    /// What is wrong, with examples.
    fn compare(&self, answers: &BTreeMap<&str, Vec<(bool, &str)>>) -> Option<String> {
        let answers = answers.get(self.module).map(Vec::as_slice).unwrap_or_default();
        let mut wrong = Vec::new();
        let mut disputed = 0;
        for &(valid, value) in answers {
            let Some(verdict) = validate::check(self.validator, value) else {
                return Some(format!("{}: no validator `{}`", self.module, self.validator));
            };
            if (verdict != Verdict::Wrong) != valid {
                if (self.disputed)(value) {
                    disputed += 1;
                } else {
                    wrong.push(format!("{value} ({})", if valid { "valid there" } else { "valid here" }));
                }
            }
        }
        if answers.len() < VALID + PERTURBED / 2 {
            return Some(format!("{}: only {} answers", self.module, answers.len()));
        }
        if disputed * 100 > answers.len() * DISPUTED_MAX_PERCENT {
            return Some(format!("{}: {disputed} of {} are disputed", self.module, answers.len()));
        }
        wrong.sort();
        wrong.dedup();
        let shown: Vec<&str> = wrong.iter().take(8).map(String::as_str).collect();
        (!wrong.is_empty()).then(|| format!("{}: {} differ: {}", self.module, wrong.len(), shown.join(", ")))
    }
}
