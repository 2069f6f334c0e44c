//! Tokens of issuers (JWT, RFC 7519; the advice of RFC 8725): who signed it, for whom, until when, and which app it proves.
//!
//! The algorithm is taken from the operator's list and the kind of the key, never from the token alone: `none` and the symmetric
//! ones are not among those that there are. A key in the token (`jwk`, `jku`, `x5c`) is not looked at. What a token says becomes a
//! caller only by words that the operator wrote: a registered app that this issuer may prove, its registered purposes, roles of
//! a list. Whatever does not fit proves nobody.

mod jwk;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use arc_swap::ArcSwap;
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::{Semaphore, watch};

use self::jwk::Key;
use super::{Callers, lacking, unauthenticated};
use crate::limits;
use crate::model::{Algorithm, Caller, Refusal, Scope, Word};

/// What the operator says of an issuer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Its name, for people.
    pub name: Word,
    /// What `iss` must be.
    pub issuer: String,
    /// What `aud` must hold.
    pub audience: String,
    /// Algorithms that are taken.
    pub algorithms: Vec<Algorithm>,
    /// Seconds by which clocks may differ.
    pub skew_s: i64,
    /// The claim that names the app.
    pub app_claim: String,
    /// The claim that must name the app's tenant.
    pub tenant_claim: Option<String>,
    /// The claim that narrows the purpose.
    pub purpose_claim: Option<String>,
    /// The claim that lists roles.
    pub roles_claim: Option<String>,
    /// Apps that its tokens may prove.
    pub apps: Vec<Word>,
    /// Roles that its tokens may bring.
    pub roles: Vec<Word>,
    /// Where its keys are.
    pub keys: Source,
    /// Seconds between two fetches for a key that is not known, at least.
    pub refresh_s: i64,
}

/// Where an issuer's keys (JWKS, RFC 7517) are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The text of a file.
    File(String),
    /// An address, and PEM of the authorities trusted for it; `None`: those of the system.
    Url(String, Option<Vec<u8>>),
}

/// An issuer with the keys that are known of it.
#[derive(Debug)]
pub struct Issuer {
    /// What the operator says of it.
    pub settings: Settings,
    keys: ArcSwap<Vec<Key>>,
    /// When the keys were read last, in seconds since the epoch.
    read_at: AtomicI64,
    /// A token names a key that is not known.
    wanted: AtomicBool,
    /// Counts readings, and attempts at them that failed.
    readings: watch::Sender<u64>,
    /// The last attempt failed.
    is_failing: AtomicBool,
    /// Until when its address is not asked again, in seconds since the epoch.
    rests_until: AtomicI64,
    /// Places of requests that wait for keys.
    waiting: Semaphore,
}

/// Why a token proves nobody, for whoever tries again.
enum Not {
    /// The key that it names is not known.
    Key,
    Proven(Refusal),
}

/// The parts of a token.
struct Parts<'a> {
    algorithm: Algorithm,
    kid: Option<String>,
    signed: &'a [u8],
    signature: Vec<u8>,
    claims: Value,
}

impl Issuer {
    /// An issuer; keys of a file are read.
    ///
    /// # Errors
    /// A file that holds no key.
    pub fn new(settings: Settings) -> Result<Self, String> {
        let issuer = Self {
            keys: ArcSwap::default(),
            read_at: AtomicI64::new(0),
            wanted: AtomicBool::new(false),
            readings: watch::Sender::new(0),
            is_failing: AtomicBool::new(false),
            rests_until: AtomicI64::new(i64::MIN),
            waiting: Semaphore::new(limits::ISSUER_WAITING_MAX),
            settings,
        };
        if let Source::File(text) = &issuer.settings.keys {
            let keys = jwk::read(text, &issuer.settings.algorithms)?;
            if keys.is_empty() {
                return Err(NO_KEY.to_owned());
            }
            issuer.keys.store(Arc::new(keys));
            issuer.read_at.store(i64::MAX, Ordering::Relaxed);
        }
        Ok(issuer)
    }

    /// Takes the keys that its address gave.
    ///
    /// # Errors
    /// When it is no set of keys: those that are known stay. When there is none among them that can be used: the issuer has
    /// withdrawn what it had, and nobody is proven.
    pub fn take(&self, text: &str, now: Timestamp) -> Result<(), String> {
        let keys = jwk::read(text, &self.settings.algorithms)?;
        let is_empty = keys.is_empty();
        self.keys.store(Arc::new(keys));
        self.read_at.store(now.as_second(), Ordering::Relaxed);
        self.wanted.store(false, Ordering::Relaxed);
        self.is_failing.store(false, Ordering::Relaxed);
        self.readings.send_modify(|readings| *readings += 1);
        if is_empty { Err(NO_KEY.to_owned()) } else { Ok(()) }
    }

