//! HTML: what a reader sees. Scripts and styles are not read; blocks end a line.

use html5gum::{DefaultEmitter, Token, Tokenizer};

/// The text of a page. Any text is a page: the standard says what a browser makes of it.
pub(super) fn text(page: &str) -> String {
    let mut out = String::with_capacity(page.len() / 2);
    let mut hidden: Option<Vec<u8>> = None;
    // Within a script neither tags nor comments count: what would end one there must not swallow the page behind it.
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    for token in Tokenizer::new_with_emitter(page, emitter) {
        let Ok(token) = token;
        match token {
            Token::StartTag(tag) => {
                let name: &[u8] = &tag.name;
                if hidden.is_none() && !tag.self_closing && HIDDEN.contains(&name) {
                    hidden = Some(name.to_vec());
                }
                part(&mut out, name);
            }
            Token::EndTag(tag) => {
                let name: &[u8] = &tag.name;
                if hidden.as_deref() == Some(name) {
                    hidden = None;
                }
                part(&mut out, name);
            }
            Token::String(text) if hidden.is_none() => out.push_str(&String::from_utf8_lossy(&text)),
            _ => {}
        }
    }
    out
}

fn part(out: &mut String, name: &[u8]) {
    if !INLINE.contains(&name) {
        out.push('\n');
    }
}

const HIDDEN: &[&[u8]] = &[b"script", b"style", b"template"];
const INLINE: &[&[u8]] = &[
    b"a", b"abbr", b"b", b"bdi", b"bdo", b"big", b"cite", b"code", b"em", b"font", b"i", b"ins", b"kbd", b"mark", b"q",
    b"s", b"samp", b"small", b"span", b"strong", b"sub", b"sup", b"tt", b"u", b"var", b"wbr",
];
