//! What every endpoint of the demonstration server has in common: who asks, what is answered, and faults.

use http::Method;
use serde_json::{Value, json};

use super::model_schema;
use crate::limits;

/// The circumstances of one answer.
pub(super) struct Ask<'a> {
    /// The server's name.
    pub(super) server: &'a str,
    /// The models it serves; empty: any.
    pub(super) models: &'a [String],
    /// Number of the answer, from which its ids are made.
    pub(super) number: u64,
    /// Seconds since the epoch.
    pub(super) created_s: u64,
    /// Bytes of the request body.
    pub(super) prompt_bytes: usize,
}

impl Ask<'_> {
    /// The model of a request, if this server serves it.
    pub(super) fn model<'q>(&self, question: &'q Value) -> Result<&'q str, Fault> {
        let model = question
            .get("model")
            .and_then(Value::as_str)
            .filter(|model| !model.is_empty())
            .ok_or_else(|| Fault::invalid("model", "you must provide a `model`"))?;
        if self.models.is_empty() || self.models.iter().any(|served| served == model) {
            return Ok(model);
        }
        Err(Fault::no_such_model())
    }

    /// An id with the prefix that its kind has.
    pub(super) fn id(&self, prefix: &str) -> String {
        format!("{prefix}demo{:08x}{:08x}", self.created_s, self.number)
    }

    /// The sentence that opens every answer in text.
    pub(super) fn opening(&self) -> String {
        format!("[{}: a demonstration, not a language model; it repeats what it received]\n", self.server)
    }

    /// Counts tokens as a rule of thumb does, four bytes each: enough to show where usage comes back.
    pub(super) fn usage(&self, answer_bytes: usize) -> Usage {
        let (input, output) = (self.prompt_bytes.div_ceil(4), answer_bytes.div_ceil(4));
        Usage { input, output, total: input.saturating_add(output) }
    }
}

/// Token counts of one answer.
pub(super) struct Usage {
    pub(super) input: usize,
    pub(super) output: usize,
    pub(super) total: usize,
}

impl Usage {
    /// The shape of chat and text completions.
    pub(super) fn of_completion(&self) -> Value {
        json!({
            "prompt_tokens": self.input, "completion_tokens": self.output, "total_tokens": self.total,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {
                "reasoning_tokens": 0, "audio_tokens": 0, "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0,
            },
        })
    }
}

/// What a request asks to have repeated, and in which form.
#[derive(Default)]
pub(super) struct Question<'a> {
    /// The text to repeat: the last user text, or the results of tools after it.
    pub(super) text: String,
    /// Whether the text came from tools.
    pub(super) from_tools: bool,
    /// The functions that may be called: name and schema of the arguments.
    pub(super) functions: Vec<(&'a str, &'a Value)>,
    /// The `tool_choice` of the request.
    pub(super) choice: Option<&'a Value>,
    /// The form that the answer must have.
    pub(super) form: Form<'a>,
}

/// The form of an answer in text.
#[derive(Default)]
pub(super) enum Form<'a> {
    /// Prose.
    #[default]
    Prose,
    /// Any JSON object.
    Object,
    /// JSON that fits a schema.
    Schema(&'a Value),
}

impl<'a> Form<'a> {
    /// Reads `response_format` or `text.format`; `schema` is where the schema stands in it.
    pub(super) fn read(format: Option<&'a Value>, schema: &str) -> Self {
        let Some(format) = format else { return Self::Prose };
        match format.get("type").and_then(Value::as_str) {
            Some("json_object") => Self::Object,
            Some("json_schema") => format.pointer(schema).map_or(Self::Object, Self::Schema),
            _ => Self::Prose,
        }
    }
}

/// An answer before it takes the shape of an API.
pub(super) enum Answer<'a> {
    /// Text.
    Text(String),
    /// A call of a function with its arguments, JSON in a string.
    Call(&'a str, String),
}

impl Answer<'_> {
    /// Bytes that a model would have generated.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Call(name, arguments) => name.len().saturating_add(arguments.len()),
        }
    }
}

