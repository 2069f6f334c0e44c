//! What a witness signs, what it refuses, what it remembers; and what a log shows it.

use std::collections::BTreeSet;

use aws_lc_rs::signature::Ed25519KeyPair;
use octroi_verify::cosign::CosignerKey;
use octroi_verify::merkle::{Frontier, Hash, leaf_hash};
use octroi_verify::note::{self, SignerKey};
use octroi_verify::policy::Policy;
use octroi_verify::proof::consistency;
use octroi_verify::{Checkpoint, ProblemKind};

use super::*;
use crate::audit::anchor::{Anchored, lines_of, request};
use crate::audit::witness::{Refused, Witness, WitnessError, found};

const NOW: u64 = 1_795_000_000;

fn signer(name: &str) -> SignerKey {
    SignerKey::from_pkcs8(name, Ed25519KeyPair::generate().unwrap().to_pkcs8v1().unwrap().as_ref()).unwrap()
}

/// A log in memory: its key, and its leaves.
struct Log(Arc<SignerKey>, Vec<Hash>);

impl Log {
    fn new(salt: u8) -> Self {
        Self(Arc::new(signer(ORIGIN)), (0..40).map(|leaf| leaf_hash(&[salt.min(leaf / 8), leaf])).collect())
    }

    fn signed(&self, size: u64) -> String {
        let mut tree = Frontier::default();
        self.1.iter().take(usize::try_from(size).unwrap()).for_each(|leaf| tree.push(*leaf));
        Checkpoint { origin: ORIGIN.into(), size, root: tree.root() }.sign(&self.0)
    }

    fn body(&self, old: u64, new: u64) -> String {
        let proof = consistency(self.1.as_slice(), old, new).unwrap_or_default();
        let lines = proof.iter().map(ToString::to_string).chain([String::new()]).collect::<Vec<_>>().join("\n");
        format!("old {old}\n{lines}\n{}", self.signed(new))
    }
}

#[test]
fn a_witness_signs_what_extends_what_it_signed() {
    let folder = tempfile::tempdir().unwrap();
    let public = found(folder.path(), "witness.example/w1").unwrap();
    assert!(matches!(found(folder.path(), "other"), Err(WitnessError::Exists)));
    let witness = Witness::open(folder.path()).unwrap();
    assert!(matches!(Witness::open(folder.path()), Err(WitnessError::Locked)));
    // The second log has the same key and other entries from the ninth on.
    let log = Log::new(0);
    let fork = Log(Arc::clone(&log.0), Log::new(9).1);
    let (stranger, keys) = (Log::new(0), [log.0.verifier().clone()]);
    let swapped = log.body(11, 30).replacen("old 11", "old 12", 1);
    let many = format!("old 12\n{}\n{}", format!("{}\n", Hash::empty()).repeat(64), log.signed(30));
    let rows: &[(&str, String, Result<u64, Refused>)] = &[
        ("begins behind nothing", log.body(3, 12), Err(Refused::Conflict(0))),
        ("the first", log.body(0, 12), Ok(12)),
        ("again", log.body(12, 12), Ok(12)),
        ("from nothing once more", log.body(0, 20), Err(Refused::Conflict(12))),
        ("rolled back", log.body(5, 8), Err(Refused::Conflict(12))),
        ("as large, other entries", fork.body(12, 12), Err(Refused::Conflict(12))),
        ("larger, other entries", fork.body(12, 30), Err(Refused::Inconsistent)),
        ("the proof of another size", swapped, Err(Refused::Inconsistent)),
        ("old beyond new", log.body(12, 12).replacen("old 12", "old 13", 1), Err(Refused::Malformed)),
        ("a number spelt otherwise", log.body(12, 30).replacen("old 12", "old 012", 1), Err(Refused::Malformed)),
        ("too long a proof", many, Err(Refused::Malformed)),
        ("no request", "old 12\n".to_owned(), Err(Refused::Malformed)),
        ("a key of the same name", stranger.body(12, 30), Err(Refused::Unsigned)),
        ("the next", log.body(12, 30), Ok(30)),
    ];
    for (name, body, expected) in rows {
        let answer = witness.add_checkpoint(body.as_bytes(), &keys, NOW);
        match (&answer, expected) {
            (Ok(line), Ok(size)) => {
                let cosigned = format!("{}{line}", log.signed(*size));
                let (text, lines) = note::split(&cosigned).unwrap();
                assert_eq!(public.time(text, &lines), Some(NOW), "{name}");
            }
            _ => assert_eq!(answer.as_ref().err(), expected.as_ref().err(), "{name}: {answer:?}"),
        }
    }
    let unknown = witness.add_checkpoint(log.body(30, 40).as_bytes(), &[signer("other").verifier().clone()], NOW);
    assert_eq!(unknown, Err(Refused::Unknown));
    drop(witness);
    remembers(folder.path(), &public, &log);
}

