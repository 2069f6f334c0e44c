//! Google, for a service account whose key we hold: a JWT signed with it is exchanged for an access token (RFC 7523).
//!
//! ```text
//! assertion = base64url({"alg":"RS256","kid":…}) . base64url({iss, scope, aud, iat, exp = iat + 1 h}) . RSASSA-PKCS1-v1_5
//! POST token_uri   grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer & assertion
//! ```
//! The key file is the one that Google's console hands out; `token_uri` is taken from it.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Method;
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject;
use serde::Deserialize;
use serde_json::json;
use zeroize::Zeroizing;

use super::desk::{Asked, Desk};
use super::{Denied, Issued, bearer, secret};
use crate::upstream::{Roots, Secret, SetupFault};

const GRANT: &[u8] = b"urn:ietf:params:oauth:grant-type:jwt-bearer";
/// Seconds that an assertion holds: the longest that Google takes.
const ASSERTION_S: u64 = 3_600;

/// A service account of Google.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoogleAccount {
    /// The key file, JSON.
    pub key: Secret,
    /// What the token is for: `https://www.googleapis.com/auth/cloud-platform`.
    pub scope: String,
    /// Whose certificates are believed of the token endpoint.
    pub roots: Roots,
}

/// The parts of the key file that are used.
#[derive(Deserialize)]
struct KeyFile {
    client_email: String,
    #[serde(deserialize_with = "secret")]
    private_key: Secret,
    private_key_id: String,
    token_uri: String,
}

pub(super) struct Clerk {
    desk: Desk,
    email: String,
    key_id: String,
    audience: String,
    scope: String,
    key: RsaKeyPair,
}

impl Clerk {
    pub(super) fn new(account: &GoogleAccount) -> Result<Self, SetupFault> {
        let fault = || SetupFault::Credential("is no key file of a Google service account");
        let file: KeyFile = serde_json::from_slice(account.key.expose()).map_err(|_| fault())?;
        let der = PrivatePkcs8KeyDer::from_pem_slice(file.private_key.expose()).map(Zeroizing::new);
        let der = der.map_err(|_| fault())?;
        let key = RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).map_err(|_| fault())?;
        if !file.token_uri.starts_with("https://") {
            return Err(SetupFault::Credential("has a `token_uri` that is not https"));
        }
        let desk = Desk::new(&file.token_uri, &account.roots)?;
        let scope = account.scope.clone();
        Ok(Self { desk, email: file.client_email, key_id: file.private_key_id, audience: file.token_uri, scope, key })
    }

    #[expect(clippy::disallowed_methods, reason = "an assertion says when it was made")]
    pub(super) async fn fetch(&self) -> Result<Issued, Denied> {
        let assertion = self.assertion(SystemTime::now()).ok_or(Denied::Unasked)?;
        let form = [("grant_type", GRANT), ("assertion", assertion.as_bytes())];
        bearer(&self.desk.ask(Asked { method: Method::POST, form: &form, ..Asked::default() }).await?.body)
    }

    /// Whoever has it gets a token for an hour: it is wiped when it was sent.
    fn assertion(&self, now: SystemTime) -> Option<Zeroizing<String>> {
        let now = now.duration_since(UNIX_EPOCH).ok()?.as_secs();
        let head = json!({ "alg": "RS256", "typ": "JWT", "kid": self.key_id });
        let claims = json!({
            "iss": self.email, "scope": self.scope, "aud": self.audience, "iat": now, "exp": now + ASSERTION_S
        });
        let part = |part: &serde_json::Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let text = format!("{}.{}", part(&head), part(&claims));
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).ok()?;
        Some(Zeroizing::new(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))))
    }
}
