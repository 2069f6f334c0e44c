//! Names whose surname is in capitals, first as files, forms and lists have them or last as letters do: `DUPONT Marie-Claire`,
//! `DE LA TOUR Anne`, `Karim BRUNEAUX`, `GIRAUDET PAUL`; and with a comma `Aubertin, Camille`.
//!
//! The given name must be one that a list knows. Beside it a word in capitals is a surname when a list knows it as one, or when
//! nobody knows it at all and it is too long for an abbreviation; written as other words are, it must stand by itself besides,
//! in a line or an item of a list.
//!
//! False friends: `NOTE Paul`, `API Paul`, `Paul NASA`, headings in capitals, `Bonjour, Camille`, `Paris, Camille`.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

use crate::detect::fold;
use crate::detect::names::lexicon::{
    BODY, CAPITAL, COMPANY, FORENAME, FREQUENT, PARTICLE, PLACE, POPULAR, SMALL, STREET, SURNAME, TITLE,
};
use crate::detect::names::token::{Around, Case, Token};

/// Confidence in a surname in capitals and the given name behind it.
const CONFIDENCE: u8 = 80;
/// Letters of a surname in capitals that a list knows, and of one that none does.
const LETTERS_MIN: (u8, u8) = (3, 5);
/// Words of a surname.
const WORDS_MAX: usize = 5;
/// Given names behind the first one.
const GIVEN_MAX: usize = 2;
/// Articles and particles before a surname, folded.
const PARTICLES: &[&[u8; 4]] = &[
    b"de\0\0", b"du\0\0", b"des\0", b"la\0\0", b"le\0\0", b"les\0", b"van\0", b"von\0", b"der\0", b"den\0", b"di\0\0",
    b"da\0\0", b"del\0", b"dos\0", b"el\0\0", b"al\0\0", b"ben\0", b"bin\0", b"abou", b"mac\0", b"st\0\0", b"ste\0",
];

/// Words, folded, that are written in capitals and that the word list does not know: what stands over a text, bodies, products.
const ORDINARY: &str = "urgent rappel confidentiel attention notice convocation facture devis contrat avenant relance validation \
    signature planning absence conges bonjour bonsoir madame monsieur mademoiselle comptabilite secretariat accueil destinataire \
    expediteur participants presents absents excuses bienvenue chapitre annexe resume remarque unesco unicef nvidia inria inserm \
    ebitda https fixme warning summary agenda confidential internal reminder invoice draft javascript typescript kubernetes \
    terraform docker postgres postgresql mysql mongodb ubuntu android iphone outlook whatsapp linkedin youtube chatgpt openai \
    mistral github gitlab jenkins ansible wichtig dringend vertraulich rechnung vertrag einladung protokoll urgente importante \
    riservato fattura factura contrato reunion riunione verbale allegato";
static ORDINARY_HASHES: LazyLock<HashSet<u64>> =
    LazyLock::new(|| ORDINARY.split_ascii_whitespace().map(|word| fold::hash(word.as_bytes())).collect());

/// Reports the names of a line of tokens.
pub(super) fn names(line: &[Token], found: &mut impl FnMut(Range<usize>, u8)) {
    for (at, given) in line.iter().enumerate() {
        if !given.is(FORENAME) {
            continue;
        }
        if let Some(name) = last(line, at).or_else(|| both(line, at)) {
            found(name, CONFIDENCE);
            continue;
        }
        if at == 0 || given.case != Case::Title || given.glued {
            continue;
        }
        let head = line.get(..at).unwrap_or_default();
        let rest = line.get(at + 1..).unwrap_or_default();
        let (more, behind) = rest.split_at(more(rest));
        let start = match head.split_last() {
            Some((comma, head)) if is_mark(comma, ",") && comma.glued => with_comma(head, given, behind),
            _ => shouted(head, given).filter(|_| !is_before_surname(rest)),
        };
        if let Some(start) = start {
            found(start as usize..more.last().unwrap_or(given).end as usize, CONFIDENCE);
        }
    }
}

