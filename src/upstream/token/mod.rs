//! Credentials that are fetched: asked for ahead of expiry on a task of their own, held in memory alone.
//!
//! ```text
//! Issuer (settings)  -> Clerk (one file each)  -> Issued { pass, lifetime }
//! Lease, Keeper      asks at 4/5 of the lifetime, again after 1, 2, 4 … 60 s when that fails
//! Lease::pass        what is held until shortly before it expires; then nothing, and the backend is unavailable
//! ```
//!
//! Issuers are reached as backends are: no proxy, no redirect, TLS by the same rules ([`desk`]). A request never waits for one:
//! where no credential is held the backend counts as unavailable, and says why.
//!
//! INVARIANT: what an issuer said is in no log, error or metric. [`Denied`] holds closed words and a status.

mod aws_container;
mod aws_instance;
mod desk;
mod entra;
mod google_account;
mod google_metadata;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Deserializer};
use thiserror::Error;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::credential::Pass;
use super::{Credential, Secret, SendError, SetupFault};
use crate::limits;
use crate::model::Word;

pub use aws_container::AwsContainer;
pub use aws_instance::AwsInstance;
pub use entra::Entra;
pub use google_account::GoogleAccount;
pub use google_metadata::GoogleMetadata;

/// Who issues a credential, and to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Issuer {
    /// Google, for a service account whose key we hold.
    GoogleAccount(GoogleAccount),
    /// The metadata server of a machine at Google.
    GoogleMetadata(GoogleMetadata),
    /// Microsoft Entra, for client credentials.
    Entra(Entra),
    /// The metadata service of a machine at AWS.
    AwsInstance(AwsInstance),
    /// The credentials endpoint of a container at AWS.
    AwsContainer(AwsContainer),
}

/// A credential that is fetched: who issues it, and who holds it. Clones share what is held, so that a backend's endpoints show
/// one credential; two are equal when their issuers are.
#[derive(Clone)]
pub struct Lease {
    issuer: Issuer,
    keeper: Arc<OnceLock<Keeper>>,
}

impl Lease {
    /// A lease of which nothing is held yet.
    pub fn new(issuer: Issuer) -> Self {
        Self { issuer, keeper: Arc::default() }
    }

    /// Checks what the issuer is asked with, once.
    pub(super) fn check(&self) -> Result<(), SetupFault> {
        if self.keeper.get().is_none() {
            let made = Keeper::new(&self.issuer)?;
            self.keeper.get_or_init(|| made);
        }
        Ok(())
    }

    /// What is shown to the backend now.
    pub(super) fn pass(&self) -> Result<Arc<Pass>, Denied> {
        self.keeper.get().map_or(Err(Denied::Pending), |keeper| keeper.pass(Instant::now()))
    }

    /// Renews until `stop`.
    pub(super) async fn keep(&self, backend: &Word, stop: CancellationToken) {
        if let Some(keeper) = self.keeper.get() {
            keeper.keep(backend, stop).await;
        }
    }
}

impl PartialEq for Lease {
    fn eq(&self, other: &Self) -> bool {
        self.issuer == other.issuer
    }
}

impl Eq for Lease {}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

/// Why no credential is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Denied {
    /// The first one is being fetched.
    #[error("it is being fetched")]
    Pending,
    /// The issuer could not be reached, or could not prove itself.
    #[error("its issuer: {0}")]
    Unreached(SendError),
    /// The issuer did not answer in time.
    #[error("its issuer did not answer in time")]
    Silent,
    /// The issuer refused, or failed.
    #[error("its issuer answered with status {0}")]
    Status(u16),
    /// What is configured cannot be asked with.
    #[error("it cannot be asked for with what is configured")]
    Unasked,
    /// The answer holds no credential that can be used.
    #[error("its issuer's answer {0}")]
    Malformed(&'static str),
}

/// What an issuer gave.
struct Issued {
    pass: Pass,
    /// From the asking on.
    lifetime: Duration,
}

/// Knows how one issuer is asked.
enum Clerk {
    GoogleAccount(google_account::Clerk),
    GoogleMetadata(google_metadata::Clerk),
    Entra(entra::Clerk),
    AwsInstance(aws_instance::Clerk),
    AwsContainer(aws_container::Clerk),
}