impl<'a> Question<'a> {
    /// Answers: by a call where functions are offered and the user spoke last, else by repeating.
    pub(super) fn answer(&self, ask: &Ask<'_>) -> Result<Answer<'a>, Fault> {
        if let Some((name, schema)) = self.wanted_function()? {
            let arguments = match model_schema::instance(schema, &self.text) {
                Value::Object(arguments) => Value::Object(arguments).to_string(),
                // A function without parameters takes an empty object.
                _ => "{}".to_owned(),
            };
            return Ok(Answer::Call(name, arguments));
        }
        Ok(Answer::Text(match self.form {
            Form::Prose => format!("{}{}", ask.opening(), self.text),
            Form::Object => json!({"demonstration": ask.server, "received": self.text}).to_string(),
            Form::Schema(schema) => model_schema::instance(schema, &self.text).to_string(),
        }))
    }

    /// The function to call: the one that `tool_choice` names, else the first.
    fn wanted_function(&self) -> Result<Option<(&'a str, &'a Value)>, Fault> {
        let choice = self.choice;
        if self.from_tools || self.functions.is_empty() || choice.is_some_and(|choice| choice == "none") {
            return Ok(None);
        }
        // Chat nests the name, responses do not.
        let named = choice.and_then(|choice| choice.pointer("/function/name").or_else(|| choice.get("name")));
        let Some(named) = named.and_then(Value::as_str) else { return Ok(self.functions.first().copied()) };
        let found = self.functions.iter().find(|(name, _)| *name == named);
        found.copied().map(Some).ok_or_else(|| Fault::invalid("tool_choice", "`tool_choice` names no tool of `tools`"))
    }
}

/// The text of a message's content: a string, or the text parts of a list, one after the other.
pub(super) fn text_of(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts
            .iter()
            .filter_map(|part| part.get("text").or_else(|| part.get("refusal")).and_then(Value::as_str))
            .collect::<Vec<_>>()
            .join("\n"),
        _ => String::new(),
    }
}

/// The number of choices that a request asks for.
pub(super) fn choices(question: &Value) -> Result<usize, Fault> {
    let Some(asked) = question.get("n").filter(|asked| !asked.is_null()) else { return Ok(1) };
    asked
        .as_u64()
        .and_then(|asked| usize::try_from(asked).ok())
        .filter(|asked| (1..=limits::DEMO_CHOICES_MAX).contains(asked))
        .ok_or_else(|| Fault::invalid("n", "`n` must be a number from 1 to 16"))
}

/// Whether a switch of the request is on.
pub(super) fn is_on(question: &Value, pointer: &str) -> bool {
    question.pointer(pointer).and_then(Value::as_bool).unwrap_or(false)
}

/// Why a request is not answered. It never quotes the request.
#[derive(Debug)]
pub(super) struct Fault {
    /// HTTP status.
    pub(super) status: u16,
    code: &'static str,
    parameter: Option<&'static str>,
    message: String,
}

impl Fault {
    /// A fault with a status, a code and a sentence.
    pub(super) fn new(status: u16, code: &'static str, message: &str) -> Self {
        Self { status, code, parameter: None, message: message.to_owned() }
    }

    /// A 400 that names the member at fault.
    pub(super) fn invalid(parameter: &'static str, message: &str) -> Self {
        Self { parameter: Some(parameter), ..Self::new(400, "invalid_value", message) }
    }

    /// A 404 for a model that the server does not serve.
    pub(super) fn no_such_model() -> Self {
        Self {
            parameter: Some("model"),
            ..Self::new(404, "model_not_found", "this demonstration server does not serve the model")
        }
    }

    /// A 404 for an address that the server does not have.
    pub(super) fn no_such_url(method: &Method) -> Self {
        let message = format!("this demonstration server has no such address for {method}");
        Self::new(404, "unknown_url", &message)
    }

    /// OpenAI's error body.
    pub(super) fn into_body(self) -> Value {
        json!({"error": {
            "message": self.message, "type": "invalid_request_error", "param": self.parameter, "code": self.code,
        }})
    }
}
