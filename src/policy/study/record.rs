//! A recorded decision explained: taken again under the policy of its day, with the smallest change that would let it pass.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::super::Language;
use super::super::frozen::freeze;
use super::super::recall::{Lost, Recall};
use super::super::remembered::Recorded;
use super::Study;
use super::report::{Answer, BackendAnswer};
use crate::model::Word;

/// A recorded decision, taken again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explained {
    /// What becomes of the request at each backend.
    pub answer: Answer,
    /// Backends that speak the API and serve the model.
    pub able: Vec<String>,
    /// Those of them that are allowed and stood behind a nearer one, and that no `fall back` opened to this request.
    pub behind: Vec<String>,
    /// Whether the record says the same of every backend that it names as allowed.
    pub as_recorded: bool,
}

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow)]
    entry: Recorded<'a>,
}

impl Study {
    /// Answers for requests as they were, and not as a scenario tells them: data that nobody located cannot be changed.
    #[must_use]
    pub fn as_it_happened(mut self) -> Self {
        self.told = false;
        self
    }

    /// Answers in a language, whatever that of the sheets.
    #[must_use]
    pub fn answering_in(mut self, language: Language) -> Self {
        self.language = language;
        self
    }

    /// What this policy says of a decision of another one, under which these types were looked for.
    ///
    /// # Errors
    /// Why the record does not tell: it may depend on what nobody looked for, or named, that day.
    pub fn explain_of(&self, entry: &[u8], then: (&[Word], &Self), now: Timestamp) -> Result<Answer, Lost> {
        let Entry { entry: recorded } = serde_json::from_slice(entry).map_err(|_| Lost::Version)?;
        let mut recall = Recall::new(&self.policy);
        let day = recall.day(then.0, Some(&then.1.policy));
        recall.again(&recorded, &day, now)?;
        Ok(self.explain(entry, None)?.answer)
    }

    /// Takes a decision again from its entry of the log, with envelope; one of a time at which the policy was frozen with what is to be
    /// told of that.
    ///
    /// # Errors
    /// Why it cannot be taken again.
    pub fn explain(&self, entry: &[u8], frozen: Option<&str>) -> Result<Explained, Lost> {
        let Entry { entry } = serde_json::from_slice(entry).map_err(|_| Lost::Version)?;
        let (facts, able) = Recall::new(&self.policy).as_found(&entry)?;
        let mut answer = self.answer(&facts, &[], true);
        let name = |backend| self.policy.backend(backend).map(|backend| backend.name.to_string());
        let mut plan = self.side().plan(&facts);
        if let Some(why) = frozen {
            freeze(&self.policy, &mut plan);
            for one in &mut answer.backends {
                let stays = self.policy.id_of(&one.backend).is_some_and(|id| self.policy.on_premises(id));
                if !stays && (one.allowed || !one.except.is_empty()) {
                    let (backend, tier) = (one.backend.clone(), one.tier.clone());
                    *one = BackendAnswer { backend, tier, why: vec![why.to_owned()], ..BackendAnswer::default() };
                }
            }
            answer.allowed = answer.backends.iter().any(|one| one.allowed);
        }
        let choices = || plan.choices.iter().filter(|choice| able.contains(choice.backend));
        let nearest = choices().map(|choice| choice.tier).min().filter(|_| !plan.fall_back.open);
        let behind = choices().filter(|choice| nearest.is_some_and(|nearest| choice.tier > nearest));
        let behind: Vec<String> = behind.filter_map(|choice| name(choice.backend)).collect();
        let able: Vec<String> = self.backends().filter(|one| able.contains(*one)).filter_map(name).collect();
        let allowed = answer.backends.iter().filter(|one| one.allowed && able.contains(&one.backend));
        let now: BTreeSet<&str> = allowed.map(|one| one.backend.as_str()).collect();
        let then: BTreeSet<&str> = entry.plan.iter().map(|choice| &*choice.backend).collect();
        let as_recorded = now == then;
        Ok(Explained { answer, able, behind, as_recorded })
    }
}
