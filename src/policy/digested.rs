//! The texts of which the three digests of a policy are: canonical JSON, byte for byte, so that anybody can hash it again.
//!
//! For files without a fault: of others a digest means nothing.

use super::diagnostic::File;
use super::sheets::{read_sheets, said};
use super::toml_document::Document;
use super::toml_file::json;
use super::{Sources, canonical, reference};

/// What a digest is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// A list: each sheet in the order of the names of their files, then each pack that they use, in the order in which they name
    /// them. A pack that octroi brings is there in English.
    Sheets,
    /// What `backends.toml` says.
    Inventory,
    /// What each file of the reference data says, by its name.
    Reference,
}

/// The text of which [`super::Policy::digest`], `inventory_digest` or `reference_digest` is the SHA-256.
pub fn digest_text(sources: &Sources, part: Part) -> String {
    match part {
        Part::Sheets => said(&read_sheets(sources, &mut Vec::new())),
        Part::Inventory => {
            let text = sources.inventory.as_ref().map_or("", |file| file.text.as_str());
            let file = File::new("backends.toml", text, sources.language());
            canonical::text(&json(Document::read(&file, &mut Vec::new()).table().get_ref()))
        }
        Part::Reference => canonical::text(&reference::all(&sources.reference)),
    }
}
