//! The officer's side of a configuration: sheets, packs, inventory, reference data and detectors, read and compiled.
#![expect(clippy::disallowed_methods, reason = "the composition root reads files and the time, and passes them down")]

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::hmac;
use jiff::Timestamp;

use super::files::{Files, MATCH_LISTS};
use super::problem::Problems;
use crate::detect::{self, Engine};
use crate::identity::{Purpose, RootKey};
use crate::model::{Catalogue, EntityId, Word};
use crate::policy::study::{Begin, Beside, Study};
use crate::policy::{self, Policy, Sources, Vocabulary};
use crate::transform;

/// A policy folder, read, with the detectors of this build and of the folder.
#[derive(Debug)]
pub(crate) struct Officer {
    /// The officer's files, as they lay there.
    pub(crate) files: Files,
    /// The same, as the compiler takes them.
    pub(crate) sources: Sources,
    pub(super) catalogue: Catalogue,
    pub(super) engine: Engine,
}

/// What a policy was compiled of: with it the same policy is compiled for another time, whatever lies in its folder by then.
#[derive(Debug, Clone)]
pub(super) struct Recipe {
    sources: Sources,
    catalogue: Catalogue,
    served: Vec<EntityId>,
}

impl Recipe {
    /// Compiles the policy for a time.
    ///
    /// # Errors
    /// As [`Officer::policy`].
    pub(super) fn policy(&self, now: Timestamp) -> Result<Policy, Problems> {
        policy::compile(&self.sources, &self.catalogue, &self.served, &vocabulary(), now).map_err(Problems::from)
    }
}

/// Files of which the detectors or the catalogue cannot be used.
struct Broken {
    files: Files,
    problems: Problems,
    /// The folder of what cannot be used.
    inside: &'static str,
}

impl Officer {
    /// Reads a folder in which there must be a policy.
    ///
    /// # Errors
    /// What is not there, and as [`Officer::read`].
    pub(crate) fn of_folder(folder: &Path) -> Result<Self, Problems> {
        let place = folder.display();
        if !folder.is_dir() {
            return Err(Problems::from(format!(
                "{place}: there is no such policy folder\n  help: name one with `[policy] folder` in octroi.toml or with --policies; `octroi policy init {place} --home FR` makes it"
            )));
        }
        let officer = Self::read(folder)?;
        let mut missing = Vec::new();
        if officer.sources.sheets.is_empty() {
            missing.push(format!(
                "{place}: there is no policy sheet here, no file that ends in `.policy`: without one nothing is allowed\n  help: write {place}/main.policy; `octroi policy init` makes one to begin with"
            ));
        }
        if officer.sources.inventory.is_none() {
            missing.push(format!(
                "{place}/backends.toml: there is no inventory of backends: one that it does not declare is never used\n  help: write it; docs/policy.md says what it holds, and `octroi policy init` makes one to begin with"
            ));
        }
        if missing.is_empty() { Ok(officer) } else { Err(officer.problems(missing.into(), true)) }
    }

    /// Reads a folder.
    ///
    /// # Errors
    /// What cannot be read, every fault of the detectors and the catalogue, and beside such a one every other fault.
    pub(crate) fn read(folder: &Path) -> Result<Self, Problems> {
        match Files::read(folder) {
            Ok(files) => Self::of(files),
            Err(unread) => {
                let (problems, loses) = (unread.problems(), unread.loses());
                Err(Self::known(unread.files, problems.into(), loses))
            }
        }
    }

    /// Takes files that have been read.
    ///
    /// # Errors
    /// Every fault of the detectors and the catalogue, and beside such a one every other fault.
    pub(crate) fn of(files: Files) -> Result<Self, Problems> {
        Self::checked(files).map_err(|broken| Self::known(broken.files, broken.problems, true))
    }

    /// The same, without what else is wrong.
    fn checked(files: Files) -> Result<Self, Broken> {
        let sources = files.sources();
        let catalogue = match policy::catalogue(&sources.reference) {
            Ok(catalogue) => catalogue,
            Err(faults) => return Err(Broken { files, problems: faults.into(), inside: "reference/" }),
        };
        let own = files.texts("detectors", ".toml");
        let mut detectors: Vec<detect::Source<'_>> = detect::embedded().to_vec();
        detectors.extend(own.iter().map(|file| detect::Source { name: &file.name, toml: &file.text }));
        match built(&detectors, &catalogue) {
            Ok(engine) => Ok(Self { files, sources, catalogue, engine }),
            Err(faults) => {
                let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
                Err(Broken { files, problems: told.into(), inside: "detectors/" })
            }
        }
    }

    /// What is wrong with files of which something cannot be used, all of it.
    fn known(mut files: Files, mut problems: Problems, mut lost: bool) -> Problems {
        // What cannot be read of types or detectors is left out, and those of this build stand for them.
        loop {
            let broken = match Self::checked(files) {
                Ok(officer) => return officer.problems(problems, lost),
                Err(broken) => broken,
            };
            let before = broken.files.by_path.len();
            files = broken.files;
            problems.extend(broken.problems);
            lost = true;
            files.by_path.retain(|path, _| !path.starts_with(broken.inside));
            if files.by_path.len() == before {
                return problems;
            }
        }
    }

