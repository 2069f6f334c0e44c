//! The files that octroi brings: packs, and the sheets and inventories that `octroi demo` and `octroi init` begin with.
//!
//! They are embedded, so that a binary alone can begin and `use pack` works where the operator's folder lacks the file.
//! Paths are relative to the `policies/` folder.

use super::reference::Reference;
use crate::model::Country;
use crate::model::entry::Digest;

/// The packs that octroi brings: name and text.
pub fn packs() -> Vec<(&'static str, &'static str)> {
    vec![
        ("gdpr-eea-only", include_str!("../../policies/packs/gdpr-eea-only.policy")),
        ("gdpr-special-categories", include_str!("../../policies/packs/gdpr-special-categories.policy")),
        ("no-us-controlled", include_str!("../../policies/packs/no-us-controlled.policy")),
        ("unknown-means-home", include_str!("../../policies/packs/unknown-means-home.policy")),
    ]
}

/// The inventory that the scenarios of the packs are written for.
pub fn example_inventory() -> &'static str {
    include_str!("../../policies/packs/example-backends.toml")
}

/// The files of the demonstration: the tour's sheet, its packs and its inventory.
///
/// `authority` is the SHA-256 of the DER of the certificate authority that issued for the demonstration servers.
pub fn demo(authority: &[u8; 32]) -> Vec<(String, String)> {
    let sheet = include_str!("../../policies/starter/demo.policy").to_owned();
    let inventory = include_str!("../../policies/starter/demo-backends.toml");
    let inventory = inventory.replace("{authority}", &Digest(*authority).to_string());
    folder(sheet, inventory)
}

/// The files of a new deployment: a sheet for a lawyer to read, its packs, and an inventory to fill in.
///
/// # Errors
/// [`NoCountry`] when `home` is no country of the reference data.
pub fn init(home: &str) -> Result<Vec<(String, String)>, NoCountry> {
    let mut faults = Vec::new();
    let reference = Reference::read(&[], &mut faults);
    let country = Country::parse(home).filter(|country| reference.countries.contains_key(country)).ok_or(NoCountry)?;
    let fill = |text: &str| text.replace("{home}", country.as_str());
    Ok(folder(
        fill(include_str!("../../policies/starter/init.policy")),
        fill(include_str!("../../policies/starter/init-backends.toml")),
    ))
}

/// The home given is no country of ISO 3166-1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("home must be a country, as two upper-case letters of iso 3166-1, such as FR")]
pub struct NoCountry;

fn folder(sheet: String, inventory: String) -> Vec<(String, String)> {
    let mut files = vec![("main.policy".to_owned(), sheet), ("backends.toml".to_owned(), inventory)];
    files.extend(packs().into_iter().map(|(name, text)| (format!("packs/{name}.policy"), text.to_owned())));
    files
}
