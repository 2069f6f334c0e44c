//! The scanner of a gateway with a corpus: one request compared, within a budget, away from the reactor.
//!
//! What cannot be compared in time, or at all (a picture, a Word file, ciphertext, a file that the provider fetches), is unknown;
//! policy then treats it as possibly everything that is registered. A corpus whose files were changed by somebody else is unknown
//! as a whole until it can be read again. As many comparisons run as there are cores, and in a large corpus one takes those that
//! lie idle too ([`Cores`]): a comparison that finds no core within its budget is unknown, so that a flood takes neither memory
//! nor the reactor's time. An encoder has a budget of its own within that of the whole: what it does not say in time is unknown,
//! and the other stages stand.
#![expect(clippy::disallowed_methods, reason = "this module measures the time that a comparison takes")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;

use super::cores::Cores;
use super::corpus::{Answer, Corpus, CorpusError, Tenant, counts_for};
use super::disguised::Texts;
use super::history::History;
use super::meaning::Embedder;
use super::space::Match;
use super::store::CorpusKeys;
use super::{Comparing, Scanner};
use crate::limits;
use crate::model::{Call, Caller, Leak, LeakFact, LeakMatch, LeakPlace, Role, Word};

/// Compares requests with a corpus.
#[derive(Debug)]
pub struct Guard {
    corpus: Arc<Corpus>,
    history: Arc<History>,
    budget: Duration,
    encoder: Option<Encoder>,
    /// Whether the files could be read at the last look.
    sound: AtomicBool,
    /// The classes of each tenant's live documents as of the last look, so that no request waits for a document that is being
    /// taken.
    classes: ArcSwap<Classes>,
    /// What comparisons compute on.
    cores: Cores,
}

/// Who reads passages for their meaning, and how long it may take for one request.
pub type Encoder = (Arc<dyn Embedder>, Duration);

type Classes = BTreeMap<String, BTreeSet<String>>;

impl Guard {
    /// Opens a corpus.
    ///
    /// # Errors
    /// When the folder is not there, or its files cannot be read or were changed.
    pub fn open(
        folder: &Path,
        keys: CorpusKeys,
        (budget, history): (Duration, Duration),
        encoder: Option<Encoder>,
    ) -> Result<Self, CorpusError> {
        if !folder.is_dir() {
            return Err(CorpusError::Missing { folder: folder.display().to_string() });
        }
        let model = encoder.as_ref().map(|(embedder, _)| (embedder.digest(), embedder.dimension()));
        let corpus = Corpus::open_for(folder, keys, model)?;
        if let (Some(_), (all, read)) = (model, corpus.read_by_model())
            && read < all
        {
            tracing::warn!(
                documents = all,
                read,
                "The configured model has not read every document: what the encoder would say is unknown until `octroi corpus add` went over them"
            );
        }
        let classes = classes(&corpus);
        if classes.is_empty() {
            tracing::warn!(folder = %folder.display(), "The corpus holds no documents: every leak score is 0");
        }
        Ok(Self {
            corpus: Arc::new(corpus),
            history: Arc::new(History::new(history)),
            budget,
            encoder,
            sound: AtomicBool::new(true),
            classes: ArcSwap::from_pointee(classes),
            cores: Cores::of_machine(),
        })
    }

    /// The classes that count for a tenant.
    fn counting(&self, tenant: &str) -> BTreeSet<Word> {
        let classes = self.classes.load();
        let counting = classes.iter().filter(|(name, _)| counts_for(name, tenant));
        counting.flat_map(|(_, of)| of.iter().map(|class| Word::configured(class))).collect()
    }

    /// The same of a request of which something cannot be read here: what was found is the least, and in the rest may be
    /// anything that is registered.
    fn unread(&self, found: Leak, tenant: &str) -> Leak {
        let mut leak = self.unknown(tenant);
        for (class, sure) in &mut leak.classes {
            *sure = found.classes.iter().any(|(known, is_sure)| known == class && *is_sure);
        }
        // A low score says nothing of the whole.
        match found.score.least() {
            Some(1000) => leak.score = LeakFact::Score(1000),
            Some(least) if least >= Leak::REVIEW => leak.score = LeakFact::Between(least, 1000),
            _ => {}
        }
        Leak { nearest: found.nearest, ..leak }
    }

