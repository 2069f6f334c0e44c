//! Names that a call has confirmed, found wherever else they stand in it.
//!
//! A rule sees `Mme Durand` once; the other forty times she is only `Durand`. Whole names are found in either order and any
//! case, also as names of accounts (`jean.dupont`, `JeanDupont`, `jdupont`), parts of them capitalised, and a surname that is no
//! other word in small letters too. An e-mail address suggests a name too: `jean.dupont@…` makes `Jean Dupont` one.

use std::collections::{BTreeSet, HashSet};
use std::ops::Range;

use super::{Cue, stops};
use crate::detect::lexicon::{Lexicon, Meaning};
use crate::detect::names::lexicon::{FORENAME, FREQUENT, SMALL, SURNAME as SURNAME_FLAG};
use crate::detect::page::{Page, Report};
use crate::detect::scan;
use crate::detect::{fold, named};

/// Names of one call that are looked for elsewhere. Beyond it the scan is partial.
pub(in crate::detect) const NAMES_MAX: usize = 4_096;

/// Confidence from which a name of one word is looked for elsewhere.
const ALONE_MIN: u8 = 85;
/// Phrases of a name: whole in two orders, as two names of an account, and its words.
const PHRASES_MAX: usize = 5;
/// Letters of a surname that is found in small letters, and of one that an initial stands before.
const SURNAME_CHARS_MIN: usize = 4;
/// Letters of a given name and a surname without a blank between them.
const ACCOUNT_CHARS_MIN: usize = 8;

/// Gathers what to look for.
#[derive(Default)]
pub(in crate::detect) struct Known {
    phrases: BTreeSet<(String, u8)>,
    /// Names and addresses as they stood, so that a name repeated a thousand times is taken apart once.
    seen: HashSet<Box<str>>,
    /// Set when a name had to be left out.
    pub(in crate::detect) full: bool,
}

impl std::fmt::Debug for Known {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Known({} phrases)", self.phrases.len())
    }
}

impl Known {
    /// Notes a name that was found so surely. A word alone says less than two: it must be surer to be found elsewhere.
    pub(in crate::detect) fn name(&mut self, name: &str, confidence: u8) {
        if self.was_seen(name) {
            return;
        }
        let words: Vec<&str> = name.split([' ', '\u{A0}', '.']).filter(|word| word.chars().count() > 1).collect();
        let capital = |word: &&&str| word.starts_with(char::is_uppercase);
        let capitalised: Vec<&str> = words.iter().filter(capital).copied().collect();
        if words.len() > 1 {
            self.add(&words.join(" "), WHOLE);
            let turned: Vec<&str> =
                words.last().into_iter().chain(words.iter().take(words.len() - 1)).copied().collect();
            self.add(&turned.join(" "), WHOLE);
        }
        let surname = surname(&words);
        if let (Some(surname), [given, _]) = (surname, words.as_slice()) {
            self.account(given, surname);
        }
        if words.len() < 2 && confidence < ALONE_MIN {
            return;
        }
        for word in capitalised {
            let common = fold::next_word(word, 0)
                .is_none_or(|(_, folded)| stops().contains(folded.as_slice()) || named::is_common(&folded));
            if word.chars().count() > 2 && !common {
                self.add(word, if surname == Some(word) { SURNAME } else { PART });
            }
        }
    }

    /// Notes the name that an e-mail address suggests.
    pub(in crate::detect) fn address(&mut self, address: &str) {
        if self.was_seen(address) {
            return;
        }
        let local = address.split('@').next().unwrap_or_default();
        let parts: Vec<&str> = local.split(['.', '_', '-', '+']).collect();
        let [first, last] = parts.as_slice() else { return };
        let person = |part: &&str| {
            let letters = part.chars().count() > 1 && part.chars().all(char::is_alphabetic);
            letters && fold::next_word(part, 0).is_some_and(|(_, folded)| !stops().contains(folded.as_slice()))
        };
        if person(first) && person(last) {
            self.add(&format!("{first} {last}"), SUGGESTED);
            self.add(&format!("{last} {first}"), SUGGESTED);
        }
    }

