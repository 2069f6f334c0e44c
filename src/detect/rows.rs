//! The patterns of the data files, any number of them.
//!
//! What stands around a candidate tells which patterns may be findings there at all; the candidate is read once against their
//! shapes (`sieve`, `shape`), whatever their number. A pattern whose shapes tell all (`told`) has its ends from that; another
//! that survives to an end of its own is run there as a small automaton of its own. Then the check digit, then context. Rows
//! that share a pattern share its automaton. The longest end that stands on a boundary and satisfies the validator wins. There
//! is no lock: the tables are immutable.
//!
//! Longer than 400 lines: one algorithm, read as one.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::nfa::thompson;
use regex_automata::util::primitives::StateID;
use regex_automata::util::{start, syntax};
use regex_automata::{Anchored, MatchKind};
use regex_syntax::hir::{Class, Hir, HirKind};
use smallvec::SmallVec;

use super::engine::CONFIDENCE_MIN;
use super::near::{AHEAD_BYTES, Near, Worths};
use super::page::{Page, Sink};
use super::row::{Compact, PREFIX_BYTES_MAX, Row};
use super::shape::Shape;
use super::sieve::{Sieve, Worth};
use super::source::Fault;
use super::told;

/// Bytes of the automaton of one pattern. A pattern of thirty places has about two thousand, a token of up to 250 characters
/// in several spellings two hundred thousand.
const AUTOMATON_BYTES_MAX: usize = 512 * 1024;
/// Bytes of a candidate.
const CANDIDATE_BYTES_MAX: usize = 1024;
/// Letters that may stand before the first digit of a candidate, apart from it (`FR 76 …`, `F R A B 1 …`, `RSS MRA 85T…`).
const LEAD_LETTERS_MAX: usize = 8;
/// Bytes before a number in which the token may begin that holds it (`abc-def_123`).
const TOKEN_BYTES_MAX: usize = 64;
/// Punctuation that may open a pattern (`+++123/4567/89012+++`).
const OPENING_BYTES_MAX: usize = 3;

/// Rows that are tried at the same kind of place.
#[derive(Debug, Default)]
pub(super) struct Rows {
    patterns: Vec<Pattern>,
    /// Shapes of the patterns; none of those that wait for a literal.
    sieves: Vec<Sieve>,
    /// For each sieve, the patterns that may be findings without context.
    alone: Worths,
    /// For each detector, by its number, the patterns of its rows: the sieve of each and its place there.
    owned: Vec<SmallVec<[(u8, u8); 2]>>,
    /// Literals that begin patterns, in small letters, sorted; and for each of them the patterns, also those of literals that
    /// begin it.
    prefixes: Vec<(String, SmallVec<[usize; 2]>)>,
    /// Runs every automaton and asks every validator, whatever stands around: what all else must agree with.
    #[cfg(test)]
    pub(super) plain: bool,
}

/// Where matches end, in order.
type Ends = SmallVec<[usize; 8]>;

/// One pattern and the rows that have it.
#[derive(Debug)]
struct Pattern {
    dfa: dense::DFA<Vec<u32>>,
    /// Where it starts whatever stands before; `None` for a pattern that looks at that.
    start: Option<StateID>,
    shapes: SmallVec<[Shape; 1]>,
    rows: SmallVec<[Row; 1]>,
    /// Whether a match may begin with something else than a letter or digit.
    opens: bool,
    /// Bytes of the shortest match that has no blank in it; 0 for a pattern whose matches may have one.
    token_bytes_min: usize,
    /// Whether a match may be longer than its surroundings are known before it is read.
    long: bool,
    /// Whether its shapes tell where it matches: the automaton is not asked.
    told: bool,
}

