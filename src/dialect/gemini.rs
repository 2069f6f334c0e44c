//! Google's Gemini API: content is generated (whole, as events, as one growing array), embedded and counted.
//!
//! The model stands in the path and the method behind it (`{model}:generateContent`). Google's servers read each member in
//! camel case and in snake case, so the table does too. What may follow a tool's name decides where it runs: functions run
//! at the application, every other member of a tool at the provider. Vertex AI has the same bodies ([`super::vertex`]).

mod flush;

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::failure::Told;
use super::language::{Endpoint, Language, Streams};
use super::openai::{common::WORDS, fault};
use super::query::{Parameters, Takes};
use super::reply::ChannelKind::{Argument, Code, Stdout, Text};
use super::reply::Says::{
    self, CachedTokens, Called, Failure, FinishLast, Fixed, GoesOn, InputTokens, Logprobs, MoreInputTokens,
    MoreOutputTokens, OfArgument, Outer, OutputTokens, Piece, Thought, Whole,
};
use super::reply::{Flush, RANGE_OF_BYTES};
use super::request::Means::{self, Hosts, Is, Label, Model, Speaks, Spoken, UserOrSpeaker};
use super::request::RequestTable;
use super::table::{Row, Table, row};
use super::{failure, ungoverned};
use crate::model::{Api, Country, Dialect, Operation, Refusal, Role};

const CONTROL: Means = Is(Role::Control);
const ID: Means = Is(Role::Identifier);
const NAME: Means = Is(Role::Name);
const SCHEMA: Means = Is(Role::Schema);
const HOSTED: Means = Is(Role::Hosted);
const BINARY: Means = Is(Role::Binary);
const REFERENCE: Means = Is(Role::Reference);

/// The dialect.
pub(super) static LANGUAGE: Language = Language { endpoints: &ENDPOINTS, ungoverned: ungoverned::GEMINI, ..SHAPES };

/// The shapes, without endpoints.
pub(super) const SHAPES: Language = Language {
    dialect: Dialect::new("gemini"),
    mark: Some("x-goog-api-key"),
    endpoints: &[],
    ungoverned: &[],
    path_names_model: false,
    untyped: false,
    events: true,
    headers: &[],
    json_answers: &[("generationConfig.responseMimeType", "application/json")],
    error_body,
    stream_error,
    failures: &failure::GOOGLE,
    models_body,
    flush: flush::flush,
};

/// Whole answers.
pub(super) const WHOLE: Operation = Operation::new("generate_content");
/// Streamed answers.
pub(super) const STREAMED: Operation = Operation::new("stream_generate_content");
/// Tokens of a request.
pub(super) const COUNT: Operation = Operation::new("count_tokens");
/// Many texts.
const MANY: Operation = Operation::EMBEDDINGS;
/// One text.
pub(super) const ONE: Operation = Operation::new("embed_content");

/// An endpoint for content, whole or streamed.
const fn post(
    operation: Operation,
    path: &'static str,
    request: &'static LazyLock<RequestTable>,
    streamed: bool,
) -> Endpoint {
    let (query, streams) = if streamed { (STREAM_QUERY, Streams::Always) } else { (KEY, Streams::Asked(false)) };
    Endpoint { query, streams, ..Endpoint::post(operation, path, request, BOTH) }
}

/// Client paths under each version of the API.
macro_rules! versions {
    ($($version:literal),*) => {
        [$(
            post(WHOLE, concat!("/", $version, "/models/{model}:generateContent"), &GENERATE, false),
            post(STREAMED, concat!("/", $version, "/models/{model}:streamGenerateContent"), &GENERATE, true),
            post(ONE, concat!("/", $version, "/models/{model}:embedContent"), &EMBED, false),
            post(MANY, concat!("/", $version, "/models/{model}:batchEmbedContents"), &EMBED_MANY, false),
            post(COUNT, concat!("/", $version, "/models/{model}:countTokens"), &COUNTED, false),
            Endpoint { query: PAGES, ..Endpoint::get(Operation::MODELS, concat!("/", $version, "/models")) },
            Endpoint { query: KEY, ..Endpoint::get(Operation::MODELS, concat!("/", $version, "/models/{model}")) },
        )*]
    };
}

static ENDPOINTS: [Endpoint; 14] = versions!("v1", "v1beta");

