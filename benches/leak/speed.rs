//! What the stages take on one core, in processor time of this thread.

use std::hint::black_box;
use std::time::Instant;

use octroi::leak::prints::{PROSE, Prints};
use octroi::leak::scan::{CpuScan, Live, Queries, Rows, Scan as _};
use octroi::leak::sketch::{self, DIMENSION, Term};
use octroi::leak::space::Content;
use octroi::leak::text::{Keys, Words};

use crate::attacks::Chance;
use crate::texts::Set;

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
    let text = set.general.join("\n");
    let english = set.documents[..set.invented.len()].join("\n").repeat(40);
    let rate = |bytes: usize, seconds: f64| bytes as f64 / seconds / 1e6;
    for (name, text) in [("English", &english), ("eight languages", &text)] {
        let words = Words::of(text);
        let tokens: Vec<u32> = words.prose.iter().map(|word| keys.token(word.hash)).collect();
        let mut prints = Prints::new(PROSE);
        for document in &set.documents {
            prints.add(&Words::of(document).prose.iter().map(|word| keys.token(word.hash)).collect::<Vec<_>>());
        }
        let read = best(9, || drop(black_box(Words::of(black_box(text)))));
        let keyed =
            best(9, || drop(black_box(words.prose.iter().map(|word| keys.token(word.hash)).collect::<Vec<_>>())));
        let looked_up = best(9, || drop(black_box(prints.runs(black_box(&tokens), |_| None))));
        println!(
            "{name}: words {:.0} MB/s, tokens {:.0} MB/s, fingerprints of tokens {:.0} MB/s, all three {:.0} MB/s",
            rate(text.len(), read),
            rate(text.len(), keyed),
            rate(text.len(), looked_up),
            rate(text.len(), read + keyed + looked_up)
        );
        let registered = best(5, || drop(black_box(Content::of(&Words::of(black_box(text)), &keys))));
        println!("{name}: registration without the disk {:.1} MB/s", rate(text.len(), registered));
    }
    let terms: Vec<Term> = Words::of(&english)
        .prose
        .iter()
        .take(1000)
        .map(|word| Term { token: keys.token(word.hash), weight: word.weight })
        .collect();
    let seconds = best(50, || {
        sketch::rows(black_box(&terms), 7, |row| {
            black_box(row);
        });
    });
    println!("sketch of {} words: {:.0} us", terms.len(), 1e6 * seconds);
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
            let seconds = best(9, || drop(black_box(scan.pass(&queries, &live, 4096).unwrap())));
            println!("scan of {count} rows with {asked} queries: {:.2} ms", 1e3 * seconds);
        }
    }
}
