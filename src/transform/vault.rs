//! The vault: which pseudonym stands for which value, for one request and one backend.
//!
//! It lives in memory, is wiped when dropped, is never written anywhere, and shows nothing of itself: no `Display`, no
//! serialisation, a `Debug` that prints a count. It also answers the questions of the grammar: which words may begin a token,
//! and which value a code stands for, if it surely stands for one.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use zeroize::Zeroizing;

use super::code::{Code, distance, is_symbol};
use super::grammar::{self, Find, Source, Start};
use super::moves::Moves;
use super::unit::Landing;
use super::words::translations;
use crate::limits::RESTORED_BYTES_MAX;
use crate::model::Word;

/// The map from pseudonym to value.
pub struct Vault {
    entries: Vec<Entry>,
    /// Indices of `entries`, sorted by code.
    by_code: Vec<u32>,
    /// For each quarter of a code: its two characters and the entry, sorted. Two codes that differ in at most two places
    /// share two quarters, so a near code is found without looking at all of them.
    by_quarter: [Vec<(Quarter, u32)>; 4],
    /// Type words that are live, as written in tokens.
    words: Vec<Box<str>>,
    /// Spellings of the live type words, sorted.
    forms: Vec<Form>,
    starts: Box<[Start; 256]>,
    /// Where the places of a document of the request, as it was sent, are in the document as it came.
    documents: Vec<(u32, Moves)>,
    /// Names of the request, of tools and of sources, as they were sent, and as they came.
    names: HashMap<String, Zeroizing<String>>,
    /// Hosts, with a port where one was named, into whose addresses values may be put.
    hosts: Arc<[Word]>,
    /// Bytes that values may still take in the answer.
    room: AtomicUsize,
    held_bytes: usize,
}

/// One pseudonym.
struct Entry {
    word: u16,
    code: Code,
    value: Zeroizing<String>,
}

/// What [`Vault::new`] takes for one pseudonym.
pub(super) struct Pseudonym<'a> {
    /// The type word.
    pub(super) word: &'a str,
    /// Its code; no two are equal.
    pub(super) code: Code,
    /// What it stands for.
    pub(super) value: &'a str,
}

/// A spelling of a live type word.
#[derive(Debug)]
pub(super) struct Form {
    /// Lower case.
    pub(super) letters: Box<[char]>,
    /// Index of the word.
    pub(super) word: u16,
}

type Quarter = [u8; 2];

/// Bytes of an entry beside its value: itself, and its places in the indices.
const ENTRY_BYTES: usize = size_of::<Entry>() + size_of::<u32>() + 4 * size_of::<(Quarter, u32)>();

/// Vaults with more entries than this take every unfinished code for a possible one while they wait for its end.
const PREFIX_SCAN_MAX: usize = 1_024;

/// Characters of a token that tell a piece of it from words and signs.
const PIECE_CHARS: usize = 3;

