//! How long an answer a request asks for, in tokens: what the caller's limits are reserved by.

use crate::model::{Call, Field, Role, TokenKind};

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

/// Tokens that the answer may have at most, over all choices; `unsaid` is what one has when the request does not say it.
pub fn output_asked(call: &Call, unsaid: u64) -> u64 {
    let most = |words: &[&str]| {
        let named = |field: &&Field| words.contains(&field.path.rsplit(['.', ']']).next().unwrap_or_default());
        call.fields.iter().filter(named).filter_map(|field| read(field.kind, field.role, call.text(field))).max()
    };
    most(LENGTHS).unwrap_or(unsaid).saturating_mul(most(CHOICES).unwrap_or(1).max(1))
}

/// A number as a lenient server takes it: `9000.0`, `9e3` and `"9000"` are 9000 to servers that coerce. A text that is none counts
/// as the most, since nobody knows what it is taken for; below zero is what servers do that are told nothing.
fn read(kind: TokenKind, role: Role, text: &str) -> Option<u64> {
    let is_read = kind == TokenKind::Number || kind == TokenKind::String && role == Role::Control;
    let text = is_read.then(|| text.trim())?;
    if let Ok(whole) = text.parse::<u64>() {
        return Some(whole);
    }
    match text.parse::<f64>() {
        Ok(number) if number < 0.0 => None,
        Ok(number) => Some(format!("{:.0}", number.ceil()).parse().unwrap_or(u64::MAX)),
        Err(_) => Some(u64::MAX),
    }
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
            ("nothing said", openai(Operation::CHAT), format!("{{\"model\":\"m\",{messages}}}"), 7),
            ("chat", openai(Operation::CHAT), format!("{{\"model\":\"m\",\"max_tokens\":10,{messages}}}"), 10),
            (
                "the newer word",
                openai(Operation::CHAT),
                format!("{{\"model\":\"m\",\"max_completion_tokens\":20,{messages}}}"),
                20,
            ),
            (
                "several choices",
                openai(Operation::CHAT),
                format!("{{\"model\":\"m\",\"max_tokens\":10,\"n\":3,{messages}}}"),
                30,
            ),
            (
                "responses",
                openai(Operation::RESPONSES),
                r#"{"model":"m","max_output_tokens":30,"input":"x"}"#.to_owned(),
                30,
            ),
            (
                "anthropic",
                of("anthropic", "/v1/messages"),
                format!("{{\"model\":\"m\",\"max_tokens\":40,{messages}}}"),
                40,
            ),
        ] {
            let call = parse(api, body).unwrap();
            assert_eq!(output_asked(&call, 7), asked, "{name}");
        }
    }

    /// Servers in Python coerce: what they would answer is what is reserved.
    #[test]
    fn lengths_are_read_as_a_lenient_server_reads_them() {
        let api = Api { dialect: Dialect::OPENAI, operation: Operation::CHAT };
        for (said, asked) in [
            (r#""max_tokens":9000.0"#, 9_000),
            (r#""max_tokens":1e4"#, 10_000),
            (r#""max_tokens":"9000""#, 9_000),
            (r#""max_tokens":" 9e3 ""#, 9_000),
            (r#""max_tokens":10.5"#, 11),
            (r#""max_tokens":1e30"#, u64::MAX),
            (r#""max_tokens":100000000000000000000000"#, u64::MAX),
            (r#""max_tokens":"many""#, u64::MAX),
            (r#""max_tokens":null"#, 7),
            (r#""max_tokens":-1"#, 7),
            (r#""n":1000"#, 7_000),
            (r#""n":1e3"#, 7_000),
            (r#""n":"3","max_tokens":"10""#, 30),
            (r#""best_of":1000"#, 7_000),
            (r#""n":2,"max_tokens":0"#, 0),
            (r#""metadata":{"n":"north"}"#, 7),
        ] {
            let body = format!("{{\"model\":\"m\",{said},\"messages\":[{{\"role\":\"user\",\"content\":\"x\"}}]}}");
            let call = parse(api, body).unwrap();
            assert_eq!(output_asked(&call, 7), asked, "{said}");
        }
    }
}
