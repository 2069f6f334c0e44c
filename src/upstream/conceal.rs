//! What of a backend's own words must not reach a client: the credential that the gateway showed it. Servers quote it in errors, whole
//! (`no such project for key sk-…`) or masked in the middle (`sk-pr****wxyz`), and relays before a model repeat the heads they got.
//!
//! Any answer is searched for the whole of it ([`Shown`]), an error of a backend's also for parts ([`Backend::conceal`]): in an
//! answer that succeeded, a mask is the model's own.
//!
//! Answers also quote what a caller wrote. So nothing here may tell a caller how near a guess is: a part of the secret counts only where
//! it is too long to be guessed, and what is masked goes by its shape alone, whosever it is.

use zeroize::Zeroizing;

use super::Backend;
use super::credential::{Credential, Pass, Secret};

/// What stands in its place.
const INSTEAD: &str = "[credential]";
/// Bytes of a secret below which it is no secret: it would be found in any text.
const SECRET_BYTES_MIN: usize = 6;
/// Bytes of a secret below which it is looked for in errors alone: local servers are given words for keys (`ollama`, `EMPTY`), and a
/// model says words.
const WORD_BYTES_MAX: usize = 16;
/// Bytes of the beginning of a secret that tell it: more than a known prefix and what anybody could try.
const HEAD_BYTES: usize = 24;
/// Bytes of a secret that are shown beside a mask.
const SHOWN_BYTES_MIN: usize = 3;
/// Bytes that are shown before a mask with nothing behind it, where only stops make it: `gpt-4o...` is none.
const BEGINNING_BYTES_MIN: usize = 8;
/// Signs of a mask with nothing before it: `****wxyz`.
const MASK_CHARS_MIN: usize = 4;
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

/// What a backend is shown, to be looked for in what it answers.
#[derive(Default)]
pub struct Shown(Vec<Zeroizing<Vec<u8>>>);

impl Backend {
    /// The credential that the backend is shown now.
    pub fn shown(&self) -> Shown {
        let mut secrets = self.settings().credential.as_ref().map(secrets).unwrap_or_default();
        secrets.retain(|secret| secret.len() > WORD_BYTES_MAX);
        Shown(secrets)
    }
}

impl Shown {
    /// Whether there is nothing to look for.
    pub const fn is_nothing(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it stands in these bytes.
    pub fn is_in(&self, bytes: &[u8]) -> bool {
        self.0.iter().any(|secret| memchr::memmem::find(bytes, secret).is_some())
    }

    /// A text without it; nothing where it has none of it.
    pub fn conceal(&self, text: &str) -> Option<String> {
        let has = |secret: &&str| memchr::memmem::find(text.as_bytes(), secret.as_bytes()).is_some();
        let mut secrets = self.0.iter().filter_map(|secret| str::from_utf8(secret).ok()).filter(has).peekable();
        secrets.peek()?;
        Some(secrets.fold(text.to_owned(), |text, secret| text.replace(secret, INSTEAD)))
    }

    /// Reads on in a text that comes in pieces: whether more of it than could be guessed stands in what came. `begun` is what the
    /// text ended with that may be its beginning, before this piece and then behind it.
    pub fn goes_on(&self, begun: &mut Zeroizing<Vec<u8>>, piece: &[u8]) -> bool {
        begun.extend_from_slice(piece);
        let heads = || self.0.iter().filter_map(|secret| secret.get(..HEAD_BYTES.min(secret.len())));
        let found = heads().any(|head| memchr::memmem::find(begun, head).is_some());
        let ends = |head: &[u8], len: usize| head.get(..len).is_some_and(|part| begun.ends_with(part));
        let kept = heads().filter_map(|head| (1..head.len()).rev().find(|len| ends(head, *len))).max();
        let passed = begun.len() - kept.unwrap_or_default();
        begun.drain(..passed);
        found
    }
}

impl std::fmt::Debug for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Shown").field(&self.0.len()).finish()
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

/// Whether a word tells a part of a secret: it is the beginning of it, or it is masked.
fn tells(word: &str, secret: &str) -> bool {
    word.len() >= HEAD_BYTES && secret.starts_with(word) || is_masked(word)
}

/// Whether a mask stands within a word, as it does in the place of a part of a secret.
fn is_masked(word: &str) -> bool {
    let is_mask = |c: char| c == '.' || MASKS.contains(&c);
    let Some(first) = word.find(MASKS).or_else(|| word.find("...")) else { return false };
    let head = word.get(..first).unwrap_or_default().trim_end_matches(is_mask);
    let tail = word.rsplit(is_mask).next().unwrap_or_default();
    if head.is_empty() {
        let mask = word.chars().take_while(|c| is_mask(*c)).count();
        return mask >= MASK_CHARS_MIN && tail.len() >= SHOWN_BYTES_MIN;
    }
    if tail.is_empty() && !word.contains(['*', '•']) {
        // As keys are written: letters of both cases, and figures.
        let of = |kind: fn(&u8) -> bool| head.as_bytes().iter().any(kind);
        let mixed = of(u8::is_ascii_lowercase) && of(u8::is_ascii_uppercase) && of(u8::is_ascii_digit);
        return head.len() >= BEGINNING_BYTES_MIN && mixed;
    }
    head.len() + tail.len() >= SHOWN_BYTES_MIN
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
            ("Bearer sk-proj-Q7mPz2LkT9vXwYbA1x", Some("Bearer [credential]1x")),
            ("of ****wYbA", Some("of [credential]")),
            ("\"sk-proj-Q7mPz2LkT9vXwYbA\", sk-•••", Some("\"[credential]\", [credential]")),
            ("the model gpt-4... is **not** here, nor 1..3", None),
            ("nothing...", None),
        ] {
            assert_eq!(conceal(text, secret).as_deref(), expected, "{text}");
        }
        let long = "sk-proj-Q7mPz2LkT9vXwYbA-Hc83kPq0Zt";
        assert_eq!(conceal("key sk-proj-Q7mPz2LkT9vXwYbA-Hc", long).as_deref(), Some("key [credential]"), "cut");
    }

    /// Whoever has a backend quote a guess learns nothing by what becomes of it.
    #[test]
    fn a_guess_is_answered_like_any_other() {
        let secret = "sk-proj-Q7mPz2LkT9vXwYbA-Hc83kPq0Zt";
        for (right, wrong) in [
            ("sk-proj-Q***", "sk-proj-R***"),
            ("sk-proj-Q...Zt", "sk-proj-R...Zt"),
            ("sk-proj-Q7mP…", "sk-proj-Q7mR…"),
            ("****q0Zt", "****q0Zu"),
            ("sk-proj-Q7mPz", "sk-proj-Q7mPy"),
        ] {
            let [right, wrong] = [right, wrong].map(|guess| conceal(&format!("no `{guess}` here"), secret).is_some());
            assert_eq!(right, wrong);
        }
    }
}