impl Vault {
    /// Makes a vault. Words must be speakable ([`super::words::can_name`]) and codes distinct.
    pub(super) fn new<'a>(pseudonyms: impl IntoIterator<Item = Pseudonym<'a>>) -> Self {
        let mut words: Vec<Box<str>> = Vec::new();
        let mut entries = Vec::new();
        for Pseudonym { word, code, value } in pseudonyms {
            let known = words.iter().position(|listed| **listed == *word).unwrap_or_else(|| {
                words.push(Box::from(word));
                words.len().saturating_sub(1)
            });
            let word = u16::try_from(known).unwrap_or(u16::MAX);
            entries.push(Entry { word, code, value: Zeroizing::new(value.to_owned()) });
        }
        let forms = forms(&words);
        let starts = grammar::starts(&forms);
        let (by_code, by_quarter) = index(&entries);
        let held_bytes = entries.iter().map(|entry: &Entry| entry.value.len() + ENTRY_BYTES).sum();
        let room = AtomicUsize::new(RESTORED_BYTES_MAX);
        let (documents, names, hosts) = (Vec::new(), HashMap::new(), Arc::from([]));
        Self { entries, by_code, by_quarter, words, forms, starts, documents, names, hosts, room, held_bytes }
    }

    /// A vault in which nothing is live.
    pub fn empty() -> Self {
        Self::new([])
    }

    /// Names the hosts, each as a URL may spell it and with its port where it has one, into whose addresses values may be put.
    pub fn name_hosts(&mut self, hosts: Arc<[Word]>) {
        self.hosts = hosts;
    }

    /// Whether values may be put into the addresses of this host and port.
    pub(super) fn names_host(&self, authority: &str) -> bool {
        self.hosts.iter().any(|host| host.as_str().eq_ignore_ascii_case(authority))
    }

    /// Notes how the places of a document of the request moved.
    pub(super) fn note_document(&mut self, number: u32, moves: Moves) {
        self.documents.push((number, moves));
    }

    /// Notes a name of the request that is sent as another.
    pub(super) fn note_name(&mut self, sent: String, came: &str) {
        self.held_bytes += sent.len() + came.len();
        self.names.insert(sent, Zeroizing::new(came.to_owned()));
    }

    /// The name of the request that was sent as this one. Only the very name is: a model that writes it otherwise calls something
    /// else.
    pub fn name(&self, sent: &str) -> Option<&str> {
        self.names.get(sent).map(|came| came.as_str())
    }

    /// Whether a longer name of the request was sent that begins like this.
    pub fn begins_name(&self, said: &str) -> bool {
        !said.is_empty() && self.names.keys().any(|sent| sent.len() > said.len() && sent.starts_with(said))
    }

    /// What moved in a document of the request, by its number: from what was sent to what came. `None` where nothing did.
    pub fn document(&self, number: u32) -> Option<&Moves> {
        self.documents.iter().find(|(known, _)| *known == number).map(|(_, moves)| moves)
    }

    /// Whether nothing is live and nothing moved: an answer is passed on as it is.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.documents.is_empty()
    }

    /// Number of pseudonyms.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Bytes that the values and their indices take, about.
    pub fn held_bytes(&self) -> usize {
        self.held_bytes
    }

    /// Whether a further value may be put into the answer: a token is short, what it stands for may be megabytes, and a model
    /// can repeat it without end.
    pub(super) fn has_room(&self) -> bool {
        self.room.load(Ordering::Relaxed) > 0
    }

    /// Takes what a value has taken in the answer from what is left.
    pub(super) fn spend(&self, bytes: usize) {
        // An answer is restored by one task at a time: nothing is lost between the two.
        self.room.store(self.room.load(Ordering::Relaxed).saturating_sub(bytes), Ordering::Relaxed);
    }

    /// The value of an entry.
    pub(super) fn value(&self, entry: u32) -> &str {
        self.entries.get(entry as usize).map_or("", |entry| entry.value.as_str())
    }

    /// The bare token of an entry, such as `PERSON_K7Q2M9F3`.
    pub(super) fn token(&self, entry: u32) -> String {
        let Some(entry) = self.entries.get(entry as usize) else { return String::new() };
        let word = self.words.get(usize::from(entry.word)).map_or("", |word| word);
        format!("{word}_{}", String::from_utf8_lossy(&entry.code))
    }

    /// What each byte may begin.
    pub(super) fn starts(&self) -> &[Start; 256] {
        &self.starts
    }

    /// The spellings of live type words, sorted.
    pub(super) fn forms(&self) -> &[Form] {
        &self.forms
    }

    /// Whether a text holds a live token or what can only be a piece of one: three characters of its code, or its beginning.
    pub fn has_piece_in(&self, text: &str) -> bool {
        let source = Source { text, from: 0, before: None, landing: Landing::Text, last: false };
        let begins = |at: usize| {
            let begun = text.get(at..).unwrap_or_default();
            let letters = begun.chars().filter(char::is_ascii_uppercase).count();
            letters >= PIECE_CHARS && !begun.contains(|char: char| char.is_lowercase())
        };
        let is_begun = match self.find(source) {
            Find::Token(_) => true,
            Find::Hold(at) => begins(at),
            Find::Nothing => false,
        };
        is_begun || text.as_bytes().windows(PIECE_CHARS).any(|piece| self.is_of_code(piece))
    }

    /// Whether characters are some of a live code.
    fn is_of_code(&self, piece: &[u8]) -> bool {
        let is_in = |entry: &Entry| entry.code.windows(piece.len()).any(|window| window == piece);
        piece.iter().all(|byte| is_symbol(*byte))
            && (self.entries.len() > PREFIX_SCAN_MAX || self.entries.iter().any(is_in))
    }

    /// The entry that a code stands for under a type word: the very code, or the only one that differs in one place when
    /// every other differs in three or more.
    pub(super) fn resolve(&self, word: u16, code: Code) -> Option<u32> {
        let entry = self.exact(code).or_else(|| self.near(code))?;
        self.entries.get(entry as usize).filter(|found| found.word == word).map(|_| entry)
    }

    /// Whether any live token could stand in a text that spells its characters as themselves, for a tenth of what reading it
    /// by the grammar costs. A code begins where a run of letters and digits begins, whatever stands before it.
    pub(super) fn may_stand_in(&self, text: &str) -> bool {
        let mut runs = text.as_bytes().split(|byte| !byte.is_ascii_alphanumeric());
        runs.any(|run| {
            run.first_chunk::<8>().is_some_and(|code| {
                let code = code.map(|byte| byte.to_ascii_uppercase());
                self.exact(code).or_else(|| self.near(code)).is_some()
            })
        })
    }

    /// Whether more characters could make this the code of a live pseudonym of the word, one wrong character allowed.
    pub(super) fn may_become(&self, word: u16, prefix: &[u8]) -> bool {
        let near = |code: &Code| prefix.iter().zip(code).filter(|(a, b)| a != b).count() <= 1;
        self.entries.len() > PREFIX_SCAN_MAX || self.entries.iter().any(|entry| entry.word == word && near(&entry.code))
    }

    fn code(&self, entry: u32) -> Code {
        self.entries.get(entry as usize).map_or([0; 8], |entry| entry.code)
    }

    fn exact(&self, code: Code) -> Option<u32> {
        let index = self.by_code.binary_search_by_key(&code, |entry| self.code(*entry)).ok()?;
        self.by_code.get(index).copied()
    }

    fn near(&self, code: Code) -> Option<u32> {
        let mut found = None;
        for (index, quarter) in self.by_quarter.iter().zip(quarters(code)) {
            let start = index.partition_point(|(listed, _)| *listed < quarter);
            for (_, entry) in index.iter().skip(start).take_while(|(listed, _)| *listed == quarter) {
                match distance(self.code(*entry), code) {
                    0 | 1 if found.is_none_or(|found| found == *entry) => found = Some(*entry),
                    0..=2 => return None,
                    _ => {}
                }
            }
        }
        found
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Vault({} pseudonyms)", self.entries.len())
    }
}

