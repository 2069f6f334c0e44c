//! Published values in every disguise of classes 1 to 6 and in pairs of them: found whole when right, never when wrong; and
//! `docs/detectors.md`, which lists the detectors and what they see through.
//!
//! A value counts when its detector finds it as it stands, after one of its own context words; how many types do is the affair
//! of the detectors, not of this test. `OCTROI_WRITE=1 cargo test --test detectors` writes the page anew.

#![expect(
    clippy::format_collect,
    clippy::unwrap_used,
    clippy::string_slice,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "the tests read and write files of the repository and tell what they skip"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use std::process::Command;
use std::sync::LazyLock;

use octroi::detect::view::View;
use octroi::detect::{Engine, embedded};
use octroi::model::Catalogue;

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| octroi::policy::catalogue(&[]).unwrap());
static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::new(embedded(), &CATALOGUE).unwrap());

#[path = "detectors/classes.rs"]
mod classes;
#[path = "detectors/disguises.rs"]
mod disguises;

use disguises::DISGUISES;

/// A published value, a context word of its detector, and what type it is.
struct Vector {
    kind: String,
    value: String,
    valid: bool,
}

fn vectors() -> Option<Vec<Vector>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/pii/vectors");
    let mut all = Vec::new();
    for file in ["presidio.jsonl", "stdnum.jsonl", "computed.jsonl"] {
        let Ok(text) = std::fs::read_to_string(folder.join(file)) else {
            eprintln!("skipped: no {}", folder.join(file).display());
            return None;
        };
        for line in text.lines() {
            let row: serde_json::Value = serde_json::from_str(line).unwrap();
            let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
            all.push(Vector { kind: text("type"), value: text("value"), valid: row["valid"] == true });
        }
    }
    Some(all)
}

/// A context word for every type that has one.
fn words() -> BTreeMap<String, String> {
    let mut words = BTreeMap::new();
    for source in embedded() {
        let file: toml::Table = toml::from_str(source.toml).unwrap();
        for row in file.get("pattern").and_then(toml::Value::as_array).into_iter().flatten() {
            let entity = row["entity"].as_str().unwrap().to_owned();
            let languages = row.get("context").and_then(toml::Value::as_table);
            let first = languages.and_then(|table| table.values().next()?.as_array()?.first()?.as_str());
            words.entry(entity).or_insert_with(|| first.unwrap_or_default().to_owned());
        }
    }
    words
}

/// Whether a finding of a type in a text lies in this part of it and leaves no digit of it, however disguised.
fn finds(text: &str, kind: &str, part: &str) -> bool {
    let start = text.find(part).unwrap();
    let plain = |text: &str| View::of(text).map_or_else(|| text.to_owned(), |view| view.text().to_owned());
    let left = |text: &str| plain(text).bytes().any(|byte| byte.is_ascii_digit());
    ENGINE.find(text).iter().any(|found| {
        CATALOGUE.info(found.entity).is_some_and(|info| info.name.as_str() == kind)
            && found.range.start + 8 >= start
            && found.range.end <= start + part.len()
            && !left(&text[start..found.range.start.max(start)])
            && !left(&text[found.range.end..start + part.len()])
    })
}

/// The values that are found as they stand, at most so many a type.
fn plain(vectors: &[Vector], most: usize) -> Vec<(String, String, String)> {
    let words = words();
    let mut taken: BTreeMap<&str, usize> = BTreeMap::new();
    let mut plain = Vec::new();
    for vector in vectors.iter().filter(|vector| vector.valid) {
        let Some(word) = words.get(&vector.kind) else { continue };
        let count = taken.entry(&vector.kind).or_default();
        let before = format!("{word} : ");
        let value = vector.value.trim().to_owned();
        if *count < most && value.is_ascii() && finds(&format!("{before}{value} ;"), &vector.kind, &value) {
            *count += 1;
            plain.push((vector.kind.clone(), before, value));
        }
    }
    plain
}

/// Every disguise of a value, and some pairs of them, with its class; pairs have none.
fn disguised(value: &str) -> Vec<(Option<u8>, String, String)> {
    let mut all = Vec::new();
    let turn = value.bytes().map(usize::from).sum::<usize>();
    let mut pair = 0_usize;
    for (class, name, apply) in DISGUISES {
        all.extend(apply(value).map(|text| (Some(*class), format!("{class} {name}"), text)));
        for (other, second, then) in DISGUISES.iter().filter(|(other, _, _)| class < other && *other > 3) {
            // All pairs of all values would take minutes in a build without optimisation: some, by turns.
            pair += 1;
            if !(pair + turn).is_multiple_of(17) {
                continue;
            }
            // An encoding is put around markup, not markup into an encoding.
            let (inner, outer) = if *class == 5 { (then, apply) } else { (apply, then) };
            let text = inner(value).and_then(|value| outer(&value));
            all.extend(text.map(|text| (None, format!("{class} {name} and {other} {second}"), text)));
        }
    }
    all
}

/// For each type and class, how many disguises were seen through and how many there were.
type Table = BTreeMap<String, [(usize, usize); 7]>;

