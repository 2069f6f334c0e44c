//! URLs that open something: `scheme://user:password@host` (RFC 3986 section 3.2.1), or a token in the query.
//!
//! The whole URL is the finding: host and path tell what the credential opens. False friends: placeholders of manuals
//! (`user:<password>@`, `${TOKEN}`), `ssh://git@host`.

use crate::detect::page::{Mark, Page, Report, Wake};
use crate::detect::{Card, Detector};

/// Bytes of a URL that are read.
const URL_BYTES_MAX: usize = 4096;
/// URLs within a URL that are read with it.
const NESTED_MAX: usize = 3;
/// Bytes of a scheme.
const SCHEME_BYTES_MAX: usize = 32;

/// Finds URLs with credentials.
#[derive(Debug)]
pub(in crate::detect) struct UrlWithCredentials;

impl Detector for UrlWithCredentials {
    fn card(&self) -> Card {
        Card {
            id: "url_with_credentials",
            country: "*",
            method: "structure: user and password, or a token in the query",
        }
    }

    fn wake(&self) -> Wake {
        Wake::Literals(&["://"])
    }

    fn look(&self, page: &Page<'_>, mark: &Mark, report: &mut Report<'_>) {
        let Mark::Literal(at) = *mark else { return };
        let start =
            page.left(at, SCHEME_BYTES_MAX, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
        let body = at + 3;
        // A URL may hold others (`?next=https://…`), but not so many that one stretch is read for each of them.
        let window = page.text.as_bytes().get(body..page.text.len().min(body + URL_BYTES_MAX)).unwrap_or_default();
        let limit = memchr::memmem::find_iter(window, b"://").nth(NESTED_MAX).unwrap_or(window.len());
        let end = page.right(body, limit, is_url);
        let end = page.text.floor_char_boundary(end);
        let Some(rest) = page.text.get(body..end) else { return };
        let rest = rest.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '»']);
        if start == at || rest.is_empty() {
            return;
        }
        let confidence = userinfo(rest).or_else(|| query(rest));
        if let Some(confidence) = confidence {
            report.push(start..body + rest.len(), confidence);
        }
    }
}

/// Whether a byte can be part of a URL as people write it.
fn is_url(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"\"'<>`\\^{}|".contains(&byte) || !byte.is_ascii()
}

/// Confidence that the part before `@` is a credential.
fn userinfo(rest: &str) -> Option<u8> {
    let authority = rest.split(['/', '?', '#']).next()?;
    // A password may itself hold what ends an authority; then the last `@` before the host decides.
    let (info, host) = authority.rsplit_once('@')?;
    if host.is_empty() {
        return None;
    }
    match info.split_once(':') {
        Some((_, password)) if is_placeholder(password) => None,
        Some((_, password)) => Some(if EXAMPLES.contains(&password.to_ascii_lowercase().as_str()) { 60 } else { 97 }),
        // A token alone (`https://TOKEN@host`); short ones are user names.
        None => (info.len() >= 16 && info.bytes().any(|byte| byte.is_ascii_digit())).then_some(85),
    }
}

/// Confidence that a parameter of the query is a credential.
fn query(rest: &str) -> Option<u8> {
    let (_, query) = rest.split_once(['?', '#'])?;
    query.split(['&', ';', '#']).find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        let name = name.to_ascii_lowercase();
        let known = PARAMETERS.contains(&name.as_str());
        (known && value.len() >= 8 && !is_placeholder(value)).then_some(88)
    })
}

fn is_placeholder(value: &str) -> bool {
    let repeated = value.bytes().all(|byte| Some(&byte) == value.as_bytes().first());
    repeated || value.starts_with(['$', '<', '{', '[', '%', '*'])
}

/// Passwords that manuals print.
const EXAMPLES: &[&str] =
    &["password", "pass", "passwd", "secret", "changeme", "pwd", "motdepasse", "mypassword", "example"];

/// Names of query parameters that carry a credential.
#[rustfmt::skip]
const PARAMETERS: &[&str] = &[
    "token", "access_token", "auth_token", "refresh_token", "id_token", "api_key", "apikey", "api-key", "password", "passwd", "pwd",
    "secret", "client_secret", "sig", "signature", "x-amz-signature", "x-amz-security-token", "x-goog-signature", "sas", "auth",
    "authorization", "session", "sessionid", "session_token", "private_token", "key", "jwt", "code_verifier", "mot_de_passe",
];

#[cfg(test)]
#[expect(clippy::string_slice, reason = "the test knows its own texts")]
mod tests {
    use super::*;
    use crate::detect::page::Sink;

    #[test]
    fn rows() {
        for (name, text, expected) in [
            (
                "database",
                "postgres://app:s3cr3t!x@db.internal:5432/prod.",
                Some("postgres://app:s3cr3t!x@db.internal:5432/prod"),
            ),
            (
                "token as user",
                "https://ghp_16C7e42F292c6912E7@github.com/x",
                Some("https://ghp_16C7e42F292c6912E7@github.com/x"),
            ),
            (
                "query",
                "(https://x.fr/a?id=3&access_token=8f3b2c9a7d)",
                Some("https://x.fr/a?id=3&access_token=8f3b2c9a7d"),
            ),
            ("at sign in the path", "https://x.fr/@jean:2024@me", None),
            ("placeholder", "https://user:<password>@host", None),
            ("variable", "https://user:$PASS@host", None),
            ("git", "ssh://git@github.com/x", None),
            ("plain", "https://example.com/a?page=12345678", None),
            ("no scheme", "://user:pass@host", None),
        ] {
            let mut sink = Sink::new(0);
            let page = Page { text, key: None };
            let mark = Mark::Literal(text.find("://").unwrap());
            UrlWithCredentials.look(&page, &mark, &mut Report { sink: &mut sink, detector: 0 });
            assert_eq!(sink.hits.first().map(|hit| &text[hit.range.clone()]), expected, "{name}");
        }
    }
}
