//! URLs (RFC 3986) and host names under the top-level domains that people use.
//!
//! A URL begins with a scheme of the web or with `www.`; a host name stands alone. False friends: methods and files of programs
//! (`console.log`, `main.rs`), so that bare names count only under domains that no language uses as a suffix.

use std::ops::Range;

use crate::detect::context::Context;
use crate::detect::page::{Mark, Page, Report, Wake};
use crate::detect::{Card, Detector, announce};

/// Bytes of a URL that are read.
const URL_BYTES_MAX: usize = 2048;
/// Bytes before a host name in which a word for a link must stand.
const WORD_BYTES: usize = 24;
/// Bytes of a host name (RFC 1035 section 2.3.4).
const HOST_BYTES_MAX: usize = 253;

/// Finds URLs.
#[derive(Debug)]
pub(in crate::detect) struct Url {
    /// Top-level domains in ASCII, sorted.
    tops: Box<[&'static str]>,
}

impl Url {
    pub(in crate::detect) fn new() -> Self {
        Self { tops: include_str!("../contact/tlds.txt").lines().collect() }
    }

    /// Whether a host is an address, `localhost`, or ends in a known top-level domain.
    fn is_host(&self, host: &str) -> bool {
        let top = host.rsplit('.').next().unwrap_or_default();
        let named = host.contains('.')
            && (self.tops.binary_search(&top.to_ascii_lowercase().as_str()).is_ok()
                || top.starts_with("xn--")
                || !top.is_ascii());
        let address = host.parse::<std::net::Ipv4Addr>().is_ok() || host.starts_with('[');
        named || address
    }
}

impl Detector for Url {
    fn card(&self) -> Card {
        Card { id: "url", country: "*", method: "scheme or www, known top-level domain" }
    }

    fn wake(&self) -> Wake {
        Wake::Literals(&["://", "www."])
    }

    fn look(&self, page: &Page<'_>, mark: &Mark, report: &mut Report<'_>) {
        let Mark::Literal(at) = *mark else { return };
        let (start, host) = if page.byte(at) == b':' {
            let start = page.left(at, 8, |byte| byte.is_ascii_alphanumeric());
            let scheme = page.text.get(start..at).unwrap_or_default().to_ascii_lowercase();
            if !matches!(scheme.as_str(), "http" | "https" | "ftp" | "ftps" | "sftp" | "ws" | "wss") {
                return;
            }
            (start, at + 3)
        } else if page.before(at) == b'/'
            || page.before(at) == b'.'
            || page.before(at) == b'@'
            || page.before(at).is_ascii_alphanumeric()
        {
            return;
        } else {
            (at, at)
        };
        let end = page.text.floor_char_boundary(page.right(host, URL_BYTES_MAX, is_url));
        let Some(rest) = page.text.get(host..end) else { return };
        // In a row of a table the sign before it ends it too.
        let rest = match page.before(start) {
            sign @ (b';' | b',') => rest.split(char::from(sign)).next().unwrap_or_default(),
            _ => rest,
        };
        // A cell of a table ends a host that nothing follows.
        let rest = match rest.find(['/', '?', '#', ';', ',']) {
            Some(end) if rest.get(end..).is_some_and(|rest| rest.starts_with([';', ','])) => {
                rest.get(..end).unwrap_or_default()
            }
            _ => rest,
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let name = authority.rsplit('@').next().unwrap_or_default();
        let name = if name.starts_with('[') { name } else { name.split(':').next().unwrap_or_default() };
        let name = name.trim_end_matches(['.', ',', ';', '!', ')', '»']);
        if name.is_empty() || !self.is_host(name.strip_prefix("www.").unwrap_or(name)) {
            return;
        }
        report.push(start..host + trimmed(rest).len(), 97);
    }
}

/// A URL without the punctuation of the sentence around it.
fn trimmed(url: &str) -> &str {
    let mut url = url;
    loop {
        let shorter = url.trim_end_matches(['.', ',', ';', ':', '!', '?', '»', '*', '_']);
        let shorter = match shorter.strip_suffix(')') {
            Some(inner) if inner.matches('(').count() < shorter.matches(')').count() => inner,
            _ => shorter,
        };
        let shorter = match shorter.strip_suffix(']') {
            Some(inner) if inner.matches('[').count() < shorter.matches(']').count() => inner,
            _ => shorter,
        };
        if shorter.len() == url.len() {
            return url;
        }
        url = shorter;
    }
}

fn is_url(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"\"'<>`\\^{}|".contains(&byte) || !byte.is_ascii()
}

/// Finds URLs without a scheme: a host with a path behind it (`exemple.fr/compte`), or behind a word for a link.
#[derive(Debug)]
pub(in crate::detect) struct BareUrl {
    words: Context,
}

impl BareUrl {
    pub(in crate::detect) fn new() -> Self {
        let words = [
            "url",
            "uri",
            "link",
            "lien",
            "website",
            "web site",
            "site web",
            "site",
            "homepage",
            "webpage",
            "web page",
            "webseite",
            "internetseite",
            "sito",
            "sito web",
            "página web",
            "sitio web",
            "enlace",
            "adresse web",
            "strona",
            "strona www",
            "website address",
            "visit",
            "browse",
            "href",
        ];
        Self { words: Context::new(words) }
    }
}

impl Detector for BareUrl {
    fn card(&self) -> Card {
        Card { id: "url_bare", country: "*", method: "host name with a path, or behind a word for a link" }
    }

