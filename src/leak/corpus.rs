//! All tenants' documents in memory, kept as the folder has them.
//!
//! A request is compared with its tenant's documents and with those of every tenant. What a follower hands over is applied
//! record by record, so that requests wait for one document at most, and an addition or a removal by another process counts as
//! soon as somebody looks.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::cores::Cores;
use super::disguised::Texts;
use super::meaning::{self, Index};
use super::model::ModelDigest;
use super::scan::ScanError;
use super::space::{DocumentId, JudgeError, Match, Question, Space, SpaceError, Touched};
use super::store::{Background, CorpusKeys, Follower, Record, StoreError, tenants};

/// The name of the tenant whose documents are everybody's.
pub const EVERYBODY: &str = "";

/// Why a corpus cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CorpusError {
    /// Its files.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A record that does not fit in memory or to itself.
    #[error(transparent)]
    Space(#[from] SpaceError),
    /// Rows of a model that cannot be compared.
    #[error(transparent)]
    Rows(#[from] ScanError),
    /// A record was read before and could not be taken.
    #[error("a record could not be taken: what is held is not what was registered; restart to read it anew")]
    Broken,
    /// A configured folder is not there.
    #[error(
        "the folder `{folder}` is not there: restore it, register documents with `octroi corpus add`, make it by hand, or take \
         the table out of octroi.toml"
    )]
    Missing {
        /// Which.
        folder: String,
    },
    /// Folders of tenants that were there are not.
    #[error("the documents of {tenants} tenants are gone from the folder; restore it")]
    Gone {
        /// How many.
        tenants: usize,
    },
}

/// One tenant's documents.
#[derive(Debug)]
pub struct Tenant {
    /// The documents.
    pub space: Space,
    /// What its harmless texts score, once that was measured.
    pub background: Option<Background>,
    /// The rows of the corpus's model, where it has one.
    pub index: Option<Index>,
    /// The margin of that model that is worth 300, once harmless texts were measured.
    pub margin: Option<i32>,
}

/// All tenants, by name.
pub type Tenants = BTreeMap<String, Tenant>;

/// What a corpus says of a request.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// 0 to 1000.
    pub score: u16,
    /// The same before calibration.
    pub raw: u16,
    /// The nearest documents, the nearest first, each with its tenant.
    pub matches: Vec<(String, Match)>,
    /// The classes of all documents that it is near to, each with the best score of its documents.
    pub classes: BTreeMap<String, u16>,
    /// Passages that were touched.
    pub touched: Vec<Touched>,
    /// Of a million harmless texts, how many would score as much; where a background was measured.
    pub chance: Option<u32>,
    /// Additions, removals and calibrations so far: names the state that the score replays from.
    pub epoch: u64,
    /// Whether there is an encoder and what it would say of some passage or document is not known.
    pub unseen: bool,
}

/// All tenants' documents.
#[derive(Debug)]
pub struct Corpus {
    folder: PathBuf,
    keys: CorpusKeys,
    /// The model whose rows are held, and the values of each.
    model: Option<(ModelDigest, usize)>,
    tenants: RwLock<Tenants>,
    followers: Mutex<BTreeMap<String, Follower>>,
    /// Set when a record was read and could not be taken: what is held is not what was registered.
    broken: AtomicBool,
}

impl Corpus {
    /// Reads a folder; one that is not there holds no documents.
    ///
    /// # Errors
    /// What cannot be read or was changed.
    pub fn open(folder: &Path, keys: CorpusKeys) -> Result<Self, CorpusError> {
        Self::open_for(folder, keys, None)
    }

    /// The same with the rows of a model, each of so many values. Their cohorts are another step: [`Corpus::settle`].
    ///
    /// # Errors
    /// What cannot be read or was changed.
    pub fn open_for(folder: &Path, keys: CorpusKeys, model: Option<(ModelDigest, usize)>) -> Result<Self, CorpusError> {
        let (tenants, followers) = (RwLock::default(), Mutex::default());
        let broken = AtomicBool::new(false);
        let corpus = Self { folder: folder.to_owned(), keys, model, tenants, followers, broken };
        corpus.refresh()?;
        Ok(corpus)
    }

