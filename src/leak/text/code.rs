//! Source code as its shape: keywords, operators, literals; every identifier is one and the same.
//!
//! Renaming all identifiers of a function changes no token of it. Because what is left says little, matches must be long.

use super::lexeme::hash;
use super::{Word, Words};

/// Lines in a row that make code.
const LINES_MIN: usize = 3;
/// Lines between two of code that may look like none.
const GAP_LINES_MAX: usize = 2;
/// Words of such a line.
const GAP_WORDS_MAX: usize = 8;

/// Weight of a name.
const NAME: u8 = 4;
/// Weight of a word that a language reserves.
const RESERVED: u8 = 12;

/// Reads the tokens of the stretches of a text that are source code. Names and reserved words there say half of what they would
/// in prose, and none is a fact: idioms are everybody's. Numbers and what stands between quotes is data and says what it says.
pub(super) fn tokens(text: &str, words: &mut Words) {
    // Prose pays one vectorised search.
    if memchr::memchr3(b'{', b';', b'=', text.as_bytes()).is_none() && memchr::memchr(b'(', text.as_bytes()).is_none() {
        return;
    }
    each_line(text, &mut words.code);
    let mut prose = words.prose.iter_mut().peekable();
    for token in words.code.iter().filter(|token| [NAME, RESERVED].contains(&token.weight)) {
        while prose.next_if(|word| word.start < token.start).is_some() {}
        while let Some(word) = prose.next_if(|word| word.start < token.end) {
            (word.weight, word.fact) = (word.weight.div_ceil(2), false);
        }
    }
}

/// Takes the tokens of every stretch.
fn each_line(text: &str, out: &mut Vec<Word>) {
    let mut run = Stretch::default();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if is_code(line) {
            run.take(at, line);
        } else if !run.waits(at, line) {
            run.end(out);
        }
        at += line.len();
    }
    run.end(out);
}

/// Lines that follow one another and are code.
#[derive(Default)]
struct Stretch<'a> {
    lines: Vec<(usize, &'a str)>,
    /// Lines behind them that alone look like none: they are code where more of it follows.
    gap: Vec<(usize, &'a str)>,
    /// Those of them that are not blank.
    strange: usize,
}

impl<'a> Stretch<'a> {
    fn take(&mut self, at: usize, line: &'a str) {
        self.lines.append(&mut self.gap);
        self.strange = 0;
        self.lines.push((at, line));
    }

    /// Takes a line that looks like none: whether code may go on behind it (`x`, `return`, a closing quote).
    fn waits(&mut self, at: usize, line: &'a str) -> bool {
        let may_go_on = !self.lines.is_empty()
            && line.split_whitespace().nth(GAP_WORDS_MAX).is_none()
            && self.strange < GAP_LINES_MAX;
        if may_go_on {
            self.gap.push((at, line));
            self.strange += usize::from(!line.trim().is_empty());
        }
        may_go_on
    }

    fn end(&mut self, out: &mut Vec<Word>) {
        if self.lines.iter().filter(|(_, line)| !line.trim().is_empty()).count() >= LINES_MIN {
            self.lines.iter().for_each(|(at, line)| line_tokens(line, *at, out));
        }
        self.lines.clear();
        self.gap.clear();
        self.strange = 0;
    }
}

/// Whether a line looks like source code rather than prose. How long its names are has no say: renaming them changes no verdict.
fn is_code(line: &str) -> bool {
    let line = line.trim();
    let Some((first, last)) = line.bytes().next().zip(line.bytes().last()) else { return false };
    let bytes = line.as_bytes();
    let count = |one, two, three| memchr::memchr3_iter(one, two, three, bytes).count();
    let marks = count(b'(', b')', b'=') + count(b'{', b'}', b'>') + count(b'[', b']', b'<');
    matches!(last, b'{' | b'}' | b';')
        || (marks >= 2 && has_at_most(line, 2 * marks))
        || (last == b':'
            && KEYWORDS.contains(&line.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or("")))
        || (marks >= 1 && is_assignment(line))
        || (matches!(first, b'/' | b'#' | b'r' | b'i' | b'S' | b'F' | b'W' | b'G' | b'O')
            && BEGINNINGS.iter().any(|word| line.starts_with(word)))
}

/// What a line of code may begin with.
const BEGINNINGS: &[&str] = &["//", "#", "return", "import ", "SELECT ", "FROM ", "WHERE ", "GROUP BY ", "ORDER BY "];

/// Whether a line has no more words than this.
fn has_at_most(line: &str, words: usize) -> bool {
    let is_in_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80;
    line.as_bytes().split(|byte| !is_in_word(*byte)).filter(|word| !word.is_empty()).nth(words).is_none()
}

/// Whether a line begins with one name, however it is reached, and gives it a value.
fn is_assignment(line: &str) -> bool {
    let Some((name, value)) = line.split_once('=') else { return false };
    let name = name.trim_end_matches(['+', '-', '*', '/', '|', '&', '^', '%', ':', '<', '>']).trim_end();
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '[' | ']' | '"' | '\'');
    !name.is_empty() && !value.trim().is_empty() && name.chars().all(is_name)
}