    fn entity(&self) -> &'static str {
        "url"
    }

    fn wake(&self) -> Wake {
        Wake::Literals(TOPS)
    }

    fn look(&self, page: &Page<'_>, mark: &Mark, report: &mut Report<'_>) {
        let Mark::Literal(dot) = *mark else { return };
        let Some(host) = host(page, dot) else { return };
        let path = page.byte(host.end) == b'/' && page.byte(host.end + 1).is_ascii_alphanumeric();
        if path {
            let end = page.text.floor_char_boundary(page.right(host.end, URL_BYTES_MAX, is_url));
            let rest = page.text.get(host.start..end).unwrap_or_default();
            let rest = match page.before(host.start) {
                sign @ (b';' | b',') => rest.split(char::from(sign)).next().unwrap_or_default(),
                _ => rest,
            };
            report.push(host.start..host.start + trimmed(rest).len(), 62);
        } else if announce::announces(&self.words, page, host.start, WORD_BYTES) {
            report.push(host, 66);
        }
    }
}

/// Finds host names.
#[derive(Debug)]
pub(in crate::detect) struct Domain;

impl Detector for Domain {
    fn card(&self) -> Card {
        Card { id: "domain", country: "*", method: "host name under a top-level domain that is no suffix of programs" }
    }

    fn wake(&self) -> Wake {
        Wake::Literals(TOPS)
    }

