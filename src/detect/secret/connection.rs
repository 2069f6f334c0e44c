//! Connection strings: `postgres://user:password@host/db`, `Server=…;Password=…`, `AccountKey=…`.
//!
//! Of a URI the whole is the finding, since host and database tell what the credential opens; of a list the secret alone. False
//! friends: placeholders, `Password=` outside of a list (that is a password).

use crate::detect::network::url;
use crate::detect::page::{Mark, Page, Report, Wake};
use crate::detect::{Card, Detector};

use super::{header, value};

/// Bytes around a key within which another key of the list must stand.
const LIST_BYTES: usize = 160;
/// Bytes of a value.
const VALUE_BYTES_MAX: usize = 256;

/// Finds connection strings.
#[derive(Debug)]
pub(in crate::detect) struct Connection;

impl Detector for Connection {
    fn card(&self) -> Card {
        Card {
            id: "connection_string",
            country: "*",
            method: "URI of a store with a password; list with a key or password",
        }
    }

    fn wake(&self) -> Wake {
        Wake::Literals(&["://", "accountkey=", "accesskey=", "accesssignature=", "assword=", "pwd="])
    }

    fn look(&self, page: &Page<'_>, mark: &Mark, report: &mut Report<'_>) {
        let Mark::Literal(at) = *mark else { return };
        if page.byte(at) == b':' {
            if let Some((range, confidence)) = url::credential(page, at)
                && url::is_store(page.text.get(range.start..at).unwrap_or_default())
            {
                report.push(range, confidence);
            }
            return;
        }
        let sign = page.right(at, 20, |byte| byte != b'=');
        let from = page.right(sign, 3, |byte| matches!(byte, b'=' | b' ' | b'\'' | b'{'));
        let end = page.right(from, VALUE_BYTES_MAX, |byte| byte >= b' ' && !b";\"'`<&".contains(&byte));
        let end = page.left(end, end - from, |byte| matches!(byte, b' ' | b'}'));
        let Some(secret) = page.text.get(from..end) else { return };
        if secret.len() < 4 || header::is_manual(secret) || value::is_reference(secret.as_bytes()) {
            return;
        }
        let near = page.text.floor_char_boundary(at.saturating_sub(LIST_BYTES))
            ..page.text.ceil_char_boundary((end + LIST_BYTES).min(page.text.len()));
        let near = page.text.get(near).unwrap_or_default();
        if near.contains(';') && is_list(near) {
            report.push(from..end, 97);
        }
    }
}

/// Whether another key of a connection string stands here.
fn is_list(near: &str) -> bool {
    let near = near.to_ascii_lowercase();
    let keys = [
        "server=",
        "data source=",
        "host=",
        "user id=",
        "userid=",
        "uid=",
        "user=",
        "username=",
        "database=",
        "initial catalog=",
        "endpoint=",
        "accountname=",
        "driver=",
        "sharedaccesskeyname=",
        "dbq=",
        "port=",
    ];
    keys.iter().any(|key| near.contains(key))
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "the test knows its own texts")]
mod tests {
    use super::*;
    use crate::detect::page::Sink;

    #[test]
    fn rows() {
        for (name, text, expected) in [
            ("store", "postgres://app:s3cr3t!x@db/prod", Some("postgres://app:s3cr3t!x@db/prod")),
            ("list", "Server=db;Database=x;User Id=sa;Password=Gr33n-Door;", Some("Gr33n-Door")),
            ("account", "AccountName=a;AccountKey=q83vEjRWeJC6z/w9==;Endpoint", Some("q83vEjRWeJC6z/w9==")),
            ("no list", "password=Gr33n-Door", None),
            ("variable", "Server=db;Password=${PW};", None),
            ("web", "https://app:s3cr3t!x@host/", None),
        ] {
            let mut sink = Sink::new(crate::detect::page::Used::default());
            let page = Page { text, key: None };
            let Wake::Literals(literals) = Connection.wake() else { unreachable!() };
            let at = literals.iter().find_map(|literal| text.to_lowercase().find(literal)).unwrap();
            Connection.look(&page, &Mark::Literal(at), &mut Report { sink: &mut sink, detector: 0 });
            assert_eq!(sink.hits.first().map(|hit| &text[hit.range.clone()]), expected, "{name}");
        }
    }
}
