//! AWS Bedrock's runtime API: converse and invoke-model, whole and as event streams.
//!
//! The model stands in the path, as a name, a profile or an ARN. Converse has one shape for all models, in which each content
//! block is named by its only member; fields of the model's own API stand beside it ([`fields`]). Invoke-model has the model's
//! own shape ([`invoke`]). An event of such a stream wraps the model's own event in base64; it is opened before it comes here.

mod fields;
mod invoke;

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::anthropic;
use super::failure::Told;
use super::features::Features;
use super::language::{Endpoint, Language, Streams};
use super::openai::{chat::FORMAT, common::WORDS, fault};
use super::reply::ChannelKind::{Arguments, Quotation, Reasoning, Text};
use super::reply::Closing::{Item, Part, Stream as TheStream};
use super::reply::Says::{
    self, Block, Called, Cited, Ends, Failure, Fixed, InputTokens, MoreCachedTokens, MoreInputTokens, OfDocument,
    OutputTokens, Piece, RangeFrom, RangeUntil, Whole,
};
use super::reply::{Channel, Flush, Held};
use super::request::Means::{self, Document, Hosts, Is, Quoted, QuotedFile, Speaker, Speaks, Spoken, Titled};
use super::request::RequestTable;
use super::table::{Row, Table, row};
use super::{failure, ungoverned};
use crate::model::{Api, Country, Dialect, Measure, Operation, Refusal, Role};

const CONTROL: Means = Is(Role::Control);
const ID: Means = Is(Role::Identifier);
const NAME: Means = Is(Role::Name);
const SCHEMA: Means = Is(Role::Schema);
const HOSTED: Means = Is(Role::Hosted);
const BINARY: Means = Is(Role::Binary);
const REFERENCE: Means = Is(Role::Reference);

/// The dialect.
pub(super) static LANGUAGE: Language = Language {
    dialect: Dialect::new("bedrock"),
    mark: None,
    endpoints: &ENDPOINTS,
    ungoverned: ungoverned::BEDROCK,
    path_names_model: false,
    untyped: true,
    events: false,
    headers: GUARDS,
    json_answers: JSON_ANSWERS,
    error_body,
    stream_error,
    failures: &failure::AWS,
    models_body,
    flush,
};

/// Where invoke-model asks for a guardrail, an object at the provider that reads the texts. Converse asks for one in the body.
const GUARDS: &[(&str, &Features)] = &[
    ("x-amzn-bedrock-guardrailidentifier", &Features::NONE),
    ("x-amzn-bedrock-guardrailversion", &Features::NONE),
    ("x-amzn-bedrock-trace", &Features::NONE),
];

/// Where a request asks for JSON: in Converse, and in the words of the model's own API.
const JSON_ANSWERS: &[(&str, &str)] = &[
    ("outputConfig.textFormat.type", "json"),
    ("output_config.format.type", "json"),
    ("output_format.type", "json"),
    ("response_format.type", "json"),
    ("additionalModelRequestFields.output_config.format.type", "json"),
    ("additionalModelRequestFields.output_format.type", "json"),
    ("additionalModelRequestFields.response_format.type", "json"),
];

const INVOKE: Operation = Operation::new("invoke_model");
const INVOKE_STREAM: Operation = Operation::new("invoke_model_stream");

static ENDPOINTS: [Endpoint; 4] = [
    Endpoint::post(Operation::CHAT, "/model/{model}/converse", &CONVERSE, (&REPLY, &EVENT)),
    Endpoint {
        streams: Streams::Always,
        ..Endpoint::post(Operation::new("chat_stream"), "/model/{model}/converse-stream", &CONVERSE, (&REPLY, &EVENT))
    },
    Endpoint::post(INVOKE, "/model/{model}/invoke", &invoke::REQUEST, (&invoke::REPLY, &invoke::EVENT)),
    Endpoint {
        streams: Streams::Always,
        one_of: invoke::GOVERNED,
        ..Endpoint::post(
            INVOKE_STREAM,
            "/model/{model}/invoke-with-response-stream",
            &invoke::REQUEST,
            (&invoke::REPLY, &invoke::EVENT),
        )
    },
];

