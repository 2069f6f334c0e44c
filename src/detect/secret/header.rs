//! Credentials of HTTP: `Authorization: Basic …` (RFC 7617), `Bearer …` (RFC 6750), other schemes, and `curl -u user:password`.
//!
//! The finding is the credential alone. False friends: bearer of bad news, `Bearer $TOKEN`, `Basic usage`.

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

use super::value;
use crate::detect::page::{Mark, Page, Report, Wake};
use crate::detect::{Card, Detector};

/// Bytes of a credential.
const VALUE_BYTES_MAX: usize = 4096;
/// Bytes of a command line behind `curl`.
const COMMAND_BYTES_MAX: usize = 768;

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Finds bearer tokens and tokens of other schemes of `Authorization`.
#[derive(Debug)]
pub(in crate::detect) struct Bearer;

impl Detector for Bearer {
    fn card(&self) -> Card {
        Card { id: "bearer_header", country: "*", method: "scheme of an Authorization header, and a token" }
    }

    fn wake(&self) -> Wake {
        Wake::Literals(&["bearer ", "uthorization"])
    }

    fn look(&self, page: &Page<'_>, mark: &Mark, report: &mut Report<'_>) {
        let Mark::Literal(start) = *mark else { return };
        if !matches!(page.byte(start), b'u' | b'U') {
            if !page.before(start).is_ascii_alphanumeric() {
                token(page, start + "bearer ".len(), 87, report);
            }
            return;
        }
        // Other schemes, or none.
        let sign = page.right(start + "uthorization".len(), 8, |byte| b"\"'`:=>, \\".contains(&byte));
        if !page.text.get(start + "uthorization".len()..sign).is_some_and(|gap| gap.contains([':', '=', ','])) {
            return;
        }
        let word = page.right(sign, 24, |byte| byte.is_ascii_alphabetic() || matches!(byte, b'-' | b'_'));
        match page.text.get(sign..word).unwrap_or_default().to_ascii_lowercase().as_str() {
            "token" | "api-token" | "apikey" | "api-key" | "key" | "bot" | "apitoken" if page.byte(word) == b' ' => {
                token(page, word + 1, 87, report);
            }
            "basic" | "bearer" | "digest" => {}
            _ => token(page, sign, 80, report),
        }
    }
}

/// Reports the token that begins here.
fn token(page: &Page<'_>, at: usize, confidence: u8, report: &mut Report<'_>) {
    let start = page.right(at, 3, |byte| b"\"'` ".contains(&byte));
    let end = page.right(start, VALUE_BYTES_MAX, |byte| byte.is_ascii_alphanumeric() || b"_=~@.+/-".contains(&byte));
    let end = page.left(end, end - start, |byte| byte == b'.');
    let Some(value) = page.text.as_bytes().get(start..end) else { return };
    let digit = value.iter().any(u8::is_ascii_digit);
    let letter = value.iter().any(u8::is_ascii_alphabetic);
    let long = value.len() >= 8 && digit && letter || value.len() >= 20;
    if long && !value::is_placeholder(value) && !value::is_spoken(value) && value::entropy(value) >= 2.75 {
        report.push(start..end, confidence);
    }
}

/// Finds user and password of basic authentication.
#[derive(Debug)]
pub(in crate::detect) struct Basic;

impl Detector for Basic {
    fn card(&self) -> Card {
        Card { id: "basic_auth_header", country: "*", method: "base64 that decodes to user and password; `curl -u`" }
    }

    fn wake(&self) -> Wake {
        Wake::Literals(&["basic ", "curl "])
    }

    fn look(&self, page: &Page<'_>, mark: &Mark, report: &mut Report<'_>) {
        let Mark::Literal(start) = *mark else { return };
        if page.before(start).is_ascii_alphanumeric() {
            return;
        }
        if matches!(page.byte(start), b'c' | b'C') {
            curl(page, start, report);
            return;
        }
        let from = start + "basic ".len();
        let end = page.right(from, VALUE_BYTES_MAX, |byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte));
        let decoded = page.text.get(from..end).and_then(|code| LENIENT.decode(code).ok());
        let Some(decoded) = decoded else { return };
        let Some(colon) = memchr::memchr(b':', &decoded) else { return };
        let (user, password) = decoded.split_at(colon);
        // A password may hold any byte; a user name is text.
        let text = std::str::from_utf8(user).is_ok_and(|user| !user.chars().any(char::is_control));
        if !text || is_manual(&String::from_utf8_lossy(password.get(1..).unwrap_or_default())) {
            return;
        }
        report.push(from..end, 96);
    }
}

