//! Keys of callers, changed while the gateway runs: durable, in the log, in force, and only then told.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::Gate;
use super::snapshot::Snapshot;
use crate::audit::AuditError;
use crate::identity::change::{self, Issued, KeyFault, Wanted, Who};
use crate::identity::file::{Change, Channel, StoredKey};
use crate::identity::listing::{self, Known, Listed};
use crate::identity::ring::RingError;
use crate::model::Word;
use crate::model::entry::{CredentialChange, Entry};

/// What an administrator asks for.
#[derive(Debug, Clone)]
pub enum Ask {
    /// A new key.
    Issue(Wanted),
    /// A key in the place of another, which ends after the overlap.
    Rotate {
        /// Which key.
        id: String,
        /// For how long both count.
        overlap: SignedDuration,
        /// When the new one ends by itself; `None`: when the old one would have.
        expires: Option<Timestamp>,
    },
    /// The end of a key.
    Revoke {
        /// Which key.
        id: String,
    },
}

/// Why keys were not changed.
#[derive(Debug, thiserror::Error)]
pub enum Unchanged {
    /// What was asked for cannot be.
    #[error(transparent)]
    Key(#[from] KeyFault),
    /// The log did not take it: a new key does not count until it does, a revoked one counts no more.
    #[error("the change waits until the audit log can take it: {0}")]
    Audit(#[from] AuditError),
    /// The work was lost.
    #[error("it failed inside")]
    Inside,
}

impl From<RingError> for Unchanged {
    fn from(error: RingError) -> Self {
        Self::Key(error.into())
    }
}

/// Changes keys in the name of an administrator. When it returns, the change is on disk, in the log and in force.
///
/// # Errors
/// What cannot be, or what stands in the way.
pub async fn ask(gate: &Arc<Gate>, by: &Word, ask: Ask) -> Result<Option<Issued>, Unchanged> {
    let snapshot = gate.snapshot();
    let who = Who { by: by.to_string(), channel: Channel::Api, at: gate.now(), change: gate.new_id().to_string() };
    let work = move || {
        let (root, plain) = (&snapshot.root, snapshot.callers.plain());
        let ring = snapshot.callers.ring();
        match ask {
            Ask::Issue(wanted) => {
                known(&snapshot).check(&wanted)?;
                ring.change(|file| change::issue(file, root, wanted, &who)).map(Some)
            }
            Ask::Rotate { id, overlap, expires } => {
                ring.change(|file| change::rotate(file, root, (&id, overlap, expires), &plain, &who)).map(Some)
            }
            Ask::Revoke { id } => ring.change(|file| change::revoke(file, root, &id, &plain, &who)).map(|()| None),
        }
    };
    let made = tokio::task::spawn_blocking(work).await.map_err(|_| Unchanged::Inside)??;
    record(gate).await?;
    Ok(made)
}

/// Every key, as people are told of it.
pub fn list(gate: &Gate) -> Vec<Listed> {
    let snapshot = gate.snapshot();
    let (plain, known) = (snapshot.callers.plain(), known(&snapshot));
    listing::list(snapshot.callers.ring(), &snapshot.root, (&plain, &known), gate.now())
}

/// Gives the log what it is yet to take of changes of keys; what was issued counts from then on.
///
/// # Errors
/// When the log cannot take it, or the file of keys cannot be written.
pub async fn record(gate: &Gate) -> Result<(), Unchanged> {
    let _alone = gate.keys.lock().await;
    let ring = Arc::clone(gate.snapshot().callers.ring());
    let file = ring.file();
    if file.changes.is_empty() {
        return Ok(());
    }
    let mut taken = Vec::with_capacity(file.changes.len());
    for change in &file.changes {
        if let Some(key) = file.key(&change.key) {
            gate.audit.append(Entry::Credential(Box::new(entry(change, key)))).await?;
        }
        taken.push(change.id.clone());
    }
    tokio::task::spawn_blocking(move || ring.recorded(&taken)).await.map_err(|_| Unchanged::Inside)??;
    Ok(())
}

fn known(snapshot: &Snapshot) -> Known {
    Known::of(&snapshot.callers, &snapshot.models)
}

fn entry(change: &Change, key: &StoredKey) -> CredentialChange {
    let word = |text: &String| Word::configured(text);
    let time = |at: Timestamp| Word::configured(&format!("{at:.9}"));
    let scoped = [("apis", &key.apis), ("models", &key.models), ("purposes", &key.purposes)];
    CredentialChange {
        admin: key.admin.as_ref().map(word),
        app: key.app.as_ref().map(word),
        at: time(change.at),
        by: word(&change.by),
        change: word(&change.id),
        channel: Word::fixed(change.channel.name()),
        event: Word::fixed(change.event.name()),
        expires: key.expires.map(time),
        key: word(&change.key),
        replaces: key.replaces.as_ref().map(word),
        scoped: scoped.into_iter().filter(|(_, names)| names.is_some()).map(|(name, _)| Word::fixed(name)).collect(),
    }
}