/// A given name with its surname in capitals behind it: `Karim BRUNEAUX`, `Marie-Claire de la TOURETTE`.
fn last(line: &[Token], at: usize) -> Option<Range<usize>> {
    let given = line.get(at).filter(|given| given.case == Case::Title && is_sure_given(given))?;
    let rest = line.get(at + 1..)?;
    let rest = rest.get(more(rest)..)?;
    let particles = rest.iter().take(WORDS_MAX).take_while(|token| !token.glued && is_particle(token)).count();
    let [surname, behind @ ..] = rest.get(particles..)? else { return None };
    let is_one = surname.case == Case::Upper && !surname.glued && surname.around != Around::Capitals;
    if !is_one || !(is_surname(surname) || is_strange(surname, LETTERS_MIN.1)) {
        return None;
    }
    // What goes on in capitals is a heading, or a title.
    let parts = behind.chunks_exact(2).take_while(|pair| match pair {
        [hyphen, part] => hyphen.glued && is_mark(hyphen, "-") && part.glued && part.case == Case::Upper,
        _ => false,
    });
    let end = behind.get(..2 * parts.count()).and_then(<[Token]>::last).unwrap_or(surname).end;
    let goes_on = behind.first().is_some_and(|next| next.case == Case::Upper && !is_surname(next));
    (!goes_on).then_some(given.start as usize..end as usize)
}

/// A common given name and a word that nobody knows, both in capitals, alone among small letters: `GIRAUDET PAUL est absent`.
fn both(line: &[Token], at: usize) -> Option<Range<usize>> {
    let given = line.get(at).filter(|given| given.is(POPULAR) && is_given(given))?;
    let shouts = |token: &&Token| token.case == Case::Upper && token.around != Around::Capitals;
    let is_apart = |at: Option<usize>| at.and_then(|at| line.get(at)).is_none_or(|token| !shouts(&token));
    let (before, behind) = (at.checked_sub(1), at.checked_add(1));
    let surname =
        |at: Option<usize>| at.and_then(|at| line.get(at)).filter(shouts).filter(|it| is_strange(it, LETTERS_MIN.1));
    shouts(&given).then_some(())?;
    let small = line.iter().any(|token| token.case == Case::Lower);
    let (first, end) = match (surname(before), surname(behind)) {
        (Some(surname), None) if !given.glued && is_apart(at.checked_sub(2)) && is_apart(behind) => (surname, given),
        (None, Some(surname)) if !surname.glued && is_apart(before) && is_apart(at.checked_add(2)) => (given, surname),
        _ => return None,
    };
    small.then_some(first.start as usize..end.end as usize)
}

/// How many tokens behind a given name are more of it: `-Claire`, `Thi Mai`.
fn more(rest: &[Token]) -> usize {
    let mut len = 0;
    for _ in 0..=GIVEN_MAX {
        while let Some([hyphen, next, ..]) = rest.get(len..)
            && is_mark(hyphen, "-")
            && hyphen.glued
            && next.glued
            && next.case == Case::Title
        {
            len += 2;
        }
        let more = |next: &Token| next.case == Case::Title && !next.glued && is_given(next);
        if !rest.get(len).is_some_and(more) {
            break;
        }
        len += 1;
    }
    len
}

/// Whether a given name has its surname behind it, or a year, so that what stands before is something else: `XYLOFRAME Paul Dupont`.
fn is_before_surname(rest: &[Token]) -> bool {
    // `PLANNING Mai 2027`
    let dated = rest.first().is_some_and(|next| is_number(next) && !next.glued);
    let surname = |next: &Token| next.case == Case::Title && !next.glued && next.is(SURNAME) && !next.is(FORENAME);
    dated || rest.first().is_some_and(surname)
}

/// Where the surname in capitals begins that stands before a given name, in a line that has small letters.
fn shouted(head: &[Token], given: &Token) -> Option<u32> {
    let surname = head.last().filter(|last| last.case == Case::Upper)?;
    let strange = is_strange(surname, LETTERS_MIN.1) && is_sure_given(given);
    let at = begins(head)?;
    // `DE LA TOUR`, `VAN DER MEER`: behind two particles stands a surname, whatever it means by itself.
    let led = head.get(at..).is_some_and(|own| own.len() > 2 && own.iter().take(2).all(is_particle));
    let shouts = surname.around != Around::Capitals || led;
    if !shouts || !((is_surname(surname) || led) && is_given(given) || strange) {
        return None;
    }
    // A heading in capitals that a name follows; an abbreviation is none.
    let before = at.checked_sub(1).and_then(|before| head.get(before));
    if before.is_some_and(|before| before.case == Case::Upper && before.len > LETTERS_MIN.0) {
        return None;
    }
    let first = head.get(at)?;
    // What begins a line is glued to the end of the last one.
    let apart = !first.glued || before.is_none_or(|before| is_mark(before, OPENS));
    (apart || !strange).then_some(first.start)
}

