//! Bodies that each model has of its own: the chunks behind Bedrock's invoke-model, the summary that Anthropic's compaction streams.

use base64::Engine as _;
use octroi::wire::eventstream::encode;
use serde_json::{Value, json};

use super::common::scripted::{self, Asked, Step};
use super::common::{EMAIL, Plot};
use super::servers::Speaks;

/// One shape: name, request, the chunk of a piece of text, the chunks behind the last, where the text stands in a chunk.
type Shape = (&'static str, Value, fn(&str) -> Value, Vec<Value>, &'static str);

const STREAM: &str = "/model/assistant/invoke-with-response-stream";

/// The bodies of the families of models.
fn shapes() -> Vec<Shape> {
    let said = format!("write to {EMAIL} today");
    let spoken = json!([{"role": "user", "content": said}]);
    let blocks = json!([{"role": "user", "content": [{"text": said}]}]);
    let metrics = json!({"inputTokenCount": 3, "outputTokenCount": 4});
    let last = |mut chunk: Value| {
        chunk["amazon-bedrock-invocationMetrics"] = metrics.clone();
        vec![chunk]
    };
    vec![
        (
            "titan",
            json!({"inputText": said}),
            |text| json!({"outputText": text, "index": 0, "completionReason": null}),
            last(json!({"outputText": "", "index": 0, "completionReason": "FINISH"})),
            "/outputText",
        ),
        (
            "llama",
            json!({"prompt": said, "max_gen_len": 5}),
            |text| json!({"generation": text, "prompt_token_count": 1, "stop_reason": null}),
            last(json!({"generation": "", "prompt_token_count": null, "stop_reason": "stop"})),
            "/generation",
        ),
        (
            "mistral",
            json!({"prompt": said, "max_tokens": 5}),
            |text| json!({"outputs": [{"text": text, "stop_reason": null}]}),
            last(json!({"outputs": [{"text": "", "stop_reason": "stop"}]})),
            "/outputs/0/text",
        ),
        (
            "mistral, chat",
            json!({"messages": spoken}),
            |text| json!({"choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "stop_reason": null}]}),
            last(json!({"choices": [{"index": 0, "message": {"content": ""}, "stop_reason": "stop"}]})),
            "/choices/0/message/content",
        ),
        (
            "chat completions",
            json!({"messages": spoken}),
            |text| json!({"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": null}]}),
            last(json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})),
            "/choices/0/delta/content",
        ),
        (
            "cohere",
            json!({"message": said, "chat_history": []}),
            |text| json!({"is_finished": false, "event_type": "text-generation", "text": text}),
            last(json!({"is_finished": true, "event_type": "stream-end", "finish_reason": "COMPLETE"})),
            "/text",
        ),
        (
            "nova",
            json!({"schemaVersion": "messages-v1", "messages": blocks, "inferenceConfig": {"maxTokens": 5}}),
            |text| json!({"contentBlockDelta": {"delta": {"text": text}, "contentBlockIndex": 0}}),
            vec![
                json!({"contentBlockStop": {"contentBlockIndex": 0}}),
                json!({"messageStop": {"stopReason": "end_turn"}}),
                json!({"metadata": {"usage": {"inputTokens": 3, "outputTokens": 4}}}),
            ],
            "/contentBlockDelta/delta/text",
        ),
    ]
}

/// What a server answers with the first token that reached it.
fn answer(asked: &Asked) -> String {
    let (_, rest) = asked.body.split_once("<EMAIL_").unwrap_or_else(|| panic!("no token in {}", asked.body));
    format!("Dear <EMAIL_{}>, and EMAIL_{}", &rest[..8], &rest[..8])
}

/// Three characters at a time.
fn pieces(text: &str) -> Vec<String> {
    text.as_bytes().chunks(3).map(|piece| String::from_utf8(piece.to_vec()).unwrap()).collect()
}