    /// Its keys could not be had: whoever waits for them is answered now, and until they can be had nobody waits.
    pub fn failed(&self, now: Timestamp) {
        let rest = i64::try_from(limits::ISSUER_REST.as_secs()).unwrap_or(i64::MAX);
        self.rests_until.store(now.as_second().saturating_add(rest), Ordering::Relaxed);
        self.is_failing.store(true, Ordering::Relaxed);
        self.readings.send_modify(|readings| *readings += 1);
    }

    /// Whether its keys are to be fetched: they are old, or one is wanted that is not known, and it has not just failed.
    pub fn is_due(&self, now: Timestamp) -> bool {
        if now.as_second() < self.rests_until.load(Ordering::Relaxed) {
            return false;
        }
        let age = now.as_second().saturating_sub(self.read_at.load(Ordering::Relaxed));
        age >= limits::ISSUER_KEYS_AGE_S || (self.wanted.load(Ordering::Relaxed) && age >= self.settings.refresh_s)
    }

    fn keys(&self, now: Timestamp) -> Arc<Vec<Key>> {
        // An issuer that cannot be reached for so long may have withdrawn what is remembered of it.
        let age = now.as_second().saturating_sub(self.read_at.load(Ordering::Relaxed));
        if age > limits::ISSUER_KEYS_STALE_S { Arc::default() } else { self.keys.load_full() }
    }

    /// Asks for the keys anew, and waits for them a while. `false`: they were read just now, and are not again so soon; or
    /// they cannot be had, or enough wait already: whoever asks is not proven yet, and must not hold a place for long.
    async fn refreshed(&self, now: Timestamp) -> bool {
        let age = now.as_second().saturating_sub(self.read_at.load(Ordering::Relaxed));
        if matches!(self.settings.keys, Source::File(_)) || age < self.settings.refresh_s {
            return false;
        }
        let mut readings = self.readings.subscribe();
        self.wanted.store(true, Ordering::Relaxed);
        if self.is_failing.load(Ordering::Relaxed) {
            return false;
        }
        let Ok(_place) = self.waiting.try_acquire() else { return false };
        tokio::time::timeout(limits::ISSUER_PATIENCE, readings.changed()).await.is_ok()
    }

    fn verify(&self, parts: &Parts<'_>, now: Timestamp) -> Result<(), Not> {
        let keys = self.keys(now);
        let fits = |key: &&Key| match &parts.kid {
            Some(kid) => key.kid.as_ref() == Some(kid),
            None => keys.len() == 1,
        };
        let mut named = keys.iter().filter(fits).peekable();
        if named.peek().is_none() {
            return Err(Not::Key);
        }
        let is_signed = named.any(|key| key.verifies(parts.algorithm, parts.signed, &parts.signature));
        if is_signed { Ok(()) } else { Err(Not::Proven(unauthenticated(NOT_VALID))) }
    }

    /// What the claims say of time and audience.
    fn holds(&self, claims: &Value, now: Timestamp) -> bool {
        let (now, skew) = (now.as_second(), self.settings.skew_s);
        let time = |name: &str| claims.get(name).map(|value| value.as_f64().map(whole));
        let audience = match claims.get("aud") {
            Some(Value::String(one)) => *one == self.settings.audience,
            Some(Value::Array(many)) => many.iter().any(|one| one.as_str() == Some(&self.settings.audience)),
            _ => false,
        };
        let ends = matches!(time("exp"), Some(Some(ends)) if now < ends.saturating_add(skew));
        let begun = ["nbf", "iat"].into_iter().all(|name| match time(name) {
            None => true,
            Some(None) => false,
            Some(Some(begins)) => begins <= now.saturating_add(skew),
        });
        audience && ends && begun
    }

