//! URLs that open something: `scheme://user:password@host` (RFC 3986 section 3.2.1), or a token in the query.
//!
//! The whole URL is the finding: host and path tell what the credential opens. False friends: placeholders of manuals
//! (`user:<password>@`, `${TOKEN}`), `ssh://git@host`.

use std::ops::Range;

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
        if let Some((range, confidence)) = credential(page, at)
            && !is_store(page.text.get(range.start..at).unwrap_or_default())
        {
            report.push(range, confidence);
        }
    }
}

/// Whether a scheme is that of a database, a cache or a broker: such a URL is a connection string.
pub(in crate::detect) fn is_store(scheme: &str) -> bool {
    let base = scheme.rsplit(':').next().unwrap_or_default().to_ascii_lowercase();
    let base = base.split('+').next().unwrap_or_default();
    STORES.contains(&base)
}

/// Schemes of databases, caches, brokers and directories.
#[rustfmt::skip]
const STORES: &[&str] = &[
    "postgres", "postgresql", "mysql", "mysqlx", "mariadb", "mongodb", "redis", "rediss", "valkey", "amqp", "amqps", "mssql", "sqlserver", "oracle",
    "jdbc", "clickhouse", "cassandra", "couchbase", "couchdb", "neo4j", "bolt", "ldap", "ldaps", "mqtt", "mqtts", "nats", "kafka", "cockroachdb",
    "snowflake", "influxdb", "elasticsearch", "memcached", "db2", "redshift", "stomp", "smtp", "smtps", "imap", "imaps",
];

/// The URL around `://` at an offset when it carries a credential: its range and the confidence in it.
pub(in crate::detect) fn credential(page: &Page<'_>, at: usize) -> Option<(Range<usize>, u8)> {
    let start =
        page.left(at, SCHEME_BYTES_MAX, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    let body = at + 3;
    // A URL may hold others (`?next=https://…`), but not so many that one stretch is read for each of them.
    let window = page.text.as_bytes().get(body..page.text.len().min(body + URL_BYTES_MAX)).unwrap_or_default();
    let limit = memchr::memmem::find_iter(window, b"://").nth(NESTED_MAX).unwrap_or(window.len());
    let end = page.right(body, limit, is_url);
    let end = page.text.floor_char_boundary(end);
    let rest = page.text.get(body..end)?;
    let rest = rest.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '»']);
    if start == at || rest.is_empty() {
        return None;
    }
    let confidence = userinfo(rest).or_else(|| query(rest))?;
    Some((start..body + rest.len(), confidence))
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
    // `access_token=ACCESS_TOKEN`
    let name = value.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    repeated || name || value.starts_with(['$', '<', '{', '[', '%', '*'])
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
                "server",
                "sftp://app:s3cr3t!x@files.internal:5432/prod.",
                Some("sftp://app:s3cr3t!x@files.internal:5432/prod"),
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
            ("a store is a connection string", "postgres://app:s3cr3t!x@db.internal", None),
            ("placeholder", "https://user:<password>@host", None),
            ("variable", "https://user:$PASS@host", None),
            ("git", "ssh://git@github.com/x", None),
            ("plain", "https://example.com/a?page=12345678", None),
            ("no scheme", "://user:pass@host", None),
        ] {
            let mut sink = Sink::new(crate::detect::page::Used::default());
            let page = Page { text, key: None };
            let mark = Mark::Literal(text.find("://").unwrap());
            UrlWithCredentials.look(&page, &mark, &mut Report { sink: &mut sink, detector: 0 });
            assert_eq!(sink.hits.first().map(|hit| &text[hit.range.clone()]), expected, "{name}");
        }
    }
}