/// The chunks that a client decodes.
fn chunks(body: &str) -> Vec<Value> {
    let wrapped = body.split(r#"{"bytes":""#).skip(1).map(|rest| rest.split_once('"').unwrap().0);
    let opened = wrapped.map(|text| base64::engine::general_purpose::STANDARD.decode(text).unwrap());
    opened.map(|bytes| serde_json::from_slice(&bytes).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chunks_of_every_governed_model_are_restored() {
    for (name, body, chunk, last, at) in shapes() {
        let mut plot = Plot::new().await;
        plot.only(&["us-cloud"]);
        plot.dialects = Speaks::Bedrock.dialects();
        let ends = last.clone();
        let script = move |asked: &Asked| {
            let said = pieces(&answer(asked)).iter().map(|piece| chunk(piece)).chain(ends.clone()).collect::<Vec<_>>();
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/vnd.amazon.eventstream\r\ntransfer-encoding: chunked\r\n\r\n";
            let frames = said.iter().map(|chunk| Step::Chunk(encode("chunk", false, &chunk.to_string()).to_vec()));
            std::iter::once(Step::Raw(head.as_bytes().to_vec()))
                .chain(frames)
                .chain([Step::Chunk(Vec::new())])
                .collect()
        };
        let server = plot.script("us-cloud", script).await;
        let house = plot.open().await;
        let answer = house.client.post(STREAM, body.to_string()).await;
        assert_eq!((answer.status, answer.clean), (200, true), "{name}: {}", answer.body);
        assert!(!server.asked()[0].body.contains(EMAIL), "{name}");
        assert!(!answer.body.contains("xception"), "{name}: {}", answer.body);
        let chunks = chunks(&answer.body);
        let text: String = chunks.iter().filter_map(|chunk| chunk.pointer(at)?.as_str()).collect();
        assert_eq!(text, format!("Dear {EMAIL}, and {EMAIL}"), "{name}: {chunks:?}");
        // The end is passed on as it came; where it has a place for text, what was held back stands there.
        let mut end = chunks.last().unwrap().clone();
        if let Some(text) = end.pointer_mut(at) {
            *text = json!("");
        }
        assert_eq!(Some(&end), last.last(), "{name}");
    }
}

/// What streams in a shape of its own cannot be restored, so nothing is sent.
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_of_a_model_that_is_not_governed_is_refused() {
    let mut plot = Plot::new().await;
    plot.only(&["us-cloud"]);
    plot.dialects = Speaks::Bedrock.dialects();
    let server = plot.script("us-cloud", |_| scripted::json("200 OK", "", "{}")).await;
    let house = plot.open().await;
    let body = json!({"taskType": "TEXT_IMAGE", "textToImageParams": {"text": "a house"}}).to_string();
    let answer = house.client.post(STREAM, body.clone()).await;
    assert_eq!(answer.status, 400, "{}", answer.body);
    assert!(answer.body.contains("model_body_not_governed") && answer.body.contains("inputText"), "{}", answer.body);
    assert!(server.asked().is_empty());
    // Whole answers of any shape are read, leaf by leaf.
    assert_eq!(house.client.post("/model/assistant/invoke", body).await.status, 200);
}

/// A summary that Anthropic's API writes in the place of earlier turns comes in pieces like any text.
#[tokio::test(flavor = "multi_thread")]
async fn a_streamed_compaction_is_restored() {
    let mut plot = Plot::new().await;
    plot.only(&["us-cloud"]);
    plot.dialects = Speaks::Anthropic.dialects();
    let script = |asked: &Asked| {
        let delta = |text: &String| json!({"type": "content_block_delta", "index": 0, "delta": {"type": "compaction_delta", "content": text}});
        let mut events = vec![
            json!({"type": "content_block_start", "index": 0, "content_block": {"type": "compaction", "content": ""}}),
        ];
        events.extend(pieces(&answer(asked)).iter().map(delta));
        events.extend([json!({"type": "content_block_stop", "index": 0}), json!({"type": "message_stop"})]);
        let named = events.iter().map(|event| format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap()));
        let chunks = named.chain([String::new()]).map(|text| Step::Chunk(text.into_bytes()));
        std::iter::once(scripted::stream()).chain(chunks).collect()
    };
    let _server = plot.script("us-cloud", script).await;
    let house = plot.open().await;
    let said = json!([{"role": "user", "content": format!("write to {EMAIL} today")}]);
    let body = json!({"model": "assistant", "max_tokens": 5, "stream": true, "messages": said});
    let answer = house.client.post("/v1/messages", body.to_string()).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let data = answer.body.lines().filter_map(|line| line.strip_prefix("data: "));
    let events: Vec<Value> = data.map(|data| serde_json::from_str(data).unwrap()).collect();
    let text: String = events.iter().filter_map(|event| event.pointer("/delta/content")?.as_str()).collect();
    assert_eq!(text, format!("Dear {EMAIL}, and {EMAIL}"), "{}", answer.body);
    assert_eq!(events.last().unwrap()["type"], "message_stop", "{}", answer.body);
}

/// Calls that leave out what their API lets them leave out are known to the tables, and pass where the rest is refused.
#[tokio::test(flavor = "multi_thread")]
async fn valid_calls_pass_where_unknown_leaves_are_refused() {
    let mut plot = Plot::new().await;
    plot.only(&["us-cloud"]);
    plot.dialects = [Speaks::Gemini, Speaks::Vertex, Speaks::Bedrock].map(Speaks::dialects).join(", ");
    plot.extra = "[limits]\nunknown_leaves = \"refuse\"\n".to_owned();
    let server = plot.script("us-cloud", |_| scripted::json("200 OK", "", "{}")).await;
    let house = plot.open().await;
    let (gemini, vertex) =
        ("/v1beta/models/assistant", "/v1/projects/p/locations/l/publishers/google/models/assistant");
    let turns = json!({"contents": [{"parts": [{"text": "x"}]}]});
    let thinking = json!({"messages": [{"role": "user", "content": [{"text": "x"}]}],
        "additionalModelRequestFields": {"thinking": {"type": "enabled", "budget_tokens": 1024}}});
    for (path, body) in [
        (format!("{gemini}:generateContent"), turns.clone()),
        (format!("{vertex}:generateContent"), turns.clone()),
        (format!("{gemini}:countTokens"), json!({"generateContentRequest": turns})),
        (format!("{gemini}:embedContent"), json!({"content": {"parts": [{"text": "x"}]}})),
        (format!("{gemini}:batchEmbedContents"), json!({"requests": [{"content": {"parts": [{"text": "x"}]}}]})),
        ("/model/assistant/converse".to_owned(), thinking),
    ] {
        let answer = house.client.post(&path, body.to_string()).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    }
    assert_eq!(server.asked().len(), 6);
    let unknown = json!({"contents": [{"later": "x", "parts": [{"text": "x"}]}]});
    assert_eq!(house.client.post(&format!("{gemini}:generateContent"), unknown.to_string()).await.status, 400);
}
