//! What a leaf of a request is by itself or by what stands beside it, where no row of a table says it.

use crate::model::call::FieldKey;
use crate::model::{Content, Field, Role, TokenKind};
use crate::wire::json::Document;

/// Looks ahead for who speaks in a turn; `role` may follow `content`.
pub(super) fn speaker(document: &Document<'_>, turn: u32) -> Role {
    let named = document.member(turn, "role").and_then(|value| document.node(value));
    match named.map(|node| document.decoded(node)).as_deref() {
        Some("system" | "developer") => Role::System,
        Some("user") => Role::User,
        Some("assistant" | "model") => Role::Assistant,
        Some("tool" | "function") => Role::ToolResult,
        _ => Role::Unknown,
    }
}

/// What a text is that is nothing but a URL: the bytes that it carries, or something that the provider would fetch.
pub(super) fn linked(text: &str) -> Option<Role> {
    let text = text.trim_matches(|c: char| c.is_whitespace() || c.is_control());
    let (scheme, rest) = text.split_once(':')?;
    let named = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    if !named {
        None
    } else if scheme.eq_ignore_ascii_case("data") {
        Some(Role::Binary)
    } else {
        (rest.starts_with("//") && !rest.contains(char::is_whitespace)).then_some(Role::Reference)
    }
}

/// A leaf of which nothing is known but its token.
pub(super) fn blank(kind: TokenKind) -> Field {
    let content = Content::Verbatim(0..0);
    Field { path: "", role: Role::Unknown, kind, span: 0..0, content, group: 0, key: FieldKey::None }
}
