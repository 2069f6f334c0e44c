//! Who asks, and the keys of the house.
//!
//! A caller proves itself with an API key; files hold only keyed hashes of keys, so a stolen one opens nothing. Keys stand in
//! `octroi.toml`, or in the [`KeyRing`], which can be changed while the gateway runs; where both know a key, the ring counts.
//! [`keys`] derives every key of the gateway from one root. Nothing here logs, prints or returns a credential.

pub mod change;
pub mod file;
pub mod keys;
pub mod listing;
mod memory;
pub mod ring;
mod store;
#[cfg(test)]
mod tests;
mod times;
pub mod token;

use std::collections::HashMap;
use std::sync::Arc;

use aws_lc_rs::{hmac, rand};
use jiff::Timestamp;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

pub use change::Plain;
pub use keys::{Purpose, RootError, RootKey};
pub use ring::KeyRing;
pub use times::{moment, span};

use self::ring::{Held, Holder, Used};
use self::token::Issuer;
use crate::model::{Caller, Country, Fault, Refusal, Scope, Word};

/// Characters of a key: no character that a shell, a URL or a header treats specially.
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Characters of a record's codes (Crockford's base32).
const BASE32: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Random characters of a key: 43 × 5.95 bits = 256 bits.
const KEY_CHARS: usize = 43;
/// Prefix by which scanners and people recognise a key.
pub const KEY_PREFIX: &str = "octroi_";
/// Prefix of a keyed hash, naming the way it is made.
pub const HASH_PREFIX: &str = "h1:";

/// What an app's registration says, as the store needs it.
#[derive(Debug, Clone)]
pub struct Registration {
    /// The caller that its keys prove.
    pub app: Word,
    /// Its tenant.
    pub tenant: Word,
    /// Its registered purpose, where a caller declares none.
    pub purpose: Option<Word>,
    /// Purposes that its callers may declare beside it.
    pub purposes: Vec<Word>,
    /// Roles of its keys.
    pub roles: Vec<Word>,
    /// Where its data subjects reside.
    pub residence: Vec<Country>,
    /// Whether it handles minors' data.
    pub minors: bool,
    /// Whether a label is required.
    pub labels_required: bool,
    /// Whether answers carry only the request id.
    pub quiet: bool,
    /// Keyed hashes of its keys, `h1:` and base64url.
    pub keys: Vec<String>,
    /// Names of client certificates that prove it: `spiffe://…`, another URI, `dns:…`.
    pub certificates: Vec<String>,
}

/// The callers that this gateway knows.
pub struct Callers {
    hash: hmac::Key,
    actor: hmac::Key,
    /// A caller of each app, its credential left open.
    apps: HashMap<Word, Caller>,
    /// Keys that stand in `octroi.toml`.
    plain: HashMap<[u8; 32], (Caller, Used)>,
    /// Keys that were issued.
    ring: Arc<KeyRing>,
    /// The app that each name of a client certificate proves.
    certificates: HashMap<String, Word>,
    /// The administrator that each name of a client certificate of the admin listener proves.
    administrators: HashMap<String, Word>,
    issuers: Vec<Arc<Issuer>>,
}

impl std::fmt::Debug for Callers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Callers").field("apps", &self.apps.len()).finish_non_exhaustive()
    }
}

/// A key hash in the configuration cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("app `{app}`: key {number} is not `h1:` and 43 characters of base64url")]
pub struct BadHash {
    /// Which app.
    pub app: Word,
    /// Which of its keys, counted from 1.
    pub number: usize,
}

