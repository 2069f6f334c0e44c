//! The review index says what the log says: the plain search over the whole log is the judge.

use octroi_verify::Checkpoint;
use octroi_verify::problem::ProblemKind;
use octroi_verify::verify::CHECKPOINT;

use super::naive::query;
use super::*;
use crate::audit::index::{Dimension, FILE, Index, IndexError, compare};
use crate::audit::query::Filter;
use crate::model::Country;
use crate::model::entry::{Excepted, FindingCount, PlannedBackend, Sending};

const APPS: [&str; 3] = ["clinic-notes", "legal-desk", "public-website"];
const BACKENDS: [(&str, &str, &str); 3] = [
    ("paris-gpu", "FR", "none needed"),
    ("us-cloud", "US", "standard contractual clauses"),
    ("tokyo", "JP", "adequacy"),
];

/// A decision that differs from its neighbours in every way that is searched by.
fn varied(number: u32) -> Decision {
    let pick = |from: u32| (number.wrapping_mul(2_654_435_761) >> 7) / from;
    let (name, country, basis) = BACKENDS[(pick(1) % 3) as usize];
    let mut decision = decision_of(number);
    decision.app = Word::fixed(APPS[(pick(5) % 3) as usize]);
    decision.findings.truncate((pick(11) % 3) as usize);
    if pick(13) % 2 == 0 {
        decision.findings.iter_mut().for_each(|finding| finding.classes.push(Word::fixed("health")));
    }
    let country = Country::parse(country).unwrap();
    decision.plan = vec![PlannedBackend {
        backend: Word::fixed(name),
        countries: vec![country],
        transfer_basis: Some(Word::fixed(basis)),
        duties_as: None,
        ..decision.plan[0].clone()
    }];
    if pick(23) % 3 == 0 {
        let used = |exception, rule| Excepted {
            exception: Word::fixed(exception),
            rule: Word::fixed(rule),
            until: Word::fixed("2027-06-30"),
        };
        decision.exceptions = vec![used("pilot", "health-stays-hds")];
        decision.exceptions.extend((pick(29) % 2 == 0).then(|| used("audit-2026", "us-only-public")));
    }
    decision.rules = vec![Word::fixed(if pick(17) % 2 == 0 { "odd-rule" } else { "even-rule" })];
    if pick(19) % 4 == 0 {
        (decision.verdict, decision.reason) = (Word::fixed("refuse"), Some(Word::fixed("policy_refused")));
        decision.sending = None;
    } else {
        let found = (pick(31) % 3 == 0)
            .then(|| FindingCount { classes: vec![Word::fixed("residue")], ..decision_of(number).findings[0].clone() });
        decision.sending = Some(Sending { found: found.into_iter().collect(), ..sending(name) });
    }
    decision
}

/// Each request an hour apart in steps of ten minutes, so that there are several in an hour.
pub(super) fn hours(folder: &Path) -> Options {
    let ticks = std::sync::atomic::AtomicI64::new(0);
    let clock = move || {
        let tick = ticks.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        jiff::Timestamp::from_second(1_795_000_000 + tick * 600).unwrap()
    };
    Options { clock: Arc::new(clock), ..options(folder) }
}

pub(super) fn write(log: &SegmentLog, numbers: std::ops::Range<u32>) {
    for number in numbers {
        let decision = varied(number);
        let refused = decision.verdict == "refuse";
        let slot = log.reserve().unwrap();
        append(log, Entry::Decision(Box::new(decision))).unwrap();
        if number % 7 == 3 && !refused {
            append(log, attempt(number)).unwrap();
        }
        if number % 11 != 5 {
            slot.submit(outcome(number));
        }
    }
}

pub(super) fn filled() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let log = SegmentLog::open(hours(folder.path())).unwrap();
    write(&log, 0..90);
    log.stop();
    folder
}

