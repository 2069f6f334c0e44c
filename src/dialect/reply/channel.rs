//! The running texts of a reply: what they are called, and which of them belong together. Texts themselves are not held here.

/// One running text of a reply. Equal channels are one text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Channel {
    /// Which kind of text.
    pub kind: ChannelKind,
    /// Index of the choice (chat, completions), the output item (responses), the content block or the candidate.
    pub outer: u32,
    /// Index of the tool call, the content part, the summary part or the command within it; 0 where there is none.
    pub inner: u32,
}

/// Texts that clients put together, in their order: the parts of one message, of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Joint {
    /// What they are: a text, or its reasoning.
    pub kind: ChannelKind,
    /// Index of the choice or candidate.
    pub choice: u32,
}

/// The kinds of running text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ChannelKind {
    /// The answer.
    Text,
    /// A part of an answer that comes as a list of parts.
    TextPart,
    /// A part of such an answer that is reasoning.
    ThinkingPart,
    /// Reasoning that is shown (`reasoning_content`, `reasoning_text`).
    Reasoning,
    /// The same under the name `reasoning`, which some servers send beside the other.
    ReasoningAlias,
    /// Entries of a list of reasoning pieces.
    ReasoningDetail,
    /// Summary of reasoning.
    ReasoningSummary,
    /// Summary that takes the place of earlier turns.
    Compaction,
    /// What the answer cites, built up piece by piece.
    Quotation,
    /// A refusal by the model.
    Refusal,
    /// The name of a tool that is called.
    Name,
    /// Arguments of a tool call.
    Arguments,
    /// One argument of a tool call, in pieces that name its path: a hash of the path tells one from the other.
    Argument(u32),
    /// Arguments of the older single function call.
    FunctionArguments,
    /// Free-form input of a custom tool.
    CustomInput,
    /// What is said in audio, as text.
    Transcript,
    /// Code that a provider's interpreter runs.
    Code,
    /// A shell command.
    Command,
    /// Output of a command.
    Stdout,
    /// Error output of a command.
    Stderr,
    /// Arguments of a remote tool's call.
    McpArguments,
    /// What events of a type that no table knows say, piece by piece: a hash of the type tells one text from the other.
    Unnamed(u32),
    /// A text that is whole in its leaf and belongs to no running text.
    Whole,
}

impl ChannelKind {
    /// Whether the text is JSON, so that what is put into it lands within a JSON string.
    pub const fn is_json(self) -> bool {
        matches!(self, Self::Arguments | Self::FunctionArguments | Self::McpArguments)
    }

    /// What clients put its parts together as; nothing where each is a text of its own, like the arguments of a call.
    pub(crate) const fn joined(self) -> Option<Self> {
        Some(match self {
            Self::Text | Self::TextPart => Self::Text,
            Self::Reasoning | Self::ThinkingPart => Self::Reasoning,
            Self::ReasoningAlias
            | Self::ReasoningDetail
            | Self::ReasoningSummary
            | Self::Refusal
            | Self::Transcript
            | Self::Compaction => self,
            _ => return None,
        })
    }
}
