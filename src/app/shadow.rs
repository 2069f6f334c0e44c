//! The candidate that is evaluated beside the live policy: its folder, compiled, for a snapshot.

use std::path::Path;
use std::sync::Arc;

use super::officer::{Officer, now};
use crate::policy::Policy;

/// Reads a candidate. It must know the same types and classes of data as the live policy: facts are of those.
///
/// # Errors
/// What is wrong with it, in words; the live policy is not concerned.
pub(super) fn load(folder: &Path, live: &Policy) -> Result<Arc<Policy>, String> {
    let told = |problem: String| format!("the candidate `{}` is not evaluated: {problem}", folder.display());
    // A bundle is taken for the folder in it: nothing of a candidate is enforced, so nobody needs to have signed.
    let inside = folder.join("policies");
    let folder = if folder.join("manifest.json").exists() { &inside } else { folder };
    let candidate = Officer::read(folder).and_then(|officer| officer.policy(now()));
    let candidate = candidate.map_err(|problems| told(problems.to_string()))?;
    if candidate.catalogue() != live.catalogue() {
        return Err(told("it knows other types or classes of data; `octroi policy replay` compares it".to_owned()));
    }
    Ok(Arc::new(candidate))
}
