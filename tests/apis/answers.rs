//! What a client gets: without which probabilities, and where no backend speaks its API.

use serde_json::{Value, json};

use super::common::scripted::{self, Asked, Step};
use super::common::{EMAIL, Plot};
use super::servers::{self, Speaks};

/// Tokens of a text, four characters each, and where each begins.
fn tokens(text: &str) -> Vec<(usize, String)> {
    let chars: Vec<char> = text.chars().collect();
    chars.chunks(4).enumerate().map(|(index, token)| (index * 4, token.iter().collect())).collect()
}

/// Probabilities of tokens in the shape of chat or of completions.
fn weighed(chat: bool, tokens: &[(usize, String)]) -> Value {
    let weights = vec![-0.5; tokens.len()];
    if !chat {
        let texts: Vec<&String> = tokens.iter().map(|(_, token)| token).collect();
        let others: Vec<Value> = texts.iter().map(|token| json!({"other": -9.5, token.as_str(): -0.5})).collect();
        let offsets: Vec<usize> = tokens.iter().map(|(offset, _)| *offset).collect();
        return json!({"tokens": texts, "token_logprobs": weights, "top_logprobs": others, "text_offset": offsets});
    }
    let entries = tokens.iter().zip(weights).map(|((_, token), weight)| {
        json!({"token": token, "logprob": weight, "bytes": token.as_bytes(), "top_logprobs": [{"token": "other"}]})
    });
    json!({"content": entries.collect::<Vec<_>>(), "refusal": null})
}

/// A server that repeats what it was told with the probability of every token, three tokens an event where it streams.
fn weighing(asked: &Asked) -> Vec<Step> {
    let body = asked.json();
    let said = body["prompt"].as_str().map_or_else(|| asked.said(), str::to_owned);
    let (chat, streamed) = (body["prompt"].is_null(), body["stream"] == true);
    let choice = |tokens: &[(usize, String)]| {
        let text: String = tokens.iter().map(|(_, token)| token.as_str()).collect();
        let mut choice = json!({"index": 0, "logprobs": weighed(chat, tokens), "finish_reason": null});
        match (chat, streamed) {
            (true, false) => choice["message"] = json!({"role": "assistant", "content": text}),
            (true, true) => choice["delta"] = json!({"content": text}),
            (false, _) => choice["text"] = text.into(),
        }
        json!({"id": "c", "choices": [choice]}).to_string()
    };
    let tokens = tokens(&said);
    if !streamed {
        return scripted::json("200 OK", "", &choice(&tokens));
    }
    let events = tokens.chunks(3).map(|tokens| format!("data: {}\n\n", choice(tokens)));
    let chunks = events.chain(["data: [DONE]\n\n".to_owned(), String::new()]);
    std::iter::once(scripted::stream()).chain(chunks.map(|chunk| Step::Chunk(chunk.into_bytes()))).collect()
}

/// The tokens whose probabilities an answer tells, each with its offset where the shape has one, and the text.
fn told(answer: &str, stream: bool) -> (Vec<(Option<usize>, String)>, String) {
    let events: Vec<Value> = if stream {
        answer.lines().filter_map(|line| serde_json::from_str(line.strip_prefix("data: ")?).ok()).collect()
    } else {
        vec![serde_json::from_str(answer).unwrap()]
    };
    let (mut tokens, mut text) = (Vec::new(), String::new());
    for choice in events.iter().map(|event| &event["choices"][0]) {
        for at in ["/text", "/message/content", "/delta/content"] {
            text.push_str(choice.pointer(at).and_then(Value::as_str).unwrap_or_default());
        }
        let logprobs = &choice["logprobs"];
        if let Some(entries) = logprobs["content"].as_array() {
            let token = |entry: &Value| {
                assert!(entry["logprob"].is_number() && entry["top_logprobs"][0]["token"] == "other", "{entry}");
                (None, entry["token"].as_str().unwrap().to_owned())
            };
            tokens.extend(entries.iter().map(token));
        }
        if let Some(column) = logprobs["tokens"].as_array() {
            for (index, token) in column.iter().enumerate() {
                let token = token.as_str().unwrap();
                assert!(logprobs["top_logprobs"][index][token] == -0.5, "{logprobs}");
                tokens.push((
                    logprobs["text_offset"][index].as_u64().map(|at| usize::try_from(at).unwrap()),
                    token.to_owned(),
                ));
            }
            for column in ["token_logprobs", "top_logprobs", "text_offset"] {
                assert_eq!(logprobs[column].as_array().unwrap().len(), logprobs["tokens"].as_array().unwrap().len());
            }
        }
    }
    (tokens, text)
}

