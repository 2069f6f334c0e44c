//! What a dialect is, as data: its endpoints, what it passes on of line and head, and the few shapes that are no tables.
//!
//! An API is one file (or folder) with a [`Language`], named once in [`LANGUAGES`]. Paths are compared byte by byte with the
//! templates of the endpoints: nothing is normalised, so `//`, `/./`, another case or `;x` make a path that is not on the
//! list. A variable of a template stands for one segment; only the model is taken from it, percent-decoded, and it goes to no
//! backend, because the outgoing path is made of the template and the backend's own name. Headers pass from closed lists, so
//! that none can carry a value of the caller's; how query parameters do is in [`super::query`].

use std::sync::LazyLock;

use http::{HeaderMap, Method};

use super::failure::{Failures, Told};
use super::features::Features;
use super::query::Parameters;
use super::reply::{Channel, Flush, Held, Says};
use super::request::RequestTable;
use super::table::Table;
use super::ungoverned::{beginning, covers, spelt};
use super::{LANGUAGES, openai, query, ungoverned};
use crate::limits;
use crate::model::{Api, Country, Dialect, Fault, Line, Operation, Refusal};

/// A dialect.
pub(crate) struct Language {
    /// Its name.
    pub(crate) dialect: Dialect,
    /// A header that only its clients send, where other dialects have the same paths.
    pub(crate) mark: Option<&'static str>,
    /// What is governed.
    pub(crate) endpoints: &'static [Endpoint],
    /// Endpoints that the API has and this gateway does not govern, to be named in the refusal.
    pub(crate) ungoverned: &'static [&'static str],
    /// Where its paths name a model, its servers do not look at the body's, and clients write there what they like.
    pub(crate) path_names_model: bool,
    /// Its clients may send a body without saying that it is JSON.
    pub(crate) untyped: bool,
    /// Its streams are server-sent events.
    pub(crate) events: bool,
    /// Headers that are passed on, each with the words that it may hold; one without words is refused.
    pub(crate) headers: &'static [(&'static str, &'static Features)],
    /// Paths and beginnings of values by which a request asks for an answer that is JSON itself.
    pub(crate) json_answers: &'static [(&'static str, &'static str)],
    /// Writes a refusal.
    pub(crate) error_body: fn(&Refusal, &str) -> String,
    /// Writes the event that ends a broken stream.
    pub(crate) stream_error: WriteError,
    /// The words in which its servers say that they failed.
    pub(crate) failures: &'static Failures,
    /// Writes the list of models, or one of them.
    pub(crate) models_body: WriteModels,
    /// Writes the event that carries held-back text; the template is the data of an earlier event.
    pub(crate) flush: fn(Api, &str, Channel, Held<'_>, Option<u64>) -> Option<Flush>,
}

/// Writes the last event of a broken stream: its number, and the class of a failure.
pub(crate) type WriteError = fn(Api, &Refusal, &str, (Option<u64>, Told)) -> Flush;

/// Writes a list of models, each with the countries that it is served from, or its only element alone.
pub(crate) type WriteModels = fn(&[(&str, &[Country])], bool) -> String;

/// A governed endpoint.
pub(crate) struct Endpoint {
    /// What it does.
    pub(crate) operation: Operation,
    /// Its method.
    pub(crate) method: &'static str,
    /// The path that clients use; a segment may be a variable: `/model/{model}/converse`.
    pub(crate) path: &'static str,
    /// The path behind a backend's base path.
    pub(crate) upstream: &'static str,
    /// Query parameters that are taken, each with what it may hold.
    pub(crate) query: Parameters,
    /// How requests are read; none: without a body, answered by the gateway.
    pub(crate) request: Option<&'static LazyLock<RequestTable>>,
    /// How whole replies are read.
    pub(crate) whole: &'static LazyLock<Table<Says>>,
    /// How the events of a stream are read.
    pub(crate) event: &'static LazyLock<Table<Says>>,
    /// Whether answers are streamed.
    pub(crate) streams: Streams,
    /// Whether the provider keeps the call unless `store` says otherwise.
    pub(crate) keeps: bool,
    /// The model that is meant where a body names none, where the API has one.
    pub(crate) model_default: Option<&'static str>,
    /// Members of a body, one of which it must have to be governed; none named: whatever it has.
    pub(crate) one_of: &'static [&'static str],
    /// Other dialects whose servers have this endpoint.
    pub(crate) also: &'static [Dialect],
    /// Why it is named and refused, where it is.
    pub(crate) refused: Option<&'static str>,
}

/// Whether an endpoint's answers are streamed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Streams {
    /// As the body's `stream` says, and so where it says nothing.
    Asked(bool),
    /// Always.
    Always,
}

static NO_REPLY: LazyLock<Table<Says>> = LazyLock::new(|| Table::new(&[]));