    fn look(&self, page: &Page<'_>, mark: &Mark, report: &mut Report<'_>) {
        let Mark::Literal(dot) = *mark else { return };
        if let Some(host) = host(page, dot) {
            report.push(host, 60);
        }
    }
}

/// The host name whose top-level domain begins at a dot.
fn host(page: &Page<'_>, dot: usize) -> Option<Range<usize>> {
    let end = page.right(dot + 1, 8, |byte| byte.is_ascii_alphabetic());
    let known = page.text.get(dot..end).is_some_and(|top| TOPS.iter().any(|known| top.eq_ignore_ascii_case(known)));
    let start = page.left(dot, HOST_BYTES_MAX, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'));
    let name = page.text.get(start..dot).filter(|name| !name.is_empty())?;
    let right = name
        .split('.')
        .all(|label| !label.is_empty() && label.len() <= 63 && !label.starts_with('-') && !label.ends_with('-'));
    let letters = name.bytes().any(|byte| byte.is_ascii_alphabetic());
    let before = page.before(start);
    // A part of an address, a URL, a path, a word, a longer name.
    let part = matches!(before, b'@' | b'/' | b'_' | b'\\' | b'$' | b'=' | b'&' | b'%') || !before.is_ascii();
    let after = page.byte(end);
    let longer = matches!(after, b'-' | b'_' | b'@' | b'(' | b'[')
        || !after.is_ascii()
        || after == b'.' && page.byte(end + 1).is_ascii_alphanumeric();
    let framework = page.text.get(start..end).is_some_and(|host| FRAMEWORKS.contains(&host));
    (known && right && letters && !part && !longer && !framework).then_some(start..end)
}

/// Frameworks that look like hosts, as they write themselves.
const FRAMEWORKS: &[&str] = &["ASP.NET", "ADO.NET", "VB.NET", "ML.NET", "Json.NET", "Paint.NET"];

/// Top-level domains that end no file and no method.
const TOPS: &[&str] = &[
    ".com", ".org", ".net", ".edu", ".gov", ".eu", ".fr", ".de", ".uk", ".es", ".nl", ".be", ".ch", ".at", ".pl",
    ".pt", ".se", ".dk", ".fi", ".no", ".ie", ".cz", ".hu", ".ro", ".gr", ".lu", ".bg", ".hr", ".sk", ".lt", ".lv",
    ".ee", ".us", ".ca", ".jp", ".cn", ".br", ".au", ".il",
];

#[cfg(test)]
#[expect(clippy::string_slice, reason = "the test knows its own texts")]
mod tests {
    use super::*;
    use crate::detect::page::Sink;

    fn find<'t>(detector: &dyn Detector, literals: &[&str], text: &'t str) -> Option<&'t str> {
        let mut sink = Sink::new(crate::detect::page::Used::default());
        let at = literals.iter().filter_map(|literal| text.find(literal)).min()?;
        detector.look(&Page { text, key: None }, &Mark::Literal(at), &mut Report { sink: &mut sink, detector: 0 });
        sink.hits.first().map(|hit| &text[hit.range.clone()])
    }

    #[test]
    fn urls() {
        let url = Url::new();
        for (text, expected) in [
            ("see https://www.exemple.fr/a?b=1#c.", Some("https://www.exemple.fr/a?b=1#c")),
            ("(http://microsoft.com)", Some("http://microsoft.com")),
            ("[x](https://en.wikipedia.org/wiki/A_(b))", Some("https://en.wikipedia.org/wiki/A_(b)")),
            ("www.exemple.fr, merci", Some("www.exemple.fr")),
            ("http://192.168.0.1:8080/x", Some("http://192.168.0.1:8080/x")),
            ("7;http://microsoft.com;open", Some("http://microsoft.com")),
            ("a,http://microsoft.com,b/c", Some("http://microsoft.com")),
            ("http://exemple.fr/a;b=1", Some("http://exemple.fr/a;b=1")),
            ("7;https://exemple.fr/a?b=1;open", Some("https://exemple.fr/a?b=1")),
            ("7,https://exemple.fr/a,open", Some("https://exemple.fr/a")),
            ("http://microsoft", None),
            ("www.microsoft", None),
            ("chrome://settings", None),
        ] {
            assert_eq!(find(&url, &["://", "www."], text), expected, "{text}");
        }
    }

    #[test]
    fn bare_urls() {
        for (text, expected) in [
            ("see exemple.fr/compte/12.", Some("exemple.fr/compte/12")),
            ("site web : exemple.fr", Some("exemple.fr")),
            ("7;exemple.com/a;x", Some("exemple.com/a")),
            ("on exemple.fr today", None),
            ("jean@exemple.fr/x", None),
            ("ASP.NET/C# and Node.js", None),
        ] {
            assert_eq!(find(&BareUrl::new(), TOPS, text), expected, "{text}");
        }
    }

    #[test]
    fn domains() {
        for (text, expected) in [
            ("my domains: microsoft.com", Some("microsoft.com")),
            ("sur exemple.fr.", Some("exemple.fr")),
            ("jean@exemple.fr", None),
            ("https://exemple.fr", None),
            ("com.example.command", None),
            ("self.comment", None),
            ("3.com", None),
            ("ASP.NET/<P>", None),
            ("written in VB.NET", None),
            ("see asp.net", Some("asp.net")),
        ] {
            assert_eq!(find(&Domain, TOPS, text), expected, "{text}");
        }
    }
}
