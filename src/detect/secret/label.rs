//! Values of any shape that only their label gives away: `mot de passe : …`, `"password": "…"`, `login is …`.
//!
//! A label is a word or phrase of a data row (`[[labelled]]`) in any case and accent, a part of a longer word (`dbPassword`), or
//! the key that a text stands under. A sign must follow it, or a verb. What is left out: placeholders, references to a variable
//! or a call, words that forms and schemas put there (`required`, `string`), and prose (`the password is case-sensitive`).

use std::ops::Range;

use serde::Deserialize;

use super::{column, netrc, prose, value};
use crate::detect::context::Context;
use crate::detect::fold;
use crate::detect::page::{Page, Sink};

/// Bytes of a value.
const VALUE_BYTES_MAX: usize = 128;
/// Words of a passphrase.
const WORDS_MAX: usize = 8;

/// What the value may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::detect) enum Kind {
    /// Something that opens.
    Secret,
    /// A name to log in with.
    Login,
    /// Up to three words of letters: a nationality, a confession.
    Words,
}

/// One row, ready to run.
#[derive(Debug)]
pub(in crate::detect) struct LabelRow {
    pub(in crate::detect) detector: u16,
    pub(in crate::detect) kind: Kind,
    /// Its labels, for the key of a text.
    pub(in crate::detect) labels: Context,
    /// Labels within a longer word.
    pub(in crate::detect) within: Vec<String>,
}

/// All rows.
#[derive(Debug, Default)]
pub(in crate::detect) struct Labelled {
    pub(in crate::detect) rows: Vec<LabelRow>,
}

/// How a value is tied to its label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tie {
    /// `:`, `=`, `=>`, a tag.
    Sign,
    /// `is`, `est`, `lautet`.
    Verb,
    /// Nothing but its place: an option of a command, the next cell, a word in quotes.
    Place,
    /// The sentence, with words between.
    Sentence,
}

/// A value as it stands behind its label.
struct Candidate {
    range: Range<usize>,
    tie: Tie,
    quoted: bool,
    /// Blanks around the sign, as code has them.
    loose: bool,
}

impl Labelled {
    /// The labels that wake a row from within a longer word.
    pub(in crate::detect) fn within(&self) -> impl Iterator<Item = &str> {
        self.rows.iter().flat_map(|row| row.within.iter().map(String::as_str))
    }

    /// The row that a literal wakes, and the bytes of the label that begins it.
    pub(in crate::detect) fn woken_by(&self, literal: &str) -> Option<(u16, usize)> {
        let longest = |row: &LabelRow| {
            row.within.iter().filter(|within| literal.starts_with(within.as_str())).map(String::len).max()
        };
        (0..).zip(&self.rows).find_map(|(place, row)| Some((place, longest(row)?)))
    }

    /// Reads what follows a label.
    pub(in crate::detect) fn behind(&self, page: &Page<'_>, row: u16, label: &Range<usize>, sink: &mut Sink) {
        let Some(row) = self.rows.get(usize::from(row)) else { return };
        if row.kind == Kind::Secret {
            column::below(page, label, |range, value| {
                let found = Candidate { range: range.clone(), tie: Tie::Place, quoted: false, loose: false };
                if let Some(confidence) = secret(value, &found, true) {
                    sink.push(row.detector, range, confidence);
                }
            });
        }
        let found = candidate(page, label);
        if row.kind == Kind::Words {
            if let Some(found) = found {
                words(page, row.detector, &found, sink);
            }
            return;
        }
        if row.kind == Kind::Secret
            && let Some(range) = found.as_ref().and_then(|found| phrase(page, label, found))
        {
            return sink.push(row.detector, range, PHRASE);
        }
        let judged = |found: Candidate| Some((judge(page, row.kind, &found)?, found.range));
        let told = || prose::told(page, label).filter(|_| row.kind == Kind::Secret);
        let sentence = |range| Candidate { range, tie: Tie::Sentence, quoted: false, loose: false };
        if let Some((confidence, range)) = found.and_then(judged).or_else(|| told().map(sentence).and_then(judged)) {
            sink.push(row.detector, range, confidence);
        }
    }

    /// Reads a text that stands under a key.
    pub(in crate::detect) fn under_key(&self, page: &Page<'_>, sink: &mut Sink) {
        if page.key.is_none() || page.text.len() > 2 * VALUE_BYTES_MAX {
            return;
        }
        let value = page.text.trim();
        let start = page.text.len() - page.text.trim_start().len();
        let range = start..start + value.len();
        let found = Candidate { range: range.clone(), tie: Tie::Sign, quoted: true, loose: false };
        for row in &self.rows {
            if value.len() > VALUE_BYTES_MAX || !row.labels.is_near(page, &(0..page.text.len())) {
                continue;
            }
            let confidence = match row.kind {
                Kind::Secret => secret(value, &found, true),
                Kind::Login => login(value, &found, true),
                Kind::Words => {
                    words(page, row.detector, &found, sink);
                    continue;
                }
            };
            if let Some(confidence) = confidence {
                sink.push(row.detector, range.clone(), confidence);
            }
        }
    }
}

