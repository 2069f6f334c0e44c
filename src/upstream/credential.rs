//! What the gateway shows to a backend to be let in.
//!
//! `config` reads secrets from the environment or a file and hands them over; from then on they live in memory that is
//! zeroised when the last holder lets go, and print as `Secret(..)`. The caller's own key never comes here.

use std::fmt;
use std::time::SystemTime;

use bytes::Bytes;
use http::header::{AUTHORIZATION, HeaderName};
use http::{HeaderValue, Request};
use http_body_util::Full;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::sigv4::{Signed, Signer};
use super::{Lease, SetupFault};

/// Bytes that must not be printed, zeroised on drop, compared in constant time.
#[derive(Clone)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes a secret as read; the line ends that files and shells leave behind it are cut off.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        let mut bytes = Zeroizing::new(bytes.into());
        let length = bytes.trim_ascii_end().len();
        bytes.truncate(length);
        Self(bytes)
    }

    /// The secret itself, for the one place that needs it.
    pub(super) fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// How a request proves that it comes from us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// `authorization: Bearer …`
    Bearer(Secret),
    /// A header of the provider's choice, such as `api-key`.
    Header {
        /// The header's name.
        name: String,
        /// Its value.
        secret: Secret,
    },
    /// AWS Signature Version 4.
    Signature(Signer),
    /// What an issuer gives for a time.
    Fetched(Lease),
}

/// A credential in the form in which it leaves: made once, shared by every request.
pub(super) enum Pass {
    /// A header, the same for every request.
    Header(HeaderName, HeaderValue),
    /// A signature, made for each.
    Signature(Signer),
    /// One of these, as long as it holds.
    Fetched(Lease),
}

impl Pass {
    /// Checks that the credential can stand in a header.
    pub(super) fn new(credential: &Credential) -> Result<Self, SetupFault> {
        let (name, prefix, secret) = match credential {
            Credential::Signature(signer) => {
                return if signer.secrets().any(|part| part.expose().is_empty()) {
                    Err(SetupFault::Credential("is empty"))
                } else {
                    Ok(Self::Signature(signer.clone()))
                };
            }
            Credential::Fetched(lease) => return lease.check().map(|()| Self::Fetched(lease.clone())),
            Credential::Bearer(secret) => (AUTHORIZATION, b"Bearer ".as_slice(), secret),
            Credential::Header { name, secret } => {
                let name =
                    HeaderName::try_from(name.as_str()).map_err(|_| SetupFault::Credential("has no header name"))?;
                if super::request::is_ours(&name) {
                    return Err(SetupFault::Credential("would replace a header of the connection"));
                }
                (name, b"".as_slice(), secret)
            }
        };
        if secret.expose().is_empty() {
            return Err(SetupFault::Credential("is empty"));
        }
        // One block that is zeroised when its last reference goes; every request's header shares it.
        let bytes = Bytes::from_owner(Zeroizing::new([prefix, secret.expose()].concat()));
        let mut value = HeaderValue::from_maybe_shared(bytes)
            .map_err(|_| SetupFault::Credential("has bytes that no header can carry"))?;
        value.set_sensitive(true);
        Ok(Self::Header(name, value))
    }

    /// Adds the credential to a request that is complete but for it; nothing when it cannot be signed.
    #[expect(clippy::disallowed_methods, reason = "a signature says when it was made")]
    pub(super) fn apply(&self, request: &mut Request<Full<Bytes>>, body: &[u8]) -> Option<()> {
        match self {
            Self::Header(name, value) => {
                request.headers_mut().insert(name.clone(), value.clone());
                Some(())
            }
            Self::Signature(signer) => {
                let (method, uri) = (request.method().clone(), request.uri().clone());
                let signed = Signed { method: &method, uri: &uri, body };
                signer.sign(signed, request.headers_mut(), SystemTime::now())
            }
            Self::Fetched(lease) => lease.pass().ok()?.apply(request, body),
        }
    }
}

