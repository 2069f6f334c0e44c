//! Whom a connection's client certificate names: URIs (SPIFFE ids among them) and DNS names of its subject's alternatives.
//!
//! The authority was verified in the handshake, and is asked again for each request: it may have been withdrawn since. A SPIFFE id counts only where it is the one URI of its certificate, as the standard
//! demands (X.509-SVID, section 2); the subject's common name is never looked at. Connections last longer than certificates:
//! one that has ended since proves nobody.

use std::sync::Arc;

use jiff::Timestamp;
use rustls_pki_types::CertificateDer;
use x509_parser::extensions::GeneralName;

use super::tls::Front;

/// Names of a verified client certificate.
#[derive(Debug)]
pub struct Peer {
    names: Vec<String>,
    chain: Vec<CertificateDer<'static>>,
    front: Arc<Front>,
    /// Seconds since the epoch.
    until: i64,
}

impl Peer {
    /// Reads the names of a verified certificate. Nothing where it has none that can be registered.
    pub(super) fn of(chain: &[CertificateDer<'_>], front: &Arc<Front>) -> Option<Self> {
        let (names, until) = names_of(chain.first()?)?;
        let chain = chain.iter().map(|certificate| certificate.clone().into_owned()).collect();
        Some(Self { names, chain, front: Arc::clone(front), until })
    }

    /// Its names, while the certificate has not ended and its authority is trusted.
    pub fn names(&self, now: Timestamp) -> &[String] {
        let counts = now.as_second() <= self.until && self.front.trusts(&self.chain, now);
        if counts { &self.names } else { &[] }
    }
}

/// The names of a certificate that can be registered, and its end in seconds since the epoch.
fn names_of(certificate: &CertificateDer<'_>) -> Option<(Vec<String>, i64)> {
    let (_, parsed) = x509_parser::parse_x509_certificate(certificate).ok()?;
    let alternatives = parsed.subject_alternative_name().ok()??;
    let listed = &alternatives.value.general_names;
    let uris = listed.iter().filter(|name| matches!(name, GeneralName::URI(_))).count();
    let names: Vec<String> = listed
        .iter()
        .filter_map(|name| match name {
            GeneralName::URI(uri) if !uri.starts_with("spiffe://") || uris == 1 => Some((*uri).to_owned()),
            GeneralName::DNSName(name) => Some(format!("dns:{}", name.to_ascii_lowercase())),
            _ => None,
        })
        .collect();
    let until = parsed.validity().not_after.timestamp();
    (!names.is_empty()).then_some((names, until))
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, SanType};

    use super::*;

    #[test]
    fn names_are_those_of_the_alternatives() {
        let uri = |text: &str| SanType::URI(text.try_into().unwrap());
        let dns = |text: &str| SanType::DnsName(text.try_into().unwrap());
        for (name, alternatives, names) in [
            ("a workload", vec![uri("spiffe://exemple.fr/notes")], Some(vec!["spiffe://exemple.fr/notes"])),
            ("a host", vec![dns("Notes.exemple.fr")], Some(vec!["dns:notes.exemple.fr"])),
            ("both", vec![uri("spiffe://e.fr/n"), dns("n.e.fr")], Some(vec!["spiffe://e.fr/n", "dns:n.e.fr"])),
            ("two ids", vec![uri("spiffe://e.fr/n"), uri("spiffe://e.fr/m"), dns("n.e.fr")], Some(vec!["dns:n.e.fr"])),
            ("another URI", vec![uri("https://e.fr/n")], Some(vec!["https://e.fr/n"])),
            ("an address", vec![SanType::IpAddress([127, 0, 0, 1].into())], None),
            ("none", vec![], None),
        ] {
            let mut params = CertificateParams::new(vec![]).unwrap();
            params.subject_alt_names = alternatives;
            let made = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
            let found = names_of(made.der()).map(|(names, _)| names);
            assert_eq!(found, names.map(|names| names.iter().map(ToString::to_string).collect()), "{name}");
        }
    }
}
