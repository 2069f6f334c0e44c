//! Secrets whose shape needs more than a pattern: PEM blocks, JSON Web Tokens. Keys with a prefix are rows of
//! `policies/detectors/secrets.toml`.

pub(super) mod jwt;
pub(super) mod pem;
