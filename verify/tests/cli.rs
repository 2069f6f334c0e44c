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
use octroi_verify::tiles::{Growing, bundle, entries_path};
use octroi_verify::tlog_proof::TlogProof;
use octroi_verify::{cosign, note};

const ORIGIN: &str = "octroi/hand-made/1";
const ID: &str = "0193594c-1d2e-7000-8000-0123456789ab";

fn signer(name: &str) -> SignerKey {
    let pair = Ed25519KeyPair::generate().unwrap().to_pkcs8v1().unwrap();
    SignerKey::from_pkcs8(name, pair.as_ref()).unwrap()
}

/// Writes a log of four entries, and returns its key and checkpoint.
fn write_log(dir: &Path) -> (String, String) {
    let key = signer(ORIGIN);
    let (entries, checkpoint) = write_signed(dir, &key);
    publish(&dir.join("published"), &entries, &checkpoint);
    (key.verifier().to_string(), checkpoint)
}

/// Writes the same entries as tiles.
fn publish(dir: &Path, entries: &[Vec<u8>], checkpoint: &str) {
    let (mut growing, mut bytes) = (Growing::default(), Vec::new());
    for entry in entries {
        bundle(entry, &mut bytes);
        growing.push(leaf_hash(entry), &mut Vec::new());
    }
    for (path, bytes) in growing
        .partial()
        .iter()
        .map(|tile| (tile.path(), tile.bytes()))
        .chain([(entries_path(0, 4), bytes), ("checkpoint".to_owned(), checkpoint.as_bytes().to_vec())])
    {
        let path = dir.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

fn write_signed(dir: &Path, key: &SignerKey) -> (Vec<Vec<u8>>, String) {
    write_signed_as(dir, key, ORIGIN)
}

fn write_signed_as(dir: &Path, key: &SignerKey, name: &str) -> (Vec<Vec<u8>>, String) {
    let mut entries = Vec::new();
    let (mut tree, mut batch) = (Frontier::default(), BatchBuilder::default());
    let header = Header { number: 1, first_seq: 0, root: tree.root(), origin: name.into() };
    for body in [
        format!(r#"{{"kind":"start","unfinished":0,"version":"{name}"}}"#),
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
        entries.push(entry);
    }
    let checkpoint = Checkpoint { origin: name.into(), size: tree.size(), root: tree.root() }.sign(key);
    fs::create_dir(dir.join("segments")).unwrap();
    let bytes = [header.encode().unwrap(), batch.finish(0), vec![0; 1_000]].concat();
    fs::write(dir.join("segments/00000001.seg"), bytes).unwrap();
    fs::write(dir.join("checkpoint"), &checkpoint).unwrap();
    fs::write(dir.join("log.vkey"), format!("{}\n", key.verifier())).unwrap();
    (entries, checkpoint)
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
    assert_eq!((code, out.as_str()), (2, "NOT VERIFIED: not an audit log: checkpoint: the file is not there\n"));
    assert_eq!(run(&["--help"]).0, 0);
}

#[test]
fn what_was_taken_away_is_a_finding_and_no_fault_of_use() {
    let folder = tempfile::tempdir().unwrap();
    let (key, checkpoint) = write_log(folder.path());
    fs::remove_dir_all(folder.path().join("published")).unwrap();
    let kept = folder.path().with_extension("kept");
    fs::write(&kept, &checkpoint).unwrap();
    let dir = folder.path().to_str().unwrap().to_owned();
    for (name, gone, expected) in [
        ("the checkpoint", "checkpoint", "NOT VERIFIED: checkpoint missing: "),
        ("the segments", "segments", "NOT VERIFIED: segment missing: segments: "),
    ] {
        fs::rename(folder.path().join(gone), folder.path().join("aside")).unwrap();
        let (code, out, _) = run(&[&dir, "--key", &key]);
        assert_eq!(code, 1, "{name}: {out}");
        assert!(out.starts_with(expected), "{name}: {out}");
        fs::rename(folder.path().join("aside"), folder.path().join(gone)).unwrap();
    }
    let empty = tempfile::tempdir().unwrap();
    let empty = empty.path().to_str().unwrap();
    for arguments in [vec![empty, "--key", &key], vec![empty, "--from", kept.to_str().unwrap()]] {
        let (code, out, _) = run(&arguments);
        assert_eq!(code, 1, "{arguments:?}: {out}");
        assert!(out.starts_with("NOT VERIFIED: log missing: "), "{out}");
    }
    fs::write(&kept, "no checkpoint").unwrap();
    let (code, out, _) = run(&[&dir, "--from", kept.to_str().unwrap()]);
    let told = format!("NOT VERIFIED: cannot be read: {}: it is not a checkpoint\n", kept.display());
    assert_eq!((code, out), (2, told));
    // What Windows made of the key is still the key.
    fs::write(&kept, format!("\u{feff}{key}\r\n")).unwrap();
    let (code, out, _) = run(&[&dir, "--key", kept.to_str().unwrap()]);
    assert_eq!(code, 0, "{out}");
    let checkpoint = fs::read_to_string(Path::new(&dir).join("checkpoint")).unwrap();
    fs::write(&kept, format!("\u{feff}{}", checkpoint.replace('\n', "\r\n"))).unwrap();
    let (code, out, _) = run(&[&dir, "--from", kept.to_str().unwrap()]);
    assert_eq!(code, 0, "{out}");
    fs::write(&kept, format!("\u{feff}log {key}\r\nquorum none\r\n")).unwrap();
    let (code, out, _) = run(&[&dir, "--policy", kept.to_str().unwrap()]);
    assert_eq!(code, 0, "{out}");
    let (code, _, err) = run(&["HTTPS://audit.example/log"]);
    assert!(code == 2 && err.contains("a folder, not an address: `octroi audit verify"), "{err}");
    fs::remove_file(kept).unwrap();
}

#[test]
fn an_export_is_compared_with_every_log_of_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let mut exports = Vec::new();
    for name in ["octroi/a/1", "octroi/b/1"] {
        let dir = folder.path().join(name.replace('/', "-"));
        fs::create_dir(&dir).unwrap();
        let (entries, _) = write_signed_as(&dir, &signer(name), name);
        let lines: Vec<String> = entries.into_iter().map(|entry| String::from_utf8(entry).unwrap()).collect();
        exports.push(lines.join("\n") + "\n");
    }
    let (dir, file) = (folder.path().to_str().unwrap(), folder.path().join("export.jsonl"));
    let file_name = file.to_str().unwrap();
    for (text, expected) in [
        (exports[0].clone(), 0),
        (exports[1].clone(), 0),
        (exports[1].replacen("\"seq\":2", "\"seq\":3", 1), 1),
        ("not an entry\n".to_owned(), 2),
    ] {
        fs::write(&file, text).unwrap();
        let (code, out, _) = run(&[dir, "--export", file_name]);
        assert_eq!(code, expected, "{out}");
    }
}

/// A gateway that was stopped before its first entry has published what it has: a signed checkpoint of nothing.
#[test]
fn a_published_log_without_entries_is_one() {
    let folder = tempfile::tempdir().unwrap();
    let key = signer(ORIGIN);
    let nothing = Checkpoint { origin: ORIGIN.into(), size: 0, root: Frontier::default().root() };
    fs::write(folder.path().join("checkpoint"), nothing.sign(&key)).unwrap();
    fs::write(folder.path().join("log.vkey"), format!("{}\n", key.verifier())).unwrap();
    let (code, out, _) = run(&[folder.path().to_str().unwrap(), "--key", &key.verifier().to_string()]);
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("signed      0 entries"), "{out}");
    // Where something is there that it does not sign, it is looked at.
    fs::create_dir(folder.path().join("segments")).unwrap();
    fs::write(folder.path().join("segments/00000001.seg"), "no segment").unwrap();
    let (code, out, _) = run(&[folder.path().to_str().unwrap()]);
    assert_eq!(code, 1, "{out}");
}

/// Two gateways with the name that both have by default: with one of their logs gone the other does not stand for it.
#[test]
fn of_two_logs_of_one_name_that_a_policy_lists_each_must_be_there() {
    let folder = tempfile::tempdir().unwrap();
    let keys = [signer(ORIGIN), signer(ORIGIN)];
    let (log, policy) = (folder.path().join("log"), folder.path().join("trust.policy"));
    fs::create_dir(&log).unwrap();
    write_signed(&log, &keys[0]);
    for (listed, expected) in [(&keys[..1], 0), (&keys[..], 1)] {
        let lines: Vec<String> = listed.iter().map(|key| format!("log {}\n", key.verifier())).collect();
        fs::write(&policy, lines.concat() + "quorum none\n").unwrap();
        let (code, out, _) = run(&[log.to_str().unwrap(), "--policy", policy.to_str().unwrap()]);
        assert_eq!(code, expected, "{out}");
        let missing =
            format!("NOT VERIFIED: log missing: {ORIGIN}: the policy lists it with the key `{}`", keys[1].verifier());
        assert_eq!(out.starts_with(&missing), expected == 1, "{out}");
    }
}

/// Whoever hands a folder over names it: no name of theirs writes over what the terminal says.
#[test]
fn a_name_of_a_folder_or_file_does_nothing_to_a_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let logs = folder.path().join("logs");
    let names = ["\u{1b}[2K\rVERIFIED: octroi node-1 1\u{1b}[8m", "b\nVERIFIED: x", "c\u{202e}\u{200b}"];
    let other = folder.path().join("other.jsonl");
    fs::create_dir(&logs).unwrap();
    fs::write(&other, "").unwrap();
    let is_plain = |text: &str| {
        let odd = |c: char| (c.is_control() && c != '\n') || ('\u{200b}'..='\u{202e}').contains(&c);
        !text.contains(odd) && !text.lines().any(|line| line.starts_with("VERIFIED: x"))
    };
    for name in names {
        let log = logs.join(name);
        fs::create_dir(&log).unwrap();
        write_log(&log);
        let export = log.join("export\u{1b}[8m.jsonl");
        fs::write(&export, "").unwrap();
        let (code, out, _) = run(&[log.to_str().unwrap(), "--export", export.to_str().unwrap()]);
        assert!(code == 0 && is_plain(&out) && out.contains("export\\u{1b}[8m.jsonl: 0 lines"), "{out}");
        let (code, out, _) = run(&[logs.to_str().unwrap(), "--index"]);
        assert!(code == 1 && is_plain(&out), "{out}");
        let path = log.join("segments/00000001.seg");
        let right = fs::read(&path).unwrap();
        let mut bytes = right.clone();
        *bytes.get_mut(600).unwrap() ^= 1;
        fs::write(&path, bytes).unwrap();
        let (code, out, _) = run(&[logs.to_str().unwrap()]);
        let shown = name.escape_debug().to_string();
        assert!(code == 1 && is_plain(&out) && out.contains(&shown), "{shown}: {out}");
        fs::remove_dir_all(&log).unwrap();
    }
    // Two logs of one name, of which each is named.
    for name in &names[..2] {
        fs::create_dir(logs.join(name)).unwrap();
        write_signed(&logs.join(name), &signer(ORIGIN));
    }
    let (code, out, _) = run(&[logs.to_str().unwrap()]);
    assert!(code == 1 && is_plain(&out) && out.contains("has the same name and is not signed"), "{out}");
    let (_, _, err) = run(&[logs.to_str().unwrap(), "--key", "\u{1b}[2K"]);
    assert!(is_plain(&err) && err.contains("`\\u{1b}[2K`: entity not found"), "{err}");
}

