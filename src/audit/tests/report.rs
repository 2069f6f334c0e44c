//! Reports that add up, say what they are of, and can be read where the log does not hold.

use super::*;
use crate::audit::index::Index;
use crate::audit::report::{self, Kind, Language, Report};
use crate::model::Country;
use crate::model::entry::{Access, PlannedBackend};

const HOME: &str = "FR";

/// Sent and answered, refused at once, sent and refused in the end; every other one to a backend at home.
fn written(folder: &Path) {
    let log = SegmentLog::open(options(folder)).unwrap();
    for number in 0..60 {
        let mut decision = decision_of(number);
        if number % 2 == 0 {
            let home = Country::parse(HOME).unwrap();
            let stays = PlannedBackend {
                backend: Word::fixed("home"),
                countries: vec![home],
                controlled_from: Some(home),
                transfer_basis: None,
                ..decision.plan[0].clone()
            };
            (decision.plan, decision.sending) = (vec![stays], Some(sending("home")));
        }
        let mut ended = outcome_of(number);
        match number % 5 {
            0 => {
                (decision.verdict, decision.reason) = (Word::fixed("refuse"), Some(Word::fixed("refused_by_policy")));
                (decision.sending, decision.plan) = (None, Vec::new());
                (ended.end, ended.status, ended.backend) = (Word::fixed("refused"), 403, None);
            }
            1 => {
                (ended.end, ended.status, ended.reason) =
                    (Word::fixed("refused"), 502, Some(Word::fixed("backend_failed")));
                ended.cause = Some(Word::fixed("error"));
            }
            _ => {}
        }
        let slot = log.reserve().unwrap();
        append(&log, Entry::Decision(Box::new(decision))).unwrap();
        slot.submit(Entry::Outcome(Box::new(ended)));
    }
    log.stop();
}

fn of(kind: Kind, folder: &Path) -> Report {
    report::of_folder(kind, report::Month::parse("2026-11").unwrap(), folder).unwrap()
}

/// The rows of the table under a heading of a CSV, without the names of the columns.
fn table(sheet: &str, heading: &str) -> Vec<Vec<String>> {
    let heading = if heading.contains(',') { format!("\"{heading}\"") } else { heading.to_owned() };
    let behind = sheet.split(&format!("\r\n{heading}\r\n")).nth(1).unwrap_or_else(|| panic!("{heading}: {sheet}"));
    let rows = behind.lines().skip(1).take_while(|line| !line.is_empty());
    rows.map(|row| row.split(',').map(str::to_owned).collect()).collect()
}

#[test]
fn what_was_refused_adds_up() {
    let folder = tempfile::tempdir().unwrap();
    written(folder.path());
    let sheet = report::csv(&of(Kind::Processing, folder.path()), Language::English);
    let sum = |heading: &str, from_the_end: usize| -> u64 {
        let cell = |row: &Vec<String>| row[row.len() - from_the_end].parse::<u64>().unwrap();
        table(&sheet, heading).iter().map(cell).sum()
    };
    // Of sixty every fifth was refused at once, and every fifth after it was sent.
    assert_eq!((sum("Activities", 2), sum("Refusals by reason", 1)), (24, 24), "{sheet}");
    assert_eq!(sum("Activities", 1), 48, "what was refused in the end was sent: {sheet}");
    let activities = table(&sheet, "Activities");
    let failed: Vec<_> = activities.iter().filter(|row| row[3] == "(backend_failed)").collect();
    assert_eq!(failed.len(), 1, "{sheet}");
    assert_eq!(failed[0][failed[0].len() - 2..], ["12", "0"], "{sheet}");
    // The verifier counts alike.
    verify_dir(folder.path(), &Trust { index: true, ..Trust::default() }, &mut |_| {}).unwrap();
}

