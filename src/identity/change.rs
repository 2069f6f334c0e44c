//! What may be done to keys: issue, rotate, revoke. Pure edits of a [`KeyFile`]; [`super::KeyRing::change`] makes them durable.

use jiff::{SignedDuration, Timestamp};
use zeroize::Zeroizing;

use super::file::{Change, Channel, Event, KeyFile, StoredKey};
use super::ring::RingError;
use super::{RootError, RootKey, actor_of, new_key, parse_hash};
use crate::limits;
use crate::model::credential::is_administrator;

/// Who changes keys.
#[derive(Debug, Clone)]
pub struct Who {
    /// The system's number of the user (`user-1000`), or the name of an administrator.
    pub by: String,
    /// By which way.
    pub channel: Channel,
    /// When.
    pub at: Timestamp,
    /// Id of the change, made by whoever makes ids.
    pub change: String,
}

/// What a new key is to be good for.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// The app that it proves.
    pub app: Option<String>,
    /// The administrator whose token it is.
    pub admin: Option<String>,
    /// When it ends by itself.
    pub expires: Option<Timestamp>,
    /// Models that it may ask for.
    pub models: Option<Vec<String>>,
    /// APIs that it may speak.
    pub apis: Option<Vec<String>>,
    /// Purposes that it may declare.
    pub purposes: Option<Vec<String>>,
    /// What people note about it.
    pub note: Option<String>,
}

/// A key that was issued.
#[derive(Debug)]
pub struct Issued {
    /// Its id.
    pub id: String,
    /// The key, shown once.
    pub key: Shown,
    /// When it ends by itself.
    pub expires: Option<Timestamp>,
    /// When the key that it takes the place of ends.
    pub replaced_until: Option<Timestamp>,
}

/// A key that is shown once.
pub struct Shown(Zeroizing<String>);

impl Shown {
    /// The key.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Shown(..)")
    }
}

/// A key that stands in `octroi.toml`: its hash and its app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plain {
    /// Keyed hash.
    pub hash: String,
    /// The app.
    pub app: String,
}