#[test]
fn tiles_are_checked_on_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let (key, _) = write_log(folder.path());
    let dir = folder.path().join("published");
    let (code, out, _) = run(&[dir.to_str().unwrap(), "--key", &key]);
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("signed      4 entries") && out.contains("1 file"), "{out}");
    for (name, file, at, expected) in [
        ("an entry", "tile/entries/000.p/4", 40, "NOT VERIFIED: "),
        (
            "a word of an entry",
            "tile/entries/000.p/4",
            60,
            "NOT VERIFIED: bytes changed: tile/entries/000.p/4, entry 0: ",
        ),
        ("a hash", "tile/0/000.p/4", 33, "NOT VERIFIED: bytes changed: tile/0/000.p/4 at byte 33"),
    ] {
        let (path, right) = (dir.join(file), fs::read(dir.join(file)).unwrap());
        let mut bytes = right.clone();
        *bytes.get_mut(at).unwrap() ^= 1;
        fs::write(&path, bytes).unwrap();
        let (code, out, _) = run(&[dir.to_str().unwrap(), "--key", &key]);
        assert_eq!(code, 1, "{name}: {out}");
        assert!(out.starts_with(expected), "{name}: {out}");
        fs::write(&path, right).unwrap();
    }
    fs::remove_file(dir.join("tile/0/000.p/4")).unwrap();
    let (code, out, _) = run(&[dir.to_str().unwrap(), "--key", &key]);
    assert_eq!((code, out.as_str()), (1, "NOT VERIFIED: entries missing: tile/0/000.p/4: the file is not there\n"));
}

