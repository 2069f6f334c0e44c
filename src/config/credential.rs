//! Credentials of backends: read from the environment or a file, never from the configuration itself.

use toml::Spanned;

use super::raw::{RawCredential, RawSource};
use super::resolve::Resolver;
use super::{Credential, Secret};
use crate::model::Word;

impl Resolver<'_> {
    pub(super) fn credential(&mut self, name: &Spanned<String>, raw: &RawCredential) -> Option<Credential> {
        match (&raw.bearer, &raw.header, &raw.sigv4) {
            (Some(source), None, None) => self.secret(source).map(Credential::Bearer),
            (None, None, Some(signed)) => {
                let session_token = match &signed.session_token {
                    Some(source) => Some(self.secret(source)?),
                    None => None,
                };
                Some(Credential::Signature {
                    access_key: self.secret(&signed.access_key)?,
                    secret_key: self.secret(&signed.secret_key)?,
                    session_token,
                    region: Word::configured(&signed.region),
                    service: Word::configured(signed.service.as_deref().unwrap_or("bedrock")),
                })
            }
            (None, Some(header), None) => {
                self.secret(&header.value).map(|value| Credential::Header(Word::configured(&header.name), value))
            }
            _ => {
                self.fault(
                    name,
                    format!("the credential of backend `{}` is not one of `bearer`, `header`, `sigv4`", name.get_ref()),
                    "write for example `credential = { bearer = { env = \"OPENAI_API_KEY\" } }`",
                );
                None
            }
        }
    }

    fn secret(&mut self, source: &Spanned<RawSource>) -> Option<Secret> {
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
        match found {
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
