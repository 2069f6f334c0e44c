//! Folders: what is registered is what is opened, and nothing else is.

use super::*;
use crate::leak::encoder::samples;

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in samples::files() {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

#[test]
fn what_was_added_is_opened_by_its_digest() {
    let (from, models) = (folder(), tempfile::tempdir().unwrap());
    let (model, is_new) = add(from.path(), models.path(), "small", "query: ").unwrap();
    assert!(is_new);
    let place = models.path().join("small");
    let opened = Model::open(&place, Some(model.digest())).unwrap();
    assert_eq!(opened.vectors(&["a word"]).unwrap(), model.vectors(&["a word"]).unwrap());
    let (again, is_new) = add(from.path(), models.path(), "small", "query: ").unwrap();
    assert!(!is_new && again.digest() == model.digest());
    let taken = add(from.path(), models.path(), "small", "").unwrap_err();
    assert!(matches!(taken, FolderError::Taken(_)), "another prefix is another model: {taken}");
    let other = Model::open(&place, Some(ModelDigest([0; 32]))).unwrap_err();
    assert!(matches!(other, FolderError::Other { .. }), "{other}");
    assert_eq!(ModelDigest::parse(&model.digest().to_string()), Some(model.digest()));
    for digest in ["", "00", &"0".repeat(63), &"g".repeat(64), &"0".repeat(66)] {
        assert_eq!(ModelDigest::parse(digest), None, "{digest}");
    }
    for name in ["", ".hidden", "a/b", "..", "a b", &"n".repeat(65)] {
        assert!(matches!(add(from.path(), models.path(), name, ""), Err(FolderError::Name(_))), "{name}");
    }
}

#[test]
fn a_changed_file_is_refused() {
    let (from, models) = (folder(), tempfile::tempdir().unwrap());
    add(from.path(), models.path(), "small", "").unwrap();
    let place = models.path().join("small");
    for name in NEEDED {
        let path = place.join(name);
        let sound = std::fs::read(&path).unwrap();
        let mut changed = sound.clone();
        *changed.last_mut().unwrap() ^= 1;
        std::fs::write(&path, &changed).unwrap();
        let refused = Model::open(&place, None).unwrap_err();
        assert!(matches!(refused, FolderError::Changed(_)), "{name}: {refused}");
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(Model::open(&place, None), Err(FolderError::File { .. })), "{name}");
        std::fs::write(&path, &sound).unwrap();
    }
    assert!(Model::open(&place, None).is_ok());
    assert!(matches!(Model::open(from.path(), None), Err(FolderError::Unregistered(_))));
    for (name, text) in [
        ("no JSON", "{".to_owned()),
        ("no files", r#"{"version":1,"name":"x","files":{}}"#.to_owned()),
        ("a file elsewhere", std::fs::read_to_string(place.join(MANIFEST)).unwrap().replace("config.json", "../key")),
        (
            "a version to come",
            std::fs::read_to_string(place.join(MANIFEST)).unwrap().replace("\"version\": 1", "\"version\": 2"),
        ),
    ] {
        assert_eq!(Manifest::parse(text.as_bytes()), None, "{name}");
    }
}

#[test]
fn files_that_make_no_model_are_not_copied() {
    let (from, models) = (folder(), tempfile::tempdir().unwrap());
    std::fs::write(from.path().join(CONFIG), b"{}").unwrap();
    assert!(matches!(add(from.path(), models.path(), "small", ""), Err(FolderError::Model { .. })));
    assert_eq!(std::fs::read_dir(models.path()).unwrap().count(), 0);
}

#[test]
fn rows_come_from_the_first_passage_on_until_the_moment() {
    let (from, models) = (folder(), tempfile::tempdir().unwrap());
    let (model, _) = add(from.path(), models.path(), "small", "").unwrap();
    let passages: Vec<String> = (0..20).map(|count| "ab ".repeat(count)).collect();
    let passages: Vec<&str> = passages.iter().map(String::as_str).collect();
    let all = model.embed("", &passages, None).unwrap();
    assert_eq!(all.len(), passages.len());
    let now = Instant::now();
    let late = model.embed("", &passages, Some(now)).unwrap();
    assert_eq!(late, all[..late.len()]);
    assert!(late.len() < all.len(), "nothing is begun after the moment");
    assert_eq!(crate::leak::meaning::embed_all(&model, &passages).unwrap(), all);
    assert!(all.iter().all(|row| row.len() == model.dimension()));
}