fn line_tokens(line: &str, from: usize, out: &mut Vec<Word>) {
    let bytes = line.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let start = at;
        let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || *byte >= 0x80;
        let run = |from: usize| bytes.get(from..).unwrap_or_default().iter().take_while(|byte| is_word(byte)).count();
        if byte.is_ascii_whitespace() {
            at += 1;
            continue;
        }
        // Comments are prose.
        if byte == b'#' || (byte == b'/' && bytes.get(at + 1) == Some(&b'/')) {
            return;
        }
        let (hash, weight) = if byte == b'"' || byte == b'\'' {
            let rest = bytes.get(at + 1..).unwrap_or_default();
            let len = rest.iter().position(|found| *found == byte).unwrap_or(rest.len());
            at += 2 + len;
            (hash(rest.get(..len).unwrap_or_default()), if len > 2 { 64 } else { 8 })
        } else if byte.is_ascii_digit() {
            at += run(at);
            let number = bytes.get(start..at).unwrap_or_default();
            (hash(number), if number.len() > 1 { 48 } else { 8 })
        } else if is_word(&byte) {
            at += run(at);
            let word = line.get(start..at).unwrap_or_default();
            if KEYWORDS.contains(&word) { (hash(word.as_bytes()), RESERVED) } else { (1, NAME) }
        } else {
            at += 1;
            (hash(&[byte]), 6)
        };
        let end = at.min(bytes.len());
        out.push(Word { hash, start: (from + start) as u32, end: (from + end) as u32, weight, fact: false });
    }
}

/// Words that languages reserve, and so few programs rename.
#[rustfmt::skip]
const KEYWORDS: &[&str] = &[
    "abstract", "and", "as", "async", "await", "bool", "boolean", "break", "byte", "case", "catch", "char", "class", "const",
    "continue", "def", "default", "defer", "del", "do", "double", "elif", "else", "enum", "except", "export", "extends", "false",
    "False", "final", "finally", "float", "fn", "for", "from", "func", "function", "go", "if", "impl", "implements", "import", "in",
    "int", "interface", "is", "lambda", "let", "long", "loop", "match", "mod", "module", "mut", "namespace", "new", "None", "nil",
    "not", "null", "or", "package", "pass", "private", "protected", "pub", "public", "raise", "range", "return", "self", "short",
    "static", "string", "String", "struct", "super", "switch", "template", "this", "throw", "trait", "true", "True", "try", "type",
    "unsigned", "use", "using", "var", "virtual", "void", "where", "while", "with", "yield", "AND", "AS", "ASC", "BY", "CASE",
    "CREATE", "DELETE", "DESC", "DISTINCT", "ELSE", "END", "FROM", "GROUP", "HAVING", "IN", "INNER", "INSERT", "INTO", "IS", "JOIN",
    "LEFT", "LIMIT", "NOT", "NULL", "ON", "OR", "ORDER", "SELECT", "SET", "TABLE", "THEN", "UNION", "UPDATE", "VALUES", "WHEN",
    "WHERE", "WITH",
];
