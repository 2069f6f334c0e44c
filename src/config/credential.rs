//! Credentials of backends: read from the environment or a file, never from the configuration itself.

use toml::Spanned;
use zeroize::Zeroizing;

use super::Secret;
use super::raw::{RawCredential, RawEntra, RawSource};
use super::resolve::Resolver;
use crate::model::Word;

/// What a credential may be.
const KINDS: &str =
    "`bearer`, `header`, `sigv4`, `google_account`, `google_metadata`, `entra`, `aws_instance`, `aws_container`";

/// How the gateway proves itself to a backend.
#[derive(Debug, Clone)]
pub enum Credential {
    /// `Authorization: Bearer …`
    Bearer(Secret),
    /// A header of its own, such as `api-key`.
    Header(Word, Secret),
    /// AWS Signature Version 4.
    Signature {
        /// Id of the key.
        access_key: Secret,
        /// The key.
        secret_key: Secret,
        /// Token of temporary credentials.
        session_token: Option<Secret>,
        /// What is signed for.
        scope: AwsScope,
    },
    /// A token of Google's for a service account.
    GoogleAccount {
        /// The key file, JSON.
        key: Secret,
        /// What the token is for.
        scope: String,
        /// PEM of the authorities trusted for the token endpoint; `None`: those of the system.
        roots: Option<Vec<u8>>,
    },
    /// A token of the metadata server of a machine at Google.
    GoogleMetadata {
        /// Where the server is.
        url: String,
        /// The service account.
        account: String,
    },
    /// A token of Microsoft Entra's for client credentials.
    Entra {
        /// Where the login endpoint is.
        login: String,
        /// The tenant.
        tenant: String,
        /// The application's id.
        client: String,
        /// Its secret.
        secret: Secret,
        /// What the token is for.
        scope: String,
        /// PEM of the authorities trusted for the login endpoint; `None`: those of the system.
        roots: Option<Vec<u8>>,
    },
    /// Keys of the role of a machine at AWS.
    AwsInstance {
        /// Where the metadata service is.
        url: String,
        /// The role; `None`: the machine's.
        role: Option<String>,
        /// What is signed for.
        scope: AwsScope,
    },
    /// Keys of the role of a container at AWS.
    AwsContainer {
        /// Where the endpoint is.
        url: Secret,
        /// What is shown to it.
        authorization: Option<Secret>,
        /// What is signed for.
        scope: AwsScope,
    },
}

/// What a signature of AWS is for.
#[derive(Debug, Clone)]
pub struct AwsScope {
    /// Region that requests go to.
    pub region: Word,
    /// Service, `bedrock` unless it says otherwise.
    pub service: Word,
}

impl AwsScope {
    fn new(region: &str, service: Option<&str>) -> Self {
        Self { region: Word::configured(region), service: Word::configured(service.unwrap_or("bedrock")) }
    }
}

