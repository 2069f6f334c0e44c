//! The scanner of a gateway with a corpus: one request compared, within a budget, away from the reactor.
//!
//! What cannot be compared in time, or at all, is unknown; policy then treats it as possibly everything that is registered. A
//! corpus whose files were changed by somebody else is unknown as a whole until it can be read again.
#![expect(clippy::disallowed_methods, reason = "this module measures the time that a comparison takes")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::corpus::{Answer, Corpus, CorpusError, counts_for};
use super::disguised::Texts;
use super::history::History;
use super::store::CorpusKeys;
use super::{Comparing, Scanner};
use crate::model::{Call, Caller, Leak, LeakFact, LeakMatch, Word};

/// Compares requests with a corpus.
#[derive(Debug)]
pub struct Guard {
    corpus: Arc<Corpus>,
    history: Arc<History>,
    budget: Duration,
    /// Whether the files could be read at the last look.
    sound: AtomicBool,
}

impl Guard {
    /// Opens a corpus.
    ///
    /// # Errors
    /// When its files cannot be read or were changed.
    pub fn open(folder: &Path, keys: CorpusKeys, budget: Duration, history: Duration) -> Result<Self, CorpusError> {
        let corpus = Corpus::open(folder, keys)?;
        if corpus.tenants().values().all(|tenant| tenant.space.is_empty()) {
            tracing::warn!(folder = %folder.display(), "The corpus holds no documents: every leak score is 0");
        }
        let history = Arc::new(History::new(history));
        Ok(Self { corpus: Arc::new(corpus), history, budget, sound: AtomicBool::new(true) })
    }

    /// Nobody knows: any class of the documents that count for the tenant may be there.
    fn unknown(&self, tenant: &str) -> Leak {
        let tenants = self.corpus.tenants();
        let counting = tenants.iter().filter(|(name, _)| counts_for(name, tenant));
        let documents = counting.flat_map(|(_, of)| of.space.documents().iter().filter(|document| document.live));
        let mut classes: Vec<&str> = documents.map(|document| document.about.class.as_str()).collect();
        classes.sort_unstable();
        classes.dedup();
        Leak::unknown(classes.into_iter().map(Word::configured))
    }

    fn is_empty_for(&self, tenant: &str) -> bool {
        let tenants = self.corpus.tenants();
        tenants.iter().all(|(name, of)| !counts_for(name, tenant) || of.space.is_empty())
    }

    async fn compare(&self, caller: &Caller, call: &Arc<Call>) -> Leak {
        let tenant = caller.tenant.as_str();
        if !self.sound.load(Ordering::Relaxed) {
            return self.unknown(tenant);
        }
        if self.is_empty_for(tenant) {
            return Leak::scored(0);
        }
        let stopped = Arc::new(AtomicBool::new(false));
        let work = {
            let (corpus, history) = (Arc::clone(&self.corpus), Arc::clone(&self.history));
            let (call, caller, stopped) = (Arc::clone(call), caller.clone(), Arc::clone(&stopped));
            move || {
                let stop = || stopped.load(Ordering::Relaxed);
                let texts = Texts::of_call(&call);
                let answer = corpus.ask(&texts, Some(caller.tenant.as_str()), &stop)?;
                let history = history.add(&caller, &answer.touched, Instant::now());
                Ok::<_, super::space::JudgeError>(leak(&answer, history))
            }
        };
        let ended = tokio::time::timeout(self.budget, tokio::task::spawn_blocking(work)).await;
        match ended {
            Ok(Ok(Ok(leak))) => leak,
            Ok(failed) => {
                tracing::error!(failed = failed.is_err(), "A request could not be compared with protected documents");
                self.unknown(tenant)
            }
            Err(_) => {
                // The work ends at its next look.
                stopped.store(true, Ordering::Relaxed);
                tracing::warn!(budget_ms = self.budget.as_millis(), "A request was not compared within the budget");
                self.unknown(tenant)
            }
        }
    }
}

/// What policy and the record are told of an answer.
fn leak(answer: &Answer, history: u16) -> Leak {
    let classes =
        answer.classes.iter().map(|(class, score)| (Word::configured(class), *score >= Leak::SURELY)).collect();
    let nearest = answer.matches.first().map(|(_, found)| LeakMatch {
        document: Word::configured(&found.about.id.to_string()),
        passage: found.window,
        stage: Word::fixed(found.stage.name()),
        class: Word::configured(&found.about.class),
        chance: answer.chance,
        epoch: answer.epoch,
    });
    let score = LeakFact::Score(answer.score);
    let history = LeakFact::Score(history.max(answer.score));
    Leak { score, history, classes, nearest }
}

impl Scanner for Guard {
    fn scan<'a>(&'a self, caller: &'a Caller, call: &'a Arc<Call>) -> Comparing<'a> {
        Box::pin(self.compare(caller, call))
    }

    fn look(&self) {
        let was_sound = self.sound.load(Ordering::Relaxed);
        match self.corpus.refresh() {
            Ok(news) => {
                self.sound.store(true, Ordering::Relaxed);
                if news || !was_sound {
                    tracing::info!("The corpus of protected documents is up to date");
                }
            }
            Err(error) => {
                self.sound.store(false, Ordering::Relaxed);
                if was_sound {
                    tracing::error!(%error, "The corpus of protected documents cannot be read: every leak score is unknown");
                }
            }
        }
    }
}
