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
    pub models: Option<Arc<[Word]>>,
    /// APIs that may be spoken; `None`: every one.
    pub apis: Option<Arc<[Spoken]>>,
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
        self.apis.as_ref().is_none_or(|apis| apis.iter().any(|spoken| spoken.admits(api)))
    }
}

/// An API that a credential is good for, or one operation of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spoken {
    dialect: Word,
    operation: Option<Word>,
}

impl Spoken {
    /// Reads what a file of keys says: `openai`, or one operation of it as `openai/chat`; who may make a response may see and
    /// delete it. What names nothing admits nothing.
    pub fn read(written: &str) -> Self {
        let (dialect, operation) = written.split_once('/').map_or((written, None), |(api, word)| (api, Some(word)));
        Self { dialect: Word::configured(dialect), operation: operation.map(Word::configured) }
    }

    fn admits(&self, api: Api) -> bool {
        // Who may make an object may see and delete it.
        let family = api.operation.name().split('.').next().unwrap_or_default();
        let alike =
            |word: &Word| [api.operation.name(), family].contains(&word.as_str()) || api.operation == Operation::MODELS;
        self.dialect.as_str() == api.dialect.name() && self.operation.as_ref().is_none_or(alike)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Dialect;

    #[test]
    fn what_may_be_made_may_be_seen_and_deleted() {
        let admits =
            |written: &str, operation| Spoken::read(written).admits(Api { dialect: Dialect::OPENAI, operation });
        for (written, operation, admitted) in [
            ("openai", Operation::RETRIEVE, true),
            ("openai/responses", Operation::RESPONSES, true),
            ("openai/responses", Operation::RETRIEVE, true),
            ("openai/responses", Operation::DELETE, true),
            ("openai/responses", Operation::CHAT, false),
            ("openai/chat", Operation::RETRIEVE, false),
            ("openai/responses.retrieve", Operation::RETRIEVE, true),
            ("openai/responses.retrieve", Operation::RESPONSES, false),
            ("azure/responses", Operation::RETRIEVE, false),
        ] {
            assert_eq!(admits(written, operation), admitted, "{written} {operation:?}");
        }
    }
}
