//! Whom a connection's client certificate names: URIs (SPIFFE ids among them) and DNS names of its subject's alternatives.
//!
//! The authority was verified in the handshake. A SPIFFE id counts only where it is the one URI of its certificate, as the standard
//! demands (X.509-SVID, section 2); the subject's common name is never looked at. Connections last longer than certificates:
//! one that has ended since proves nobody.

use jiff::Timestamp;
use rustls_pki_types::CertificateDer;
use x509_parser::extensions::GeneralName;

/// Names of a verified client certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    names: Vec<String>,
    /// Seconds since the epoch.
    until: i64,
}

impl Peer {
    /// Reads the names of a verified certificate. Nothing where it has none that can be registered.
    pub(super) fn of(certificate: &CertificateDer<'_>) -> Option<Self> {
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
        (!names.is_empty()).then_some(Self { names, until })
    }

    /// Its names, while the certificate has not ended.
    pub fn names(&self, now: Timestamp) -> &[String] {
        if now.as_second() <= self.until { &self.names } else { &[] }
    }
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
            let peer = Peer::of(made.der());
            let now = Timestamp::from_second(1_800_000_000).unwrap();
            assert_eq!(
                peer.as_ref().map(|peer| peer.names(now).to_vec()),
                names.map(|names| names.iter().map(ToString::to_string).collect()),
                "{name}"
            );
            assert!(peer.is_none_or(|peer| peer.names(Timestamp::MAX).is_empty()), "{name}: ended");
        }
    }
}
