//! Who asks.

use std::sync::Arc;

use super::{Api, Country, Operation, Word};

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
    /// What the credential is good for.
    pub scope: Arc<Scope>,
}

/// What a credential is good for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// Models that may be asked for; `None`: every one.
    pub models: Option<Vec<Word>>,
    /// APIs that may be spoken: `openai`, or one operation of it as `openai/chat`; `None`: every one.
    pub apis: Option<Vec<Word>>,
    /// Purposes that the caller may declare: those registered for its app, as far as the credential has them too.
    pub purposes: Vec<Word>,
}

impl Scope {
    /// Whether a model may be asked for.
    pub fn admits_model(&self, model: &Word) -> bool {
        self.models.as_ref().is_none_or(|models| models.contains(model))
    }

    /// Whether an API may be spoken. Its list of models belongs to each of its operations.
    pub fn admits_api(&self, api: Api) -> bool {
        let Some(apis) = &self.apis else { return true };
        apis.iter().any(|known| match known.as_str().split_once('/') {
            None => known.as_str() == api.dialect.name(),
            Some((dialect, operation)) => {
                dialect == api.dialect.name()
                    && (operation == api.operation.name() || api.operation == Operation::MODELS)
            }
        })
    }
}