/// Tokens that hold a part of a pseudonym are withheld, the others stay, and offsets are those of the restored text.
#[tokio::test(flavor = "multi_thread")]
async fn probabilities_of_parts_of_a_pseudonym_are_withheld() {
    let mut plot = Plot::new().await;
    plot.only(&["us-cloud"]);
    let server = plot.script("us-cloud", weighing).await;
    let house = plot.open().await;
    for (path, stream) in [
        ("/v1/chat/completions", false),
        ("/v1/chat/completions", true),
        ("/v1/completions", false),
        ("/v1/completions", true),
    ] {
        let ask = |text: &str| match path {
            "/v1/completions" => json!({"model": "assistant", "prompt": text, "logprobs": 1, "stream": stream}),
            _ => json!({"model": "assistant", "logprobs": true, "stream": stream,
                "messages": [{"role": "user", "content": text}]}),
        };
        for said in
            [EMAIL.to_owned(), format!("Écrivez à {EMAIL}, puis à <{EMAIL}> ou personne: merci, et au revoir !")]
        {
            let answer = house.client.post(path, ask(&said).to_string()).await;
            let name = format!("{path} {stream}: {}", answer.body);
            assert_eq!(answer.status, 200, "{name}");
            let sent = server.asked().pop().unwrap().json();
            let sent =
                sent.pointer("/messages/0/content").unwrap_or_else(|| &sent["prompt"]).as_str().unwrap().to_owned();
            // The pseudonym as it was sent, by the characters around it.
            let chars: Vec<char> = sent.chars().collect();
            let mut parts = vec![false; chars.len()];
            for (from, _) in sent.match_indices("<EMAIL_") {
                let from = sent[..from].chars().count();
                let until = from + chars[from..].iter().position(|char| *char == '>').unwrap() + 1;
                parts[from..until].fill(true);
            }
            assert!(parts.contains(&true), "{sent}");
            let whole = |(at, token): &(usize, String)| !parts[*at..at + token.chars().count()].contains(&true);
            let expected: Vec<String> = tokens(&sent).into_iter().filter(whole).map(|(_, token)| token).collect();
            let (told, text) = told(&answer.body, stream);
            assert_eq!(text, said, "{name}");
            assert_eq!(told.iter().map(|(_, token)| token.clone()).collect::<Vec<_>>(), expected, "{name}");
            let chars: Vec<char> = text.chars().collect();
            for (offset, token) in told {
                assert_eq!(offset.is_some(), path == "/v1/completions", "{name}");
                let at = offset.unwrap_or_else(|| text[..text.find(&token).unwrap()].chars().count());
                assert!(chars[at..].iter().collect::<String>().starts_with(&token), "{token} at {at}: {name}");
            }
        }
        let (told, _) = told(&house.client.post(path, ask("plain text").to_string()).await.body, stream);
        assert_eq!(told.len(), 3, "{path} {stream}");
    }
}

/// A client whose API no permitted backend speaks is told which are spoken, in its API's own shape.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_whose_api_nobody_speaks_is_told_which_are_spoken() {
    let mut plot = Plot::new().await;
    plot.only(&["us-cloud"]);
    plot.dialects = "\"openai\", \"ollama\"".to_owned();
    let server = plot.script("us-cloud", scripted::echo).await;
    let house = plot.open().await;
    for (api, path, message) in [
        (Speaks::Anthropic, "/v1/messages", "/error/message"),
        (Speaks::Gemini, "/v1beta/models/assistant:generateContent", "/error/message"),
        (Speaks::Bedrock, "/model/assistant/converse", "/message"),
        (Speaks::Azure, "/openai/deployments/assistant/chat/completions?api-version=2024-10-21", "/error/message"),
    ] {
        let (_, body) = super::request_of(api, "hello");
        let answer = house.client.post(path, body).await;
        assert_eq!(answer.status, 404, "{api:?}: {}", answer.body);
        let told: Value = answer.json();
        let message = told.pointer(message).and_then(Value::as_str).unwrap_or_default();
        for words in [
            "no permitted backend speaks this API",
            "those that serve it speak ollama (/api/chat",
            "openai (/v1/chat/completions",
        ] {
            assert!(message.contains(words), "{api:?}: `{words}` is not in: {message}");
        }
    }
    assert!(server.asked().is_empty());
}

