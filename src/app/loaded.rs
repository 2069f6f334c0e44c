//! What the files gave, read and compiled, before it comes into force: with what is to be remembered of it and what was looked at
//! beside it. Nothing here is in force yet.

use std::sync::Arc;

use super::archive::{Archive, Held, State, state_key};
use super::files::Files;
use super::load::{Rejection, look};
use super::officer::{Recipe, now};
use super::{counting, freeze};
use crate::config::{Config, CorpusConfig};
use crate::gateway::snapshot::{Freeze, Snapshot};
use crate::leak::guard::Guard;
use crate::model::Word;
use crate::telemetry::Telemetry;

/// A configuration and the snapshot made of it.
#[derive(Debug)]
pub struct Loaded {
    /// The operator's file.
    pub config: Config,
    /// What requests go through.
    pub snapshot: Arc<Snapshot>,
    /// What is remembered once it is in force.
    pub(super) remembering: Remembering,
    /// What the policy was compiled of.
    pub(super) recipe: Recipe,
    /// What was wrong beside the policy and does not keep it from coming into force: an order to freeze, a candidate.
    pub(super) beside: Beside,
    /// What it has open.
    pub(super) open: Open,
}

impl Loaded {
    /// Looks for orders to freeze once more: one may have come while all this was compiled and compared.
    ///
    /// # Errors
    /// What was remembered cannot be read.
    pub(super) fn look_again(mut self, live: Option<&Freeze>) -> Result<Self, Rejection> {
        let archive = Archive::of(&self.config.audit_folder);
        let key = state_key(&self.snapshot.root, &self.config.node);
        let state = archive.state(Some(&key), self.config.approvers.is_some(), now()).map_err(Rejection::fault)?;
        let look = look(&self.config, &state, live);
        self.remembering.remember(&look);
        self.snapshot = Arc::new(Snapshot { freeze: look.freeze.clone(), ..Snapshot::clone(&self.snapshot) });
        self.beside.freeze = look;
        Ok(self)
    }

    /// What is wrong and does not keep the policy from coming into force.
    pub(crate) fn beside(&self) -> Vec<String> {
        self.beside.problems()
    }
}

/// What is remembered of a policy that comes into force.
#[derive(Debug)]
pub(super) struct Remembering {
    pub(super) files: Files,
    pub(super) state: State,
    /// What was remembered before.
    pub(super) before: State,
    /// Who signed the bundle.
    pub(super) approvers: Vec<Word>,
}

impl Remembering {
    pub(super) fn remember(&mut self, look: &freeze::Look) {
        self.state.freezes = look.lasting.iter().map(Held::of).collect();
        self.state.thawed.clone_from(&look.thawed);
    }
}

/// What is looked at beside the policy.
#[derive(Debug, Default)]
pub(super) struct Beside {
    pub(super) freeze: freeze::Look,
    pub(super) shadow: Option<String>,
}

impl Beside {
    /// What is wrong, for readiness.
    pub(super) fn problems(&self) -> Vec<String> {
        let freeze = self.freeze.refused.iter().map(|(_, problem)| problem.clone());
        freeze.chain(self.shadow.clone()).collect()
    }

    /// Tells it in the log and counts it: an order to freeze that holds nothing must not read as a reload that went well.
    pub(super) fn tell(&self, telemetry: &Telemetry) {
        if let Some((_, problem)) = &self.freeze.refused {
            telemetry.reloaded("freeze", Some(problem));
        }
        if let Some(problem) = &self.shadow {
            telemetry.candidate_rejected(problem);
        }
    }
}

/// The corpus that is open, with what it was opened by: its configuration and a check of its keys.
pub(super) type OpenCorpus = (CorpusConfig, [u8; 32], Arc<Guard>);

/// What outlives a reload that does not change what it was opened by.
#[derive(Debug, Clone, Default)]
pub(super) struct Open {
    pub(super) corpus: Option<OpenCorpus>,
    pub(super) counting: Option<counting::Open>,
}