/// Disguises the values that are found as they stand; the table, and a line for each that was not seen through.
fn tried(vectors: &[Vector]) -> (Table, String) {
    let (mut table, mut missed) = (Table::new(), String::new());
    for (kind, before, value) in plain(vectors, 3) {
        let row = table.entry(kind.clone()).or_default();
        for (class, name, text) in disguised(&value) {
            let seen = finds(&format!("{before}{text} ;"), &kind, &text);
            let (through, all) = &mut row[usize::from(class.unwrap_or(7)) - 1];
            *through += usize::from(seen);
            *all += 1;
            if !seen {
                writeln!(missed, "{kind} {name}: {before}{text}").unwrap();
            }
        }
    }
    (table, missed)
}

#[test]
fn disguised_values_are_seen_through_and_the_page_says_so() {
    let listing = Command::new(env!("CARGO_BIN_EXE_octroi")).args(["detectors", "--markdown"]).output().unwrap();
    assert!(listing.status.success(), "{}", String::from_utf8_lossy(&listing.stderr));
    let listing = String::from_utf8(listing.stdout).unwrap();
    let evasion = vectors().map(|vectors| {
        let (table, missed) = tried(&vectors);
        let counts = table.values().flatten();
        let (through, all) = counts.fold((0, 0), |(through, all), count| (through + count.0, all + count.1));
        eprintln!("{through} of {all} disguises seen through\n{missed}");
        assert!((all - through) * 50 <= all, "more than two in a hundred disguises were not seen through");
        rendered(&table)
    });
    page(&[("detectors", Some(listing)), ("evasion", evasion), ("classes", Some(classes::rendered()))]);
}

#[test]
fn disguised_wrong_values_are_not_found() {
    let Some(vectors) = vectors() else { return };
    let words = words();
    let mut taken: BTreeMap<&str, usize> = BTreeMap::new();
    let mut alarms = String::new();
    for vector in vectors.iter().filter(|vector| !vector.valid && vector.value.is_ascii() && vector.value.len() > 5) {
        let Some(word) = words.get(&vector.kind) else { continue };
        let count = taken.entry(&vector.kind).or_default();
        let before = format!("{word} : ");
        let holds = |text: &str| {
            let found = ENGINE.find(text);
            found.iter().any(|found| CATALOGUE.info(found.entity).is_some_and(|info| info.name.as_str() == vector.kind))
        };
        // What is wrong for one tool and right for the authority is no matter of disguise.
        if *count == 2 || holds(&format!("{before}{} ;", vector.value)) {
            continue;
        }
        *count += 1;
        for (_, name, text) in disguised(&vector.value) {
            if holds(&format!("{before}{text} ;")) {
                writeln!(alarms, "{} {name}: {before}{text}", vector.kind).unwrap();
            }
        }
    }
    eprintln!("{alarms}");
    let all = taken.values().sum::<usize>() * DISGUISES.len();
    assert!(alarms.lines().count() * 100 <= all, "more than one in a hundred wrong values were found in disguise");
}

/// The same without the published values, which may not be there: French ones, found to the byte.
#[test]
fn disguised_values_are_found_whole() {
    let mut missed = String::new();
    for (kind, before, value) in [
        ("iban", "compte ", "FR14 2004 1010 0505 0001 3M02 606"),
        ("card_pan", "carte ", "4111 1111 1111 1111"),
        ("fr_nir", "nir ", "1 84 12 76 451 089 46"),
        ("fr_nir", "nir ", "1 07 03 2B 188 643 64"),
        ("fr_siren", "SIREN ", "732 829 320"),
        ("fr_siret", "SIRET ", "732 829 320 00074"),
        ("fr_tva", "TVA ", "FR 40 303 265 045"),
    ] {
        for (class, name, apply) in DISGUISES {
            let Some(disguised) = apply(value) else { continue };
            if !finds(&format!("{before}{disguised}, fin"), kind, &disguised) {
                writeln!(missed, "{class} {name}: {before}{disguised}").unwrap();
            }
        }
    }
    assert!(missed.is_empty(), "{missed}");
}

/// The evasion table as Markdown.
fn rendered(table: &Table) -> String {
    let mut out = String::from(
        "| type | 1 invisible | 2 compatibility | 3 look-alikes | 4 separators | 5 encodings | 6 markup | pairs |\n|---|---|---|---|---|---|---|---|\n",
    );
    for (kind, row) in table {
        let cells = row.map(|(through, all)| match (through, all) {
            (_, 0) => "–".to_owned(),
            (through, all) if through == all => "found".to_owned(),
            (through, all) => format!("{through} of {all}"),
        });
        writeln!(out, "| {kind} | {} |", cells.join(" | ")).unwrap();
    }
    out
}

/// Compares parts of the page with what was computed, or writes them.
fn page(parts: &[(&str, Option<String>)]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/detectors.md");
    let before = std::fs::read_to_string(&path).unwrap();
    let mut after = before.clone();
    for (name, part) in parts {
        let Some(part) = part else { continue };
        let (begin, end) = (format!("<!-- {name}: begin -->\n"), format!("<!-- {name}: end -->"));
        let from = after.find(&begin).unwrap() + begin.len();
        let to = after.find(&end).unwrap();
        after.replace_range(from..to, part);
    }
    if std::env::var_os("OCTROI_WRITE").is_some() {
        std::fs::write(&path, after).unwrap();
    } else {
        assert!(before == after, "docs/detectors.md is stale: OCTROI_WRITE=1 cargo test --test detectors");
    }
}