    /// What is wrong already, and every fault of the sheets and the inventory beside it; where something was lost, none that
    /// might rest on it.
    fn problems(&self, mut problems: Problems, lost: bool) -> Problems {
        let faults = Study::faults(&self.sources, &self.catalogue, &self.engine.served(), &vocabulary(), now());
        problems.extend(Problems::from(
            faults.into_iter().filter(|fault| !lost || fault.stands_alone()).collect::<Vec<_>>(),
        ));
        problems
    }

    /// Compiles the folder for decisions.
    ///
    /// # Errors
    /// Every fault of every file.
    pub(crate) fn policy(&self, now: Timestamp) -> Result<Policy, Problems> {
        policy::compile(&self.sources, &self.catalogue, &self.engine.served(), &vocabulary(), now)
            .map_err(Problems::from)
    }

    /// What the policy is compiled of, to do it again later.
    pub(super) fn recipe(&self) -> Recipe {
        let (sources, catalogue, served) = (self.sources.clone(), self.catalogue.clone(), self.engine.served());
        Recipe { sources, catalogue, served }
    }

    /// Compiles the folder for the officer's tools.
    ///
    /// # Errors
    /// Every fault of every file.
    pub(crate) fn study(&self, now: Timestamp) -> Result<Study, Problems> {
        self.study_of(&self.sources, now)
    }

    /// Compiles other files with the detectors of this folder.
    ///
    /// # Errors
    /// Every fault of every file.
    pub(crate) fn study_of(&self, sources: &Sources, now: Timestamp) -> Result<Study, Problems> {
        Study::new(sources, &self.catalogue, &self.engine.served(), &vocabulary(), now).map_err(Problems::from)
    }

    /// What is told beside the faults of the folder: notices, and packs that no sheet uses.
    pub(crate) fn beside(&self, now: Timestamp) -> Beside {
        Beside::new(&self.sources, &self.catalogue, &self.engine.served(), &vocabulary(), now)
    }

    /// The types of data that a gateway with these files looks for, by name; bodies only where its policy asks for them, which
    /// each decision records.
    pub(crate) fn sought(&self) -> Vec<Word> {
        let names = self.engine.served().into_iter().filter_map(|entity| self.catalogue.info(entity));
        names.map(|info| info.name.clone()).collect()
    }

    /// Makes the files of a new folder.
    ///
    /// # Errors
    /// What of the choice is not known.
    pub(crate) fn begin(&self, begin: &Begin<'_>, now: Timestamp) -> Result<Vec<(String, String)>, Problems> {
        begin.files(&self.catalogue, &self.engine.served(), &vocabulary(), now).map_err(Problems::from)
    }

    /// The types and classes, and the engine as these policies need it, with every list of exact values of the folder.
    ///
    /// # Errors
    /// Every list that cannot be read.
    pub(crate) fn detecting(
        self,
        root: &RootKey,
        policies: &[Option<&Policy>],
    ) -> Result<(Arc<Catalogue>, Arc<Engine>), Problems> {
        let Self { files, catalogue, mut engine, .. } = self;
        // Names of bodies are found on request: by a policy, or a candidate beside it, in which something depends on them.
        let asks = |entity| policies.iter().flatten().any(|policy| policy.asks_for(entity));
        if catalogue.entity("organisation").is_some_and(asks) {
            engine = engine.with_organisations();
        }
        let mut problems = Vec::new();
        for (path, bytes) in files.by_path.iter().filter(|(path, _)| path.starts_with(MATCH_LISTS)) {
            let name = path.rsplit('/').next().unwrap_or_default().trim_end_matches(".list");
            engine = match detect::MatchList::read(match_key(root), bytes) {
                Ok(list) => {
                    engine.with_list(name, list, &catalogue).map_err(|fault| Problems::from(fault.to_string()))?
                }
                Err(problem) => {
                    problems.push(format!("{path}: {problem}"));
                    engine
                }
            };
        }
        if problems.is_empty() { Ok((Arc::new(catalogue), Arc::new(engine))) } else { Err(problems.into()) }
    }
}

/// The detectors that this process built last, and what they were built of.
static BUILT: Mutex<Option<Built>> = Mutex::new(None);

struct Built {
    /// Names and texts of the files.
    files: Vec<(String, String)>,
    catalogue: Catalogue,
    engine: Engine,
}

/// Builds detectors, unless it was these that were built last: a reload of sheets neither compiles nor rehearses them anew.
fn built(sources: &[detect::Source<'_>], catalogue: &Catalogue) -> Result<Engine, Vec<detect::DetectorError>> {
    // Who comes meanwhile waits: mostly for the same detectors.
    let mut last = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    let files: Vec<(String, String)> =
        sources.iter().map(|file| (file.name.to_owned(), file.toml.to_owned())).collect();
    if let Some(built) = last.as_ref().filter(|built| built.files == files && built.catalogue == *catalogue) {
        return Ok(built.engine.clone());
    }
    let engine = Engine::new(sources, catalogue)?;
    *last = Some(Built { files, catalogue: catalogue.clone(), engine: engine.clone() });
    Ok(engine)
}

/// The key of lists of exact values.
pub(crate) fn match_key(root: &RootKey) -> detect::MatchKey {
    let mac = hmac::sign(&root.mac_key(Purpose::MatchList, &[]), b"siphash");
    detect::MatchKey(mac.as_ref().first_chunk().copied().unwrap_or_default())
}

/// The time, which is passed down.
pub(super) fn now() -> Timestamp {
    Timestamp::now()
}

/// What this build can do.
fn vocabulary() -> Vocabulary {
    Vocabulary { actions: transform::vocabulary().to_vec(), seals: true, hosted: Vec::new() }
}
