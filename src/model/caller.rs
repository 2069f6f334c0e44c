//! Who asks.

use super::{Country, Word};

/// The proven identity behind a request and what its registration declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The tenant that the app belongs to.
    pub tenant: Word,
    /// The registered app.
    pub app: Word,
    /// What the app is registered for, if it says.
    pub purpose: Option<Word>,
    /// Roles proven with the credential.
    pub roles: Vec<Word>,
    /// Where the app's data subjects reside, if its registration says.
    pub residence: Vec<Country>,
    /// Whether the app is registered as handling minors' data.
    pub minors: bool,
    /// Whether a request without a label counts as possibly bearing any label.
    pub labels_required: bool,
    /// Keyed pseudonym of the credential, for the record: base32, never the key.
    pub actor: Word,
    /// Whether the app wants only `octroi-request-id` in answers.
    pub quiet: bool,
}
