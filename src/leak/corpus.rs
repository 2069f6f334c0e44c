//! All tenants' documents in memory, kept as the folder has them.
//!
//! A request is compared with its tenant's documents and with those of every tenant. What a follower hands over is applied at
//! once, so that an addition or a removal by another process counts as soon as somebody looks.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::disguised::Texts;
use super::space::{JudgeError, Match, Question, Space, SpaceError, Touched};
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
}

/// One tenant's documents.
#[derive(Debug)]
pub struct Tenant {
    /// The documents.
    pub space: Space,
    /// What its harmless texts score, once that was measured.
    pub background: Option<Background>,
    follower: Follower,
}

/// What a corpus says of a request.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// 0 to 1000.
    pub score: u16,
    /// The same before calibration.
    pub raw: u16,
    /// The nearest documents, the nearest first, each with its tenant.
    pub matches: Vec<(String, Match)>,
    /// Passages that were touched.
    pub touched: Vec<Touched>,
    /// Of a million harmless texts, how many would score as much; where a background was measured.
    pub chance: Option<u32>,
    /// Additions, removals and calibrations so far: names the state that the score replays from.
    pub epoch: u64,
}

/// All tenants' documents.
#[derive(Debug)]
pub struct Corpus {
    folder: PathBuf,
    keys: CorpusKeys,
    tenants: BTreeMap<String, Tenant>,
}

impl Corpus {
    /// Reads a folder; one that is not there holds no documents.
    ///
    /// # Errors
    /// What cannot be read or was changed.
    pub fn open(folder: &Path, keys: CorpusKeys) -> Result<Self, CorpusError> {
        let mut corpus = Self { folder: folder.to_owned(), keys, tenants: BTreeMap::new() };
        corpus.refresh()?;
        Ok(corpus)
    }

    /// Whether the folder has something that is not in memory.
    pub fn has_news(&self) -> bool {
        let folders = std::fs::read_dir(&self.folder).map_or(0, |entries| {
            entries.filter_map(Result::ok).filter(|entry| entry.path().join("tenant").exists()).count()
        });
        folders != self.tenants.len() || self.tenants.values().any(|tenant| tenant.follower.has_news())
    }

    /// Takes what came since the last look. Returns whether anything did.
    ///
    /// # Errors
    /// What cannot be read or was changed; what was taken before stays.
    pub fn refresh(&mut self) -> Result<bool, CorpusError> {
        for name in tenants(&self.folder, &self.keys)? {
            let (folder, keys) = (&self.folder, &self.keys);
            self.tenants.entry(name).or_insert_with_key(|name| Tenant {
                space: Space::new(keys.words(name)),
                background: None,
                follower: Follower::new(folder, keys, name),
            });
        }
        let mut news = false;
        for Tenant { space, background, follower } in self.tenants.values_mut() {
            let mut failed = None;
            follower.read(|record| {
                news = true;
                match record {
                    Record::Document(document) => {
                        let (about, content) = *document;
                        failed = failed.or(space.add(about, &content).err());
                    }
                    Record::Removed(id) => drop(space.remove(id).then_some(())),
                    Record::Background(measured) => {
                        space.calibrate(measured.threshold);
                        *background = Some(measured);
                    }
                }
            })?;
            if let Some(failed) = failed {
                return Err(failed.into());
            }
        }
        Ok(news)
    }

    /// The tenants with documents.
    pub fn tenants(&self) -> &BTreeMap<String, Tenant> {
        &self.tenants
    }

    /// The same, to be measured.
    pub fn tenants_mut(&mut self) -> &mut BTreeMap<String, Tenant> {
        &mut self.tenants
    }

    /// The keys.
    pub fn keys(&self) -> &CorpusKeys {
        &self.keys
    }

    /// Whether no document is registered that counts for a tenant.
    pub fn is_empty_for(&self, tenant: &str) -> bool {
        self.tenants.iter().all(|(name, of)| (name != tenant && name != EVERYBODY) || of.space.is_empty())
    }

    /// Compares texts with the documents of a tenant and of everybody; with all, where no tenant is given.
    ///
    /// # Errors
    /// When a scan fails or `stop` says so.
    pub fn ask(&self, texts: &Texts, tenant: Option<&str>, stop: &dyn Fn() -> bool) -> Result<Answer, JudgeError> {
        let mut answer = Answer::default();
        for (name, of) in &self.tenants {
            if tenant.is_some_and(|tenant| name != tenant && name != EVERYBODY) || of.space.is_empty() {
                continue;
            }
            let question = Question::new(texts.iter(), of.space.keys());
            let verdict = of.space.judge(&question, stop)?;
            if verdict.score > answer.score || (answer.chance.is_none() && verdict.score == answer.score) {
                answer.chance = of.background.as_ref().map(|background| chance(background, verdict.raw));
            }
            answer.score = answer.score.max(verdict.score);
            answer.raw = answer.raw.max(verdict.raw);
            answer.epoch += verdict.epoch;
            answer.touched.extend(verdict.touched);
            answer.matches.extend(verdict.matches.into_iter().map(|found| (name.clone(), found)));
        }
        answer.matches.sort_by_key(|(_, found)| std::cmp::Reverse(found.score));
        Ok(answer)
    }
}

/// The conformal p-value of a score, per million: of `n` harmless texts and this one, how many score as much.
fn chance(background: &Background, raw: u16) -> u32 {
    let below = background.scores.partition_point(|score| *score < raw);
    let as_much = (background.scores.len() - below + 1) as u64;
    u32::try_from(as_much * 1_000_000 / (background.scores.len() as u64 + 1)).unwrap_or(1_000_000)
}