    /// The caller whom the claims name.
    fn caller(&self, claims: &Value, callers: &Callers) -> Result<Caller, Refusal> {
        let invalid = || unauthenticated(NOT_VALID);
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        let subject = text("sub").filter(|subject| !subject.is_empty()).ok_or_else(invalid)?;
        let named = text(&self.settings.app_claim).ok_or_else(invalid)?;
        let app = self.settings.apps.iter().find(|app| app.as_str() == named).ok_or_else(invalid)?;
        let app = callers.app(app.as_str()).ok_or_else(invalid)?;
        if let Some(claim) = &self.settings.tenant_claim
            && text(claim) != Some(app.tenant.as_str())
        {
            return Err(invalid());
        }
        let actor = callers.pseudonym(format!("token\0{}\0{subject}", self.settings.issuer).as_bytes());
        let mut caller = Caller { actor, ..app.clone() };
        if let Some(claim) = &self.settings.purpose_claim {
            let purpose = match claims.get(claim) {
                // A token that names none is good for the registered one, and for no other.
                None => app.purpose.clone().filter(|purpose| *purpose != Word::UNKNOWN),
                Some(said) => {
                    let known = app.scope.purposes.iter().find(|purpose| Some(purpose.as_str()) == said.as_str());
                    Some(known.cloned().ok_or_else(|| lacking("the purpose that it names"))?)
                }
            };
            caller.purpose = purpose.clone().or(caller.purpose);
            caller.scope = Arc::new(Scope { purposes: purpose.into_iter().collect(), ..Scope::clone(&app.scope) });
        }
        if let Some(said) = self.settings.roles_claim.as_ref().and_then(|claim| claims.get(claim)) {
            let listed: Vec<&str> = match said {
                Value::String(words) => words.split(' ').collect(),
                Value::Array(words) => words.iter().filter_map(Value::as_str).collect(),
                _ => return Err(invalid()),
            };
            let brought = self.settings.roles.iter().filter(|role| listed.contains(&role.as_str()));
            caller.roles.extend(brought.filter(|role| !app.roles.contains(role)).cloned());
        }
        Ok(caller)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "beyond the range it is the end of the range, which is what is meant"
)]
const fn whole(seconds: f64) -> i64 {
    seconds as i64
}

/// Whether what was presented is a token rather than a key.
pub fn is_token(presented: &str) -> bool {
    presented.bytes().filter(|byte| *byte == b'.').count() == 2
}

/// Finds the caller that a token proves.
///
/// # Errors
/// 401 for whatever does not prove a caller; 403 for a purpose that the app has not.
pub async fn identify(callers: &Callers, presented: &str, now: Timestamp) -> Result<Caller, Refusal> {
    let parts = parts(presented).ok_or_else(|| unauthenticated(NOT_VALID))?;
    let named = parts.claims.get("iss").and_then(Value::as_str).unwrap_or_default();
    let issuer = callers.issuers().iter().find(|issuer| issuer.settings.issuer == named);
    let issuer = issuer.ok_or_else(|| unauthenticated(NOT_VALID))?;
    if !issuer.settings.algorithms.contains(&parts.algorithm) {
        return Err(unauthenticated(NOT_VALID));
    }
    let verified = match issuer.verify(&parts, now) {
        Err(Not::Key) if issuer.refreshed(now).await => issuer.verify(&parts, now),
        verified => verified,
    };
    match verified {
        Ok(()) if issuer.holds(&parts.claims, now) => issuer.caller(&parts.claims, callers),
        Err(Not::Proven(refusal)) => Err(refusal),
        Ok(()) | Err(Not::Key) => Err(unauthenticated(NOT_VALID)),
    }
}

/// What is said of a set of keys that is empty.
const NO_KEY: &str = "it holds no key for any of the algorithms that are taken";
/// What is said of a token that proves nobody: not why.
const NOT_VALID: &str = "the token is not valid";

/// Takes a token apart; nothing of it is trusted yet.
fn parts(token: &str) -> Option<Parts<'_>> {
    let (signed, signature) = token.rsplit_once('.')?;
    let (header, claims) = signed.split_once('.')?;
    let header: Value = serde_json::from_slice(&jwk::decode(header)?).ok()?;
    // Extensions that must be understood are not (RFC 7515, section 4.1.11).
    if header.get("crit").is_some() {
        return None;
    }
    let typed = header.get("typ").is_none_or(|typ| {
        typ.as_str().is_some_and(|typ| ["jwt", "at+jwt", "application/at+jwt"].contains(&typ.to_lowercase().as_str()))
    });
    let algorithm = Algorithm::named(header.get("alg")?.as_str()?)?;
    let kid = match header.get("kid") {
        None => None,
        Some(kid) => Some(kid.as_str()?.to_owned()),
    };
    let claims: Value = serde_json::from_slice(&jwk::decode(claims)?).ok()?;
    let signature = jwk::decode(signature)?;
    typed.then_some(Parts { algorithm, kid, signed: signed.as_bytes(), signature, claims })
}
