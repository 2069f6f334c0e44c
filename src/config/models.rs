//! `[models]`: what clients may ask for, and each backend's own name for it.

use std::collections::BTreeMap;

use super::raw::RawConfig;
use super::resolve::Resolver;
use crate::model::Word;
use crate::policy::nearest;

impl Resolver<'_> {
    /// Where each name of a model stands.
    pub(super) fn model_places(&self, raw: &RawConfig) -> BTreeMap<(Word, Word), String> {
        let names = raw.models.iter().flat_map(|(asked, names)| names.iter().map(move |name| (asked, name)));
        let names = names.map(|(asked, (backend, model))| {
            let key = (Word::configured(asked.get_ref()), Word::configured(backend.get_ref()));
            (key, self.place(model))
        });
        names.collect()
    }

    /// What clients may ask for.
    pub(super) fn models(&mut self, raw: &RawConfig) -> BTreeMap<Word, BTreeMap<Word, Word>> {
        let mut models = BTreeMap::new();
        for (asked, by_backend) in &raw.models {
            if by_backend.is_empty() {
                self.fault(
                    asked,
                    format!("no backend serves `{}`", asked.get_ref()),
                    "write `\"name\" = { \"backend\" = \"its name there\" }`",
                );
            }
            let mut names = BTreeMap::new();
            for (backend, model) in by_backend {
                if !raw.backend.iter().any(|listed| listed.name.get_ref() == backend.get_ref()) {
                    let known = raw.backend.iter().map(|listed| listed.name.get_ref().as_str());
                    let near = nearest(backend.get_ref(), known).into_iter().next();
                    let meant = near.map(|near| format!("did you mean `{near}`?"));
                    self.fault(
                        backend,
                        format!("no backend is called `{}`", backend.get_ref()),
                        &meant.unwrap_or_else(|| "name one of the [[backend]] tables".to_owned()),
                    );
                }
                names.insert(Word::configured(backend.get_ref()), Word::configured(model.get_ref()));
            }
            models.insert(Word::configured(asked.get_ref()), names);
        }
        if models.is_empty() {
            self.general(
                "[models] names no model",
                "write what clients may ask for: `\"name\" = { \"backend\" = \"its name there\" }`",
            );
        }
        models
    }
}
