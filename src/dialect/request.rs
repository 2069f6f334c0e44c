//! Reads a request with a dialect's table: every leaf becomes a field, and what must not pass is refused.
//!
//! Law 1 is kept here. The walk reports each key that is no word of the table, each string and each number, and each becomes
//! a [`Field`]; what no row names gets the role [`Role::Unknown`] and the path of its nearest table parent. What cannot be
//! read is no text wherever it stands: a run of code that holds none, and, where no row says what it is, a URL or a list of
//! numbers. An attachment in base64 that holds text is opened and read in place. Refused are keys that a lax parser could take
//! for a governed one, state that only the provider holds, a choice of where the request goes, two models, and none. A
//! refusal names a code, a path of the table and a byte offset, never a value.
//!
//! Longer than 400 lines: one walk over the table, read as one.

use crate::model::call::{FieldKey, Hosted, Previous};
use crate::model::{Call, Content, Field, Line, Measure, Refusal, Role, TokenKind, Word};
use crate::wire::json::{Bounds, Document, Node, NodeKind, Numbers, folded, inner};
use crate::wire::{attached, holds_opaque};

use super::features::Features;
use super::language::{Endpoint, Streams};
use super::leaf::{Scope, bare_model, blank, index, is_local, linked, silent_speaker, speaker, spelling, steers};
use super::places::Places;
use super::refuse::{asks, malformed, misplaced, ungoverned};
use super::table::{Place, PlaceId, Table};
use super::visit::{At, Spot, Under, Visitor, walk};

