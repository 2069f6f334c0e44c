//! The candidate that is evaluated beside the live policy: its folder, compiled, for a snapshot.
//!
//! The operator may name a folder in `octroi.toml`; otherwise it is what `octroi policy shadow` put into the policy folder.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::officer::{Officer, now};
use crate::config::Config;
use crate::policy::Policy;

/// The folder of a candidate within a policy folder or bundle.
pub(crate) const FOLDER: &str = "shadow";

/// Where the candidate lies, if there is one.
pub(super) fn folder(config: &Config) -> Option<PathBuf> {
    let own = config.policy_folder.join(FOLDER);
    config.shadow.clone().or_else(|| own.is_dir().then_some(own))
}

/// Reads a candidate. It must know the same types and classes of data as the live policy: facts are of those.
///
/// # Errors
/// What is wrong with it, in words; the live policy is not concerned, not even by a panic.
pub(super) fn load(folder: &Path, live: &Policy) -> Result<Arc<Policy>, String> {
    let told = |problem: String| format!("the candidate `{}` is not evaluated: {problem}", folder.display());
    let inside = inside(folder);
    let read = || Officer::read(&inside).and_then(|officer| officer.policy(now()));
    let candidate = std::panic::catch_unwind(read)
        .unwrap_or_else(|_| Err("reading it failed inside".to_owned().into()))
        .map_err(|problems| told(problems.to_string()))?;
    if candidate.catalogue() != live.catalogue() {
        return Err(told("it knows other types or classes of data; `octroi policy replay` compares it".to_owned()));
    }
    Ok(Arc::new(candidate))
}

/// A bundle is taken for the folder in it: nothing of a candidate is enforced, so nobody needs to have signed.
pub(crate) fn inside(folder: &Path) -> PathBuf {
    let is_bundle = folder.join("manifest.json").exists();
    if is_bundle { folder.join("policies") } else { folder.to_owned() }
}
