//! Files: what is written is read, what a crash cut is dropped, what was changed is refused.
use std::path::PathBuf;

use aws_lc_rs::hmac;
use proptest::prelude::*;

use super::*;
use crate::leak::model::ModelDigest;
use crate::leak::space::{About, Content, Space};
use crate::leak::text::Words;

fn keys() -> CorpusKeys {
    CorpusKeys::new(hmac::Key::new(hmac::HMAC_SHA256, &[3; 32]))
}

fn document(keys: &CorpusKeys, tenant: &str, path: &str, text: &str) -> Record {
    let content = Content::of(&Words::of(text), &keys.words(tenant));
    let sha256 = [u8::try_from(path.len()).unwrap(); 32];
    let id = keys.document(tenant, path, &sha256);
    Record::Document(Box::new((
        About { id, sha256, path: path.to_owned(), class: "trade-secret".to_owned(), registered_ms: 7 },
        content,
    )))
}

fn write(folder: &Path, records: &[Record]) -> Vec<Record> {
    let mut before = Vec::new();
    let lock = Lock::take(folder).unwrap();
    let mut writer = Writer::open(folder, &keys(), "t", &lock, |record| before.push(record)).unwrap();
    for record in records {
        writer.append(record).unwrap();
    }
    writer.sync().unwrap();
    before
}

fn read(folder: &Path) -> Result<Vec<Record>, StoreError> {
    let mut found = Vec::new();
    Follower::new(folder, &keys(), "t")?.read(|record| found.push(record))?;
    Ok(found)
}

fn segment(folder: &Path) -> PathBuf {
    folder.join(keys().folder("t")).join("00000000.segment")
}

fn records() -> Vec<Record> {
    let keys = keys();
    let one = document(&keys, "t", "one", "The plant in Saint-Nazaire will close on 14 March 2027, says memo 4471-B.");
    let Record::Document(about) = &one else { unreachable!() };
    let id = about.0.id;
    let removed = Record::Removed(id);
    let background = Background { threshold: 480, share: 1000, measured_ms: 9, scores: vec![1, 5, 300] };
    let Record::Document(other) = document(&keys, "t", "other", "Another memo of the board, 4471-C.") else {
        unreachable!()
    };
    let replaced = Record::Replaced(Box::new((vec![id], other.0, other.1)));
    vec![
        one,
        removed,
        Record::Background(background),
        Record::Meant(Meant { document: id, model: ModelDigest([5; 32]), rows: vec![1, -1, 127, -128] }),
        Record::Margin(Margin { model: ModelDigest([5; 32]), least: 210, share: 10_000, texts: 900, measured_ms: 9 }),
        replaced,
        document(&keys, "t", "three", "int main() {\n return 0;\n}\nx();\n"),
    ]
}

#[test]
fn what_is_written_is_read_and_holds_no_word() {
    let folder = tempfile::tempdir().unwrap();
    let records = records();
    write(folder.path(), &records[..2]);
    let mut follower = Follower::new(folder.path(), &keys(), "t").unwrap();
    let mut found = Vec::new();
    follower.read(|record| found.push(record)).unwrap();
    assert_eq!(found, records[..2]);
    assert!(!follower.has_news());
    assert_eq!(write(folder.path(), &records[2..]), records[..2]);
    assert!(follower.has_news());
    follower.read(|record| found.push(record)).unwrap();
    assert_eq!(found, records);
    assert_eq!(tenants(folder.path(), &keys()).unwrap(), ["t"]);
    for entry in
        walkdir::WalkDir::new(folder.path()).into_iter().filter_map(Result::ok).filter(|entry| entry.path().is_file())
    {
        let bytes = std::fs::read(entry.path()).unwrap();
        for word in [&b"one"[..], b"Nazaire", b"trade-secret", b"4471"] {
            assert!(!bytes.windows(word.len()).any(|window| window == word), "{}", entry.path().display());
        }
    }
}