/// Where the surname begins that a comma stands behind. Unless it is in capitals and known, it must be all that an item of a list
/// or a line has.
fn with_comma(head: &[Token], given: &Token, behind: &[Token]) -> Option<u32> {
    let surname = head.last()?;
    let letters = if surname.case == Case::Upper { LETTERS_MIN.1 } else { LETTERS_MIN.0 + 1 };
    let strange = is_strange(surname, letters) && is_sure_given(given);
    let known = is_surname(surname) && is_given(given) && !surname.is(SMALL);
    if !matches!(surname.case, Case::Upper | Case::Title) || !(strange || known) {
        return None;
    }
    let at = begins(head)?;
    let first = head.get(at)?;
    let opens = at.checked_sub(1).and_then(|before| head.get(before)).is_none_or(|before| {
        is_mark(before, OPENS) || is_mark(before, ".,)") && at < 3 && head.first().is_some_and(is_number)
    });
    let closes = match behind {
        [] => true,
        [comma, next, ..] if is_mark(comma, ",") => !next.is_capital(),
        [next, ..] => is_mark(next, CLOSES),
    };
    // `PARIS, LYON, Paul`: what capitals list is no surname.
    let listed = at
        .checked_sub(2)
        .and_then(|two| head.get(two..at))
        .is_some_and(|before| matches!(before, [word, comma] if word.case == Case::Upper && is_mark(comma, ",")));
    let shouts = known && surname.case == Case::Upper && surname.around != Around::Capitals && !listed;
    (shouts || opens && closes).then_some(first.start)
}

/// What may stand before a name that is an item, and behind it.
const OPENS: &str = "-*•;|:\"'([>«–—";
const CLOSES: &str = ";|\")(]<:.»–—-/";

/// Where a surname begins that ends with these tokens, its particles and further parts included.
fn begins(head: &[Token]) -> Option<usize> {
    let mut first = head.len().checked_sub(1)?;
    let case = head.get(first)?.case;
    for _ in 0..WORDS_MAX {
        let (Some(this), Some(before)) = (head.get(first), first.checked_sub(1).and_then(|at| head.get(at))) else {
            break;
        };
        let joined = this.glued && before.glued && is_mark(before, "-'’");
        let part = first
            .checked_sub(2)
            .and_then(|at| head.get(at))
            .filter(|part| joined && (part.case == case || part.case == Case::Initial && is_mark(before, "'’")));
        let particle = !this.glued && is_particle(before) && (before.case == case || before.case == Case::Lower);
        let second = !this.glued && before.case == case && is_surname(before);
        first -= match (part, particle || second) {
            (Some(_), _) => 2,
            (None, true) => 1,
            (None, false) => break,
        };
    }
    Some(first)
}

/// A word that a list knows as a surname: no body or place, and no word that is more than that.
pub(super) fn is_surname(token: &Token) -> bool {
    let ordinary = token.is(SMALL) && token.is(FREQUENT) && !token.is(POPULAR);
    token.len >= LETTERS_MIN.0 && token.is(SURNAME) && !token.is(BODY | COMPANY | PLACE) && !ordinary
}

/// A word of so many letters that nobody knows as anything.
pub(super) fn is_strange(token: &Token, letters: u8) -> bool {
    const KNOWN: u16 =
        FORENAME | SURNAME | PLACE | TITLE | COMPANY | STREET | BODY | PARTICLE | SMALL | CAPITAL | FREQUENT | POPULAR;
    token.len >= letters && !token.is(KNOWN) && !ORDINARY_HASHES.contains(&token.hash)
}

/// A given name that is not first of all another word.
pub(super) fn is_given(token: &Token) -> bool {
    token.is(FORENAME) && (!token.is(SMALL) || token.is(POPULAR | CAPITAL))
}

/// A given name that is common, or that is no place and no other word.
pub(super) fn is_sure_given(token: &Token) -> bool {
    is_given(token) && (token.is(POPULAR) || !token.is(PLACE | BODY | COMPANY | STREET | SMALL))
}

pub(super) fn is_particle(token: &Token) -> bool {
    token.len <= 4 && token.case != Case::Mark && PARTICLES.iter().any(|own| u32::from_le_bytes(**own) == token.head)
}

fn is_number(token: &Token) -> bool {
    token.case == Case::Digits
}

/// Whether a token is one of these marks.
pub(super) fn is_mark(token: &Token, marks: &str) -> bool {
    token.case == Case::Mark && char::from_u32(token.mark()).is_some_and(|mark| marks.contains(mark))
}
