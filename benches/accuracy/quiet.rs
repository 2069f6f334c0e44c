//! Texts without personal data: code and documents of the dependencies, and logs; what is found there is false.
//!
//! The same stretches of the same packages as the trainer's counter-examples, each read by the model of a fold that did not
//! train on its package. Lines that name authors are left out. Of the people whom others name, those that were looked up by hand are
//! no fault and are counted by themselves.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use octroi::detect::Engine;
use octroi::model::Catalogue;

use super::{Eye, packages};

/// Tokens, and findings by type.
type Count = (usize, BTreeMap<String, usize>);

/// Types that are no fault where they are found: an address of a page in a document is one, a date is one; organisations are
/// reported on request only.
const RIGHT: &[&str] = &["url", "domain", "date", "organisation", PERSON];

/// Names in these texts that are somebody's, read by hand: authors, those whom algorithms are called after, people of examples.
#[rustfmt::skip]
const PEOPLE: &[&str] = &[
    "Alice", "Amber Sprenkels", "Angela Ashton", "Barry O'Rourke", "Bernstein", "Bob", "Brandon W Maister", "Brian", "Chase", "Clinger",
    "Cohen", "D. J. Bernstein", "Daniel Lemire", "Daniel Reiter Horn", "Daniel_Bleichenbacher", "Daniel J. Bernstein", "Diane Hosfelt",
    "Evgeniy Reizner", "Friedrich Nietzsche", "Félix Saparelli", "Gil Tene", "Henry", "Jake", "Jean-Paul Sartre", "Jeffrey Walton",
    "Johannes Schneiders", "John Doe", "John Keiser", "Josh Triplett", "Julien Schmidt", "Larry", "Lev", "Marsaglia, George",
    "Michael Kubacki", "Nardelli", "Nikolai Vazquez", "Paul Williams", "Richard Wiedenhöft", "Simon Sapin", "Skip Hovsmith", "Spencer",
    "Stefan Nilsson", "Tim Maclean", "Victor Zverovich",
];
/// What a name that was looked up is counted as.
const PERSON: &str = "person, rightly";

/// Bytes that are read of one package and kind of file.
const BYTES: usize = 12_000;
/// Folders of a package that are read.
const PARTS: &[&str] = &["", "src", "docs", "benches", "tests", "examples"];

/// Counts false findings for each thousand tokens.
pub(crate) fn run(root: &Path, folds: &[Engine], catalogue: &Catalogue, show: Option<&str>) -> String {
    let shipped = super::engine(catalogue);
    let mut counts: BTreeMap<&str, Count> = BTreeMap::new();
    for (name, folder) in &packages::packages(root).expect("the packages of the lock file") {
        let engine = folds.get(packages::fold(name, super::FOLDS)).unwrap_or(&shipped);
        for (kind, extension) in
            [("documents", "md"), ("code", "rs"), ("data", "toml"), ("data", "json"), ("data", "yml")]
        {
            let text = gather(folder, extension);
            add(counts.entry(kind).or_default(), kind, &text, &Eye { engine, catalogue, show });
        }
    }
    for (seed, engine) in folds.iter().chain([&shipped]).enumerate() {
        add(counts.entry("logs").or_default(), "logs", &log(seed), &Eye { engine, catalogue, show });
    }
    let mut out = String::from(
        "\n## Texts without personal data\n\n| kind | tokens | false | per 1,000 tokens | by type |\n|---|---|---|---|---|\n",
    );
    for (kind, (tokens, types)) in &counts {
        let all: usize = types.iter().filter(|(kind, _)| !RIGHT.contains(&kind.as_str())).map(|(_, count)| count).sum();
        let list: Vec<String> = types.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
        _ = writeln!(
            out,
            "| {kind} | {tokens} | {all} | {:.2} | {} |",
            1000.0 * super::score::ratio(all, *tokens),
            list.join(", ")
        );
    }
    out.push_str("\nURLs, domains and dates are what they are taken for, organisations are reported on request only: none is counted, and nobody who was read by hand.\n");
    out
}

fn add((tokens, types): &mut Count, kind: &str, text: &str, eye: &Eye<'_>) {
    *tokens += text.split_ascii_whitespace().count();
    for found in eye.found(text) {
        let own = text.get(found.range.clone()).unwrap_or_default();
        if found.kind == "person" && PEOPLE.contains(&own) {
            *types.entry(PERSON.to_owned()).or_default() += 1;
            continue;
        }
        if eye.shows(&found.kind) {
            let from = text.floor_char_boundary(found.range.start.saturating_sub(40));
            let to = text.ceil_char_boundary((found.range.end + 30).min(text.len()));
            println!("false {kind} {} {} {:?}", found.kind, found.confidence, text.get(from..to).unwrap_or_default());
            println!("      [[{own}]]");
        }
        *types.entry(found.kind).or_default() += 1;
    }
}

fn gather(folder: &Path, extension: &str) -> String {
    let mut text = String::new();
    for path in packages::files(folder, PARTS, extension) {
        if text.len() > BYTES {
            break;
        }
        let Ok(own) = std::fs::read_to_string(&path) else { continue };
        for line in own.lines().filter(|line| packages::names_nobody(line)) {
            text.push_str(line);
            text.push('\n');
        }
    }
    text.truncate(text.floor_char_boundary(BYTES));
    text
}

/// Lines as servers write them: times, levels, ids, versions, traces.
fn log(seed: usize) -> String {
    let mut text = String::new();
    for index in 0..400_usize {
        let number = index.wrapping_mul(2_654_435_761).wrapping_add(seed * 97);
        let (hour, minute, second) = (index / 60 % 24, index % 60, number % 60);
        let head = format!("2026-11-{:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", 1 + index % 28, number % 1000);
        let line = match index % 8 {
            0 => format!(
                "{head} INFO  server::router Request completed method=POST path=/v1/chat/completions status=200 latency_ms={}",
                number % 900
            ),
            1 => format!("{head} WARN  pool::worker Queue depth {} above threshold, shedding load", number % 5000),
            2 => format!("{head} ERROR db::replica Connection reset by peer (os error 104); retry {} of 5", number % 5),
            3 => format!(
                "[{head}] kernel: CPU{} Package temperature above threshold, cpu clock throttled (total events = {})",
                number % 64,
                number % 100_000
            ),
            4 => format!("{head} DEBUG cache Evicted entry key={:016x} size={} reason=Expired", number, number % 65536),
            5 => format!("    at com.example.service.OrderController.handle(OrderController.java:{})", number % 900),
            6 => format!(
                "{head} INFO  deploy Rolled out image registry/app:{}.{}.{} to production, region eu-1",
                number % 9,
                number % 30,
                number % 100
            ),
            _ => format!(
                "{head} TRACE span{{trace_id={:032x} span_id={:016x}}} Sampler Decision=RecordAndSample",
                number * 31,
                number
            ),
        };
        text.push_str(&line);
        text.push('\n');
    }
    text
}
