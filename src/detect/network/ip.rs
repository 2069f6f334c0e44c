//! IP addresses: IPv4 in dotted decimal, IPv6 (RFC 4291 section 2.2, with the embedded IPv4 form), an optional prefix length.
//!
//! False friends: versions (`1.2.3.4`, `Chrome/120.0.0.0`), section numbers, times, `std::vec`. Four small numbers are weak.

use std::net::Ipv6Addr;
use std::ops::Range;

use crate::detect::context::Context;
use crate::detect::page::{Mark, Page, Report, Wake};
use crate::detect::{Card, Detector};

/// Bytes of the longest textual IPv6 address.
const IPV6_BYTES_MAX: usize = 45;

/// Finds IP addresses.
#[derive(Debug)]
pub(in crate::detect) struct Ip {
    context: Context,
    version: Context,
}

impl Ip {
    pub(in crate::detect) fn new() -> Self {
        Self {
            context: Context::new([
                "ip",
                "adresse ip",
                "host",
                "hôte",
                "serveur",
                "server",
                "remote addr",
                "client",
                "peer",
                "from",
                "ping",
                "address",
                "addr",
                "src",
                "dst",
                "source",
                "destination",
                "ipv4",
                "ipv6",
                "dns",
                "nameserver",
                "resolver",
                "gateway",
                "passerelle",
                "listening",
                "bind",
                "forwarded for",
                "forwarded",
                "remote",
                "subnet",
                "netmask",
                "route",
                "traceroute",
                "proxy",
                "firewall",
                "blocked",
                "ssh",
                "conn",
                "connection",
                "connect",
                "connected",
                "hosts",
                "login",
                "rechner",
                "adresse",
                "dirección",
                "indirizzo",
                "adres",
            ]),
            version: Context::new([
                "version", "ver", "release", "build", "firmware", "section", "chapitre", "chapter", "article",
            ]),
        }
    }

    fn version4(&self, page: &Page<'_>, start: usize) -> Option<(Range<usize>, u8)> {
        let mut at = start;
        let mut small = true;
        for part in 0..4 {
            let end = page.right(at, 4, |byte| byte.is_ascii_digit());
            let octet = page.text.get(at..end)?;
            let leading_zero = octet.len() > 1 && octet.starts_with('0');
            octet.parse::<u8>().ok().filter(|_| !leading_zero)?;
            small &= octet.len() == 1;
            at = end;
            if part < 3 {
                (page.byte(at) == b'.').then_some(())?;
                at += 1;
            }
        }
        let before = page.before(start);
        let product = matches!(before, b'/' | b'-' | b'_') && page.before(start - 1).is_ascii_alphabetic();
        let longer = page.byte(at) == b'.' && page.byte(at + 1).is_ascii_digit();
        let inside = before == b'.' || page.byte(at).is_ascii_alphanumeric();
        if product || longer || inside {
            return None;
        }
        let range = start..prefix(page, at, 32);
        let port = page.right(at + 1, 6, |byte| byte.is_ascii_digit());
        let ported = page.byte(at) == b':' && (2..=5).contains(&(port - at - 1)) && page.byte(port) != b':';
        // The first word of a line of a server's log, a network, a port: no version has these.
        let line =
            matches!(page.before(start), 0 | b'\n') && page.text.get(at..).is_some_and(|rest| rest.starts_with(" - "));
        let known = page.text.get(start..at).is_some_and(|address| RESOLVERS.contains(&address));
        let small = small && !(ported || line || known || range.end > at);
        let named = self.context.is_near(page, &range);
        let confidence = match (named, small) {
            (true, _) => 95,
            (false, true) => return None,
            (false, false) if self.version.is_near(page, &range) => return None,
            (false, false) => 85,
        };
        Some((range, confidence))
    }

    fn version6(&self, page: &Page<'_>, run: usize) -> Option<(Range<usize>, u8)> {
        let start = page.left(run, IPV6_BYTES_MAX, is_six);
        let end = page.right(run, IPV6_BYTES_MAX, is_six);
        let text = page.text.get(start..end)?;
        let text = text.trim_end_matches('.');
        let text = if text.ends_with("::") { text } else { text.trim_end_matches(':') };
        let start = start + text.len() - text.trim_start_matches(':').len();
        let start = if text.starts_with("::") { start - 2 } else { start };
        let text = page
            .text
            .get(start..start + text.trim_start_matches(':').len() + if text.starts_with("::") { 2 } else { 0 })?;
        let glued = page.before(start).is_ascii_alphanumeric() || page.byte(start + text.len()).is_ascii_alphanumeric();
        let address: Ipv6Addr = text.parse().ok().filter(|_| !glued)?;
        // `::1` and the like are everywhere in code; an address of somebody has more, a network says its length.
        let zone = zone(page, start + text.len());
        let end = prefix(page, zone, 128);
        let network = end > zone;
        let long = text.len() >= 6 && !address.is_unspecified();
        (network || long || self.context.is_near(page, &(start..end))).then_some((start..end, 92))
    }
}

impl Detector for Ip {
    fn card(&self) -> Card {
        Card { id: "ip", country: "*", method: "structure, octet ranges, context" }
    }

    fn wake(&self) -> Wake {
        Wake::Number
    }

