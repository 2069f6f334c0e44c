//! The governed endpoints: a closed list, compared byte by byte.
//!
//! Nothing is normalised before the comparison: `//`, `/./`, `%2f`, `%2e`, a trailing slash, another case or `;x` make a path
//! that is not on the list, and what is not on the list is refused. A backend that would normalise such a path never sees it.

use http::Method;

use crate::model::{Api, Dialect, Fault, Operation, Refusal};

const GOVERNED: [(&str, &str, Operation); 5] = [
    ("POST", "/v1/chat/completions", Operation::ChatCompletions),
    ("POST", "/v1/completions", Operation::Completions),
    ("POST", "/v1/embeddings", Operation::Embeddings),
    ("POST", "/v1/responses", Operation::Responses),
    ("GET", "/v1/models", Operation::Models),
];

/// Families of endpoints that the API has and this gateway does not govern, to be named in the refusal.
const UNGOVERNED: [&str; 22] = [
    "/v1/assistants",
    "/v1/audio",
    "/v1/batches",
    "/v1/chat/completions",
    "/v1/chatkit",
    "/v1/containers",
    "/v1/conversations",
    "/v1/evals",
    "/v1/files",
    "/v1/fine_tuning",
    "/v1/images",
    "/v1/models",
    "/v1/moderations",
    "/v1/organization",
    "/v1/realtime",
    "/v1/responses",
    "/v1/skills",
    "/v1/threads",
    "/v1/uploads",
    "/v1/vector_stores",
    "/v1/videos",
    "/v1/embeddings",
];

/// See [`super::super::path`].
pub(in crate::dialect) fn path(operation: Operation) -> &'static str {
    GOVERNED.iter().find(|(_, _, governed)| *governed == operation).map_or("/", |(_, path, _)| path)
}

/// See [`super::super::route`].
pub(in crate::dialect) fn route(method: &Method, path: &str, query: Option<&str>) -> Result<Api, Refusal> {
    let Some((governed, name, operation)) = GOVERNED.iter().find(|(_, governed, _)| *governed == path) else {
        return Err(not_governed(path));
    };
    if method.as_str() != *governed {
        let message = format!("`{name}` takes {governed} only");
        return Err(Refusal::new(Fault::Caller, 405, "method_not_allowed", message));
    }
    if query.is_some_and(|query| !query.is_empty()) {
        let message = format!("`{name}` takes no query parameters; put everything in the body");
        return Err(Refusal::invalid("query_not_allowed", message));
    }
    Ok(Api { dialect: Dialect::OpenAi, operation: *operation })
}

/// Refuses an endpoint, naming it only in words of our own.
fn not_governed(path: &str) -> Refusal {
    let family = UNGOVERNED
        .iter()
        .find(|family| path.strip_prefix(**family).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')));
    let subject = match family {
        Some(family) if GOVERNED.iter().any(|(_, name, _)| name == family) => {
            format!("what lies below `{family}` is not governed by this gateway yet")
        }
        Some(family) => format!("`{family}` is not governed by this gateway yet"),
        None => "this endpoint is not governed by this gateway".to_owned(),
    };
    let governed = GOVERNED.map(|(method, path, _)| format!("{method} {path}")).join(", ");
    let message = format!("{subject}, so nothing was sent on; governed are {governed}");
    Refusal::new(Fault::Caller, 404, "endpoint_not_governed", message)
}
