//! Secrets whose shape needs more than a pattern: PEM blocks, JSON Web Tokens, headers, connection strings, options of commands, what
//! a key's name or a label gives away. Keys with a prefix are rows of `policies/detectors/secrets.toml`.

pub(super) mod column;
pub(super) mod command;
pub(super) mod connection;
pub(super) mod header;
pub(super) mod jwt;
pub(super) mod keyed;
pub(super) mod kubernetes;
pub(super) mod label;
mod netrc;
pub(super) mod pem;
mod prose;
pub(super) mod value;