#[test]
fn a_cut_end_is_dropped_and_written_again() {
    let folder = tempfile::tempdir().unwrap();
    let records = records();
    write(folder.path(), &records[..1]);
    let whole = std::fs::metadata(segment(folder.path())).unwrap().len();
    write(folder.path(), &records[1..2]);
    let bytes = std::fs::read(segment(folder.path())).unwrap();
    for end in 0..bytes.len() {
        std::fs::write(segment(folder.path()), &bytes[..end]).unwrap();
        let expected = usize::from(end as u64 >= whole);
        assert_eq!(read(folder.path()).unwrap().len(), expected, "cut at {end}");
    }
    // Zeros where a crash lost the data.
    std::fs::write(segment(folder.path()), [&bytes[..usize::try_from(whole).unwrap()], &[0; 500]].concat()).unwrap();
    assert_eq!(read(folder.path()).unwrap(), records[..1]);
    assert_eq!(write(folder.path(), &records[1..]), records[..1]);
    assert_eq!(read(folder.path()).unwrap(), records);
}

#[test]
fn a_changed_byte_is_refused_wherever_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let records = records();
    write(folder.path(), &records);
    let bytes = std::fs::read(segment(folder.path())).unwrap();
    for place in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[place] ^= 1;
        std::fs::write(segment(folder.path()), &changed).unwrap();
        // A length that was made longer reads as a cut end: fewer records, never other ones.
        if let Ok(found) = read(folder.path()) {
            assert!(found.len() < records.len() && records.starts_with(&found), "byte {place}");
        }
    }
    std::fs::write(segment(folder.path()), &bytes).unwrap();
    let other = CorpusKeys::new(hmac::Key::new(hmac::HMAC_SHA256, &[4; 32]));
    assert!(matches!(tenants(folder.path(), &other), Err(StoreError::Sealed { .. })));
}

