//! The sheets and inventories that `octroi demo` and `octroi init` put into a new `policies/` folder.
//!
//! They are embedded, so that a binary alone can begin. Paths are relative to the folder.

use crate::model::Country;

/// The files of the demonstration: the tour's sheet and its inventory.
///
/// `authority` is the SHA-256 of the DER of the certificate authority that issued for the demonstration servers.
pub fn demo(_authority: &[u8; 32]) -> Vec<(&'static str, String)> {
    Vec::new()
}

/// The files of a new deployment: a sheet for a lawyer to read, and an inventory to fill in.
pub fn init(_home: Country) -> Vec<(&'static str, String)> {
    Vec::new()
}