impl Endpoint {
    /// An endpoint that takes a body and may stream.
    pub(crate) const fn post(
        operation: Operation,
        path: &'static str,
        request: &'static LazyLock<RequestTable>,
        replies: (&'static LazyLock<Table<Says>>, &'static LazyLock<Table<Says>>),
    ) -> Self {
        Self {
            operation,
            method: "POST",
            path,
            upstream: path,
            query: &[],
            request: Some(request),
            whole: replies.0,
            event: replies.1,
            streams: Streams::Asked(false),
            keeps: false,
            model_default: None,
            one_of: &[],
            also: &[],
            refused: None,
        }
    }

    /// An endpoint without a body, which the gateway answers itself.
    pub(crate) const fn get(operation: Operation, path: &'static str) -> Self {
        Self {
            operation,
            method: "GET",
            path,
            upstream: path,
            query: &[],
            request: None,
            whole: &NO_REPLY,
            event: &NO_REPLY,
            streams: Streams::Asked(false),
            keeps: false,
            model_default: None,
            one_of: &[],
            also: &[],
            refused: None,
        }
    }

    /// An endpoint of an object that a provider keeps: without a body, and served by the backend that keeps it.
    pub(crate) const fn kept(
        (method, operation): (&'static str, Operation),
        path: &'static str,
        whole: &'static LazyLock<Table<Says>>,
    ) -> Self {
        let bare = Self::get(operation, path);
        Self { method, whole, ..bare }
    }

    /// An endpoint that is named, and refused with the reason.
    pub(crate) const fn refused(method: &'static str, path: &'static str, why: &'static str) -> Self {
        let bare = Self::get(Operation::new("refused"), path);
        Self { method, refused: Some(why), ..bare }
    }
}

/// The dialect with this name.
pub(crate) fn language(dialect: Dialect) -> &'static Language {
    LANGUAGES.iter().find(|language| language.dialect == dialect).copied().unwrap_or(&openai::LANGUAGE)
}

/// The endpoint of an API; [`route`] makes only those that there are.
pub(crate) fn endpoint(api: Api) -> Option<&'static Endpoint> {
    language(api.dialect).endpoints.iter().find(|endpoint| endpoint.operation == api.operation)
}

/// Guesses which dialect's client asks, so that it is refused in the shape that it reads.
pub(crate) fn spoken(path: &str, headers: &HeaderMap) -> &'static Language {
    // By its mark, then by how much of the path its templates spell out, then by the order of the table.
    let rank = |language: &Language| {
        let marked = language.mark.is_some_and(|mark| headers.contains_key(mark));
        let endpoints = language.endpoints.iter().filter(|endpoint| matched(endpoint.path, path).is_some());
        let endpoint = endpoints.map(|endpoint| spelt(endpoint.path)).max();
        let family = language.ungoverned.iter().filter(|row| covers(row, path)).map(|row| spelt(row)).max();
        (endpoint.is_some() || family.is_some()).then_some((marked, endpoint, family))
    };
    let ranked = LANGUAGES.iter().rev().filter_map(|language| Some((rank(language)?, *language)));
    ranked.max_by_key(|(rank, _)| *rank).map_or(&openai::LANGUAGE, |(_, language)| language)
}

/// See [`super::route`].
pub(crate) fn route(method: &Method, path: &str, query: Option<&str>, headers: &HeaderMap) -> Result<Line, Refusal> {
    let language = spoken(path, headers);
    let mut at = language.endpoints.iter().filter_map(|endpoint| Some((endpoint, matched(endpoint.path, path)?)));
    let Some(first) = at.next() else { return Err(not_governed(language, path)) };
    let methods: Vec<_> = std::iter::once(first).chain(at).collect();
    let Some((endpoint, Match { model, object })) =
        methods.iter().find(|(endpoint, _)| endpoint.method == method.as_str())
    else {
        // The variable of a governed path takes the last word of one that has a name of its own.
        let is_more = |row: &str| methods.iter().all(|(endpoint, _)| spelt(row) > spelt(endpoint.path));
        if language.ungoverned.iter().any(|row| is_more(row) && matched(row, path).is_some()) {
            return Err(not_governed(language, path));
        }
        let names: Vec<&str> = methods.iter().map(|(endpoint, _)| endpoint.method).collect();
        let name = methods.first().map_or("", |(endpoint, _)| endpoint.path);
        let message = format!("`{name}` takes {} only", names.join(", "));
        return Err(Refusal::new(Fault::Caller, 405, "method_not_allowed", message));
    };
    if let Some(why) = endpoint.refused {
        let message = format!("`{} {}` is not served: {why}", endpoint.method, endpoint.path);
        return Err(Refusal::invalid("stateful_not_supported", message));
    }
    let api = Api { dialect: language.dialect, operation: endpoint.operation };
    let query = query::read(endpoint, query.unwrap_or_default())?;
    Ok(Line {
        api,
        template: endpoint.path,
        model: model.clone(),
        object: object.clone(),
        query,
        headers: passed(language, headers)?,
    })
}

