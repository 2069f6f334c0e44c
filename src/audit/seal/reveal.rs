//! Opening sealed content: two custodians' keys, and the entry that says what must lie there.

use std::io;
use std::path::Path;

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::Value;
use zeroize::Zeroizing;

use super::custodian::Secret;
use super::month::{self, Shut};
use super::{FOLDER, Which, crypto, file_name, key_place, place};
use crate::aead::Key;
use crate::audit::names::escaped;
use crate::audit::storage::{LocalStorage, read_small};
use crate::model::entry::RequestId;

/// Bytes of a sealed file at most: two bodies, and what escaping adds.
const CONTENT_BYTES_MAX: u64 = 4 * 1024 * 1024 * 1024;

/// Why content is not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RevealError {
    /// The entry names none.
    #[error("the entry names no sealed content")]
    None,
    /// Its key was destroyed.
    #[error("its key was destroyed: nobody can open it any more")]
    Erased,
    /// The content itself is gone.
    #[error("the sealed file is not there")]
    Gone,
    /// A key that has no share in this month, or had none when this was sealed.
    #[error("one of the keys is no custodian's of that time")]
    NotCustodian,
    /// One key twice.
    #[error("two persons' keys are needed: these are of one custodian")]
    OnePerson,
    /// The files are not those that the log and the keys fit.
    #[error("the sealed file is not the one that the log names, or a key file was changed")]
    Changed,
    /// The system refuses.
    #[error("the sealed files cannot be read: {0}")]
    Io(io::ErrorKind),
}

/// Opens what an entry says was sealed, given the object that has the member `sealed`: JSON with `received` and `sent` for what
/// went to a backend, with `answer` (or `answer_base64`) for what came back.
///
/// # Errors
/// [`RevealError`].
pub fn reveal(
    log: &Path,
    (tenant, request, which): (&str, RequestId, Which),
    of: &Value,
    keys: [&Secret; 2],
) -> Result<Zeroizing<Vec<u8>>, RevealError> {
    let word = |key: &str| of.pointer(&format!("/sealed/{key}")).and_then(Value::as_str);
    let (Some(id), Some(whose), Some(scope)) = (word("key"), word("of"), word("scope")) else {
        return Err(RevealError::None);
    };
    let (Some(month), Some(named)) = (word("month"), word("digest")) else { return Err(RevealError::None) };
    let folder = log.join(FOLDER).join(escaped(tenant)).join(escaped(month));
    let storage = LocalStorage::new(&folder);
    let failed = |error: io::Error| RevealError::Io(error.kind());
    let name = file_name(request, which);
    let key = format!("keys/{}-{}/{}", escaped(scope), escaped(whose), escaped(id));
    let key = read_small(&storage, &key, 4_096).map_err(failed)?.ok_or(RevealError::Erased)?;
    let content = read_small(&storage, &format!("content/{name}"), CONTENT_BYTES_MAX).map_err(failed)?;
    let content = content.ok_or(RevealError::Gone)?;
    let found = digest(&SHA256, &content);
    let found = found.as_ref().iter().fold(String::new(), |found, byte| format!("{found}{byte:02x}"));
    if found != named {
        return Err(RevealError::Changed);
    }
    let months = month::private(&folder, keys).map_err(|shut| match shut {
        Shut::Erased => RevealError::Erased,
        Shut::NotCustodian => RevealError::NotCustodian,
        Shut::OnePerson => RevealError::OnePerson,
        Shut::Changed => RevealError::Changed,
    })?;
    let opened = months.keys.iter().find_map(|month| crypto::open_with(month, &key, key_place(id).as_bytes()));
    // It may be for those who were custodians at another time of the month.
    let key = opened.ok_or(if months.of_others { RevealError::NotCustodian } else { RevealError::Changed })?;
    let key = Zeroizing::new(key.as_slice().try_into().map_err(|_| RevealError::Changed)?);
    crypto::open(&Key::new(&key), &content, place(id, &name).as_bytes()).ok_or(RevealError::Changed)
}