    /// Nobody knows: any class of the documents that count for the tenant may be there.
    fn unknown(&self, tenant: &str) -> Leak {
        Leak::unknown(self.counting(tenant).into_iter())
    }

    async fn compare(&self, caller: &Caller, call: &Arc<Call>) -> Leak {
        let tenant = caller.tenant.as_str();
        if !self.sound.load(Ordering::Relaxed) {
            return self.unknown(tenant);
        }
        if self.counting(tenant).is_empty() {
            return Leak::scored(0);
        }
        let stopped = Arc::new(AtomicBool::new(false));
        // A tenth is left for what comes after.
        let end = Instant::now() + self.budget * 9 / 10;
        let work = {
            let (corpus, history) = (Arc::clone(&self.corpus), Arc::clone(&self.history));
            let (call, caller, stopped) = (Arc::clone(call), caller.clone(), Arc::clone(&stopped));
            let (encoder, cores) = (self.encoder.clone(), self.cores.clone());
            move || {
                let stop = || stopped.load(Ordering::Relaxed);
                let texts = Texts::of_call(&call, encoder.is_some(), &stop)?;
                let tenant = Some(caller.tenant.as_str());
                let mut answer = corpus.ask(&texts, tenant, &cores, &stop)?;
                let history = history.add(&caller, &answer.touched, Instant::now()).max(answer.score);
                if let Some((embedder, budget)) = &encoder {
                    let until = end.min(Instant::now() + *budget);
                    if let Err(error) = answer.see((&corpus, tenant), &texts, (&**embedder, Some(until))) {
                        tracing::error!(%error, "The encoder failed: what it would say is unknown");
                    }
                }
                Ok::<_, super::space::JudgeError>(leak(&answer, history))
            }
        };
        let placed = async {
            // The core is given back when the work ends, not when nobody waits for it any more.
            let core = self.cores.take().await;
            tokio::task::spawn_blocking(move || (work(), core).0).await
        };
        match tokio::time::timeout(self.budget, placed).await {
            // What the provider would fetch, or holds already, nobody read here either.
            Ok(Ok(Ok(leak))) if call.has(Role::Binary) || call.has(Role::Reference) => self.unread(leak, tenant),
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

/// The classes of live documents, by tenant; nothing of a tenant without documents.
fn classes(corpus: &Corpus) -> Classes {
    let of = |tenant: &Tenant| -> BTreeSet<String> {
        let live = tenant.space.documents().iter().filter(|document| document.live);
        live.map(|document| document.about.class.clone()).collect()
    };
    let all = corpus.tenants();
    all.iter().map(|(name, tenant)| (name.clone(), of(tenant))).filter(|(_, classes)| !classes.is_empty()).collect()
}

/// What policy and the record are told of an answer.
fn leak(answer: &Answer, history: u16) -> Leak {
    let classes =
        answer.classes.iter().map(|(class, score)| (Word::configured(class), *score >= Leak::SURELY)).collect();
    let nearest = answer.matches.first().map(|(_, found)| LeakMatch {
        place: place(found),
        others: others(answer, &found.about.class),
        chance: answer.chance,
        epoch: answer.epoch,
    });
    let score = if answer.unseen && answer.score < Leak::REVIEW_MAX {
        LeakFact::Between(answer.score, Leak::REVIEW_MAX)
    } else {
        LeakFact::Score(answer.score)
    };
    // What only an encoder saw adds nothing to it: many hints are no proof either.
    Leak { score, history: LeakFact::Score(history), classes, nearest }
}

/// The nearest document of each other class that an answer brings.
fn others(answer: &Answer, nearest: &str) -> Vec<LeakPlace> {
    let mut seen = BTreeSet::from([nearest]);
    let near = answer.matches.iter().map(|(_, found)| found).filter(|found| found.score >= Leak::POSSIBLY);
    near.filter(|found| seen.insert(&found.about.class)).take(limits::LEAK_CLASSES_NAMED_MAX).map(place).collect()
}

fn place(found: &Match) -> LeakPlace {
    let small = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    LeakPlace {
        document: Word::configured(&found.about.id.to_string()),
        passage: found.window,
        stage: Word::fixed(found.stage.name()),
        class: Word::configured(&found.about.class),
        score: found.score,
        words: (small(found.passage.start), small(found.passage.end)),
        asked: (small(found.words.start), small(found.words.end)),
        leaf: found.asked.map(|(first, _)| first),
    }
}

impl Scanner for Guard {
    fn scan<'a>(&'a self, caller: &'a Caller, call: &'a Arc<Call>) -> Comparing<'a> {
        Box::pin(self.compare(caller, call))
    }

    fn encoder(&self) -> Option<super::meaning::Work> {
        self.encoder.as_ref().map(|(embedder, _)| embedder.work())
    }

    fn look(&self) {
        let was_sound = self.sound.load(Ordering::Relaxed);
        match self.corpus.refresh().and_then(|news| Ok(news | self.corpus.settle()?)) {
            Ok(news) => {
                if news {
                    self.classes.store(Arc::new(classes(&self.corpus)));
                }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::leak::corpus::EVERYBODY;
    use crate::leak::space::{About, Content};
    use crate::leak::store::{Lock, Record, Writer};
    use crate::leak::text::Words;
    use crate::model::{Api, Dialect, Operation};

    const TEXT: &str = "The plant in Saint-Nazaire will close on 14 March 2027, says memo 4471-B of the board.";

    fn keys() -> CorpusKeys {
        CorpusKeys::new(aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &[3; 32]))
    }

    fn register(folder: &Path) {
        let keys = keys();
        let lock = Lock::take(folder).unwrap();
        let mut writer = Writer::open(folder, &keys, EVERYBODY, &lock, drop).unwrap();
        let content = Content::of(&Words::of(TEXT), &keys.words(EVERYBODY));
        let (path, sha256) = ("memo.txt", [7; 32]);
        let id = keys.document(EVERYBODY, path, &sha256);
        let about = About { id, sha256, path: path.to_owned(), class: "board-paper".to_owned(), registered_ms: 7 };
        writer.append(&Record::Document(Box::new((about, content)))).unwrap();
        writer.sync().unwrap();
    }

    fn question() -> (Caller, Arc<Call>) {
        let body = serde_json::json!({"model": "m", "messages": [{"role": "user", "content": TEXT}]}).to_string();
        let api = Api { dialect: Dialect::OPENAI, operation: Operation::CHAT };
        let caller = Caller {
            tenant: Word::fixed("t"),
            app: Word::fixed("a"),
            purpose: None,
            roles: Vec::new(),
            residence: Vec::new(),
            minors: false,
            labels_required: false,
            actor: Word::fixed("x"),
            quiet: false,
            scope: Arc::default(),
        };
        (caller, Arc::new(crate::dialect::parse(api, body).unwrap()))
    }

    #[tokio::test]
    async fn a_request_is_compared_or_unknown() {
        let folder = tempfile::tempdir().unwrap();
        register(folder.path());
        let (hour, (caller, call)) = (Duration::from_hours(1), question());
        let guard = Guard::open(folder.path(), keys(), (Duration::from_secs(20), hour), None).unwrap();
        assert!(matches!(guard.scan(&caller, &call).await.score, LeakFact::Score(score) if score >= Leak::SURELY));
        let guard = Guard::open(folder.path(), keys(), (Duration::from_millis(30), hour), None).unwrap();
        let mut held = Vec::new();
        while guard.cores.idle() > 0 {
            held.push(guard.cores.take().await.unwrap());
        }
        let leak = guard.scan(&caller, &call).await;
        assert_eq!(leak.score, LeakFact::Unknown, "no core is free within the budget");
        assert_eq!(leak.classes, [(Word::fixed("board-paper"), false)]);
        drop(held);
    }

    #[test]
    fn a_folder_that_is_gone_is_no_empty_corpus() {
        let folder = tempfile::tempdir().unwrap();
        let open = |path: &Path| Guard::open(path, keys(), (Duration::from_secs(1), Duration::from_secs(1)), None);
        assert!(open(folder.path()).is_ok());
        let refused = open(&folder.path().join("gone")).unwrap_err();
        assert!(refused.to_string().contains("is not there"), "{refused}");
    }
}
