//! The patterns of the data files, run as one automaton.
//!
//! All patterns are compiled into dense automata that are anchored where a candidate begins: one walk from there yields
//! every pattern that matches and every place where it may end. The longest end that stands on a boundary and satisfies the
//! validator wins. There is no cache and no lock: the tables are immutable.

use std::ops::Range;

use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::nfa::thompson;
use regex_automata::util::syntax;
use regex_automata::{Anchored, MatchKind};
use smallvec::SmallVec;

use super::context::Context;
use super::page::{Page, Sink};
use super::source::{Fault, RawPattern};
use super::validate::{self, Candidate, Validator, Verdict};

/// Bytes of one automaton; patterns that do not fit together are split over several.
const AUTOMATON_BYTES_MAX: usize = 1024 * 1024;
/// Bytes of a candidate.
const CANDIDATE_BYTES_MAX: usize = 512;
/// Letters of a country or key that may stand before the first digit (`FR 76 …`, `F R A B 1 …`).
const LEAD_LETTERS_MAX: usize = 4;
/// What `~` stands for in a pattern: one separator or none. The view has turned other blanks and dashes into these.
const SEPARATOR: &str = r"[ \t\n./_-]?";

/// One pattern, ready to run.
#[derive(Debug)]
pub(super) struct Row {
    /// Its number in the engine.
    pub(super) detector: u16,
    pub(super) pattern: String,
    pub(super) prefix: Vec<String>,
    validator: Option<Validator>,
    context: Context,
    confidence: u8,
    with_context: u8,
}

impl Row {
    /// Resolves a pattern as written; every fault of it is reported.
    pub(super) fn resolve(raw: &RawPattern, detector: u16) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let validator = raw.validator.as_deref().and_then(validate::named);
        if let (Some(name), None) = (&raw.validator, validator) {
            faults.push(Fault::UnknownValidator(name.clone()));
        }
        let with_context = raw.with_context.unwrap_or(raw.confidence);
        if with_context > 100 || with_context < raw.confidence {
            faults.push(Fault::Confidence);
        }
        if raw.examples.is_empty() || raw.counter_examples.is_empty() {
            faults.push(Fault::NoExamples);
        }
        faults.extend(raw.prefix.iter().filter(|prefix| prefix.len() < 3).cloned().map(Fault::ShortPrefix));
        let pattern = raw.pattern.replace('~', SEPARATOR);
        match automaton(&[&pattern]) {
            Ok(dfa)
                if dfa
                    .universal_start_state(Anchored::Yes)
                    .is_none_or(|start| dfa.is_match_state(dfa.next_eoi_state(start))) =>
            {
                faults.push(Fault::Empty);
            }
            Ok(_) => {}
            Err(reason) => faults.push(Fault::Pattern(reason)),
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(Self {
            detector,
            pattern,
            prefix: raw.prefix.clone(),
            validator,
            context: Context::new(raw.context.values().flatten().map(String::as_str)),
            confidence: raw.confidence,
            with_context,
        })
    }

    /// The confidence in a candidate, `None` when it is none.
    fn judge(&self, page: &Page<'_>, range: &Range<usize>) -> Option<u8> {
        let raw = page.text.get(range.clone())?;
        let verdict = self.validator.map_or(Verdict::Right, |validator| {
            let compact: SmallVec<[u8; 64]> =
                raw.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_uppercase()).collect();
            validator(&Candidate { raw, compact: &compact })
        });
        let alone = match verdict {
            Verdict::Wrong => return None,
            Verdict::Weak => self.confidence.min(super::engine::CONFIDENCE_MIN - 1),
            Verdict::Right => self.confidence,
        };
        let near = self.with_context > alone && self.context.is_near(page, range);
        Some(if near { self.with_context } else { alone })
    }
}

/// Patterns that are tried at the same kind of place.
#[derive(Debug, Default)]
pub(super) struct Rows {
    rows: Vec<Row>,
    automata: Vec<Table>,
}

/// One automaton and the rows that its patterns are.
#[derive(Debug)]
struct Table {
    dfa: dense::DFA<Vec<u32>>,
    first_row: usize,
}

impl Rows {
    /// Compiles rows that each resolved by itself.
    pub(super) fn new(rows: Vec<Row>) -> Result<Self, Fault> {
        let mut automata = Vec::new();
        let mut first_row = 0;
        while first_row < rows.len() {
            let mut count = rows.len() - first_row;
            let dfa = loop {
                let patterns: Vec<&str> =
                    rows.iter().skip(first_row).take(count).map(|row| row.pattern.as_str()).collect();
                match automaton(&patterns) {
                    Ok(dfa) => break dfa,
                    Err(reason) if count == 1 => return Err(Fault::Pattern(reason)),
                    Err(_) => count = count.div_ceil(2),
                }
            };
            automata.push(Table { dfa, first_row });
            first_row += count;
        }
        Ok(Self { rows, automata })
    }

    /// Bytes of the tables.
    pub(super) fn memory(&self) -> usize {
        self.automata.iter().map(|table| table.dfa.memory_usage()).sum()
    }

    /// The literals that wake these rows.
    pub(super) fn prefixes(&self) -> impl Iterator<Item = &str> {
        self.rows.iter().flat_map(|row| row.prefix.iter().map(String::as_str))
    }

