//! The mutation simulator: a token as parts, each tolerated change of a part, every pair of changes, and near misses.
//!
//! Each change says what it does to what surrounds the value, so that the expected text is computed, not copied.

use super::super::vault::Pseudonym;
use super::*;

const VALUE: &str = "Zoé Ünal";

/// A token as a model writes it, with `around` for what must stay around the value.
#[derive(Debug, Clone)]
struct Written {
    opening: String,
    word: String,
    separator: String,
    code: String,
    closing: String,
    /// What must stand before and behind the value.
    around: (String, String),
}

/// A change: its name, the parts it owns (two changes of one part are no pair), and itself.
type Change = (&'static str, &'static [Part], fn(&mut Written));

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Brackets,
    Word,
    Separator,
    Code,
    Case,
    Before,
    Behind,
}

fn exact() -> Written {
    let part = str::to_owned;
    Written {
        opening: part("<"),
        word: part("PERSON"),
        separator: part("_"),
        code: part("K7Q2M9F3"),
        closing: part(">"),
        around: (String::new(), String::new()),
    }
}

impl Written {
    fn brackets(&mut self, opening: &str, closing: &str) {
        (self.opening, self.closing) = (opening.to_owned(), closing.to_owned());
    }

    fn text(&self) -> String {
        [&self.opening, &self.word, &self.separator, &self.code, &self.closing].map(String::as_str).concat()
    }
}

const TOLERATED: &[Change] = &[
    ("no brackets", &[Part::Brackets], |w| w.brackets("", "")),
    ("square", &[Part::Brackets], |w| w.brackets("[", "]")),
    ("guillemets", &[Part::Brackets], |w| w.brackets("«", "»")),
    ("escaped", &[Part::Brackets], |w| w.brackets("\\<", "\\>")),
    ("entities", &[Part::Brackets], |w| w.brackets("&lt;", "&gt;")),
    ("json escapes", &[Part::Brackets], |w| w.brackets("\\u003c", "\\u003E")),
    ("mixed spelling", &[Part::Brackets], |w| w.brackets("\\<", "&gt;")),
    ("opening only", &[Part::Brackets, Part::Behind], |w| {
        w.brackets("<", "");
        w.around.0.insert(0, '<');
    }),
    ("closing only", &[Part::Brackets, Part::Before], |w| {
        w.brackets("", ">");
        w.around.1.push('>');
    }),
    ("lower-case word", &[Part::Word, Part::Case], |w| w.word = w.word.to_lowercase()),
    ("capitalised word", &[Part::Word, Part::Case], |w| w.word = "Person".to_owned()),
    ("French word", &[Part::Word], |w| w.word = "PERSONNE".to_owned()),
    ("Dutch word", &[Part::Word], |w| w.word = "persoon".to_owned()),
    ("blank", &[Part::Separator], |w| w.separator = " ".to_owned()),
    ("no-break blank", &[Part::Separator], |w| w.separator = "\u{a0}".to_owned()),
    ("hyphen", &[Part::Separator], |w| w.separator = "-".to_owned()),
    ("escaped underscore", &[Part::Separator], |w| w.separator = "\\_".to_owned()),
    ("two underscores", &[Part::Separator], |w| w.separator = "__".to_owned()),
    ("emphasis of the code", &[Part::Separator], |w| {
        w.separator = "_**".to_owned();
        w.around.0.push_str("**");
    }),
    ("emphasis of the word", &[Part::Separator], |w| {
        w.separator = "*_".to_owned();
        w.around.1.insert(0, '*');
    }),
    ("lower-case code", &[Part::Code, Part::Case], |w| w.code = w.code.to_lowercase()),
    ("wrong first", &[Part::Code], |w| w.code.replace_range(0..1, "X")),
    ("wrong middle", &[Part::Code], |w| w.code.replace_range(3..4, "Z")),
    ("wrong last", &[Part::Code], |w| w.code.replace_range(7..8, "B")),
    ("wrong, outside the alphabet", &[Part::Code], |w| w.code.replace_range(7..8, "L")),
];

