//! Tests of keys: what proves whom, for what, and until when.
#![expect(clippy::disallowed_methods, reason = "a test writes the file of keys")]

use std::path::PathBuf;

use jiff::SignedDuration;

use super::change::{self, KeyFault, Wanted, Who};
use super::file::{Channel, Event};
use super::ring::RingError;
use super::*;

fn app(name: &'static str, keys: Vec<String>) -> Registration {
    Registration {
        app: Word::fixed(name),
        tenant: Word::fixed("exemple"),
        purpose: Some(Word::fixed("care")),
        purposes: vec![Word::fixed("research")],
        roles: Vec::new(),
        residence: Vec::new(),
        minors: false,
        labels_required: false,
        quiet: false,
        keys,
        certificates: Vec::new(),
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

const NOW: &str = "2027-01-01T00:00:00Z";

fn who(number: u32, now: Timestamp) -> Who {
    Who { by: "user-7".to_owned(), channel: Channel::Command, at: now, change: format!("change-{number}") }
}

/// A folder with a ring.
struct Desk {
    folder: tempfile::TempDir,
    root: RootKey,
    ring: Arc<KeyRing>,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ring = Arc::new(KeyRing::open(&folder.path().join("callers.json")).unwrap());
        Self { folder, root: RootKey::generate().unwrap(), ring }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("callers.json")
    }

    fn callers(&self, apps: &[Registration]) -> Callers {
        Callers::new(&self.root, apps, Arc::clone(&self.ring)).unwrap()
    }

    fn issue(&self, wanted: Wanted) -> change::Issued {
        let issued = self.ring.change(|file| change::issue(file, &self.root, wanted, &who(1, at(NOW)))).unwrap();
        self.ring.recorded(&["change-1".to_owned()]).unwrap();
        issued
    }
}

fn notes() -> Wanted {
    Wanted { app: Some("notes".to_owned()), ..Wanted::default() }
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn a_key_proves_its_app_and_no_other() {
    let desk = Desk::new();
    let (one, two) = (new_key(&desk.root).unwrap(), new_key(&desk.root).unwrap());
    let callers = desk.callers(&[app("notes", vec![one.hash]), app("site", vec![two.hash])]);
    let now = at(NOW);
    assert_eq!(callers.identify(&one.key, now).unwrap().app, "notes");
    assert_eq!(callers.identify(&two.key, now).unwrap().app, "site");
    assert_ne!(callers.identify(&one.key, now).unwrap().actor, callers.identify(&two.key, now).unwrap().actor);
    let short = one.key.get(1..).unwrap();
    for wrong in ["", "octroi_", short, &format!("{}x", *one.key)] {
        assert_eq!(callers.identify(wrong, now).unwrap_err().status, 401, "{}", wrong.len());
    }
}

#[test]
fn a_key_of_another_root_proves_nothing() {
    let desk = Desk::new();
    let key = new_key(&RootKey::generate().unwrap()).unwrap();
    let callers = desk.callers(&[app("notes", vec![key.hash])]);
    assert_eq!(callers.identify(&key.key, at(NOW)).unwrap_err().status, 401);
}

#[test]
fn keys_have_their_form() {
    let key = new_key(&RootKey::generate().unwrap()).unwrap();
    assert_eq!(key.key.len(), KEY_PREFIX.len() + KEY_CHARS);
    let random = key.key.strip_prefix(KEY_PREFIX).unwrap();
    assert!(random.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    assert!(parse_hash(&key.hash).is_some());
    assert_eq!(format!("{key:?}"), "NewKey(..)");
}

#[test]
fn bad_hashes_are_all_named() {
    let desk = Desk::new();
    let bad = app("a", vec!["h1:x".into(), "y".into()]);
    let faults = Callers::new(&desk.root, &[bad], Arc::clone(&desk.ring)).unwrap_err();
    assert_eq!(faults.iter().map(|fault| fault.number).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn base32_takes_bits_from_the_left() {
    assert_eq!(base32(&[0xff, 0x00, 0xff], 4), "ZW0F");
}

/// An issued key counts from when the log has it until it expires or is revoked, and what is said then is the same each time.
#[test]
fn an_issued_key_counts_while_it_is_in_force() {
    let desk = Desk::new();
    let callers = desk.callers(&[app("notes", Vec::new())]);
    let now = at(NOW);
    let wanted = Wanted { expires: Some(at("2027-02-01T00:00:00Z")), ..notes() };
    let issued = desk.ring.change(|file| change::issue(file, &desk.root, wanted, &who(1, now))).unwrap();
    let key = issued.key.expose();
    let refused = |when: Timestamp| callers.identify(key, when).unwrap_err();
    assert_eq!(refused(now).status, 401, "not recorded yet");
    assert_eq!(desk.ring.unrecorded().iter().map(|change| change.event).collect::<Vec<_>>(), [Event::Issued]);
    desk.ring.recorded(&["change-1".to_owned()]).unwrap();
    let caller = callers.identify(key, now).unwrap();
    assert_eq!((caller.app.as_str(), caller.actor.as_str()), ("notes", issued.id.as_str()));
    assert_eq!(callers.identify(key, at("2027-01-31T23:59:59Z")).unwrap().app, "notes");
    let (expired, unknown) = (refused(at("2027-02-01T00:00:00Z")), callers.identify("octroi_x", now).unwrap_err());
    desk.ring.change(|file| change::revoke(file, &desk.root, &issued.id, &[], &who(2, now))).unwrap();
    assert_eq!((refused(now), expired), (unknown.clone(), unknown), "one answer for all");
    let again = desk.ring.change(|file| change::revoke(file, &desk.root, &issued.id, &[], &who(3, now)));
    assert!(matches!(again, Err(KeyFault::Over("revoked"))));
    let gone = desk.ring.change(|file| change::revoke(file, &desk.root, "NOSUCH", &[], &who(4, now)));
    assert!(matches!(gone, Err(KeyFault::Unknown)));
    let text = std::fs::read_to_string(desk.path()).unwrap();
    assert!(!text.contains(key) && text.contains("h1:"), "keyed hashes only");
}

/// Rotation with overlap: both prove the app until the old one ends; scopes go over.
#[test]
fn a_rotated_key_overlaps_with_the_new_one() {
    let desk = Desk::new();
    let callers = desk.callers(&[app("notes", Vec::new())]);
    let now = at(NOW);
    let old = desk.issue(Wanted { models: Some(names(&["large"])), ..notes() });
    let rotated = desk.ring.change(|file| {
        change::rotate(file, &desk.root, (&old.id, SignedDuration::from_hours(24), None), &[], &who(2, now))
    });
    let new = rotated.unwrap();
    desk.ring.recorded(&["change-2".to_owned()]).unwrap();
    for (name, when, is_old) in [
        ("at once", now, true),
        ("in the overlap", at("2027-01-01T23:59:59Z"), true),
        ("after it", at("2027-01-02T00:00:00Z"), false),
    ] {
        assert_eq!(callers.identify(old.key.expose(), when).is_ok(), is_old, "{name}");
        let caller = callers.identify(new.key.expose(), when).unwrap();
        assert!(!caller.scope.admits_model(&Word::fixed("small")) && caller.scope.admits_model(&Word::fixed("large")));
    }
    assert_eq!(desk.ring.file().key(&new.id).unwrap().replaces.as_deref(), Some(old.id.as_str()));
}

/// A key made in the place of another ends when that one would have, unless somebody says otherwise; the API renews no token
/// of an administrator.
#[test]
fn a_rotation_prolongs_nothing_by_itself() {
    let desk = Desk::new();
    let (soon, later) = (at("2027-02-01T00:00:00Z"), at("2028-01-01T00:00:00Z"));
    let rotate = |id: &str, expires, channel| {
        let who = Who { channel, ..who(2, at(NOW)) };
        let overlap = SignedDuration::from_hours(24);
        desk.ring.change(|file| change::rotate(file, &desk.root, (id, overlap, expires), &[], &who))
    };
    for (name, old, asked, ends) in [
        ("the old one's end", Some(soon), None, Some(soon)),
        ("another", Some(soon), Some(later), Some(later)),
        ("none", None, None, None),
    ] {
        let old = desk.issue(Wanted { expires: old, ..notes() });
        assert_eq!(rotate(&old.id, asked, Channel::Api).unwrap().expires, ends, "{name}");
    }
    // The printed key was lost: a second rotation of the old one would hand on the end of the overlap.
    let old = desk.issue(notes());
    let new = rotate(&old.id, None, Channel::Command).unwrap();
    let again = rotate(&old.id, None, Channel::Command);
    assert!(matches!(&again, Err(KeyFault::Replaced(by)) if *by == new.id), "{again:?}");
    assert_eq!(rotate(&new.id, None, Channel::Command).unwrap().expires, None);
    assert_eq!(rotate(&old.id, Some(later), Channel::Command).unwrap().expires, Some(later));
    let token = desk.issue(Wanted { admin: Some("provisioning".to_owned()), ..Wanted::default() });
    let before = desk.ring.file().keys.len();
    assert!(matches!(rotate(&token.id, None, Channel::Api), Err(KeyFault::Administrator)));
    assert_eq!(desk.ring.file().keys.len(), before);
    assert!(rotate(&token.id, None, Channel::Command).is_ok());
}

/// A key of `octroi.toml` is rotated and revoked like any other: the ring counts.
#[test]
fn a_key_of_the_configuration_can_be_revoked() {
    let desk = Desk::new();
    let key = new_key(&desk.root).unwrap();
    let callers = desk.callers(&[app("notes", vec![key.hash.clone()])]);
    let now = at(NOW);
    let id = callers.identify(&key.key, now).unwrap().actor;
    let plain = [Plain { hash: key.hash, app: "notes".to_owned() }];
    desk.ring.change(|file| change::revoke(file, &desk.root, id.as_str(), &plain, &who(1, now))).unwrap();
    assert_eq!(callers.identify(&key.key, now).unwrap_err().status, 401);
}

/// A key narrows the purposes of its app and never widens them.
#[test]
fn purposes_are_those_of_the_app_and_of_the_key() {
    let desk = Desk::new();
    let callers = desk.callers(&[app("notes", Vec::new())]);
    let words = |purposes: &[Word]| purposes.iter().map(ToString::to_string).collect::<Vec<_>>();
    for (name, own, declarable, usual) in [
        ("all of the app's", None, vec!["research", "care"], "care"),
        ("one of them", Some(names(&["research"])), vec!["research"], "research"),
        ("another is nothing", Some(names(&["research", "marketing"])), vec!["research"], "research"),
        ("the usual one", Some(names(&["care"])), vec!["care"], "care"),
    ] {
        let issued = desk.issue(Wanted { purposes: own, ..notes() });
        let caller = callers.identify(issued.key.expose(), at(NOW)).unwrap();
        assert_eq!(words(&caller.scope.purposes), declarable, "{name}");
        assert_eq!(caller.purpose.unwrap(), usual, "{name}");
    }
    let none = desk.issue(Wanted { purposes: Some(names(&["marketing"])), ..notes() });
    assert_eq!(callers.identify(none.key.expose(), at(NOW)).unwrap_err().status, 403);
}

/// The token of an administrator is no key of an app, and the other way round.
#[test]
fn a_token_of_an_administrator_calls_no_model() {
    let desk = Desk::new();
    let callers = desk.callers(&[app("notes", Vec::new())]);
    let token = desk.issue(Wanted { admin: Some("provisioning".to_owned()), ..Wanted::default() });
    let key = desk.issue(notes());
    assert_eq!(callers.administrator(token.key.expose(), at(NOW)).unwrap(), "provisioning");
    assert_eq!(callers.administrator(key.key.expose(), at(NOW)), None);
    assert_eq!(callers.identify(token.key.expose(), at(NOW)).unwrap_err().status, 401);
}

/// What another process writes is taken up; what cannot be read changes nothing.
#[test]
fn the_ring_follows_its_file() {
    let desk = Desk::new();
    let callers = desk.callers(&[app("notes", Vec::new())]);
    let other = KeyRing::open(&desk.path()).unwrap();
    let issued = other.change(|file| change::issue(file, &desk.root, notes(), &who(1, at(NOW)))).unwrap();
    other.recorded(&["change-1".to_owned()]).unwrap();
    assert!(callers.identify(issued.key.expose(), at(NOW)).is_err(), "not looked at yet");
    assert!(desk.ring.look().unwrap() && !desk.ring.look().unwrap());
    assert!(callers.identify(issued.key.expose(), at(NOW)).is_ok());
    std::fs::write(desk.path(), "{").unwrap();
    assert!(matches!(desk.ring.look(), Err(RingError::Form { .. })));
    std::fs::remove_file(desk.path()).unwrap();
    assert!(matches!(desk.ring.look(), Err(RingError::Gone { .. })));
    let change = desk.ring.change(|file| change::issue(file, &desk.root, notes(), &who(2, at(NOW))));
    assert!(matches!(change, Err(KeyFault::Ring(RingError::Gone { .. }))), "a file that is gone is not begun anew");
    assert!(callers.identify(issued.key.expose(), at(NOW)).is_ok(), "what was known stays in force");
}

/// A file that is lost gives back nothing: neither what was revoked, nor a place to begin anew, after a restart either.
#[test]
fn a_lost_file_is_no_empty_ring() {
    let desk = Desk::new();
    let key = new_key(&desk.root).unwrap();
    let callers = desk.callers(&[app("notes", vec![key.hash.clone()])]);
    let id = callers.identify(&key.key, at(NOW)).unwrap().actor;
    assert!(KeyRing::open(&desk.path()).is_ok(), "one that was never written is empty");
    desk.ring.write_used().unwrap();
    let plain = [Plain { hash: key.hash, app: "notes".to_owned() }];
    desk.ring.change(|file| change::revoke(file, &desk.root, id.as_str(), &plain, &who(1, at(NOW)))).unwrap();
    let beside = |ending: &str| desk.folder.path().join(format!("callers.json.{ending}"));
    let text = std::fs::read(desk.path()).unwrap();
    for (name, lost) in [("all", vec![]), ("its lock too", vec!["lock"]), ("when they were used too", vec!["used"])] {
        let copies: Vec<_> = lost.iter().map(|lost| (beside(lost), std::fs::read(beside(lost)).unwrap())).collect();
        std::fs::remove_file(desk.path()).unwrap();
        for (path, _) in &copies {
            std::fs::remove_file(path).unwrap();
        }
        assert!(matches!(KeyRing::open(&desk.path()), Err(RingError::Gone { .. })), "{name}");
        for (path, text) in copies {
            std::fs::write(path, text).unwrap();
        }
        std::fs::write(desk.path(), &text).unwrap();
        assert_eq!(KeyRing::open(&desk.path()).unwrap().file().keys.len(), 1, "{name}: put back");
    }
}

/// A copy of before is not taken up: what was revoked, or ends earlier, stays so.
#[test]
fn an_older_file_is_refused() {
    let desk = Desk::new();
    let key = new_key(&desk.root).unwrap();
    let callers = desk.callers(&[app("notes", vec![key.hash.clone()])]);
    let id = callers.identify(&key.key, at(NOW)).unwrap().actor;
    let issued = desk.issue(notes());
    let plain = [Plain { hash: key.hash, app: "notes".to_owned() }];
    let revoke = |id: &str| desk.ring.change(|file| change::revoke(file, &desk.root, id, &plain, &who(2, at(NOW))));
    let shorten = |id: &str| {
        let order = (id, SignedDuration::from_hours(1), None);
        desk.ring.change(|file| change::rotate(file, &desk.root, order, &plain, &who(2, at(NOW))).map(drop))
    };
    let other = desk.issue(notes());
    for (name, step, key) in [
        ("adopted", &shorten as &dyn Fn(&str) -> _, id.as_str()),
        ("revoked", &revoke, issued.id.as_str()),
        ("shortened", &shorten, other.id.as_str()),
    ] {
        let before = std::fs::read(desk.path()).unwrap();
        step(key).unwrap();
        let after = std::fs::read(desk.path()).unwrap();
        std::fs::write(desk.path(), &before).unwrap();
        let (looked, changed) = (desk.ring.look(), desk.ring.recorded(&[]));
        for refused in [looked.map(drop), changed] {
            assert!(matches!(refused, Err(RingError::Older { key: found, .. }) if found == key), "{name}");
        }
        assert!(KeyRing::open(&desk.path()).unwrap().may_replace(&desk.ring).is_err(), "{name}: under another name");
        std::fs::write(desk.path(), &after).unwrap();
        assert!(desk.ring.look().is_ok(), "{name}: the newest");
    }
    assert_eq!(callers.identify(issued.key.expose(), at(NOW)).unwrap_err().status, 401);
}

/// What was revoked long ago is taken out of the file, and may be missing then.
#[test]
fn what_was_over_for_long_may_be_forgotten() {
    let desk = Desk::new();
    let old = desk.issue(notes());
    desk.ring.change(|file| change::revoke(file, &desk.root, &old.id, &[], &who(2, at(NOW)))).unwrap();
    desk.ring.recorded(&["change-2".to_owned()]).unwrap();
    let other = KeyRing::open(&desk.path()).unwrap();
    let later = who(3, at("2029-01-01T00:00:00Z"));
    other.change(|file| change::issue(file, &desk.root, notes(), &later)).unwrap();
    assert!(other.file().key(&old.id).is_none() && desk.ring.look().unwrap());
}

/// The last use is known to the minute, and survives a restart once it was written down.
#[test]
fn the_last_use_is_remembered() {
    let desk = Desk::new();
    let callers = desk.callers(&[app("notes", Vec::new())]);
    let issued = desk.issue(notes());
    assert_eq!(desk.ring.last_used().get(&issued.id), None);
    for when in ["2027-01-01T00:00:00Z", "2027-01-01T00:00:59Z", "2027-01-01T00:02:00Z"] {
        callers.identify(issued.key.expose(), at(when)).unwrap();
    }
    desk.ring.write_used().unwrap();
    let again = KeyRing::open(&desk.path()).unwrap();
    assert_eq!(again.last_used()[&issued.id], at("2027-01-01T00:02:00Z"));
}

/// Two processes that change at once lose nothing.
#[test]
fn changes_at_once_are_all_kept() {
    let desk = Desk::new();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (root, path) = (&desk.root, desk.path());
            scope.spawn(move || {
                let ring = KeyRing::open(&path).unwrap();
                for number in 0..5 {
                    let who = who(thread * 10 + number, at(NOW));
                    ring.change(|file| change::issue(file, root, notes(), &who)).unwrap();
                }
            });
        }
    });
    desk.ring.look().unwrap();
    assert_eq!((desk.ring.file().keys.len(), desk.ring.unrecorded().len()), (20, 20));
}

/// A certificate proves the app for which one of its names is registered; two apps are none.
#[test]
fn a_certificate_proves_its_app() {
    let desk = Desk::new();
    let named = |app: Registration, name: &str| Registration { certificates: vec![name.to_owned()], ..app };
    let (notes, site) = ("spiffe://exemple.fr/notes", "dns:site.exemple.fr");
    let callers = desk.callers(&[named(app("notes", Vec::new()), notes), named(app("site", Vec::new()), site)]);
    for (name, names, proven) in [
        ("one", vec![notes], Some("notes")),
        ("beside another", vec!["dns:other", notes], Some("notes")),
        ("two apps", vec![notes, site], None),
        ("a longer path", vec!["spiffe://exemple.fr/notes/2"], None),
        ("none", vec![], None),
    ] {
        let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
        let caller = callers.certified(&names);
        assert_eq!(caller.as_ref().ok().map(|caller| caller.app.as_str()), proven, "{name}");
        assert!(caller.is_ok() || caller.unwrap_err().status == 401, "{name}");
    }
}