    /// Tries the rows at a run of letters and digits, and at the letters that stand apart before it.
    pub(super) fn at_number(&self, page: &Page<'_>, run: &Range<usize>, sink: &mut Sink) {
        let mut letters = 0;
        let mut at = run.start;
        self.at(page, at, sink);
        // `FR 76 3000 …`: the country's letters are no part of the run. Each may stand alone.
        while letters < LEAD_LETTERS_MAX {
            let apart = at.checked_sub(1).filter(|&gap| is_separator(page.byte(gap))).unwrap_or(at);
            let start = page.left(apart, LEAD_LETTERS_MAX - letters, |byte| byte.is_ascii_alphabetic());
            if start == apart || page.before(start).is_ascii_alphanumeric() {
                return;
            }
            letters += apart - start;
            at = start;
            self.at(page, at, sink);
        }
    }

    /// Tries the rows at one place.
    pub(super) fn at(&self, page: &Page<'_>, start: usize, sink: &mut Sink) {
        if !is_open(page, start) {
            return;
        }
        for table in &self.automata {
            let ends = table.ends(page.text.as_bytes(), start);
            let mut done: SmallVec<[usize; 4]> = SmallVec::new();
            for (pattern, end) in ends.into_iter().rev() {
                let index = table.first_row + pattern;
                let Some(row) = self.rows.get(index).filter(|_| !done.contains(&index)) else { continue };
                if !is_closed(page, end) {
                    continue;
                }
                if let Some(confidence) = row.judge(page, &(start..end)) {
                    sink.push(row.detector, start..end, confidence);
                    done.push(index);
                }
            }
        }
    }
}

impl Table {
    /// Every pattern that matches from `start` and every place where it may end, in the order of the places.
    fn ends(&self, bytes: &[u8], start: usize) -> SmallVec<[(usize, usize); 32]> {
        let mut ends = SmallVec::new();
        let Some(mut state) = self.dfa.universal_start_state(Anchored::Yes) else { return ends };
        let mut note = |state, end| {
            for index in 0..self.dfa.match_len(state) {
                ends.push((self.dfa.match_pattern(state, index).as_usize(), end));
            }
        };
        for (offset, &byte) in bytes.get(start..).unwrap_or_default().iter().take(CANDIDATE_BYTES_MAX).enumerate() {
            state = self.dfa.next_state(state, byte);
            if self.dfa.is_special_state(state) {
                // The automaton reports a match one byte late.
                if self.dfa.is_match_state(state) {
                    note(state, start + offset);
                } else if self.dfa.is_dead_state(state) {
                    return ends;
                }
            }
        }
        state = self.dfa.next_eoi_state(state);
        if self.dfa.is_match_state(state) {
            note(state, bytes.len().min(start + CANDIDATE_BYTES_MAX));
        }
        ends
    }
}

/// Whether a value can begin here: not within a word, not behind a decimal point, not inside a row of single digits.
fn is_open(page: &Page<'_>, start: usize) -> bool {
    let before = page.before(start);
    let digit = |back: usize| start.checked_sub(back).is_some_and(|at| page.byte(at).is_ascii_digit());
    let starts_with_digit = page.byte(start).is_ascii_digit();
    let decimal = before == b'.' && digit(2) && starts_with_digit;
    let single = starts_with_digit && is_separator(page.byte(start + 1)) && is_separator(page.byte(start + 3));
    let row = single && is_separator(before) && digit(2) && !digit(3);
    // `18_446_744_073_709_551_615`: the tail of a number in code.
    let literal = before == b'_' && digit(2) && starts_with_digit;
    !before.is_ascii_alphanumeric() && !decimal && !row && !literal
}

/// Whether a value can end here: the word ends, it is not the whole part of a decimal, and no row of single digits goes on.
fn is_closed(page: &Page<'_>, end: usize) -> bool {
    let after = page.byte(end);
    let ends_with_digit = page.before(end).is_ascii_digit();
    let decimal = after == b'.' && page.byte(end + 1).is_ascii_digit() && ends_with_digit;
    let apart = |back: usize| end.checked_sub(back).is_some_and(|at| is_separator(page.byte(at)));
    let single = ends_with_digit && apart(2) && apart(4);
    let row = single
        && is_separator(after)
        && page.byte(end + 1).is_ascii_digit()
        && !page.byte(end + 2).is_ascii_alphanumeric();
    !after.is_ascii_alphanumeric() && !decimal && !row
}

fn is_separator(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'.' | b'/' | b'_' | b'-')
}

/// Compiles patterns into one automaton that starts where it is told to and reports every match.
fn automaton(patterns: &[&str]) -> Result<dense::DFA<Vec<u32>>, String> {
    dense::Builder::new()
        .configure(
            dense::Config::new()
                .match_kind(MatchKind::All)
                .start_kind(StartKind::Anchored)
                .accelerate(false)
                .dfa_size_limit(Some(AUTOMATON_BYTES_MAX))
                .determinize_size_limit(Some(8 * AUTOMATON_BYTES_MAX)),
        )
        .syntax(syntax::Config::new().unicode(false).utf8(false))
        .thompson(thompson::Config::new().utf8(false))
        .build_many(patterns)
        .map_err(|error| {
            let mut reason = error.to_string();
            if let Some(cause) = std::error::Error::source(&error) {
                reason = cause.to_string();
            }
            reason.lines().last().unwrap_or_default().to_owned()
        })
}