    /// Notes what somebody's account is called: `JeanDupont`, `jdupont`. A word that means something else is none.
    fn account(&mut self, given: &str, surname: &str) {
        let initial: String = given.chars().take(1).collect();
        for head in [given, initial.as_str()] {
            let account = format!("{head}{surname}").to_lowercase();
            let unknown = fold::next_word(&account, 0)
                .is_some_and(|(range, folded)| range.len() == account.len() && named::flags(folded.as_slice()) == 0);
            let long = account.chars().count() >= if head == given { ACCOUNT_CHARS_MIN } else { SURNAME_CHARS_MIN + 2 };
            if unknown && long {
                self.add(&account, WHOLE);
            }
        }
    }

    fn was_seen(&mut self, value: &str) -> bool {
        if self.seen.contains(value) {
            return true;
        }
        if self.seen.len() < NAMES_MAX {
            self.seen.insert(value.into());
        }
        false
    }

    fn add(&mut self, phrase: &str, kind: u8) {
        if self.phrases.len() >= PHRASES_MAX * NAMES_MAX {
            self.full = true;
            return;
        }
        // In small letters, so that the lexicon matches any case; case is judged where the phrase stands.
        self.phrases.insert((phrase.to_lowercase(), kind));
    }

    /// Phrases gathered so far.
    pub(in crate::detect) fn len(&self) -> usize {
        self.phrases.len()
    }

    /// Prepares the search; `None` when there is nothing to look for.
    pub(in crate::detect) fn search(&self) -> Option<Search> {
        if self.phrases.is_empty() {
            return None;
        }
        let phrases = self.phrases.iter().map(|(phrase, kind)| {
            let cue = match *kind {
                WHOLE => Cue::Whole,
                PART => Cue::Part,
                SURNAME => Cue::Surname,
                _ => Cue::Suggested,
            };
            (phrase.as_str(), Meaning::Cue(cue))
        });
        Some(Search { lexicon: Lexicon::of_few(phrases) })
    }
}

const WHOLE: u8 = 0;
const PART: u8 = 1;
const SUGGESTED: u8 = 2;
const SURNAME: u8 = 3;

/// The surname of a whole name, if it is no other word: behind a word that is somebody's given name and nothing else.
fn surname<'n>(words: &[&'n str]) -> Option<&'n str> {
    let (first, last) = (words.first()?, words.last().filter(|_| words.len() > 1)?);
    // `DUPONT Jean`
    let shouts = |word: &str| !word.contains(char::is_lowercase);
    let (given, surname) = if shouts(first) && !shouts(last) { (last, first) } else { (first, last) };
    let flags = |word: &str| fold::next_word(word, 0).map_or(SMALL, |(_, folded)| named::flags(folded.as_slice()));
    let (given, own) = (flags(given), flags(surname));
    let called = given & FORENAME != 0 && given & SMALL == 0;
    let ordinary = own & SMALL != 0 || own & (FREQUENT | SURNAME_FLAG) == FREQUENT;
    (called && !ordinary && surname.chars().count() >= SURNAME_CHARS_MIN && surname.chars().all(char::is_alphabetic))
        .then_some(*surname)
}

/// Finds known names.
#[derive(Debug)]
pub(in crate::detect) struct Search {
    lexicon: Lexicon,
}

impl Search {
    /// Reports every known name of a text.
    pub(in crate::detect) fn find(&self, page: &Page<'_>, report: &mut Report<'_>) {
        scan::words(page.text, &self.lexicon, |range, meaning| {
            let confidence = match meaning {
                Meaning::Cue(Cue::Whole) => 90,
                Meaning::Cue(Cue::Suggested) if capitalised(page.text, &range) => 90,
                Meaning::Cue(Cue::Part | Cue::Surname)
                    if capitalised(page.text, &range) && named::stands_alone(page, &range) =>
                {
                    // A capital at the start of a sentence proves nothing.
                    if opens_sentence(page.text, range.start) { 60 } else { 82 }
                }
                Meaning::Cue(Cue::Surname) if named::stands_alone(page, &range) => 70,
                _ => return,
            };
            report.push(range, confidence);
        });
    }
}

/// Whether every word of the range begins with a capital.
fn capitalised(text: &str, range: &Range<usize>) -> bool {
    let words = text.get(range.clone()).unwrap_or_default();
    words.split([' ', '-']).all(|word| word.starts_with(char::is_uppercase))
}

fn opens_sentence(text: &str, at: usize) -> bool {
    let head = text.get(..at).unwrap_or_default().trim_end_matches([' ', '"', '«', '(', '*']);
    head.is_empty() || head.ends_with(['.', '!', '?', '\n', ':'])
}
