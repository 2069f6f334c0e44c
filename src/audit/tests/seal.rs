//! Sealed content: who can open it, who cannot, and what erasing does.

use std::sync::LazyLock;

use aws_lc_rs::hmac;
use serde_json::{Value, json};

use super::*;
use crate::audit::seal::custodian::{Custodian, Secret};
use crate::audit::seal::erase::{Order, Scope, erase};
use crate::audit::seal::reveal::{RevealError, reveal};
use crate::audit::seal::{Content, Part, SealError, Sealer, Subject, Which};
use crate::model::entry::Sealed;

const SECRET_TEXT: &str = "Camille Aubertin, camille.aubertin@example.com";

fn mac() -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, b"a key of the root")
}

fn custodians(count: usize) -> Vec<Secret> {
    (0..count).map(|number| Secret::new(&format!("person-{number}")).unwrap()).collect()
}

fn sealer(folder: &Path, secrets: &[Secret]) -> Sealer {
    Sealer::new(folder, secrets.iter().map(|secret| secret.public().unwrap()).collect(), mac())
}

fn order(basis: &Word) -> Order<'_> {
    static BY: LazyLock<Word> =
        LazyLock::new(|| Word::configured(&format!("user-{}", rustix::process::getuid().as_raw())));
    Order { basis, by: &BY, clock: &|| jiff::Timestamp::from_second(1_795_000_000).unwrap() }
}

fn actor(name: &'static str) -> Subject {
    Subject::Actor(Word::fixed(name))
}

fn seal(sealer: &Sealer, subject: &Subject, month: &str, number: u32) -> Sealed {
    let content = Content {
        tenant: &Word::fixed("groupe-exemple"),
        subject,
        month,
        request: id(number),
        part: Part::Attempt { number: 1, received: SECRET_TEXT, sent: "‹person-1›" },
    };
    sealer.seal(&content).unwrap()
}

fn open(folder: &Path, sealed: &Sealed, number: u32, keys: [&Secret; 2]) -> Result<Value, RevealError> {
    let sending = json!({"sealed": sealed});
    let content = reveal(folder, ("groupe-exemple", id(number), Which::Attempt(1)), &sending, keys)?;
    Ok(serde_json::from_slice(&content).unwrap())
}

/// Whether any file below the folder holds a text.
fn holds(folder: &Path, text: &str) -> bool {
    walkdir::WalkDir::new(folder).into_iter().map(Result::unwrap).filter(|entry| entry.file_type().is_file()).any(
        |entry| {
            let bytes = std::fs::read(entry.path()).unwrap();
            bytes.windows(text.len()).any(|window| window == text.as_bytes())
        },
    )
}

#[test]
fn two_persons_open_it_and_one_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let (secrets, stranger) = (custodians(3), custodians(1));
    let sealer = sealer(folder.path(), &secrets);
    let sealed = seal(&sealer, &actor("A7KQ2M"), "2026-11", 1);
    assert!(!holds(folder.path(), SECRET_TEXT) && !holds(folder.path(), "person-1"));
    for (one, other) in [(0, 1), (1, 0), (0, 2), (2, 1)] {
        let opened = open(folder.path(), &sealed, 1, [&secrets[one], &secrets[other]]).unwrap();
        assert_eq!(opened, json!({"received": SECRET_TEXT, "sent": "‹person-1›"}));
    }
    for (name, keys, expected) in [
        ("one person twice", [&secrets[0], &secrets[0]], RevealError::OnePerson),
        ("a stranger", [&secrets[0], &stranger[0]], RevealError::NotCustodian),
    ] {
        assert_eq!(open(folder.path(), &sealed, 1, keys), Err(expected), "{name}");
    }
    let other = seal(&sealer, &actor("A7KQ2M"), "2026-11", 2);
    let keys = [&secrets[0], &secrets[1]];
    assert_eq!(open(folder.path(), &other, 1, keys), Err(RevealError::Changed), "the file of another request");
    let line = secrets[0].line();
    assert_eq!(Secret::parse(&line).unwrap().public(), secrets[0].public());
    let public = secrets[0].public().unwrap();
    assert_eq!(Custodian::parse(&public.to_string()), Some(public));
    assert!(Custodian::parse(&line).is_none() && Secret::parse("octroi-seal-secret a AAAA").is_none());
}

