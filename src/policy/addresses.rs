//! The hosts into whose addresses values may be put back, as sheets name them and as a URL may spell them.
//!
//! `allow values in addresses of "wiki.example"` names one host, with its port where it has one: no patterns, no sub-domains, no
//! scheme, which is `https`. A host of another alphabet is known by two spellings, itself and the one of DNS (RFC 3492, 5891);
//! both are compared letter by letter, so that what only looks like it is another.
//!
//! Like any `allow` it only ever adds, whichever sheet says it, and a pack cannot. It asks for nothing of a request: no scenario
//! could show that it asks for too little.

use std::net::Ipv4Addr;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use super::phrase::Phrase;
use super::resolve::Resolver;
use super::resolved::{Resolved, ValueHost};
use super::text::say;
use super::tree::Name;
use crate::limits::{AUTHORITY_BYTES_MAX, VALUE_HOSTS_MAX};
use crate::model::Word;

/// Characters of a name of DNS.
const NAME_CHARS_MAX: usize = 253;
/// Characters of a part of one.
const LABEL_CHARS_MAX: usize = 63;
/// What a part of another alphabet begins with.
const ENCODED: &str = "xn--";
/// Of `https`, which is the only scheme: a URL may leave it out, and one that was named with it is named without.
const DEFAULT_PORT: u16 = 443;

impl Resolver<'_> {
    /// Adds the host that a sheet names.
    pub(super) fn value_host(&mut self, written: &Name, into: &mut Resolved) {
        match host(&written.text) {
            Some(_) if into.hosts.len() >= VALUE_HOSTS_MAX => {
                let message = say!("there are more than {} hosts in `{}`", VALUE_HOSTS_MAX, Phrase::AllowValues);
                self.fault("octroi::policy::too-large", written.span.clone(), message, None);
            }
            Some(host) if into.hosts.contains(&host) => {}
            Some(host) => into.hosts.push(host),
            None => {
                let help = if written.text.contains('*') {
                    say!("each host is named by itself, without patterns")
                } else {
                    say!("name one host, and its port where it has one: {} \"wiki.example\"", Phrase::AllowValues)
                };
                let message = say!("`{}` is no host", &written.text);
                self.fault("octroi::policy::no-meaning", written.span.clone(), message, Some(help));
            }
        }
    }
}

/// A host, with its port where one is written; `None` for whatever else is.
fn host(written: &str) -> Option<ValueHost> {
    let (name, port) = match written.split_once(':') {
        Some((name, port)) => (name, Some(self::port(port)?)),
        None => (written, None),
    };
    let name: String = name.nfc().flat_map(char::to_lowercase).nfc().collect();
    let encoded: Option<Vec<String>> = name.split('.').map(label).collect();
    let encoded = encoded?.join(".");
    let last = encoded.rsplit('.').next().unwrap_or_default();
    // What ends in a number is an address of four numbers, and has one spelling.
    let numbers = last.starts_with("0x") || last.bytes().all(|byte| byte.is_ascii_digit());
    if encoded.len() > NAME_CHARS_MAX || (numbers && encoded.parse::<Ipv4Addr>().is_err()) {
        return None;
    }
    let port = port.filter(|port| *port != DEFAULT_PORT).map(|port| format!(":{port}")).unwrap_or_default();
    let spelt = |name: &str| Word::configured(&format!("{name}{port}"));
    let mut spellings = vec![spelt(&encoded)];
    if name != encoded && name.len() + port.len() <= AUTHORITY_BYTES_MAX {
        spellings.push(spelt(&name));
    }
    Some(ValueHost { spellings })
}

fn port(written: &str) -> Option<u16> {
    let plain = written.bytes().all(|byte| byte.is_ascii_digit()) && !written.starts_with('0');
    if plain { written.parse().ok() } else { None }
}

/// A part of a name as DNS spells it.
fn label(label: &str) -> Option<String> {
    if label.is_ascii() {
        let plain = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let whole = !label.is_empty() && !label.starts_with('-') && !label.ends_with('-');
        return (plain && whole && label.len() <= LABEL_CHARS_MAX).then(|| label.to_owned());
    }
    // What standards and browsers of different years map to different names is none; nor is what stands for other letters.
    let known = |char: char| {
        char == '-'
            || (char.is_alphanumeric() || is_combining_mark(char))
                && !matches!(char, 'ß' | 'ς' | '\u{200c}' | '\u{200d}')
    };
    let same = label.nfkc().eq(label.chars());
    let whole = label.chars().all(known) && !label.starts_with('-') && !label.ends_with('-');
    let leads = label.chars().next().is_some_and(is_combining_mark);
    let encoded = format!("{ENCODED}{}", punycode(label)?);
    (same && whole && !leads && encoded.len() <= LABEL_CHARS_MAX).then_some(encoded)
}