    fn look(&self, page: &Page<'_>, mark: &Mark, report: &mut Report<'_>) {
        let Mark::Number(run) = mark else { return };
        let hexadecimal =
            run.len() <= 4 && page.text.get(run.clone()).is_some_and(|run| run.bytes().all(|b| b.is_ascii_hexdigit()));
        if !hexadecimal {
            return;
        }
        // `::/0`: the length is the first number of it.
        let whole = run.start.checked_sub(3).filter(|&at| page.text.get(at..run.start) == Some("::/"));
        if let Some(at) = whole.filter(|&at| !is_six(page.before(at)) && !page.before(at).is_ascii_alphanumeric())
            && prefix(page, run.start - 1, 128) == run.end
        {
            report.push(at..run.end, 92);
            return;
        }
        let colon_before = page.before(run.start) == b':';
        if colon_before || page.byte(run.end) == b':' {
            // Looked at once: from the first run that has a digit.
            let first = page.left(run.start, IPV6_BYTES_MAX, is_six);
            let earlier =
                page.text.get(first..run.start).is_some_and(|head| head.bytes().any(|byte| byte.is_ascii_digit()));
            if !earlier && let Some((range, confidence)) = self.version6(page, run.start) {
                report.push(range, confidence);
                return;
            }
        }
        if run.len() <= 3
            && page.byte(run.end) == b'.'
            && let Some((range, confidence)) = self.version4(page, run.start)
        {
            report.push(range, confidence);
        }
    }
}

/// Public resolvers: their addresses are four small numbers.
const RESOLVERS: &[&str] = &["1.1.1.1", "8.8.8.8", "8.8.4.4", "9.9.9.9"];

const fn is_six(byte: u8) -> bool {
    byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.')
}

/// Extends an address by its zone (`%eth0`, RFC 4007 section 11).
fn zone(page: &Page<'_>, end: usize) -> usize {
    let name = page.right(end + 1, 16, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if page.byte(end) == b'%' && name > end + 1 { name } else { end }
}

/// Extends an address by `/24` when that is a prefix length.
fn prefix(page: &Page<'_>, end: usize, bits: u8) -> usize {
    if page.byte(end) != b'/' {
        return end;
    }
    let after = page.right(end + 1, 3, |byte| byte.is_ascii_digit());
    let length = page.text.get(end + 1..after).and_then(|digits| digits.parse::<u8>().ok());
    if length.is_some_and(|length| length <= bits) && !page.byte(after).is_ascii_alphanumeric() { after } else { end }
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "the test knows its own texts")]
mod tests {
    use super::*;
    use crate::detect::page::Sink;

    fn find(text: &str) -> Vec<&str> {
        let ip = Ip::new();
        let mut sink = Sink::new(crate::detect::page::Used::default());
        let lexicon = crate::detect::lexicon::Lexicon::new([]);
        crate::detect::scan::words_and_numbers(text, &lexicon, |event| {
            if let crate::detect::scan::Event::Number(run) = event {
                let page = Page { text, key: None };
                ip.look(&page, &Mark::Number(run), &mut Report { sink: &mut sink, detector: 0 });
            }
        });
        sink.hits.into_iter().map(|hit| &text[hit.range]).collect()
    }

    #[test]
    fn rows() {
        for (name, text, expected) in [
            ("v4", "from 192.168.10.42.", vec!["192.168.10.42"]),
            ("v4 with port", "82.64.12.7:8080", vec!["82.64.12.7"]),
            ("network", "Route is 10.0.0.0/8.", vec!["10.0.0.0/8"]),
            ("v6", "at 2001:db8:85a3::8a2e:370:7334, then", vec!["2001:db8:85a3::8a2e:370:7334"]),
            ("v6 link local", "fe80::1ff:fe23:4567:890a%eth0", vec!["fe80::1ff:fe23:4567:890a%eth0"]),
            ("v6 zone and network", "fe80::1%en0/64.", vec!["fe80::1%en0/64"]),
            ("v6 with v4", "::ffff:172.16.0.1", vec!["::ffff:172.16.0.1"]),
            ("v6 in brackets", "http://[2001:db8::17]:80/", vec!["2001:db8::17"]),
            ("v6 networks", "::1/128, ::/0 and fe80::/10", vec!["::1/128", "::/0", "fe80::/10"]),
            ("small with a word", "ip 1.2.3.4", vec!["1.2.3.4"]),
            ("small", "see 1.2.3.4", vec![]),
            ("small with a port", "at 2.3.4.5:8080", vec!["2.3.4.5"]),
            ("small in a log", "2.3.4.5 - - [03/Nov/2026]", vec!["2.3.4.5"]),
            ("resolver", "to 8.8.8.8.", vec!["8.8.8.8"]),
            ("loopback with a word", "listening on ::1", vec!["::1"]),
            ("version", "version 10.20.30.40", vec![]),
            ("browser", "Chrome/120.0.12.34", vec![]),
            ("five parts", "10.20.30.40.50", vec![]),
            ("octet", "10.20.30.400", vec![]),
            ("time", "at 12:30:45 and 1:2:3:4", vec![]),
            ("code", "std::u8::MAX a::b1::c", vec![]),
            ("mac", "00:1B:44:11:3A:B7", vec![]),
        ] {
            assert_eq!(find(text), expected, "{name}");
        }
    }
}