static CONVERSE: LazyLock<RequestTable> = LazyLock::new(|| {
    let table = Table::new(&[
        ("", NOVA),
        ("", REQUEST),
        ("system[]", SYSTEM),
        ("messages[]", TURN),
        ("messages[].content[]", BLOCK),
        ("messages[].content[].citationsContent", CITATIONS),
        ("messages[].content[]", SOURCED),
        ("messages[].content[].toolResult.content[]", SOURCED),
        ("additionalModelRequestFields", anthropic::OPTIONS),
        ("additionalModelRequestFields", FORMAT),
        ("additionalModelRequestFields", fields::SHARED),
        ("additionalModelRequestFields", fields::OPTIONS),
        ("additionalModelRequestFields.tools[]", anthropic::TOOL),
        ("additionalModelRequestFields.tools[]", fields::TOOL),
    ]);
    RequestTable { table, words: WORDS }
});

/// Members of a request that Nova has in invoke-model too.
const NOVA: &[Row<Means>] = &[
    row("inferenceConfig.maxTokens", CONTROL),
    row("inferenceConfig.temperature", CONTROL),
    row("inferenceConfig.topP", CONTROL),
    row("inferenceConfig.stopSequences[]", Is(Role::User)),
    row("toolConfig.tools[].toolSpec.name", NAME),
    row("toolConfig.tools[].toolSpec.description", SCHEMA),
    row("toolConfig.tools[].toolSpec.strict", CONTROL),
    row("toolConfig.tools[].toolSpec.inputSchema.json.**", SCHEMA),
    row("toolConfig.tools[].cachePoint.type", CONTROL),
    row("toolConfig.tools[].cachePoint.ttl", CONTROL),
    row("toolConfig.tools[].systemTool", Hosts("unknown")),
    row("toolConfig.tools[].systemTool.**", HOSTED),
    row("toolConfig.tools[].*", Hosts("unknown")),
    row("toolConfig.tools[].*.**", HOSTED),
    row("toolConfig.toolChoice.tool.name", NAME),
];

/// Members of a request.
const REQUEST: &[Row<Means>] = &[
    row("guardrailConfig.guardrailIdentifier", REFERENCE),
    row("guardrailConfig.guardrailVersion", CONTROL),
    row("guardrailConfig.trace", CONTROL),
    row("guardrailConfig.streamProcessingMode", CONTROL),
    row("additionalModelResponseFieldPaths[]", CONTROL),
    row("promptVariables", Hosts("prompt")),
    row("promptVariables.*", Is(Role::User)),
    row("promptVariables.*.text", Is(Role::User)),
    row("requestMetadata.*", ID),
    row("performanceConfig.latency", CONTROL),
    row("serviceTier.type", CONTROL),
    row("outputConfig.textFormat.type", CONTROL),
    row("outputConfig.textFormat.structure.**", SCHEMA),
];

/// A block of the system prompt.
const SYSTEM: &[Row<Means>] = &[
    row("", Speaks(Role::System)),
    row("text", Spoken),
    row("guardContent.text.text", Spoken),
    row("guardContent.text.qualifiers[]", CONTROL),
    row("cachePoint.type", CONTROL),
    row("cachePoint.ttl", CONTROL),
];

/// A turn.
const TURN: &[Row<Means>] = &[row("role", Speaker)];

/// Blocks of a turn alone.
const BLOCK: &[Row<Means>] = &[
    row("toolUse.toolUseId", ID),
    row("toolUse.name", NAME),
    row("toolUse.type", CONTROL),
    row("toolUse.input.**", Is(Role::ToolCall)),
    row("toolResult", Speaks(Role::ToolResult)),
    row("toolResult.toolUseId", ID),
    row("toolResult.status", CONTROL),
    row("toolResult.type", CONTROL),
    row("toolResult.content[].json.**", Is(Role::ToolResult)),
    row("guardContent.text.text", Spoken),
    row("guardContent.text.qualifiers[]", CONTROL),
    row("guardContent.image.format", CONTROL),
    row("guardContent.image.source.bytes", BINARY),
    row("cachePoint.type", CONTROL),
    row("cachePoint.ttl", CONTROL),
    row("reasoningContent.reasoningText.text", Spoken),
    row("reasoningContent.reasoningText.signature", BINARY),
    row("reasoningContent.redactedContent", BINARY),
];

