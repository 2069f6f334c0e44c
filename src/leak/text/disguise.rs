//! What a text says when it is read another way: encoded, shifted, backwards, letter by letter.
//!
//! Each reading is tried only where the text asks for it: a run that decodes to text, or a stretch with hardly a common word that
//! has many when it is read so. A text is judged stretch by stretch, so that a disguised passage counts whatever stands around
//! it. A reading may be a disguise itself: it is read again, to a depth of three.

use std::ops::Range;

use memchr::memmem;

use super::common::Weights;
use super::lexeme::lexemes;
use super::{Word, Words, apart};
use crate::detect::{encoded_runs, wrapped_runs};

/// Bytes of a text that are judged together: some twenty words.
const STRETCH_BYTES: usize = 128;
/// Words below which nothing can be said of a stretch.
const WORDS_MIN: usize = 8;
/// Weight below which a word is a common one.
const COMMON: u8 = 64;
/// Of a thousand words, how many are common ones in any text of a language that we know.
const FAMILIAR: usize = 150;
/// What the tag characters' UTF-8 begins with.
const TAG_HEAD: &[u8] = b"\xF3\xA0";
/// Bytes of all readings of one text.
const READINGS_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Disguises within disguises.
const DEPTH_MAX: usize = 3;

/// The other readings of a text whose words are known, each a text of its own with its words.
pub fn readings(text: &str, words: &Words) -> Vec<(String, Words)> {
    let mut found = Found { readings: Vec::new(), bytes: 0 };
    found.read(text, words, 1);
    found.readings
}

struct Found {
    readings: Vec<(String, Words)>,
    bytes: usize,
}

impl Found {
    fn read(&mut self, text: &str, words: &Words, depth: usize) {
        let (mut decoded, mut whole) = (Vec::new(), Vec::<Range<usize>>::new());
        wrapped_runs(text, |lines, run| {
            whole.push(lines);
            decoded.push(run.to_owned());
        });
        // What is no part of a whole stands alone, whatever the next line is.
        let mut whole = whole.into_iter().peekable();
        encoded_runs(text, |range, run| {
            while whole.next_if(|lines| lines.end <= range.start).is_some() {}
            if whole.peek().is_none_or(|lines| lines.start > range.start) {
                decoded.push(run.to_owned());
            }
        });
        for stretch in apart::bytes(text) {
            encoded_runs(&stretch, |_, run| decoded.push(run.to_owned()));
        }
        decoded.append(&mut apart::words(text));
        decoded.extend(tagged(text).filter(|tagged| decoded.last() != Some(tagged)));
        for reading in decoded {
            self.keep(reading, depth);
        }
        let stretches = Stretches::of(words, text);
        for run in stretches.runs(|stretch| stretch.words >= WORDS_MIN && stretch.is_strange()) {
            let [core, whole] = [&run.core, &run.whole].map(|range| text.get(range.clone()).unwrap_or_default());
            let plain = familiar(core);
            for read in [shifted, backwards] {
                if familiar(&read(core)).says_more_than(&plain) {
                    self.keep(read(whole), depth);
                }
            }
        }
        let apart = |stretch: &Stretch| stretch.letters * 2 > stretch.words && stretch.words >= 2 * WORDS_MIN;
        for run in stretches.runs(apart) {
            self.keep(joined(text.get(run.whole).unwrap_or_default()), depth);
        }
    }

    fn keep(&mut self, reading: String, depth: usize) {
        self.bytes += reading.len();
        if self.bytes > READINGS_BYTES_MAX {
            return;
        }
        let words = Words::of(&reading);
        if depth < DEPTH_MAX {
            self.read(&reading, &words, depth + 1);
        }
        self.readings.push((reading, words));
    }
}

/// What the tag characters of a text say, wherever they stand between others: nobody sees them, and models read them.
fn tagged(text: &str) -> Option<String> {
    memmem::find(text.as_bytes(), TAG_HEAD)?;
    let mut out = String::new();
    // How many characters stood between the last tag and this one.
    let (mut gap, mut run) = (0_usize, 0_usize);
    for c in text.chars() {
        let Some(tag) =
            (c as u32).checked_sub(0xE_0000).and_then(char::from_u32).filter(|tag| matches!(tag, ' '..='~'))
        else {
            gap += 1;
            continue;
        };
        if gap > 0 {
            // Of several that stood together a text was made; one by one they are letters of one word.
            if run > 1 {
                out.push(' ');
            }
            run = 0;
        }
        (gap, run) = (0, run + 1);
        out.push(tag);
    }
    (out.len() >= WORDS_MIN).then_some(out)
}

