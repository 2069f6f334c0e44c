//! Laws of what is told: refusals, failures of backends, and the paths that lead somewhere or nowhere.

use super::*;

#[test]
fn refusals_are_json_in_every_dialect() {
    let refusal = Refusal::new(Fault::Policy, 403, "refused_by_policy", "policy permits no \"backend\"").at("x");
    for language in LANGUAGES {
        let api = Api { dialect: language.dialect, operation: Operation::MODELS };
        let body: Value = serde_json::from_str(&error_body(language.dialect, &refusal, "req_1")).unwrap();
        assert!(body.to_string().contains("permits no"), "{body}");
        let event = stream_error(api, &refusal, "req_1", (Some(3), Told::default()));
        assert!(event.data.contains("permits no") && serde_json::from_str::<Value>(&event.data).is_ok());
        let models: Value = serde_json::from_str(&models_body(language.dialect, &[("a\"b", &[])], false)).unwrap();
        assert!(models.to_string().contains("a\\\"b"), "{models}");
    }
}

/// Every word by which a server tells its failure is read, and stands in the error event of the API.
#[test]
fn classes_of_failures_are_told_in_the_shape_of_the_api() {
    for language in LANGUAGES {
        let api = Api { dialect: language.dialect, operation: Operation::CHAT };
        let kinds = language.failures.kinds;
        let also = language
            .failures
            .also
            .iter()
            .map(|(said, sort)| (*said, *kinds.iter().find(|(word, _)| word == sort).unwrap()));
        for (said, (word, status)) in kinds.iter().map(|kind| (kind.0, *kind)).chain(also) {
            let data = serde_json::json!({ "error": { "type": said, "message": "the prompt was" } }).to_string();
            let (read, told) = failure(api, None, Some(&data));
            assert_eq!((read, told.kind), (status, Some(word)), "{said}");
            assert_eq!(failure(api, Some(said), None), (status, told), "{said}");
            let refusal = Refusal::new(Fault::Upstream, read, "backend_failed", "the backend failed");
            let event = stream_error(api, &refusal, "req_1", (None, told));
            let shown = format!("{} {}", event.event.unwrap_or_default(), event.data);
            assert!(shown.contains(word) && !shown.contains("prompt"), "{said}: {shown}");
        }
        for (data, status) in [
            (r#"{"error":{"code":429,"type":"erika@example.org"}}"#, 429),
            (r#"{"error":{"code":"429"}}"#, 429),
            (r#"{"error":{"code":401,"type":"authentication_error"}}"#, 502),
            (r#"{"error":{"code":403,"status":"PERMISSION_DENIED"}}"#, 502),
            (r#"{"error":"erika@example.org"}"#, 502),
            (r#"{"error":{"code":200}}"#, 502),
            ("[]", 502),
            ("", 502),
        ] {
            assert_eq!(failure(api, Some("error"), Some(data)), (status, Told::default()), "{data}");
        }
    }
}

/// The templates of two dialects may meet only where a header tells their clients apart, or one names the other.
#[test]
fn every_path_leads_to_one_endpoint_of_its_dialect() {
    for language in LANGUAGES {
        let mut headers = HeaderMap::new();
        if let Some(mark) = language.mark {
            let words = language
                .headers
                .iter()
                .find(|(name, _)| *name == mark)
                .map_or("1", |(_, features)| features.passing[0]);
            headers.insert(mark, words.parse().unwrap());
        }
        for endpoint in language.endpoints {
            let path = endpoint.path.replace("{model}", "own%2Fname");
            let path = path
                .split('/')
                .map(|part| if part.starts_with('{') { "v" } else { part })
                .collect::<Vec<_>>()
                .join("/");
            let method = http::Method::from_bytes(endpoint.method.as_bytes()).unwrap();
            match route(&method, &path, None, &headers) {
                Ok(line) => {
                    assert_eq!(line.api.operation, endpoint.operation, "{path}");
                    assert_eq!(
                        line.model.as_deref(),
                        endpoint.path.contains("{model}").then_some("own/name"),
                        "{path}"
                    );
                    let own = line.api.dialect == language.dialect;
                    assert!(own || speakers(line.api).contains(&language.dialect), "{path} leads to {:?}", line.api);
                }
                Err(refusal) => assert!(endpoint.refused.is_some(), "{path}: {refusal:?}"),
            }
            for game in
                [format!("/{path}"), format!("{path}/"), format!("{path};x"), path.to_uppercase(), format!("{path}%00")]
            {
                // A variable takes a suffix of its own segment, and then the model is one that nobody configured.
                if let Ok(line) = route(&method, &game, None, &headers) {
                    assert!(line.model.or(line.object).is_some_and(|name| name != "own/name" && name != "v"), "{game}");
                }
            }
        }
        for family in language.ungoverned {
            if language.endpoints.iter().all(|endpoint| endpoint.path != *family) {
                let refusal = route(&http::Method::PATCH, family, None, &headers).unwrap_err();
                assert_eq!((refusal.status, refusal.code), (404, "endpoint_not_governed"), "{family}");
                assert!(refusal.message.contains(family), "{family}: {}", refusal.message);
            }
        }
    }
}

/// An endpoint that an API has and this gateway does not govern is refused by its name, in words of the table and no others.
#[test]
fn what_is_not_governed_is_named() {
    let cloud = "/v1/projects/{project}/locations/{location}/publishers/google/models/{model}";
    for (path, named) in [
        ("/v1beta/models/erika:batchGenerateContent", "/v1beta/models/{model}:batchGenerateContent"),
        ("/v1beta/models/erika:predictLongRunning", "/v1beta/models/{model}:predictLongRunning"),
        ("/v1beta/models/erika:asyncBatchEmbedContent", "/v1beta/models/{model}:asyncBatchEmbedContent"),
        ("/v1/models/erika:batchGenerateContent", "/v1/models/{model}:batchGenerateContent"),
        ("/v1beta/models/erika:erika", "/v1beta/models/{model}:…"),
        ("/v1beta/cachedContents/erika", "/v1beta/cachedContents/{content}"),
        ("/v1beta/erika", "/v1beta/…"),
        ("/openai/deployments/erika/images/generations", "/openai/deployments/{model}/images/generations"),
        ("/openai/deployments/erika/audio/speech", "/openai/deployments/{model}/audio/speech"),
        ("/openai/deployments/erika/erika", "/openai/deployments/{model}/…"),
        ("/openai/v1/files", "/openai/v1/files"),
        ("/openai/v1/images/generations", "/openai/v1/images/generations"),
        ("/openai/v1/responses/compact", "/openai/v1/responses/compact"),
        ("/model/anthropic.erika-v1:0/count-tokens", "/model/{model}/count-tokens"),
        ("/model/erika/erika", "/model/{model}/…"),
        (&cloud.replace("{model}", "erika:predict"), &format!("{cloud}:predict")),
        (&cloud.replace("{model}", "erika:erika"), &format!("{cloud}:…")),
        ("/v1/projects/erika/erika", "/v1/projects/{project}/…"),
        ("/v1/messages/batches/erika/results", "/v1/messages/batches/{batch}/results"),
        ("/v1/ocr", "/v1/ocr"),
        ("/api/pull", "/api/pull"),
        ("/api/erika", "/api/…"),
    ] {
        let refusal = route(&http::Method::POST, path, None, &HeaderMap::new()).unwrap_err();
        assert_eq!((refusal.status, refusal.code), (404, "endpoint_not_governed"), "{path}: {}", refusal.message);
        let told = format!("`{named}` is not governed by this gateway yet");
        assert!(refusal.message.starts_with(&told), "{path}: {}", refusal.message);
        assert!(!refusal.message.contains("erika"), "{path}: {}", refusal.message);
    }
    // What an API has at a governed path under another method, and models whose names hold a colon, are as before.
    for (method, path, status) in [
        ("POST", "/v1/responses/resp_1", 405),
        ("POST", "/v1beta/models/erika", 405),
        ("GET", "/v1/chat/completions", 405),
    ] {
        let refusal = route(&method.parse().unwrap(), path, None, &HeaderMap::new()).unwrap_err();
        assert_eq!(refusal.status, status, "{path}: {}", refusal.message);
    }
    let line = route(&http::Method::GET, "/v1/models/erika:latest", None, &HeaderMap::new()).unwrap();
    assert_eq!((line.api.dialect, line.model.as_deref()), (Dialect::OPENAI, Some("erika:latest")));
}

#[test]
fn every_file_with_a_language_is_in_the_table() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/dialect");
    let files = walkdir::WalkDir::new(source).into_iter().filter_map(Result::ok);
    let declared = files
        .filter(|file| file.path().extension().is_some_and(|extension| extension == "rs"))
        .filter(|file| file.path().components().all(|part| !part.as_os_str().to_string_lossy().starts_with("tests")))
        .filter(|file| std::fs::read_to_string(file.path()).unwrap().contains("static LANGUAGE: Language ="))
        .count();
    assert_eq!(declared, LANGUAGES.len());
    let names: BTreeSet<&str> = LANGUAGES.iter().map(|language| language.dialect.name()).collect();
    assert_eq!(names.len(), LANGUAGES.len());
}

/// What would be switched off by silence is refused by its name.
#[test]
fn a_guardrail_that_the_head_asks_for_is_refused() {
    for name in
        ["X-Amzn-Bedrock-GuardrailIdentifier", "X-Amzn-Bedrock-GuardrailVersion", "X-Amzn-Bedrock-Trace", "Accept"]
    {
        let mut headers = HeaderMap::new();
        headers.insert(http::HeaderName::try_from(name).unwrap(), "erika".parse().unwrap());
        let told = route(&http::Method::POST, "/model/m/invoke", None, &headers);
        match told {
            Ok(line) => assert!(name == "Accept" && line.headers.is_empty(), "{name}"),
            Err(refusal) => {
                assert_eq!((refusal.status, refusal.code), (400, "header_not_governed"), "{name}");
                assert!(refusal.message.contains(&name.to_lowercase()), "{}", refusal.message);
                assert!(!refusal.message.contains("erika"), "{}", refusal.message);
            }
        }
    }
}