#[test]
fn what_stays_is_no_transfer() {
    let folder = tempfile::tempdir().unwrap();
    written(folder.path());
    let told = of(Kind::Transfers, folder.path());
    let sheet = report::csv(&told, Language::English);
    let transfers = table(&sheet, "Transfers out of the EEA by country, basis and class (without class: all)");
    assert!(transfers.iter().any(|row| row[..2] == ["US", "US"]), "{sheet}");
    assert!(transfers.iter().all(|row| row[0] != HOME), "{sheet}");
    let all: u64 = transfers
        .iter()
        .filter(|row| row.len() == 5 && row[3].is_empty())
        .map(|row| row[4].parse::<u64>().unwrap())
        .sum();
    let stayed = format!("{} sendings stayed within the European Economic Area", 48 - all);
    assert!(sheet.contains(&stayed) && report::html(&told, Language::English).contains(&stayed), "{stayed}: {sheet}");
    assert!(report::html(&told, Language::French).contains("envois sont restés dans l’Espace économique européen"));
    // Where sendings went is told of all.
    assert!(
        table(&sheet, "Sendings by country of processing").contains(&vec![HOME.to_owned(), (48 - all).to_string()])
    );
}

#[test]
fn an_opening_that_was_asked_for_is_not_told_as_one_that_succeeded() {
    let folder = tempfile::tempdir().unwrap();
    let log = SegmentLog::open(options(folder.path())).unwrap();
    for (number, keys) in [(1, "00112233445566ff+0123456789abcdef"), (2, "00112233445566ff+00112233445566ff")] {
        let access = Access {
            access: id(number),
            action: Word::fixed("reveal"),
            approver: Some(Word::fixed(keys)),
            at: Word::fixed("2026-11-18T10:00:00.000000000Z"),
            channel: Word::fixed("command"),
            reader: Word::fixed("user-1000"),
            from: None,
            to: None,
            records: None,
            subject: Some(id(7)),
            words: Vec::new(),
        };
        append(&log, Entry::Access(Box::new(access))).unwrap();
    }
    log.stop();
    let told = of(Kind::Access, folder.path());
    let (english, french) = (report::html(&told, Language::English), report::html(&told, Language::French));
    assert!(english.contains("asked to open with the keys") && !english.contains("opened with"), "{english}");
    assert!(english.contains("00112233445566ff, 00112233445566ff (one key twice: not opened)"), "{english}");
    assert!(english.contains("<td>00112233445566ff, 0123456789abcdef</td>"), "{english}");
    assert!(english.contains("those that did not succeed are listed too"), "{english}");
    assert!(
        french.contains("ouverture demandée avec les clés") && french.contains("(deux fois la même clé : non ouvert)")
    );
    assert!(french.contains("celles qui n’ont pas abouti figurent aussi"), "{french}");
}

/// A spreadsheet opens it: its letters are told as they are, no place of an entry is a time of day to it, and every other program
/// reads it by RFC 4180.
#[test]
fn a_sheet_is_read_by_spreadsheets_and_by_programs() {
    let folder = tempfile::tempdir().unwrap();
    let log = SegmentLog::open(options(folder.path())).unwrap();
    append(&log, decision(1)).unwrap();
    let loaded = crate::model::entry::PolicyLoaded::refused("start", "faults");
    append(&log, Entry::Policy(Box::new(loaded))).unwrap();
    log.stop();
    let told = of(Kind::Models, folder.path());
    let sheet = report::csv(&told, Language::French);
    assert!(sheet.starts_with('\u{feff}') && sheet.matches('\u{feff}').count() == 1, "{sheet}");
    assert!(sheet.contains("\r\nheure (UTC),époque,entrée,politique,"), "{sheet}");
    let policies = table(&sheet, "Politiques");
    assert_eq!(policies[0][1..3], ["1", "2"], "{sheet}");
    let is_time =
        |cell: &str| cell.len() < 9 && cell.contains(':') && cell.chars().all(|c| c.is_ascii_digit() || c == ':');
    let cells = || sheet.lines().flat_map(|line| line.split(','));
    assert!(!cells().any(is_time), "{sheet}");
    assert!(sheet.split_terminator("\r\n").all(|line| !line.contains('\n')), "{sheet}");
    // The page names an entry in one word, as a search takes it.
    assert!(report::html(&told, Language::French).contains("<td>1:2</td>"));
}

