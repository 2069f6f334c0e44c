//! What people are told of keys, and what they may ask for: the same for `octroi key` and the admin API.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::change::{KeyFault, Plain, Wanted};
use super::file::{Event, StoredKey};
use super::{Callers, KeyRing, RootKey, actor_of, parse_hash};
use crate::dialect;
use crate::model::Word;

/// What a key may name: the registered apps with the purposes of each, and the configured models.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Apps, each with the purposes that its callers may declare.
    pub apps: Vec<(Word, Vec<Word>)>,
    /// Models.
    pub models: Vec<Word>,
}

impl Known {
    /// What registered callers and configured models give.
    pub fn of(callers: &Callers, models: &BTreeMap<Word, BTreeMap<Word, Word>>) -> Self {
        Self { apps: callers.apps(), models: models.keys().cloned().collect() }
    }

    /// Checks what a new key is to be good for.
    ///
    /// # Errors
    /// A name that nothing has, with those that there are.
    pub fn check(&self, wanted: &Wanted) -> Result<(), KeyFault> {
        if wanted.admin.is_some() {
            let scoped = wanted.models.is_some() || wanted.apis.is_some() || wanted.purposes.is_some();
            return if scoped || wanted.app.is_some() {
                fault("the token of an administrator proves no app and has no scopes")
            } else {
                Ok(())
            };
        }
        let name = wanted.app.as_deref().unwrap_or_default();
        let Some((_, purposes)) = self.apps.iter().find(|(app, _)| app.as_str() == name) else {
            let apps = listed(self.apps.iter().map(|(app, _)| app));
            return fault(&format!("the configuration names no app `{name}`; its apps: {apps}"));
        };
        all(
            wanted.models.as_ref(),
            |model| self.models.iter().any(|known| known.as_str() == model),
            "model",
            || listed(self.models.iter()),
        )?;
        all(
            wanted.purposes.as_ref(),
            |purpose| purposes.iter().any(|known| known.as_str() == purpose),
            "purpose of this app",
            || listed(purposes.iter()),
        )?;
        all(wanted.apis.as_ref(), is_api, "API", || {
            let names: Vec<String> = dialect::all().map(|dialect| format!("`{}`", dialect.name())).collect();
            format!("{}, or one operation of it such as `openai/chat`", names.join(", "))
        })
    }
}

/// Whether a text names an API, or one operation of it.
fn is_api(name: &str) -> bool {
    let (named, operation) = name.split_once('/').map_or((name, None), |(named, operation)| (named, Some(operation)));
    let Some(dialect) = dialect::named(named) else { return false };
    operation
        .is_none_or(|operation| dialect::endpoints(dialect).iter().any(|(api, _)| api.operation.name() == operation))
}

fn all(
    names: Option<&Vec<String>>,
    is_known: impl Fn(&str) -> bool,
    what: &str,
    known: impl Fn() -> String,
) -> Result<(), KeyFault> {
    let Some(names) = names else { return Ok(()) };
    if names.is_empty() {
        return fault(&format!("a key that may use no {what} is good for nothing: leave the list out, or name one"));
    }
    match names.iter().find(|name| !is_known(name)) {
        None => Ok(()),
        Some(name) => fault(&format!("`{name}` is no {what}; there are: {}", known())),
    }
}

fn fault(what: &str) -> Result<(), KeyFault> {
    Err(KeyFault::Asked(what.to_owned()))
}

fn listed<'a>(names: impl Iterator<Item = &'a Word>) -> String {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

/// A key as people are told of it.
#[derive(Debug, Clone, Serialize)]
pub struct Listed {
    /// Its id.
    pub id: String,
    /// The app that it proves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// The administrator whose token it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admin: Option<String>,
    /// `in-force`, `expired`, `revoked`, `unrecorded`, `no-such-app`.
    pub state: &'static str,
    /// When it was issued; absent for a key that stands in `octroi.toml`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<Timestamp>,
    /// By whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// When it ends by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// When it was revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Timestamp>,
    /// When it was last used, to the minute.
    pub last_used: Option<Timestamp>,
    /// Models that it may ask for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub models: Option<Vec<String>>,
    /// APIs that it may speak.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub apis: Option<Vec<String>>,
    /// Purposes that it may declare.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purposes: Option<Vec<String>>,
    /// What people note about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The key that it takes the place of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
}

/// Every key: those of the ring in the order of their issue, then those that stand in `octroi.toml` alone.
pub fn list(ring: &KeyRing, root: &RootKey, (plain, known): (&[Plain], &Known), now: Timestamp) -> Vec<Listed> {
    let (file, used) = (ring.file(), ring.last_used());
    let unrecorded = |id: &str| file.changes.iter().any(|change| change.key == id && change.event != Event::Revoked);
    let is_known = |app: &str| known.apps.iter().any(|(known, _)| known.as_str() == app);
    let state = |key: &StoredKey| {
        if key.revoked.is_some() {
            "revoked"
        } else if key.expires.is_some_and(|expires| expires <= now) {
            "expired"
        } else if unrecorded(&key.id) {
            "unrecorded"
        } else if key.app.as_deref().is_some_and(|app| !is_known(app)) {
            "no-such-app"
        } else {
            "in-force"
        }
    };
    let mut listed: Vec<Listed> = file
        .keys
        .iter()
        .map(|key| Listed {
            state: state(key),
            last_used: used.get(&key.id).copied(),
            created: Some(key.created),
            by: Some(key.by.clone()),
            id: key.id.clone(),
            app: key.app.clone(),
            admin: key.admin.clone(),
            expires: key.expires,
            revoked: key.revoked,
            models: key.models.clone(),
            apis: key.apis.clone(),
            purposes: key.purposes.clone(),
            note: key.note.clone(),
            replaces: key.replaces.clone(),
        })
        .collect();
    let written = plain.iter().filter_map(|plain| {
        let id = actor_of(root, &parse_hash(&plain.hash)?).to_string();
        file.key(&id).is_none().then(|| Listed {
            state: "in-force",
            last_used: used.get(&id).copied(),
            app: Some(plain.app.clone()),
            admin: None,
            created: None,
            by: None,
            expires: None,
            revoked: None,
            models: None,
            apis: None,
            purposes: None,
            note: None,
            replaces: None,
            id,
        })
    });
    listed.extend(written);
    listed
}
