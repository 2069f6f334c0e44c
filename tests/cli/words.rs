//! Words that a command does not know, and what it was probably asked.

use super::{House, octroi};

#[test]
fn countries_packs_and_folders() {
    let folder = tempfile::tempdir().unwrap();
    for (line, words) in [
        ("init other --home XX", ["`--home XX` is no country", "ISO 3166-1"]),
        ("init other --home fr", ["`--home fr` is no country", "did you mean `FR` (France)?"]),
        ("init other --home Germany", ["`--home Germany` is no country", "did you mean `DE` (Germany)?"]),
        ("policy init other --home ZZ", ["`--home ZZ` is no country", "help"]),
        (
            "policy init other --home FR --packs gdpr-eea",
            ["there is no pack `gdpr-eea`", "did you mean `gdpr-eea-only`"],
        ),
        ("policy init other --home FR --packs dorra-finance", ["`dorra-finance`", "did you mean `dora-finance`"]),
        ("scan .", ["`.` is a folder", "help: find . -type f"]),
    ] {
        octroi(folder.path(), line).must(2, &words);
    }
    assert!(!folder.path().join("other").exists());
}

/// A command that changed and found nothing says that much.
#[test]
fn silence_is_no_answer() {
    let house = House::new();
    house.run("policy fmt --policies house/policies").must(0, &["sheets laid out anew: 1 of 1"]);
    house.run("policy fmt --policies house/policies").must(0, &["sheets that were laid out already: 1"]);
}

/// The steps of docs/configuration.md, as they stand there, up to those that need a running gateway.
#[test]
fn the_steps_of_the_guide_run() {
    let guide = include_str!("../../docs/configuration.md");
    let steps = guide.split("```sh").nth(1).unwrap().split("```").next().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut run = 0;
    for line in steps.lines().map(|line| line.split('#').next().unwrap().trim()) {
        if let Some(body) = line.strip_prefix("echo '") {
            let (text, file) = body.split_once("' > ").unwrap();
            std::fs::write(folder.path().join(file), text).unwrap();
        } else if let Some(line) = line.strip_prefix("octroi ").filter(|line| !line.starts_with("serve")) {
            octroi(folder.path(), line).must(0, &[]);
            run += 1;
        }
    }
    assert_eq!(run, 4, "{steps}");
    octroi(folder.path(), "key new --app exmple --config gateway/octroi.toml")
        .must(2, &["the configuration names no app `exmple`", "its apps: `example`"]);
    octroi(folder.path(), "explain request.json --app exmple --config gateway/octroi.toml")
        .must(2, &["no app is called `exmple`", "did you mean `example`?"]);
}