impl Default for Vault {
    fn default() -> Self {
        Self::empty()
    }
}

/// Each word in its own spelling and in those of its translations.
fn forms(words: &[Box<str>]) -> Vec<Form> {
    let mut forms = Vec::new();
    for (word, index) in words.iter().zip(0_u16..) {
        let own = word.to_ascii_lowercase();
        for spelling in std::iter::once(own.as_str()).chain(translations(word).iter().copied()) {
            forms.push(Form { letters: spelling.chars().collect(), word: index });
        }
    }
    forms.sort_by(|a, b| (&a.letters, a.word).cmp(&(&b.letters, b.word)));
    forms
}

fn index(entries: &[Entry]) -> (Vec<u32>, [Vec<(Quarter, u32)>; 4]) {
    let mut by_code: Vec<(Code, u32)> = entries.iter().map(|entry| entry.code).zip(0_u32..).collect();
    by_code.sort_unstable();
    let mut by_quarter: [Vec<(Quarter, u32)>; 4] = Default::default();
    for (code, entry) in &by_code {
        for (list, quarter) in by_quarter.iter_mut().zip(quarters(*code)) {
            list.push((quarter, *entry));
        }
    }
    for list in &mut by_quarter {
        list.sort_unstable();
    }
    (by_code.into_iter().map(|(_, entry)| entry).collect(), by_quarter)
}

fn quarters(code: Code) -> [Quarter; 4] {
    let mut quarters = [Quarter::default(); 4];
    quarters.as_flattened_mut().copy_from_slice(&code);
    quarters
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault(codes: &[&[u8; 8]]) -> Vault {
        Vault::new(codes.iter().map(|code| Pseudonym { word: "PERSON", code: **code, value: "Erika" }))
    }

    #[test]
    fn resolves_the_code_and_one_wrong_character_when_no_other_is_near() {
        let far = vault(&[b"K7Q2M9F3", b"00000000"]);
        let crowded = vault(&[b"K7Q2M9F3", b"K7Q2M9ZZ"]);
        let rows: [(&str, &Vault, &[u8; 8], Option<u32>); 7] = [
            ("exact", &far, b"K7Q2M9F3", Some(0)),
            ("one wrong", &far, b"K7Q2M9F8", Some(0)),
            ("one wrong, not of the alphabet", &far, b"K7Q2M9FL", Some(0)),
            ("two wrong", &far, b"K7Q2M9X8", None),
            ("exact beside a near one", &crowded, b"K7Q2M9F3", Some(0)),
            ("one wrong, another at two", &crowded, b"K7Q2M9F8", None),
            ("one wrong, the other at three", &crowded, b"07Q2M9F3", Some(0)),
        ];
        for (name, vault, code, expected) in rows {
            assert_eq!(vault.resolve(0, *code), expected, "{name}");
        }
        assert_eq!(far.resolve(1, *b"K7Q2M9F3"), None, "another word");
    }

    #[test]
    fn knows_pieces_of_what_is_live() {
        let vault = vault(&[b"K7Q2M9F3"]);
        let pieces =
            ["<PERSON_K7Q2M9F3>", " PERSON_K7", "<PERSON", "<PER", "person_k7q2m9f3 ", "ON_K7Q", "7Q2M", "9F3>"];
        for piece in pieces {
            assert!(vault.has_piece_in(piece), "{piece}");
        }
        for other in ["<", "<b>", " person", "Person", " P", "K7", "7Q", "2026", "HELLO", "<IBAN", "", "é", " the"] {
            assert!(!vault.has_piece_in(other), "{other}");
        }
    }

    #[test]
    fn says_nothing_of_what_it_holds() {
        assert_eq!(format!("{:?}", vault(&[b"K7Q2M9F3"])), "Vault(1 pseudonyms)");
    }
}