/// What an earlier answer cites, sent back as it was received. Places among pages, chunks and search results move with nothing.
const CITATIONS: &[Row<Means>] = &[
    row("content[].text", Spoken),
    row("citations[].title", Spoken),
    row("citations[].source", Spoken),
    row("citations[].sourceContent[].text", Spoken),
    row("citations[].location.documentChar.documentIndex", Means::OfDocument),
    row("citations[].location.documentChar.start", Means::RangeFrom(Measure::Chars)),
    row("citations[].location.documentChar.end", Means::RangeUntil(Measure::Chars)),
    row("citations[].location.web.url", Spoken),
    row("citations[].location.web.domain", Spoken),
    row("citations[].location.**", CONTROL),
];

/// Blocks of a turn and of a tool's result.
const SOURCED: &[Row<Means>] = &[
    row("text", Spoken),
    row("image.format", CONTROL),
    row("image.source.bytes", BINARY),
    row("image.source.s3Location.uri", REFERENCE),
    row("image.source.s3Location.bucketOwner", CONTROL),
    row("document", Document),
    row("document.format", CONTROL),
    row("document.name", Titled),
    row("document.context", Spoken),
    row("document.citations.enabled", CONTROL),
    row("document.source.bytes", QuotedFile),
    row("document.source.text", Quoted),
    row("document.source.content[].text", Spoken),
    row("document.source.s3Location.uri", REFERENCE),
    row("document.source.s3Location.bucketOwner", CONTROL),
    row("video.format", CONTROL),
    row("video.source.bytes", BINARY),
    row("video.source.s3Location.uri", REFERENCE),
    row("video.source.s3Location.bucketOwner", CONTROL),
    row("audio.format", CONTROL),
    row("audio.source.bytes", BINARY),
    row("audio.source.s3Location.uri", REFERENCE),
    row("searchResult.source", Spoken),
    row("searchResult.title", Spoken),
    row("searchResult.content[].text", Spoken),
    row("searchResult.citations.enabled", CONTROL),
];

/// A whole reply.
static REPLY: LazyLock<Table<Says>> = LazyLock::new(|| {
    Table::new(&[
        ("", HEAD),
        ("output.message", &[row("role", Fixed)]),
        ("output.message.content[]", ANSWER),
        ("output.message.content[].citationsContent.citations[]", SOURCE),
        ("output.message.content[].citationsContent.citations[]", &[row("sourceContent[].text", Whole)]),
    ])
});

/// The events, by their names in the frame.
static EVENT: LazyLock<Table<Says>> =
    LazyLock::new(|| Table::new(&[("", EVENTS), ("{contentBlockDelta}.delta.citation", SOURCE)]));

const EVENTS: &[Row<Says>] = &[
    row("p", Fixed),
    row("{messageStart}.role", Fixed),
    row("{contentBlockStart}.contentBlockIndex", Block),
    row("{contentBlockStart}.start.toolUse.toolUseId", Fixed),
    row("{contentBlockStart}.start.toolUse.name", Called),
    row("{contentBlockStart}.start.toolResult.toolUseId", Fixed),
    row("{contentBlockStart}.start.toolResult.status", Fixed),
    row("{contentBlockStart}.start.toolResult.type", Fixed),
    row("{contentBlockStart}.start.image.format", Fixed),
    row("{contentBlockDelta}.contentBlockIndex", Block),
    row("{contentBlockDelta}.delta.text", Piece(Text)),
    row("{contentBlockDelta}.delta.toolUse.input", Piece(Arguments)),
    row("{contentBlockDelta}.delta.reasoningContent.text", Piece(Reasoning)),
    row("{contentBlockDelta}.delta.reasoningContent.signature", Ends(Part(&[Reasoning]))),
    row("{contentBlockDelta}.delta.reasoningContent.redactedContent", Fixed),
    row("{contentBlockDelta}.delta.citation.sourceContent[].text", Piece(Quotation)),
    row("{contentBlockDelta}.delta.image.source.bytes", Fixed),
    row("{contentBlockStop}", Ends(Item)),
    row("{contentBlockStop}.contentBlockIndex", Block),
    row("{messageStop}", Ends(TheStream)),
    row("{messageStop}.stopReason", Fixed),
    row("{metadata}.usage.inputTokens", InputTokens),
    row("{metadata}.usage.outputTokens", OutputTokens),
    row("{metadata}.usage.cacheReadInputTokens", MoreCachedTokens),
    row("{metadata}.usage.cacheWriteInputTokens", MoreInputTokens),
];

