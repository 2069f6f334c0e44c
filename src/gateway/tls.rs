//! The listener's TLS: 1.3 and 1.2, X25519MLKEM768 offered first, h2 and http/1.1, certificates that reload.
//!
//! New handshakes take the newest certificate; connections that are open keep theirs. The authorities of clients reload too: one
//! that was withdrawn vouches for nobody any more, on open connections either. A pair that does not fit together or
//! has expired is refused and the old one stays in use. Session tickets are off: nothing secret is kept across connections.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use rustls::RootCertStore;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{ClientHello, NoServerSessionStorage, ResolvesServerCert, ServerConfig, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use x509_parser::time::ASN1Time;

use crate::config::ServerTls;

/// A certificate, key or authority file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read, or is not PEM of the right kind.
    #[error("`{path}`: {what}")]
    File {
        /// The file.
        path: String,
        /// What is wrong.
        what: String,
    },
    /// The pair cannot be used together.
    #[error("certificate `{certificate}` and key `{key}`: {what}")]
    Pair {
        /// The certificate file.
        certificate: String,
        /// The key file.
        key: String,
        /// What is wrong.
        what: String,
    },
    /// The settings do not fit together.
    #[error("TLS settings: {0}")]
    Settings(String),
}

/// The listener's certificate, replaced while connections are served.
#[derive(Debug)]
pub struct Identity {
    current: ArcSwap<Pair>,
}

/// A certificate with its key, and when it ends in seconds since the epoch.
#[derive(Debug)]
struct Pair {
    key: Arc<CertifiedKey>,
    until: i64,
}

impl Identity {
    /// Reads a certificate chain and its key.
    ///
    /// # Errors
    /// When a file cannot be read, or key and certificate do not belong together.
    pub fn read(certificate: &Path, key: &Path) -> Result<Arc<Self>, TlsError> {
        Ok(Arc::new(Self { current: ArcSwap::from_pointee(read_pair(certificate, key)?) }))
    }

    /// Reads the files again; on a fault the old certificate stays in use.
    ///
    /// # Errors
    /// As [`Identity::read`].
    pub fn reload(&self, certificate: &Path, key: &Path) -> Result<(), TlsError> {
        self.current.store(Arc::new(read_pair(certificate, key)?));
        Ok(())
    }

    /// Seconds since the epoch until which the certificate in use is valid.
    #[expect(clippy::cast_precision_loss, reason = "seconds of this era are far below 2^53")]
    pub fn valid_until(&self) -> f64 {
        self.current.load().until as f64
    }
}

impl ResolvesServerCert for Identity {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.current.load().key))
    }
}

/// The provider of all cryptography in TLS, always passed explicitly. Its first group is X25519MLKEM768.
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

/// The listener's TLS while it runs: its certificate, and the authorities of clients; a reload replaces both.
#[derive(Debug)]
pub struct Front {
    identity: Arc<Identity>,
    current: ArcSwap<Current>,
}

/// What new handshakes are made with.
#[derive(Debug)]
struct Current {
    config: Arc<ServerConfig>,
    authorities: Option<Authorities>,
}

/// Authorities of clients: the certificates of their file, and who verifies by them.
#[derive(Debug, Clone)]
struct Authorities {
    roots: Vec<CertificateDer<'static>>,
    verifier: Arc<dyn ClientCertVerifier>,
}

impl Front {
    /// Reads the files of a listener.
    ///
    /// # Errors
    /// When a file cannot be read, or they do not fit together.
    pub fn read(files: &ServerTls) -> Result<Arc<Self>, TlsError> {
        let identity = Identity::read(&files.certificate, &files.key)?;
        let authorities = files.client_authorities.as_deref().map(Authorities::read).transpose()?;
        let current = ArcSwap::from_pointee(Current::of(&identity, authorities)?);
        Ok(Arc::new(Self { identity, current }))
    }

    /// Reads the files again. What cannot be used stays as it was, the certificate and the authorities each for itself: new
    /// handshakes, and requests on connections that are open, no longer take certificates of an authority that was withdrawn.
    ///
    /// # Errors
    /// As [`Front::read`].
    pub fn reload(&self, files: &ServerTls) -> Result<(), TlsError> {
        let renewed = self.identity.reload(&files.certificate, &files.key);
        self.trust(files.client_authorities.as_deref())?;
        renewed
    }

