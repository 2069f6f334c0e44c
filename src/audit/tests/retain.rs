//! Retention of sealed content: it goes with the decisions of its requests, and keys with the last that they protect.

use std::collections::BTreeSet;

use aws_lc_rs::hmac;
use octroi_verify::problem::ProblemKind;

use super::prune::{at, minutes};
use super::*;
use crate::audit::prune::{PruneError, Removed, prune};
use crate::audit::seal::custodian::Secret;
use crate::audit::seal::reveal::{RevealError, reveal};
use crate::audit::seal::{Content, Part, Sealer, Subject, Which};
use crate::model::entry::Sealed;

const TENANT: Word = Word::fixed("groupe-exemple");

fn sealer(folder: &Path, secrets: &[Secret]) -> Sealer {
    let mac = hmac::Key::new(hmac::HMAC_SHA256, b"a key of the root");
    Sealer::new(folder, secrets.iter().map(|secret| secret.public().unwrap()).collect(), mac)
}

fn seal(sealer: &Sealer, (subject, month): (&'static str, &str), request: RequestId, part: Part<'_>) -> Sealed {
    let subject = &Subject::Actor(Word::fixed(subject));
    sealer.seal(&Content { tenant: &TENANT, subject, month, request, part }).unwrap()
}

fn sent() -> Part<'static> {
    Part::Attempt { number: 1, received: "what came", sent: "what was sent" }
}

/// The requests of which there is content in a month.
fn content(folder: &Path, month: &str) -> BTreeSet<String> {
    let names = std::fs::read_dir(folder.join("sealed/groupe-exemple").join(month).join("content"));
    let names = names.into_iter().flatten().map(|name| name.unwrap().file_name().into_string().unwrap());
    names.map(|name| name.split('.').next().unwrap().to_owned()).collect()
}

/// The requests of which the log holds a decision, each with what it says was sealed.
fn decided(folder: &Path) -> Vec<(RequestId, serde_json::Value)> {
    let page = naive::query(folder, &crate::audit::query::Filter::default(), 10_000, None).unwrap();
    let decisions = page.records.iter().flat_map(|record| record.of_kind("decision").cloned().collect::<Vec<_>>());
    decisions
        .map(|body| (RequestId::parse(body["request"].as_str().unwrap()).unwrap(), body["sending"].clone()))
        .collect()
}

#[test]
fn what_was_sealed_goes_with_the_decisions() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let secrets: Vec<_> = (0..2).map(|number| Secret::new(&format!("person-{number}")).unwrap()).collect();
    let (sealer, log) = (sealer(path, &secrets), SegmentLog::open(minutes(path)).unwrap());
    // The first ones are alone in their month; later ones share their month and their keys with those that stay.
    for number in 0..80 {
        let whose =
            if number < 4 { ("FIRST", "2026-09") } else { (if number % 2 == 0 { "EVEN" } else { "ODD" }, "2026-10") };
        let mut decision = decision_of(number);
        decision.sending.as_mut().unwrap().sealed = Some(seal(&sealer, whose, id(number), sent()));
        let slot = log.reserve().unwrap();
        let key = decision.sending.as_ref().unwrap().sealed.as_ref().unwrap().key.clone();
        append(&log, Entry::Decision(Box::new(decision))).unwrap();
        let answered = seal(&sealer, whose, id(number), Part::Answer { body: b"an answer", cut: false, key: &key });
        let Entry::Outcome(mut outcome) = outcome(number) else { unreachable!() };
        outcome.sealed = Some(answered);
        slot.submit(Entry::Outcome(outcome));
    }
    log.stop();
    // What a crash left: sealed, and never decided on; half written. And what may still be under way.
    seal(&sealer, ("LOST", "2026-10"), id(900), sent());
    let old = path.join("sealed/groupe-exemple/2026-10");
    std::fs::write(old.join(format!("content/{}.1.new", id(901))), "half").unwrap();
    let now = u128::try_from(at(60 * 100).as_millisecond()).unwrap() << 80;
    let young = RequestId(now.to_be_bytes());
    seal(&sealer, ("YOUNG", "2026-11"), young, sent());
    let before = content(path, "2026-10").len();

    // And what an erasure left that was killed behind its entry.
    let cut_off = path.join("sealed/groupe-exemple/2026-09");
    for (name, aside) in [("keys", "keys.01a22c6c-8139-712b-9a68-31291ca6be89.erasing"), ("month", "month.erasing")] {
        std::fs::rename(cut_off.join(name), cut_off.join(aside)).unwrap();
    }

    // A batch has one time, and how many entries are in one no test knows: what is old is told by the log.
    let page = naive::query(path, &crate::audit::query::Filter::default(), 10_000, None).unwrap();
    let cut: jiff::Timestamp = page.records[page.records.len() / 2].time.parse().unwrap();
    let pruned = prune(path, cut, at(60 * 300)).unwrap();
    let first = pruned.left[0].1;
    let left = decided(path);
    assert!(first > 20 && left.len() > 10 && left.len() < 76, "{first}, {}", left.len());
    let expected: BTreeSet<String> = left.iter().map(|(request, _)| request.to_string()).collect();
    assert_eq!(content(path, "2026-10"), expected, "as many as there are decisions, and theirs");
    assert_eq!(content(path, "2026-11"), [young.to_string()].into(), "which may still be under way");
    assert!(!path.join("sealed/groupe-exemple/2026-09").exists(), "nothing is left of that month");
    let files = 2 * (80 - left.len() as u64) + 2;
    // The key of the first subject, of the one who was lost, and of the first month.
    assert_eq!(pruned.sealed, Removed { content: files, keys: 3, more: false, left: Vec::new() }, "of {before}");
    let keys: BTreeSet<_> = std::fs::read_dir(old.join("keys")).unwrap().map(|key| key.unwrap().file_name()).collect();
    assert_eq!(keys, ["subject-%45%56%45%4e", "subject-%4f%44%44"].map(Into::into).into());
    for (request, sending) in &left {
        let opened = reveal(path, ("groupe-exemple", *request, Which::Attempt(1)), sending, [&secrets[0], &secrets[1]]);
        assert!(opened.is_ok(), "{request}: {opened:?}");
    }
    let gone = serde_json::json!({"sealed": seal(&sealer, ("EVEN", "2026-10"), id(4), sent())});
    std::fs::remove_file(old.join(format!("content/{}.1", id(4)))).unwrap();
    let opened = reveal(path, ("groupe-exemple", id(4), Which::Attempt(1)), &gone, [&secrets[0], &secrets[1]]);
    assert_eq!(opened.map(|_| ()), Err(RevealError::Gone));

    // It is on record, and the log holds; once more finds nothing, and what a crash would have left.
    // Later than what is there: a segment that began in the past would let the one before it go.
    let later = Options::new(path, ORIGIN, Arc::new(|| at(60 * 300)));
    SegmentLog::open(Options { segment_bytes: minutes(path).segment_bytes, ..later }).unwrap().stop();
    let report = octroi_verify::verify_all(path, &Trust::default(), &mut |_| {}).unwrap().remove(0);
    assert_eq!((report.pruned, report.recorded), (first, true));
    let page = naive::query(path, &crate::audit::query::Filter::default(), 10_000, None).unwrap();
    let said: Vec<_> = page.records.iter().flat_map(|record| record.of_kind("prune").cloned()).collect();
    let said: Vec<_> = said.iter().filter(|entry| entry.get("sealed").is_some()).collect();
    assert_eq!(said.len(), 1, "{said:?}");
    assert_eq!((&said[0]["sealed"], &said[0]["keys"], &said[0]["to"]), (&files.into(), &3.into(), &0.into()));
    assert_eq!(prune(path, cut, at(60 * 300)).unwrap().sealed, Removed::default());
    std::fs::write(old.join(format!("content/{}.answer", id(7))), "again").unwrap();
    assert_eq!(
        prune(path, cut, at(60 * 300)).unwrap().sealed,
        Removed { content: 1, keys: 0, more: false, left: Vec::new() }
    );
}

