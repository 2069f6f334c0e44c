//! Servers of each API that repeat every text that reached them: whole, streamed in small pieces, or as arguments of the
//! first tool that they were offered.
//!
//! Longer than 400 lines: a server of each API beside the others.

use serde_json::{Value, json};

use crate::common::scripted::{self, Asked, Step};

/// The APIs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Speaks {
    OpenAi,
    Azure,
    Mistral,
    Anthropic,
    Ollama,
    Vllm,
    Gemini,
    Vertex,
    Bedrock,
}

/// Each of them.
pub(crate) const ALL: [Speaks; 9] = [
    Speaks::OpenAi,
    Speaks::Azure,
    Speaks::Mistral,
    Speaks::Anthropic,
    Speaks::Ollama,
    Speaks::Vllm,
    Speaks::Gemini,
    Speaks::Vertex,
    Speaks::Bedrock,
];

impl Speaks {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Azure => "azure",
            Self::Mistral => "mistral",
            Self::Anthropic => "anthropic",
            Self::Ollama => "ollama",
            Self::Vllm => "vllm",
            Self::Gemini => "gemini",
            Self::Vertex => "vertex",
            Self::Bedrock => "bedrock",
        }
    }

    /// The dialects that a backend of this kind lists.
    pub(crate) fn dialects(self) -> String {
        format!("\"{}\"", self.name())
    }
}

/// Every string of a body but those that steer it, in its order.
pub(crate) fn texts(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::String(text) => out.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| texts(item, out)),
        Value::Object(members) => {
            for (key, member) in members {
                if !["model", "type", "role", "media_type", "id", "tool_use_id", "mimeType", "format"]
                    .contains(&key.as_str())
                {
                    out.push(key.clone());
                    texts(member, out);
                }
            }
        }
        _ => {}
    }
}

/// A body with its JSON escapes undone, so that no spelling hides a value.
pub(crate) fn opened(body: &str) -> String {
    let mut out = vec![body.to_owned()];
    if let Ok(value) = serde_json::from_str::<Value>(body) {
        texts(&value, &mut out);
    }
    out.join("\n")
}

/// Pieces of a text that cut everything: seven characters each.
fn pieces(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    chars.chunks(7).map(|chunk| chunk.iter().collect()).collect()
}

/// Answers in the shapes of an API.
pub(crate) fn answer(api: Speaks, asked: &Asked) -> Vec<Step> {
    let path = asked.head.split(' ').nth(1).unwrap_or_default().to_owned();
    let body: Value = asked.json();
    let mut said = Vec::new();
    texts(&body, &mut said);
    let said = said.join("\n");
    match api {
        Speaks::OpenAi | Speaks::Azure | Speaks::Mistral | Speaks::Vllm => openai(&path, &body, &said),
        Speaks::Anthropic => anthropic(&path, &body, &said),
        Speaks::Ollama => ollama(&path, &body, &said),
        Speaks::Gemini | Speaks::Vertex => gemini(&path, &body, &said),
        Speaks::Bedrock => bedrock(&path, &body, &said),
    }
}

/// A stream of values without names, in a framing of its own.
pub(crate) fn streamed(content_type: &str, chunks: Vec<Vec<u8>>) -> Vec<Step> {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ntransfer-encoding: chunked\r\n\r\n");
    let mut steps = vec![Step::Raw(head.into_bytes())];
    steps.extend(chunks.into_iter().map(Step::Chunk));
    steps.push(Step::Chunk(Vec::new()));
    steps
}