/// Written anew: what counts is there in its order, what was removed is in no file, and whoever followed begins again.
#[test]
fn what_was_removed_is_written_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let texts = ["The plant will close on 14 March 2027.", "Another memo of the board, 4471-C.", "A third one."];
    let all: Vec<Record> = (0..).zip(texts).map(|(n, text)| document(&keys(), "t", &"x".repeat(n + 1), text)).collect();
    let parts = |record: &Record| {
        let Record::Document(document) = record else { unreachable!() };
        (document.0.clone(), document.1.clone())
    };
    let id = |record: &Record| parts(record).0.id;
    let [one, two, three] = [&all[0], &all[1], &all[2]];
    let of_model =
        |document, rows: i8| Record::Meant(Meant { document, model: ModelDigest([5; 32]), rows: vec![rows; 3] });
    let measured = |threshold| Record::Background(Background { threshold, ..Background::default() });
    write(
        folder.path(),
        &[one.clone(), of_model(id(one), 1), measured(400), two.clone(), of_model(id(two), 2), measured(500)],
    );
    let (about, content) = parts(three);
    write(folder.path(), &[Record::Replaced(Box::new((vec![id(one)], about, content)))]);
    let mut follower = Follower::new(folder.path(), &keys(), "t").unwrap();
    follower.read(drop).unwrap();
    let lock = Lock::take(folder.path()).unwrap();
    assert_eq!(compact(folder.path(), &keys(), "t", &lock).unwrap(), 1);
    drop(lock);
    let expected = [two.clone(), of_model(id(two), 2), measured(500), three.clone()];
    assert_eq!(read(folder.path()).unwrap(), expected);
    assert!(!segment(folder.path()).exists() && follower.has_news() && follower.has_moved().unwrap());
    // What a kill leaves, of the next generation and of an old one, goes with the next writer.
    let tenant = segment(folder.path()).parent().unwrap().to_owned();
    std::fs::write(tenant.join("00000003.segment"), b"x").unwrap();
    std::fs::write(tenant.join("2000000.segment"), b"x").unwrap();
    assert_eq!(write(folder.path(), &[Record::Removed(id(two))]), expected);
    let left = std::fs::read_dir(&tenant).unwrap().filter_map(Result::ok).map(|entry| entry.file_name());
    let mut left: Vec<String> = left.map(|name| name.into_string().unwrap()).collect();
    left.sort();
    assert_eq!(left, ["01000000.segment", "start", "tenant"]);
    std::fs::copy(tenant.join("start"), tenant.join("before")).unwrap();
    let lock = Lock::take(folder.path()).unwrap();
    compact(folder.path(), &keys(), "t", &lock).unwrap();
    drop(lock);
    assert_eq!(read(folder.path()).unwrap(), [measured(500), three.clone()]);
    // Without what says where they begin, or with what said so before, nothing is read as empty, and nothing swept away.
    let [begins, before] = ["start", "before"].map(|name| tenant.join(name));
    std::fs::rename(&begins, tenant.join("kept")).unwrap();
    for other in [false, true] {
        if other {
            std::fs::rename(&before, &begins).unwrap();
        }
        assert!(matches!(read(folder.path()), Err(StoreError::Gone { .. })), "{other}");
        let lock = Lock::take(folder.path()).unwrap();
        assert!(matches!(Writer::open(folder.path(), &keys(), "t", &lock, drop), Err(StoreError::Gone { .. })));
        assert!(matches!(compact(folder.path(), &keys(), "t", &lock), Err(StoreError::Gone { .. })));
    }
    std::fs::rename(tenant.join("kept"), &begins).unwrap();
    assert_eq!(read(folder.path()).unwrap(), [measured(500), three.clone()]);
    // Where nothing counts any more there is still where it begins.
    write(folder.path(), &[Record::Removed(id(three))]);
    let lock = Lock::take(folder.path()).unwrap();
    compact(folder.path(), &keys(), "t", &lock).unwrap();
    drop(lock);
    assert_eq!(read(folder.path()).unwrap(), [measured(500)]);
    // Where they begin is sealed as they are.
    std::fs::write(tenant.join("start"), [7; 40]).unwrap();
    assert!(matches!(read(folder.path()), Err(StoreError::Sealed { .. })));
}

#[test]
fn one_process_writes_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let lock = Lock::take(folder.path()).unwrap();
    assert!(matches!(Lock::take(folder.path()), Err(StoreError::Busy)));
    drop(lock);
    Lock::take(folder.path()).unwrap();
}

#[test]
fn full_segments_follow_one_another() {
    let folder = tempfile::tempdir().unwrap();
    let large = |path: &str| {
        let Record::Document(mut document) = document(&keys(), "t", path, "a paper") else { unreachable!() };
        document.1.rows = vec![[7; 256]; 40_000];
        Record::Document(document)
    };
    let records: Vec<Record> = ["a", "bb", "ccc"].map(large).into();
    write(folder.path(), &records);
    assert!(segment(folder.path()).with_file_name("00000001.segment").exists());
    assert_eq!(read(folder.path()).unwrap(), records);
    std::fs::write(segment(folder.path()), MAGIC).unwrap();
    assert!(matches!(read(folder.path()), Err(StoreError::Sealed { .. })));
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        if let Some(record) = Record::read(&bytes) {
            prop_assert_eq!(&**record.write(), &bytes[..]);
            if let Record::Document(document) = record {
                let rows = document.1.rows.len();
                let mut space = Space::new(keys().words("t"));
                prop_assert_eq!(space.add(document.0, &document.1).map_or(0, |()| space.rows()) % rows.max(1), 0);
            }
        }
    }

    #[test]
    fn any_text_becomes_a_record_and_back(text in "\\PC{0,200}", path in "[a-z/]{0,20}") {
        let record = document(&keys(), "t", &path, &text);
        prop_assert_eq!(Record::read(&record.write()), Some(record));
    }
}
