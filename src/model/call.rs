//! One request as read: the body, and every leaf of it as a [`Field`].
//!
//! Law 1 rests on this type: each string value, each object key that no table names, and each number of the body is a
//! field. Tokens that are not fields are the punctuation of JSON, `true`, `false`, `null`, and keys equal to a table's word.

use std::fmt;
use std::ops::Range;

use super::Word;

/// The family of APIs that a client speaks. A backend declares which of them it speaks; nothing is translated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dialect {
    /// OpenAI's HTTP API and the many servers that speak it.
    OpenAi,
}

impl Dialect {
    /// The name used in `octroi.toml`, the inventory, logs and records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
        }
    }

    /// Reads a name written in a configuration file.
    pub fn named(name: &str) -> Option<Self> {
        (name == "openai").then_some(Self::OpenAi)
    }
}

/// What the client asks an API to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Operation {
    /// `POST /v1/chat/completions`
    ChatCompletions,
    /// `POST /v1/completions`
    Completions,
    /// `POST /v1/embeddings`
    Embeddings,
    /// `POST /v1/responses`
    Responses,
    /// `GET /v1/models`, answered by the gateway itself.
    Models,
}

impl Operation {
    /// The name used in logs and records; OpenTelemetry's GenAI conventions where they have one.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ChatCompletions => "chat",
            Self::Completions => "text_completion",
            Self::Embeddings => "embeddings",
            Self::Responses => "responses",
            Self::Models => "models",
        }
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
    /// A name or id that is repeated elsewhere and must stay equal to itself (`tool_call_id`, `user`).
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
            Self::Identifier => "identifier",
            Self::Control => "control",
            Self::Binary => "binary",
            Self::Reference => "reference",
            Self::Hosted => "hosted",
            Self::Unknown => "unknown",
        }
    }
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
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Verbatim(range) => write!(f, "Verbatim({} bytes)", range.len()),
            Self::Decoded(text) => write!(f, "Decoded({} bytes)", text.len()),
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
    /// The body as received, decompressed: valid UTF-8 and valid RFC 8259 JSON without duplicate keys.
    pub body: String,
    /// Every leaf, in the order of the body.
    pub fields: Vec<Field>,
    /// Index of the field that names the model.
    pub model: u32,
    /// Whether the client asked for a stream.
    pub stream: bool,
    /// Span of the value of a top-level `store`, if there is one.
    pub store: Option<Range<u32>>,
    /// Byte offset just behind the `{` that opens the body, where a member can be inserted.
    pub open: u32,
    /// The provider-hosted tools that the call asks for.
    pub hosted: Vec<Hosted>,
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
        }
    }

    /// Returns the model that the client asked for, as written. It is the caller's text: map it to a configured name
    /// before it is recorded anywhere.
    pub fn model_asked(&self) -> &str {
        self.fields.get(self.model as usize).map_or("", |field| self.text(field))
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

impl fmt::Debug for Hosted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hosted").field("kind", &self.kind).finish_non_exhaustive()
    }
}