/// Changes after which nothing may be restored, whatever else is changed.
const NEAR_MISSES: &[Change] = &[
    ("two wrong", &[Part::Code], |w| w.code.replace_range(2..4, "XX")),
    ("swapped", &[Part::Code], |w| w.code = "7KQ2M9F3".to_owned()),
    ("one missing", &[Part::Code], |w| w.code.truncate(7)),
    ("one more", &[Part::Code], |w| w.code.push('9')),
    ("split", &[Part::Code], |w| w.code.insert(4, '_')),
    ("no code", &[Part::Code], |w| w.code.clear()),
    ("another type", &[Part::Word], |w| w.word = "EMAIL".to_owned()),
    ("no type", &[Part::Word], |w| w.word = "THING".to_owned()),
    ("misspelt type", &[Part::Word], |w| w.word = "PERSIN".to_owned()),
    ("no separator", &[Part::Separator], |w| w.separator.clear()),
    ("a colon", &[Part::Separator], |w| w.separator = ":".to_owned()),
    ("a new line", &[Part::Separator], |w| w.separator = "\n".to_owned()),
    ("far apart", &[Part::Separator], |w| w.separator = "_______".to_owned()),
];

const CONTEXTS: &[(&str, &str)] =
    &[("", ""), ("Dear ", ", hello"), ("l'", "'s"), ("(", ")"), ("é. ", "\n"), ("是", "吗")];

fn vault() -> Vault {
    Vault::new([
        Pseudonym { word: "PERSON", code: *b"K7Q2M9F3", value: VALUE },
        Pseudonym { word: "PERSON", code: *b"00000000", value: "another" },
        Pseudonym { word: "EMAIL", code: *b"ZZZZZZZZ", value: "a@example.com" },
    ])
}

/// Both ways of restoring, which must agree.
fn restore(vault: &Arc<Vault>, text: &str) -> Restored {
    let whole = Restorer::new(vault).restore_whole(text, Landing::Text);
    let mut stream = StreamRestore::new(Arc::clone(vault), Landing::Text);
    let mut streamed: String = text.chars().map(|char| stream.push(char.encode_utf8(&mut [0; 4]))).collect();
    streamed.push_str(&stream.finish());
    assert_eq!((&streamed, stream.counts()), (&whole.text, whole.counts), "{text}");
    whole
}

fn pairs(one: &'static [Change], other: &'static [Change]) -> impl Iterator<Item = (String, Written)> {
    one.iter().flat_map(move |(name, parts, change)| {
        let apart = other.iter().filter(move |(_, others, _)| !parts.iter().any(|part| others.contains(part)));
        apart.map(move |(second, _, also)| {
            let mut written = exact();
            change(&mut written);
            also(&mut written);
            (format!("{name} + {second}"), written)
        })
    })
}

fn singles(changes: &'static [Change]) -> impl Iterator<Item = (String, Written)> {
    changes.iter().map(|(name, _, change)| {
        let mut written = exact();
        change(&mut written);
        ((*name).to_owned(), written)
    })
}

#[test]
fn every_tolerated_change_and_every_pair_is_restored() {
    let vault = Arc::new(vault());
    let mut tried = 0;
    for (name, written) in singles(TOLERATED).chain(pairs(TOLERATED, TOLERATED)) {
        for (before, behind) in CONTEXTS {
            let restored = restore(&vault, &format!("{before}{}{behind}", written.text()));
            let (left, right) = &written.around;
            assert_eq!(restored.text, format!("{before}{left}{VALUE}{right}{behind}"), "{name}: {}", written.text());
            assert_eq!(restored.counts, Counts { restored: 1, foreign: 0, withheld: 0 }, "{name}");
            tried += 1;
        }
    }
    assert!(tried > 1_000, "{tried}");
}

#[test]
fn no_near_miss_is_restored() {
    let vault = Arc::new(vault());
    for (name, written) in
        singles(NEAR_MISSES).chain(pairs(NEAR_MISSES, TOLERATED)).chain(pairs(NEAR_MISSES, NEAR_MISSES))
    {
        for (before, behind) in CONTEXTS {
            let text = format!("{before}{}{behind}", written.text());
            let restored = restore(&vault, &text);
            assert_eq!(restored.text, text, "{name}");
            assert_eq!(restored.counts.restored, 0, "{name}");
        }
    }
}
