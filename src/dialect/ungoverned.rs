//! The endpoints that an API has and this gateway does not govern, so that a refusal can name them in words of our own.
//!
//! A row is a template like those of the endpoints: a variable stands for one segment, and nothing of the caller's is quoted.
//! A path that no row spells out is named by the longest beginning that a row or an endpoint has. Nothing here is ever sent on.
//! Roots of governed endpoints stand among the rows too, so that what lies below them is told from another API's.

use super::language::matched;

/// A variable whose segment ends in a method that no other row has.
pub(super) const ANY_METHOD: &str = ":…";

/// OpenAI's under a prefix, and more.
macro_rules! openai {
    ($at:literal $(, $more:literal)*) => {
        &[
            concat!($at, "/assistants"),
            concat!($at, "/assistants/{assistant}"),
            concat!($at, "/audio"),
            concat!($at, "/audio/speech"),
            concat!($at, "/audio/transcriptions"),
            concat!($at, "/audio/translations"),
            concat!($at, "/audio/voices"),
            concat!($at, "/audio/voice_consents"),
            concat!($at, "/batches"),
            concat!($at, "/batches/{batch}"),
            concat!($at, "/batches/{batch}/cancel"),
            concat!($at, "/chat/completions"),
            concat!($at, "/chat/completions/{completion}"),
            concat!($at, "/chat/completions/{completion}/messages"),
            concat!($at, "/chatkit"),
            concat!($at, "/chatkit/sessions"),
            concat!($at, "/chatkit/threads"),
            concat!($at, "/completions"),
            concat!($at, "/containers"),
            concat!($at, "/containers/{container}"),
            concat!($at, "/containers/{container}/files"),
            concat!($at, "/containers/{container}/files/{file}"),
            concat!($at, "/containers/{container}/files/{file}/content"),
            concat!($at, "/conversations"),
            concat!($at, "/conversations/{conversation}"),
            concat!($at, "/conversations/{conversation}/items"),
            concat!($at, "/conversations/{conversation}/items/{item}"),
            concat!($at, "/edits"),
            concat!($at, "/embeddings"),
            concat!($at, "/evals"),
            concat!($at, "/evals/{eval}"),
            concat!($at, "/evals/{eval}/runs"),
            concat!($at, "/evals/{eval}/runs/{run}"),
            concat!($at, "/files"),
            concat!($at, "/files/{file}"),
            concat!($at, "/files/{file}/content"),
            concat!($at, "/fine_tuning"),
            concat!($at, "/fine_tuning/alpha/graders/run"),
            concat!($at, "/fine_tuning/alpha/graders/validate"),
            concat!($at, "/fine_tuning/jobs"),
            concat!($at, "/fine_tuning/jobs/{job}"),
            concat!($at, "/fine_tuning/jobs/{job}/cancel"),
            concat!($at, "/fine_tuning/jobs/{job}/checkpoints"),
            concat!($at, "/fine_tuning/jobs/{job}/events"),
            concat!($at, "/images"),
            concat!($at, "/images/edits"),
            concat!($at, "/images/generations"),
            concat!($at, "/images/variations"),
            concat!($at, "/models"),
            concat!($at, "/moderations"),
            concat!($at, "/organization"),
            concat!($at, "/realtime"),
            concat!($at, "/realtime/calls"),
            concat!($at, "/realtime/client_secrets"),
            concat!($at, "/realtime/sessions"),
            concat!($at, "/realtime/transcription_sessions"),
            concat!($at, "/responses"),
            concat!($at, "/responses/compact"),
            concat!($at, "/responses/input_tokens"),
            concat!($at, "/skills"),
            concat!($at, "/threads"),
            concat!($at, "/threads/runs"),
            concat!($at, "/threads/{thread}"),
            concat!($at, "/threads/{thread}/messages"),
            concat!($at, "/threads/{thread}/runs"),
            concat!($at, "/threads/{thread}/runs/{run}"),
            concat!($at, "/uploads"),
            concat!($at, "/uploads/{upload}/cancel"),
            concat!($at, "/uploads/{upload}/complete"),
            concat!($at, "/uploads/{upload}/parts"),
            concat!($at, "/vector_stores"),
            concat!($at, "/vector_stores/{store}"),
            concat!($at, "/vector_stores/{store}/file_batches"),
            concat!($at, "/vector_stores/{store}/files"),
            concat!($at, "/vector_stores/{store}/search"),
            concat!($at, "/videos"),
            concat!($at, "/videos/{video}"),
            concat!($at, "/videos/{video}/content"),
            concat!($at, "/videos/{video}/remix"),
            $($more),*
        ]
    };
}

