//! `[corpus]`: where protected documents are, how long a comparison may take, and who reads for meaning.

use std::time::Duration;

use toml::Spanned;

use super::raw::RawCorpus;
use super::resolve::Resolver;
use super::{CorpusConfig, ModelConfig};
use crate::limits;
use crate::model::entry::Digest;

impl Resolver<'_> {
    /// The corpus, with the defaults of what is not said.
    pub(super) fn corpus(&mut self, raw: &RawCorpus) -> CorpusConfig {
        let time = |set: &Option<Spanned<u64>>, unit: fn(u64) -> Duration, default: Duration| {
            set.as_ref().map_or(default, |set| unit(*set.get_ref()))
        };
        let model = raw.model.as_ref().map(|folder| ModelConfig {
            folder: self.under(Some(folder), ""),
            sha256: raw.model_sha256.as_ref().and_then(|digest| self.sha256(digest)),
            budget: time(&raw.encoder_budget_ms, Duration::from_millis, limits::LEAK_ENCODER_BUDGET),
            gpu: raw.model_gpu.as_ref().is_none_or(|word| self.gpu(word)),
        });
        if let (None, Some(word)) = (&raw.model, &raw.model_gpu) {
            let help = "name a model, `model = \"models/NAME\"`, or leave the key out";
            self.fault(word, "is about the GPU of an encoder, and no model is named", help);
        }
        if let (None, Some(digest)) = (&raw.model, &raw.model_sha256) {
            self.fault(digest, "pins a model, and none is named", "name its folder: `model = \"models/NAME\"`");
        }
        if let (None, Some(budget)) = (&raw.model, &raw.encoder_budget_ms) {
            let help = "name a model, `model = \"models/NAME\"`, or leave the key out";
            self.fault(budget, "is the budget of an encoder, and no model is named", help);
        }
        CorpusConfig {
            folder: self.under(raw.folder.as_ref(), "corpus"),
            budget: time(&raw.budget_ms, Duration::from_millis, limits::LEAK_BUDGET),
            history: time(&raw.history_s, Duration::from_secs, limits::LEAK_HISTORY),
            model,
        }
    }

    /// Whether a GPU is used.
    fn gpu(&mut self, word: &Spanned<String>) -> bool {
        match word.get_ref().as_str() {
            "auto" => true,
            "off" => false,
            _ => {
                self.fault(word, "is not a word for the use of a GPU", "write `auto` or `off`");
                false
            }
        }
    }

    /// 64 hexadecimal digits.
    fn sha256(&mut self, text: &Spanned<String>) -> Option<[u8; 32]> {
        let digest = Digest::parse(text.get_ref()).map(|digest| digest.0);
        if digest.is_none() {
            self.fault(text, "is not the digest of a model", "write the 64 digits that `octroi model list` prints");
        }
        digest
    }
}