/// Confidence that a value is what its row looks for.
fn judge(page: &Page<'_>, kind: Kind, found: &Candidate) -> Option<u8> {
    let value = page.text.get(found.range.clone())?;
    let after = page.byte(found.range.end);
    let ends = matches!(after, 0 | b'\n' | b'\r' | b',' | b';' | b'.' | b'<' | b'&' | b'}' | b')' | b']' | b'|');
    match kind {
        Kind::Secret => secret(value, found, ends),
        Kind::Login => login(value, found, ends),
        Kind::Words => None,
    }
}

/// Finds the value that is tied to a label.
fn candidate(page: &Page<'_>, label: &Range<usize>) -> Option<Candidate> {
    let at = label.end;
    let closing = page.right(at, 16, |byte| b"\"'`*)]\\ \t".contains(&byte));
    let mut sign = page.right(closing, 3, |byte| b":=>".contains(&byte));
    let mut tie = Tie::Sign;
    if page.text.get(closing..).is_some_and(|rest| rest.starts_with("->") || rest.starts_with('→')) {
        sign = closing + if page.byte(closing) == b'-' { 2 } else { '→'.len_utf8() };
    } else if page.byte(closing) == b'(' && matches!(page.byte(closing + 1), b'"' | b'\'') {
        sign = closing + 1;
    } else if let Some((from, how)) = apart(page, label, closing).filter(|_| sign == closing) {
        (sign, tie) = (from, how);
    } else if sign == closing {
        let (word, folded) = fold::next_word(page.text, closing)?;
        let gap = page.text.get(at..word.start)?;
        if word.start > closing || gap.is_empty() {
            return None;
        }
        let attribute = folded.as_slice() == b"value" && page.byte(word.end) == b'=';
        let verb = VERBS.iter().any(|verb| verb.as_bytes() == folded.as_slice());
        if !attribute && !verb {
            return None;
        }
        tie = if attribute { Tie::Sign } else { Tie::Verb };
        sign = page.right(word.end, 2, |byte| b":= ".contains(&byte));
    }
    let mut start = page.right(sign, 8, |byte| b"\"'`* \t\\".contains(&byte));
    if page.byte(start) == b'\n' && page.byte(sign.saturating_sub(1)) == b':' {
        start = page.right(start + 1, 8, |byte| b"\"'`* \t".contains(&byte));
    }
    let quote = page.before(start);
    let quoted = matches!(quote, b'"' | b'\'' | b'`') && start > sign;
    let loose = start > sign && page.before(start) == b' ';
    let mut end = if quoted {
        let end = page.right(start, VALUE_BYTES_MAX, |byte| byte != quote && byte != b'\n');
        if page.byte(end) != quote {
            return None;
        }
        end
    } else {
        let parameter = page.before(sign) == b'=' && !loose;
        let stop = |byte: u8| byte <= b' ' || b"<\"'`".contains(&byte) || parameter && matches!(byte, b'&' | b';');
        page.right(start, VALUE_BYTES_MAX, |byte| !stop(byte))
    };
    if !quoted {
        end = page.left(end, end - start, |byte| b".,;:)]}|\\*".contains(&byte));
    }
    let (start, end) = (page.text.ceil_char_boundary(start), page.text.floor_char_boundary(end));
    (start < end).then_some(Candidate { range: start..end, tie, quoted, loose })
}

