//! SIGKILL at random moments of a registration: started again it goes on, and at the end nothing is missing, nothing is there twice,
//! and every answer is that of a registration that nobody killed.
//!
//! `OCTROI_KILLS` sets how often (20 in the short tests, 200 in `scripts/test --long`).

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Documents of a registration.
const DOCUMENTS: usize = 40;

/// A small generator of chance (xorshift).
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end.max(1)
    }
}

/// A text of words that nobody wrote, all of its own.
fn document(number: usize, version: usize, words: u64) -> String {
    let mut chance = Chance(0x9E37_79B9 + u64::try_from(1000 * number + version).unwrap());
    let letters: Vec<char> = ('a'..='z').collect();
    let letter = |chance: &mut Chance| letters[usize::try_from(chance.below(26)).unwrap()];
    let mut word = || -> String { (0..3 + chance.below(7)).map(|_| letter(&mut chance)).collect() };
    (0..words).map(|_| word()).collect::<Vec<_>>().join(" ")
}

fn write_documents(folder: &Path, version: impl Fn(usize) -> usize) {
    let below = folder.join("documents");
    std::fs::create_dir_all(&below).unwrap();
    for number in 0..DOCUMENTS {
        let words = 200 + 97 * u64::try_from(number % 11).unwrap() + if number == 7 { 20_000 } else { 0 };
        std::fs::write(below.join(format!("{number:02}.txt")), document(number, version(number), words)).unwrap();
    }
}

fn start(folder: &Path, arguments: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_octroi"));
    command.arg("corpus").args(arguments).current_dir(folder).env_remove("OCTROI_CONFIG");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// What a command printed that ended well.
fn told(folder: &Path, arguments: &[&str]) -> String {
    let output = start(folder, arguments).wait_with_output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Starts a command again and again and kills it at some moment of the time that it takes, then lets it end. `between` is run
/// after every kill.
fn killed(
    folder: &Path,
    arguments: &[&str],
    (kills, within): (u64, Duration),
    chance: &mut Chance,
    mut between: impl FnMut(),
) -> u64 {
    let mut cut = 0;
    for _ in 0..kills {
        let mut child = start(folder, arguments);
        let end = Instant::now() + Duration::from_micros(chance.below(u64::try_from(within.as_micros()).unwrap()));
        while Instant::now() < end && child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        child.kill().unwrap();
        cut += u64::from(!child.wait().unwrap().success());
        between();
    }
    told(folder, arguments);
    cut
}

/// Every registered document: what is said of it but for the day, by its path.
fn listed(folder: &Path) -> BTreeMap<String, (String, u64)> {
    let lines = told(folder, &["list", "--json"]);
    let documents: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut by_path = BTreeMap::new();
    for document in documents {
        let known = (document["id"].as_str().unwrap().to_owned(), document["words"].as_u64().unwrap());
        let before = by_path.insert(document["path"].as_str().unwrap().to_owned(), known);
        assert!(before.is_none(), "registered twice: {document}");
    }
    by_path
}

/// What the corpus says of passages of every document.
fn answers(folder: &Path, version: impl Fn(usize) -> usize) -> String {
    let ask = |number: usize| {
        let text = document(number, version(number), 200);
        let words: Vec<&str> = text.split(' ').skip(100).take(40).collect();
        serde_json::json!({"id": number, "text": words.join(" ")}).to_string()
    };
    std::fs::write(folder.join("asked.jsonl"), (0..DOCUMENTS).map(ask).collect::<Vec<_>>().join("\n")).unwrap();
    told(folder, &["scan", "--jsonl", "asked.jsonl"])
}

fn counted(folder: &Path) -> serde_json::Value {
    let mut counted: serde_json::Value = serde_json::from_str(told(folder, &["stats", "--json"]).trim()).unwrap();
    // How often it changed on the way here is each one's own.
    counted.as_object_mut().unwrap().remove("epoch");
    counted
}

#[test]
fn a_registration_that_is_killed_goes_on_and_loses_nothing() {
    let kills: u64 = std::env::var("OCTROI_KILLS").map_or(20, |count| count.parse().unwrap()) / 2;
    let seed = u64::from(std::process::id()) | 1;
    eprintln!("seed {seed}");
    let mut chance = Chance(seed);
    let (whole, broken) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (whole, broken) = (whole.path(), broken.path());
    let first = |_: usize| 0;
    for folder in [whole, broken] {
        write_documents(folder, first);
    }
    let began = Instant::now();
    told(whole, &["add", "documents"]);
    // The folder and its key may be cut as well: the first runs make them.
    let within = began.elapsed();
    let cut = killed(broken, &["add", "documents"], (kills, within), &mut chance, || {});
    // Both under one key, so that their ids can be compared.
    std::fs::remove_dir_all(whole.join("corpus")).unwrap();
    std::fs::create_dir(whole.join("corpus")).unwrap();
    std::fs::copy(broken.join("corpus/corpus.key"), whole.join("corpus/corpus.key")).unwrap();
    told(whole, &["add", "documents"]);
    assert_eq!(listed(broken), listed(whole));
    assert_eq!(listed(broken).len(), DOCUMENTS);
    assert_eq!(counted(broken), counted(whole), "no rows but those of the documents");
    assert_eq!(answers(broken, first), answers(whole, first));

    // Half of them change: whenever it is killed, each is guarded in its old words or in its new ones.
    let second = |number: usize| number % 2;
    for folder in [whole, broken] {
        write_documents(folder, second);
    }
    told(whole, &["add", "documents"]);
    let cut = cut
        + killed(broken, &["add", "documents"], (kills, within), &mut chance, || {
            assert_eq!(listed(broken).len(), DOCUMENTS, "one is lost");
        });
    assert_eq!(listed(broken), listed(whole));
    assert_eq!(counted(broken), counted(whole));
    assert_eq!(answers(broken, second), answers(whole, second));

    // What was replaced is taken out of the files: that may be killed too.
    let before = answers(whole, second);
    let cut = cut
        + killed(broken, &["compact"], (kills / 2, within), &mut chance, || {
            assert_eq!(listed(broken).len(), DOCUMENTS, "one is lost");
        });
    told(whole, &["compact"]);
    assert_eq!(listed(broken), listed(whole));
    assert_eq!(counted(broken), counted(whole));
    assert_eq!((answers(broken, second), answers(whole, second)), (before.clone(), before));
    let segments = walkdir::WalkDir::new(broken.join("corpus")).into_iter().filter_map(Result::ok);
    let segments = segments.filter(|entry| entry.path().extension().is_some_and(|end| end == "segment")).count();
    assert_eq!(segments, 1, "what a kill left of other generations is gone");
    assert!(cut > 0, "no run was cut");
    eprintln!("{cut} runs of {} were cut", 2 * kills + kills / 2);
}