pub(super) fn filters() -> Vec<(&'static str, Filter)> {
    let at = |seconds: i64| Some(jiff::Timestamp::from_second(1_795_000_000 + seconds).unwrap());
    let word = |word: &str| Some(word.to_owned());
    let none = Filter::default();
    vec![
        ("all", none.clone()),
        ("app", Filter { app: word("legal-desk"), ..none.clone() }),
        ("class", Filter { class: word("health"), ..none.clone() }),
        ("class of what only a change brought to light", Filter { class: word("residue"), ..none.clone() }),
        ("backend of an attempt too", Filter { backend: word("us-cloud"), ..none.clone() }),
        ("country", Filter { country: word("JP"), ..none.clone() }),
        ("refused", Filter { decision: word("refuse"), ..none.clone() }),
        ("rule", Filter { rule: word("odd-rule"), ..none.clone() }),
        ("a rule that removed", Filter { rule: word("health-stays-hds"), ..none.clone() }),
        ("exception", Filter { exception: word("pilot"), ..none.clone() }),
        ("exception that few use", Filter { exception: word("audit-2026"), ..none.clone() }),
        ("since", Filter { since: at(30_000), ..none.clone() }),
        ("until", Filter { until: at(30_100), ..none.clone() }),
        ("nothing in that time", Filter { since: at(-90_000), until: at(-80_000), ..none.clone() }),
        ("id", Filter { id: Some(id(7)), ..none.clone() }),
        (
            "all at once",
            Filter {
                since: at(5_000),
                until: at(90_000),
                app: word("legal-desk"),
                class: word("personal"),
                decision: word("forward"),
                rule: word("even-rule"),
                ..none
            },
        ),
    ]
}

#[test]
fn finds_what_the_plain_search_finds() {
    let folder = filled();
    let mut index = Index::open(folder.path()).unwrap();
    let watermark = index.catch_up().unwrap();
    let log = verify(folder.path()).unwrap();
    assert_eq!(watermark.entries, log.signed);
    for (name, filter) in filters() {
        for (limit, before) in [(1_000, None), (4, None), (4, Some(60)), (2, Some(0))] {
            let expected = query(folder.path(), &filter, limit, before).unwrap();
            let found = index.page(&filter, limit, before).unwrap();
            let seqs = |records: &[crate::audit::query::Record]| records.iter().map(|one| one.seq).collect::<Vec<_>>();
            if filter.id.is_none() || before.is_none() {
                assert_eq!(seqs(&found.records), seqs(&expected.records), "{name}, {limit} before {before:?}");
                assert_eq!(found.records, expected.records, "{name}, {limit} before {before:?}");
                assert_eq!(found.more, expected.more, "{name}, {limit} before {before:?}");
            }
        }
    }
}

#[test]
fn counts_what_it_finds() {
    let folder = filled();
    let mut index = Index::open(folder.path()).unwrap();
    index.catch_up().unwrap();
    for (name, filter) in filters() {
        let all = query(folder.path(), &filter, 10_000, None).unwrap().records;
        let decisions: Vec<_> = all.iter().filter_map(|record| record.of_kind("decision").next()).collect();
        let sum = |counted: &[crate::audit::index::Counted]| counted.iter().map(|one| one.count).sum::<u64>();
        assert_eq!(sum(&index.count(&filter, &[Dimension::Kind]).unwrap()), all.len() as u64, "{name}: records");
        let by_app = index.count(&filter, &[Dimension::App]).unwrap();
        assert_eq!(sum(&by_app), decisions.len() as u64, "{name}: decisions");
        for counted in index.count(&filter, &[Dimension::App, Dimension::Decision]).unwrap() {
            let [app, verdict] = &counted.words[..] else { panic!("{counted:?}") };
            let same = decisions.iter().filter(|one| one["app"] == **app && one["verdict"] == **verdict).count();
            assert_eq!(counted.count, same as u64, "{name}: {app} {verdict}");
        }
    }
}

#[test]
fn in_steps_as_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut index = Index::open(folder.path()).unwrap();
    for step in 0..6 {
        let log = SegmentLog::open(hours(folder.path())).unwrap();
        write(&log, step * 40..step * 40 + 40);
        // Requests in work are in the index, and end there later: by the restart.
        drop(log);
        index.catch_up().unwrap();
        drop(index);
        index = Index::open(folder.path()).unwrap();
    }
    assert_eq!(compare(folder.path()).unwrap(), None);
    assert_eq!(found_by_the_verifier(folder.path()), None);
    let hours = (jiff::Timestamp::UNIX_EPOCH, jiff::Timestamp::from_second(2_000_000_000).unwrap());
    let rollups = index.rollups(hours.0, hours.1).unwrap();
    let sent: u64 = rollups
        .iter()
        .filter(|row| row.key.class.is_empty() && row.key.exception.is_empty() && row.key.decision == "forward")
        .map(|row| row.count)
        .sum();
    let kinds = verify(folder.path()).unwrap().kinds;
    let refused =
        index.count(&Filter { decision: Some("refuse".into()), ..Filter::default() }, &[Dimension::Kind]).unwrap();
    assert_eq!(sent, kinds["decision"] - refused[0].count + kinds["attempt"], "each sending is a transfer");
    let tokens: u64 = rollups.iter().map(|row| row.input_tokens).sum();
    assert!(tokens > 0 && tokens.is_multiple_of(190), "counted once: {tokens}");
}