/// A text as RFC 3492 writes it with ASCII alone; `None` where it is far too long.
fn punycode(text: &str) -> Option<String> {
    let mut out: String = text.chars().filter(char::is_ascii).collect();
    let plain = u32::try_from(out.len()).ok()?;
    if plain > 0 {
        out.push('-');
    }
    let chars: Vec<u32> = text.chars().map(u32::from).collect();
    let (mut code, mut delta, mut bias, mut done) = (128_u32, 0_u32, 72_u32, plain);
    while (done as usize) < chars.len() {
        let next = chars.iter().copied().filter(|char| *char >= code).min()?;
        delta = delta.checked_add((next - code).checked_mul(done + 1)?)?;
        code = next;
        for char in &chars {
            if *char < code {
                delta = delta.checked_add(1)?;
            }
            if *char == code {
                variable(delta, bias, &mut out);
                bias = adapted(delta, done + 1, done == plain);
                (delta, done) = (0, done + 1);
            }
        }
        (delta, code) = (delta.checked_add(1)?, code + 1);
    }
    Some(out)
}

/// Parameters of RFC 3492, section 5.
const BASE: u32 = 36;
const LEAST: u32 = 1;
const MOST: u32 = 26;

/// Writes a number of variable length.
fn variable(mut number: u32, bias: u32, out: &mut String) {
    let digit = |value: u32| {
        u8::try_from(value).map_or('?', |value| char::from(if value < 26 { b'a' + value } else { b'0' + value - 26 }))
    };
    for position in 1.. {
        let threshold = (BASE * position).saturating_sub(bias).clamp(LEAST, MOST);
        if number < threshold {
            break;
        }
        let over = number - threshold;
        out.push(digit(threshold + over % (BASE - threshold)));
        number = over / (BASE - threshold);
    }
    out.push(digit(number));
}

fn adapted(delta: u32, points: u32, first: bool) -> u32 {
    let mut delta = if first { delta / 700 } else { delta / 2 };
    delta += delta / points;
    let mut steps = 0;
    while delta > (BASE - LEAST) * MOST / 2 {
        delta /= BASE - LEAST;
        steps += BASE;
    }
    steps + (BASE - LEAST + 1) * delta / (delta + 38)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_has_the_spellings_that_a_url_may_have() {
        let rows: [(&str, &str, &[&str]); 20] = [
            ("plain", "wiki.example", &["wiki.example"]),
            ("upper case", "Wiki.EXAMPLE", &["wiki.example"]),
            ("one part", "intranet", &["intranet"]),
            ("port", "wiki.example:8443", &["wiki.example:8443"]),
            ("the port of https", "wiki.example:443", &["wiki.example"]),
            ("four numbers", "10.0.0.7", &["10.0.0.7"]),
            ("another alphabet", "wiki.exämple", &["wiki.xn--exmple-cua", "wiki.exämple"]),
            ("letters taken apart", "wiki.exa\u{308}mple", &["wiki.xn--exmple-cua", "wiki.exämple"]),
            (
                "capitals of another alphabet",
                "BÜCHER.example:8443",
                &["xn--bcher-kva.example:8443", "bücher.example:8443"],
            ),
            ("as DNS spells it", "xn--bcher-kva.example", &["xn--bcher-kva.example"]),
            ("no letter of ours", "例え.テスト", &["xn--r8jz45g.xn--zckzah", "例え.テスト"]),
            ("Cyrillic", "почта.example", &["xn--80a1acny.example", "почта.example"]),
            ("full-width letters", "ｗiki.example", &[]),
            ("mapped in two ways", "straße.example", &[]),
            ("joined by nothing", "a\u{200d}é.example", &[]),
            ("digits that are none", "10.0.7", &[]),
            ("a number in another base", "0x7f.1", &[]),
            ("a last number in another base", "0x7f", &[]),
            ("a number with a nought before", "010.0.0.7", &[]),
            ("a port of nothing", "wiki.example:", &[]),
        ];
        for (name, written, expected) in rows {
            let found = host(written).map(|host| host.spellings).unwrap_or_default();
            assert_eq!(found.iter().map(Word::as_str).collect::<Vec<_>>(), expected, "{name}");
        }
        for written in [
            "",
            ".",
            "*.example",
            "*",
            "https://wiki.example",
            "wiki.example/",
            "wiki.example/path",
            "user@wiki.example",
            "wiki.example.",
            ".wiki.example",
            "wiki..example",
            "-a.example",
            "a-.example",
            "wiki_1.example",
            "[::1]",
            "::1",
            "wiki.example:0",
            "wiki.example:65536",
            "wiki.example:08",
            "wiki.example:+8",
            "wiki example",
            "wiki%2eexample",
            "wiki.example\\",
            "wiki.example:1:2",
        ] {
            assert_eq!(host(written), None, "{written}");
        }
        assert_eq!(host(&format!("{}.example", "a".repeat(64))), None, "a part that is too long");
        assert_eq!(host(&["a"; 128].join(".")), None, "too long");
        assert_eq!(host(&"é".repeat(400)), None, "a part of another alphabet that is too long");
    }

    /// The samples of RFC 3492, section 7.1, that are of one case.
    #[test]
    fn punycode_is_that_of_its_standard() {
        for (text, expected) in [
            ("他们为什么不说中文", "ihqwcrb4cv8a8dqg056pqjye"),
            ("почемужеонинеговорятпорусски", "b1abfaaepdrnnbgefbadotcwatmq2g4l"),
            ("ひとつ屋根の下2", "2-u9tlzr9756bt3uc0v"),
            ("3年b組金八先生", "3b-ww4c5e180e575a65lsy2b"),
        ] {
            assert_eq!(punycode(text).as_deref(), Some(expected), "{text}");
        }
    }
}