/// Looks for `-u user:password` in a command.
fn curl(page: &Page<'_>, start: usize, report: &mut Report<'_>) {
    let limit = page.text.floor_char_boundary((start + COMMAND_BYTES_MAX).min(page.text.len()));
    let command = page.text.get(start + "curl".len()..limit).unwrap_or_default();
    // A command ends with its line unless the line goes on; the next `curl` has its own look.
    let end = command.find("curl ").unwrap_or(command.len());
    let command = command.get(..end).unwrap_or_default();
    for option in [" -u", " --user", "\t-u", "\n-u"] {
        for (at, _) in command.match_indices(option) {
            let mut from = start + "curl".len() + at + option.len();
            if page.byte(from) != b' ' && page.byte(from) != b'=' {
                continue;
            }
            from = page.right(from, 5, |byte| matches!(byte, b' ' | b'='));
            if let Some(end) = pair(page, from) {
                report.push(from..end, 88);
                return;
            }
        }
    }
}

/// Where `user:password` ends, each in quotes or both or none.
fn pair(page: &Page<'_>, from: usize) -> Option<usize> {
    let quoted = |at: usize| matches!(page.byte(at), b'"' | b'\'').then(|| page.byte(at));
    let part = |at: usize| match quoted(at) {
        Some(quote) => page.right(at + 1, 128, |byte| byte != quote && byte != b'\n') + 1,
        None => page.right(at, 128, |byte| byte > b' ' && !b":\"'\\".contains(&byte)),
    };
    let first = part(from);
    let end = if page.byte(first) == b':' { part(first + 1) } else { first };
    let trim = |text: &str| text.trim_matches(['"', '\'']).to_owned();
    let text = page.text.get(from..end)?;
    let (user, password) = match quoted(from) {
        Some(_) if end == first => {
            trim(text).split_once(':').map(|(user, password)| (user.to_owned(), password.to_owned()))?
        }
        _ => (trim(page.text.get(from..first)?), trim(page.text.get(first + 1..end)?)),
    };
    let secret = if password.is_empty() { &user } else { &password };
    let fault = |text: &str| is_manual(text) || value::is_reference(text.as_bytes());
    (secret.len() >= 3
        && !fault(secret)
        && !user.starts_with(['$', '<', '{'])
        && !password.contains('$') | password.contains(|c: char| c.is_ascii_digit()))
    .then_some(end)
}

/// Whether a password is one that manuals print.
pub(super) fn is_manual(password: &str) -> bool {
    let lower = password.to_ascii_lowercase();
    let known = [
        "pass",
        "passwd",
        "password",
        "pwd",
        "test",
        "token",
        "changeme",
        "changeit",
        "secret",
        "xxx",
        "yyy",
        "mypassword",
        "user",
    ];
    password.is_empty() || known.contains(&lower.as_str()) || value::is_placeholder_of_password(password.as_bytes())
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "the test knows its own texts")]
mod tests {
    use super::*;
    use crate::detect::page::Sink;

    fn found(detector: &dyn Detector, text: &str) -> Option<String> {
        let mut sink = Sink::new(crate::detect::page::Used::default());
        let page = Page { text, key: None };
        let Wake::Literals(literals) = detector.wake() else { return None };
        for literal in literals {
            for (at, _) in text.to_lowercase().match_indices(literal) {
                detector.look(&page, &Mark::Literal(at), &mut Report { sink: &mut sink, detector: 0 });
            }
        }
        sink.hits.first().map(|hit| text[hit.range.clone()].to_owned())
    }

    #[test]
    fn rows() {
        for (name, text, expected) in [
            ("bearer", "Authorization: Bearer q8Zr3kd02mVx.L1", Some("q8Zr3kd02mVx.L1")),
            ("token", "-H 'Authorization: Token 22cb98785165922911'", Some("22cb98785165922911")),
            ("variable", "Authorization: Bearer $TOKEN", None),
            ("prose", "the bearer of this internationally recognised letter", None),
            ("manual", "Bearer XXXXXXXXXXXX", None),
        ] {
            assert_eq!(found(&Bearer, text).as_deref(), expected, "{name}");
        }
        for (name, text, expected) in [
            ("basic", "Authorization: Basic amVhbjpzM2NyM3QtOXo=", Some("amVhbjpzM2NyM3QtOXo=")),
            ("no pair", "Basic amVhbnMzY3IzdA==", None),
            ("prose", "Basic information follows", None),
            ("curl", "curl -s --user 'api:d2LkV78zLx' https://x.fr", Some("'api:d2LkV78zLx'")),
            ("curl, user in a variable", "curl -u \"${u}:${p}\" https://x.fr", None),
            ("curl, manual", "curl -u user:password https://x.fr", None),
            ("curl, host alone", "curl -u jean https://x.fr", None),
        ] {
            assert_eq!(found(&Basic, text).as_deref(), expected, "{name}");
        }
    }
}
