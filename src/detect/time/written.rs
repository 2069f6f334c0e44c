//! Dates as people write them: `12/03/1985`, `1985-03-12`, `12 mars 1985`, `March 12th, 1985`, `12. März 1985`, `mars 1985`.

use std::ops::Range;
use std::sync::LazyLock;

use crate::detect::fold::{self, Window};
use crate::detect::glance::{self, Bits, key_of};
use crate::detect::page::Page;
use crate::detect::validate::is_day;

/// How sure the form itself is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Day, month and year in the manner of people.
    Full,
    /// A month and a year, or a day and a month, with the month in letters.
    Partial,
    /// What machines and versions look like too: ISO, two digits of the year, month and year in digits.
    Technical,
    /// An ISO date with a time behind it.
    Timestamp,
}

/// A date as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) range: Range<usize>,
    pub(super) form: Form,
}

/// Bytes of the name of a month.
const MONTH_BYTES_MAX: usize = 24;

/// Reads the date that has its first number at this run.
pub(super) fn read(page: &Page<'_>, run: &Range<usize>) -> Option<Written> {
    let digits = page.right(run.start, 5, |byte| byte.is_ascii_digit()) - run.start;
    let before = page.before(run.start);
    let inside =
        matches!(before, b'.' | b'/' | b'-' | b':' | b'_' | b'#') && page.before(run.start - 1).is_ascii_alphanumeric();
    let month_before = || month_left(page, run.start);
    match digits {
        1 | 2 if digits == run.len() && !inside => numeric(page, run)
            .or_else(|| day_first(page, run.start, run.end))
            .or_else(|| month_first(page, run, month_before()?)),
        1 | 2 if !inside => day_first(page, run.start, ordinal(page, run, digits)?)
            .or_else(|| month_first(page, &(run.start..ordinal(page, run, digits)?), month_before()?)),
        1 | 2 => month_first(page, run, month_before()?),
        4 if digits == run.len() && !inside => iso(page, run).or_else(|| month_year(page, run, month_before()?)),
        4 => iso(page, run).or_else(|| month_year(page, run, month_before()?)),
        _ => None,
    }
}

fn number(page: &Page<'_>, range: Range<usize>) -> Option<u64> {
    page.text.get(range).filter(|digits| !digits.is_empty() && digits.len() <= 4)?.parse().ok()
}

fn digits(page: &Page<'_>, at: usize) -> usize {
    page.right(at, 5, |byte| byte.is_ascii_digit())
}

/// Two digits of a year are this century's or the last.
const fn year(value: u64, digits: usize) -> Option<u64> {
    match (digits, value) {
        (2, 0..=49) => Some(2000 + value),
        (2, _) => Some(1900 + value),
        (4, 1800..=2199) => Some(value),
        _ => None,
    }
}

/// `12/03/1985`, day or month first; `05/1985`.
fn numeric(page: &Page<'_>, run: &Range<usize>) -> Option<Written> {
    let sign = page.byte(run.end);
    if !matches!(sign, b'.' | b'/' | b'-') {
        return None;
    }
    let first = number(page, run.clone())?;
    let at = page.right(run.end + 1, 1, |byte| byte == b' ' && sign == b'.');
    let middle = digits(page, at);
    let second = number(page, at..middle)?;
    let ends = |end: usize| {
        !(page.byte(end).is_ascii_alphanumeric()
            || matches!(page.byte(end), b'.' | b'/' | b'-' | b':') && page.byte(end + 1).is_ascii_alphanumeric())
    };
    if page.byte(middle) != sign {
        let count = middle - at;
        let partial = sign != b'.'
            && match count {
                4 => (1..=12).contains(&first) && year(second, 4).is_some(),
                2 => sign == b'/' && run.len() <= 2 && (is_day(2000, first, second) || is_day(2000, second, first)),
                _ => false,
            };
        return (partial && ends(middle)).then_some(Written { range: run.start..middle, form: Form::Technical });
    }
    let at = page.right(middle + 1, 1, |byte| byte == b' ' && sign == b'.');
    let end = digits(page, at);
    let year = year(number(page, at..end)?, end - at)?;
    let form = if end - at == 4 || sign == b'/' && run.len() == 2 { Form::Full } else { Form::Technical };
    ((is_day(year, second, first) || is_day(year, first, second)) && ends(end))
        .then_some(Written { range: run.start..end, form })
}

