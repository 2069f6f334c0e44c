//! The context words of all patterns in one table, and which of them stand near a place.
//!
//! Hundreds of patterns have words that say what they are (`SIREN`, `ΑΦΜ`, `เลขประจำตัวประชาชน`). The words around a candidate
//! are folded and looked up once, whatever the number of patterns, and remembered for the next candidate: a text is folded at
//! most once, and only where there are candidates. A word counts when it stands shortly before or behind a candidate, in the
//! key that the text stands under, or at the head of the candidate's column.
//!
//! Scripts that set no blanks between words (Thai, Chinese, Japanese, Korean particles) are searched as they stand.
//!
//! Longer than 400 lines: one algorithm, read as one.

use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasherDefault;
use std::ops::Range;

use aho_corasick::AhoCorasick;
use smallvec::SmallVec;

use super::columns::{self, Columns};
use super::fold::{self, Folded};
use super::glance::{self, Bits, Skim, key_of};
use super::lexicon::Mixer;
use super::page::Page;
use super::sieve::Worth;
use super::statements::Heads;

#[cfg(test)]
mod tests;

/// Bytes before a candidate in which a context word counts.
const BEFORE_BYTES: usize = 80;
/// Bytes behind a candidate in which a context word counts.
const AFTER_BYTES: usize = 40;
/// Bytes of a key or column head that are read.
const KEY_BYTES: usize = 128;
/// Bytes before a candidate for which words are remembered.
const KEPT_BYTES: usize = 256;
/// Bytes before what is asked for from which reading begins.
const LEAD_BYTES: usize = 72;
/// Bytes from its start within which a candidate must end for its context to be known before it is read.
pub(super) const AHEAD_BYTES: usize = 64;
/// Bytes before a candidate's first letter or digit in which it may begin.
const OPENING_BYTES: usize = 4;
/// Heads of columns whose words are remembered.
const HEADS_MAX: usize = 64;
/// Bytes of a word of a script without blanks.
const RUN_BYTES_MAX: usize = 96;

/// For each sieve, the patterns that are worth trying.
pub(super) type Worths = SmallVec<[Worth; 1]>;

/// Detectors, one bit for each number.
pub(super) type Detectors = SmallVec<[u64; 16]>;

/// Context words of all patterns.
#[derive(Debug, Default)]
pub(super) struct Contexts {
    words: HashMap<Box<[u8]>, SmallVec<[Phrase; 1]>, BuildHasherDefault<Mixer>>,
    /// First words of phrases, also with the `s` of a plural and in compounds with a word for a number, cut to eight bytes.
    heads: Bits,
    /// Phrases in scripts without blanks, and whose they are.
    runs: Option<AhoCorasick>,
    run_owners: Vec<Owners>,
    /// Words of a set of detectors.
    width: usize,
}

#[derive(Debug)]
struct Phrase {
    /// The folded words that must follow the first.
    rest: Box<[Box<[u8]>]>,
    owners: Owners,
}

/// Whose a phrase is.
#[derive(Debug, Default)]
struct Owners {
    list: SmallVec<[u16; 4]>,
    set: Detectors,
    /// Their patterns, for each sieve.
    worth: Worths,
}

impl Owners {
    fn add(&mut self, owner: u16) {
        self.list.push(owner);
        let word = usize::from(owner) / 64;
        if self.set.len() <= word {
            self.set.resize(word + 1, 0);
        }
        if let Some(word) = self.set.get_mut(word) {
            *word |= 1 << (owner % 64);
        }
    }
}

