//! E-mail addresses (RFC 5321 section 4.1.2, RFC 6531 for those beyond ASCII): local part, `@`, a domain under a known
//! top-level domain or one of private networks.
//!
//! False friends: `image@2x.png`, `package@1.2.3`, `git@github.com:owner/repository`, the password and the host of a URL
//! (`https://user:password@example.com`), decorators, user names.

use crate::detect::page::{Mark, Page, Report, Wake};
use crate::detect::{Card, Detector};

/// Bytes of a local part (RFC 5321 section 4.5.3.1.1).
const LOCAL_BYTES_MAX: usize = 64;
/// Bytes of a user and a password before the sign of a URL.
const USER_BYTES_MAX: usize = 256;
/// Bytes of a domain (RFC 5321 section 4.5.3.1.2).
const DOMAIN_BYTES_MAX: usize = 255;

/// Top-level domains that nobody registers and many use within their walls, where names of accounts are such addresses too:
/// RFC 6762 with its appendix G, `.internal` (ICANN, 2024), RFC 2606, and what systems fill in by themselves.
const PRIVATE: [&str; 14] = [
    "corp",
    "example",
    "home",
    "internal",
    "intra",
    "intranet",
    "invalid",
    "lan",
    "local",
    "localdomain",
    "localhost",
    "priv",
    "private",
    "test",
];

/// Finds e-mail addresses.
#[derive(Debug)]
pub(in crate::detect) struct Email {
    tops: Tops,
}