impl Callers {
    /// Registers apps, and takes the ring of keys that were issued for them.
    ///
    /// # Errors
    /// [`BadHash`] for each hash that is not one.
    pub fn new(root: &RootKey, apps: &[Registration], ring: Arc<KeyRing>) -> Result<Self, Vec<BadHash>> {
        let actor = root.mac_key(Purpose::AuditActor, &[]);
        let mut faults = Vec::new();
        let mut plain = HashMap::new();
        for app in apps {
            for (number, key) in (1..).zip(&app.keys) {
                let Some(hash) = parse_hash(key) else {
                    faults.push(BadHash { app: app.app.clone(), number });
                    continue;
                };
                let caller = Caller { actor: pseudonym(&actor, &hash), ..app.caller() };
                let used = ring.used(caller.actor.as_str());
                plain.insert(hash, (caller, used));
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let names = |app: &Registration| {
            app.certificates.iter().map(|name| (name.clone(), app.app.clone())).collect::<Vec<_>>()
        };
        let certificates = apps.iter().flat_map(names).collect();
        let apps = apps.iter().map(|app| (app.app.clone(), app.caller())).collect();
        let hash = root.mac_key(Purpose::KeyHash, &[]);
        let administrators = HashMap::new();
        Ok(Self { hash, actor, apps, plain, ring, certificates, administrators, issuers: Vec::new() })
    }

    /// Takes the issuers whose tokens prove callers too.
    #[must_use]
    pub fn with_issuers(self, issuers: Vec<Arc<Issuer>>) -> Self {
        Self { issuers, ..self }
    }

    /// Takes the administrators whom certificates prove, each with the names of theirs.
    #[must_use]
    pub fn with_administrators(self, administrators: &[(Word, Vec<String>)]) -> Self {
        let names = administrators.iter().flat_map(|(who, names)| names.iter().map(move |name| (name, who)));
        Self { administrators: names.map(|(name, who)| (name.clone(), who.clone())).collect(), ..self }
    }

    /// The issuers whose tokens prove callers.
    pub fn issuers(&self) -> &[Arc<Issuer>] {
        &self.issuers
    }

    /// The caller whom a verified client certificate proves, by one of its names.
    ///
    /// # Errors
    /// 401 when none of the names is registered, or two of them for two apps.
    pub fn certified(&self, names: &[String]) -> Result<Caller, Refusal> {
        let mut found = names.iter().filter_map(|name| Some((name, self.certificates.get(name)?)));
        let Some((name, app)) = found.next() else {
            return Err(unauthenticated("no API key was sent, and the client certificate is not registered"));
        };
        let is_one = found.all(|(_, other)| other == app);
        let app = self.apps.get(app).filter(|_| is_one);
        let app = app.ok_or_else(|| unauthenticated("the client certificate names two apps"))?;
        Ok(Caller { actor: self.pseudonym(format!("certificate\0{name}").as_bytes()), ..app.clone() })
    }

    /// Keys that stand in `octroi.toml`.
    pub fn plain(&self) -> Vec<Plain> {
        let hashed = |hash: &[u8; 32]| format!("{HASH_PREFIX}{}", base64url(hash));
        self.plain.iter().map(|(hash, (caller, _))| Plain { hash: hashed(hash), app: caller.app.to_string() }).collect()
    }

    /// The registered apps, with the purposes that their callers may declare.
    pub fn apps(&self) -> Vec<(Word, Vec<Word>)> {
        let mut apps: Vec<_> =
            self.apps.iter().map(|(name, caller)| (name.clone(), caller.scope.purposes.clone())).collect();
        apps.sort_unstable();
        apps
    }

    /// The keys that were issued.
    pub const fn ring(&self) -> &Arc<KeyRing> {
        &self.ring
    }

    /// Finds the caller that a presented key proves.
    ///
    /// The key is first put through a keyed hash, so neither the table look-up nor the comparison tells anything about
    /// stored keys by its time. A key that is unknown, expired or revoked is told in the same words.
    ///
    /// # Errors
    /// 401 when the key proves nobody now; 403 when all that it was issued for is gone.
    pub fn identify(&self, presented: &str, now: Timestamp) -> Result<Caller, Refusal> {
        let hash = keyed_hash(&self.hash, presented);
        if let Some(found) =
            self.ring.find(&hash, |stored, held| self.issued(bool::from(stored.ct_eq(&hash)), held, now))
        {
            return found;
        }
        match self.plain.get_key_value(&hash) {
            Some((stored, (caller, used))) if bool::from(stored.ct_eq(&hash)) => {
                ring::touch(used, now);
                Ok(caller.clone())
            }
            _ => Err(unauthenticated(NOT_VALID)),
        }
    }

    /// The caller of a key that was issued.
    fn issued(&self, same: bool, held: &Held, now: Timestamp) -> Result<Caller, Refusal> {
        let app = match &held.holder {
            Holder::App(app) if same && held.is_in_force(now) => self.apps.get(app),
            _ => None,
        };
        let app = app.ok_or_else(|| unauthenticated(NOT_VALID))?;
        held.touch(now);
        let mut caller = Caller { actor: held.id.clone(), ..app.clone() };
        if held.models.is_none() && held.apis.is_none() && held.purposes.is_none() {
            return Ok(caller);
        }
        let purposes: Vec<Word> = match &held.purposes {
            None => app.scope.purposes.clone(),
            Some(own) => own.iter().filter(|purpose| app.scope.purposes.contains(purpose)).cloned().collect(),
        };
        if held.purposes.is_some() {
            let Some(first) = purposes.first() else {
                return Err(lacking("a purpose: none of those it was issued for is registered for its app any more"));
            };
            let kept = app.purpose.as_ref().filter(|purpose| purposes.contains(purpose));
            // Several and none registered as the usual one: which it is the caller must say.
            let usual = if purposes.len() == 1 { first.clone() } else { Word::UNKNOWN };
            caller.purpose = Some(kept.cloned().unwrap_or(usual));
        }
        caller.scope = Arc::new(Scope { models: held.models.clone(), apis: held.apis.clone(), purposes });
        Ok(caller)
    }

    /// The administrator whose token is presented.
    pub fn administrator(&self, presented: &str, now: Timestamp) -> Option<Word> {
        let hash = keyed_hash(&self.hash, presented);
        let found = self.ring.find(&hash, |stored, held| match &held.holder {
            Holder::Admin(name) if bool::from(stored.ct_eq(&hash)) && held.is_in_force(now) => {
                held.touch(now);
                Some(name.clone())
            }
            _ => None,
        });
        found.flatten()
    }

    /// The administrator whom a verified client certificate of the admin listener proves, by one of its names. Nobody when two
    /// of them name two administrators.
    pub fn certified_administrator(&self, names: &[String]) -> Option<Word> {
        let mut found = names.iter().filter_map(|name| self.administrators.get(name));
        let first = found.next()?;
        found.all(|other| other == first).then(|| first.clone())
    }

    /// The keyed pseudonym of some other credential: a token's subject, a certificate's name.
    pub fn pseudonym(&self, credential: &[u8]) -> Word {
        pseudonym(&self.actor, credential)
    }

    /// A caller of an app, its credential left open.
    pub fn app(&self, name: &str) -> Option<&Caller> {
        self.apps.get(name)
    }
}

/// What is said of a key that proves nobody: not why.
const NOT_VALID: &str = "the API key is not valid";

/// The refusal of a credential that is good, and not for this; `what` names what is missing.
pub fn lacking(what: &str) -> Refusal {
    let message = format!("this credential is not good for {what}; ask whoever issued it");
    Refusal::new(Fault::Caller, 403, "scope_missing", message)
}

/// The keyed pseudonym of a key by its hash: its id, and the actor of its requests in the record.
pub fn actor_of(root: &RootKey, hash: &[u8; 32]) -> Word {
    pseudonym(&root.mac_key(Purpose::AuditActor, &[]), hash)
}

fn pseudonym(actor: &hmac::Key, credential: &[u8]) -> Word {
    Word::configured(&base32(hmac::sign(actor, credential).as_ref(), 16))
}

impl Registration {
    fn caller(&self) -> Caller {
        let mut purposes = self.purposes.clone();
        purposes.extend(self.purpose.iter().filter(|purpose| !self.purposes.contains(purpose)).cloned());
        // Several and none registered as the usual one: which it is the caller must say.
        let unsaid = (!purposes.is_empty()).then_some(Word::UNKNOWN);
        Caller {
            tenant: self.tenant.clone(),
            app: self.app.clone(),
            purpose: self.purpose.clone().or(unsaid),
            roles: self.roles.clone(),
            residence: self.residence.clone(),
            minors: self.minors,
            labels_required: self.labels_required,
            actor: Word::UNKNOWN,
            quiet: self.quiet,
            scope: Arc::new(Scope { models: None, apis: None, purposes }),
        }
    }
}

/// The refusal of a request whose caller is not proven.
pub fn unauthenticated(why: &str) -> Refusal {
    Refusal::new(
        Fault::Caller,
        401,
        "invalid_api_key",
        format!("{why}; send a key of this gateway as `Authorization: Bearer`, `x-api-key` or `api-key`"),
    )
}

/// A new API key and its keyed hash.
pub struct NewKey {
    /// The key, shown once.
    pub key: Zeroizing<String>,
    /// What `octroi.toml` stores.
    pub hash: String,
}

impl std::fmt::Debug for NewKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NewKey(..)")
    }
}

