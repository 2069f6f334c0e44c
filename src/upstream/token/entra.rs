//! Microsoft Entra: client credentials are exchanged for an access token (OAuth 2.0, RFC 6749 section 4.4).
//!
//! `POST LOGIN/TENANT/oauth2/v2.0/token`; the login endpoint is another one in national clouds.

use http::Method;

use super::desk::{Asked, Desk};
use super::{Denied, Issued, bearer};
use crate::upstream::{Roots, Secret, SetupFault};

/// An application registered in Microsoft Entra.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entra {
    /// `https://login.microsoftonline.com`, or that of a national cloud.
    pub login: String,
    /// The tenant: an id or a domain.
    pub tenant: String,
    /// The application's id.
    pub client: String,
    /// Its secret.
    pub secret: Secret,
    /// What the token is for: `https://cognitiveservices.azure.com/.default`.
    pub scope: String,
    /// Whose certificates are believed of the login endpoint.
    pub roots: Roots,
}

pub(super) struct Clerk {
    desk: Desk,
    path: String,
    entra: Entra,
}

impl Clerk {
    pub(super) fn new(entra: &Entra) -> Result<Self, SetupFault> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
        if entra.tenant.is_empty() || !entra.tenant.bytes().all(plain) {
            return Err(SetupFault::Credential("names no tenant of Entra"));
        }
        if !entra.login.starts_with("https://") {
            return Err(SetupFault::Credential("has a login endpoint that is not https"));
        }
        if entra.secret.expose().is_empty() || entra.client.is_empty() {
            return Err(SetupFault::Credential("is empty"));
        }
        let path = format!("/{}/oauth2/v2.0/token", entra.tenant);
        Ok(Self { desk: Desk::new(&entra.login, &entra.roots)?, path, entra: entra.clone() })
    }

    pub(super) async fn fetch(&self) -> Result<Issued, Denied> {
        let form = [
            ("grant_type", b"client_credentials".as_slice()),
            ("client_id", self.entra.client.as_bytes()),
            ("client_secret", self.entra.secret.expose()),
            ("scope", self.entra.scope.as_bytes()),
        ];
        bearer(&self.desk.ask(Asked { method: Method::POST, path: &self.path, form: &form, header: None }).await?.body)
    }
}
