//! One request as read: the body, and every leaf of it as a [`Field`].
//!
//! Law 1 rests on this type: each string value, each object key that no table names, and each number of the body is a
//! field. Tokens that are not fields are the punctuation of JSON, `true`, `false`, `null`, and keys equal to a table's word.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Measure, Word};

/// The family of APIs that a client speaks. A backend declares which of them it speaks; nothing is translated.
///
/// A name and no enum: the closed list of dialects is the table in `dialect`, where each is one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Dialect(&'static str);

impl Dialect {
    /// OpenAI's HTTP API and the many servers that speak it.
    pub const OPENAI: Self = Self("openai");

    /// Names a dialect; called by the file that defines it.
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }

    /// The name used in `octroi.toml`, the inventory, logs and records.
    pub const fn name(self) -> &'static str {
        self.0
    }
}

/// What the client asks an API to do: one of the closed words of the dialect's table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Operation(&'static str);

impl Operation {
    /// A chat completion.
    pub const CHAT: Self = Self("chat");
    /// A completion of a prompt.
    pub const COMPLETION: Self = Self("text_completion");
    /// Embeddings of texts.
    pub const EMBEDDINGS: Self = Self("embeddings");
    /// OpenAI's responses.
    pub const RESPONSES: Self = Self("responses");
    /// One of them that its provider keeps: shown again.
    pub const RETRIEVE: Self = Self("responses.retrieve");
    /// The same: what it was asked.
    pub const INPUT_ITEMS: Self = Self("responses.input_items");
    /// The same: deleted.
    pub const DELETE: Self = Self("responses.delete");
    /// The list of models, answered by the gateway itself.
    pub const MODELS: Self = Self("models");

    /// Names an operation; called by the file of a dialect that has it.
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }

    /// The name used in logs and records; OpenTelemetry's GenAI conventions where they have one.
    pub const fn name(self) -> &'static str {
        self.0
    }
}

/// A governed endpoint: a dialect and an operation of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Api {
    /// Whose API.
    pub dialect: Dialect,
    /// Which of its operations.
    pub operation: Operation,
}

/// What a request says beside its body: of its line and its head only what the dialect's table names.
#[derive(Clone, PartialEq, Eq)]
pub struct Line {
    /// The endpoint.
    pub api: Api,
    /// The path that it was asked at, as the dialect's table writes it; empty for the first that has the operation.
    pub template: &'static str,
    /// The model that the path names, percent-decoded, for APIs that have it there. It is the caller's text.
    pub model: Option<String>,
    /// The kept object that the path names, percent-decoded: as the caller wrote it, and once that was opened as its provider does.
    pub object: Option<String>,
    /// Query parameters that go on: borrowed is a word of the table, owned is the caller's own and a leaf of the call.
    pub query: Vec<(&'static str, Cow<'static, str>)>,
    /// Headers that go on, their values joined from closed lists of the table.
    pub headers: Vec<(&'static str, String)>,
}

impl From<Api> for Line {
    fn from(api: Api) -> Self {
        Self { api, template: "", model: None, object: None, query: Vec::new(), headers: Vec::new() }
    }
}

impl Line {
    /// Whether a query parameter has this value.
    pub fn says(&self, name: &str, value: &str) -> bool {
        self.query.iter().any(|(known, said)| *known == name && said == value)
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line").field("api", &self.api).field("parameters", &self.query.len()).finish_non_exhaustive()
    }
}

/// What a leaf of a body is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Text of the system or developer prompt.
    System,
    /// Text of the user.
    User,
    /// Text of an earlier answer, reasoning included.
    Assistant,
    /// Arguments of a tool call, JSON in a string.
    ToolCall,
    /// What a tool answered.
    ToolResult,
    /// Definition of a tool or of a structured answer.
    Schema,
    /// A name that APIs hold to letters, digits, `_` and `-`, and to a length: of a tool, of who speaks, of a format.
    Name,
    /// An id or label that is repeated elsewhere and must stay equal to itself (`tool_call_id`, `user`).
    Identifier,
    /// A switch or number that steers the model (`temperature`, `model`, `role`).
    Control,
    /// Bytes that this build cannot read: images, audio, documents, token arrays.
    Binary,
    /// Something that the provider would fetch or already holds: a URL, a file id.
    Reference,
    /// A tool or prompt that runs at the provider (`web_search`, MCP `server_url`, `prompt.id`).
    Hosted,
    /// A leaf that no table names: inspected and changed like text.
    Unknown,
}