/// Why keys are not changed.
#[derive(Debug, thiserror::Error)]
pub enum KeyFault {
    /// No key has this id.
    #[error("no key has this id; `octroi key list` shows those that there are")]
    Unknown,
    /// The key counts no more.
    #[error("this key is {0} already; issue a new one")]
    Over(&'static str),
    /// It ends by a rotation, and a further one would hand that end on.
    #[error(
        "this key was rotated already, into `{0}`, and ends for it: rotate `{0}` if that key was lost, or say when the new key shall end"
    )]
    Replaced(String),
    /// The API neither makes nor renews tokens of administrators.
    #[error("this is the token of an administrator: `octroi key` on the gateway's machine makes and renews those")]
    Administrator,
    /// What was asked for makes no sense.
    #[error("{0}")]
    Asked(String),
    /// The file of keys.
    #[error(transparent)]
    Ring(#[from] RingError),
    /// The system gives no randomness.
    #[error(transparent)]
    Root(#[from] RootError),
}

/// Issues a key.
///
/// # Errors
/// When it would end before it begins, or a text is too long.
pub fn issue(file: &mut KeyFile, root: &RootKey, wanted: Wanted, who: &Who) -> Result<Issued, KeyFault> {
    fits(&wanted, who.at)?;
    sweep(file, who.at);
    let (key, stored) = make(root, wanted, who)?;
    let issued = Issued { id: stored.id.clone(), key, expires: stored.expires, replaced_until: None };
    note(file, Event::Issued, &stored.id, who);
    file.keys.push(stored);
    Ok(issued)
}

/// Issues a key with the same scopes, and the same end where no other is asked for, in the place of another, which ends after
/// the overlap.
///
/// # Errors
/// When no such key is in force, it was rotated already, or it is an administrator's token and the API asks.
pub fn rotate(
    file: &mut KeyFile,
    root: &RootKey,
    (id, overlap, expires): (&str, SignedDuration, Option<Timestamp>),
    plain: &[Plain],
    who: &Who,
) -> Result<Issued, KeyFault> {
    adopt(file, root, id, plain, who);
    let old = file.key(id).ok_or(KeyFault::Unknown)?.clone();
    in_force(&old, who.at)?;
    if old.admin.is_some() && who.channel == Channel::Api {
        return Err(KeyFault::Administrator);
    }
    // The end of the overlap is no end that anybody wished for a key.
    if let Some(by) = file.keys.iter().find(|key| key.replaces.as_deref() == Some(id))
        && expires.is_none()
    {
        return Err(KeyFault::Replaced(by.id.clone()));
    }
    let ends = expires.or(old.expires);
    let until = who.at.checked_add(overlap).map_err(|_| KeyFault::Asked("the overlap is too long".to_owned()))?;
    let until = old.expires.map_or(until, |ends| ends.min(until));
    file.key_mut(id).ok_or(KeyFault::Unknown)?.expires = Some(until);
    let wanted = Wanted {
        app: old.app,
        admin: old.admin,
        expires: ends,
        models: old.models,
        apis: old.apis,
        purposes: old.purposes,
        note: old.note,
    };
    fits(&wanted, who.at)?;
    let (key, mut stored) = make(root, wanted, who)?;
    stored.replaces = Some(id.to_owned());
    let issued = Issued { id: stored.id.clone(), key, expires: stored.expires, replaced_until: Some(until) };
    note(file, Event::Rotated, &stored.id, who);
    file.keys.push(stored);
    Ok(issued)
}

/// Revokes a key: from now on it proves nothing.
///
/// # Errors
/// When no key has this id, or it is revoked already.
pub fn revoke(file: &mut KeyFile, root: &RootKey, id: &str, plain: &[Plain], who: &Who) -> Result<(), KeyFault> {
    adopt(file, root, id, plain, who);
    let key = file.key_mut(id).ok_or(KeyFault::Unknown)?;
    if key.revoked.is_some() {
        return Err(KeyFault::Over("revoked"));
    }
    key.revoked = Some(who.at);
    note(file, Event::Revoked, id, who);
    Ok(())
}

/// A key that stands in `octroi.toml` gets an entry here, which then counts.
fn adopt(file: &mut KeyFile, root: &RootKey, id: &str, plain: &[Plain], who: &Who) {
    if file.key(id).is_some() {
        return;
    }
    let fits = |plain: &&Plain| parse_hash(&plain.hash).is_some_and(|hash| actor_of(root, &hash).as_str() == id);
    let Some(found) = plain.iter().find(fits) else { return };
    file.keys.push(StoredKey {
        id: id.to_owned(),
        hash: found.hash.clone(),
        app: Some(found.app.clone()),
        admin: None,
        created: who.at,
        by: "octroi.toml".to_owned(),
        expires: None,
        revoked: None,
        models: None,
        apis: None,
        purposes: None,
        note: None,
        replaces: None,
        adopted: true,
    });
}

fn in_force(key: &StoredKey, now: Timestamp) -> Result<(), KeyFault> {
    if key.revoked.is_some() {
        return Err(KeyFault::Over("revoked"));
    }
    if key.expires.is_some_and(|expires| expires <= now) {
        return Err(KeyFault::Over("expired"));
    }
    Ok(())
}

fn fits(wanted: &Wanted, now: Timestamp) -> Result<(), KeyFault> {
    let asked = |what: &str| Err(KeyFault::Asked(what.to_owned()));
    if wanted.expires.is_some_and(|expires| expires <= now) {
        return asked("the key would have ended before it begins");
    }
    if wanted.note.as_ref().is_some_and(|note| note.len() > limits::KEY_NOTE_BYTES_MAX) {
        return asked("the note is too long");
    }
    if wanted.admin.as_ref().is_some_and(|name| !is_administrator(name)) {
        return asked("the name of an administrator is 1 to 64 lower-case letters, digits and `-`");
    }
    Ok(())
}

fn make(root: &RootKey, wanted: Wanted, who: &Who) -> Result<(Shown, StoredKey), KeyFault> {
    let made = new_key(root)?;
    let id = parse_hash(&made.hash).map(|hash| actor_of(root, &hash).to_string()).unwrap_or_default();
    let stored = StoredKey {
        id,
        hash: made.hash,
        app: wanted.app,
        admin: wanted.admin,
        created: who.at,
        by: who.by.clone(),
        expires: wanted.expires,
        revoked: None,
        models: wanted.models,
        apis: wanted.apis,
        purposes: wanted.purposes,
        note: wanted.note,
        replaces: None,
        adopted: false,
    };
    Ok((Shown(made.key), stored))
}

fn note(file: &mut KeyFile, event: Event, key: &str, who: &Who) {
    file.changes.push(Change {
        id: who.change.clone(),
        event,
        key: key.to_owned(),
        by: who.by.clone(),
        channel: who.channel,
        at: who.at,
    });
}

/// Takes out what has been over for long: the log tells of it. A key that may still stand in `octroi.toml` stays.
fn sweep(file: &mut KeyFile, now: Timestamp) {
    let Ok(before) = now.checked_sub(limits::KEYS_KEPT) else { return };
    let pending: Vec<String> = file.changes.iter().map(|change| change.key.clone()).collect();
    file.keys.retain(|key| {
        let over = [key.revoked, key.expires].into_iter().flatten().min();
        key.adopted || over.is_none_or(|over| over > before) || pending.contains(&key.id)
    });
}