/// Where the value begins of a label that no sign follows, and how it is tied: the `value` of a pair, the next cell of a table, a word
/// in quotes, what follows an option of a command.
fn apart(page: &Page<'_>, label: &Range<usize>, closing: usize) -> Option<(usize, Tie)> {
    // `"name": "DB_PASSWORD", "value": "…"`, `- name: DB_PASSWORD⏎  value: …`
    let comma = page.right(closing, 1, |byte| byte == b',');
    let key = page.right(comma, 32, |byte| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\''));
    let next = page.text.get(key..key + VALUE.len()).filter(|word| word.eq_ignore_ascii_case(VALUE));
    if next.is_some() && (comma > closing || page.text.get(comma..key).is_some_and(|gap| gap.contains('\n'))) {
        let sign = page.right(key + VALUE.len(), 1, |byte| matches!(byte, b'"' | b'\''));
        return (page.byte(sign) == b':').then_some((sign + 1, Tie::Sign));
    }
    if page.byte(closing) == b'|' {
        return Some((closing + 1, Tie::Place));
    }
    let gap = page.text.get(label.end..closing).filter(|gap| !gap.is_empty())?;
    if gap.contains('\t') {
        return Some((closing, Tie::Place));
    }
    if matches!(gap.trim_start_matches(' '), "'" | "\"") && gap.len() > 1 {
        return Some((closing - 1, Tie::Place));
    }
    if !gap.bytes().all(|byte| byte == b' ') {
        return None;
    }
    let word = page.left(label.start, 40, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    let option = page.text.get(word..).is_some_and(|word| word.starts_with("--"));
    let line = page.left(word, 120, |byte| byte != b'\n');
    let head = page.text.get(page.text.ceil_char_boundary(line)..word).unwrap_or_default();
    // A Dockerfile, a shell of Windows, the file of accounts that `curl` and `git` read.
    let set = ["ENV ", "setx ", "ARG "].iter().any(|command| head.ends_with(command));
    let account = head.trim_start().starts_with("login ");
    if netrc::precedes(page, word) {
        return Some((closing, Tie::Sign));
    }
    (option || set || account).then_some((closing, Tie::Place))
}

/// The key of a pair's value.
const VALUE: &str = "value";
/// Confidence in the words of a passphrase.
const PHRASE: u8 = 65;
/// Confidence in what a sentence tells with words between.
const TOLD: u8 = 70;
/// Words of a passphrase at least.
const PHRASE_WORDS_MIN: usize = 3;

/// The words behind `passphrase:`, to the end of the line: nothing but words in small letters.
fn phrase(page: &Page<'_>, label: &Range<usize>, found: &Candidate) -> Option<Range<usize>> {
    let own = page.text.get(label.clone()).filter(|own| own.to_ascii_lowercase().ends_with("phrase"));
    own.filter(|_| found.tie == Tie::Sign && !found.quoted)?;
    let rest = page.text.get(found.range.start..)?;
    let rest = rest.get(..rest.floor_char_boundary(VALUE_BYTES_MAX))?;
    let line = rest.lines().next().unwrap_or_default().trim_end();
    let words = line.split(' ').count();
    let plain = line
        .split(' ')
        .all(|word| word.len() > 2 && word.chars().all(|c| c.is_lowercase() || c == '-') && !is_form_word(word));
    let several = (PHRASE_WORDS_MIN..=WORDS_MAX).contains(&words) && plain;
    several.then(|| found.range.start..found.range.start + line.len())
}

/// Confidence that a value is a password.
fn secret(value: &str, found: &Candidate, ends: bool) -> Option<u8> {
    let bytes = value.as_bytes();
    let words = value.split_whitespace().count();
    if bytes.len() < 4 || words > WORDS_MAX || value.contains("://") {
        return None;
    }
    if value::is_placeholder_of_password(bytes)
        || value::is_reference(bytes)
        || value.split_whitespace().any(is_form_word)
    {
        return None;
    }
    let call = value.contains(['(', '[', '{']) && !found.quoted;
    // `config.password`, `self._password`: a name in code.
    let is_name = |c: char| c.is_alphabetic() || matches!(c, '-' | '\'' | '’' | '_' | '.' | ' ' | '?' | '!' | '…');
    let plain = value.chars().all(is_name);
    let code = !found.quoted && value.contains(['.', '_']) && plain;
    if call || code {
        return None;
    }
    match (plain, found.quoted, found.tie) {
        (true, _, Tie::Place | Tie::Sentence) => None,
        (false, _, Tie::Sentence) => Some(TOLD),
        (false, _, Tie::Place) => (words == 1 && bytes.len() > 4 && !call_like(value)).then_some(80),
        (true, _, Tie::Verb) => (found.quoted && words == 1).then_some(70),
        (true, true, _) if words > 1 => (!value.ends_with(['?', '.', '!', ':'])).then_some(55),
        (true, true, _) => Some(75),
        (true, false, _) => (ends && !value.ends_with(['?', '!'])).then_some(60),
        (false, _, Tie::Verb) => (words == 1 && bytes.len() > 4).then_some(80),
        (false, true, _) if words > 1 => Some(60),
        (false, true, _) => Some(90),
        (false, false, _) => Some(87),
    }
}

/// Whether a value is what stands beside `password` in code and in schemas: a type with its length, a number, a path.
fn call_like(value: &str) -> bool {
    let letter = value.contains(|c: char| c.is_ascii_alphabetic());
    let digit = value.contains(|c: char| c.is_ascii_digit());
    let of_type = value.trim_end_matches(|c: char| c.is_ascii_digit());
    !letter || !digit || value.contains(['(', '/', '<', '=']) || value.starts_with('-') || is_form_word(of_type)
}