/// `1985-03-12`, with a time behind it or without.
fn iso(page: &Page<'_>, run: &Range<usize>) -> Option<Written> {
    let sign = page.byte(run.start + 4);
    if !matches!(sign, b'.' | b'/' | b'-') {
        return None;
    }
    let year = year(number(page, run.start..run.start + 4)?, 4)?;
    let middle = digits(page, run.start + 5);
    let month = number(page, run.start + 5..middle)?;
    let end = digits(page, middle + 1);
    let day = number(page, middle + 1..end)?;
    if page.byte(middle) != sign || end - middle > 3 || !is_day(year, month, day) {
        return None;
    }
    let time = page.byte(end);
    let clock =
        matches!(time, b'T' | b't' | b' ' | b'_') && page.byte(end + 1).is_ascii_digit() && page.byte(end + 3) == b':';
    if clock {
        let is_time = |byte: u8| byte.is_ascii_digit() || matches!(byte, b':' | b'.' | b'+' | b'-' | b'Z' | b'z');
        let end = page.right(end + 1, 24, is_time);
        let end = end - usize::from(matches!(page.before(end), b'.' | b':' | b'+' | b'-'));
        return Some(Written { range: run.start..end, form: Form::Timestamp });
    }
    let ends = !(time.is_ascii_alphanumeric()
        || matches!(time, b'-' | b'.' | b'/' | b'_') && page.byte(end + 1).is_ascii_alphanumeric());
    ends.then_some(Written { range: run.start..end, form: Form::Technical })
}

/// The end of `1er`, `12th`, `3.`; `None` when other letters follow the digits.
fn ordinal(page: &Page<'_>, run: &Range<usize>, digits: usize) -> Option<usize> {
    let tail = page.text.get(run.start + digits..run.end)?;
    let known = ["er", "st", "nd", "rd", "th", "re", "e"].iter().any(|known| tail.eq_ignore_ascii_case(known));
    known.then_some(run.end)
}

/// `12 mars 1985`, `12 de marzo de 1985`, `5-MAY-2021`, `12. März`.
fn day_first(page: &Page<'_>, start: usize, end: usize) -> Option<Written> {
    let day = number(page, start..digits(page, start))?;
    let dashed = page.byte(end) == b'-';
    let at = if dashed { end + 1 } else { behind(page, page.right(end, 1, |byte| byte == b'.')) };
    (dashed || at > end).then_some(())?;
    let at = word(page, at, &["de", "of", "d"]).map_or(at, |end| behind(page, end));
    let (month, after) = month_right(page, at)?;
    (is_day(2000, u64::from(month), day)).then_some(())?;
    let gap = if dashed && page.byte(after) == b'-' {
        after + 1
    } else {
        behind(page, page.right(after, 1, |byte| byte == b',' || byte == b'.'))
    };
    let gap = word(page, gap, &["de", "del"]).map_or(gap, |end| behind(page, end));
    let last = digits(page, gap);
    let full = gap > after
        && last > gap
        && !page.byte(last).is_ascii_alphanumeric()
        && year(number(page, gap..last)?, last - gap).is_some()
        && (last - gap == 4 || dashed);
    let closed = !page.byte(after).is_ascii_alphanumeric();
    if full {
        return Some(Written { range: start..last, form: Form::Full });
    }
    closed.then_some(Written { range: start..after, form: Form::Partial })
}

/// `March 12th, 1985`, `May 5`, `May-21`.
fn month_first(page: &Page<'_>, run: &Range<usize>, month: (u8, usize)) -> Option<Written> {
    let day = number(page, run.start..digits(page, run.start))?;
    is_day(2000, u64::from(month.0), day).then_some(())?;
    let gap = behind(page, page.right(run.end, 1, |byte| byte == b','));
    let last = digits(page, gap);
    let full = gap > run.end
        && last - gap == 4
        && !page.byte(last).is_ascii_alphanumeric()
        && year(number(page, gap..last)?, 4).is_some();
    let (end, form) = if full { (last, Form::Full) } else { (run.end, Form::Partial) };
    Some(Written { range: month.1..end, form })
}