impl Resolver<'_> {
    pub(super) fn credential(&mut self, name: &Spanned<String>, raw: &RawCredential) -> Option<Credential> {
        let written = [
            raw.bearer.is_some(),
            raw.header.is_some(),
            raw.sigv4.is_some(),
            raw.google_account.is_some(),
            raw.google_metadata.is_some(),
            raw.entra.is_some(),
            raw.aws_instance.is_some(),
            raw.aws_container.is_some(),
        ];
        if written.into_iter().filter(|written| *written).count() != 1 {
            self.fault(
                name,
                format!("the credential of backend `{}` is not one of {KINDS}", name.get_ref()),
                "write for example `credential = { bearer = { env = \"OPENAI_API_KEY\" } }`",
            );
            return None;
        }
        if let Some(source) = &raw.bearer {
            return self.secret(source).map(Credential::Bearer);
        }
        if let Some(header) = &raw.header {
            return self.secret(&header.value).map(|value| Credential::Header(Word::configured(&header.name), value));
        }
        self.google(raw).or_else(|| self.aws(raw)).or_else(|| self.entra(raw.entra.as_ref()?))
    }

    fn google(&mut self, raw: &RawCredential) -> Option<Credential> {
        if let Some(server) = &raw.google_metadata {
            let url = server.url.clone().unwrap_or_else(|| "http://metadata.google.internal".to_owned());
            let account = server.account.clone().unwrap_or_else(|| "default".to_owned());
            return Some(Credential::GoogleMetadata { url, account });
        }
        let account = raw.google_account.as_ref()?;
        let cloud = "https://www.googleapis.com/auth/cloud-platform";
        Some(Credential::GoogleAccount {
            key: self.secret(&account.key)?,
            scope: account.scope.clone().unwrap_or_else(|| cloud.to_owned()),
            roots: self.authorities(account.roots.as_ref())?,
        })
    }

    fn aws(&mut self, raw: &RawCredential) -> Option<Credential> {
        if let Some(signed) = &raw.sigv4 {
            return Some(Credential::Signature {
                access_key: self.secret(&signed.access_key)?,
                secret_key: self.secret(&signed.secret_key)?,
                session_token: self.perhaps(signed.session_token.as_ref())?,
                scope: AwsScope::new(&signed.region, signed.service.as_deref()),
            });
        }
        if let Some(container) = &raw.aws_container {
            return Some(Credential::AwsContainer {
                url: self.secret(&container.url)?,
                authorization: self.perhaps(container.authorization.as_ref())?,
                scope: AwsScope::new(&container.region, container.service.as_deref()),
            });
        }
        let instance = raw.aws_instance.as_ref()?;
        Some(Credential::AwsInstance {
            url: instance.url.clone().unwrap_or_else(|| "http://169.254.169.254".to_owned()),
            role: instance.role.clone(),
            scope: AwsScope::new(&instance.region, instance.service.as_deref()),
        })
    }

    fn entra(&mut self, entra: &RawEntra) -> Option<Credential> {
        let (login, scope) = ("https://login.microsoftonline.com", "https://cognitiveservices.azure.com/.default");
        Some(Credential::Entra {
            login: entra.login.clone().unwrap_or_else(|| login.to_owned()),
            tenant: entra.tenant.clone(),
            client: entra.client.clone(),
            secret: self.secret(&entra.secret)?,
            scope: entra.scope.clone().unwrap_or_else(|| scope.to_owned()),
            roots: self.authorities(entra.roots.as_ref())?,
        })
    }

    /// A secret that may be left out; nothing when it is written and cannot be read.
    #[expect(clippy::option_option, reason = "left out, and written but not there, are two things")]
    fn perhaps(&mut self, source: Option<&Spanned<RawSource>>) -> Option<Option<Secret>> {
        source.map_or(Some(None), |source| self.secret(source).map(Some))
    }

    /// Authorities that may be left out; nothing when they are written and cannot be read.
    #[expect(clippy::option_option, reason = "left out, and written but not there, are two things")]
    fn authorities(&mut self, file: Option<&Spanned<String>>) -> Option<Option<Vec<u8>>> {
        file.map_or(Some(None), |file| self.readable(file).map(Some))
    }

    pub(super) fn secret(&mut self, source: &Spanned<RawSource>) -> Option<Secret> {
        let (found, advice) = match source.get_ref() {
            RawSource { env: Some(variable), file: None } => (
                std::env::var(variable).map_err(|_| format!("the environment variable `{variable}` is not set")),
                "set it",
            ),
            RawSource { env: None, file: Some(file) } => {
                let path = self.folder.join(file);
                self.files.push(path.clone());
                let read = std::fs::read_to_string(path).map_err(|error| format!("`{file}` cannot be read: {error}"));
                (read, "paths are relative to this file")
            }
            _ => (
                Err("a secret comes from one of `env`, `file`".to_owned()),
                "write one of them; a secret never stands in the configuration itself",
            ),
        };
        // What was read is wiped too.
        match found.map(Zeroizing::new) {
            Ok(text) if !text.trim().is_empty() => Some(Secret::new(text.trim().to_owned())),
            Ok(_) => {
                self.fault(source, "the secret is empty", "put the credential there");
                None
            }
            Err(what) => {
                self.fault(source, what, advice);
                None
            }
        }
    }
}