/// Confidence that a value is a login name.
fn login(value: &str, found: &Candidate, ends: bool) -> Option<u8> {
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '@' | '+' | '\\');
    if !(3..=64).contains(&value.len()) || !value.chars().all(is_name) || is_form_word(value) {
        return None;
    }
    if value::is_placeholder(value.as_bytes()) || value.chars().all(|c| c.is_ascii_digit()) && value.len() < 4 {
        return None;
    }
    let marked = value.contains(|c: char| !c.is_alphabetic());
    let code = found.loose
        && !found.quoted
        && value.contains(['.', '_'])
        && !value.contains(|c: char| c.is_ascii_digit() || c == '@');
    let small = !value.contains(char::is_uppercase);
    match (marked, found.quoted, found.tie) {
        (true, false, Tie::Verb) => {
            (value.contains(|c: char| c.is_ascii_digit() || matches!(c, '.' | '_' | '@'))).then_some(75)
        }
        (_, true, _) => Some(if marked { 85 } else { 70 }),
        (true, false, _) => Some(if code { 60 } else { 80 }),
        (false, false, _) => (ends && small && found.tie == Tie::Sign).then_some(55),
    }
}

/// Reports up to three words of letters that begin with the value.
fn words(page: &Page<'_>, detector: u16, found: &Candidate, sink: &mut Sink) {
    if found.tie == Tie::Verb {
        return;
    }
    let rest = page.text.get(found.range.start..).unwrap_or_default();
    let capital = rest.starts_with(char::is_uppercase);
    let (mut at, mut end) = (0, 0);
    for word in rest.split(' ').take(3) {
        let bare = word.find(|c: char| !c.is_alphabetic() && !matches!(c, '-' | '\'' | '’')).unwrap_or(word.len());
        let letters = word.get(..bare).unwrap_or_default();
        // A second word in small letters belongs to the sentence, unless the first was one too.
        let apart = at > 0 && capital && letters.starts_with(char::is_lowercase);
        if letters.chars().count() < 2 || apart || is_form_word(letters) {
            break;
        }
        end = at + bare;
        if bare < word.len() {
            break;
        }
        at += word.len() + 1;
    }
    if end > 2 {
        sink.push(detector, found.range.start..found.range.start + end, 70);
    }
}

/// Whether a folded word stands between a label and its value.
pub(super) fn is_verb(word: &str) -> bool {
    VERBS.contains(&word)
}

/// Whether a value is a word that forms, schemas and manuals put in the place of one.
pub(super) fn is_form_word(word: &str) -> bool {
    fold::next_word(word, 0).is_none_or(|(range, folded)| {
        let whole = range.len() >= word.trim_end_matches(|c: char| c.is_ascii_punctuation()).len();
        whole && std::str::from_utf8(&folded).is_ok_and(|folded| FORM_WORDS.contains(&folded))
    })
}

/// Verbs between a label and its value, folded.
const VERBS: &[&str] = &[
    "is", "was", "est", "ist", "lautet", "lauten", "es", "e", "jest", "to", "era", "etait", "war", "brzmi", "luidt",
    "sara",
];

/// Folded words that are no password and no login.
#[rustfmt::skip]
const FORM_WORDS: &[&str] = &[
    "true", "false", "null", "none", "nil", "undefined", "void", "string", "str", "text", "char", "varchar", "bool", "boolean", "int", "bytes",
    "required", "optional", "incorrect", "wrong", "invalid", "valid", "missing", "empty", "expired", "forgotten", "changed", "reset", "hidden",
    "password", "passwords", "passwort", "kennwort", "passwd", "pwd", "pass", "passphrase", "secret", "username", "user", "login", "email",
    "mot", "motdepasse", "mdp", "oublie", "obligatoire", "requis", "incorrecte", "invalide", "vide", "identifiant", "utilisateur",
    "vergessen", "falsch", "erforderlich", "ungultig", "contrasena", "clave", "olvidada", "usuario", "obligatorio", "incorrecta", "dimenticata",
    "obbligatorio", "wachtwoord", "vergeten", "verplicht", "haslo", "wymagane", "senha", "esquecida", "obrigatorio", "nome",
    "enter", "your", "entrez", "saisissez", "votre", "eingeben", "ihr", "the", "must", "should", "field", "input", "prompt", "self", "this", "example",
    "hash", "hashed", "encrypted", "root", "admin", "test", "guest", "anonymous", "default", "name", "value", "not", "no", "yes", "set", "unset",
    "visible", "masked", "needed", "unknown", "ok", "accepted", "denied", "failed", "strong", "weak", "new", "old", "str_", "pour", "for", "and", "or",
];