#[test]
fn an_answer_is_a_part_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = custodians(2);
    let (sealer, keys) = (sealer(folder.path(), &secrets), [&secrets[0], &secrets[1]]);
    let request = seal(&sealer, &actor("A7KQ2M"), "2026-11", 1);
    let euro = "12 €".as_bytes();
    for (name, body, cut, expected) in [
        ("text", SECRET_TEXT.as_bytes(), false, json!({"answer": SECRET_TEXT})),
        ("the beginning of a text", SECRET_TEXT.as_bytes(), true, json!({"answer": SECRET_TEXT})),
        ("cut within a character", euro.get(..4).unwrap(), true, json!({"answer": "12 "})),
        ("frames", &[0, 1, 0xff, 2], false, json!({"answer_base64": "AAH/Ag=="})),
        ("frames that end like a cut character", euro.get(..4).unwrap(), false, json!({"answer_base64": "MTIg4g=="})),
    ] {
        let content = Content {
            tenant: &Word::fixed("groupe-exemple"),
            subject: &actor("A7KQ2M"),
            month: "2026-11",
            request: id(1),
            part: Part::Answer { body, cut, key: &request.key },
        };
        let sealed = sealer.seal(&content).unwrap();
        assert_eq!((sealed.cut, &sealed.key), (cut, &request.key), "{name}: the key of its request");
        let open = |which, sealed: &Sealed| {
            let opened = reveal(folder.path(), ("groupe-exemple", id(1), which), &json!({"sealed": sealed}), keys);
            opened.map(|content| serde_json::from_slice::<Value>(&content).unwrap())
        };
        assert_eq!(open(Which::Answer, &sealed), Ok(expected), "{name}");
        assert_eq!(open(Which::Attempt(1), &sealed), Err(RevealError::Changed), "{name}: in the other's place");
        assert_eq!(open(Which::Answer, &request), Err(RevealError::Changed), "{name}: the other in its place");
    }
    assert!(!holds(folder.path(), SECRET_TEXT));
}

#[test]
fn what_was_changed_on_disk_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = custodians(2);
    let keys = [&secrets[0], &secrets[1]];
    let sealed = seal(&sealer(folder.path(), &secrets), &actor("A7KQ2M"), "2026-11", 1);
    let month = folder.path().join("sealed/groupe-exemple/2026-11");
    for entry in walkdir::WalkDir::new(&month).into_iter().map(Result::unwrap).filter(|it| it.file_type().is_file()) {
        let right = std::fs::read(entry.path()).unwrap();
        let mut wrong = right.clone();
        let middle = wrong.len() / 2;
        wrong[middle] ^= 1;
        std::fs::write(entry.path(), wrong).unwrap();
        assert!(open(folder.path(), &sealed, 1, keys).is_err(), "{}", entry.path().display());
        std::fs::write(entry.path(), right).unwrap();
    }
    assert!(open(folder.path(), &sealed, 1, keys).is_ok());
    // Somebody who can write the folder puts a month's key of their own there: nothing is sealed to it.
    let theirs = tempfile::tempdir().unwrap();
    let forger = Sealer::new(
        theirs.path(),
        custodians(2).iter().map(|secret| secret.public().unwrap()).collect(),
        hmac::Key::new(hmac::HMAC_SHA256, b"another root"),
    );
    seal(&forger, &actor("X"), "2026-11", 9);
    std::fs::copy(theirs.path().join("sealed/groupe-exemple/2026-11/month"), month.join("month")).unwrap();
    let content = Content {
        tenant: &Word::fixed("groupe-exemple"),
        subject: &actor("NEW"),
        month: "2026-11",
        request: id(3),
        part: Part::Attempt { number: 1, received: SECRET_TEXT, sent: "" },
    };
    let refused = sealer(folder.path(), &secrets).seal(&content).unwrap_err();
    assert!(matches!(refused, SealError::Io(error) if error.kind() == std::io::ErrorKind::InvalidData));
}