/// Three epochs; in the second a byte is changed, or a segment is gone: the report says so first, and is of what can be read.
#[test]
fn a_damaged_log_is_reported_as_far_as_it_can_be_read() {
    for (name, indexed, spoil, epoch_two) in [
        ("a byte, indexed before", true, "byte", true),
        ("a byte, never indexed", false, "byte", false),
        ("a segment gone, indexed before", true, "segment", true),
        ("a segment gone, never indexed", false, "segment", false),
        ("another log's segment", false, "other", false),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let epoch = |options: Options, numbers: std::ops::Range<u32>| {
            let log = SegmentLog::open(options).unwrap();
            for number in numbers {
                append(&log, decision(number)).unwrap();
                append(&log, outcome(number)).unwrap();
            }
            log.stop();
        };
        let small = |options: Options| Options { segment_bytes: SEGMENT_BYTES_MIN, ..options };
        let clock: crate::audit::Clock = Arc::new(|| jiff::Timestamp::from_second(1_795_000_000).unwrap());
        let next = || {
            crate::audit::rotate::request(folder.path()).unwrap();
            let turn = crate::audit::rotate::Turn::of(folder.path()).unwrap();
            small(crate::audit::rotate::settle(&turn, &Word::fixed("test"), &clock, 4 * SEGMENT_BYTES_MIN).unwrap())
        };
        epoch(small(options(folder.path())), 0..40);
        epoch(next(), 100..140);
        epoch(next(), 200..240);
        if indexed {
            Index::open(&folder.path().join("epochs/2")).unwrap().catch_up().unwrap();
        }
        let segments = folder.path().join("epochs/2/segments");
        let second = segments.join("00000002.seg");
        match spoil {
            "byte" => {
                let mut bytes = std::fs::read(&second).unwrap();
                bytes[5_000] ^= 1;
                std::fs::write(&second, bytes).unwrap();
            }
            "segment" => std::fs::remove_file(&second).unwrap(),
            _ => drop(std::fs::copy(folder.path().join("epochs/1/segments/00000002.seg"), &second).unwrap()),
        }
        for kind in [Kind::Processing, Kind::Transfers, Kind::Models, Kind::Access] {
            let told = of(kind, folder.path());
            assert!(told.problem.is_some(), "{name}");
            let (english, french) = (report::csv(&told, Language::English), report::csv(&told, Language::French));
            let integrity = table(&english, "Integrity of the log");
            assert_eq!(integrity.len(), 1, "{name}: {english}");
            assert!(english.contains(",✗,,,,,,\r\n"), "{name}: nothing is told as signed: {english}");
            assert!(english.contains("The log or its review index does not hold"), "{name}: {english}");
            assert!(french.contains("Le journal ou son index n’est pas intègre"), "{name}: {french}");
            assert!(french.contains("(détail : `octroi audit verify`)"), "{name}: {french}");
            if !indexed || spoil != "byte" {
                assert!(english.contains("Epoch 2 cannot be read to its end"), "{name}: {english}");
                assert!(french.contains("L’époque 2 n’est pas lisible jusqu’au bout"), "{name}: {french}");
            }
        }
        let sheet = report::csv(&of(Kind::Transfers, folder.path()), Language::English);
        let sent: u64 = table(&sheet, "Sendings by recipient")[0][1].parse().unwrap();
        // The others are counted whole, and of it what was indexed, or came before the fault.
        let expected = if epoch_two { 120..=120 } else { 80..=119 };
        assert!(expected.contains(&sent), "{name}: {sent}: {sheet}");
    }
}