/// Somebody who may write among the keys cannot have other files overwritten, nor the command wait for ever.
#[test]
fn nothing_is_wiped_through_a_link_and_no_pipe_is_waited_for() {
    let (folder, victim) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let path = folder.path();
    let secrets: Vec<_> = (0..2).map(|number| Secret::new(&format!("person-{number}")).unwrap()).collect();
    let sealer = sealer(path, &secrets);
    SegmentLog::open(minutes(path)).unwrap().stop();
    seal(&sealer, ("FIRST", "2026-09"), id(1), sent());
    let months = path.join("sealed/groupe-exemple");
    let of = std::fs::read_dir(months.join("2026-09/keys")).unwrap().next().unwrap().unwrap().path();
    let file = victim.path().join("victim");
    std::fs::write(&file, "of somebody else").unwrap();
    std::os::unix::fs::symlink(&file, of.join("link")).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(of.join("pipe")).status().unwrap().success());
    // A month, and a subject, that are somebody else's folders.
    let elsewhere = victim.path().join("2026-08");
    std::fs::create_dir_all(elsewhere.join("keys/subject-x")).unwrap();
    std::fs::write(elsewhere.join("month"), "of somebody else").unwrap();
    std::fs::write(elsewhere.join("keys/subject-x/key"), "of somebody else").unwrap();
    std::os::unix::fs::symlink(&elsewhere, months.join("2026-08")).unwrap();
    std::os::unix::fs::symlink(elsewhere.join("keys/subject-x"), months.join("2026-09/keys/subject-x")).unwrap();
    let sealed = prune(path, at(60 * 100), at(60 * 300)).unwrap().sealed;
    assert_eq!((sealed.content, sealed.keys), (1, 1), "{sealed:?}");
    let left: BTreeSet<_> = sealed.left.iter().filter_map(|path| path.file_name()?.to_str()).collect();
    assert_eq!(left, ["2026-08", "link", "pipe", "subject-x"].into());
    for name in ["victim", "2026-08/month", "2026-08/keys/subject-x/key"] {
        assert_eq!(std::fs::read_to_string(victim.path().join(name)).unwrap(), "of somebody else", "{name}");
    }
}

/// An epoch that was put elsewhere may hold the decisions: what they name is not taken for something that nobody names.
#[test]
fn nothing_goes_while_an_epoch_is_missing() {
    let (folder, _) = rotate::three();
    let path = folder.path();
    let secrets: Vec<_> = (0..2).map(|number| Secret::new(&format!("person-{number}")).unwrap()).collect();
    seal(&sealer(path, &secrets), ("FIRST", "2026-09"), id(1), sent());
    std::fs::rename(path.join("epochs/1"), path.join("elsewhere")).unwrap();
    let refused = prune(path, at(0), at(60 * 300)).unwrap_err();
    assert!(matches!(&refused, PruneError::Log(problem) if problem.kind == ProblemKind::MissingLog), "{refused}");
    assert_eq!(content(path, "2026-09").len(), 1);
    std::fs::rename(path.join("elsewhere"), path.join("epochs/1")).unwrap();
    prune(path, at(0), at(60 * 300)).unwrap();
}
