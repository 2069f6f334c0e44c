//! The binary on a log made by hand from the documented layout: what it prints, and its exit status.
#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "test helpers that write files")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use aws_lc_rs::signature::Ed25519KeyPair;
use octroi_verify::checkpoint::Checkpoint;
use octroi_verify::entry::wrap;
use octroi_verify::merkle::{Frontier, leaf_hash};
use octroi_verify::note::SignerKey;
use octroi_verify::segment::{BatchBuilder, Header};

const ORIGIN: &str = "octroi/hand-made/1";
const ID: &str = "0193594c-1d2e-7000-8000-0123456789ab";

/// Writes a log of four entries, and returns its key and checkpoint.
fn write_log(dir: &Path) -> (String, String) {
    let pair = Ed25519KeyPair::generate().unwrap().to_pkcs8v1().unwrap();
    let key = SignerKey::from_pkcs8(ORIGIN, pair.as_ref()).unwrap();
    let (mut tree, mut batch) = (Frontier::default(), BatchBuilder::default());
    let header = Header { number: 1, first_seq: 0, root: tree.root(), origin: ORIGIN.into() };
    for body in [
        r#"{"kind":"start","unfinished":0,"version":"0.1.0"}"#.to_owned(),
        decision(),
        format!(
            r#"{{"bytes_out":1,"end":"complete","first_byte_us":1,"foreign_tokens":0,"kind":"outcome","request":"{ID}","#
        ) + r#""restored":0,"status":200,"total_us":2,"withheld_tokens":0}"#,
        r#"{"kind":"stop"}"#.to_owned(),
    ] {
        let mut entry = Vec::new();
        wrap(body.as_bytes(), tree.size(), "2026-11-23T09:00:00.000000000Z", &mut entry);
        batch.push(&entry);
        tree.push(leaf_hash(&entry));
    }
    let checkpoint = Checkpoint { origin: ORIGIN.into(), size: tree.size(), root: tree.root() }.sign(&key);
    fs::create_dir(dir.join("segments")).unwrap();
    let bytes = [header.encode().unwrap(), batch.finish(0), vec![0; 1_000]].concat();
    fs::write(dir.join("segments/00000001.seg"), bytes).unwrap();
    fs::write(dir.join("checkpoint"), &checkpoint).unwrap();
    fs::write(dir.join("log.vkey"), format!("{}\n", key.verifier())).unwrap();
    (key.verifier().to_string(), checkpoint)
}

/// A decision as short as one can be.
fn decision() -> String {
    let digest = "0".repeat(64);
    let scan = r#"{"bytes":0,"leaves":0,"scanned":0,"status":"complete","unknown":0,"unreadable":0}"#;
    format!(
        r#"{{"actor":"A","api":"openai","app":"a","body_bytes":0,"body_mac":"{digest}","findings":[],"inventory":"{digest}","#
    ) + &format!(
        r#""kind":"decision","model":"m","operation":"chat","plan":[],"policy":"{digest}","reference":"{digest}","#
    ) + &format!(
        r#""removed":[],"request":"{ID}","rules":[],"scan":{scan},"stream":false,"tenant":"t","verdict":"forward"}}"#
    )
}

fn run(arguments: &[&str]) -> (i32, String, String) {
    let Output { status, stdout, stderr } =
        Command::new(env!("CARGO_BIN_EXE_octroi-verify")).args(arguments).output().unwrap();
    (status.code().unwrap(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

#[test]
fn says_what_holds() {
    let folder = tempfile::tempdir().unwrap();
    let (key, checkpoint) = write_log(folder.path());
    let dir = folder.path().to_str().unwrap();
    let (code, out, _) = run(&[dir]);
    assert_eq!(code, 0, "{out}");
    assert!(out.starts_with("VERIFIED: octroi/hand-made/1\n"), "{out}");
    assert!(out.contains("taken from the log's own folder"), "{out}");
    let kept = folder.path().join("kept");
    fs::write(&kept, checkpoint).unwrap();
    let (code, out, _) = run(&[dir, "--key", &key, "--from", kept.to_str().unwrap()]);
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("(given)") && out.contains("extends     1 earlier checkpoint\n"), "{out}");
    assert!(out.contains("signed      4 entries") && out.contains("decision    1\n"), "{out}");
}

#[test]
fn says_what_does_not_hold_and_where() {
    let folder = tempfile::tempdir().unwrap();
    write_log(folder.path());
    let path = folder.path().join("segments/00000001.seg");
    let mut bytes = fs::read(&path).unwrap();
    *bytes.get_mut(600).unwrap() ^= 1;
    fs::write(&path, bytes).unwrap();
    let (code, out, _) = run(&[folder.path().to_str().unwrap()]);
    assert_eq!(code, 1);
    assert!(out.starts_with("NOT VERIFIED: bytes changed: segments/00000001.seg at byte 5"), "{out}");
}

#[test]
fn says_when_it_cannot_check() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().to_str().unwrap();
    for (name, arguments, message) in [
        ("no folder", vec![], "which folder?"),
        ("two folders", vec!["a", "b"], "one folder at a time"),
        ("unknown option", vec!["a", "--quick"], "unknown option `--quick`"),
        ("no key", vec!["a", "--key"], "`--key` needs a key"),
        ("not a key", vec!["a", "--key", "a+b"], "`--key` is not a verifier key"),
        ("no such checkpoint", vec!["a", "--from", "/nowhere"], "`/nowhere`: entity not found"),
    ] {
        let (code, _, err) = run(&arguments);
        assert_eq!(code, 2, "{name}");
        assert!(err.contains(message), "{name}: {err}");
    }
    let (code, out, _) = run(&[dir]);
    assert_eq!((code, out.as_str()), (2, "NOT VERIFIED: not an audit log: log.vkey: the file is not there\n"));
    assert_eq!(run(&["--help"]).0, 0);
}
