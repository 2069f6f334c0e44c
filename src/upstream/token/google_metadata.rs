//! The metadata server of a machine at Google: an access token of the machine's own service account.
//!
//! `GET …/computeMetadata/v1/instance/service-accounts/ACCOUNT/token` with `Metadata-Flavor: Google`, which the answer must carry
//! too. The server renews its token by itself some minutes before the end; asking early gives the old one again.

use super::desk::{Asked, Desk};
use super::{Denied, Issued, bearer};
use crate::upstream::{Roots, SetupFault};

const FLAVOR: &str = "metadata-flavor";

/// A metadata server of Google.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoogleMetadata {
    /// `http://metadata.google.internal`; reached only where it resolves to an address near by.
    pub url: String,
    /// The service account: `default`, or its e-mail address.
    pub account: String,
}

pub(super) struct Clerk {
    desk: Desk,
    path: String,
}

impl Clerk {
    pub(super) fn new(server: &GoogleMetadata) -> Result<Self, SetupFault> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'@');
        if server.account.is_empty() || !server.account.bytes().all(plain) {
            return Err(SetupFault::Credential("names no service account of Google"));
        }
        let path = format!("/computeMetadata/v1/instance/service-accounts/{}/token", server.account);
        Ok(Self { desk: Desk::new(&server.url, &Roots::System)?, path })
    }

    pub(super) async fn fetch(&self) -> Result<Issued, Denied> {
        let asked = Asked { path: &self.path, header: Some((FLAVOR, b"Google")), ..Asked::default() };
        let told = self.desk.ask(asked).await?;
        if told.headers.get(FLAVOR).is_none_or(|flavor| flavor != "Google") {
            return Err(Denied::Malformed("is not that of a metadata server"));
        }
        bearer(&told.body)
    }
}
