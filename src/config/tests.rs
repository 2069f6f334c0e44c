//! Tests of the configuration: every fault has its place, and a key is added without touching the rest.

use super::*;

fn faults(text: &str) -> Vec<Fault> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("octroi.toml");
    std::fs::write(&path, text).unwrap();
    load(&path).map_or_else(|faults| faults.0, |_| Vec::new())
}

const GOOD: &str = r#"
[listen]
address = "127.0.0.1:0"
[dangerous]
plaintext_listener = true
[[app]]
name = "notes"
tenant = "exemple"
keys = []
[[backend]]
name = "paris"
url = "https://localhost:9"
dialects = ["openai"]
[models]
"assistant" = { "paris" = "m" }
"#;

#[test]
fn a_good_file_has_no_fault() {
    assert_eq!(faults(GOOD), []);
}

#[test]
fn every_fault_is_reported_with_its_place() {
    let text = GOOD
        .replace("127.0.0.1:0", "localhost")
        .replace("https://localhost:9", "http://localhost:9")
        .replace("\"paris\" = \"m\"", "\"rome\" = \"m\"")
        .replace("keys = []", "keys = [\"octroi_plain\"]");
    let places =
        faults(&text).into_iter().map(|fault| fault.place.rsplit('/').next().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(places, ["octroi.toml:3:11", "octroi.toml:12:7", "octroi.toml:9:9", "octroi.toml:15:17"]);
}

#[test]
fn unknown_keys_are_faults() {
    let found = faults(&GOOD.replace("[dangerous]", "adress = 1\n[dangerous]"));
    assert!(found[0].what.contains("adress"), "{found:?}");
}

#[test]
fn a_key_is_added_and_nothing_else_changes() {
    let path = Path::new("octroi.toml");
    for (name, text, inserted) in [
        ("empty list", GOOD.to_owned(), "\"h1:BB\""),
        ("a key is there", GOOD.replace("keys = []", "keys = [\"h1:AA\"] # one"), ", \"h1:BB\""),
        ("no list", GOOD.replace("keys = []\n", ""), "\nkeys = [\"h1:BB\"]"),
    ] {
        let new = with_key(path, &text, "notes", "h1:BB").unwrap();
        let raw = raw::parse(path, &new).unwrap();
        assert_eq!(raw.app[0].keys.last().unwrap().get_ref(), "h1:BB", "{name}");
        assert_eq!(new.replacen(inserted, "", 1), text, "{name}");
    }
    assert!(with_key(path, GOOD, "other", "h1:BB").is_err());
}
