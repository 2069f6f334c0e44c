//! Probabilities of tokens: which token each of them is of, so that those of a pseudonym can be taken out and the rest stay.
//!
//! Two shapes are read, in whole replies and in events of a stream:
//!
//! ```text
//! entries   [{"token": "Dear", "bytes": [68, …], "logprob": -0.1, "top_logprobs": […]}, …]     chat, responses, Ollama
//! columns   {"tokens": ["Dear", …], "token_logprobs": […], "top_logprobs": […], "text_offset": […]}   completions
//! ```
//!
//! Gemini's lists of candidates are columns of entries. What is of no known shape cannot be told apart: it is withheld whole.

use std::fmt;
use std::ops::Range;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::wire::json::{Document, Node, NodeKind};

/// Probabilities of the tokens of one or several texts.
#[derive(Clone, PartialEq, Eq)]
pub struct Logprobs {
    /// Byte range of the whole value.
    pub span: Range<u32>,
    /// What stands there when all are withheld.
    pub instead: &'static str,
    /// A list for each text; none when they cannot be told apart.
    pub lists: Vec<TokenList>,
}

/// The tokens of one text, in order.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenList {
    /// Index of the choice, output item or candidate.
    pub outer: u32,
    /// The bytes that each token adds to the text.
    pub tokens: Vec<Vec<u8>>,
    /// The arrays that have an element for each token.
    pub columns: Vec<Column>,
}

/// An array with an element for each token.
#[derive(Clone, PartialEq, Eq)]
pub struct Column {
    /// Byte range of the array.
    pub span: Range<u32>,
    /// Its elements, as they stand.
    pub cells: Vec<String>,
    /// They are places in the text, in characters.
    pub offsets: bool,
}

impl TokenList {
    /// Whether the tokens make up this text.
    pub fn is_of(&self, text: &str) -> bool {
        let length: usize = self.tokens.iter().map(Vec::len).sum();
        length == text.len() && self.tokens.iter().flatten().eq(text.as_bytes())
    }
}

/// Members of the object of columns that are no columns of their own.
const COLUMNS: [&str; 4] = ["tokens", "token_logprobs", "top_logprobs", "text_offset"];

/// Reads what stands at a place of probabilities.
pub(super) fn read(document: &Document<'_>, index: u32, node: &Node, instead: &'static str, outer: u32) -> Logprobs {
    let lists = match node.kind {
        NodeKind::Array => entries(document, node, outer).map(|list| vec![list]),
        NodeKind::Object => by_member(document, index, outer),
        _ => None,
    };
    Logprobs { span: node.span(), instead, lists: lists.unwrap_or_default() }
}

/// The lists of an object; nothing when a member of it is not known.
fn by_member(document: &Document<'_>, object: u32, outer: u32) -> Option<Vec<TokenList>> {
    let members: Option<Vec<(String, &Node)>> = document
        .members(object)
        .map(|(key, value)| Some((document.decoded(document.node(key)?).into_owned(), document.node(value)?)))
        .collect();
    let mut members = members?;
    members.retain(|(_, value)| value.kind != NodeKind::Null);
    let named = |name: &str| members.iter().find(|(known, _)| known == name).map(|(_, value)| *value);
    let all_of = |names: &[&str]| members.iter().all(|(name, _)| names.contains(&name.as_str()));
    if let (Some(tokens), true) = (named("tokens"), all_of(&COLUMNS)) {
        let of: Vec<String> = serde_json::from_str(document.raw(tokens)).ok()?;
        let columns = members.iter().map(|(name, value)| column(document, value, name == "text_offset"));
        return aligned(outer, of.into_iter().map(String::into_bytes).collect(), columns.collect())
            .map(|one| vec![one]);
    }
    if let (Some(chosen), true) = (named("chosenCandidates"), all_of(&["chosenCandidates", "topCandidates"])) {
        let TokenList { tokens, .. } = entries(document, chosen, outer)?;
        let columns = members.iter().map(|(_, value)| column(document, value, false));
        return aligned(outer, tokens, columns.collect()).map(|one| vec![one]);
    }
    all_of(&["content", "refusal"])
        .then(|| members.iter().map(|(_, value)| entries(document, value, outer)).collect())
        .flatten()
}

/// An entry of a token; what else it has goes with it.
#[derive(Deserialize)]
struct Entry {
    token: String,
    /// The bytes where a token is only a part of a character.
    bytes: Option<Vec<u8>>,
}

fn entries(document: &Document<'_>, node: &Node, outer: u32) -> Option<TokenList> {
    let entries: Vec<Entry> = serde_json::from_str(document.raw(node)).ok()?;
    let tokens = entries.into_iter().map(|entry| entry.bytes.unwrap_or_else(|| entry.token.into_bytes())).collect();
    aligned(outer, tokens, vec![column(document, node, false)])
}

fn column(document: &Document<'_>, node: &Node, offsets: bool) -> Option<Column> {
    let cells: Vec<&RawValue> = serde_json::from_str(document.raw(node)).ok()?;
    let cells = cells.into_iter().map(|cell| cell.get().to_owned()).collect();
    Some(Column { span: node.span(), cells, offsets })
}

/// A list whose columns all have an element for each token. An empty column of offsets says none, and stays.
fn aligned(outer: u32, tokens: Vec<Vec<u8>>, columns: Vec<Option<Column>>) -> Option<TokenList> {
    let mut columns: Vec<Column> = columns.into_iter().collect::<Option<_>>()?;
    columns.retain(|column| !column.cells.is_empty());
    columns.iter().all(|column| column.cells.len() == tokens.len()).then_some(TokenList { outer, tokens, columns })
}

impl fmt::Debug for Logprobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Logprobs").field("span", &self.span).field("lists", &self.lists).finish_non_exhaustive()
    }
}

impl fmt::Debug for TokenList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenList")
            .field("tokens", &self.tokens.len())
            .field("columns", &self.columns)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Column").field("span", &self.span).field("cells", &self.cells.len()).finish_non_exhaustive()
    }
}
