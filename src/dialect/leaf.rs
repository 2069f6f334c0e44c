//! What a leaf of a request is by itself or by what stands beside it, where no row of a table says it.

use super::request::Means;
use super::table::{Place, PlaceId, Table};
use crate::model::call::FieldKey;
use crate::model::{Content, Field, Role, Spelling, TokenKind};
use crate::wire::json::{Document, NodeKind};

/// Looks ahead for who speaks in a turn; `role` may follow `content`. `silent`: who does where it names nobody.
pub(super) fn speaker(document: &Document<'_>, turn: u32, silent: Role) -> Role {
    let named = document.member(turn, "role").and_then(|value| document.node(value));
    let named = named.filter(|node| node.kind != NodeKind::Null);
    match named.map(|node| document.decoded(node)).as_deref() {
        Some("system" | "developer") => Role::System,
        Some("user") => Role::User,
        Some("assistant" | "model") => Role::Assistant,
        Some("tool" | "function") => Role::ToolResult,
        Some(_) => Role::Unknown,
        None => silent,
    }
}

/// Who speaks in an object of this place that does not say so, where one may say so.
pub(super) fn silent_speaker(table: &Table<Means>, place: &Place<Means>) -> Option<Role> {
    let means = |id: PlaceId| table.place(id).and_then(|member| member.means);
    place.members().iter().find_map(|(_, id)| match means(*id) {
        Some(Means::Speaker) => Some(Role::Unknown),
        Some(Means::UserOrSpeaker) => Some(Role::User),
        _ => None,
    })
}

/// Whether a tool says that it runs at the client.
pub(super) fn is_local(document: &Document<'_>, tool: u32) -> bool {
    let kind = document.member(tool, "environment").and_then(|environment| document.member(environment, "type"));
    kind.and_then(|kind| document.node(kind)).is_some_and(|kind| document.decoded(kind) == "local")
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

/// Which characters the API takes in a leaf.
pub(super) const fn spelling(means: Option<Means>) -> Spelling {
    match means {
        Some(Means::Titled) => Spelling::Title,
        Some(Means::Label) => Spelling::Label,
        _ => Spelling::Any,
    }
}

/// A leaf of which nothing is known but its token.
pub(super) fn blank(kind: TokenKind) -> Field {
    let content = Content::Verbatim(0..0);
    let (role, spelling) = (Role::Unknown, Spelling::Any);
    Field { path: "", role, kind, spelling, span: 0..0, content, group: 0, key: FieldKey::None }
}

/// Whether a leaf steers the gateway itself.
pub(super) const fn steers(means: Means) -> bool {
    use Means::{Model, Previous, Routes, State, Store, Stream};
    matches!(means, Model | Stream | Store | Previous | State | Routes)
}

/// What an API writes before a model's name: Google's are names of resources.
pub(super) fn model_prefix(model: &str) -> &'static str {
    if model.starts_with("models/") { "models/" } else { "" }
}

/// The model's name alone.
pub(super) fn bare_model(model: &str) -> &str {
    model.strip_prefix(model_prefix(model)).unwrap_or(model)
}

/// An index as it is kept; the bounds of a body keep the number of fields below it.
pub(super) fn index(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// What an object or array passes on to what stands in it.
#[derive(Clone, Copy)]
pub(super) struct Scope {
    pub(super) speaker: Role,
    pub(super) turn: bool,
    pub(super) hosted: Option<usize>,
    pub(super) document: Option<u32>,
    /// The document of the request that the places in the object are in.
    pub(super) of_document: Option<u32>,
    /// The span of the object or array.
    pub(super) from: u32,
    pub(super) until: u32,
}

impl Default for Scope {
    fn default() -> Self {
        Self { speaker: Role::Unknown, turn: false, hosted: None, document: None, of_document: None, from: 0, until: 0 }
    }
}