/// Takes the headers that pass.
fn passed(language: &Language, headers: &HeaderMap) -> Result<Vec<(&'static str, String)>, Refusal> {
    let mut taken = Vec::new();
    for (name, features) in language.headers {
        let mut found: Vec<&str> = Vec::new();
        for value in headers.get_all(*name) {
            let words = features.admit(value.to_str().unwrap_or("\u{fffd}"), &format!("the header `{name}`"));
            found.extend(words.map_err(|why| Refusal::invalid("header_not_governed", why).at(*name))?);
        }
        if !found.is_empty() {
            taken.push((*name, found.join(",")));
        }
    }
    Ok(taken)
}

/// A path that a template covers.
#[derive(Debug, Clone)]
pub(super) struct Match {
    /// The model that it names.
    model: Option<String>,
    /// The kept object that it names.
    object: Option<String>,
}

/// Compares a path with a template.
pub(super) fn matched(template: &str, path: &str) -> Option<Match> {
    if !template.contains('{') {
        return (template == path).then_some(Match { model: None, object: None });
    }
    let (mut wanted, mut given) = (template.split('/'), path.split('/'));
    let (mut model, mut object) = (None, None);
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(Match { model, object }),
            (Some(wanted), Some(given)) => {
                let Some((name, suffix)) = wanted.strip_prefix('{').and_then(|rest| rest.split_once('}')) else {
                    if wanted != given {
                        return None;
                    }
                    continue;
                };
                let value = match suffix {
                    ungoverned::ANY_METHOD => given.rsplit_once(':')?.0,
                    _ => given.strip_suffix(suffix)?,
                };
                let value = decoded(value)?;
                match name {
                    "model" => model = Some(value),
                    "id" => object = Some(value),
                    _ => {}
                }
            }
            _ => return None,
        }
    }
}

/// Undoes percent-encoding; nothing for what is empty, too long, no text, or holds control characters.
pub(super) fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || rest.next().and_then(|byte| char::from(byte).to_digit(16));
        let value = digit()? * 16 + digit()?;
        bytes.push(u8::try_from(value).ok()?);
    }
    let text = String::from_utf8(bytes).ok()?;
    let fits = (1..=VARIABLE_BYTES_MAX).contains(&text.len()) && !text.contains(char::is_control);
    fits.then_some(text)
}

/// Bytes of a variable of a path: the longest are sealed names of kept objects; of models, ARNs.
const VARIABLE_BYTES_MAX: usize = limits::KEPT_NAME_BYTES_MAX;

/// See [`super::path`].
pub(crate) fn upstream_path(line: &Line, model: &str) -> String {
    let asked = language(line.api.dialect).endpoints.iter().find(|endpoint| endpoint.path == line.template);
    let template = asked.or_else(|| endpoint(line.api)).map_or("/", |endpoint| endpoint.upstream);
    let object = line.object.as_deref().unwrap_or_default();
    let mut path = template.replace("{model}", &encoded(model)).replace("{id}", &encoded(object));
    for (index, (name, value)) in line.query.iter().enumerate() {
        path.push(if index == 0 { '?' } else { '&' });
        path.push_str(&encoded(name));
        path.push('=');
        path.push_str(&encoded(value));
    }
    path
}

/// Percent-encodes what is not unreserved (RFC 3986).
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// Refuses an endpoint, naming it only in words of our own: in full where a row has it, else by the longest beginning.
fn not_governed(language: &Language, path: &str) -> Refusal {
    let named = language.ungoverned.iter().filter(|row| matched(row, path).is_some());
    let known = language.ungoverned.iter().copied().chain(language.endpoints.iter().map(|endpoint| endpoint.path));
    let begun = known.filter_map(|template| beginning(template, path)).max_by_key(|begun| spelt(begun));
    let subject = match (named.max_by_key(|row| spelt(row)), begun) {
        (Some(row), _) => format!("`{row}` is not governed by this gateway yet"),
        (None, Some(begun)) => format!("`{begun}/…` is not governed by this gateway yet"),
        (None, None) => "this endpoint is not governed by this gateway".to_owned(),
    };
    let governed: Vec<String> = language
        .endpoints
        .iter()
        .filter(|endpoint| endpoint.refused.is_none())
        .map(|endpoint| format!("{} {}", endpoint.method, endpoint.path))
        .collect();
    let message = format!("{subject}, so nothing was sent on; governed are {}", governed.join(", "));
    Refusal::new(Fault::Caller, 404, "endpoint_not_governed", message)
}