#[test]
fn lists_the_words_that_there_are() {
    let folder = filled();
    let mut index = Index::open(folder.path()).unwrap();
    index.catch_up().unwrap();
    let filter = Filter { app: Some("legal-dest".into()), ..Filter::default() };
    match index.page(&filter, 10, None) {
        Err(IndexError::Unknown { dimension: "app", listed, .. }) => assert_eq!(listed, APPS),
        other => panic!("{other:?}"),
    }
}

/// What `octroi-verify --index` says, which reads the index without SQLite and makes none anew.
pub(super) fn found_by_the_verifier(log: &Path) -> Option<ProblemKind> {
    let trust = Trust { index: true, ..Trust::default() };
    verify_dir(log, &trust, &mut |_| {}).err().map(|problem| problem.kind)
}

/// Each thing of an index that a search or a report relies on, edited alone.
#[test]
fn the_verifier_names_every_edit_of_an_index() {
    for (name, edit) in [
        (
            "a record added",
            "INSERT INTO request SELECT seq + 100000, id, time, places FROM request WHERE id IS NULL LIMIT 1",
        ),
        (
            "an id changed",
            "UPDATE request SET id = zeroblob(16) WHERE seq = (SELECT max(seq) FROM request WHERE id IS NOT NULL)",
        ),
        (
            "an entry of a record left out",
            "UPDATE request SET places = substr(places, 1, 20) WHERE length(places) > 20",
        ),
        (
            "a place moved",
            "UPDATE request SET places = (SELECT places FROM request ORDER BY seq LIMIT 1 OFFSET 3) WHERE seq = 0",
        ),
        ("a set emptied", "UPDATE bits SET data = x'' WHERE word = (SELECT id FROM word WHERE text = 'health')"),
        (
            "a set grown",
            "UPDATE bits SET data = data || x'f0ff' WHERE word = (SELECT id FROM word WHERE text = 'health')",
        ),
        (
            "two words exchanged",
            "UPDATE word SET text = 'x' WHERE text = 'US'; UPDATE word SET text = 'US' WHERE text = 'JP';
             UPDATE word SET text = 'JP' WHERE text = 'x'",
        ),
        ("a word that nothing has", "INSERT INTO word (dimension, text) VALUES (2, 'never-seen')"),
        (
            "a word with an empty set",
            "INSERT INTO word (dimension, text) VALUES (2, 'never-seen');
             INSERT INTO bits SELECT max(id), 0, x'' FROM word",
        ),
        ("a sending taken away", "DELETE FROM hourly WHERE country = 'JP' AND class = ''"),
        ("sums changed", "UPDATE hourly SET output_tokens = output_tokens + 1 WHERE output_tokens > 0"),
        (
            "a count of nothing",
            "INSERT INTO hourly SELECT hour + 1000, tenant, app, purpose, decision, reason, backend, country, control, basis, class, exception, spared, 1, 0, 0, 0 FROM hourly LIMIT 1",
        ),
        ("an hour taken away", "DELETE FROM span WHERE hour = (SELECT min(hour) FROM span)"),
        ("a hash changed", "UPDATE tile SET hashes = zeroblob(length(hashes)) WHERE level = 0"),
        ("a trigger", "CREATE TRIGGER t AFTER INSERT ON request BEGIN DELETE FROM request WHERE seq = new.seq; END"),
        ("an index that is not there", "DROP INDEX request_id"),
        ("it covers more than there is", "UPDATE meta SET value = value + 1 WHERE key = 'entries'"),
        ("it covers less than it says", "UPDATE meta SET value = value - 4 WHERE key = 'entries'"),
    ] {
        let folder = filled();
        Index::open(folder.path()).unwrap().catch_up().unwrap();
        assert_eq!(found_by_the_verifier(folder.path()), None, "{name}, before");
        let database = rusqlite::Connection::open(folder.path().join(FILE)).unwrap();
        database.execute_batch(edit).unwrap();
        drop(database);
        assert_eq!(found_by_the_verifier(folder.path()), Some(ProblemKind::Index), "{name}");
        // So does the comparison that makes it anew.
        let compared = compare(folder.path()).map(|problem| problem.map(|problem| problem.kind));
        assert!(matches!(compared, Ok(Some(ProblemKind::Index))), "{name}: {compared:?}");
    }
    let folder = filled();
    let trust = Trust { index: true, ..Trust::default() };
    let none = octroi_verify::verify_all(folder.path(), &trust, &mut |_| {}).unwrap_err();
    assert_eq!(none.kind, ProblemKind::NoIndex, "an index that is asked for must be there: {none}");
    assert!(none.to_string().contains("`octroi audit reindex /"), "{none}");
    std::fs::write(folder.path().join(FILE), "no database").unwrap();
    assert_eq!(found_by_the_verifier(folder.path()), Some(ProblemKind::Index));
}