#[test]
fn erasing_a_subject_destroys_its_keys_and_no_others() {
    let folder = tempfile::tempdir().unwrap();
    let log = SegmentLog::open(options(folder.path())).unwrap();
    append(&log, decision(1)).unwrap();
    let secrets = custodians(2);
    let keys = [&secrets[0], &secrets[1]];
    let sealer = sealer(folder.path(), &secrets);
    let (one, other, case) = (actor("A7KQ2M"), actor("B8LR3N"), Subject::Case(Word::fixed("A7KQ2M")));
    let rows = [
        (seal(&sealer, &one, "2026-10", 1), 1),
        (seal(&sealer, &one, "2026-11", 2), 2),
        (seal(&sealer, &other, "2026-11", 3), 3),
        (seal(&sealer, &case, "2026-11", 4), 4),
    ];
    let again = seal(&sealer, &one, "2026-11", 5);
    assert_eq!(again.key, rows[1].0.key, "a subject has one key a month while the gateway runs");
    let (tenant, basis) = (Word::fixed("groupe-exemple"), Word::fixed("consent-withdrawn"));
    let erased = |scope: &Scope| erase(folder.path(), &tenant, scope, order(&basis)).unwrap();
    assert_eq!(erased(&Scope::Of(one.clone())), 2);
    assert_eq!(erased(&Scope::Of(one.clone())), 0, "nothing is left of it");
    let state = |(sealed, number): &(Sealed, u32)| open(folder.path(), sealed, *number, keys).map(|_| ());
    assert_eq!(rows.each_ref().map(state), [Err(RevealError::Erased), Err(RevealError::Erased), Ok(()), Ok(())]);
    // The running gateway goes on for that subject with a new key.
    let new = seal(&sealer, &one, "2026-11", 6);
    assert_ne!(new.key, rows[1].0.key);
    assert!(open(folder.path(), &new, 6, keys).is_ok());
    assert_eq!(erased(&Scope::Month("2026-11".into())), 1);
    let after = [Err(RevealError::Erased); 4];
    assert_eq!(rows.each_ref().map(state), after, "and the month is gone for all");
    assert_eq!(open(folder.path(), &new, 6, keys), Err(RevealError::Erased));
    log.stop();
    // Each is in the log, which still verifies.
    SegmentLog::open(options(folder.path())).unwrap().stop();
    let filter = crate::audit::query::Filter::default();
    let page = naive::query(folder.path(), &filter, 1_000, None).unwrap();
    let erasures: Vec<_> = page.records.iter().flat_map(|record| record.of_kind("erasure").cloned()).collect();
    assert_eq!(erasures.len(), 3, "{erasures:?}");
    assert!(erasures.iter().all(|entry| entry["basis"] == "consent-withdrawn"));
    let named = |scope| erasures.iter().filter(|entry| entry["scope"] == scope).count();
    assert_eq!((named("subject"), named("month")), (2, 1));
    verify(folder.path()).unwrap();
}

/// The gateway runs on while somebody erases: what comes after is kept so that it can be opened, and nothing of before.
#[test]
fn what_is_sealed_after_an_erasure_of_the_month_can_be_opened() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = custodians(2);
    let keys = [&secrets[0], &secrets[1]];
    let sealer = sealer(folder.path(), &secrets);
    let (one, other) = (actor("A7KQ2M"), actor("B8LR3N"));
    let before = [(seal(&sealer, &one, "2026-11", 1), 1), (seal(&sealer, &other, "2026-11", 2), 2)];
    let (tenant, basis) = (Word::fixed("groupe-exemple"), Word::fixed("retention-ended"));
    let month = Scope::Month("2026-11".to_owned());
    let erased = || erase(folder.path(), &tenant, &month, order(&basis)).unwrap();
    assert_eq!(erased(), 1);
    let after = [(seal(&sealer, &one, "2026-11", 3), 3), (seal(&sealer, &actor("NEW"), "2026-11", 4), 4)];
    for (sealed, number) in &after {
        assert!(open(folder.path(), sealed, *number, keys).is_ok(), "{number}");
    }
    for (sealed, number) in &before {
        assert_eq!(open(folder.path(), sealed, *number, keys), Err(RevealError::Erased), "{number}: nobody changed it");
    }
    // Cut off after the keys were put aside, and done again.
    let place = folder.path().join("sealed/groupe-exemple/2026-11");
    std::fs::rename(place.join("keys"), place.join("keys.0.erasing")).unwrap();
    assert_eq!((erased(), erased()), (1, 0));
    let left: Vec<_> = std::fs::read_dir(&place).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["content"], "no key of any kind");
}

/// The answer to a request whose key is destroyed while it comes is not kept: the erasure takes both.
#[test]
fn an_erasure_takes_the_answer_that_is_still_coming() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = custodians(2);
    let sealer = sealer(folder.path(), &secrets);
    let (tenant, basis) = (Word::fixed("groupe-exemple"), Word::fixed("consent-withdrawn"));
    let one = actor("A7KQ2M");
    for (number, scope) in [(1, Scope::Of(one.clone())), (2, Scope::Month("2026-11".to_owned()))] {
        let sealed = seal(&sealer, &one, "2026-11", number);
        let answer = || {
            sealer.seal(&Content {
                tenant: &tenant,
                subject: &one,
                month: "2026-11",
                request: id(number),
                part: Part::Answer { body: SECRET_TEXT.as_bytes(), cut: false, key: &sealed.key },
            })
        };
        assert_eq!(answer().unwrap().key, sealed.key, "{number}");
        assert_eq!(erase(folder.path(), &tenant, &scope, order(&basis)).unwrap(), 1);
        assert!(matches!(answer(), Err(SealError::Erased)), "{number}");
        // Nor where others of the same subject came in between, under its new key.
        seal(&sealer, &one, "2026-11", number + 10);
        assert!(matches!(answer(), Err(SealError::Erased)), "{number}");
    }
}