#[test]
fn a_policy_asks_for_witnesses_and_for_every_log() {
    let folder = tempfile::tempdir().unwrap();
    let (log, other, witness) = (signer(ORIGIN), signer("octroi/other/1"), signer("witness.example"));
    let dir = folder.path().join("a");
    fs::create_dir(&dir).unwrap();
    let (_, checkpoint) = write_signed(&dir, &log);
    let policy = folder.path().join("policy");
    let lines = format!("log {}\nwitness w {}\n", log.verifier(), cosign::CosignerKey::of(&witness));
    fs::write(&policy, format!("{lines}quorum w\n")).unwrap();
    let (dir, policy) = (dir.to_str().unwrap().to_owned(), policy.to_str().unwrap().to_owned());
    let (code, out, _) = run(&[&dir, "--policy", &policy]);
    assert_eq!(code, 1);
    assert!(
        out.starts_with("NOT VERIFIED: trust policy not met: checkpoint: `octroi/hand-made/1`: the quorum"),
        "{out}"
    );

    let text = note::split(&checkpoint).unwrap().0.to_owned();
    let cosigned = checkpoint + &cosign::cosign(&witness, &text, 1_795_000_000);
    fs::write(Path::new(&dir).join("checkpoint"), cosigned).unwrap();
    let (code, out, _) = run(&[&dir, "--policy", &policy]);
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("witness     w signed 4 entries, at 2026-11-18T11:06:40Z"), "{out}");

    // The whole deployment: a log that the policy lists was deleted.
    fs::write(&policy, format!("{lines}log {}\nquorum w\n", other.verifier())).unwrap();
    let (code, out, _) = run(&[folder.path().to_str().unwrap(), "--policy", &policy]);
    assert_eq!(code, 1);
    assert!(out.starts_with("NOT VERIFIED: log missing: octroi/other/1: "), "{out}");
}