impl Contexts {
    /// Prepares phrases of any language, each with the number of the detector whose it is.
    pub(super) fn new<'a>(phrases: impl IntoIterator<Item = (u16, &'a str)>) -> Self {
        let phrases: Vec<(u16, &str)> = phrases.into_iter().collect();
        let mut contexts = Self { heads: Bits::new(4 * phrases.len()), ..Self::default() };
        let mut runs: Vec<&str> = Vec::new();
        let mut highest = 0;
        for (owner, phrase) in phrases {
            highest = highest.max(owner);
            if phrase.chars().any(runs_on) {
                let place = runs.iter().position(|known| *known == phrase).unwrap_or(runs.len());
                if place == runs.len() {
                    runs.push(phrase);
                    contexts.run_owners.push(Owners::default());
                }
                if let Some(owners) = contexts.run_owners.get_mut(place) {
                    owners.add(owner);
                }
            } else {
                contexts.add(owner, phrase);
            }
        }
        contexts.runs = AhoCorasick::new(&runs).ok().filter(|_| !runs.is_empty());
        contexts.width = usize::from(highest) / 64 + 1;
        contexts
    }

    /// Notes with every phrase which patterns its owners have.
    pub(super) fn weigh(&mut self, of: impl Fn(&[u16]) -> Worths) {
        let phrases = self.words.values_mut().flatten().map(|phrase| &mut phrase.owners);
        for owners in phrases.chain(&mut self.run_owners) {
            owners.worth = of(&owners.list);
        }
    }

    fn add(&mut self, owner: u16, phrase: &str) {
        let mut words: SmallVec<[Box<[u8]>; 4]> = SmallVec::new();
        let mut at = 0;
        while let Some((range, folded)) = fold::next_piece(phrase, at) {
            at = range.end;
            words.push(folded.as_slice().into());
        }
        // Keys leave out what only joins: `carte_identite`, `numero_tessera_sanitaria`.
        let bare: SmallVec<[Box<[u8]>; 4]> = words.iter().filter(|word| !is_joint(word)).cloned().collect();
        if bare.len() >= 2 && bare.len() < words.len() {
            self.enter(owner, bare);
        }
        self.enter(owner, words);
    }

    fn enter(&mut self, owner: u16, mut words: SmallVec<[Box<[u8]>; 4]>) {
        if words.is_empty() {
            return;
        }
        let first = words.remove(0);
        let rest: Box<[Box<[u8]>]> = words.into_iter().collect();
        self.heads.insert(key_of(&first));
        self.heads.insert(key_of(&[&first, &b"s"[..]].concat()));
        for end in NUMBER_ENDS {
            self.heads.insert(key_of(&[&*first, *end].concat()));
        }
        let phrases = self.words.entry(first).or_default();
        let place = phrases.iter().position(|phrase| phrase.rest == rest).unwrap_or(phrases.len());
        if place == phrases.len() {
            phrases.push(Phrase { rest, owners: Owners::default() });
        }
        if let Some(phrase) = phrases.get_mut(place) {
            phrase.owners.add(owner);
        }
    }

    /// Reports the owners of every phrase that begins with this word.
    fn look_up<'c>(
        &'c self,
        text: &str,
        word: &Range<usize>,
        folded: &Folded,
        mut found: impl FnMut(usize, &'c Owners),
    ) {
        let mut phrases = self.words.get(folded.as_slice());
        if phrases.is_none()
            && let [stem @ .., b's'] = folded.as_slice()
            && stem.len() > 3
        {
            phrases = self.words.get(stem);
        }
        // `AHV-Nummer` is written `ahvnummer` too, a BSN `bsnnr`.
        if phrases.is_none()
            && let Some(stem) = NUMBER_ENDS.iter().find_map(|end| folded.as_slice().strip_suffix(*end))
            && stem.len() >= 3
        {
            phrases = self.words.get(stem);
        }
        for phrase in phrases.into_iter().flatten() {
            let mut end = word.end;
            let follows = phrase.rest.iter().all(|expected| match fold::next_piece(text, end) {
                Some((range, folded)) if folded.as_slice() == &**expected => {
                    end = range.end;
                    true
                }
                _ => false,
            });
            if follows {
                found(end, &phrase.owners);
            }
        }
    }

    /// The owners of all phrases of a short text.
    fn all_of(&self, text: &str) -> Detectors {
        let mut owners = self.nobody();
        let mut at = 0;
        while let Some((word, folded)) = fold::next_piece(text, at) {
            at = word.end;
            self.look_up(text, &word, &folded, |_, found| unite(&mut owners, &found.set));
        }
        for found in self.runs.iter().flat_map(|runs| runs.find_overlapping_iter(text)) {
            if let Some(found) = self.run_owners.get(found.pattern().as_usize()) {
                unite(&mut owners, &found.set);
            }
        }
        owners
    }

    fn nobody(&self) -> Detectors {
        SmallVec::from_elem(0, self.width)
    }
}

