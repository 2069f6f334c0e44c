//! What of a backend's own words must not reach a client: the credential that the gateway showed it. Servers quote it in errors, whole
//! (`no such project for key sk-…`) or masked in the middle (`sk-pr****wxyz`).

use zeroize::Zeroizing;

use super::Backend;
use super::credential::{Credential, Pass, Secret};

/// What stands in its place.
const INSTEAD: &str = "[credential]";
/// Bytes of a secret below which it is no secret: it would be found in any text.
const SECRET_BYTES_MIN: usize = 6;
/// Bytes of the beginning of a secret that tell it.
const HEAD_BYTES: usize = 8;
/// Bytes of a secret that are shown beside a mask.
const SHOWN_BYTES_MIN: usize = 3;
/// Signs of a mask, beside stops.
const MASKS: [char; 4] = ['*', '•', '…', '·'];

impl Backend {
    /// A text of the backend's without the credential that it is shown; nothing where it has none of it.
    pub fn conceal(&self, text: &str) -> Option<String> {
        let secrets = self.settings().credential.as_ref().map(secrets).unwrap_or_default();
        let secrets = secrets.iter().filter_map(|secret| std::str::from_utf8(secret).ok());
        let mut concealed: Option<String> = None;
        for secret in secrets.filter(|secret| secret.len() >= SECRET_BYTES_MIN) {
            concealed = conceal(concealed.as_deref().unwrap_or(text), secret).or(concealed);
        }
        concealed
    }
}

/// The secrets of a credential, as they leave.
fn secrets(credential: &Credential) -> Vec<Zeroizing<Vec<u8>>> {
    let own = |secret: &Secret| Zeroizing::new(secret.expose().to_vec());
    let pass = match credential {
        Credential::Bearer(secret) | Credential::Header { secret, .. } => return vec![own(secret)],
        Credential::Signature(signer) => return signer.secrets().map(own).collect(),
        Credential::Fetched(lease) => lease.pass(),
    };
    match pass.as_deref() {
        Ok(Pass::Header(_, value)) => {
            let value = value.as_bytes();
            let token = value.strip_prefix(b"Bearer ").unwrap_or(value);
            vec![Zeroizing::new(token.to_vec())]
        }
        Ok(Pass::Signature(signer)) => signer.secrets().map(own).collect(),
        Ok(Pass::Fetched(_)) | Err(_) => Vec::new(),
    }
}

/// The text without a secret: whole, its beginning, and what a mask leaves of it.
fn conceal(text: &str, secret: &str) -> Option<String> {
    let head = secret.get(..secret.floor_char_boundary(HEAD_BYTES)).unwrap_or_default();
    let masked = text.contains(MASKS) || text.contains("..");
    if !text.contains(head) && !masked {
        return None;
    }
    let whole = text.replace(secret, INSTEAD);
    let mut out = String::with_capacity(whole.len());
    let mut rest = whole.as_str();
    while let Some(start) = rest.find(is_of_word) {
        let (before, word) = rest.split_at(start);
        let len = word.find(|c| !is_of_word(c)).unwrap_or(word.len());
        let (word, behind) = word.split_at(len);
        let bare = word.trim_end_matches(['.', ':']);
        // `Bearer=sk-…`, `key:sk-…`
        let from = bare.rfind(['=', ':']).map_or(0, |sign| sign + 1);
        let (label, value) = bare.split_at(from);
        out.push_str(before);
        if tells(value, secret) {
            out.push_str(label);
            out.push_str(INSTEAD);
            out.push_str(word.get(bare.len()..).unwrap_or_default());
        } else {
            out.push_str(word);
        }
        rest = behind;
    }
    out.push_str(rest);
    (out != text).then_some(out)
}

/// Whether a word tells a part of a secret: it is the beginning of it, or a mask stands between its beginning and its end.
fn tells(word: &str, secret: &str) -> bool {
    if word.len() >= HEAD_BYTES && secret.starts_with(word) {
        return true;
    }
    let is_mask = |c: char| c == '.' || MASKS.contains(&c);
    let Some(first) = word.find(MASKS).or_else(|| word.find("..")) else { return false };
    let head = word.get(..first).unwrap_or_default().trim_end_matches(is_mask);
    let tail = word.rsplit(is_mask).next().unwrap_or_default();
    let shown = head.len() + tail.len() >= SHOWN_BYTES_MIN;
    shown && secret.starts_with(head) && secret.ends_with(tail)
}

/// Whether a character may be a part of a secret, or of a mask.
fn is_of_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+' | '/' | '=' | '~' | ':') || MASKS.contains(&c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_is_concealed_whole_and_masked() {
        let secret = "sk-proj-Q7mPz2LkT9vXwYbA";
        for (text, expected) in [
            (
                "Incorrect API key provided: sk-proj-Q7mPz2LkT9vXwYbA.",
                Some("Incorrect API key provided: [credential]."),
            ),
            ("provided: sk-proj-************YbA. You", Some("provided: [credential]. You")),
            ("Received API Key = sk-...wYbA, hash", Some("Received API Key = [credential], hash")),
            ("key=sk-proj-Q7mP…", Some("key=[credential]")),
            ("Bearer sk-proj-Q7mPz2", Some("Bearer [credential]")),
            ("\"sk-proj-Q7mPz2LkT9vXwYbA\", sk-•••", Some("\"[credential]\", [credential]")),
            ("the model gpt-4... is **not** here", None),
            ("sk-other-****", None),
            ("nothing...", None),
        ] {
            assert_eq!(conceal(text, secret).as_deref(), expected, "{text}");
        }
    }
}
