//! What the stages take on one core: the best of many short runs.

use std::hint::black_box;
use std::time::Instant;

use octroi::leak::prints::{PROSE, Prints};
use octroi::leak::scan::{CpuScan, Live, Queries, Rows, Scan as _};
use octroi::leak::sketch::{self, DIMENSION, Term};
use octroi::leak::space::Content;
use octroi::leak::text::{Keys, Words};

use crate::attacks::Chance;
use crate::texts::Set;

/// Characters of a text that is timed.
const TEXT_CHARACTERS: usize = 300_000;
/// Runs of each.
const RUNS: usize = 100;

/// The shortest of several runs, in seconds.
fn best(runs: usize, mut work: impl FnMut()) -> f64 {
    (0..runs)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed().as_secs_f64()
        })
        .fold(f64::INFINITY, f64::min)
}

pub(crate) fn run() {
    let set = Set::load();
    let keys = Keys::new(&[42; 24]);
    // Short enough that a machine which does other things as well leaves some runs alone: the best one counts.
    let cut = |text: String| -> String { text.chars().take(TEXT_CHARACTERS).collect() };
    let text = cut(set.general.iter().step_by(40).cloned().collect::<Vec<_>>().join("\n"));
    let english: Vec<&str> = set.english().map(|(number, _)| set.documents[number].as_str()).collect();
    let english = cut(english.join("\n").repeat(40));
    let rate = |bytes: usize, seconds: f64| bytes as f64 / seconds / 1e6;
    for (name, text) in [("English", &english), ("eight languages", &text)] {
        let words = Words::of(text);
        let tokens: Vec<u32> = words.prose.iter().map(|word| keys.token(word.hash)).collect();
        let mut prints = Prints::new(PROSE);
        for document in &set.documents {
            prints.add(&Words::of(document).prose.iter().map(|word| keys.token(word.hash)).collect::<Vec<_>>());
        }
        let read = best(RUNS, || drop(black_box(Words::of(black_box(text)))));
        let keyed =
            best(RUNS, || drop(black_box(words.prose.iter().map(|word| keys.token(word.hash)).collect::<Vec<_>>())));
        let looked_up = best(RUNS, || drop(black_box(prints.runs(black_box(&tokens), |_| None))));
        println!(
            "{name}: words {:.0} MB/s, tokens {:.0} MB/s, fingerprints of tokens {:.0} MB/s, their sum {:.0} MB/s",
            rate(text.len(), read),
            rate(text.len(), keyed),
            rate(text.len(), looked_up),
            rate(text.len(), read + keyed + looked_up)
        );
        let whole = best(RUNS, || {
            let words = Words::of(black_box(text));
            let tokens: Vec<u32> = words.prose.iter().map(|word| keys.token(word.hash)).collect();
            drop(black_box(prints.runs(&tokens, |_| None)));
        });
        println!("{name}: from text to fingerprints {:.0} MB/s", rate(text.len(), whole));
        let registered = best(RUNS / 4, || drop(black_box(Content::of(&Words::of(black_box(text)), &keys))));
        println!("{name}: registration without the disk {:.1} MB/s", rate(text.len(), registered));
    }
    let terms: Vec<Term> = Words::of(&english)
        .prose
        .iter()
        .take(1000)
        .map(|word| Term { token: keys.token(word.hash), weight: word.weight })
        .collect();
    let seconds = best(10 * RUNS, || {
        sketch::rows(black_box(&terms), 7, |row| {
            black_box(row);
        });
    });
    println!("sketch of {} words: {:.0} us", terms.len(), 1e6 * seconds);
    scans();
}

/// Every row above a threshold, for one query and for sixteen.
pub(crate) fn scans() {
    let mut chance = Chance(7);
    let mut vector = || -> Vec<i8> { (0..DIMENSION).map(|_| i8::try_from(chance.next() % 51).unwrap() - 25).collect() };
    for count in [100_000, 1_000_000] {
        let mut rows = Rows::new(DIMENSION).unwrap();
        (0..count).for_each(|_| {
            rows.push(&vector(), 0).unwrap();
        });
        let live = Live::new(count, true);
        for asked in [1, 16] {
            let mut queries = Queries::new(DIMENSION).unwrap();
            (0..asked).for_each(|_| queries.push(&vector(), sketch::UNIT / 4).unwrap());
            let scan = CpuScan::new(&rows);
            let seconds = best(RUNS / 2, || drop(black_box(scan.pass(&queries, &live, 4096).unwrap())));
            println!("scan of {count} rows with {asked} queries: {:.2} ms", 1e3 * seconds);
        }
    }
}