impl Clerk {
    fn new(issuer: &Issuer) -> Result<Self, SetupFault> {
        Ok(match issuer {
            Issuer::GoogleAccount(account) => Self::GoogleAccount(google_account::Clerk::new(account)?),
            Issuer::GoogleMetadata(server) => Self::GoogleMetadata(google_metadata::Clerk::new(server)?),
            Issuer::Entra(entra) => Self::Entra(entra::Clerk::new(entra)?),
            Issuer::AwsInstance(instance) => Self::AwsInstance(aws_instance::Clerk::new(instance)?),
            Issuer::AwsContainer(container) => Self::AwsContainer(aws_container::Clerk::new(container)?),
        })
    }

    async fn fetch(&self) -> Result<Issued, Denied> {
        match self {
            Self::GoogleAccount(clerk) => clerk.fetch().await,
            Self::GoogleMetadata(clerk) => clerk.fetch().await,
            Self::Entra(clerk) => clerk.fetch().await,
            Self::AwsInstance(clerk) => clerk.fetch().await,
            Self::AwsContainer(clerk) => clerk.fetch().await,
        }
    }
}

/// Holds a credential and renews it.
struct Keeper {
    clerk: Clerk,
    held: Mutex<Held>,
}

struct Held {
    /// What is held, and until when it is shown.
    pass: Option<(Arc<Pass>, Instant)>,
    /// When the issuer is asked next.
    due: Instant,
    /// Times in a row that the issuer gave none.
    failures: u32,
    /// Why, the last time; what holds where nothing is held.
    denied: Denied,
}

impl Keeper {
    /// Checks what the issuer is asked with; asks nothing yet.
    fn new(issuer: &Issuer) -> Result<Self, SetupFault> {
        let held = Held { pass: None, due: Instant::now(), failures: 0, denied: Denied::Pending };
        Ok(Self { clerk: Clerk::new(issuer)?, held: Mutex::new(held) })
    }

    /// What is shown to the backend at this time.
    fn pass(&self, now: Instant) -> Result<Arc<Pass>, Denied> {
        let held = self.held();
        match &held.pass {
            Some((pass, until)) if now < *until => Ok(Arc::clone(pass)),
            _ => Err(held.denied),
        }
    }

    /// Renews until `stop`. What is held outlives the task, so that a reload that keeps the backend asks nobody again.
    async fn keep(&self, backend: &Word, stop: CancellationToken) {
        loop {
            let due = self.held().due;
            tokio::select! {
                () = stop.cancelled() => return,
                () = sleep_until(due) => {}
            }
            let asked = Instant::now();
            let fetched = tokio::select! {
                () = stop.cancelled() => return,
                fetched = self.clerk.fetch() => fetched,
            };
            let why = fetched.as_ref().err().copied();
            match (self.note(asked, Instant::now(), fetched), why) {
                (true, Some(why)) => tracing::warn!(%backend, %why, "Credential not renewed"),
                (true, None) => tracing::info!(%backend, "Credential renewed"),
                (false, _) => {}
            }
        }
    }

    /// Notes what came of asking; says whether that changed from good to bad or back.
    fn note(&self, asked: Instant, now: Instant, fetched: Result<Issued, Denied>) -> bool {
        let mut held = self.held();
        let failures = held.failures;
        match fetched {
            Ok(Issued { pass, lifetime }) => {
                let lifetime = lifetime.min(limits::TOKEN_LIFETIME_MAX);
                let margin = (lifetime / 10).min(limits::TOKEN_MARGIN);
                held.pass = Some((Arc::new(pass), asked + lifetime.saturating_sub(margin)));
                held.due = asked + (lifetime / 5 * 4).max(limits::TOKEN_RETRY);
                held.failures = 0;
            }
            Err(denied) => {
                held.denied = denied;
                held.failures = failures.saturating_add(1);
                let wait = limits::TOKEN_RETRY.saturating_mul(2_u32.saturating_pow(failures));
                held.due = now + wait.min(limits::TOKEN_RETRY_MAX);
            }
        }
        (failures == 0) != (held.failures == 0)
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads the answer of an OAuth 2.0 token endpoint (RFC 6749 section 5.1).
fn bearer(body: &[u8]) -> Result<Issued, Denied> {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(deserialize_with = "secret")]
        access_token: Secret,
        token_type: String,
        /// Seconds.
        expires_in: u64,
    }
    let answer: Answer = serde_json::from_slice(body).map_err(|_| Denied::Malformed("is no token"))?;
    if !answer.token_type.eq_ignore_ascii_case("bearer") {
        return Err(Denied::Malformed("is a token of another type"));
    }
    let pass = Pass::new(&Credential::Bearer(answer.access_token))
        .map_err(|_| Denied::Malformed("is a token that no header can carry"))?;
    Ok(Issued { pass, lifetime: alive(Duration::from_secs(answer.expires_in))? })
}

