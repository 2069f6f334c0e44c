//! Security code, expiry and PIN of a payment card (ISO/IEC 7813, PCI DSS 3.3): a few digits directly behind their word.

use std::ops::Range;

use crate::detect::announce;
use crate::detect::context::Context;
use crate::detect::page::{Mark, Page, Report, Wake};
use crate::detect::{Card, Detector};

/// Bytes before a value in which its word must stand.
const REACH_BYTES: usize = 28;

/// One of the three.
#[derive(Debug)]
pub(in crate::detect) struct Detail {
    id: &'static str,
    method: &'static str,
    words: Context,
    read: fn(&Page<'_>, &Range<usize>) -> Option<Range<usize>>,
}

impl Detail {
    pub(in crate::detect) fn cvv() -> Self {
        let words = Context::new([
            "cvv",
            "cvc",
            "cvv2",
            "cvc2",
            "cid",
            "csc",
            "cryptogramme",
            "cryptogramme visuel",
            "code de sécurité",
            "security code",
            "card verification",
            "prüfziffer",
            "kartenprüfnummer",
            "sicherheitscode",
            "código de seguridad",
            "codice di sicurezza",
            "veiligheidscode",
            "kod cvv",
        ]);
        Self {
            id: "card_cvv",
            method: "three or four digits behind their word",
            words,
            read: |page, run| digits(page, run, 3..=4),
        }
    }

    pub(in crate::detect) fn expiry() -> Self {
        let words = Context::new([
            "exp",
            "expiry",
            "expires",
            "expiration",
            "expire",
            "expire le",
            "date d'expiration",
            "expiry date",
            "expiration date",
            "valid thru",
            "valid until",
            "good thru",
            "valable jusqu'au",
            "validité",
            "gültig bis",
            "ablaufdatum",
            "caduca",
            "caducidad",
            "vencimiento",
            "scadenza",
            "geldig tot",
            "vervaldatum",
            "validade",
            "ważna do",
            "valid to",
        ]);
        Self { id: "card_exp", method: "month and year behind their word", words, read: month_and_year }
    }

    pub(in crate::detect) fn pin() -> Self {
        let words = Context::new([
            "pin",
            "pin code",
            "code pin",
            "code secret",
            "code confidentiel",
            "geheimzahl",
            "pin-code",
            "código pin",
            "codice pin",
            "pincode",
            "kod pin",
            "pin number",
        ]);
        Self {
            id: "pin",
            method: "four to six digits behind their word",
            words,
            read: |page, run| digits(page, run, 4..=6),
        }
    }
}

impl Detector for Detail {
    fn card(&self) -> Card {
        Card { id: self.id, country: "*", method: self.method }
    }

    fn wake(&self) -> Wake {
        Wake::Number
    }

    fn look(&self, page: &Page<'_>, mark: &Mark, report: &mut Report<'_>) {
        let Mark::Number(run) = mark else { return };
        if run.len() > 6 {
            return;
        }
        let Some(range) = (self.read)(page, run) else { return };
        if announce::announces(&self.words, page, range.start, REACH_BYTES) {
            report.push(range, 92);
        }
    }
}

/// A run of digits alone, of one of these lengths.
fn digits(page: &Page<'_>, run: &Range<usize>, lengths: std::ops::RangeInclusive<usize>) -> Option<Range<usize>> {
    let text = page.text.get(run.clone())?;
    let glued = |byte: u8, beyond: u8| matches!(byte, b'.' | b',' | b'/' | b'-' | b':') && beyond.is_ascii_digit();
    let part = glued(page.before(run.start), page.before(run.start.saturating_sub(1)))
        || glued(page.byte(run.end), page.byte(run.end + 1));
    (lengths.contains(&run.len()) && text.bytes().all(|byte| byte.is_ascii_digit()) && !part).then(|| run.clone())
}

/// `04/27`, `04/2027`, `04-27`, `0427`.
fn month_and_year(page: &Page<'_>, run: &Range<usize>) -> Option<Range<usize>> {
    let month = page.text.get(run.start..run.start + 2)?.parse::<u8>().ok()?;
    if !(1..=12).contains(&month) || page.before(run.start) == b'/' || page.before(run.start) == b'-' {
        return None;
    }
    if run.len() == 4 {
        return digits(page, run, 4..=4);
    }
    let sign = page.right(run.end, 3, |byte| matches!(byte, b'/' | b'-' | b' '));
    let end = page.right(sign, 5, |byte| byte.is_ascii_digit());
    let year = matches!((end - sign, page.byte(sign)), (2, _) | (4, b'2'));
    let closed = !page.byte(end).is_ascii_alphanumeric() && !matches!(page.byte(end), b'/' | b'-');
    (run.len() == 2 && sign > run.end && year && closed).then_some(run.start..end)
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "the test knows its own texts")]
mod tests {
    use super::*;
    use crate::detect::page::Sink;

    #[test]
    fn rows() {
        for (detail, text, expected) in [
            (Detail::cvv(), "CVV : 123", Some("123")),
            (Detail::cvv(), "cvc=4567;", Some("4567")),
            (Detail::cvv(), "CVV 123 total", Some("123")),
            (Detail::cvv(), "montant 250, CVV", None),
            (Detail::expiry(), "exp. 04/27", Some("04/27")),
            (Detail::expiry(), "valid thru 04/2027", Some("04/2027")),
            (Detail::expiry(), "expire le 13/27", None),
            (Detail::pin(), "code PIN 4821", Some("4821")),
            (Detail::pin(), "pin 48.21", None),
        ] {
            let mut sink = Sink::new(crate::detect::page::Used::default());
            let start = text.find(|c: char| c.is_ascii_digit()).unwrap();
            let end = text[start..].find(|c: char| !c.is_ascii_alphanumeric()).map_or(text.len(), |end| start + end);
            detail.look(
                &Page { text, key: None },
                &Mark::Number(start..end),
                &mut Report { sink: &mut sink, detector: 0 },
            );
            assert_eq!(sink.hits.first().map(|hit| &text[hit.range.clone()]), expected, "{text}");
        }
    }
}
