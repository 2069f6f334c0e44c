//! What one request takes in a large corpus: `cargo bench --bench leak -- size 1000000`, windows of 48 words (24 new ones each).
//!
//! Nobody wrote the documents: two words in three are drawn as English uses them, the others from some hundreds that a document
//! has for itself, and one in forty is a number. Asked are texts of 45 and of 1000 words: as they stand in a document, with 30 %
//! of the words replaced, and of other people.

use std::time::Instant;

use octroi::leak::cores::Cores;
use octroi::leak::disguised::Texts;
use octroi::leak::space::{About, Content, DocumentId, Question, Space};
use octroi::leak::text::{Keys, Words};

use crate::attacks::Chance;
use crate::texts::Set;

/// Words of a document.
const DOCUMENT_WORDS: usize = 100_000;
/// Words that are a document's own.
const OWN_WORDS: usize = 600;
/// Documents that requests are made of.
const ASKED: usize = 8;
/// Times that each request is asked.
const TIMES: usize = 3;

pub(crate) fn run(windows: usize) {
    let (set, keys, mut chance) = (Set::load(), Keys::new(&[42; 24]), Chance(0x51_2E));
    let english: Vec<&str> = set.carriers.iter().flat_map(|text| text.split_whitespace()).collect();
    let start = Instant::now();
    let mut space = Space::new(keys.clone());
    let mut asked: Vec<String> = Vec::new();
    let mut bytes = 0;
    let mut number = 0_u32;
    while space.rows() < windows {
        let text = document(&english, &mut chance);
        bytes += text.len();
        let mut id = [0; 12];
        id[..4].copy_from_slice(&number.to_le_bytes());
        let (path, class) = (number.to_string(), "trade-secret".to_owned());
        let about = About { id: DocumentId(id), sha256: [0; 32], path, class, registered_ms: 0 };
        space.add(about, &Content::of(&Words::of(&text), &keys)).expect("documents fit");
        if asked.len() < ASKED && number % 3 == 1 {
            asked.push(text);
        }
        number += 1;
    }
    println!(
        "{} windows of {number} documents, {} MB of text, {:.0} s, {} MB of memory",
        space.rows(),
        bytes / 1_000_000,
        start.elapsed().as_secs_f64(),
        resident_kb() / 1000
    );
    for words in [45, 1000] {
        let excerpts: Vec<Vec<&str>> = asked
            .iter()
            .map(|text| text.split_whitespace().skip(chance.below(DOCUMENT_WORDS - words)).take(words).collect())
            .collect();
        let kinds: [(&str, Vec<String>); 3] = [
            ("as they stand in a document", excerpts.iter().map(|words| words.join(" ")).collect()),
            (
                "30 % of words replaced",
                excerpts.iter().map(|words| replaced(words, &english, &mut chance).join(" ")).collect(),
            ),
            ("of other people", foreign(&set, words)),
        ];
        for (kind, texts) in kinds {
            measure(&space, &format!("{words} words, {kind}"), &texts);
        }
    }
}

/// Asks each text some times, on one core and on all; prints the best, the middle and the worst time, and what was found.
fn measure(space: &Space, name: &str, texts: &[String]) {
    let mut alone = Vec::new();
    for (on, cores) in [("one core", Cores::none()), ("all cores", Cores::beside_this())] {
        let (mut times, mut scores) = (Vec::new(), Vec::new());
        for text in texts {
            for time in 0..TIMES {
                let start = Instant::now();
                let words = Texts::of_all([(0, text.as_str())].into_iter());
                let question = Question::new(words.iter(), space.keys(), &|| false).expect("nobody stops");
                let verdict = space.judge_on(&cores, &question, &|| false).expect("the scan ends");
                times.push(1e3 * start.elapsed().as_secs_f64());
                if time == 0 {
                    scores.push(verdict.score);
                }
            }
        }
        times.sort_by(f64::total_cmp);
        println!(
            "{name}, {on}: {:.1} ms at best, {:.1} in the middle, {:.1} at worst; scores {scores:?}",
            times[0],
            times[times.len() / 2],
            times[times.len() - 1]
        );
        if alone.is_empty() {
            alone = scores;
        } else {
            assert_eq!(alone, scores, "scores depend on who computes");
        }
    }
}

fn document(english: &[&str], chance: &mut Chance) -> String {
    let own: Vec<String> = (0..OWN_WORDS).map(|_| invented(chance)).collect();
    let mut text = String::with_capacity(DOCUMENT_WORDS * 7);
    for _ in 0..DOCUMENT_WORDS {
        match chance.below(120) {
            0..3 => text.push_str(&chance.below(100_000).to_string()),
            // Some of its own words it says often.
            3..40 => text.push_str(&own[chance.below(OWN_WORDS).min(chance.below(OWN_WORDS))]),
            _ => text.push_str(english[chance.below(english.len())]),
        }
        text.push(' ');
    }
    text
}

/// A word of two to four syllables.
fn invented(chance: &mut Chance) -> String {
    const SOUNDS: [&str; 24] = [
        "ba", "cor", "den", "fi", "gra", "hul", "jo", "kem", "lin", "mor", "na", "pel", "qui", "rus", "sta", "tor",
        "ul", "ven", "wi", "xo", "yar", "zen", "bri", "cla",
    ];
    (0..2 + chance.below(3)).map(|_| SOUNDS[chance.below(SOUNDS.len())]).collect()
}

fn replaced<'a>(words: &[&'a str], english: &[&'a str], chance: &mut Chance) -> Vec<&'a str> {
    words.iter().map(|word| if chance.below(100) < 30 { english[chance.below(english.len())] } else { *word }).collect()
}

/// Texts that no document was made of: the end of the general ones.
fn foreign(set: &Set, words: usize) -> Vec<String> {
    let all: Vec<&str> = set.field.iter().rev().flat_map(|text| text.split_whitespace()).collect();
    all.chunks(words).filter(|chunk| chunk.len() == words).take(ASKED).map(|chunk| chunk.join(" ")).collect()
}

/// Kilobytes of memory that this process has.
fn resident_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}