#[test]
fn one_entry_is_proven_without_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let log = signer(ORIGIN);
    let (entries, checkpoint) = write_signed(folder.path(), &log);
    let leaves: Vec<_> = entries.iter().map(|entry| leaf_hash(entry)).collect();
    let hashes = octroi_verify::proof::inclusion(leaves.as_slice(), 2, 4).unwrap();
    let proof = TlogProof { extra: Some(entries.get(2).unwrap().clone()), index: 2, hashes, checkpoint };
    let path = folder.path().join("request.tlog-proof");
    fs::write(&path, proof.to_string()).unwrap();
    let (file, key) = (path.to_str().unwrap(), log.verifier().to_string());
    let (code, out, _) = run(&["--proof", file, "--key", &key]);
    assert_eq!(code, 0, "{out}");
    assert!(out.starts_with("PROVEN: entry 2 of 4 of octroi/hand-made/1, 0 witnesses\n{\"entry\":"), "{out}");
    // A proof without its entry, and that as a line that a program wrote.
    let line = folder.path().join("entry.json");
    fs::write(&line, [entries.get(2).unwrap().as_slice(), b"\r\n"].concat()).unwrap();
    fs::write(&path, TlogProof { extra: None, ..proof.clone() }.to_string()).unwrap();
    let (code, out, _) = run(&["--proof", file, "--entry", line.to_str().unwrap(), "--key", &key]);
    assert_eq!(code, 0, "{out}");
    fs::write(&path, proof.to_string().replace("index 2", "index 3")).unwrap();
    let (code, out, _) = run(&["--proof", file, "--key", &key]);
    assert_eq!((code, out.as_str()), (1, "NOT PROVEN: proof leads to another root\n"));
    let (code, out, _) = run(&["--proof", file, "--key", &signer(ORIGIN).verifier().to_string()]);
    assert_eq!((code, out.as_str()), (1, "NOT PROVEN: no signature by the trusted key\n"));
    let (code, out, err) = run(&["--proof", file]);
    assert_eq!((code, out.as_str()), (2, ""), "{err}");
    assert!(err.contains("a proof needs a key or a policy"), "{err}");
}