/// Where a text comes from; a place is one in a document of the request.
const SOURCE: &[Row<Says>] = &[
    row("title", Whole),
    row("source", Whole),
    row("location.web.url", Fixed),
    row("location.web.domain", Fixed),
    row("location.documentChar.documentIndex", OfDocument),
    row("location.documentChar.start", RangeFrom(Measure::Chars)),
    row("location.documentChar.end", RangeUntil(Measure::Chars)),
];

const HEAD: &[Row<Says>] = &[
    row("stopReason", Fixed),
    row("usage.inputTokens", InputTokens),
    row("usage.outputTokens", OutputTokens),
    row("usage.cacheReadInputTokens", MoreCachedTokens),
    row("usage.cacheWriteInputTokens", MoreInputTokens),
    row("serviceTier.type", Fixed),
    row("performanceConfig.latency", Fixed),
    row("__type", Failure),
];

/// A block of an answer.
const ANSWER: &[Row<Says>] = &[
    row("text", Piece(Text)),
    row("toolUse.toolUseId", Fixed),
    row("toolUse.name", Called),
    row("toolUse.type", Fixed),
    row("toolUse.input.**", Whole),
    row("reasoningContent.reasoningText.text", Piece(Reasoning)),
    row("reasoningContent.reasoningText.signature", Fixed),
    row("reasoningContent.redactedContent", Fixed),
    row("image.format", Fixed),
    row("image.source.bytes", Fixed),
    row("citationsContent.content[].text", Cited),
];

fn error_body(refusal: &Refusal, request_id: &str) -> String {
    error(refusal, request_id).to_string()
}

/// The SDKs take the exception from `__type` and its text from `message`; what is ours stands beside them.
fn error(refusal: &Refusal, request_id: &str) -> Value {
    json!({
        "__type": kind(refusal.status),
        "message": refusal.message,
        "octroi": {
            "code": refusal.code,
            "request_id": request_id,
            "fault": fault(refusal.fault),
            "rule": refusal.rule.as_ref().map(crate::model::Word::as_str),
            "place": refusal.place,
            "retry_after_s": refusal.retry_after_s,
        },
    })
}

const fn kind(status: u16) -> &'static str {
    match status {
        401 | 403 => "AccessDeniedException",
        404 => "ResourceNotFoundException",
        408 => "ModelTimeoutException",
        424 => "ModelStreamErrorException",
        429 => "ThrottlingException",
        503 => "ServiceUnavailableException",
        500.. => "InternalServerException",
        _ => "ValidationException",
    }
}

/// An exception of a stream. The SDKs take its class from the name of the event.
fn stream_error(_: Api, refusal: &Refusal, request_id: &str, (_, told): (Option<u64>, Told)) -> Flush {
    let event = told.kind.unwrap_or("internalServerException");
    Flush { event: Some(event.to_owned()), data: error(refusal, request_id).to_string() }
}

/// Bedrock lists models at another service; this list is never asked for.
fn models_body(models: &[(&str, &[Country])], _: bool) -> String {
    let names: Vec<Value> = models.iter().map(|(name, _)| json!({ "modelId": name })).collect();
    json!({ "modelSummaries": names }).to_string()
}

/// A delta of the block that the channel is, in the shape of converse or of the model behind invoke-model.
fn flush(api: Api, template: &str, channel: Channel, held: Held<'_>, sequence: Option<u64>) -> Option<Flush> {
    let text = held.text;
    if matches!(api.operation, INVOKE | INVOKE_STREAM) {
        if let Some(data) = invoke::flush(template, channel, held) {
            return Some(Flush { event: Some("chunk".to_owned()), data });
        }
        let delta = (anthropic::LANGUAGE.flush)(api, template, channel, held, sequence)?;
        return Some(Flush { event: Some("chunk".to_owned()), ..delta });
    }
    let delta = match channel.kind {
        Text => json!({ "text": text }),
        Reasoning => json!({ "reasoningContent": { "text": text } }),
        Arguments => json!({ "toolUse": { "input": text } }),
        Quotation => json!({ "citation": { "sourceContent": [{ "text": text }] } }),
        _ => return None,
    };
    let data = json!({ "contentBlockIndex": channel.outer, "delta": delta });
    Some(Flush { event: Some("contentBlockDelta".to_owned()), data: data.to_string() })
}