/// What may stand in a query; the key is the gateway's own and is not passed on.
pub(super) const KEY: Parameters =
    &[("key", Takes::Ignored), ("alt", Takes::Word(&["json"])), ("$alt", Takes::Word(&["json;enum-encoding=int"]))];
/// The same for streams.
pub(super) const STREAM_QUERY: Parameters = &[
    ("key", Takes::Ignored),
    ("alt", Takes::Word(&["sse", "json"])),
    ("$alt", Takes::Word(&["sse", "json;enum-encoding=int"])),
];
/// All models stand on one page.
const PAGES: Parameters = &[
    ("key", Takes::Ignored),
    ("pageSize", Takes::Ignored),
    ("pageToken", Takes::Ignored),
    ("queryBase", Takes::Ignored),
];

/// The tables of replies and of events.
pub(super) const BOTH: (&LazyLock<Table<Says>>, &LazyLock<Table<Says>>) = (&REPLY, &REPLY);

/// A request for content.
pub(super) static GENERATE: LazyLock<RequestTable> = LazyLock::new(|| {
    table(&[
        ("", REQUEST),
        ("", KEPT),
        ("contents[]", CONTENT),
        ("contents[].parts[]", PART),
        ("contents", CONTENT),
        ("contents.parts[]", PART),
        ("systemInstruction", SYSTEM),
        ("systemInstruction.parts[]", PART),
        ("systemInstruction.parts", PART),
        ("tools[]", TOOL),
    ])
});

/// A request for a count of tokens, which may hold a whole request for content.
pub(super) static COUNTED: LazyLock<RequestTable> = LazyLock::new(|| {
    table(&[
        ("", REQUEST),
        ("contents[]", CONTENT),
        ("contents[].parts[]", PART),
        ("systemInstruction", SYSTEM),
        ("systemInstruction.parts[]", PART),
        ("tools[]", TOOL),
        ("generateContentRequest", REQUEST),
        ("generateContentRequest", KEPT),
        ("generateContentRequest.contents[]", CONTENT),
        ("generateContentRequest.contents[].parts[]", PART),
        ("generateContentRequest.systemInstruction", SYSTEM),
        ("generateContentRequest.systemInstruction.parts[]", PART),
        ("generateContentRequest.tools[]", TOOL),
    ])
});

/// A request for an embedding.
pub(super) static EMBED: LazyLock<RequestTable> =
    LazyLock::new(|| table(&[("", EMBEDDED), ("content", CONTENT), ("content.parts[]", PART)]));

/// A request for many.
pub(super) static EMBED_MANY: LazyLock<RequestTable> = LazyLock::new(|| {
    table(&[("requests[]", EMBEDDED), ("requests[].content", CONTENT), ("requests[].content.parts[]", PART)])
});

