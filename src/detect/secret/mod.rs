//! Secrets whose shape needs more than a pattern: PEM blocks, JSON Web Tokens, headers, connection strings, what a key's name
//! or a label gives away. Keys with a prefix are rows of `policies/detectors/secrets.toml`.

mod column;
pub(super) mod connection;
pub(super) mod header;
pub(super) mod jwt;
pub(super) mod keyed;
pub(super) mod kubernetes;
pub(super) mod label;
pub(super) mod pem;
pub(super) mod value;