/// What stands at a place of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Means {
    /// A leaf of this role; for a pattern that ends in `**`, every leaf and key below.
    Is(Role),
    /// Text of whoever speaks in the turn.
    Spoken,
    /// The same in the characters that the name of a document may have.
    Titled,
    /// A label that is repeated elsewhere, in the characters that one may have.
    Label,
    /// Marks an object as a document, which answers cite by its number.
    Document,
    /// Text of the document that encloses it, of whoever speaks in the turn; answers cite places in it.
    Quoted,
    /// The same in base64, where it holds text; else bytes that nobody reads.
    QuotedFile,
    /// Text of whoever speaks in the turn, in which places stand beside it.
    Cited,
    /// The same that says where something comes from: an answer repeats all of it.
    Source,
    /// Where a range of a cited text begins.
    RangeFrom(Measure),
    /// Where it ends.
    RangeUntil(Measure),
    /// Which document of the request the range is in.
    OfDocument,
    /// The member that names who speaks in the turn that encloses it.
    Speaker,
    /// The same where a turn may leave it out, and is then the user's.
    UserOrSpeaker,
    /// Marks an object as a turn in which this role speaks.
    Speaks(Role),
    /// A URL: bytes when it is a `data:` URL, else something that the provider would fetch.
    Link,
    /// Text of the user, or numbers that are tokens, which cannot be read.
    Prompt,
    /// Marks an object, or a value that is not `null`, that asks for a provider-hosted tool of this kind.
    Hosts(&'static str),
    /// The same, unless its `environment` is of the type `local`: then the tool runs at the client.
    HostsAbroad(&'static str),
    /// The host that the enclosing hosted tool would reach.
    Host,
    /// The model.
    Model,
    /// Whether a stream is asked for.
    Stream,
    /// Whether the answer is to be JSON.
    Json,
    /// Whether the provider may keep the call.
    Store,
    /// Words that ask for features of the API, of which these pass.
    Asks(&'static Features),
    /// The kept answer that the request goes on from: a sealed name of ours, which the provider's own replaces.
    Previous,
    /// Refers to state that the provider holds: refused unless `null` or `false`.
    State,
    /// Chooses where the request goes or which model serves it, which is policy's: refused unless `null` or `false`.
    Routes,
}

/// A request table and the words that are structure in its open parts (keywords of JSON Schema and the like), sorted.
#[derive(Debug)]
pub(crate) struct RequestTable {
    /// The rows.
    pub(crate) table: Table<Means>,
    /// Keys below a `**` that are no leaves.
    pub(crate) words: &'static [&'static str],
}

/// Reads a body.
pub(crate) fn read(
    line: Line,
    body: String,
    (spec, endpoint): (&RequestTable, &Endpoint),
    depth: usize,
) -> Result<Call, Refusal> {
    let bounds = Bounds { depth: depth.min(Bounds::REQUEST.depth), ..Bounds::REQUEST };
    let document = Document::read(&body, bounds, Numbers::All).map_err(malformed)?;
    let open = match document.node(0) {
        Some(root) if root.kind == NodeKind::Object => root.start + 1,
        _ => return Err(Refusal::invalid("invalid_body", "the body must be a JSON object").at("byte 0")),
    };
    if !endpoint.one_of.is_empty() && !endpoint.one_of.iter().any(|name| document.member(0, name).is_some()) {
        return Err(ungoverned(endpoint.one_of));
    }
    let mut reading = Reading {
        spec,
        fields: Vec::with_capacity(document.nodes().len() / 2),
        scopes: vec![Scope::default()],
        turn_groups: Vec::new(),
        groups: 0,
        documents: 0,
        cited: Vec::new(),
        sources: Vec::new(),
        places: Places::default(),
        hosted: Vec::new(),
        models: Vec::new(),
        stream: matches!(endpoint.streams, Streams::Always | Streams::Asked(true)),
        json: false,
        store: None,
        previous: None,
    };
    walk(&document, &spec.table, &mut reading)?;
    let Reading { fields, hosted, cited, sources, places, models, stream, json, store, previous, .. } = reading;
    let places = places.resolve(&fields, &cited);
    let api = line.api;
    let call =
        Call { api, line, body, fields, cited, sources, places, models, stream, json, store, open, hosted, previous };
    let asked = call.model_asked();
    if asked.is_empty() && call.models.is_empty() && endpoint.model_default.is_none() {
        return Err(Refusal::invalid("model_missing", "the body must name a `model`").at("model"));
    }
    let asked = bare_model(asked);
    let named = call.models.iter().filter_map(|index| call.fields.get(*index as usize));
    let free = call.line.model.is_some() && super::language(call.api.dialect).path_names_model;
    if let Some(other) = named.into_iter().find(|field| !free && bare_model(call.text(field)) != asked) {
        let message = "the request names two models; name one, in every place";
        return Err(Refusal::invalid("model_conflict", message).at(other.path));
    }
    Ok(call)
}

struct Reading<'t> {
    spec: &'t RequestTable,
    fields: Vec<Field>,
    scopes: Vec<Scope>,
    /// Groups of the turn at hand, by path.
    turn_groups: Vec<(&'static str, u32)>,
    groups: u32,
    /// Documents so far.
    documents: u32,
    cited: Vec<(u32, u32)>,
    sources: Vec<u32>,
    places: Places,
    hosted: Vec<Hosted>,
    models: Vec<u32>,
    stream: bool,
    json: bool,
    store: Option<std::ops::Range<u32>>,
    previous: Option<Previous>,
}

impl<'d> Visitor<'d, Means> for Reading<'_> {
    type Error = Refusal;

    fn enter(&mut self, document: &Document<'d>, at: &At<'_, Means>, node: &Node) -> Result<(), Refusal> {
        let mut scope = Scope { from: node.start, until: node.span().end, ..self.scope() };
        if let Spot::Known(place) = at.spot {
            scope.of_document = self.of_document(document, at, place);
            match place.means {
                Some(Means::Speaks(role)) => scope = Scope { speaker: role, turn: true, ..scope },
                Some(Means::Hosts(kind)) => scope.hosted = Some(self.host(kind)),
                Some(Means::HostsAbroad(kind)) if !is_local(document, at.index) => scope.hosted = Some(self.host(kind)),
                Some(Means::Document) => {
                    scope.document = Some(self.documents);
                    self.documents += 1;
                }
                Some(means) if steers(means) => return Err(misplaced(means, place, node)),
                _ => {}
            }
            if node.kind == NodeKind::Object
                && let Some(silent) = silent_speaker(&self.spec.table, place)
            {
                if !matches!(place.means, Some(Means::Speaks(_))) {
                    scope.speaker = speaker(document, at.index, silent);
                }
                scope.turn = true;
            }
            if scope.turn && !self.scope().turn {
                self.turn_groups.clear();
            }
        }
        self.scopes.push(scope);
        Ok(())
    }

    fn leave(&mut self) {
        self.scopes.pop();
    }

    fn key(&mut self, document: &Document<'d>, at: &At<'_, Means>, node: &Node) -> Result<(), Refusal> {
        let (path, means) = match at.spot {
            Spot::Known(place) => (place.path, place.means),
            Spot::Below(path, means) => (path, Some(means)),
            Spot::Unknown(path) => (path, None),
        };
        let role = match means {
            Some(Means::Is(role)) => role,
            Some(Means::Label) => Role::Identifier,
            Some(Means::Hosts(_) | Means::HostsAbroad(_)) => Role::Hosted,
            _ => Role::Unknown,
        };
        self.push(document, node, Field { path, role, spelling: spelling(means), ..blank(TokenKind::Key) });
        Ok(())
    }

    fn leaf(&mut self, document: &Document<'d>, at: &At<'_, Means>, node: &Node) -> Result<(), Refusal> {
        let (path, means) = match at.spot {
            Spot::Known(place) => match place.means.or(place.below) {
                Some(means) => (place.path, Some(means)),
                None => (place.beyond, None),
            },
            Spot::Below(path, means) => (path, Some(means)),
            Spot::Unknown(path) => (path, None),
        };
        if let (Some(means), Spot::Known(place)) = (means, at.spot) {
            self.steer(document, means, (place, node))?;
        }
        let kind = match node.kind {
            NodeKind::String => TokenKind::String,
            NodeKind::Number => TokenKind::Number,
            _ => return Ok(()),
        };
        let role = self.role(document, (means, at.key), node);
        if means == Some(Means::Previous) {
            // Nothing of it leaves: what it names, and what is known of that, is for whoever has the key.
            let (span, id) = (node.span(), document.decoded(node).into_owned());
            let content = Content::Decoded(Box::default());
            self.fields.push(Field { path, role, span: span.clone(), content, ..blank(kind) });
            self.previous = Some(Previous { span, id });
            return Ok(());
        }
        let index = index(self.fields.len());
        let key = match at.key {
            Under::Nothing => FieldKey::None,
            Under::Word(word) => FieldKey::Known(word),
            // The key of a leaf is the token before it, and so the last field.
            Under::Key(_) => FieldKey::Field(index.saturating_sub(1)),
        };
        self.push(document, node, Field { path, role, key, spelling: spelling(means), ..blank(kind) });
        match means {
            Some(Means::Model) => self.models.push(index),
            Some(Means::Cited) => self.places.text(index),
            Some(Means::Source) => self.sources.push(index),
            Some(Means::RangeFrom(measure)) => self.number(document, (index, node), (measure, false)),
            Some(Means::RangeUntil(measure)) => self.number(document, (index, node), (measure, true)),
            Some(Means::Quoted | Means::QuotedFile) => self.cited.extend(self.scope().document.map(|it| (index, it))),
            Some(Means::Host) => {
                let hosted = self.scope().hosted.and_then(|at| self.hosted.get_mut(at));
                if let Some(hosted) = hosted {
                    hosted.host = Some(index);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn stray(&mut self, document: &Document<'d>, place: &Place<Means>, node: &Node) -> Result<(), Refusal> {
        if place.members().is_empty() || place.member(&folded(&document.decoded(node))).is_none() {
            return Ok(());
        }
        let message = "a key differs from a key of this API only in case or in characters that some parsers ignore; \
                       write it as the API's documentation does";
        Err(Refusal::invalid("key_variant", message).at(format!("{} byte {}", place.beyond, node.start)))
    }

    fn word(&self, _: Means, key: &str) -> Option<&'static str> {
        let words = self.spec.words;
        words.binary_search(&key).ok().and_then(|at| words.get(at)).copied()
    }
}

impl Reading<'_> {
    fn scope(&self) -> Scope {
        self.scopes.last().copied().unwrap_or_default()
    }

    /// Acts on the leaves that steer the gateway itself.
    fn steer(
        &mut self,
        document: &Document<'_>,
        means: Means,
        (place, node): (&Place<Means>, &Node),
    ) -> Result<(), Refusal> {
        match (means, node.kind) {
            (Means::Model | Means::Previous, NodeKind::String)
            | (Means::Stream | Means::Previous, NodeKind::Null)
            | (Means::State | Means::Routes, NodeKind::False | NodeKind::Null) => {}
            (Means::Stream, NodeKind::False) => self.stream = false,
            (Means::Stream, NodeKind::True) => self.stream = true,
            (Means::Json, NodeKind::True) => self.json = true,
            (Means::Store, NodeKind::True | NodeKind::False | NodeKind::Null) => self.store = Some(node.span()),
            (Means::Asks(features), NodeKind::String) => asks(features, &document.decoded(node), (place, node))?,
            (means, _) if steers(means) => return Err(misplaced(means, place, node)),
            (Means::Hosts(kind) | Means::HostsAbroad(kind), NodeKind::String | NodeKind::Number | NodeKind::True) => {
                self.host(kind);
            }
            _ => {}
        }
        Ok(())
    }

    fn role(&self, document: &Document<'_>, (means, key): (Option<Means>, Under), node: &Node) -> Role {
        match means {
            Some(Means::Is(role)) => role,
            Some(Means::Spoken | Means::Titled | Means::Quoted | Means::Cited | Means::Source) => self.scope().speaker,
            Some(Means::Label) => Role::Identifier,
            Some(Means::Link) => linked(&document.decoded(node)).unwrap_or(Role::Reference),
            Some(Means::Prompt) if node.kind == NodeKind::Number => Role::Binary,
            Some(Means::QuotedFile) => Role::Binary,
            Some(Means::Prompt) => Role::User,
            Some(Means::Hosts(_) | Means::HostsAbroad(_) | Means::Host) => Role::Hosted,
            Some(
                Means::Speaker
                | Means::UserOrSpeaker
                | Means::RangeFrom(_)
                | Means::RangeUntil(_)
                | Means::OfDocument
                | Means::Model
                | Means::Stream
                | Means::Json
                | Means::Store
                | Means::Asks(_)
                | Means::Previous
                | Means::State
                | Means::Routes,
            ) => Role::Control,
            // What a list of numbers says, nobody knows: tokens of a text, its characters, the bytes of an image.
            None if node.kind == NodeKind::Number && key == Under::Nothing => Role::Binary,
            None if node.kind == NodeKind::String => linked(&document.decoded(node)).unwrap_or(Role::Unknown),
            Some(Means::Speaks(_) | Means::Document) | None => Role::Unknown,
        }
    }

    fn host(&mut self, kind: &'static str) -> usize {
        self.hosted.push(Hosted { kind: Word::fixed(kind), host: None });
        self.hosted.len() - 1
    }

    /// Notes a number that is a place in a text.
    fn number(&mut self, document: &Document<'_>, (field, node): (u32, &Node), counts: (Measure, bool)) {
        let around = self.scopes.iter().rev().map(|scope| scope.from..scope.until);
        self.places.number((field, document.raw(node)), counts, self.scope().of_document, around);
    }

    /// Which document of the request the places in an object are in, where it says so.
    fn of_document(&self, document: &Document<'_>, at: &At<'_, Means>, place: &Place<Means>) -> Option<u32> {
        let is_it = |id: PlaceId| self.spec.table.place(id).is_some_and(|it| it.means == Some(Means::OfDocument));
        let (name, _) = place.members().iter().find(|(_, id)| is_it(*id))?;
        document.raw(document.node(document.member(at.index, name)?)?).parse().ok()
    }

    /// Completes a field with its token and its group.
    fn push(&mut self, document: &Document<'_>, node: &Node, mut field: Field) {
        field.span = node.span();
        field.content = match node.kind {
            NodeKind::Key | NodeKind::String if node.escaped => Content::Decoded(document.decoded(node).into()),
            NodeKind::Key | NodeKind::String => Content::Verbatim(inner(&node.span())),
            _ => Content::Verbatim(node.span()),
        };
        let text = match &field.content {
            Content::Decoded(text) => &**text,
            Content::Verbatim(_) | Content::Opened(_) => document.raw(node),
        };
        if field.role == Role::Binary
            && node.kind == NodeKind::String
            && let Some((before, opened)) = attached(text.trim_matches('"')).filter(|(_, opened)| !holds_opaque(opened))
        {
            // The words of whoever speaks here; an attachment stands alone.
            let speaker = self.scope().speaker;
            field.role = if speaker == Role::Unknown { Role::User } else { speaker };
            field.content = Content::Opened(Box::new((before.to_owned(), opened)));
            self.groups += 1;
            field.group = self.groups;
            return self.fields.push(field);
        }
        if !matches!(field.role, Role::Binary | Role::Reference | Role::Hosted) && holds_opaque(text) {
            field.role = Role::Binary;
        }
        field.group = self.group(&field);
        self.fields.push(field);
    }

    /// Strings of one path in one turn are one text; everything else, and what stands below an open path, stands alone.
    fn group(&mut self, field: &Field) -> u32 {
        let path = field.path;
        let text = matches!(field.role, Role::System | Role::User | Role::Assistant | Role::ToolResult);
        let joined = text && field.kind == TokenKind::String && self.scope().turn && !path.ends_with('*');
        if joined && let Some((_, group)) = self.turn_groups.iter().find(|(known, _)| *known == path) {
            return *group;
        }
        self.groups += 1;
        if joined {
            self.turn_groups.push((path, self.groups));
        }
        self.groups
    }
}