/// Azure serves the deployment in the path, so its clients write into the body's `model` what they like: it never leaves.
#[tokio::test(flavor = "multi_thread")]
async fn beside_a_deployment_the_model_of_the_body_says_nothing_and_stays() {
    let mut plot = Plot::new().await;
    plot.only(&["us-cloud"]);
    plot.dialects = Speaks::Azure.dialects();
    let server = plot.script("us-cloud", |asked| servers::answer(Speaks::Azure, asked)).await;
    let house = plot.open().await;
    let (path, body) = super::request_of(Speaks::Azure, "hello");
    let mut body: Value = serde_json::from_str(&body).unwrap();
    body["model"] = "gpt-4o-of-the-agency".into();
    let answer = house.client.post(path, body.to_string()).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let asked = server.asked().pop().unwrap();
    assert!(!asked.body.contains("of-the-agency"), "{}", asked.body);
    // Where the path names none, two names are two.
    let (_, mut other) = super::request_of(Speaks::OpenAi, "hello");
    other.insert_str(1, "\"model\":\"another\",");
    assert_eq!(house.client.post("/openai/v1/chat/completions", other).await.status, 400);
}

/// AWS tells the class of an error in the head, and its SDKs raise their exceptions by it: known classes go on, and nothing else does.
#[tokio::test(flavor = "multi_thread")]
async fn the_class_of_an_aws_error_goes_on_with_it() {
    let mut plot = Plot::new().await;
    plot.only(&["us-cloud"]);
    plot.dialects = Speaks::Bedrock.dialects();
    let server = plot.script("us-cloud", |_: &Asked| Vec::new()).await;
    let house = plot.open().await;
    for (said, expected) in [
        ("ValidationException:http://internal.amazon.com/coral/com.amazon.coral.validate/", "ValidationException"),
        ("AccessDeniedException", ""),
        ("camille.aubertin@example.com", ""),
    ] {
        let head = format!("x-amzn-errortype: {said}\r\n");
        server.set_script(move |_: &Asked| scripted::json("400 Bad Request", &head, r#"{"message":"no"}"#));
        let (path, body) = super::request_of(Speaks::Bedrock, "hello");
        let answer = house.client.post(path, body).await;
        assert_eq!((answer.status, answer.header("x-amzn-errortype")), (400, expected), "{said}: {}", answer.body);
    }
}

/// Servers of open models have OpenAI's paths beside their own: a client of another API is told of both.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_server_speaks_is_told_with_the_paths_that_it_has_in_common() {
    for (api, own) in
        [(Speaks::Vllm, "/rerank"), (Speaks::Mistral, "/v1/fim/completions"), (Speaks::Ollama, "/api/chat")]
    {
        let mut plot = Plot::new().await;
        plot.only(&["us-cloud"]);
        plot.dialects = api.dialects();
        let _server = plot.script("us-cloud", scripted::echo).await;
        let house = plot.open().await;
        let (path, body) = super::request_of(Speaks::Anthropic, "hello");
        let refused = house.client.post(path, body).await;
        let message = refused.json()["error"]["message"].as_str().unwrap_or_default().to_owned();
        for path in [own, "/v1/chat/completions", "/v1/embeddings"] {
            assert!(message.contains(path), "{api:?}: `{path}` is not in: {message}");
        }
        assert!(!message.contains("/v1/messages") && !message.contains("/v1/responses"), "{api:?}: {message}");
        // What it is told works.
        assert_eq!(house.client.chat("hello", false).await.status, 200, "{api:?}");
    }
}

/// A duty that cannot be done: the refusal names the place in words of the table, the rule that demands it, and what to do.
#[tokio::test(flavor = "multi_thread")]
async fn a_duty_that_cannot_be_done_is_told_with_its_place_and_its_rule() {
    let mut plot = Plot::new().await;
    plot.only(&["us-cloud"]);
    let server = plot.script("us-cloud", scripted::echo).await;
    let house = plot.open().await;
    let card = "4111111111111111";
    for (name, member, value, place, why) in [
        ("what steers", "logit_bias", json!({"50256": EMAIL}), "logit_bias.*", "would no longer mean what it says"),
        (
            "a number",
            "made_tomorrow",
            json!({"card number": 4_111_111_111_111_111_u64}),
            "made_tomorrow",
            "would become a string",
        ),
    ] {
        let mut body = json!({"model": "assistant", "messages": [{"role": "user", "content": "hello"}]});
        body[member] = value;
        let answer = house.client.post("/v1/chat/completions", body.to_string()).await;
        assert_eq!(answer.status, 403, "{name}: {}", answer.body);
        let told: Value = answer.json();
        let error = &told["error"];
        assert_eq!(error["code"], "duty_impossible", "{name}: {told}");
        let message = error["message"].as_str().unwrap();
        let at = error["octroi"]["place"].as_str().unwrap_or_default();
        assert!(at == place || place == "made_tomorrow" && !at.contains("card"), "{name}: {told}");
        let rule = error["octroi"]["rule"].as_str().unwrap_or_else(|| panic!("{name}: no rule: {told}"));
        assert_eq!(answer.header("octroi-rule"), rule, "{name}");
        for words in [format!("`{at}`"), format!("rule `{rule}`: "), why.to_owned(), "leave the value out".to_owned()] {
            assert!(message.contains(&words), "{name}: `{words}` is not in: {message}");
        }
        assert!(!answer.body.contains(EMAIL) && !answer.body.contains(card), "{name}: {}", answer.body);
    }
    assert!(server.asked().is_empty());
}

/// A list of models holds what the client may ask for in its own API, and nothing that would be refused as unknown there.
#[tokio::test(flavor = "multi_thread")]
async fn lists_of_models_hold_what_backends_of_the_api_serve() {
    let lists = [
        ("/v1/models", "anthropic-version", Speaks::Anthropic),
        ("/v1beta/models", "x-client", Speaks::Gemini),
        ("/api/tags", "x-client", Speaks::Ollama),
        ("/openai/v1/models", "x-client", Speaks::Azure),
        ("/v1/models", "x-client", Speaks::OpenAi),
    ];
    for spoken in [Speaks::OpenAi, Speaks::Vllm, Speaks::Mistral, Speaks::Ollama, Speaks::Anthropic, Speaks::Gemini] {
        let mut plot = Plot::new().await;
        plot.only(&["us-cloud"]);
        plot.dialects = spoken.dialects();
        let house = plot.open().await;
        for (path, header, api) in lists {
            let with_openai = [Speaks::OpenAi, Speaks::Vllm, Speaks::Mistral, Speaks::Ollama].contains(&spoken);
            let expected = api == spoken || api == Speaks::OpenAi && with_openai;
            let ask = |path: String| {
                let mut request = house.client.request(http::Method::GET, &path, "");
                request.headers_mut().insert(header, http::HeaderValue::from_static("2023-06-01"));
                house.client.send(request)
            };
            let all = ask(path.to_owned()).await.unwrap();
            assert_eq!(
                (all.status, all.body.contains("assistant")),
                (200, expected),
                "{spoken:?}, {api:?}: {}",
                all.body
            );
            if path == "/api/tags" {
                continue;
            }
            let one = ask(format!("{path}/assistant")).await.unwrap();
            assert_eq!(one.status, if expected { 200 } else { 404 }, "{spoken:?}, {api:?}: {}", one.body);
        }
    }
}

/// Lists of models hold the names that clients use, each with the countries that it is served from, and no backend's own name.
#[tokio::test(flavor = "multi_thread")]
async fn lists_of_models_hold_aliases_and_their_countries() {
    let mut plot = Plot::new().await;
    plot.only(&["us-cloud"]);
    plot.dialects = servers::ALL.map(Speaks::dialects).join(", ");
    let house = plot.open().await;
    for path in [
        "/v1/models",
        "/v1/models/assistant",
        "/openai/v1/models",
        "/v1beta/models",
        "/v1beta/models/assistant",
        "/api/tags",
    ] {
        let answer = house.client.send(house.client.request(http::Method::GET, path, "")).await.unwrap();
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        assert!(answer.body.contains("assistant") && !answer.body.contains("demonstration"), "{path}: {}", answer.body);
        let mut countries = Vec::new();
        listed(&answer.json(), &mut countries);
        assert!(!countries.is_empty() && countries.iter().all(|of| *of == json!(["US"])), "{path}: {}", answer.body);
    }
}

/// Every list of countries in an answer.
fn listed(value: &Value, out: &mut Vec<Value>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| listed(item, out)),
        Value::Object(members) => {
            out.extend(members.get("countries").cloned());
            members.values().for_each(|member| listed(member, out));
        }
        _ => {}
    }
}