impl Role {
    /// The word used in records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::ToolCall => "tool-call",
            Self::ToolResult => "tool-result",
            Self::Schema => "schema",
            Self::Name => "name",
            Self::Identifier => "identifier",
            Self::Control => "control",
            Self::Binary => "binary",
            Self::Reference => "reference",
            Self::Hosted => "hosted",
            Self::Unknown => "unknown",
        }
    }
}

/// Which characters an API takes in a field, where it takes fewer than a pseudonym has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Spelling {
    /// Any.
    #[default]
    Any,
    /// Letters, digits, blanks, hyphens, round and square brackets: the name of a document at Bedrock.
    Title,
    /// Small letters, digits, `_` and `-`: a label at Google.
    Label,
}

/// Which JSON token a field is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// An object key that no table names.
    Key,
    /// A string value.
    String,
    /// A number, as written.
    Number,
}

/// The decoded text of a field.
#[derive(Clone, PartialEq, Eq)]
pub enum Content {
    /// No escape in the token: the text is this byte range of the body.
    Verbatim(Range<u32>),
    /// The token had escapes: the text after decoding them.
    Decoded(Box<str>),
    /// The token is an attachment in base64 that holds text: what stands before the code, and the text.
    Opened(Box<(String, String)>),
}

impl Content {
    /// Writes another text as the token's own would be written: an attachment in base64 again.
    pub fn written(&self, text: &str) -> String {
        match self {
            Self::Opened(opened) => format!("{}{}", opened.0, STANDARD.encode(text)),
            Self::Verbatim(_) | Self::Decoded(_) => text.to_owned(),
        }
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Verbatim(range) => write!(f, "Verbatim({} bytes)", range.len()),
            Self::Decoded(text) => write!(f, "Decoded({} bytes)", text.len()),
            Self::Opened(opened) => write!(f, "Opened({} bytes)", opened.1.len()),
        }
    }
}

/// One leaf of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// The dialect table's path, such as `messages[].content` or `metadata.*`; never a key of the caller.
    pub path: &'static str,
    /// What the leaf is for.
    pub role: Role,
    /// Which token it is.
    pub kind: TokenKind,
    /// Which characters the API takes in it.
    pub spelling: Spelling,
    /// Byte range of the whole token in the body, half-open, quotes included.
    pub span: Range<u32>,
    /// The decoded text.
    pub content: Content,
    /// Fields with the same number are neighbours that a reader would read as one text (parts of one message).
    pub group: u32,
    /// For a value in an object: index into [`Call::fields`] of its key when that key is itself a field, or the table's
    /// word for it; context for detectors (`"nir": "..."`).
    pub key: FieldKey,
}

/// The key that a value stands under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKey {
    /// An array element, or a key that says nothing.
    None,
    /// A key of the table.
    Known(&'static str),
    /// A key of the caller: index into [`Call::fields`].
    Field(u32),
}

/// One request, parsed. Owns the body; every field points into it.
#[derive(Clone, PartialEq, Eq)]
pub struct Call {
    /// The endpoint.
    pub api: Api,
    /// What the request says beside its body.
    pub line: Line,
    /// The body as received, decompressed: valid UTF-8 and valid RFC 8259 JSON without duplicate keys.
    pub body: String,
    /// Every leaf, in the order of the body.
    pub fields: Vec<Field>,
    /// The documents whose text answers cite by places in it: the field of the text, and the number of the document, from 0.
    pub cited: Vec<(u32, u32)>,
    /// Indices of fields whose text an answer repeats, all of it, to say where something comes from.
    pub sources: Vec<u32>,
    /// The numbers that are places in a text of the call, in the order of the body.
    pub places: Vec<Place>,
    /// Indices of the fields that name the model; none where only the path does.
    pub models: Vec<u32>,
    /// Whether the client asked for a stream.
    pub stream: bool,
    /// Whether a flag asks for an answer that is JSON; names and schemas that do are among the fields.
    pub json: bool,
    /// Span of the value of a top-level `store`, if there is one.
    pub store: Option<Range<u32>>,
    /// Byte offset just behind the `{` that opens the body, where a member can be inserted.
    pub open: u32,
    /// The provider-hosted tools that the call asks for.
    pub hosted: Vec<Hosted>,
    /// The kept answer that the call goes on from.
    pub previous: Option<Previous>,
}

