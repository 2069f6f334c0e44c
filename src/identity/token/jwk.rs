//! Public keys of issuers (JWK, RFC 7517, 7518, 8037) and the algorithms for which each is good.

use aws_lc_rs::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::model::Algorithm;

/// Keys of one issuer at most.
const KEYS_MAX: usize = 100;

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) kid: Option<String>,
    /// The one algorithm that the issuer made it for, if it says.
    algorithm: Option<Algorithm>,
    material: Material,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Material {
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    /// A point, uncompressed.
    P256(Vec<u8>),
    P384(Vec<u8>),
    Ed25519(Vec<u8>),
}

impl Key {
    /// Whether it made this signature by this algorithm. A key of another kind never did.
    pub(super) fn verifies(&self, algorithm: Algorithm, signed: &[u8], signature: &[u8]) -> bool {
        if self.algorithm.is_some_and(|own| own != algorithm) {
            return false;
        }
        let rsa = |parameters: &'static signature::RsaParameters, n: &[u8], e: &[u8]| {
            RsaPublicKeyComponents { n, e }.verify(parameters, signed, signature).is_ok()
        };
        let other = |scheme: &'static dyn signature::VerificationAlgorithm, key: &[u8]| {
            UnparsedPublicKey::new(scheme, key).verify(signed, signature).is_ok()
        };
        match (&self.material, algorithm) {
            (Material::Rsa { n, e }, Algorithm::Rs256) => rsa(&signature::RSA_PKCS1_2048_8192_SHA256, n, e),
            (Material::Rsa { n, e }, Algorithm::Rs384) => rsa(&signature::RSA_PKCS1_2048_8192_SHA384, n, e),
            (Material::Rsa { n, e }, Algorithm::Rs512) => rsa(&signature::RSA_PKCS1_2048_8192_SHA512, n, e),
            (Material::Rsa { n, e }, Algorithm::Ps256) => rsa(&signature::RSA_PSS_2048_8192_SHA256, n, e),
            (Material::Rsa { n, e }, Algorithm::Ps384) => rsa(&signature::RSA_PSS_2048_8192_SHA384, n, e),
            (Material::Rsa { n, e }, Algorithm::Ps512) => rsa(&signature::RSA_PSS_2048_8192_SHA512, n, e),
            (Material::P256(point), Algorithm::Es256) => other(&signature::ECDSA_P256_SHA256_FIXED, point),
            (Material::P384(point), Algorithm::Es384) => other(&signature::ECDSA_P384_SHA384_FIXED, point),
            (Material::Ed25519(key), Algorithm::EdDsa) => other(&signature::ED25519, key),
            _ => false,
        }
    }
}

/// Reads a set of keys. Those of a kind that is not taken are left out: issuers list keys for encryption beside them. A set may
/// hold none: its issuer has withdrawn all.
pub(super) fn read(text: &str, taken: &[Algorithm]) -> Result<Vec<Key>, String> {
    let set: Value = serde_json::from_str(text).map_err(|_| "this is no JSON".to_owned())?;
    let listed = set.get("keys").and_then(Value::as_array).ok_or("this is no set of keys: it has no `keys`")?;
    Ok(listed.iter().take(KEYS_MAX).filter_map(key).filter(|key| key.is_good_for(taken)).collect())
}

impl Key {
    fn is_good_for(&self, taken: &[Algorithm]) -> bool {
        taken.iter().any(|algorithm| self.algorithm.is_none_or(|own| own == *algorithm))
    }
}

fn key(jwk: &Value) -> Option<Key> {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    let bytes = |name: &str| decode(text(name)?);
    if text("use").is_some_and(|purpose| purpose != "sig") {
        return None;
    }
    let point = |length: usize| {
        let (x, y) = (bytes("x")?, bytes("y")?);
        (x.len() == length && y.len() == length).then(|| [&[4][..], &x, &y].concat())
    };
    let material = match (text("kty")?, text("crv")) {
        ("RSA", _) => Material::Rsa { n: bytes("n")?, e: bytes("e")? },
        ("EC", Some("P-256")) => Material::P256(point(32)?),
        ("EC", Some("P-384")) => Material::P384(point(48)?),
        ("OKP", Some("Ed25519")) => Material::Ed25519(bytes("x").filter(|key| key.len() == 32)?),
        _ => return None,
    };
    let algorithm = match text("alg") {
        None => None,
        Some(name) => Some(Algorithm::named(name)?),
    };
    Some(Key { kid: text("kid").map(str::to_owned), algorithm, material })
}

/// Decodes base64url without padding, as JOSE writes it.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}