fn openai(path: &str, body: &Value, said: &str) -> Vec<Step> {
    let path = path.split('?').next().unwrap_or_default();
    let usage = json!({"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7});
    if path.ends_with("/embeddings") {
        let item = json!({"object": "embedding", "index": 0, "embedding": [0.1, 0.2]});
        return whole(&json!({"id": "e", "object": "list", "model": "m", "data": [item], "usage": usage}));
    }
    if path.ends_with("/moderations") || path.ends_with("/classifications") {
        let result =
            json!({"flagged": false, "categories": {}, "category_scores": {}, "category_applied_input_types": {}});
        return whole(&json!({"id": "m", "model": "m", "results": [result]}));
    }
    if path.ends_with("/rerank") || path.ends_with("/ranking") {
        let result = json!({"index": 0, "document": {"text": said}, "relevance_score": 0.5});
        return whole(&json!({"id": "r", "model": "m", "results": [result], "usage": usage}));
    }
    if path.ends_with("/score") {
        return whole(&json!({"id": "s", "object": "list", "data": [{"index": 0, "object": "score", "score": 0.5}]}));
    }
    if path.ends_with("/tokenize") {
        return whole(&json!({"count": 1, "tokens": [1], "token_strs": [said]}));
    }
    if path.ends_with("/detokenize") {
        return whole(&json!({"prompt": said}));
    }
    if path.ends_with("/responses") {
        let part = json!({"type": "output_text", "text": said, "annotations": []});
        let item =
            json!({"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [part]});
        let response = json!({"id": "resp_1", "object": "response", "created_at": 0, "status": "completed", "model": "m",
            "output": [item], "parallel_tool_calls": true, "tool_choice": "auto", "tools": []});
        if body["stream"] != true {
            return whole(&response);
        }
        let mut all = vec![json!({"type": "response.created", "sequence_number": 0, "response": response})];
        let place = |delta: Value, number: usize| {
            json!({"type": "response.output_text.delta", "item_id": "msg_1",
            "output_index": 0, "content_index": 0, "delta": delta, "logprobs": [], "sequence_number": number})
        };
        all.extend(pieces(said).into_iter().zip(1..).map(|(piece, number)| place(json!(piece), number)));
        all.push(json!({"type": "response.completed", "sequence_number": 999_999, "response": response}));
        return events(&all);
    }
    chat(path, body, said)
}

/// Chats and completions, with or without tools.
fn chat(path: &str, body: &Value, said: &str) -> Vec<Step> {
    let usage = json!({"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7});
    let tool = body.pointer("/tools/0/function/name");
    let arguments = json!({"text": said}).to_string();
    let call = |text: &str, first: bool| {
        let function = if first { json!({"name": tool, "arguments": text}) } else { json!({"arguments": text}) };
        json!([{"index": 0, "id": "call_1", "type": "function", "function": function}])
    };
    let chat = path.contains("chat") || path.contains("agents") || path.contains("fim");
    let head = |choices: Value| json!({"id": "c", "object": "chat.completion", "created": 0, "model": "m", "choices": [choices], "usage": usage});
    if body["stream"] != true {
        let message = match tool {
            Some(_) => json!({"role": "assistant", "content": "", "tool_calls": call(&arguments, true)}),
            None => json!({"role": "assistant", "content": said}),
        };
        let choice = if chat {
            json!({"index": 0, "message": message, "finish_reason": "stop"})
        } else {
            json!({"index": 0, "text": said, "finish_reason": "stop", "logprobs": null})
        };
        return whole(&head(choice));
    }
    let text = if tool.is_some() { arguments.as_str() } else { said };
    let mut chunks: Vec<Vec<u8>> = Vec::new();
    for (number, piece) in pieces(text).into_iter().enumerate() {
        let choice = match (chat, tool) {
            (false, _) => json!({"index": 0, "text": piece, "finish_reason": null}),
            (true, Some(_)) => {
                json!({"index": 0, "delta": {"tool_calls": call(&piece, number == 0)}, "finish_reason": null})
            }
            (true, None) => {
                json!({"index": 0, "delta": {"role": "assistant", "content": piece}, "finish_reason": null})
            }
        };
        chunks.push(format!("data: {}\n\n", head(choice)).into_bytes());
    }
    let last = json!({"index": 0, "delta": {"content": ""}, "text": "", "finish_reason": "stop"});
    chunks.push(format!("data: {}\n\ndata: [DONE]\n\n", head(last)).into_bytes());
    streamed("text/event-stream", chunks)
}

fn ollama(path: &str, body: &Value, said: &str) -> Vec<Step> {
    if path.ends_with("/embed") {
        return whole(&json!({"model": "m", "embeddings": [[0.1, 0.2]], "prompt_eval_count": 3}));
    }
    if path.ends_with("/embeddings") {
        return whole(&json!({"embedding": [0.1, 0.2]}));
    }
    let generate = path.ends_with("/generate");
    let tool = body.pointer("/tools/0/function/name");
    let line = |text: &str, done: bool| {
        let mut line = json!({"model": "m", "created_at": "2026-01-01T00:00:00Z", "done": done});
        if generate {
            line["response"] = json!(text);
        } else {
            line["message"] = json!({"role": "assistant", "content": text});
        }
        if done {
            line["done_reason"] = json!("stop");
            line["prompt_eval_count"] = json!(3);
            line["eval_count"] = json!(4);
        }
        line
    };
    let mut calling = line("", false);
    if let Some(name) = tool {
        calling["message"]["tool_calls"] = json!([{"function": {"name": name, "arguments": {"text": said}}}]);
    }
    if body["stream"] == false {
        let mut reply = line(if tool.is_some() { "" } else { said }, true);
        if tool.is_some() {
            reply["message"] = calling["message"].clone();
        }
        return whole(&reply);
    }
    let mut lines: Vec<Value> = match tool {
        Some(_) => vec![calling],
        None => pieces(said).iter().map(|piece| line(piece, false)).collect(),
    };
    lines.push(line("", true));
    streamed("application/x-ndjson", lines.iter().map(|line| format!("{line}\n").into_bytes()).collect())
}

fn gemini(path: &str, body: &Value, said: &str) -> Vec<Step> {
    let method = path.rsplit(':').next().unwrap_or_default();
    if method.starts_with("countTokens") {
        return whole(&json!({"totalTokens": said.len()}));
    }
    if method.starts_with("embedContent") {
        return whole(&json!({"embedding": {"values": [0.1, 0.2]}}));
    }
    if method.starts_with("batchEmbedContents") {
        let count = body["requests"].as_array().map_or(1, Vec::len);
        return whole(&json!({"embeddings": vec![json!({"values": [0.1, 0.2]}); count]}));
    }
    let tool = body.pointer("/tools/0/functionDeclarations/0/name");
    let event = |part: Value, last: bool| {
        let mut candidate = json!({"index": 0, "content": {"role": "model", "parts": [part]}});
        if last {
            candidate["finishReason"] = json!("STOP");
        }
        json!({"candidates": [candidate], "modelVersion": "m", "responseId": "r",
            "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 4, "totalTokenCount": 7}})
    };
    let part = match tool {
        Some(name) => json!({"functionCall": {"name": name, "args": {"text": said}}}),
        None => json!({"text": said}),
    };
    if !method.starts_with("streamGenerateContent") {
        return whole(&event(part, true));
    }
    let calling = &body["toolConfig"]["functionCallingConfig"];
    // The SDK writes it in snake case, and nothing beside it.
    let in_pieces =
        ["streamFunctionCallArguments", "stream_function_call_arguments"].iter().any(|it| calling[it] == true);
    let mut all: Vec<Value> = if let (Some(name), true) = (tool, in_pieces) {
        let piece = |text: &str| {
            let arg = json!({"jsonPath": "$.text", "stringValue": text, "willContinue": true});
            event(json!({"functionCall": {"partialArgs": [arg], "willContinue": true}}), false)
        };
        let begun = event(json!({"functionCall": {"name": name, "willContinue": true}}), false);
        let pieces = pieces(said).into_iter().map(|text| piece(&text));
        std::iter::once(begun).chain(pieces).chain([event(json!({"functionCall": {}}), false)]).collect()
    } else if tool.is_some() {
        vec![event(part, false)]
    } else {
        let thoughts = pieces(said).into_iter().map(|piece| event(json!({"text": piece, "thought": true}), false));
        let texts = pieces(said).into_iter().map(|piece| event(json!({"text": piece}), false));
        thoughts.chain(texts).collect()
    };
    all.push(event(json!({"text": ""}), true));
    if path.contains("alt=sse") {
        return streamed(
            "text/event-stream",
            all.iter().map(|event| format!("data: {event}\r\n\r\n").into_bytes()).collect(),
        );
    }
    let mut chunks: Vec<Vec<u8>> = Vec::new();
    for (number, event) in all.iter().enumerate() {
        let before = if number == 0 { "[" } else { ",\r\n" };
        chunks.push(format!("{before}{event}").into_bytes());
    }
    chunks.push(b"]".to_vec());
    streamed("application/json; charset=UTF-8", chunks)
}

fn bedrock(path: &str, body: &Value, said: &str) -> Vec<Step> {
    use octroi::wire::eventstream::encode;
    let binary = |messages: Vec<bytes::Bytes>| {
        // Every message in two pieces, so that a frame is cut by the transport too.
        let chunks = messages.iter().flat_map(|message| [message[..9].to_vec(), message[9..].to_vec()]).collect();
        streamed("application/vnd.amazon.eventstream", chunks)
    };
    let usage = json!({"inputTokens": 3, "outputTokens": 4, "totalTokens": 7});
    if path.contains("/invoke") {
        let stream = path.contains("/invoke-with-response-stream");
        let mut asked = body.clone();
        asked["stream"] = json!(stream);
        let steps = anthropic("/v1/messages", &asked, said);
        if !stream {
            return steps;
        }
        let mut messages = Vec::new();
        for step in steps {
            let Step::Chunk(bytes) = step else { continue };
            let text = String::from_utf8(bytes).unwrap();
            let Some(data) = text.lines().find_map(|line| line.strip_prefix("data: ")) else { continue };
            messages.push(encode("chunk", false, data));
        }
        return binary(messages);
    }
    let tool = body.pointer("/toolConfig/tools/0/toolSpec/name");
    let (block, reason) = match tool {
        Some(name) => (json!({"toolUse": {"toolUseId": "t", "name": name, "input": {"text": said}}}), "tool_use"),
        None => (json!({"text": said}), "end_turn"),
    };
    if !path.contains("/converse-stream") {
        return whole(&json!({"output": {"message": {"role": "assistant", "content": [block]}}, "stopReason": reason,
            "usage": usage, "metrics": {"latencyMs": 5}}));
    }
    let mut messages = vec![encode("messageStart", false, r#"{"role":"assistant"}"#)];
    let delta = |delta: Value| {
        encode("contentBlockDelta", false, &json!({"contentBlockIndex": 0, "delta": delta, "p": "abc"}).to_string())
    };
    if let Some(name) = tool {
        let start = json!({"contentBlockIndex": 0, "start": {"toolUse": {"toolUseId": "t", "name": name}}});
        messages.push(encode("contentBlockStart", false, &start.to_string()));
        let arguments = json!({"text": said}).to_string();
        messages.extend(pieces(&arguments).into_iter().map(|piece| delta(json!({"toolUse": {"input": piece}}))));
    } else {
        messages.extend(pieces(said).into_iter().map(|piece| delta(json!({"text": piece}))));
    }
    messages.push(encode("contentBlockStop", false, r#"{"contentBlockIndex":0}"#));
    messages.push(encode("messageStop", false, &json!({"stopReason": reason}).to_string()));
    messages.push(encode("metadata", false, &json!({"usage": usage, "metrics": {"latencyMs": 5}}).to_string()));
    binary(messages)
}

/// A whole answer.
fn whole(body: &Value) -> Vec<Step> {
    scripted::json("200 OK", "", &body.to_string())
}

/// A stream of named server-sent events.
fn events(events: &[Value]) -> Vec<Step> {
    let mut steps = vec![scripted::stream()];
    for event in events {
        let named = event["type"].as_str().map_or_else(String::new, |name| format!("event: {name}\n"));
        steps.push(Step::Chunk(format!("{named}data: {event}\n\n").into_bytes()));
    }
    steps.push(Step::Chunk(Vec::new()));
    steps
}

fn anthropic(path: &str, body: &Value, said: &str) -> Vec<Step> {
    if path.starts_with("/v1/messages/count_tokens") {
        return whole(&json!({"input_tokens": said.len()}));
    }
    let tool = body.pointer("/tools/0/name").cloned();
    let message = |content: Value, reason: &str| {
        json!({"id": "msg_1", "type": "message", "role": "assistant", "model": body["model"], "content": content,
            "stop_reason": reason, "stop_sequence": null, "usage": {"input_tokens": 3, "output_tokens": 4}})
    };
    let thought = json!({"type": "thinking", "thinking": said, "signature": "c2lnbmF0dXJl"});
    let (block, reason) = match &tool {
        Some(name) => (json!({"type": "tool_use", "id": "toolu_1", "name": name, "input": {"text": said}}), "tool_use"),
        None => (json!({"type": "text", "text": said}), "end_turn"),
    };
    if body["stream"] != true {
        return whole(&message(json!([thought, &block]), reason));
    }
    let mut all = vec![
        json!({"type": "message_start", "message": message(json!([]), reason)}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": "", "signature": ""}}),
    ];
    let delta = |index: u32, delta: Value| json!({"type": "content_block_delta", "index": index, "delta": delta});
    all.extend(pieces(said).into_iter().map(|piece| delta(0, json!({"type": "thinking_delta", "thinking": piece}))));
    all.push(delta(0, json!({"type": "signature_delta", "signature": "c2lnbmF0dXJl"})));
    all.push(json!({"type": "content_block_stop", "index": 0}));
    all.push(json!({"type": "ping"}));
    let mut begun = block;
    if tool.is_some() {
        begun["input"] = json!({});
        all.push(json!({"type": "content_block_start", "index": 1, "content_block": begun}));
        let arguments = json!({"text": said}).to_string();
        let parts = pieces(&arguments).into_iter();
        all.extend(parts.map(|piece| delta(1, json!({"type": "input_json_delta", "partial_json": piece}))));
    } else {
        begun["text"] = json!("");
        all.push(json!({"type": "content_block_start", "index": 1, "content_block": begun}));
        all.extend(pieces(said).into_iter().map(|piece| delta(1, json!({"type": "text_delta", "text": piece}))));
    }
    all.push(json!({"type": "content_block_stop", "index": 1}));
    all.push(json!({"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": null}, "usage": {"output_tokens": 4}}));
    all.push(json!({"type": "message_stop"}));
    events(&all)
}
