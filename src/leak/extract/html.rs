//! HTML: what a reader sees. Scripts and styles are not read; blocks end a line. What is said of a picture, a link or the page
//! (`alt`, `title`, its description) stands behind the rest, so that it parts no sentence.

use html5gum::{DefaultEmitter, StartTag, Token, Tokenizer};

/// The text of a page. Any text is a page: the standard says what a browser makes of it.
pub(super) fn text(page: &str) -> String {
    let mut out = String::with_capacity(page.len() / 2);
    let mut aside = String::new();
    let mut hidden: Option<Vec<u8>> = None;
    // Within a script neither tags nor comments count: what would end one there must not swallow the page behind it.
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    for token in Tokenizer::new_with_emitter(page, emitter) {
        let Ok(token) = token;
        match token {
            Token::StartTag(tag) => {
                let name: &[u8] = &tag.name;
                if hidden.is_none() {
                    said(&tag, &mut aside);
                }
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
    out.push_str(&aside);
    out
}

/// Takes what the attributes of a tag say, each on a line of its own.
fn said(tag: &StartTag<()>, aside: &mut String) {
    let value = |name: &[u8]| tag.attributes.get(name).map(|value| String::from_utf8_lossy(value).into_owned());
    let of_page = || {
        let named = value(b"name").or_else(|| value(b"property"))?.to_ascii_lowercase();
        TOLD.iter().any(|told| named.ends_with(told)).then(|| value(b"content")).flatten()
    };
    let page = if *tag.name == b"meta" { of_page() } else { None };
    for text in SAID.iter().filter_map(|name| value(name)).chain(page).filter(|text| !text.trim().is_empty()) {
        aside.push('\n');
        aside.push_str(&text);
    }
}

fn part(out: &mut String, name: &[u8]) {
    if !INLINE.contains(&name) {
        out.push('\n');
    }
}

/// Attributes that a reader is shown or told.
const SAID: &[&[u8]] = &[b"alt", b"title", b"placeholder", b"aria-label"];
/// What the names of `<meta>` end with that say what a page is about: `description`, `og:title`.
const TOLD: &[&str] = &["description", "title", "keywords"];
const HIDDEN: &[&[u8]] = &[b"script", b"style", b"template"];
const INLINE: &[&[u8]] = &[
    b"a", b"abbr", b"b", b"bdi", b"bdo", b"big", b"cite", b"code", b"em", b"font", b"i", b"ins", b"kbd", b"mark", b"q",
    b"s", b"samp", b"small", b"span", b"strong", b"sub", b"sup", b"tt", b"u", b"var", b"wbr",
];
