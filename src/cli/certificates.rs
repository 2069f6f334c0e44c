//! Development certificates: an authority of one's own and a server certificate for this machine. For real use an operator
//! puts a certificate of the house's authority in their place; it reloads on change.
#![expect(clippy::disallowed_methods, reason = "certificates are dated, and written to files")]

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, SanType,
};

use super::init::{secret_folder, write};

/// Days that development certificates are valid.
const VALID_DAYS: i64 = 397;

/// The files of one folder.
#[derive(Debug, Clone)]
pub(super) struct Files {
    /// The authority's certificate.
    pub(super) authority: PathBuf,
    /// The server's chain.
    pub(super) certificate: PathBuf,
    /// The server's key, readable by its owner only.
    pub(super) key: PathBuf,
}

/// Makes an authority and a server certificate for `names` in a folder, unless they are there.
///
/// The authority's key is not kept: nobody can issue more certificates with it.
pub(super) fn make(folder: &Path, names: &[&str]) -> anyhow::Result<Files> {
    let files = Files {
        authority: folder.join("ca.pem"),
        certificate: folder.join("server.pem"),
        key: folder.join("server.key"),
    };
    if files.authority.exists() && files.certificate.exists() && files.key.exists() {
        return Ok(files);
    }
    secret_folder(folder)?;
    let authority = CertifiedIssuer::self_signed(params("octroi development authority", true)?, KeyPair::generate()?)?;
    let key = KeyPair::generate()?;
    let mut server = params("octroi development server", false)?;
    for name in names {
        server.subject_alt_names.push(match name.parse::<IpAddr>() {
            Ok(address) => SanType::IpAddress(address),
            Err(_) => SanType::DnsName((*name).try_into().context("a name of the certificate")?),
        });
    }
    let certificate = server.signed_by(&key, &authority)?;
    write(&files.key, &key.serialize_pem(), 0o600)?;
    write(&files.certificate, &certificate.pem(), 0o644)?;
    write(&files.authority, &authority.pem(), 0o644)?;
    Ok(files)
}

fn params(name: &str, authority: bool) -> anyhow::Result<CertificateParams> {
    let mut params = CertificateParams::new(Vec::<String>::new())?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_secs();
    let day = |days: i64| {
        let at = jiff::Timestamp::from_second(i64::try_from(now)?.saturating_add(days * 86_400))?;
        let date = at.to_zoned(jiff::tz::TimeZone::UTC).date();
        anyhow::Ok(rcgen::date_time_ymd(i32::from(date.year()), u8::try_from(date.month())?, u8::try_from(date.day())?))
    };
    params.not_before = day(-1)?;
    params.not_after = day(VALID_DAYS)?;
    if authority {
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    } else {
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    }
    Ok(params)
}