/// OpenAI's.
pub(super) const OPENAI: &[&str] = openai!("/v1");

/// Azure's, in both of its shapes.
pub(super) const AZURE: &[&str] = openai!(
    "/openai/v1",
    "/openai/assistants",
    "/openai/batches",
    "/openai/deployments",
    "/openai/deployments/{model}/audio/speech",
    "/openai/deployments/{model}/audio/transcriptions",
    "/openai/deployments/{model}/audio/translations",
    "/openai/deployments/{model}/extensions/chat/completions",
    "/openai/deployments/{model}/images/edits",
    "/openai/deployments/{model}/images/generations",
    "/openai/evals",
    "/openai/files",
    "/openai/files/{file}",
    "/openai/files/{file}/content",
    "/openai/fine_tuning",
    "/openai/fine_tuning/jobs",
    "/openai/images/generations:submit",
    "/openai/models",
    "/openai/realtime",
    "/openai/responses",
    "/openai/threads",
    "/openai/uploads",
    "/openai/vector_stores",
    "/openai/v1",
    "/openai"
);

/// Anthropic's.
pub(super) const ANTHROPIC: &[&str] = &[
    "/v1/messages",
    "/v1/messages/batches",
    "/v1/messages/batches/{batch}",
    "/v1/messages/batches/{batch}/cancel",
    "/v1/messages/batches/{batch}/results",
    "/v1/complete",
    "/v1/files",
    "/v1/files/{file}",
    "/v1/files/{file}/content",
    "/v1/skills",
    "/v1/skills/{skill}",
    "/v1/skills/{skill}/versions",
    "/v1/models",
    "/v1/organizations",
    "/v1/agents",
    "/v1/sessions",
    "/v1/environments",
    "/v1/experimental",
    "/v1/experimental/generate_prompt",
    "/v1/experimental/improve_prompt",
    "/v1/experimental/templatize_prompt",
];

/// Mistral's beside those that it has in common with OpenAI.
pub(super) const MISTRAL: &[&str] = &[
    "/v1/agents",
    "/v1/agents/{agent}",
    "/v1/agents/{agent}/version",
    "/v1/audio",
    "/v1/audio/transcriptions",
    "/v1/batch",
    "/v1/batch/jobs",
    "/v1/batch/jobs/{job}",
    "/v1/batch/jobs/{job}/cancel",
    "/v1/chat/classifications",
    "/v1/conversations",
    "/v1/conversations/{conversation}/history",
    "/v1/conversations/{conversation}/messages",
    "/v1/conversations/{conversation}/restart",
    "/v1/fim",
    "/v1/fine_tuning",
    "/v1/fine_tuning/models/{model}",
    "/v1/libraries",
    "/v1/libraries/{library}",
    "/v1/libraries/{library}/documents",
    "/v1/observability",
    "/v1/ocr",
];

/// Ollama's.
pub(super) const OLLAMA: &[&str] = &[
    "/api/blobs",
    "/api/copy",
    "/api/create",
    "/api/delete",
    "/api/ps",
    "/api/pull",
    "/api/push",
    "/api/show",
    "/api/version",
    "/api/web_fetch",
    "/api/web_search",
    "/api",
];

/// Those of servers of open models.
pub(super) const VLLM: &[&str] = &[
    "/classify",
    "/completion",
    "/generate",
    "/generate_stream",
    "/infill",
    "/invocations",
    "/pooling",
    "/v1/load_lora_adapter",
    "/v1/unload_lora_adapter",
];

/// Methods of a model under a prefix, and more.
macro_rules! methods {
    ([$($at:literal),*] $(, $more:expr)*) => {
        &[
            $(
                concat!($at, "/{model}:asyncBatchEmbedContent"),
                concat!($at, "/{model}:batchEmbedText"),
                concat!($at, "/{model}:batchGenerateContent"),
                concat!($at, "/{model}:countMessageTokens"),
                concat!($at, "/{model}:countTextTokens"),
                concat!($at, "/{model}:embedText"),
                concat!($at, "/{model}:fetchPredictOperation"),
                concat!($at, "/{model}:generateAnswer"),
                concat!($at, "/{model}:generateMessage"),
                concat!($at, "/{model}:generateText"),
                concat!($at, "/{model}:predict"),
                concat!($at, "/{model}:predictLongRunning"),
                concat!($at, "/{model}:rawPredict"),
                concat!($at, "/{model}:serverStreamingPredict"),
                concat!($at, "/{model}:streamRawPredict"),
            )*
            $($more),*
        ]
    };
}