/// Top-level domains in ASCII.
#[derive(Debug)]
pub(super) struct Tops(Box<[&'static str]>);

impl Tops {
    pub(super) fn new() -> Self {
        Self(include_str!("tlds.txt").lines().collect())
    }

    /// Whether there is such a domain, in the world or in networks of their own, whatever its case.
    pub(super) fn holds(&self, label: &str) -> bool {
        let label = label.to_ascii_lowercase();
        self.0.binary_search(&label.as_str()).is_ok() || PRIVATE.contains(&label.as_str())
    }
}

impl Email {
    pub(in crate::detect) fn new() -> Self {
        Self { tops: Tops::new() }
    }

    /// The end of the longest domain that begins here and ends in a known top-level domain.
    fn domain(&self, page: &Page<'_>, start: usize) -> Option<usize> {
        let limit = page.right(start, DOMAIN_BYTES_MAX, |byte| is_letter(byte) || matches!(byte, b'-' | b'.'));
        let host = page.text.get(start..limit)?;
        let mut end = 0;
        let mut at = 0;
        for (index, label) in host.split('.').enumerate() {
            if label.is_empty() || label.starts_with('-') || label.len() > 63 {
                break;
            }
            // `“jean@exemple.fr”`: a quotation mark, an arrow, a picture is no letter of a domain.
            let own = label.find(|c: char| !(c.is_alphanumeric() || c == '-')).and_then(|end| label.get(..end));
            let label = own.unwrap_or(label).trim_end_matches('-');
            if label.is_empty() {
                break;
            }
            let goes_on = host.as_bytes().get(at + label.len()) == Some(&b'.');
            // `jean@example.com-0612345678`: something else is tied to it.
            let tied = label.split('-').next().filter(|_| !goes_on).unwrap_or(label);
            // `jean@example.frTel`, `jean@example.com2024`: what a page that became text has lost its blank before.
            let mut pairs = label.as_bytes().windows(2);
            let turns = |pair: &[u8]| matches!(pair, [b'a'..=b'z', b'A'..=b'Z' | b'0'..=b'9']);
            let lower = pairs.position(turns).and_then(|end| label.get(..=end)).filter(|_| !goes_on).unwrap_or(label);
            if let Some(top) = [label, tied, lower].into_iter().find(|top| index > 0 && self.is_top(top)) {
                end = at + top.len();
            }
            at += label.len() + 1;
            if !goes_on {
                break;
            }
        }
        (end > 0).then_some(start + end)
    }

    fn is_top(&self, label: &str) -> bool {
        if !label.is_ascii() || label.get(..4).is_some_and(|head| head.eq_ignore_ascii_case("xn--")) {
            return label.chars().all(|c| c.is_alphanumeric() || c == '-');
        }
        self.tops.holds(label)
    }
}

impl Detector for Email {
    fn card(&self) -> Card {
        Card { id: "email", country: "*", method: "syntax, known or private top-level domain" }
    }

    fn wake(&self) -> Wake {
        Wake::Byte(b'@')
    }

    fn look(&self, page: &Page<'_>, mark: &Mark, report: &mut Report<'_>) {
        let Mark::Byte(at) = *mark else { return };
        let mut start = page.left(at, LOCAL_BYTES_MAX, |byte| is_letter(byte) || b"._%+-'~".contains(&byte));
        while start < at && (b".'-%+~".contains(&page.byte(start)) || !page.text.is_char_boundary(start)) {
            start += 1;
        }
        // `“jean@…”`, `→jean@…`: what is no letter in any script stands before the address.
        let sign = |c: char| !c.is_ascii() && !c.is_alphanumeric();
        let local = page.text.get(start..at).unwrap_or_default();
        start += local.char_indices().rfind(|(_, c)| sign(*c)).map_or(0, |(place, c)| place + c.len_utf8());
        if start == at
            && let Some(quoted) = quoted(page, at)
        {
            start = quoted;
        }
        // `jean @ exemple.fr`: a blank on either side.
        let apart = start == at && page.before(at) == b' ' && page.byte(at + 1) == b' ';
        if apart {
            start = page.left(at - 1, LOCAL_BYTES_MAX, |byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        }
        let local_end = at - usize::from(apart);
        if start == local_end || page.before(local_end) == b'.' || page.byte(start) == b'.' {
            return;
        }
        let domain = at + 1 + usize::from(apart);
        let Some(end) = self.domain(page, domain).or_else(|| literal(page, domain)) else { return };
        if apart {
            report.push(start..end, 72);
            return;
        }
        // `git@host:owner/repository` is an address of a program, not of a person.
        if page.text.get(start..at) == Some("git") && page.byte(end) == b':' || is_password(page, start) {
            return;
        }
        report.push(start..end, 97);
    }
}

/// Whether what begins here is of the password of a URL: behind `scheme://user:`.
fn is_password(page: &Page<'_>, start: usize) -> bool {
    let user = page.left(start, USER_BYTES_MAX, |byte| byte > b' ' && !b"/\"'<>`".contains(&byte));
    let named = page.text.as_bytes().get(user..start).is_some_and(|user| user.contains(&b':'));
    named && user.checked_sub(3).is_some_and(|sign| page.text.as_bytes().get(sign..user) == Some(b"://"))
}

/// Where a quoted local part begins (`"jean dupont"@…`), whose closing quote stands before the sign.
fn quoted(page: &Page<'_>, at: usize) -> Option<usize> {
    let close = at.checked_sub(1).filter(|&close| page.byte(close) == b'"')?;
    let inner = page.left(close, LOCAL_BYTES_MAX, |byte| byte != b'"' && byte != b'\n');
    let open = inner.checked_sub(1).filter(|&open| page.byte(open) == b'"' && inner < close)?;
    (!page.before(open).is_ascii_alphanumeric()).then_some(open)
}

/// The end of an address literal (RFC 5321 section 4.1.3): `[192.0.2.1]`, `[IPv6:2001:db8::1]`.
fn literal(page: &Page<'_>, start: usize) -> Option<usize> {
    (page.byte(start) == b'[').then_some(())?;
    let end = page.right(start + 1, 50, |byte| byte.is_ascii_hexdigit() || b".:IPv".contains(&byte));
    let inner = page.text.get(start + 1..end)?;
    let address = inner.strip_prefix("IPv6:").unwrap_or(inner).parse::<std::net::IpAddr>().is_ok();
    (address && page.byte(end) == b']').then_some(end + 1)
}

const fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || !byte.is_ascii()
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "the test knows its own texts")]
mod tests {
    use super::*;
    use crate::detect::page::Sink;

    #[test]
    fn rows() {
        let email = Email::new();
        for (name, text, expected) in [
            ("plain", "write to jean.dupont+crm@example.co.uk.", Some("jean.dupont+crm@example.co.uk")),
            ("in brackets", "Jean <jean@example.com>", Some("jean@example.com")),
            ("key and value", "email=jean@example.com&x=1", Some("jean@example.com")),
            ("punycode", "user@xn--80ak6aa92e.com", Some("user@xn--80ak6aa92e.com")),
            ("beyond ASCII", "à jérôme@exemple.fr", Some("jérôme@exemple.fr")),
            ("sentence glued behind", "jean@example.com.Merci", Some("jean@example.com")),
            ("quoted", "'jean@example.com'", Some("jean@example.com")),
            ("quoted local part", "to \"jean dupont\"@exemple.fr", Some("\"jean dupont\"@exemple.fr")),
            ("address literal", "x jean@[192.0.2.1].", Some("jean@[192.0.2.1]")),
            ("apart", "write jean.d @ exemple.fr now", Some("jean.d @ exemple.fr")),
            ("apart, no domain", "two @ three", None),
            ("private network", "compte camille.aubertin@hopital.local,", Some("camille.aubertin@hopital.local")),
            ("account of a domain", "C.AUBERTIN@AD.CLINIQUE.LAN", Some("C.AUBERTIN@AD.CLINIQUE.LAN")),
            ("of documents", "anna@clinique-lys.example/x", Some("anna@clinique-lys.example")),
            ("unit of a system", "user@1000.service", None),
            ("picture", "icon@2x.png", None),
            ("package", "lodash@4.17.21", None),
            ("repository", "git@github.com:owner/repo.git", None),
            ("handle", "@jean.dupont", None),
            ("password of a URL", "https://jean:s3cr3t!x@db.example.com/", None),
            ("user of a URL", "postgres://jean@example.com:s3cr3t@db", Some("jean@example.com")),
            ("tied to a number", "jean@example.com-0612345678", Some("jean@example.com")),
            ("no domain", "info@presidio.", None),
            ("a label glued behind", "jean@exemple.frTel: 01", Some("jean@exemple.fr")),
            ("a year glued behind", "jean@exemple.com2024", Some("jean@exemple.com")),
            ("in typographic quotes", "“jean@exemple.fr”", Some("jean@exemple.fr")),
            ("in guillemets", "«jean@exemple.fr»", Some("jean@exemple.fr")),
            ("an ellipsis", "jean@exemple.fr…", Some("jean@exemple.fr")),
            ("a possessive", "jean@exemple.com’s box", Some("jean@exemple.com")),
            ("arrows and pictures", "voir→jean@exemple.fr📧", Some("jean@exemple.fr")),
            ("a domain beyond ASCII", "jean@münchen.de", Some("jean@münchen.de")),
        ] {
            let mut sink = Sink::new(crate::detect::page::Used::default());
            let at = text.find('@').unwrap();
            let page = Page { text, key: None };
            email.look(&page, &Mark::Byte(at), &mut Report { sink: &mut sink, detector: 0 });
            assert_eq!(sink.hits.first().map(|hit| &text[hit.range.clone()]), expected, "{name}");
        }
    }

    #[test]
    fn top_level_domains_are_sorted() {
        assert!(Tops::new().0.is_sorted());
    }
}
