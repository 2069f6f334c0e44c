//! The layers of the house: arrows point down only, and siblings of layers 2 and 3 do not meet.

#![expect(
    clippy::unwrap_used,
    clippy::string_slice,
    clippy::disallowed_methods,
    reason = "test helpers read the sources"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Module, layer, and whether modules of the same layer may be used by it.
const LAYERS: &[(&str, u8)] = &[
    ("limits", 0),
    ("aead", 1),
    ("disk", 1),
    ("model", 0),
    ("telemetry", 1),
    ("wire", 1),
    ("balance", 2),
    ("detect", 2),
    ("dialect", 2),
    ("policy", 2),
    ("transform", 2),
    ("audit", 3),
    ("config", 3),
    ("identity", 3),
    ("leak", 3),
    ("quota", 3),
    ("upstream", 3),
    ("gateway", 4),
    ("console", 5),
    ("app", 6),
    ("cli", 6),
];

/// Layers 0 to 2 touch no file, socket, clock, environment or randomness. `disk` alone does, for the layers above.
const PURE: &[&str] = &["limits", "model", "telemetry", "wire", "balance", "detect", "dialect", "policy", "transform"];

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Every source file, with the module of the crate that it belongs to.
fn files() -> Vec<(String, PathBuf)> {
    let mut files = Vec::new();
    for entry in walkdir::WalkDir::new(source()).sort_by_file_name() {
        let path = entry.unwrap().into_path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            let inside = path.strip_prefix(source()).unwrap();
            let module = inside.components().next().unwrap().as_os_str().to_str().unwrap();
            files.push((module.trim_end_matches(".rs").to_owned(), path));
        }
    }
    files
}

/// The modules that a line of code names by `crate::module`.
fn named(line: &str) -> Vec<String> {
    let code = line.split("//").next().unwrap_or_default();
    let mut modules = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            for part in group.split('}').next().unwrap_or_default().split(',') {
                modules.push(part.trim().split("::").next().unwrap_or_default().to_owned());
            }
        } else {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            modules.push(rest[..end].to_owned());
        }
    }
    modules
}

#[test]
fn arrows_point_down() {
    let layers: BTreeMap<&str, u8> = LAYERS.iter().copied().collect();
    let mut wrong = Vec::new();
    for (module, path) in files() {
        let Some(layer) = layers.get(module.as_str()) else {
            assert!(["lib", "main"].contains(&module.as_str()), "`{module}` has no layer: give it one in this table");
            continue;
        };
        for (number, line) in (1..).zip(fs::read_to_string(&path).unwrap().lines()) {
            for target in named(line) {
                let Some(below) = layers.get(target.as_str()) else { continue };
                let siblings = below == layer && (*layer == 2 || *layer == 3 || *layer == 1) && target != module;
                if below > layer || siblings {
                    let place = path.strip_prefix(source()).unwrap().display();
                    wrong.push(format!("{place}:{number}: {module} -> {target}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "arrows that point up or between siblings:\n{}", wrong.join("\n"));
}

#[test]
fn folders_and_table_agree() {
    let table: BTreeSet<&str> = LAYERS.iter().map(|(module, _)| *module).collect();
    let library = fs::read_to_string(source().join("lib.rs")).unwrap();
    let declared: BTreeSet<&str> =
        library.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    assert_eq!(declared, table, "lib.rs and the table of layers differ");
}

#[test]
fn pure_modules_deny_effects() {
    for module in PURE {
        let folder = source().join(module).join("mod.rs");
        let file = if folder.exists() { folder } else { source().join(format!("{module}.rs")) };
        let text = fs::read_to_string(&file).unwrap();
        assert!(
            text.contains("#![deny(clippy::disallowed_methods, clippy::disallowed_types)]"),
            "{} must deny effects",
            file.display()
        );
    }
    for (module, path) in files().iter().filter(|(module, _)| PURE.contains(&module.as_str())) {
        let text = fs::read_to_string(path).unwrap();
        let uses = text.lines().any(|line| named(line).iter().any(|target| target == "disk"));
        assert!(!uses, "{}: {module} is pure and has no disk", path.display());
    }
}

#[test]
fn every_module_opens_with_what_it_is_for() {
    for (_, path) in files() {
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("//! "), "{} opens without a module doc", path.display());
    }
}

#[test]
fn only_dispatch_opens_a_backend_to_a_body() {
    let mut senders = Vec::new();
    for (module, path) in files() {
        let text = fs::read_to_string(&path).unwrap();
        if module != "upstream" && text.contains("upstream.send") {
            senders.push(path.strip_prefix(source()).unwrap().display().to_string());
        }
    }
    assert_eq!(senders, ["gateway/dispatch.rs"], "law 3: one function sends");
}

#[test]
fn the_journey_is_one_short_function() {
    let text = fs::read_to_string(source().join("gateway/journey.rs")).unwrap();
    let start = text.find("pub async fn journey").unwrap();
    let length = text[start..].lines().take_while(|line| *line != "}").count();
    assert!(length <= 60, "journey() has {length} lines; DESIGN allows 60");
}

#[test]
fn unsafe_code_stands_only_where_it_may() {
    for (_, path) in files() {
        let text = fs::read_to_string(&path).unwrap();
        let inside = path.strip_prefix(source()).unwrap().display().to_string();
        let code = text.lines().any(|line| !line.trim_start().starts_with("//") && line.contains("unsafe {"));
        if code {
            let places = ["audit/clock.rs", "identity/memory.rs", "leak/cuda/", "leak/simd/"];
            let may = places.iter().any(|place| inside.starts_with(place));
            assert!(may, "{inside} has unsafe code");
        }
    }
}
