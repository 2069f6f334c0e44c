//! TLS towards backends: per-backend roots, pins inside the handshake, nothing taken from process-wide defaults.
//!
//! The pins of a binding are held against the *verified path*, not against whatever certificates the server sent: a server
//! can append any public certificate to its chain, and a pin that looks there proves nothing. So the path is built twice,
//! first by the ordinary rules (chain, dates, usage, host), then with a test at its end that every pin is on it. Both happen
//! in the certificate callback: when a pin fails, the handshake fails, and no byte of a request was written.
//!
//! Sessions are not resumed, because resumption skips the certificate; connections are pooled instead.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::{self, CryptoProvider};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, TrustAnchor, UnixTime};
use webpki::{EndEntityCert, KeyUsage, VerifiedPath};
use zeroize::Zeroizing;

use super::{ClientCertificate, Roots, SetupFault};
use crate::model::Binding;

/// Makes the TLS client of one backend.
pub(super) fn client(
    roots: &Roots,
    certificate: Option<&ClientCertificate>,
    binding: &Binding,
) -> Result<ClientConfig, SetupFault> {
    // X25519MLKEM768 first, by the `prefer-post-quantum` feature; a test holds it.
    let provider = Arc::new(crypto::aws_lc_rs::default_provider());
    let verifier = BoundVerifier::new(&provider, &certificates(roots)?, binding)?;
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| SetupFault::Roots("cannot be used with this build's TLS versions"))?
        .dangerous() // "dangerous" is any verifier of one's own: ours only adds to the ordinary one
        .with_custom_certificate_verifier(Arc::new(verifier));
    let mut config = match certificate {
        None => builder.with_no_client_auth(),
        Some(certificate) => {
            let resolver = SingleCertAndKey::from(certified(certificate)?);
            builder.with_client_cert_resolver(Arc::new(resolver))
        }
    };
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config.resumption = Resumption::disabled();
    Ok(config)
}

/// SHA-256 of the key of an end-entity certificate, as pins are written.
pub(super) fn spki_of(certificate: &CertificateDer<'_>) -> Option<[u8; 32]> {
    EndEntityCert::try_from(certificate).ok().map(|certificate| sha256(certificate.subject_public_key_info().as_ref()))
}

fn certificates(roots: &Roots) -> Result<Vec<CertificateDer<'static>>, SetupFault> {
    match roots {
        Roots::System => Ok(rustls_native_certs::load_native_certs().certs),
        Roots::Pem(pem) => CertificateDer::pem_slice_iter(pem)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| SetupFault::Roots("are not certificates in PEM")),
    }
}

/// A client certificate and its key, which is wiped here: what signs with it is the cryptographic library's own.
fn certified(certificate: &ClientCertificate) -> Result<CertifiedKey, SetupFault> {
    let chain = CertificateDer::pem_slice_iter(&certificate.chain)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| SetupFault::ClientCertificate("is not in PEM"))?;
    let key = PrivateKeyDer::from_pem_slice(certificate.key.expose())
        .map(Zeroizing::new)
        .map_err(|_| SetupFault::ClientCertificate("has a key that is not in PEM"))?;
    let foreign = SetupFault::ClientCertificate("does not belong to its key");
    let key = crypto::aws_lc_rs::sign::any_supported_type(&key).map_err(|_| foreign.clone())?;
    let certified = CertifiedKey::new(chain, key);
    match certified.keys_match() {
        Ok(()) | Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::Unknown)) => Ok(certified),
        Err(_) => Err(foreign),
    }
}

/// The ordinary verifier, and the binding's pins behind it.
#[derive(Debug)]
struct BoundVerifier {
    ordinary: Arc<WebPkiServerVerifier>,
    provider: Arc<CryptoProvider>,
    anchors: Vec<TrustAnchor<'static>>,
    /// SHA-256 of each root's DER and of its key, in the order of `anchors`.
    digests: Vec<([u8; 32], [u8; 32])>,
    spki: Vec<[u8; 32]>,
    authorities: Vec<[u8; 32]>,
}