/// Who is a custodian no more opens what was sealed while they were, and nothing behind it; so it is the other way round with who
/// became one.
#[test]
fn other_custodians_have_another_key() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = custodians(4);
    let (before, after) = (sealer(folder.path(), &secrets[..3]), sealer(folder.path(), &secrets[2..]));
    let first = seal(&before, &actor("A7KQ2M"), "2026-11", 1);
    let second = seal(&after, &actor("A7KQ2M"), "2026-11", 2);
    let again = seal(&sealer(folder.path(), &secrets[..3]), &actor("B2KQ2M"), "2026-11", 3);
    for (name, sealed, number, opening, shut) in [
        ("the first", &first, 1, [0, 2], [2, 3]),
        ("the second", &second, 2, [2, 3], [0, 2]),
        ("the first again", &again, 3, [1, 2], [3, 2]),
    ] {
        let keys = |pair: [usize; 2]| pair.map(|one| &secrets[one]);
        assert!(open(folder.path(), sealed, number, keys(opening)).is_ok(), "{name}");
        assert_eq!(open(folder.path(), sealed, number, keys(shut)), Err(RevealError::NotCustodian), "{name}");
    }
    let file = folder.path().join("sealed/groupe-exemple/2026-11/month");
    let month: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    assert_eq!(month["keys"].as_array().unwrap().len(), 2, "the same list has the same key");
}

/// The notes of erasures that wait for the log.
fn notes(folder: &Path) -> Vec<Value> {
    crate::audit::access::waiting_erasures(folder)
}

#[test]
fn each_erasure_of_a_month_names_the_keys_that_went() {
    let folder = tempfile::tempdir().unwrap();
    let sealer = sealer(folder.path(), &custodians(2));
    let (tenant, month) = (Word::fixed("groupe-exemple"), Scope::Month("2026-11".to_owned()));
    let mut keys = Vec::new();
    for (number, basis) in [(1, "objection"), (2, "consent-withdrawn")] {
        keys.push(seal(&sealer, &actor("A7KQ2M"), "2026-11", number).key.to_string());
        // Within the same moment, and before the log has taken the first.
        assert_eq!(erase(folder.path(), &tenant, &month, order(&Word::fixed(basis))).unwrap(), 1);
    }
    let mut told: Vec<_> =
        notes(folder.path()).iter().map(|note| (note["basis"].clone(), note["keys"].clone())).collect();
    told.sort_by_key(|(basis, _)| basis.to_string());
    assert_eq!(told, [(json!("consent-withdrawn"), json!([keys[1]])), (json!("objection"), json!([keys[0]]))]);
    // Many keys take several entries, each within its bound.
    for number in 0..600 {
        let subject = Subject::Actor(Word::configured(&format!("actor-{number}")));
        seal(&sealer, &subject, "2026-11", 10 + number);
    }
    erase(folder.path(), &tenant, &month, order(&Word::fixed("court-order"))).unwrap();
    let counts = notes(folder.path()).into_iter().filter(|note| note["basis"] == "court-order");
    let mut counts: Vec<usize> = counts.map(|note| note["keys"].as_array().unwrap().len()).collect();
    counts.sort_unstable();
    assert_eq!(counts, [88, 256, 256]);
    SegmentLog::open(options(folder.path())).unwrap().stop();
    assert_eq!(notes(folder.path()).len(), 0);
}

/// Whoever can write the folder cannot have files of others destroyed.
#[test]
fn nothing_is_erased_behind_a_link() {
    let (folder, others) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let sealer = sealer(folder.path(), &custodians(2));
    seal(&sealer, &actor("A7KQ2M"), "2026-11", 1);
    std::fs::write(others.path().join("important.conf"), "kept").unwrap();
    let month = folder.path().join("sealed/groupe-exemple/2026-11");
    let keys = std::fs::read_dir(month.join("keys")).unwrap().next().unwrap().unwrap().path();
    std::fs::rename(&keys, folder.path().join("held")).unwrap();
    std::os::unix::fs::symlink(others.path(), &keys).unwrap();
    let (tenant, basis) = (Word::fixed("groupe-exemple"), Word::fixed("objection"));
    for scope in [Scope::Of(actor("A7KQ2M")), Scope::Month("2026-11".to_owned())] {
        erase(folder.path(), &tenant, &scope, order(&basis)).unwrap_err();
    }
    let whole = month.join("keys");
    std::fs::remove_dir_all(&whole).unwrap_or_default();
    std::os::unix::fs::symlink(others.path(), whole).unwrap();
    erase(folder.path(), &tenant, &Scope::Month("2026-11".to_owned()), order(&basis)).unwrap_err();
    assert_eq!(std::fs::read_to_string(others.path().join("important.conf")).unwrap(), "kept");
    assert!(notes(folder.path()).iter().all(|note| note["key"] != "important.conf"));
}
