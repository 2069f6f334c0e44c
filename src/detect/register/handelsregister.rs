//! Numbers of the German registers of companies (HRV section 12): `HRA`, `HRB`, `GnR`, `GsR`, `PR`, `VR` and a number, the
//! court before them where it is named.
//!
//! The court that keeps the register is part of the number: the same one exists at every court.

use crate::detect::context::Context;
use crate::detect::page::{Mark, Page, Report, Wake};
use crate::detect::{Card, Detector};

/// Bytes before the register in which the court's name may begin.
const COURT_BYTES_MAX: usize = 40;

/// Finds register numbers.
#[derive(Debug)]
pub(in crate::detect) struct Handelsregister {
    context: Context,
}

impl Handelsregister {
    pub(in crate::detect) fn new() -> Self {
        let words = [
            "handelsregister",
            "amtsgericht",
            "registergericht",
            "handelsregisternummer",
            "ag",
            "registernummer",
            "genossenschaftsregister",
            "eingetragen",
            "commercial register",
            "registriert",
            "sitz",
        ];
        Self { context: Context::new(words) }
    }
}

impl Detector for Handelsregister {
    fn card(&self) -> Card {
        Card { id: "de_handelsregister", country: "DE", method: "register and number, list of courts" }
    }

    fn wake(&self) -> Wake {
        Wake::Literals(&["hra", "hrb", "hr a", "hr b", "gnr", "gsr"])
    }

    fn look(&self, page: &Page<'_>, mark: &Mark, report: &mut Report<'_>) {
        let Mark::Literal(at) = *mark else { return };
        if page.before(at).is_ascii_alphanumeric() || !page.before(at).is_ascii() {
            return;
        }
        let letters = at + if page.byte(at + 2) == b' ' { 4 } else { 3 };
        let mut digits = page.right(letters, 2, |byte| matches!(byte, b' ' | b':'));
        let rest = page.text.get(digits..).unwrap_or_default();
        if let Some(number) = ["Nr. ", "Nr.", "Nr "].iter().find(|number| rest.starts_with(**number)) {
            digits += number.len();
        }
        let end = page.right(digits, 7, |byte| byte.is_ascii_digit());
        let grouped = page.byte(end) == b'.' && page.byte(end + 1).is_ascii_digit();
        if !(1..=6).contains(&(end - digits)) || page.byte(end).is_ascii_alphanumeric() || grouped {
            return;
        }
        let range = court(page, at).unwrap_or(at)..end;
        let named = range.start < at || self.context.is_near(page, &range);
        let capitals = page.byte(at).is_ascii_uppercase() && end - digits >= 3;
        report.push(
            range,
            if named {
                95
            } else if capitals {
                75
            } else {
                60
            },
        );
    }
}

/// Where the name of a court begins that stands directly before.
fn court(page: &Page<'_>, at: usize) -> Option<usize> {
    let end = page.left(at, 2, |byte| matches!(byte, b' ' | b','));
    let mut start = end;
    let mut found = None;
    // Names have up to four words.
    for _ in 0..4 {
        let word = page.left(start, COURT_BYTES_MAX, |byte| {
            byte.is_ascii_alphabetic() || !byte.is_ascii() || matches!(byte, b'.' | b'/' | b'-')
        });
        if word == start || end - word > COURT_BYTES_MAX {
            break;
        }
        if is_court(page.text.get(word..end).unwrap_or_default()) {
            found = Some(word);
        }
        start = page.left(word, 1, |byte| byte == b' ');
        if start == word {
            break;
        }
    }
    found.filter(|_| end < at)
}

fn is_court(name: &str) -> bool {
    let plain = name.to_lowercase();
    COURTS.split(", ").any(|court| court == plain)
}

/// Courts that keep a register (HRV, Land ordinances), in small letters.
const COURTS: &str = "aachen, altenburg, amberg, ansbach, apolda, arnsberg, arnstadt, aschaffenburg, augsburg, aurich, bad hersfeld, \
    bad homburg v.d.h., bad kreuznach, bad oeynhausen, bad salzungen, bamberg, bayreuth, berlin, berlin (charlottenburg), charlottenburg, \
    bielefeld, bochum, bonn, braunschweig, bremen, chemnitz, coburg, coesfeld, cottbus, darmstadt, deggendorf, dortmund, dresden, duisburg, \
    düren, düsseldorf, eisenach, erfurt, eschwege, essen, flensburg, frankfurt, frankfurt am main, frankfurt/oder, frankfurt (oder), freiburg, \
    friedberg, fritzlar, fulda, fürth, gelsenkirchen, gera, gießen, gotha, göttingen, greiz, gütersloh, hagen, hamburg, hamm, hanau, \
    hannover, heilbad heiligenstadt, hildburghausen, hildesheim, hof, homburg, ingolstadt, iserlohn, jena, kaiserslautern, kassel, kempten, \
    kiel, kleve, koblenz, köln, königstein, korbach, krefeld, landau, landshut, langenfeld, lebach, leipzig, lemgo, limburg, lübeck, \
    ludwigshafen, ludwigshafen a.rhein, lüneburg, mainz, mannheim, marburg, meiningen, memmingen, merzig, mönchengladbach, montabaur, \
    mühlhausen, münchen, münster, neubrandenburg, neunkirchen, neuruppin, neuss, nordhausen, nürnberg, offenbach, offenbach am main, \
    oldenburg, osnabrück, ottweiler, paderborn, passau, pinneberg, pößneck, potsdam, recklinghausen, regensburg, rostock, rudolstadt, \
    saarbrücken, saarlouis, schweinfurt, schwerin, siegburg, siegen, sömmerda, sondershausen, sonneberg, stadthagen, stadtroda, steinfurt, \
    stendal, st. ingbert, st. wendel, stralsund, straubing, stuttgart, suhl, tostedt, traunstein, ulm, völklingen, walsrode, weiden, weimar, \
    wetzlar, wiesbaden, wittlich, wuppertal, würzburg, zweibrücken, zwickau";

#[cfg(test)]
#[expect(clippy::string_slice, reason = "the test knows its own texts")]
mod tests {
    use super::*;
    use crate::detect::page::Sink;

    #[test]
    fn rows() {
        let register = Handelsregister::new();
        for (text, expected) in [
            ("Amtsgericht München HRB 12345.", Some("München HRB 12345")),
            ("Frankfurt/Oder GnR 11223", Some("Frankfurt/Oder GnR 11223")),
            ("Frankfurt am Main HRB 7", Some("Frankfurt am Main HRB 7")),
            ("eingetragen im HRA 99999 Köln", Some("HRA 99999")),
            ("hrb 12345", Some("hrb 12345")),
            ("HRB Nr. 123", Some("HRB Nr. 123")),
            ("HRB 1234567", None),
            ("three HRB", None),
        ] {
            let mut sink = Sink::new(crate::detect::page::Used::default());
            let lower = text.to_ascii_lowercase();
            let at = ["hra", "hrb", "gnr"].iter().filter_map(|known| lower.find(known)).min().unwrap();
            register.look(&Page { text, key: None }, &Mark::Literal(at), &mut Report { sink: &mut sink, detector: 0 });
            assert_eq!(sink.hits.first().map(|hit| &text[hit.range.clone()]), expected, "{text}");
        }
    }
}