/// Gemini's. A model behind `/v1/models/` may be another API's, and its name may hold a colon: there only methods that are
/// known are told.
pub(super) const GEMINI: &[&str] = methods!(
    ["/v1/models", "/v1beta/models", "/v1alpha/models"],
    "/v1/batches",
    "/v1/cachedContents",
    "/v1/files",
    "/v1/operations",
    "/v1/tunedModels",
    "/upload/v1/files",
    "/v1beta/batches",
    "/v1beta/batches/{batch}",
    "/v1beta/batches/{batch}:cancel",
    "/v1beta/cachedContents",
    "/v1beta/cachedContents/{content}",
    "/v1beta/corpora",
    "/v1beta/files",
    "/v1beta/files/{file}",
    "/v1beta/files/{file}:download",
    "/v1beta/fileSearchStores",
    "/v1beta/interactions",
    "/v1beta/models",
    "/v1beta/models/{model}:…",
    "/v1beta/models/{model}/operations/{operation}",
    "/v1beta/operations",
    "/v1beta/tunedModels",
    "/v1beta/tunedModels/{model}:generateContent",
    "/v1beta/openai",
    "/upload/v1beta/files",
    "/v1beta",
    "/v1alpha"
);

/// Vertex AI's.
pub(super) const VERTEX: &[&str] = methods!(
    [
        "/v1/projects/{project}/locations/{location}/publishers/google/models",
        "/v1beta1/projects/{project}/locations/{location}/publishers/google/models"
    ],
    "/v1/projects/{project}/locations/{location}/publishers/google/models/{model}:…",
    "/v1beta1/projects/{project}/locations/{location}/publishers/google/models/{model}:…",
    "/v1/projects/{project}/locations/{location}/batchPredictionJobs",
    "/v1/projects/{project}/locations/{location}/cachedContents",
    "/v1/projects/{project}/locations/{location}/endpoints",
    "/v1/projects/{project}/locations/{location}/endpoints/{endpoint}:predict",
    "/v1/projects/{project}/locations/{location}/tuningJobs",
    "/v1beta1/projects/{project}/locations/{location}/batchPredictionJobs",
    "/v1beta1/projects/{project}/locations/{location}/cachedContents",
    "/v1beta1/projects/{project}/locations/{location}/endpoints",
    "/v1beta1/projects/{project}/locations/{location}/tuningJobs",
    "/v1/projects/{project}/locations/{location}/publishers/{publisher}/models/{model}:rawPredict",
    "/v1/projects/{project}/locations/{location}/publishers/{publisher}/models/{model}:streamRawPredict",
    "/v1/projects",
    "/v1beta1/projects",
    "/v1/publishers",
    "/v1beta1/publishers"
);

/// Bedrock's.
pub(super) const BEDROCK: &[&str] = &[
    "/model",
    "/model/{model}/count-tokens",
    "/model/{model}/invoke-with-bidirectional-stream",
    "/model-invocation-job",
    "/model-invocation-jobs",
    "/model-customization-jobs",
    "/async-invoke",
    "/guardrail",
    "/guardrail/{guardrail}/version/{version}/apply",
    "/guardrails",
    "/foundation-models",
    "/inference-profiles",
    "/knowledgebases",
    "/knowledgebases/{base}/retrieve",
    "/agents",
    "/flows",
    "/prompts",
    "/retrieveAndGenerate",
];

/// How much of a path a template spells out, in bytes.
pub(super) fn spelt(template: &str) -> usize {
    template.split(['{', '}']).step_by(2).map(str::len).sum()
}

/// Whether a path is what a template stands for, or lies below it.
pub(super) fn covers(template: &str, path: &str) -> bool {
    // Every request is compared with every row: most differ in what comes before a variable.
    let fixed = template.bytes().take_while(|byte| *byte != b'{');
    if fixed.zip(path.bytes()).any(|(wanted, given)| wanted != given) {
        return false;
    }
    let whole = path.match_indices('/').nth(template.matches('/').count()).map_or(path.len(), |(end, _)| end);
    path.get(..whole).is_some_and(|path| matched(template, path).is_some())
        || path.strip_prefix(template).is_some_and(|rest| rest.starts_with(':'))
}

/// The beginning of a template that a path has, in whole segments; nothing where they have not even the first in common.
pub(super) fn beginning<'t>(template: &'t str, path: &str) -> Option<&'t str> {
    let ends = template.match_indices('/').map(|(end, _)| end).chain([template.len()]).skip(1);
    ends.filter_map(|end| template.get(..end)).take_while(|beginning| covers(beginning, path)).last()
}