impl fmt::Debug for Pass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Header(name, _) => name.as_str(),
            Self::Signature(_) => "signature",
            Self::Fetched(_) => "fetched",
        };
        f.debug_struct("Pass").field("name", &name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{AwsContainer, AwsInstance, Entra, GoogleAccount, GoogleMetadata, Issuer};
    use super::*;

    #[test]
    fn secrets_do_not_print_and_lose_their_line_end() {
        let credential = Credential::Bearer(Secret::new("sk-canary\r\n"));
        assert_eq!(credential, Credential::Bearer(Secret::new("sk-canary")));
        let pass = Pass::new(&credential).unwrap();
        let mut request = Request::new(Full::new(Bytes::new()));
        pass.apply(&mut request, b"").unwrap();
        let headers = request.headers();
        assert_eq!(headers[AUTHORIZATION], "Bearer sk-canary");
        for printed in [format!("{credential:?}"), format!("{pass:?}"), format!("{headers:?}")] {
            assert!(!printed.contains("canary"), "{printed}");
        }
    }

    #[test]
    fn no_credential_prints_what_it_is_made_of() {
        let secret = || Secret::new("canary");
        let own = |text: &str| text.to_owned();
        let roots = || super::super::Roots::System;
        let signer = |session_token| Signer {
            access_key: secret(),
            secret_key: secret(),
            session_token,
            region: own("eu-west-3"),
            service: own("bedrock"),
        };
        let issuers = [
            Issuer::GoogleAccount(GoogleAccount { key: secret(), scope: own("s"), roots: roots() }),
            Issuer::GoogleMetadata(GoogleMetadata { url: own("http://127.0.0.1"), account: own("default") }),
            Issuer::Entra(Entra {
                login: own("https://login.example"),
                tenant: own("t"),
                client: own("c"),
                secret: secret(),
                scope: own("s"),
                roots: roots(),
            }),
            Issuer::AwsInstance(AwsInstance {
                url: own("http://127.0.0.1"),
                role: None,
                region: own("eu-west-3"),
                service: own("bedrock"),
            }),
            Issuer::AwsContainer(AwsContainer {
                url: secret(),
                authorization: Some(secret()),
                region: own("eu-west-3"),
                service: own("bedrock"),
            }),
        ];
        let fetched = issuers.into_iter().map(|issuer| Credential::Fetched(Lease::new(issuer)));
        let held = [
            Credential::Bearer(secret()),
            Credential::Header { name: own("api-key"), secret: secret() },
            Credential::Signature(signer(None)),
            Credential::Signature(signer(Some(secret()))),
        ];
        for credential in held.into_iter().chain(fetched) {
            let printed = format!("{credential:?} {:?}", Pass::new(&credential));
            assert!(!printed.contains("canary"), "{printed}");
            // And no request that carries it prints it.
            let Ok(pass) = Pass::new(&credential) else { continue };
            let mut request = Request::new(Full::new(Bytes::new()));
            *request.uri_mut() = http::Uri::from_static("https://a.example/model/m/converse");
            if pass.apply(&mut request, b"{}").is_some() {
                let printed = format!("{:?}", request.headers());
                assert!(!printed.contains("canary"), "{printed}");
            }
        }
    }

    #[test]
    fn credentials_that_cannot_be_sent_are_refused() {
        let header = |name: &str, secret: &str| Credential::Header { name: name.into(), secret: Secret::new(secret) };
        let rows = [
            ("empty", Credential::Bearer(Secret::new("\n"))),
            ("line break within", Credential::Bearer(Secret::new("a\nhost: b"))),
            ("no header name", header("not a name", "x")),
            ("replaces host", header("host", "x")),
            ("replaces length", header("Content-Length", "1")),
        ];
        for (name, credential) in rows {
            assert!(matches!(Pass::new(&credential), Err(SetupFault::Credential(_))), "{name}");
        }
        assert!(Pass::new(&header("api-key", "x")).is_ok());
    }
}