    /// Takes up what the configuration names now: nothing where it no longer names files. The listener still speaks TLS as it
    /// did, and no authority vouches for anybody.
    ///
    /// # Errors
    /// As [`Front::read`].
    pub fn follow(&self, files: Option<&ServerTls>) -> Result<(), TlsError> {
        files.map_or_else(|| self.trust(None), |files| self.reload(files))
    }

    fn trust(&self, file: Option<&Path>) -> Result<(), TlsError> {
        let authorities = file.map(Authorities::read).transpose()?;
        let roots = |authorities: &Option<Authorities>| authorities.as_ref().map(|them| them.roots.clone());
        if roots(&authorities) != roots(&self.current.load().authorities) {
            self.current.store(Arc::new(Current::of(&self.identity, authorities)?));
        }
        Ok(())
    }

    /// What the next handshake is made with.
    pub fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.current.load().config)
    }

    /// Whether the authorities that are trusted now vouch for a client's chain.
    pub fn trusts(&self, chain: &[CertificateDer<'_>], now: Timestamp) -> bool {
        let current = self.current.load();
        let (Some(authorities), Some((leaf, rest))) = (&current.authorities, chain.split_first()) else { return false };
        let Ok(seconds) = u64::try_from(now.as_second()) else { return false };
        let now = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        authorities.verifier.verify_client_cert(leaf, rest, now).is_ok()
    }

    /// Seconds since the epoch until which the certificate in use is valid.
    pub fn valid_until(&self) -> f64 {
        self.identity.valid_until()
    }
}

impl Current {
    fn of(identity: &Arc<Identity>, authorities: Option<Authorities>) -> Result<Self, TlsError> {
        let verifier = authorities.as_ref().map(|authorities| Arc::clone(&authorities.verifier));
        let config = Arc::new(server_config(Arc::clone(identity), verifier)?);
        Ok(Self { config, authorities })
    }
}

impl Authorities {
    fn read(path: &Path) -> Result<Self, TlsError> {
        let certificates = certificates(path)?;
        let mut roots = RootCertStore::empty();
        for authority in certificates.clone() {
            roots.add(authority).map_err(|error| file(path, &error))?;
        }
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider())
            .allow_unauthenticated()
            .build()
            .map_err(|error| TlsError::Settings(error.to_string()))?;
        Ok(Self { roots: certificates, verifier })
    }
}

/// Makes the settings of a listener.
///
/// # Errors
/// When they do not fit together.
pub fn server_config(
    identity: Arc<Identity>,
    clients: Option<Arc<dyn ClientCertVerifier>>,
) -> Result<ServerConfig, TlsError> {
    let builder = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(|error| TlsError::Settings(error.to_string()))?;
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(verifier) => builder.with_client_cert_verifier(verifier),
    };
    let mut config = builder.with_cert_resolver(identity);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    config.max_early_data_size = 0;
    Ok(config)
}

fn file(path: &Path, what: &dyn std::fmt::Display) -> TlsError {
    TlsError::File { path: path.display().to_string(), what: what.to_string() }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let chain = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| file(path, &error))?;
    if chain.is_empty() {
        Err(file(path, &"holds no certificate in PEM (`-----BEGIN CERTIFICATE-----`)"))
    } else {
        Ok(chain)
    }
}

fn read_pair(certificate: &Path, key: &Path) -> Result<Pair, TlsError> {
    let chain = certificates(certificate)?;
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| match error {
        rustls_pki_types::pem::Error::NoItemsFound => file(
            key,
            &"holds no private key in PEM: `key` names the file of the key, `certificate` that of the certificate",
        ),
        error => file(key, &error),
    })?;
    let pair = |what: String| TlsError::Pair {
        certificate: certificate.display().to_string(),
        key: key.display().to_string(),
        what,
    };
    let first = chain.first().map(|first| x509_parser::parse_x509_certificate(first));
    let until = match first {
        Some(Ok((_, leaf))) if leaf.validity().not_after < ASN1Time::now() => {
            return Err(pair("the certificate has expired".to_owned()));
        }
        Some(Ok((_, leaf))) => leaf.validity().not_after.timestamp(),
        _ => return Err(pair("the certificate cannot be read".to_owned())),
    };
    // Fails when the key does not belong to the first certificate.
    let key = CertifiedKey::from_der(chain, private, &provider()).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => pair(
            "they do not belong together: the key is not the one that this certificate was made for\n  help: name the key of this certificate; the server's own certificate stands first in its file".to_owned(),
        ),
        error => pair(error.to_string()),
    })?;
    Ok(Pair { key: Arc::new(key), until })
}