#[test]
fn an_export_must_stand_in_the_log_as_it_does_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let (entries, _) = write_signed(folder.path(), &signer(ORIGIN));
    let lines: Vec<String> = entries.into_iter().map(|entry| String::from_utf8(entry).unwrap() + "\n").collect();
    let line = |index: usize| lines.get(index).unwrap().clone();
    let edited = line(2).replace("\"status\":200", "\"status\":403");
    for (name, text, expected) in [
        (
            "all",
            lines.concat(),
            "4 lines as in the log, from entry 0 to 3; it leaves out 0 between these, 0 before and 0 behind",
        ),
        (
            "some",
            line(0) + &line(3),
            "2 lines as in the log, from entry 0 to 3; it leaves out 2 between these, 0 before and 0 behind",
        ),
        ("nothing", String::new(), "0 lines as in the log; it holds no entry"),
        ("edited", line(0) + &edited, "export edited: EXPORT, entry 2: line 2 is not the entry that the log has"),
        ("repeated", line(1) + &line(1), "export edited: EXPORT, entry 1: line 2 repeats or is out of order"),
        ("moved", line(2) + &line(1), "export edited: EXPORT, entry 1: line 2 repeats or is out of order"),
        (
            "made up",
            line(3).replace("\"seq\":3", "\"seq\":9"),
            "entry 9: line 1 is an entry that the log does not have",
        ),
        (
            "line ends of Windows, and a blank line",
            format!("\u{feff}{}", lines.concat().replace('\n', "\r\n\r\n")),
            "4 lines as in the log, from entry 0 to 3; it leaves out 0 between these, 0 before and 0 behind",
        ),
        ("no entry", "hello\n".to_owned(), "cannot be read: EXPORT: it is not what `octroi audit export` writes"),
        (
            "the answer of a search",
            "{\"entries\":[{\"entry\":{}}],\"seq\":1}\n".to_owned(),
            "cannot be read: EXPORT: it is not what",
        ),
        ("the first entry cut", line(0).replace("\"v\":1}", ""), "export edited: EXPORT: line 1"),
    ] {
        let export = folder.path().join("export.jsonl");
        fs::write(&export, text).unwrap();
        let export = export.to_str().unwrap();
        let (_, out, _) = run(&[folder.path().to_str().unwrap(), "--export", export]);
        assert!(out.replace(export, "EXPORT").contains(expected), "{name}: {out}");
    }
}

/// Whoever may write in the folder of a log cannot keep its auditor waiting: a pipe is told, and not read.
#[test]
fn a_pipe_in_the_place_of_a_file_is_told() {
    let dir = tempfile::tempdir().unwrap();
    write_log(dir.path());
    let published = dir.path().join("published");
    fs::copy(dir.path().join("log.vkey"), published.join("log.vkey")).unwrap();
    for (folder, name) in [
        (dir.path(), "checkpoint"),
        (dir.path(), "checkpoint.cosigned"),
        (dir.path(), "log.vkey"),
        (dir.path(), "segments/00000001.seg"),
        (published.as_path(), "kept.entries"),
        (&published, "tile/0/000.p/4"),
        (&published, "tile/entries/000.p/4"),
    ] {
        let (file, aside) = (folder.join(name), folder.join("aside"));
        let there = fs::rename(&file, &aside).is_ok();
        assert!(Command::new("mkfifo").arg(&file).status().unwrap().success());
        let output = Command::new(env!("CARGO_BIN_EXE_octroi-verify")).arg(folder).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(2), "{name}: {said}");
        assert!(said.contains("it is no regular file"), "{name}: {said}");
        fs::remove_file(&file).unwrap();
        if there {
            fs::rename(&aside, &file).unwrap();
        }
    }
}

/// A bit of a checkpoint that was flipped is no fault of the disk: whichever it is, the log is not accepted.
#[test]
fn a_flip_in_a_checkpoint_is_never_taken_for_a_file_that_cannot_be_read() {
    let dir = tempfile::tempdir().unwrap();
    write_log(dir.path());
    let file = dir.path().join("checkpoint");
    let right = fs::read(&file).unwrap();
    for at in [0, right.len() / 2, right.len() - 1] {
        let mut wrong = right.clone();
        if let Some(byte) = wrong.get_mut(at) {
            *byte ^= 0x80;
        }
        fs::write(&file, wrong).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_octroi-verify")).arg(dir.path()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(1), "{at}: {said}");
        assert!(said.contains("checkpoint not accepted: checkpoint"), "{at}: {said}");
    }
}

/// Epochs that cannot be listed are not taken for none: one of them would be called missing.
#[test]
fn epochs_that_cannot_be_listed_are_said_to_be_unreadable() {
    let folder = tempfile::tempdir().unwrap();
    write_log(folder.path());
    fs::write(folder.path().join("epochs"), "no folder").unwrap();
    let (code, out, _) = run(&[folder.path().to_str().unwrap()]);
    assert_eq!((code, out.as_str()), (2, "NOT VERIFIED: cannot be read: epochs: not a directory\n"));
}