/// A witness that was restarted knows what it signed; one whose memory was changed or taken does not start.
fn remembers(folder: &Path, public: &CosignerKey, log: &Log) {
    let kept = folder.join("logs/octroi%2ftest%2f1");
    let text = std::fs::read_to_string(&kept).unwrap();
    let policy = format!("log {}\nwitness w {public}\nquorum w\n", log.0.verifier());
    let accepted = Policy::parse(&policy).unwrap().accept(&text).unwrap();
    assert_eq!((accepted.checkpoint.size, accepted.witnesses.len()), (30, 1), "an auditor can use it");
    let again = Witness::open(folder).unwrap();
    let keys = [log.0.verifier().clone()];
    assert_eq!(again.add_checkpoint(log.body(12, 20).as_bytes(), &keys, NOW), Err(Refused::Conflict(30)));
    drop(again);
    std::fs::write(&kept, text.replacen("\n30\n", "\n12\n", 1)).unwrap();
    assert!(matches!(Witness::open(folder), Err(WitnessError::Forgotten(_))), "an edited number");
    std::fs::write(&kept, log.signed(12)).unwrap();
    assert!(matches!(Witness::open(folder), Err(WitnessError::Forgotten(_))), "a checkpoint that it did not sign");
    std::fs::remove_dir_all(folder.join("logs")).unwrap();
    assert!(matches!(Witness::open(folder), Err(WitnessError::Io { .. })), "everything gone");
}

#[test]
fn a_log_shows_proofs_from_where_it_was_or_from_anywhere() {
    let (folder, beside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    found(beside.path(), "witness.example/w1").unwrap();
    let witness = Witness::open(beside.path()).unwrap();
    let mut last = 0;
    for round in 0..4_u32 {
        let log = SegmentLog::open(options(folder.path())).unwrap();
        for number in 0..20 {
            append(&log, decision(100 * round + number)).unwrap();
        }
        let keys = [log.key().clone()];
        log.stop();
        let mut anchored = Anchored::open(folder.path()).unwrap();
        assert_eq!(anchored.cosigned(), (round > 0).then_some(last), "round {round}");
        if round == 2 {
            // Without the edge all is read, and the proof is the same.
            std::fs::remove_file(folder.path().join("anchor")).unwrap();
        }
        let shown = anchored.show(&BTreeSet::from([0, last, 7, 1_000_000])).unwrap();
        assert!(request(&shown, 1_000_000).is_none(), "there is no proof from beyond the end");
        assert_eq!(
            witness.add_checkpoint(request(&shown, 7).unwrap().as_bytes(), &keys, NOW),
            Err(Refused::Conflict(last)),
        );
        let near = Anchored::open(folder.path()).unwrap().show(&BTreeSet::from([last])).unwrap();
        assert_eq!(near.proofs.get(&last), shown.proofs.get(&last), "round {round}");
        let line = witness.add_checkpoint(request(&near, last).unwrap().as_bytes(), &keys, NOW).unwrap();
        let noise = format!("— stranger AAAAAAAA\n{line}not a line\n");
        assert_eq!(lines_of(&noise, &shown, &witness.public()), line);
        assert_eq!(lines_of(&line, &shown, &CosignerKey::of(&signer("witness.example/w1"))), "");
        anchored.keep(&shown, &line).unwrap();
        last = shown.checkpoint.size;
        let policy = format!("log {}\nwitness w {}\nquorum w\n", keys[0], witness.public());
        let trust = Trust { policy: Some(Policy::parse(&policy).unwrap()), ..Trust::default() };
        let report = verify_dir(folder.path(), &trust, &mut |_| {}).unwrap();
        assert_eq!((report.witnessed, report.witnesses.len()), (Some(last), 1));
    }
    // A cosigned checkpoint that the log does not reach, or of another history, is named.
    let cosigned = folder.path().join("checkpoint.cosigned");
    let text = std::fs::read_to_string(&cosigned).unwrap();
    std::fs::write(&cosigned, text.replacen(&format!("\n{last}\n"), "\n5\n", 1)).unwrap();
    assert_eq!(verify(folder.path()).unwrap_err().kind, ProblemKind::Checkpoint);
}