/// Whether a folded word only joins others.
fn is_joint(word: &[u8]) -> bool {
    const JOINTS: &[&[u8]] = &[
        b"d", b"l", b"de", b"du", b"des", b"di", b"da", b"do", b"del", b"della", b"dell", b"la", b"of", b"van", b"the",
    ];
    JOINTS.contains(&word)
}

/// Where the pseudonym ends in whose type word a word stands; `None` where it stands in none.
fn pseudonym_around(text: &[u8], word: &Range<usize>) -> Option<usize> {
    let is_type = |byte: &u8| byte.is_ascii_uppercase() || *byte == b'_';
    let head = text.get(..word.start)?;
    let start = word.start - head.iter().rev().take(PSEUDONYM_BYTES_MAX).take_while(|byte| is_type(byte)).count();
    let opens = start.checked_sub(1).and_then(|at| text.get(at)) == Some(&b'<');
    let tail = text.get(start..)?.iter().take(PSEUDONYM_BYTES_MAX);
    let len = tail.take_while(|byte| is_type(byte) || byte.is_ascii_digit()).count();
    let end = start + len;
    let code = text.get(start..end)?.rsplit(|byte| *byte == b'_').next()?;
    (opens && text.get(end) == Some(&b'>') && code.len() == PSEUDONYM_CODE && code.len() < len).then_some(end + 1)
}

/// Bytes between the brackets of a pseudonym, at most.
const PSEUDONYM_BYTES_MAX: usize = 48;
/// Characters of its code in base32.
const PSEUDONYM_CODE: usize = 8;

/// What a compound with a word for a number ends in.
const NUMBER_ENDS: &[&[u8]] = &[b"nummer", b"nr", b"number", b"num", b"numero"];

fn unite(owners: &mut Detectors, more: &Detectors) {
    owners.iter_mut().zip(more).for_each(|(slot, more)| *slot |= more);
}

/// Whether a set holds a detector.
pub(super) fn holds(set: &Detectors, detector: u16) -> bool {
    set.get(usize::from(detector) / 64).is_some_and(|word| word >> (detector % 64) & 1 == 1)
}

/// Whether a character belongs to a script that sets no blank before what belongs to the next word.
const fn runs_on(c: char) -> bool {
    matches!(c, '\u{E00}'..='\u{EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}' | '\u{3040}'..='\u{30FF}'
        | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7AF}')
}

/// Whether a byte is the first of such a character, as UTF-8 has it.
const fn leads_run(byte: u8) -> bool {
    matches!(byte, 0xE0 | 0xE1 | 0xE3..=0xED)
}

/// A phrase of the text and whose it is.
#[derive(Debug)]
struct Seen<'c> {
    range: Range<usize>,
    owners: &'c Owners,
}

/// What stands near the candidates of one page, remembered from one to the next.
#[derive(Debug)]
pub(super) struct Near<'c> {
    contexts: &'c Contexts,
    /// Owners of phrases in the page's key.
    key: Option<Detectors>,
    columns: Columns,
    statements: Heads,
    /// Owners of the phrases of column heads, by where the head begins.
    heads: HashMap<usize, Detectors>,
    /// Phrases of the text from `from` to `done`, in the order of their starts.
    seen: VecDeque<Seen<'c>>,
    from: usize,
    done: usize,
    skim: Skim,
    /// Where the last token began that was tried as a whole.
    pub(super) token: Option<usize>,
    /// The last place that was looked around, what stood there, and whose words.
    place: Option<usize>,
    around: Option<Around>,
    owners: Detectors,
    /// Those of them whose words stand in the key or at the head of a column.
    pub(super) apart: Detectors,
    /// The patterns of those whose words stand around, for each sieve; then all that are worth trying there.
    pub(super) worth: Worths,
}

/// The phrases and column heads around a place, by where they begin.
#[derive(Debug, PartialEq, Eq)]
struct Around {
    heads: [Option<usize>; 2],
    phrases: SmallVec<[usize; 8]>,
}

