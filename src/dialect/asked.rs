//! How long an answer a request asks for, in tokens: what the caller's limits are reserved by.

use crate::model::{Call, TokenKind};

/// The last words of paths at which an API is told how many tokens an answer may have.
const LENGTHS: &[&str] = &[
    "max_tokens",
    "max_completion_tokens",
    "max_output_tokens",
    "max_tokens_to_sample",
    "max_new_tokens",
    "max_gen_len",
    "maxOutputTokens",
    "maxTokens",
    "num_predict",
];
/// The last words of paths at which it is told how many answers are wanted.
const CHOICES: &[&str] = &["n", "best_of", "candidateCount"];
/// Operations whose answers are no text of a model.
const NO_TEXT: &[&str] =
    &["embeddings", "moderations", "rerank", "score", "ranking", "tokenize", "detokenize", "count_tokens"];
/// More answers than that no API gives at once.
const CHOICES_MAX: u64 = 128;

/// Tokens that the answer may have at most, over all choices, where the request says so.
pub fn output_asked(call: &Call) -> Option<u64> {
    let number = |words: &[&str]| {
        let numbers = call.fields.iter().filter(|field| {
            field.kind == TokenKind::Number && words.contains(&field.path.rsplit(['.', ']']).next().unwrap_or_default())
        });
        numbers.filter_map(|field| call.text(field).parse::<u64>().ok()).max()
    };
    let choices = number(CHOICES).unwrap_or(1).clamp(1, CHOICES_MAX);
    Some(number(LENGTHS)?.saturating_mul(choices))
}

/// Whether a model writes the answer.
pub fn answers_in_text(call: &Call) -> bool {
    !call.body.is_empty() && !NO_TEXT.contains(&call.api.operation.name())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::{self, parse};
    use crate::model::{Api, Dialect, Operation};

    #[test]
    fn lengths_are_read_where_apis_have_them() {
        let openai = |operation| Api { dialect: Dialect::OPENAI, operation };
        let of = |name: &str, path: &str| {
            let apis = dialect::endpoints(dialect::named(name).unwrap());
            apis.into_iter().find(|(_, known)| *known == path).unwrap().0
        };
        let messages = r#""messages":[{"role":"user","content":"x"}]"#;
        for (name, api, body, asked) in [
            ("nothing said", openai(Operation::CHAT), format!("{{\"model\":\"m\",{messages}}}"), None),
            ("chat", openai(Operation::CHAT), format!("{{\"model\":\"m\",\"max_tokens\":10,{messages}}}"), Some(10)),
            (
                "the newer word",
                openai(Operation::CHAT),
                format!("{{\"model\":\"m\",\"max_completion_tokens\":20,{messages}}}"),
                Some(20),
            ),
            (
                "several choices",
                openai(Operation::CHAT),
                format!("{{\"model\":\"m\",\"max_tokens\":10,\"n\":3,{messages}}}"),
                Some(30),
            ),
            (
                "responses",
                openai(Operation::RESPONSES),
                r#"{"model":"m","max_output_tokens":30,"input":"x"}"#.to_owned(),
                Some(30),
            ),
            (
                "anthropic",
                of("anthropic", "/v1/messages"),
                format!("{{\"model\":\"m\",\"max_tokens\":40,{messages}}}"),
                Some(40),
            ),
            (
                "no number",
                openai(Operation::CHAT),
                format!("{{\"model\":\"m\",\"max_tokens\":\"10\",{messages}}}"),
                None,
            ),
        ] {
            let call = parse(api, body).unwrap();
            assert_eq!(output_asked(&call), asked, "{name}");
        }
    }
}