fn table(groups: &[(&'static str, &[Row<Means>])]) -> RequestTable {
    RequestTable { table: Table::new(groups).in_snake_case(), words: WORDS }
}

/// Members of a request for content.
const REQUEST: &[Row<Means>] = &[
    row("model", Model),
    row("cachedContent", REFERENCE),
    row("labels.*", Label),
    row("safetySettings[].category", CONTROL),
    row("safetySettings[].threshold", CONTROL),
    row("safetySettings[].method", CONTROL),
    row("serviceTier", CONTROL),
    row("toolConfig.functionCallingConfig.mode", CONTROL),
    row("toolConfig.functionCallingConfig.streamFunctionCallArguments", CONTROL),
    row("toolConfig.functionCallingConfig.allowedFunctionNames[]", NAME),
    row("toolConfig.retrievalConfig.latLng.latitude", Is(Role::User)),
    row("toolConfig.retrievalConfig.latLng.longitude", Is(Role::User)),
    row("toolConfig.retrievalConfig.languageCode", CONTROL),
    row("generationConfig.stopSequences[]", Is(Role::User)),
    row("generationConfig.responseMimeType", CONTROL),
    row("generationConfig.responseSchema.**", SCHEMA),
    row("generationConfig.responseJsonSchema.**", SCHEMA),
    row("generationConfig._responseJsonSchema.**", SCHEMA),
    row("generationConfig.responseModalities[]", CONTROL),
    row("generationConfig.speechConfig.**", CONTROL),
    row("generationConfig.imageConfig.**", CONTROL),
    row("generationConfig.thinkingConfig.includeThoughts", CONTROL),
    row("generationConfig.thinkingConfig.thinkingBudget", CONTROL),
    row("generationConfig.thinkingConfig.thinkingLevel", CONTROL),
    row("generationConfig.routingConfig", Means::Routes),
    row("generationConfig.modelConfig", Means::Routes),
    row("generationConfig.*", CONTROL),
    row("modelArmorConfig.**", CONTROL),
];

/// Whether the provider keeps the request and its answer in a log; without it, as its project is set.
const KEPT: &[Row<Means>] = &[row("store", Means::Store)];

/// One turn.
const CONTENT: &[Row<Means>] = &[row("role", UserOrSpeaker)];

/// The system prompt; it may name a role, and whatever that is, it is the system's.
const SYSTEM: &[Row<Means>] = &[row("", Speaks(Role::System)), row("role", CONTROL)];

/// A part.
const PART: &[Row<Means>] = &[
    row("", Spoken),
    row("text", Spoken),
    row("thought", CONTROL),
    row("thoughtSignature", BINARY),
    row("inlineData.mimeType", CONTROL),
    row("inlineData.displayName", Spoken),
    row("inlineData.data", BINARY),
    row("fileData.mimeType", CONTROL),
    row("fileData.displayName", Spoken),
    row("fileData.fileUri", REFERENCE),
    row("functionCall.id", ID),
    row("functionCall.name", NAME),
    row("functionCall.args.**", Is(Role::ToolCall)),
    row("functionResponse.id", ID),
    row("functionResponse.name", NAME),
    row("functionResponse.willContinue", CONTROL),
    row("functionResponse.scheduling", CONTROL),
    row("functionResponse.response.**", Is(Role::ToolResult)),
    row("functionResponse.parts[].inlineData.mimeType", CONTROL),
    row("functionResponse.parts[].inlineData.data", BINARY),
    row("functionResponse.parts[].fileData.fileUri", REFERENCE),
    row("executableCode.language", CONTROL),
    row("executableCode.code", Is(Role::ToolCall)),
    row("codeExecutionResult.outcome", CONTROL),
    row("codeExecutionResult.output", Is(Role::ToolResult)),
    row("videoMetadata.startOffset", CONTROL),
    row("videoMetadata.endOffset", CONTROL),
    row("videoMetadata.fps", CONTROL),
    row("mediaResolution.level", CONTROL),
];

/// A tool.
const TOOL: &[Row<Means>] = &[
    row("functionDeclarations[].name", NAME),
    row("functionDeclarations[].description", SCHEMA),
    row("functionDeclarations[].behavior", CONTROL),
    row("functionDeclarations[].parameters.**", SCHEMA),
    row("functionDeclarations[].parametersJsonSchema.**", SCHEMA),
    row("functionDeclarations[].response.**", SCHEMA),
    row("functionDeclarations[].responseJsonSchema.**", SCHEMA),
    row("computerUse.environment", CONTROL),
    row("computerUse.excludedPredefinedFunctions[]", NAME),
    row("googleSearch", Hosts("web_search")),
    row("googleSearch.**", HOSTED),
    row("googleSearchRetrieval", Hosts("web_search")),
    row("googleSearchRetrieval.**", HOSTED),
    row("enterpriseWebSearch", Hosts("web_search")),
    row("enterpriseWebSearch.**", HOSTED),
    row("urlContext", Hosts("web_fetch")),
    row("urlContext.**", HOSTED),
    row("codeExecution", Hosts("code_interpreter")),
    row("codeExecution.**", HOSTED),
    row("fileSearch", Hosts("file_search")),
    row("fileSearch.**", HOSTED),
    row("retrieval", Hosts("file_search")),
    row("retrieval.**", HOSTED),
    row("googleMaps", Hosts("maps")),
    row("googleMaps.**", HOSTED),
    row("*", Hosts("unknown")),
    row("*.**", HOSTED),
];

/// Members of an embedding request.
const EMBEDDED: &[Row<Means>] = &[
    row("model", Model),
    row("taskType", CONTROL),
    row("title", Is(Role::User)),
    row("outputDimensionality", CONTROL),
    row("autoTruncate", CONTROL),
];

/// Replies and events.
static REPLY: LazyLock<Table<Says>> = LazyLock::new(|| {
    Table::new(&[
        ("", HEAD),
        ("candidates[]", CANDIDATE),
        ("candidates[].content.parts[]", ANSWER_PART),
        ("candidates[].citationMetadata.citationSources[]", RANGE_OF_BYTES),
        ("candidates[].citationMetadata.citations[]", RANGE_OF_BYTES),
        ("candidates[].groundingMetadata.groundingSupports[].segment", RANGE_OF_BYTES),
    ])
});

const HEAD: &[Row<Says>] = &[
    row("modelVersion", Fixed),
    row("responseId", Fixed),
    row("createTime", Fixed),
    row("usageMetadata.promptTokenCount", InputTokens),
    row("usageMetadata.cachedContentTokenCount", CachedTokens),
    row("usageMetadata.candidatesTokenCount", OutputTokens),
    row("usageMetadata.toolUsePromptTokenCount", MoreInputTokens),
    row("usageMetadata.thoughtsTokenCount", MoreOutputTokens),
    row("totalTokens", InputTokens),
    row("error", Failure),
];

const CANDIDATE: &[Row<Says>] = &[
    row("index", Outer),
    row("finishReason", FinishLast),
    row("finishMessage", Whole),
    row("content.role", Fixed),
    row("logprobsResult", Logprobs("null")),
    row("groundingMetadata.groundingChunks[].web.uri", Fixed),
    row("groundingMetadata.groundingChunks[].web.title", Whole),
    row("groundingMetadata.searchEntryPoint.renderedContent", Fixed),
    row("urlContextMetadata.urlMetadata[].retrievedUrl", Fixed),
];

const ANSWER_PART: &[Row<Says>] = &[
    row("text", Piece(Text)),
    row("thought", Thought),
    row("thoughtSignature", Fixed),
    row("inlineData.mimeType", Fixed),
    row("inlineData.data", Fixed),
    row("fileData.fileUri", Fixed),
    row("functionCall.id", Fixed),
    row("functionCall.name", Called),
    row("functionCall.args.**", Whole),
    row("functionCall.willContinue", GoesOn),
    row("functionCall.partialArgs[].jsonPath", OfArgument),
    row("functionCall.partialArgs[].stringValue", Piece(Argument(0))),
    row("functionCall.partialArgs[].nullValue", Fixed),
    row("functionCall.partialArgs[].willContinue", GoesOn),
    row("executableCode.language", Fixed),
    row("executableCode.code", Piece(Code)),
    row("codeExecutionResult.outcome", Fixed),
    row("codeExecutionResult.output", Piece(Stdout)),
];

fn error_body(refusal: &Refusal, request_id: &str) -> String {
    error(refusal, request_id, Told::default()).to_string()
}

/// The SDKs take `error.code`, `message` and `status`; what is ours stands in a detail.
fn error(refusal: &Refusal, request_id: &str, told: Told) -> Value {
    let status = match refusal.status {
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        429 => "RESOURCE_EXHAUSTED",
        503 => "UNAVAILABLE",
        500.. => "INTERNAL",
        _ => "INVALID_ARGUMENT",
    };
    let status = told.kind.unwrap_or(status);
    let rule = refusal.rule.as_ref().map(crate::model::Word::as_str);
    let (fault, place) = (fault(refusal.fault), &refusal.place);
    let detail = json!({
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": refusal.code,
        "domain": "octroi",
        "metadata": { "request_id": request_id, "fault": fault, "rule": rule, "place": place },
    });
    let error = json!({ "code": refusal.status, "message": refusal.message, "status": status, "details": [detail] });
    json!({ "error": error })
}

fn stream_error(_: Api, refusal: &Refusal, request_id: &str, (_, told): (Option<u64>, Told)) -> Flush {
    Flush { event: None, data: error(refusal, request_id, told).to_string() }
}

fn models_body(models: &[(&str, &[Country])], one: bool) -> String {
    let models: Vec<Value> = models
        .iter()
        .map(|(name, countries)| {
            let countries: Vec<&str> = countries.iter().map(Country::as_str).collect();
            let methods = ["generateContent", "countTokens", "embedContent", "batchEmbedContents"];
            json!({ "name": format!("models/{name}"), "displayName": name, "supportedGenerationMethods": methods, "countries": countries })
        })
        .collect();
    match models.first() {
        Some(first) if one => first.to_string(),
        _ => json!({ "models": models }).to_string(),
    }
}