    /// Computes the cohorts that are not known yet. Requests go on meanwhile, and what they ask of these rows is unknown.
    ///
    /// # Errors
    /// Rows that do not fit.
    pub fn settle(&self) -> Result<bool, CorpusError> {
        // Nobody else changes the tenants as long as this is held.
        let followers = self.followers.lock().unwrap_or_else(PoisonError::into_inner);
        let mut news = false;
        for name in followers.keys() {
            loop {
                let next = match self.tenants().get(name).and_then(|tenant| tenant.index.as_ref()) {
                    Some(index) => index.settle()?,
                    None => None,
                };
                let Some(settled) = next else { break };
                if let Some(index) = self.write().get_mut(name).and_then(|tenant| tenant.index.as_mut()) {
                    index.take(settled)?;
                }
                news = true;
            }
        }
        Ok(news)
    }

    /// Live documents, and of how many the model has rows.
    pub fn read_by_model(&self) -> (usize, usize) {
        let count = |(all, read): (usize, usize), tenant: &Tenant| {
            (all + tenant.space.len(), read + tenant.index.as_ref().map_or(0, Index::len))
        };
        self.tenants().values().fold((0, 0), count)
    }

    /// Takes what came since the last look. Returns whether anything did.
    ///
    /// # Errors
    /// What cannot be read or was changed; what was taken before stays.
    pub fn refresh(&self) -> Result<bool, CorpusError> {
        let mut followers = self.followers.lock().unwrap_or_else(PoisonError::into_inner);
        if self.broken.load(Ordering::Relaxed) {
            return Err(CorpusError::Broken);
        }
        let there = tenants(&self.folder, &self.keys)?;
        let gone = followers.keys().filter(|name| !there.contains(name)).count();
        if gone > 0 {
            return Err(CorpusError::Gone { tenants: gone });
        }
        for name in there {
            if let Entry::Vacant(place) = followers.entry(name) {
                let name = place.key().clone();
                let follower = Follower::new(&self.folder, &self.keys, &name)?;
                let tenant = self.tenant(&name, &follower);
                self.write().insert(name, tenant);
                place.insert(follower);
            }
        }
        let mut news = false;
        for (name, follower) in followers.iter_mut().filter(|(_, follower)| follower.has_news()) {
            news = true;
            let read =
                if follower.has_moved()? { self.read_anew(name, follower) } else { self.read_on(name, follower) };
            // Written anew while they were read.
            let cut = matches!(&read, Err(CorpusError::Store(_))) && follower.has_moved()?;
            if cut { self.read_anew(name, follower) } else { read }?;
        }
        Ok(news)
    }

    fn tenant(&self, name: &str, follower: &Follower) -> Tenant {
        let space = Space::since(self.keys.words(name), follower.start().epoch());
        let index = self.model.map(|(model, dimension)| Index::new(model, dimension));
        Tenant { space, background: None, index, margin: None }
    }

    /// Takes the records that came since.
    fn read_on(&self, name: &str, follower: &mut Follower) -> Result<(), CorpusError> {
        // A record that was read is not read again: one that could not be taken is missing from now on, and so is what a
        // panic cut off.
        self.broken.store(true, Ordering::Relaxed);
        let mut failed = None;
        follower
            .read(|record| {
                if let Some(tenant) = self.write().get_mut(name) {
                    let refused = tenant.take(record).err();
                    failed = failed.or(refused);
                }
            })
            .inspect_err(|_| self.broken.store(false, Ordering::Relaxed))?;
        if let Some(failed) = failed {
            return Err(failed.into());
        }
        self.broken.store(false, Ordering::Relaxed);
        Ok(())
    }

    /// Takes records that were written anew: beside what is held, which stays in force until they are all there.
    fn read_anew(&self, name: &str, follower: &mut Follower) -> Result<(), CorpusError> {
        let mut anew = Follower::new(&self.folder, &self.keys, name)?;
        let mut tenant = self.tenant(name, &anew);
        let mut failed = None;
        anew.read(|record| {
            let refused = tenant.take(record).err();
            failed = failed.or(refused);
        })?;
        if let Some(failed) = failed {
            return Err(failed.into());
        }
        if let Some(index) = &mut tenant.index {
            while let Some(settled) = index.settle()? {
                index.take(settled)?;
            }
        }
        self.write().insert(name.to_owned(), tenant);
        *follower = anew;
        Ok(())
    }

