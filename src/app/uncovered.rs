//! What lies in the folder of a bundle and is no part of it: no signature covers it, and no gateway reads it. Whoever verifies a bundle
//! is told, for somebody put it there.

use std::io;
use std::path::Path;

use super::bundle::Manifest;
use super::freeze::FILE as FREEZE_FILE;
use super::shadow::FOLDER as SHADOW_FOLDER;
use crate::limits::POLICY_FILES_MAX;

/// What lies on top of a bundle besides its files; an order to freeze bears signatures of its own, and of a candidate nothing is
/// enforced.
const BESIDE: [&str; 4] = ["manifest.json", "signatures.json", FREEZE_FILE, SHADOW_FOLDER];

/// The paths below a bundle that its manifest does not list, in order; folders end in `/`. No more are looked for than a bundle may
/// have files.
///
/// # Errors
/// A folder that cannot be read.
pub(crate) fn uncovered(bundle: &Path, manifest: &Manifest) -> io::Result<Vec<String>> {
    let mut found = Vec::new();
    look(bundle, "", manifest, &mut found)?;
    found.sort();
    Ok(found)
}

fn look(bundle: &Path, inside: &str, manifest: &Manifest, found: &mut Vec<String>) -> io::Result<()> {
    for entry in std::fs::read_dir(bundle.join(inside))? {
        let entry = entry?;
        let path = format!("{inside}{}", entry.file_name().to_string_lossy());
        let below = |file: &String| format!("policies/{file}").starts_with(&format!("{path}/"));
        let is_listed = path.strip_prefix("policies/").is_some_and(|file| manifest.files.contains_key(file));
        if found.len() >= POLICY_FILES_MAX || is_listed || (inside.is_empty() && BESIDE.contains(&path.as_str())) {
            continue;
        }
        if !entry.path().is_dir() {
            found.push(path);
        } else if manifest.files.keys().any(below) {
            look(bundle, &format!("{path}/"), manifest, found)?;
        } else {
            found.push(format!("{path}/"));
        }
    }
    Ok(())
}