/// A number of a call that is a place in a text of it: where what an earlier answer cites begins or ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Index of the number's field.
    pub field: u32,
    /// The number.
    pub value: u64,
    /// What it counts.
    pub measure: Measure,
    /// Whether it is the end of a range.
    pub end: bool,
    /// Index of the field of the text.
    pub text: u32,
}

/// The kept answer that a call goes on from. What the caller writes for it is a sealed name of ours, and is replaced by the
/// provider's own: no byte of it leaves.
#[derive(Clone, PartialEq, Eq)]
pub struct Previous {
    /// Byte range of the token in the body, half-open, quotes included.
    pub span: Range<u32>,
    /// As the caller wrote it, and once that was opened as its provider does.
    pub id: String,
}

/// A provider-hosted tool that the call asks for.
#[derive(Clone, PartialEq, Eq)]
pub struct Hosted {
    /// The kind of tool, a word of the dialect's table (`web_search`, `mcp`, `prompt`).
    pub kind: Word,
    /// Index of the field that carries the host it would reach, if it has one (`server_url`).
    pub host: Option<u32>,
}

impl Call {
    /// Returns the decoded text of a field of this call.
    pub fn text<'a>(&'a self, field: &'a Field) -> &'a str {
        match &field.content {
            Content::Verbatim(range) => self.body.get(range.start as usize..range.end as usize).unwrap_or_default(),
            Content::Decoded(text) => text,
            Content::Opened(opened) => &opened.1,
        }
    }

    /// The fields in the order in which their texts are read: that of the body, but what stands behind the middle that is asked for
    /// (`suffix`) directly behind what stands before it (`prompt`), whichever of the two the body has first.
    pub fn reading_order(&self) -> Vec<u32> {
        let place = |is_it: fn(&str) -> bool| self.fields.iter().rposition(|field| is_it(field.path));
        let mut order: Vec<u32> = (0..).take(self.fields.len()).collect();
        if let (Some(prompt), Some(suffix)) =
            (place(|path| matches!(path, "prompt" | "prompt[]")), place(|path| path == "suffix"))
        {
            let moved = order.remove(suffix);
            order.insert(if suffix < prompt { prompt } else { prompt + 1 }, moved);
        }
        order
    }

    /// Returns the model that the client asked for, as written. It is the caller's text: map it to a configured name
    /// before it is recorded anywhere.
    pub fn model_asked(&self) -> &str {
        let named = self.models.first().and_then(|index| self.fields.get(*index as usize));
        match (&self.line.model, named) {
            (Some(model), _) => model,
            (None, Some(field)) => self.text(field),
            (None, None) => "",
        }
    }

    /// The kept object that the call names, in its path or in its body.
    pub fn kept(&self) -> Option<&str> {
        let previous = || self.previous.as_ref().map(|previous| previous.id.as_str());
        self.line.object.as_deref().or_else(previous)
    }

    /// Replaces what the caller wrote for a kept object by the provider's own name for it.
    pub fn name_kept(&mut self, own: &str) {
        if let Some(object) = &mut self.line.object {
            own.clone_into(object);
        }
        if let Some(previous) = &mut self.previous {
            own.clone_into(&mut previous.id);
        }
    }

    /// Whether any field has this role.
    pub fn has(&self, role: Role) -> bool {
        self.fields.iter().any(|field| field.role == role)
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("api", &self.api)
            .field("body_bytes", &self.body.len())
            .field("fields", &self.fields.len())
            .field("stream", &self.stream)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Previous {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Previous").field("span", &self.span).finish_non_exhaustive()
    }
}

impl fmt::Debug for Hosted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hosted").field("kind", &self.kind).finish_non_exhaustive()
    }
}