/// How a stretch of a text reads.
#[derive(Debug, Clone, Default)]
struct Stretch {
    words: usize,
    common: usize,
    /// Of more than two bytes, and those among them that are common.
    long: usize,
    long_common: usize,
    /// Words of one letter.
    letters: usize,
    /// Where its first word begins, in bytes.
    start: usize,
}

impl Stretch {
    fn count(&mut self, word: &Word, text: &str) {
        let length = word.end.saturating_sub(word.start) as usize;
        let first = text.get(word.start as usize..).and_then(|rest| rest.chars().next());
        let (is_letter, is_common) = (first.is_none_or(|c| c.len_utf8() == length), word.weight < COMMON);
        self.words += 1;
        self.letters += usize::from(is_letter);
        self.common += usize::from(!is_letter && is_common);
        self.long += usize::from(length > 2);
        self.long_common += usize::from(length > 2 && is_common);
    }

    /// Of a thousand words how many are common ones: of all, and of those of more than two bytes. Words of two letters are
    /// common in some language backwards too; other languages have hardly a longer one that is common.
    fn per_mille(&self) -> [usize; 2] {
        [1000 * self.common / self.words.max(1), 1000 * self.long_common / self.long.max(1)]
    }

    /// Whether it may be no language.
    fn is_strange(&self) -> bool {
        self.per_mille().into_iter().any(|share| share < FAMILIAR)
    }

    /// Whether it reads as a language where another reading of it does not.
    fn says_more_than(&self, plain: &Self) -> bool {
        let mut shares = self.per_mille().into_iter().zip(plain.per_mille());
        shares.any(|(says, plain)| says >= FAMILIAR && says > 2 * plain + 50)
    }
}

/// A text in stretches, in order.
struct Stretches {
    all: Vec<Stretch>,
    end: usize,
}

impl Stretches {
    fn of(words: &Words, text: &str) -> Self {
        let end = text.len();
        let mut all: Vec<Stretch> = Vec::with_capacity(end / STRETCH_BYTES + 1);
        for word in &words.prose {
            let start = word.start as usize;
            if all.last().is_none_or(|last| start >= last.start + STRETCH_BYTES) {
                all.push(Stretch { start, ..Stretch::default() });
            }
            if let Some(last) = all.last_mut() {
                last.count(word, text);
            }
        }
        Self { all, end }
    }

    /// Neighbouring stretches that ask for a reading.
    fn runs(&self, asks: impl Fn(&Stretch) -> bool) -> Vec<Run> {
        let mut runs: Vec<Range<usize>> = Vec::new();
        for (at, _) in self.all.iter().enumerate().filter(|(_, stretch)| asks(stretch)) {
            match runs.last_mut().filter(|run| run.end == at) {
                Some(run) => run.end = at + 1,
                None => runs.push(at..at + 1),
            }
        }
        let start = |at: usize| self.all.get(at).map_or(self.end, |stretch| stretch.start);
        let bytes = |from: usize, to: usize| start(from)..start(to);
        let run = |run: Range<usize>| Run {
            core: bytes(run.start, run.end),
            whole: bytes(run.start.saturating_sub(1), run.end + 1),
        };
        runs.into_iter().map(run).collect()
    }
}

/// Where stretches ask for a reading, in bytes.
struct Run {
    /// They alone.
    core: Range<usize>,
    /// With one more on both sides: a disguise ends somewhere within a stretch.
    whole: Range<usize>,
}

/// How a text reads.
fn familiar(text: &str) -> Stretch {
    let mut seen = Stretch::default();
    let weights = Weights::new();
    lexemes(text, |lexeme| seen.count(&lexeme.weighed(weights), text));
    seen
}

/// ROT13.
fn shifted(text: &str) -> String {
    text.chars().map(shift).collect()
}

fn backwards(text: &str) -> String {
    text.chars().rev().collect()
}

fn shift(c: char) -> char {
    let turn = |first: u8| char::from(first + (c as u8 - first + 13) % 26);
    match c {
        'a'..='z' => turn(b'a'),
        'A'..='Z' => turn(b'A'),
        other => other,
    }
}

/// A text that was written letter by letter: one separator is dropped, more of them part words.
fn joined(text: &str) -> String {
    let mut out = String::with_capacity(text.len() / 2);
    let mut gap = 0;
    let mut single = true;
    for c in text.chars() {
        if c.is_alphanumeric() {
            if gap > 1 || !single {
                out.push(' ');
            }
            out.push(c);
            (gap, single) = (0, true);
        } else {
            gap += 1;
            single = gap == 1 && matches!(c, ' ' | '-' | '.' | '_' | '*');
        }
    }
    out
}