    /// The tenants with documents.
    pub fn tenants(&self) -> RwLockReadGuard<'_, Tenants> {
        self.tenants.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Tenants> {
        self.tenants.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The keys.
    pub fn keys(&self) -> &CorpusKeys {
        &self.keys
    }

    /// Compares texts with the documents of a tenant and of everybody; with all, where no tenant is given. Computes on this
    /// thread, and on those of the cores that lie idle where there are many documents.
    ///
    /// # Errors
    /// When a scan fails or `stop` says so.
    pub fn ask(
        &self,
        texts: &Texts,
        tenant: Option<&str>,
        cores: &Cores,
        stop: &dyn Fn() -> bool,
    ) -> Result<Answer, JudgeError> {
        let mut answer = Answer::default();
        for (name, of) in &*self.tenants() {
            if tenant.is_some_and(|tenant| !counts_for(name, tenant)) || of.space.is_empty() {
                continue;
            }
            let question = Question::new(texts.iter(), of.space.keys(), stop)?;
            let verdict = of.space.judge_on(cores, &question, stop)?;
            if verdict.score > answer.score || (answer.chance.is_none() && verdict.score == answer.score) {
                answer.chance = of.background.as_ref().map(|background| chance(background, verdict.raw));
            }
            answer.score = answer.score.max(verdict.score);
            answer.raw = answer.raw.max(verdict.raw);
            answer.epoch += verdict.epoch;
            for (class, score) in verdict.classes {
                let best = answer.classes.entry(class).or_default();
                *best = score.max(*best);
            }
            answer.touched.extend(verdict.touched);
            answer.matches.extend(verdict.matches.into_iter().map(|found| (name.clone(), found)));
        }
        answer.matches.sort_by_key(|(_, found)| std::cmp::Reverse(found.score));
        Ok(answer)
    }
}

/// Whether a tenant's requests are compared with these documents.
pub fn counts_for(documents: &str, tenant: &str) -> bool {
    documents == tenant || documents == EVERYBODY
}

impl Tenant {
    fn take(&mut self, record: Record) -> Result<(), SpaceError> {
        match record {
            Record::Document(document) => {
                let (about, content) = *document;
                self.space.add(about, &content)?;
            }
            Record::Replaced(document) => {
                let (gone, about, content) = *document;
                for id in gone {
                    self.remove(id);
                }
                self.space.add(about, &content)?;
            }
            Record::Removed(id) => self.remove(id),
            Record::Margin(measured) => {
                let is_ours = self.index.as_mut().filter(|index| index.model() == measured.model);
                if let Some(index) = is_ours {
                    self.margin = Some(i32::from(measured.least));
                    index.count_change();
                }
            }
            Record::Meant(meant) => {
                let index = self.index.as_mut().filter(|index| index.model() == meant.model);
                // Rows of a document that was removed meanwhile, or of another model, are nobody's.
                if let (Some(index), Some(document)) = (index, self.space.document(meant.document)) {
                    if meant.rows.len() != meaning::passages(document.words()) * index.dimension() {
                        return Err(SpaceError::Rows);
                    }
                    index.add(meant.document, &meant.rows, document.is_counted())?;
                }
            }
            Record::Background(measured) => {
                self.space.calibrate(measured.threshold);
                self.background = Some(measured);
            }
        }
        Ok(())
    }

    fn remove(&mut self, id: DocumentId) {
        self.space.remove(id);
        if let Some(index) = &mut self.index {
            index.remove(id);
        }
    }
}

/// The conformal p-value of a score, per million: of `n` harmless texts and this one, how many score as much.
fn chance(background: &Background, raw: u16) -> u32 {
    let below = background.scores.partition_point(|score| *score < raw);
    let as_much = (background.scores.len() - below + 1) as u64;
    u32::try_from(as_much * 1_000_000 / (background.scores.len() as u64 + 1)).unwrap_or(1_000_000)
}