impl<'c> Near<'c> {
    /// Begins a page.
    pub(super) fn new(contexts: &'c Contexts) -> Self {
        Self {
            contexts,
            key: None,
            columns: Columns::default(),
            statements: Heads::default(),
            heads: HashMap::new(),
            seen: VecDeque::new(),
            from: 0,
            done: 0,
            skim: Skim::default(),
            token: None,
            place: None,
            around: None,
            owners: Detectors::new(),
            apart: Detectors::new(),
            worth: SmallVec::new(),
        }
    }

    /// Whether a word of a detector stands in the key, at the head of the column, or near a range and within so many bytes of it.
    pub(super) fn is_within(
        &mut self,
        page: &Page<'_>,
        range: &Range<usize>,
        (detector, reach_bytes): (u16, usize),
    ) -> bool {
        let window = |reach: usize| {
            let (before, behind) = (reach.min(BEFORE_BYTES), reach.min(AFTER_BYTES));
            range.start.saturating_sub(before)..range.end.saturating_add(behind)
        };
        // As much as can be near is read, whatever is asked: the next candidate finds it.
        let (near, close) = (window(usize::MAX), window(reach_bytes));
        self.read(page.text, near.start, near.end);
        let stands = self.seen.iter().any(|seen| {
            let before = seen.range.start >= close.start && seen.range.end <= range.start;
            let behind = seen.range.start >= range.end && seen.range.start < close.end;
            (before || behind) && holds(&seen.owners.set, detector)
        });
        stands
            || page.key.is_some() && holds(self.keyed(page), detector)
            || self.head(page.text, range.start).is_some_and(|head| holds(head, detector))
    }

    /// Notes the detectors that may have a word near a candidate that begins at an offset and is not longer than
    /// [`AHEAD_BYTES`]: all of which [`Self::is_within`] will say so, and few others. `false` when they are those of the last place.
    pub(super) fn around(&mut self, page: &Page<'_>, start: usize) -> bool {
        self.place = Some(start);
        let (from, to) = (start.saturating_sub(BEFORE_BYTES + OPENING_BYTES), start + AHEAD_BYTES + AFTER_BYTES);
        self.read(page.text, from, to);
        // A candidate's own punctuation may belong to another column.
        let own = self.column(page.text, start).map(|head| head.start);
        let opening = start.saturating_sub(OPENING_BYTES);
        let apart = page.text.as_bytes().get(opening..start).is_some_and(columns::may_part);
        let heads = [own, if apart { self.column(page.text, opening).map(|head| head.start) } else { own }];
        let within = |seen: &&Seen<'_>| seen.range.start >= from && seen.range.start < to;
        let phrases = self.seen.iter().filter(within).map(|seen| seen.range.start);
        let around = Around { heads, phrases: phrases.collect() };
        if self.around.as_ref() == Some(&around) {
            return false;
        }
        self.around = Some(around);
        let mut apart = self.keyed(page).clone();
        for start in [start, opening] {
            if let Some(head) = self.head(page.text, start) {
                unite(&mut apart, head);
            }
        }
        self.owners.clone_from(&apart);
        self.apart = apart;
        for slot in &mut self.worth {
            *slot = Worth::default();
        }
        for seen in self.seen.iter().filter(within) {
            unite(&mut self.owners, &seen.owners.set);
            if self.worth.len() < seen.owners.worth.len() {
                self.worth.resize(seen.owners.worth.len(), Worth::default());
            }
            self.worth.iter_mut().zip(&seen.owners.worth).for_each(|(slot, more)| slot.unite(more));
        }
        true
    }

    /// Forgets where it looked around.
    #[cfg(test)]
    pub(super) fn forget_place(&mut self) {
        self.place = None;
    }

    /// Whether no word of a detector stands near a candidate, as far as [`Self::around`] has looked at its place: if it has not,
    /// nobody knows.
    pub(super) fn is_far(&self, range: &Range<usize>, detector: u16) -> bool {
        self.place == Some(range.start) && range.len() <= AHEAD_BYTES && !holds(&self.owners, detector)
    }