/// `mars 1985`, `enero de 2010`, unless a day stands before: then the day found it.
fn month_year(page: &Page<'_>, run: &Range<usize>, month: (u8, usize)) -> Option<Written> {
    year(number(page, run.clone())?, 4)?;
    let day = page.text.get(..month.1)?.trim_end_matches([' ', '.', '-']);
    let day = day.strip_suffix(" de").unwrap_or(day);
    let tail = day.get(day.floor_char_boundary(day.len().saturating_sub(4))..)?;
    let found = tail.ends_with(|c: char| c.is_ascii_digit())
        || ["1er", "st", "nd", "rd", "th"].iter().any(|suffix| tail.ends_with(suffix));
    (!found).then_some(Written { range: month.1..run.end, form: Form::Partial })
}

/// Behind blanks.
fn behind(page: &Page<'_>, at: usize) -> usize {
    page.right(at, 2, |byte| byte == b' ')
}

/// The end of one of the words, where it stands here.
fn word(page: &Page<'_>, at: usize, known: &[&str]) -> Option<usize> {
    let end = page.right(at, 4, |byte| byte.is_ascii_alphabetic());
    let found = page.text.get(at..end)?;
    known.iter().any(|known| found.eq_ignore_ascii_case(known)).then_some(end)
}

const fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || !byte.is_ascii()
}

/// The month whose name begins here, and where it ends.
fn month_right(page: &Page<'_>, at: usize) -> Option<(u8, usize)> {
    let end = page.right(at, MONTH_BYTES_MAX, is_letter);
    let month = month(page.text.get(at..end)?)?;
    Some((month, page.right(end, 1, |byte| byte == b'.' && end - at <= 5)))
}

/// The month whose name stands before, and where it begins.
fn month_left(page: &Page<'_>, at: usize) -> Option<(u8, usize)> {
    let mut end = page.left(at, 2, |byte| matches!(byte, b' ' | b'.' | b'-' | b','));
    if page.text.get(..end).is_some_and(|head| head.ends_with(" de") || head.ends_with(" of")) {
        end -= 3;
    }
    (end < at).then_some(())?;
    let start = page.left(end, MONTH_BYTES_MAX, is_letter);
    let found = month(page.text.get(start..end)?)?;
    (!page.before(start).is_ascii_alphanumeric()).then_some((found, start))
}

fn month(name: &str) -> Option<u8> {
    (name.len() >= 3).then_some(())?;
    // The word before a number is seldom a month.
    let seen = glance::next(name.as_bytes(), 0, name.len())?;
    if !seen.odd && !MONTH_HEADS.holds(seen.key) {
        return None;
    }
    let mut folded = Window::new();
    fold::words(name, &mut folded);
    let folded = folded.trim_ascii();
    let place = MONTHS.iter().position(|names| names.split(' ').any(|known| known.as_bytes() == folded))?;
    u8::try_from(place + 1).ok()
}

/// The keys of the names of the months.
static MONTH_HEADS: LazyLock<Bits> = LazyLock::new(|| {
    let names: Vec<&str> = MONTHS.iter().flat_map(|names| names.split(' ')).collect();
    let mut heads = Bits::new(names.len());
    for name in names {
        heads.insert(key_of(name.as_bytes()));
    }
    heads
});

