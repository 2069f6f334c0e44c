//! Vertex AI: Gemini's bodies under Google Cloud's paths.
//!
//! A client's path names a project and a region. Neither goes on: where a request is served is policy's, and a backend's
//! base path holds the project and the region of its own (`https://europe-west9-aiplatform.googleapis.com/v1/projects/P/
//! locations/europe-west9`). Tables, errors and streams are [`super::gemini`]'s.

use super::gemini::{self, BOTH, COUNT, COUNTED, EMBED, GENERATE, KEY, ONE, STREAM_QUERY, STREAMED, WHOLE};
use super::language::{Endpoint, Language, Streams};
use super::ungoverned;
use crate::model::Dialect;

/// The dialect.
pub(super) static LANGUAGE: Language = Language {
    dialect: Dialect::new("vertex"),
    mark: None,
    endpoints: &ENDPOINTS,
    ungoverned: ungoverned::VERTEX,
    ..gemini::SHAPES
};

/// Client paths of one method under a version of the API, and the path behind a backend's base path.
macro_rules! method {
    ($version:literal, $operation:expr, $table:expr, $query:expr, $streams:expr, $method:literal) => {
        Endpoint {
            upstream: concat!("/publishers/google/models/{model}:", $method),
            query: $query,
            streams: $streams,
            ..Endpoint::post(
                $operation,
                concat!(
                    "/",
                    $version,
                    "/projects/{project}/locations/{location}/publishers/google/models/{model}:",
                    $method
                ),
                $table,
                BOTH,
            )
        }
    };
}

static ENDPOINTS: [Endpoint; 8] = [
    method!("v1", WHOLE, &GENERATE, KEY, Streams::Asked(false), "generateContent"),
    method!("v1", STREAMED, &GENERATE, STREAM_QUERY, Streams::Always, "streamGenerateContent"),
    method!("v1", COUNT, &COUNTED, KEY, Streams::Asked(false), "countTokens"),
    method!("v1", ONE, &EMBED, KEY, Streams::Asked(false), "embedContent"),
    method!("v1beta1", WHOLE, &GENERATE, KEY, Streams::Asked(false), "generateContent"),
    method!("v1beta1", STREAMED, &GENERATE, STREAM_QUERY, Streams::Always, "streamGenerateContent"),
    method!("v1beta1", COUNT, &COUNTED, KEY, Streams::Asked(false), "countTokens"),
    method!("v1beta1", ONE, &EMBED, KEY, Streams::Asked(false), "embedContent"),
];