impl Rows {
    /// Compiles rows that each resolved by itself. Prefixed rows are tried where their prefix stands, others at numbers. The
    /// faults of patterns, with the number of the detector whose it is.
    pub(super) fn new(rows: Vec<Row>) -> Result<Self, Vec<(u16, Fault)>> {
        let mut patterns: Vec<Pattern> = Vec::new();
        let mut places: HashMap<Box<str>, usize> = HashMap::new();
        let mut prefixes: BTreeMap<String, SmallVec<[usize; 2]>> = BTreeMap::new();
        let mut faults = Vec::new();
        for mut row in rows {
            let written = std::mem::take(&mut row.pattern);
            let place = if let Some(&place) = places.get(&written) {
                place
            } else {
                match Pattern::new(&written, row.prefix.is_empty()) {
                    Ok(pattern) => patterns.push(pattern),
                    Err(fault) => {
                        faults.push((row.detector, fault));
                        continue;
                    }
                }
                places.insert(written, patterns.len() - 1);
                patterns.len() - 1
            };
            for prefix in std::mem::take(&mut row.prefix) {
                prefixes.entry(prefix.to_ascii_lowercase()).or_default().push(place);
            }
            if let Some(pattern) = patterns.get_mut(place) {
                pattern.rows.push(row);
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let shapes: Vec<SmallVec<[Shape; 1]>> =
            patterns.iter_mut().map(|pattern| std::mem::take(&mut pattern.shapes)).collect();
        let sieves = if prefixes.is_empty() { Sieve::of(&shapes) } else { Vec::new() };
        // Where a literal is found, those that begin it are there too.
        let spelled: Vec<(String, SmallVec<[usize; 2]>)> = prefixes.clone().into_iter().collect();
        let prefixes = prefixes.into_keys().map(|literal| {
            let mut all: SmallVec<[usize; 2]> = SmallVec::new();
            for (_, places) in spelled.iter().filter(|(prefix, _)| literal.starts_with(prefix.as_str())) {
                all.extend(places.iter().copied());
            }
            all.sort_unstable();
            all.dedup();
            (literal, all)
        });
        let mut rows = Self { prefixes: prefixes.collect(), sieves, patterns, ..Self::default() };
        rows.number_owners();
        Ok(rows)
    }

    /// Notes which patterns are worth trying where.
    fn number_owners(&mut self) {
        self.alone = Worths::from_elem(Worth::default(), self.sieves.len());
        for (place, pattern) in self.patterns.iter().enumerate() {
            let Some((number, sieve, place)) =
                (0..).zip(&self.sieves).find_map(|(number, sieve)| Some((number, sieve, sieve.place(place)?)))
            else {
                continue;
            };
            if (pattern.long || pattern.rows.iter().any(|row| row.confidence >= CONFIDENCE_MIN))
                && let Some(worth) = self.alone.get_mut(number)
            {
                sieve.include(worth, place);
            }
            let own = u8::try_from(number).ok().zip(u8::try_from(place).ok());
            for row in &pattern.rows {
                let detector = usize::from(row.detector);
                if self.owned.len() <= detector {
                    self.owned.resize(detector + 1, SmallVec::new());
                }
                if let Some(owned) = self.owned.get_mut(detector) {
                    owned.extend(own);
                }
            }
        }
    }

    /// The patterns of detectors, for each sieve.
    pub(super) fn worth_of(&self, detectors: impl IntoIterator<Item = usize>) -> Worths {
        let mut all = Worths::from_elem(Worth::default(), self.sieves.len());
        for &(number, place) in detectors.into_iter().filter_map(|detector| self.owned.get(detector)).flatten() {
            if let (Some(sieve), Some(worth)) = (self.sieves.get(usize::from(number)), all.get_mut(usize::from(number)))
            {
                sieve.include(worth, usize::from(place));
            }
        }
        all
    }

    /// Notes which patterns may be findings at a place, given what stands around it.
    fn weigh(&self, page: &Page<'_>, start: usize, near: &mut Near<'_>) {
        if !near.around(page, start) {
            return;
        }
        near.worth.resize(self.sieves.len(), Worth::default());
        near.worth.iter_mut().zip(&self.alone).for_each(|(slot, alone)| slot.unite(alone));
        if near.apart.iter().any(|&bits| bits != 0) {
            let numbers = near.apart.iter().enumerate().flat_map(|(word, bits)| {
                (0..64).filter(move |bit| bits >> bit & 1 == 1).map(move |bit| word * 64 + bit)
            });
            let apart = self.worth_of(numbers);
            near.worth.iter_mut().zip(&apart).for_each(|(slot, more)| slot.unite(more));
        }
    }

    /// Bytes of the tables.
    pub(super) fn memory(&self) -> usize {
        self.patterns.iter().map(|pattern| pattern.dfa.memory_usage()).sum::<usize>() + self.sieves.len() * Sieve::BYTES
    }

    /// The literals that wake these rows, in small letters, sorted.
    pub(super) fn prefixes(&self) -> impl Iterator<Item = &str> {
        self.prefixes.iter().map(|(prefix, _)| prefix.as_str())
    }

    /// Tries the rows that begin with the longest literal that stands at a place.
    pub(super) fn at_opening(&self, page: &Page<'_>, start: usize, near: &mut Near<'_>, sink: &mut Sink) {
        let rest = page.text.as_bytes().get(start..).unwrap_or_default();
        let mut head = [0; PREFIX_BYTES_MAX];
        let len = rest.len().min(PREFIX_BYTES_MAX);
        head.iter_mut().zip(rest).for_each(|(to, from)| *to = from.to_ascii_lowercase());
        let Some(head) = head.get(..len) else { return };
        // A literal that begins the text sorts before it, and so does each that begins that one.
        let before = self.prefixes.partition_point(|(prefix, _)| prefix.as_bytes() <= head);
        let candidates = self.prefixes.get(..before).unwrap_or_default().iter().enumerate().rev();
        let opening = head.first_chunk::<3>();
        let found = candidates
            .take_while(|(_, (prefix, _))| prefix.as_bytes().first_chunk() == opening)
            .find(|(_, (prefix, _))| head.starts_with(prefix.as_bytes()));
        if let Some((place, _)) = found {
            self.at_prefix(page, (place, start), near, sink);
        }
    }

    /// Tries the rows that begin with a literal, given by its place among [`Self::prefixes`].
    pub(super) fn at_prefix(
        &self,
        page: &Page<'_>,
        (prefix, start): (usize, usize),
        near: &mut Near<'_>,
        sink: &mut Sink,
    ) {
        let Some((_, places)) = self.prefixes.get(prefix).filter(|_| is_open(page, start)) else { return };
        let mut compact = Compact::at(start);
        for pattern in places.iter().filter_map(|&place| self.patterns.get(place)) {
            pattern.at(page, &mut compact, near, sink);
        }
    }

    /// Tries the rows at a run of letters and digits, at the letters that stand apart before it, and where the token begins
    /// that it is part of.
    pub(super) fn at_number(&self, page: &Page<'_>, run: &Range<usize>, near: &mut Near<'_>, sink: &mut Sink) {
        let mut letters = 0;
        let mut at = run.start;
        self.at(page, at, near, sink);
        // `FR 76 3000 …`: the country's letters are no part of the run. Each may stand alone.
        while letters < LEAD_LETTERS_MAX {
            let apart = at.checked_sub(1).filter(|&gap| is_separator(page.byte(gap))).unwrap_or(at);
            let start = page.left(apart, LEAD_LETTERS_MAX - letters, |byte| byte.is_ascii_alphabetic());
            if start == apart || page.before(start).is_ascii_alphanumeric() {
                break;
            }
            letters += apart - start;
            at = start;
            self.at(page, at, near, sink);
        }
        let first = at;
        let mut last = near.token;
        for token in [page.left(run.start, TOKEN_BYTES_MAX, is_word), page.left(run.start, TOKEN_BYTES_MAX, is_code)] {
            let token = page.right(token, run.start - token, |byte| !byte.is_ascii_alphanumeric());
            if token < first && last.is_none_or(|last| token > last) {
                near.token = Some(token);
                last = near.token;
                self.at(page, token, near, sink);
            }
        }
    }

    /// Tries the rows at one place.
    fn at(&self, page: &Page<'_>, start: usize, near: &mut Near<'_>, sink: &mut Sink) {
        if !is_open(page, start) {
            return;
        }
        let end = page.text.len().min(start + CANDIDATE_BYTES_MAX);
        let bytes = page.text.as_bytes().get(start..end).unwrap_or_default();
        let mut compact = Compact::at(start);
        #[cfg(test)]
        if self.plain {
            near.forget_place();
            for pattern in &self.patterns {
                pattern.at(page, &mut compact, near, sink);
            }
            return;
        }
        // What stands around matters to those that are nothing without.
        self.weigh(page, start, near);
        let worth = std::mem::take(&mut near.worth);
        for (sieve, worth) in self.sieves.iter().zip(&worth) {
            let is_end = |end| is_closed(page, start + end);
            sieve.walk(bytes, worth, is_end, |place, ends| {
                let Some(pattern) = self.patterns.get(place) else { return };
                if pattern.told {
                    let ends: Ends = ends.map(|end| start + end).collect();
                    if !ends.is_empty() {
                        pattern.judge(page, (start, &ends), (&mut compact, near), sink);
                    }
                } else {
                    pattern.at(page, &mut compact, near, sink);
                }
            });
        }
        near.worth = worth;
    }
}

impl Pattern {
    /// Compiles a pattern, and finds its shapes when it is tried at numbers.
    fn new(pattern: &str, at_numbers: bool) -> Result<Self, Fault> {
        let hir = parse(pattern)?;
        let dfa = automaton(pattern).map_err(Fault::Pattern)?;
        let mut pattern = Self {
            dfa,
            start: None,
            shapes: SmallVec::new(),
            rows: SmallVec::new(),
            opens: false,
            token_bytes_min: 0,
            long: true,
            told: false,
        };
        let may_begin = |byte: u8| {
            pattern.start(None).is_some_and(|start| !pattern.dfa.is_dead_state(pattern.dfa.next_state(start, byte)))
        };
        // The kinds of bytes that a start can depend on.
        let starts = [None, Some(b'\n'), Some(b'\r'), Some(b'a'), Some(b' ')].map(|before| pattern.start(before));
        let [start, ..] = starts;
        let start = start.filter(|_| starts.iter().all(|other| *other == start));
        let opens = (b'!'..=b'~').any(|byte| !byte.is_ascii_alphanumeric() && may_begin(byte));
        let blank = holds_blank(&hir);
        pattern.opens = opens;
        pattern.start = start;
        if at_numbers {
            (pattern.shapes, pattern.told) = told::shapes(&hir, &pattern.dfa, start);
        }
        pattern.long = hir.properties().maximum_len().is_none_or(|longest| longest > AHEAD_BYTES);
        pattern.token_bytes_min = if blank { 0 } else { hir.properties().minimum_len().unwrap_or(0) };
        Ok(pattern)
    }

    /// Runs the pattern at one place, and its rows on what it matches.
    fn at(&self, page: &Page<'_>, compact: &mut Compact, near: &mut Near<'_>, sink: &mut Sink) {
        let start = compact.start;
        if self.token_bytes_min > 0
            && page.right(start, self.token_bytes_min, |byte| byte > b' ') < start + self.token_bytes_min
        {
            return;
        }
        let mut ends = self.ends(page.text.as_bytes(), start);
        if !ends.is_empty() {
            ends.retain(|end| is_closed(page, *end));
            self.judge(page, (start, &ends), (compact, near), sink);
        } else if self.opens {
            let opening = page.left(start, OPENING_BYTES_MAX, |byte| byte.is_ascii_punctuation());
            for start in opening..start {
                let mut ends = self.ends(page.text.as_bytes(), start);
                ends.retain(|end| is_closed(page, *end));
                self.judge(page, (start, &ends), (&mut Compact::at(start), near), sink);
            }
        }
    }

    fn judge(
        &self,
        page: &Page<'_>,
        (start, ends): (usize, &Ends),
        (compact, near): (&mut Compact, &mut Near<'_>),
        sink: &mut Sink,
    ) {
        for row in &self.rows {
            let found = ends.iter().rev().find_map(|&end| {
                let range = start..end;
                let confidence = row.judge(page, (&range, page.text.get(range.clone())?), compact, near)?;
                Some((range, confidence))
            });
            if let Some((range, confidence)) = found {
                sink.push(row.detector, range, confidence);
            }
        }
    }

    fn start(&self, before: Option<u8>) -> Option<StateID> {
        if self.start.is_some() {
            return self.start;
        }
        self.dfa.start_state(&start::Config::new().anchored(Anchored::Yes).look_behind(before)).ok()
    }

    /// Every place where a match from `start` may end, in order.
    fn ends(&self, bytes: &[u8], start: usize) -> Ends {
        let mut ends = SmallVec::new();
        let before = start.checked_sub(1).and_then(|before| bytes.get(before)).copied();
        let Some(mut state) = self.start(before) else { return ends };
        for (offset, &byte) in bytes.get(start..).unwrap_or_default().iter().take(CANDIDATE_BYTES_MAX).enumerate() {
            state = self.dfa.next_state(state, byte);
            if self.dfa.is_special_state(state) {
                // The automaton reports a match one byte late.
                if self.dfa.is_match_state(state) {
                    ends.push(start + offset);
                } else if self.dfa.is_dead_state(state) {
                    return ends;
                }
            }
        }
        state = self.dfa.next_eoi_state(state);
        if self.dfa.is_match_state(state) {
            ends.push(bytes.len().min(start + CANDIDATE_BYTES_MAX));
        }
        ends
    }
}

/// Reads a pattern, which must not match the empty text.
pub(super) fn parse(pattern: &str) -> Result<Hir, Fault> {
    let hir = regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build().parse(pattern);
    let hir = hir.map_err(|error| Fault::Pattern(last_line(&error.to_string())))?;
    if hir.properties().minimum_len().unwrap_or(0) == 0 { Err(Fault::Empty) } else { Ok(hir) }
}

/// Whether a match may hold a blank.
fn holds_blank(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => false,
        HirKind::Literal(literal) => literal.0.iter().any(|&byte| byte <= b' '),
        HirKind::Class(Class::Bytes(class)) => class.iter().any(|range| range.start() <= b' '),
        HirKind::Class(Class::Unicode(class)) => class.iter().any(|range| range.start() <= ' '),
        HirKind::Repetition(repetition) => holds_blank(&repetition.sub),
        HirKind::Capture(capture) => holds_blank(&capture.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().any(holds_blank),
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

/// Whether a value can end here: the word ends, it is not the whole part of a decimal, and neither a row of single digits nor a
/// token with tildes goes on.
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
    // `…LOdNg~yk0`: a token with a tilde in it goes on.
    let tilde = after == b'~' && page.byte(end + 1).is_ascii_alphanumeric();
    !after.is_ascii_alphanumeric() && !decimal && !row && !tilde
}

const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

const fn is_code(byte: u8) -> bool {
    is_word(byte) || matches!(byte, b'+' | b'/' | b'.' | b'~')
}

const fn is_separator(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'.' | b'/' | b'_' | b'-')
}

/// Compiles a pattern into an automaton that starts where it is told to and reports every match.
pub(super) fn automaton(pattern: &str) -> Result<dense::DFA<Vec<u32>>, String> {
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
        .build(pattern)
        .map_err(|error| {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            last_line(&cause.unwrap_or_else(|| error.to_string()))
        })
}

fn last_line(reason: &str) -> String {
    reason.lines().last().unwrap_or_default().to_owned()
}
