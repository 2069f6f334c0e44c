//! `[admin]`: where metrics, health and keys are served, the TLS of that listener, and whom certificates prove to be
//! administrators there.
//!
//! A certificate of a trusted authority is not enough: one of its names must stand in `administrators`, under the name by
//! which the record knows whoever shows it.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::ServerTls;
use super::issuers::as_compared;
use super::raw::RawConfig;
use super::resolve::Resolver;
use crate::model::Word;
use crate::model::credential::is_administrator;

/// `[admin]` as written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAdmin {
    pub(super) address: Option<Spanned<String>>,
    pub(super) certificate: Option<Spanned<String>>,
    pub(super) key: Option<Spanned<String>>,
    pub(super) client_authorities: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) administrators: BTreeMap<Spanned<String>, Vec<Spanned<String>>>,
    #[serde(default)]
    pub(super) hosts: Vec<String>,
    #[serde(default)]
    pub(super) off: bool,
}

/// An administrator by name, with the names of the certificates that prove it: `spiffe://…`, another URI, `dns:…`.
pub type Administrator = (Word, Vec<String>);

impl Resolver<'_> {
    /// The TLS of the admin listener, and the administrators whom certificates prove.
    pub(super) fn admin(&mut self, raw: &RawConfig) -> (Option<ServerTls>, Vec<Administrator>) {
        let admin = &raw.admin;
        let tls = match (&admin.certificate, &admin.key, &admin.client_authorities) {
            _ if admin.off => None,
            (Some(certificate), Some(key), authorities) => {
                Some(self.server_tls(certificate, key, authorities.as_ref()))
            }
            (None, None, None) => None,
            (Some(one), None, _) | (None, Some(one), _) | (None, None, Some(one)) => {
                let help =
                    "name two PEM files, `certificate` and `key`: a certificate of a client is seen over TLS only";
                self.fault(one, "[admin] speaks TLS with a certificate and its key", help);
                None
            }
        };
        self.unique(admin.administrators.values().flatten(), "certificate's name");
        for (name, certificates) in &admin.administrators {
            if !is_administrator(name.get_ref()) {
                let help = "write 1 to 64 lower-case letters, digits and `-`";
                self.fault(name, "is no name of an administrator", help);
            }
            if certificates.is_empty() {
                self.fault(name, "is proven by no certificate", "list names of client certificates, or leave it out");
            }
            for certificate in certificates {
                self.certificate_name(certificate, ("[admin]", admin.client_authorities.is_some()));
            }
        }
        let administrators = admin.administrators.iter();
        (tls, administrators.map(|(name, names)| (Word::configured(name.get_ref()), as_compared(names))).collect())
    }
}