/// The verifier reads the file by itself: whatever stands in it, it says something of it and never fails inside.
#[test]
fn no_byte_of_an_index_misleads_the_reader_of_it() {
    let folder = filled();
    Index::open(folder.path()).unwrap().catch_up().unwrap();
    let file = folder.path().join(FILE);
    let right = std::fs::read(&file).unwrap();
    let mut named = 0;
    for (at, bit) in (0..right.len()).step_by(1_009).zip((0..8).cycle()) {
        let mut wrong = right.clone();
        wrong[at] ^= 1 << bit;
        std::fs::write(&file, &wrong).unwrap();
        let found = found_by_the_verifier(folder.path());
        assert!(matches!(found, None | Some(ProblemKind::Index)), "byte {at}: {found:?}");
        named += u32::from(found.is_some());
        std::fs::write(&file, &right[..at]).unwrap();
        // SQLite takes an empty file for a database that is about to be made.
        let expected = if at == 0 { ProblemKind::StaleIndex } else { ProblemKind::Index };
        assert_eq!(found_by_the_verifier(folder.path()), Some(expected), "cut at {at}");
    }
    assert!(named > 5, "{named}");
}

#[test]
fn an_edited_index_is_named_and_a_strange_one_made_anew() {
    let folder = filled();
    Index::open(folder.path()).unwrap().catch_up().unwrap();
    for (name, edit) in [
        ("a record hidden", "DELETE FROM request WHERE seq = (SELECT min(seq) FROM request WHERE id IS NOT NULL)"),
        (
            "a record moved",
            "UPDATE request SET time = time + 1 WHERE seq = (SELECT min(seq) FROM request WHERE id IS NOT NULL)",
        ),
        ("a word taken away", "DELETE FROM bits WHERE word = (SELECT id FROM word WHERE text = 'health')"),
        ("a word renamed", "UPDATE word SET text = 'public-web' WHERE text = 'public-website'"),
        ("a count changed", "UPDATE hourly SET n = n + 1 WHERE country = 'US' AND class = ''"),
        ("a hash changed", "UPDATE tile SET hashes = zeroblob(32) WHERE level = 1"),
        ("a span cut", "UPDATE span SET last = first"),
    ] {
        let database = rusqlite::Connection::open(folder.path().join(FILE)).unwrap();
        assert!(database.execute(edit, []).unwrap() > 0 || name == "a hash changed", "{name}");
        drop(database);
        let changed = name != "a hash changed";
        assert_eq!(found_by_the_verifier(folder.path()), changed.then_some(ProblemKind::Index), "{name}");
        let problem = compare(folder.path()).unwrap();
        assert_eq!(problem.is_some(), changed, "{name}");
        if let Some(problem) = problem {
            assert_eq!(problem.kind, ProblemKind::Index, "{name}");
        }
        let mut index = Index::open(folder.path()).unwrap();
        index.clear().unwrap();
        index.catch_up().unwrap();
        assert_eq!(compare(folder.path()).unwrap(), None, "{name}, made anew");
        // Still open: what was written lies in the write-ahead log beside it.
        assert_eq!(found_by_the_verifier(folder.path()), None, "{name}, made anew");
    }
    // The index of another log, put in its place.
    let other = tempfile::tempdir().unwrap();
    let log = SegmentLog::open(hours(other.path())).unwrap();
    write(&log, 1_000..1_200);
    log.stop();
    Index::open(other.path()).unwrap().catch_up().unwrap();
    std::fs::copy(other.path().join(FILE), folder.path().join(FILE)).unwrap();
    let mut index = Index::open(folder.path()).unwrap();
    assert_eq!(index.catch_up().unwrap().entries, verify(folder.path()).unwrap().signed);
    assert_eq!(compare(folder.path()).unwrap(), None);
}