    /// The owners of phrases in the page's key.
    fn keyed(&mut self, page: &Page<'_>) -> &Detectors {
        let contexts = self.contexts;
        let of_key = || page.key.map_or_else(|| contexts.nobody(), |key| contexts.all_of(cut(key)));
        self.key.get_or_insert_with(of_key)
    }

    /// The head of the column in which an offset lies, of a table or of a statement.
    fn column(&mut self, text: &str, at: usize) -> Option<Range<usize>> {
        self.columns.head(text, at).or_else(|| self.statements.head(text, at))
    }

    /// The owners of phrases in the head of the column in which an offset lies.
    fn head(&mut self, text: &str, at: usize) -> Option<&Detectors> {
        let head = self.column(text, at)?;
        if self.heads.len() >= HEADS_MAX && !self.heads.contains_key(&head.start) {
            self.heads.clear();
        }
        let contexts = self.contexts;
        Some(self.heads.entry(head.start).or_insert_with(|| contexts.all_of(cut(text.get(head).unwrap_or_default()))))
    }

    /// Makes sure that the phrases that begin between two offsets are known.
    fn read(&mut self, text: &str, from: usize, to: usize) {
        if from < self.from || from > self.done {
            self.seen.clear();
            // The next candidate may begin before this one, with the letters that stand apart from the digits.
            self.from = from.saturating_sub(LEAD_BYTES);
            self.done = word_start(text, self.from);
        }
        while self.seen.front().is_some_and(|seen| seen.range.start + KEPT_BYTES < from) {
            self.seen.pop_front();
            self.from = self.from.max(from.saturating_sub(KEPT_BYTES));
        }
        let began = self.done;
        let contexts = self.contexts;
        while self.done < to {
            self.done = self.skim.skip(text.as_bytes(), self.done, to, |key| contexts.heads.holds(key));
            if self.done >= to {
                break;
            }
            let Some(seen) = glance::next(text.as_bytes(), self.done, text.len()) else {
                self.done = text.len();
                break;
            };
            if !seen.odd && !contexts.heads.holds(seen.key) {
                self.done = seen.end;
                continue;
            }
            let Some((word, folded)) = fold::next_piece(text, self.done) else {
                self.done = text.len();
                break;
            };
            self.done = word.end;
            // `<ACCOUNT_K7Q2M9F3>` stands for a value that is gone: its word says nothing of the number beside it.
            if let Some(end) = pseudonym_around(text.as_bytes(), &word) {
                self.done = end;
                continue;
            }
            let seen = &mut self.seen;
            contexts
                .look_up(text, &word, &folded, |end, owners| seen.push_back(Seen { range: word.start..end, owners }));
        }
        self.read_runs(text, began);
    }

    /// Notes phrases in scripts without blanks that end between an offset and where words are known to.
    fn read_runs(&mut self, text: &str, began: usize) {
        let Some(runs) = &self.contexts.runs else { return };
        let Some(fresh) = text.as_bytes().get(began..self.done).filter(|fresh| fresh.iter().any(|&byte| byte >= 0xE0))
        else {
            return;
        };
        let from = text.floor_char_boundary(
            (began + fresh.len()).saturating_sub(fresh.len() + RUN_BYTES_MAX).max(self.from.min(began)),
        );
        let stretch = text.get(from..self.done).unwrap_or_default();
        if !stretch.bytes().any(leads_run) {
            return;
        }
        for found in runs.find_overlapping_iter(stretch) {
            let range = from + found.start()..from + found.end();
            if range.end > began
                && let Some(owners) = self.contexts.run_owners.get(found.pattern().as_usize())
            {
                self.seen.push_back(Seen { range, owners });
            }
        }
    }
}

/// Where the first word begins that begins at or after an offset.
fn word_start(text: &str, from: usize) -> usize {
    let from = text.ceil_char_boundary(from);
    let before = text.get(..from).and_then(|head| head.chars().next_back());
    if before.is_none_or(|c| !fold::is_word(c)) {
        return from;
    }
    let rest = text.get(from..).unwrap_or_default();
    from + rest.find(|c: char| !fold::is_word(c)).unwrap_or(rest.len())
}

fn cut(key: &str) -> &str {
    key.get(..key.floor_char_boundary(KEY_BYTES)).unwrap_or_default()
}