impl BoundVerifier {
    fn new(
        provider: &Arc<CryptoProvider>,
        roots: &[CertificateDer<'static>],
        binding: &Binding,
    ) -> Result<Self, SetupFault> {
        let mut store = RootCertStore::empty();
        let mut anchors = Vec::new();
        let mut digests = Vec::new();
        for root in roots {
            // The system's store holds what webpki does not read; what cannot be read is not trusted.
            let (Ok(anchor), Ok(parsed)) = (webpki::anchor_from_trusted_cert(root), EndEntityCert::try_from(root))
            else {
                continue;
            };
            digests.push((sha256(root), sha256(parsed.subject_public_key_info().as_ref())));
            store.roots.push(anchor.to_owned());
            anchors.push(anchor.to_owned());
        }
        if anchors.is_empty() {
            return Err(SetupFault::Roots("hold no certificate authority"));
        }
        let ordinary = WebPkiServerVerifier::builder_with_provider(Arc::new(store), Arc::clone(provider))
            .build()
            .map_err(|_| SetupFault::Roots("cannot be used"))?;
        Ok(Self {
            ordinary,
            provider: Arc::clone(provider),
            anchors,
            digests,
            spki: binding.spki.clone(),
            authorities: binding.authorities.clone(),
        })
    }

    /// Whether some path from the certificate to a root carries the pins.
    fn is_bound(&self, leaf: &CertificateDer<'_>, sent: &[CertificateDer<'_>], now: UnixTime) -> bool {
        if self.spki.is_empty() && self.authorities.is_empty() {
            return true;
        }
        let Ok(certificate) = EndEntityCert::try_from(leaf) else { return false };
        let pinned = |path: &VerifiedPath<'_>| {
            if self.carries_pins(path) { Ok(()) } else { Err(webpki::Error::UnknownIssuer) }
        };
        certificate
            .verify_for_usage(
                self.provider.signature_verification_algorithms.all,
                &self.anchors,
                sent,
                now,
                KeyUsage::server_auth(),
                None,
                Some(&pinned),
            )
            .is_ok()
    }

    fn carries_pins(&self, path: &VerifiedPath<'_>) -> bool {
        let mut keys = vec![sha256(path.end_entity().subject_public_key_info().as_ref())];
        let mut authorities = Vec::new();
        for certificate in path.intermediate_certificates() {
            keys.push(sha256(certificate.subject_public_key_info().as_ref()));
            authorities.push(sha256(certificate.der().as_ref()));
        }
        // One key and name can have several certificates among the roots: each of them is this authority.
        for (_, (der, key)) in
            self.anchors.iter().zip(&self.digests).filter(|(anchor, _)| is_same(anchor, path.anchor()))
        {
            keys.push(*key);
            authorities.push(*der);
        }
        let holds =
            |pins: &[[u8; 32]], on_path: &[[u8; 32]]| pins.is_empty() || pins.iter().any(|pin| on_path.contains(pin));
        holds(&self.spki, &keys) && holds(&self.authorities, &authorities)
    }
}

impl ServerCertVerifier for BoundVerifier {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        sent: &[CertificateDer<'_>],
        server: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verified = self.ordinary.verify_server_cert(leaf, sent, server, ocsp, now)?;
        if self.is_bound(leaf, sent, now) {
            Ok(verified)
        } else {
            Err(rustls::Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure))
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.ordinary.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.ordinary.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.ordinary.supported_verify_schemes()
    }
}

fn is_same(anchor: &TrustAnchor<'_>, other: &TrustAnchor<'_>) -> bool {
    anchor.subject == other.subject && anchor.subject_public_key_info == other.subject_public_key_info
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut sum = [0; 32];
    sum.copy_from_slice(digest(&SHA256, bytes).as_ref());
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hybrid_key_exchange_is_offered_first() {
        let provider = crypto::aws_lc_rs::default_provider();
        assert_eq!(provider.kx_groups[0].name(), rustls::NamedGroup::X25519MLKEM768);
    }

    #[test]
    fn roots_that_trust_nobody_are_refused() {
        for (name, pem) in [
            ("empty", ""),
            ("text", "hello"),
            ("broken", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
        ] {
            let made = client(&Roots::Pem(pem.into()), None, &Binding::default());
            assert!(matches!(made, Err(SetupFault::Roots(_))), "{name}");
        }
    }
}
