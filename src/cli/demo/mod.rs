//! `octroi demo`: the whole house on one machine, with model servers that show what reached them.

mod model_chat;
mod model_completions;
mod model_embeddings;
mod model_question;
mod model_received;
mod model_reply;
mod model_responses;
mod model_schema;
pub mod model_server;
