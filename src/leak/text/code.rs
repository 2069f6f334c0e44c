//! Source code as its shape: keywords, operators, literals; every identifier is one and the same.
//!
//! Renaming all identifiers of a function changes no token of it. Because what is left says little, matches must be long.

use super::{Word, hash};

/// Lines in a row that make code.
const LINES_MIN: usize = 3;

/// Reads the tokens of the stretches of a text that are source code.
pub(super) fn tokens(text: &str, out: &mut Vec<Word>) {
    // Prose pays one vectorised search.
    if memchr::memchr3(b'{', b';', b'=', text.as_bytes()).is_none() && memchr::memchr(b'(', text.as_bytes()).is_none() {
        return;
    }
    let mut run: Vec<(usize, &str)> = Vec::new();
    let mut at = 0;
    let mut flush = |run: &mut Vec<(usize, &str)>| {
        if run.iter().filter(|(_, line)| !line.trim().is_empty()).count() >= LINES_MIN {
            for (at, line) in run.iter() {
                line_tokens(line, *at, out);
            }
        }
        run.clear();
    };
    for line in text.split_inclusive('\n') {
        let blank = line.trim().is_empty();
        if is_code(line) || (blank && !run.is_empty()) {
            run.push((at, line));
        } else {
            flush(&mut run);
        }
        at += line.len();
    }
    flush(&mut run);
}

/// Whether a line looks like source code rather than prose.
fn is_code(line: &str) -> bool {
    let line = line.trim();
    let bytes = line.as_bytes();
    let Some(&last) = bytes.last() else { return false };
    let marks = bytes
        .iter()
        .filter(|byte| matches!(byte, b'(' | b')' | b'{' | b'}' | b'[' | b']' | b'=' | b'<' | b'>' | b';' | b'_'))
        .count();
    matches!(last, b'{' | b'}' | b';')
        || (last == b':' && KEYWORDS.iter().any(|word| line.starts_with(word)))
        || (marks >= 2 && marks * 12 >= bytes.len())
        || line.starts_with("//")
        || line.starts_with('#')
        || line.starts_with("return")
        || line.starts_with("import ")
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
            if KEYWORDS.contains(&word) { (hash(word.as_bytes()), 12) } else { (1, 4) }
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
    "unsigned", "use", "using", "var", "virtual", "void", "where", "while", "with", "yield",
];