/// Makes an API key of 256 random bits.
///
/// # Errors
/// When the system gives no randomness.
pub fn new_key(root: &RootKey) -> Result<NewKey, RootError> {
    let mut key = Zeroizing::new(String::with_capacity(KEY_PREFIX.len() + KEY_CHARS));
    key.push_str(KEY_PREFIX);
    let mut drawn = 0;
    while drawn < KEY_CHARS {
        let mut bytes = Zeroizing::new([0_u8; 64]);
        rand::fill(bytes.as_mut()).map_err(|_| RootError::NoRandomness)?;
        // Bytes from 248 on are thrown away: 248 is the largest multiple of 62, so every character is equally likely.
        let characters = bytes.iter().filter(|byte| **byte < 248).filter_map(|byte| BASE62.get(usize::from(byte % 62)));
        for character in characters.take(KEY_CHARS - drawn) {
            key.push(char::from(*character));
            drawn += 1;
        }
    }
    Ok(NewKey { hash: hash_of(root, &key), key })
}

/// The keyed hash of a key, as `octroi.toml` stores it.
pub fn hash_of(root: &RootKey, key: &str) -> String {
    format!("{HASH_PREFIX}{}", base64url(&keyed_hash(&root.mac_key(Purpose::KeyHash, &[]), key)))
}

fn keyed_hash(key: &hmac::Key, presented: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(hmac::sign(key, presented.as_bytes()).as_ref());
    hash
}

fn base64url(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn parse_hash(text: &str) -> Option<[u8; 32]> {
    use base64::Engine as _;
    let encoded = text.strip_prefix(HASH_PREFIX)?;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(encoded).ok()?.try_into().ok()
}

/// Writes the first `5 × length` bits of `bytes` in base32.
fn base32(bytes: &[u8], length: usize) -> String {
    let (mut bits, mut held) = (0_u32, 0_u32);
    let mut out = String::with_capacity(length);
    for byte in bytes {
        bits = (bits << 8) | u32::from(*byte);
        held += 8;
        while held >= 5 && out.len() < length {
            held -= 5;
            let index = usize::try_from((bits >> held) & 31).unwrap_or(0);
            out.extend(BASE32.get(index).map(|character| char::from(*character)));
        }
        bits &= (1 << held) - 1;
        if out.len() == length {
            break;
        }
    }
    out
}