#[test]
fn nothing_of_the_database_hides_a_record_unnoticed() {
    for (name, edit) in [
        (
            "a trigger that takes away what comes",
            "CREATE TRIGGER t AFTER INSERT ON request BEGIN DELETE FROM request WHERE seq = new.seq; END",
        ),
        ("a view in the place of a table", "ALTER TABLE span RENAME TO s; CREATE VIEW span AS SELECT * FROM s"),
        (
            "rows twice",
            "CREATE TABLE r AS SELECT * FROM request; DROP TABLE request; CREATE TABLE request AS SELECT * FROM r;
             DROP TABLE r; INSERT INTO request SELECT * FROM request LIMIT 1",
        ),
        ("an index that is not there", "DROP INDEX request_id"),
    ] {
        let folder = filled();
        Index::open(folder.path()).unwrap().catch_up().unwrap();
        let database = rusqlite::Connection::open(folder.path().join(FILE)).unwrap();
        database.execute_batch(edit).unwrap();
        drop(database);
        let problem = compare(folder.path()).unwrap();
        assert_eq!(problem.map(|problem| problem.kind), Some(ProblemKind::Index), "{name}");
    }
}

#[test]
fn a_place_that_passes_over_entries_is_not_believed() {
    let folder = filled();
    let entries = Index::open(folder.path()).unwrap().catch_up().unwrap().entries;
    let log = SegmentLog::open(hours(folder.path())).unwrap();
    write(&log, 5_000..5_020);
    log.stop();
    let database = rusqlite::Connection::open(folder.path().join(FILE)).unwrap();
    // Behind the end of the segment there are zeros, as at the end of the log.
    database.execute("UPDATE meta SET value = value + 40000 WHERE key = 'offset'", []).unwrap();
    drop(database);
    let now = Index::open(folder.path()).unwrap().catch_up().unwrap().entries;
    assert!(now > entries + 20, "{now}");
    assert_eq!(now, verify(folder.path()).unwrap().signed);
}

#[test]
fn an_id_leads_to_its_own_entries_and_meets_the_other_conditions() {
    let folder = filled();
    let mut index = Index::open(folder.path()).unwrap();
    index.catch_up().unwrap();
    let page = index.page(&Filter { decision: Some("forward".into()), ..Filter::default() }, 1, None).unwrap();
    let record = &page.records[0];
    let decision = record.of_kind("decision").next().unwrap();
    let (id, app) = (decision["request"].as_str().unwrap(), decision["app"].as_str().unwrap().to_owned());
    let id = RequestId::parse(id).unwrap();
    let other = APPS.iter().find(|known| **known != app).unwrap();
    let time: jiff::Timestamp = record.time.parse().unwrap();
    let day = jiff::Span::new().hours(1);
    for (name, filter, before, found) in [
        ("alone", Filter::default(), None, 1),
        ("its app", Filter { app: Some(app.clone()), ..Filter::default() }, None, 1),
        ("another app", Filter { app: Some((*other).to_owned()), ..Filter::default() }, None, 0),
        ("refused", Filter { decision: Some("refuse".into()), ..Filter::default() }, None, 0),
        ("later", Filter { since: Some(time + day), ..Filter::default() }, None, 0),
        ("at its time", Filter { since: Some(time), until: Some(time + day), ..Filter::default() }, None, 1),
        ("before itself", Filter::default(), Some(record.seq), 0),
    ] {
        let filter = Filter { id: Some(id), ..filter };
        assert_eq!(index.page(&filter, 5, before).unwrap().records.len(), found, "{name}");
    }
    let database = rusqlite::Connection::open(folder.path().join(FILE)).unwrap();
    let edit = "UPDATE request SET places = (SELECT places FROM request WHERE id IS NOT NULL AND seq <> ?1 LIMIT 1) WHERE seq = ?1";
    database.execute(edit, [i64::try_from(record.seq).unwrap()]).unwrap();
    drop(database);
    index.catch_up().unwrap();
    let told = index.page(&Filter { id: Some(id), ..Filter::default() }, 1, None);
    assert!(matches!(told, Err(IndexError::Unfit(_))), "another request's story: {told:?}");
}

#[test]
fn proves_every_entry() {
    let folder = filled();
    let mut index = Index::open(folder.path()).unwrap();
    index.catch_up().unwrap();
    let report = verify(folder.path()).unwrap();
    let signed = std::fs::read_to_string(folder.path().join(CHECKPOINT)).unwrap();
    let checkpoint = Checkpoint::open(&signed, &report.key).unwrap();
    for seq in (0..checkpoint.size).step_by(5).chain([checkpoint.size - 1]) {
        let proof = index.prove(seq, &checkpoint, &signed).unwrap().unwrap();
        let read = octroi_verify::tlog_proof::TlogProof::parse(&proof.to_string()).unwrap();
        let entry = read.verify(None, &checkpoint).unwrap();
        assert_eq!(octroi_verify::entry::open(entry).unwrap().seq, seq);
    }
    assert!(index.prove(checkpoint.size, &checkpoint, &signed).unwrap().is_none());
}