/// Names of the months in English, French, German, Spanish, Italian, Dutch, Portuguese, Polish, the Nordic languages, Romanian,
/// Czech, Slovak, Croatian, Slovene, Hungarian, Greek and Bulgarian, folded, with what is cut.
const MONTHS: [&str; 12] = [
    "january janvier januar enero gennaio januari janeiro stycznia styczen jan janv ene genn sty janner jaenner ianuarie ledna leden januara tammikuuta sijecnja sijecanj januarja ιανουαριου ιανουαριος януари jaanuar sausio janvaris",
    "february fevrier februar febrero febbraio februari fevereiro lutego luty feb fevr fev lut feber februarie unora unor februara helmikuuta veljace veljaca februarja φεβρουαριου φεβρουαριος февруари veebruar vasario februaris",
    "march mars marz maerz marzo maart marco marca marzec mar mrz mrt marts martie brezna brezen maaliskuuta ozujka ozujak μαρτιου μαρτιος март marcius kovo",
    "april avril abril aprile kwietnia kwiecien apr avr abr kwi aprilie dubna duben aprila huhtikuuta travnja travanj απριλιου απριλιος април aprilis balandzio",
    "may mai mayo maggio mei maio maja maj mag kvetna kveten majus toukokuuta svibnja svibanj μαιου μαιος май маи geguzes maijs",
    "june juin juni junio giugno junho czerwca czerwiec jun giu cze iunie cervna cerven juna kesakuuta lipnja lipanj junija ιουνιου ιουνιος юни junius birzelio junijs",
    "july juillet juli julio luglio julho lipca lipiec jul juil lug lip iulie cervence cervenec jula heinakuuta srpnja srpanj julija ιουλιου ιουλιος юли julius liepos julijs",
    "august aout agosto augustus sierpnia sierpien aug ago sie srpna srpen augusta elokuuta kolovoza kolovoz avgusta αυγουστου αυγουστος август augusztus rugpjucio augusts",
    "september septembre septiembre settembre setembro wrzesnia wrzesien sep sept set wrz setiembre septembrie zari septembra syyskuuta rujna rujan σεπτεμβριου σεπτεμβριος септември szeptember rugsejo septembris",
    "october octobre oktober octubre ottobre outubro pazdziernika pazdziernik oct okt ott out paz octombrie rijna rijen oktobra lokakuuta οκτωβριου οκτωβριος октомври spalio oktobris",
    "november novembre noviembre novembro listopada listopad nov lis noiembrie listopadu novembra marraskuuta studenoga studeni νοεμβριου νοεμβριος ноември lapkricio novembris",
    "december decembre dezember diciembre dicembre dezembro grudnia grudzien dec dez dic gru decembrie prosince prosinec decembra joulukuuta prosinca prosinac δεκεμβριου δεκεμβριος декември gruodzio decembris",
];

#[cfg(test)]
#[expect(clippy::string_slice, reason = "the test knows its own texts")]
mod tests {
    use super::*;

    #[test]
    fn rows() {
        for (text, expected, form) in [
            ("le 12/03/1985.", "12/03/1985", Form::Full),
            ("03-12-1985", "03-12-1985", Form::Full),
            ("12.3.85", "12.3.85", Form::Technical),
            ("1985-03-12", "1985-03-12", Form::Technical),
            ("2024-06-05T09:15:30.500-07:00", "2024-06-05T09:15:30.500-07:00", Form::Timestamp),
            ("12 mars 1985,", "12 mars 1985", Form::Full),
            ("1er août 2001", "1er août 2001", Form::Full),
            ("12. März 1985", "12. März 1985", Form::Full),
            ("12 de marzo de 1985", "12 de marzo de 1985", Form::Full),
            ("5-MAY-2021", "5-MAY-2021", Form::Full),
            ("March 12th, 1985", "March 12th, 1985", Form::Full),
            ("on May 5", "May 5", Form::Partial),
            ("21-May", "21-May", Form::Partial),
            ("May-21", "May-21", Form::Partial),
            ("enero de 2010", "enero de 2010", Form::Partial),
            ("05/2021", "05/2021", Form::Technical),
        ] {
            let at = text.find(|c: char| c.is_ascii_digit()).unwrap();
            let end = text[at..].find(|c: char| !c.is_ascii_alphanumeric()).map_or(text.len(), |end| at + end);
            let written = read(&Page { text, key: None }, &(at..end));
            assert_eq!(written.map(|w| (&text[w.range], w.form)), Some((expected, form)), "{text}");
        }
        for text in
            ["31/02/1985", "1.2.3", "12/03/1985/4", "2024-13-01", "12 pommes 1985", "99 mai", "1/2", "10.1000/182"]
        {
            let at = text.find(|c: char| c.is_ascii_digit()).unwrap();
            let end = text[at..].find(|c: char| !c.is_ascii_alphanumeric()).map_or(text.len(), |end| at + end);
            let written = read(&Page { text, key: None }, &(at..end));
            assert!(written.is_none_or(|written| written.form == Form::Technical && text == "1/2"), "{text}");
        }
    }
}
