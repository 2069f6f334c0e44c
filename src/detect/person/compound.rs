//! The whole of a surname of several words: particles that join what was found to what stands beside it.
//!
//! `Éric` grows to `Éric de La Tour d'Auvergne`, `Goff` behind `M.` to `Le Goff`. A particle in small letters also joins people to
//! places and employers (`Marie de Lyon`), so that what follows it must be known as a surname, unless it is a particle that only
//! surnames have.

use std::ops::Range;

use super::name::{is_stop, opens_surname, word_at};
use super::words::ARTICLES;
use crate::detect::fold;
use crate::detect::named::{self, flags};
use crate::detect::names::lexicon::{BODY, COMPANY, FORENAME, PLACE, SMALL, SURNAME};

/// Parts that are joined behind a name.
const PARTS_MAX: usize = 3;
/// Given names that are joined before a surname.
const FORENAMES_MAX: usize = 2;
/// Particles of one part.
const PARTICLES_MAX: usize = 3;
/// Particles, in small letters.
const JOINS: &[&str] = &[
    "de", "du", "des", "la", "le", "von", "van", "der", "den", "zu", "di", "da", "del", "della", "dos", "das", "al",
    "el", "bin", "ibn", "ben",
];
/// Those that only surnames have.
const SURELY: &[&str] = &["von", "van", "bin", "ibn"];

/// A range that holds somebody's name, grown over the parts that belong to it.
pub(in crate::detect) fn widen(text: &str, range: Range<usize>) -> Range<usize> {
    let start = forename_before(text, article_before(text, range.start));
    let mut end = range.end;
    for part in 0..PARTS_MAX {
        let Some(next) = part_behind(text, end, part > 0) else { break };
        end = next;
    }
    start..end
}

/// Where the given names begin that stand before a surname: `Solène` before `Le Bihan`. Before an article, which opens hardly
/// anything but a surname, a word that no list knows is one too.
fn forename_before(text: &str, start: usize) -> usize {
    let surely = word_at(text, start).is_some_and(|word| opens_surname(text, &word));
    let mut start = start;
    for _ in 0..FORENAMES_MAX {
        let Some(head) = text.get(..start).and_then(|head| head.strip_suffix(' ')) else { break };
        let word = head.rsplit(|c: char| !c.is_alphabetic() && c != '-').next().unwrap_or_default();
        let folded = fold::next_word(word, 0).map(|(_, folded)| folded);
        let flags = folded.map_or(SMALL, |folded| flags(folded.as_slice()));
        let known = flags & FORENAME != 0 || surely && flags == 0 && word.chars().count() > 2;
        if !known || !word.starts_with(char::is_uppercase) || is_stop(word) {
            break;
        }
        start = head.len() - word.len();
    }
    start
}

/// Where the article begins that belongs to the surname at `start`: behind a word, never where a sentence begins.
fn article_before(text: &str, start: usize) -> usize {
    let head = text.get(..start).and_then(|head| head.strip_suffix(' ')).unwrap_or_default();
    let Some(article) = ARTICLES.iter().find(|article| head.ends_with(*article)) else { return start };
    let at = head.len() - article.len();
    let before = text.get(..at).unwrap_or_default();
    let title = ["M. ", "Mr ", "Mr. ", "Mme ", "Mlle ", "Dr ", "Dr. ", "Me ", "Ms ", "Mrs "]
        .iter()
        .any(|title| before.ends_with(title));
    if title && opens_surname(text, &(at..head.len())) { at } else { start }
}

/// Where a part ends that particles join to a name; `joined`: another one was.
fn part_behind(text: &str, end: usize, joined: bool) -> Option<usize> {
    let mut at = end;
    let mut particles = 0;
    let mut surely = joined;
    loop {
        at += text.get(at..)?.strip_prefix(' ').map(|_| 1)?;
        let word = word_at(text, at)?;
        let body = text.get(word.clone())?;
        let small = body.to_lowercase();
        let elided = ["d'", "d’"].iter().find_map(|head| body.strip_prefix(head));
        if elided.is_none() && particles < PARTICLES_MAX && (JOINS.contains(&body) || opens_surname(text, &word)) {
            particles += 1;
            // `de La Tour`: an article with a capital is part of a surname.
            surely |= SURELY.contains(&body) || !JOINS.contains(&body) || small == "el" || small == "al";
            at = word.end;
            continue;
        }
        let surname = elided.unwrap_or(body);
        if particles == 0 && elided.is_none() || !surname.starts_with(char::is_uppercase) || is_stop(surname) {
            return None;
        }
        let flags = fold::next_word(surname, 0).map_or(0, |(_, folded)| {
            if named::is_common(folded.as_slice()) { COMPANY } else { flags(folded.as_slice()) }
        });
        let known = flags & SURNAME != 0 && flags & PLACE == 0;
        return (flags & (COMPANY | BODY) == 0 && (surely || known)).then_some(word.end);
    }
}