/// A lifetime, if anything of it is left.
fn alive(lifetime: Duration) -> Result<Duration, Denied> {
    if lifetime.is_zero() { Err(Denied::Malformed("has expired already")) } else { Ok(lifetime) }
}

/// Reads a text that must not be seen, so that it is wiped even where the rest of the answer is of no use.
fn secret<'de, D: Deserializer<'de>>(from: D) -> Result<Secret, D::Error> {
    String::deserialize(from).map(Secret::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issued(lifetime: Duration) -> Issued {
        Issued { pass: Pass::new(&Credential::Bearer(Secret::new("t"))).unwrap(), lifetime }
    }

    fn keeper() -> Keeper {
        let server = GoogleMetadata { url: "http://127.0.0.1:9".to_owned(), account: "default".to_owned() };
        Keeper::new(&Issuer::GoogleMetadata(server)).unwrap()
    }

    #[test]
    fn a_credential_is_shown_until_shortly_before_it_expires_and_renewed_well_before() {
        for (name, lifetime_s, due_s, until_s) in
            [("an hour", 3_600, 2_880, 3_570), ("ten seconds", 10, 8, 9), ("for ever", u64::MAX, 69_120, 86_370)]
        {
            let (keeper, start) = (keeper(), Instant::now());
            let after = |seconds| start + Duration::from_secs(seconds);
            assert_eq!(keeper.pass(start).err(), Some(Denied::Pending), "{name}");
            keeper.note(start, start, Ok(issued(Duration::from_secs(lifetime_s))));
            assert_eq!(keeper.held().due, after(due_s), "{name}");
            keeper.note(after(due_s), after(due_s), Err(Denied::Status(500)));
            assert!(keeper.pass(after(until_s - 1)).is_ok(), "{name}: it holds although it could not be renewed");
            assert_eq!(keeper.pass(after(until_s)).err(), Some(Denied::Status(500)), "{name}");
        }
    }

    #[test]
    fn an_issuer_that_fails_is_asked_less_and_less_often() {
        let (keeper, now) = (keeper(), Instant::now());
        let waits = [1, 2, 4, 8, 16, 32, 60, 60].map(Duration::from_secs);
        for (number, wait) in waits.into_iter().enumerate() {
            let changed = keeper.note(now, now, Err(Denied::Silent));
            assert_eq!((changed, keeper.held().due), (number == 0, now + wait), "failure {number}");
        }
        assert!(keeper.note(now, now, Ok(issued(Duration::from_mins(1)))));
    }

    #[test]
    fn answers_that_are_no_token_are_not_held() {
        for (name, body) in [
            ("no JSON", "token"),
            ("no token", r#"{"token_type":"Bearer","expires_in":60}"#),
            ("an empty one", r#"{"access_token":"","token_type":"Bearer","expires_in":60}"#),
            ("a line break", r#"{"access_token":"a\nb","token_type":"Bearer","expires_in":60}"#),
            ("of another type", r#"{"access_token":"a","token_type":"mac","expires_in":60}"#),
            ("expired", r#"{"access_token":"a","token_type":"Bearer","expires_in":0}"#),
            ("without an end", r#"{"access_token":"a","token_type":"Bearer"}"#),
        ] {
            assert!(matches!(bearer(body.as_bytes()), Err(Denied::Malformed(_))), "{name}");
        }
        assert!(bearer(br#"{"access_token":"a","token_type":"bearer","expires_in":60,"scope":"x"}"#).is_ok());
    }
}
