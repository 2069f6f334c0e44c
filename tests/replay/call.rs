//! A request whose values must be pseudonymised: what the streams that are replayed and the fuzz target of restore begin with.

use std::ops::Range;

use octroi::model::call::FieldKey;
use octroi::model::{
    Action, Api, Call, Content, Dialect, Duties, EntityId, Field, Finding, Findings, Line, Operation, Role, Spelling,
    TokenKind, Word,
};
use octroi::wire::quote;

/// A body that is a list of texts, each with the place and the type of a value in it.
pub(crate) fn request(texts: impl IntoIterator<Item = (String, Range<usize>, EntityId)>) -> (Call, Findings, Duties) {
    let mut body = "[\"model\"".to_owned();
    let mut fields = vec![field("model", 1..8, "model", 0)];
    let (mut findings, mut duties) = (Findings::default(), Duties::default());
    for ((text, value, entity), number) in texts.into_iter().zip(1_u32..) {
        body.push(',');
        let start = body.len();
        body.push_str(&quote(&text));
        fields.push(field("messages[].content", start..body.len(), &text, number));
        duties.require(entity, Action::Pseudonymise);
        let (range, detector) = (narrow(value), Word::fixed("test"));
        findings.list.push(Finding { entity, field: number, range, confidence: 90, detector });
    }
    body.push(']');
    let api = Api { dialect: Dialect::OPENAI, operation: Operation::CHAT };
    let call = Call {
        api,
        body,
        fields,
        line: Line::from(api),
        models: vec![0],
        cited: Vec::new(),
        sources: Vec::new(),
        stream: true,
        json: false,
        store: None,
        open: 1,
        hosted: Vec::new(),
        previous: None,
        places: Vec::new(),
    };
    (call, findings, duties)
}

fn field(path: &'static str, span: Range<usize>, text: &str, group: u32) -> Field {
    let content = Content::Decoded(text.into());
    Field {
        path,
        role: Role::User,
        kind: TokenKind::String,
        spelling: Spelling::Any,
        span: narrow(span),
        content,
        group,
        key: FieldKey::None,
    }
}

fn narrow(range: Range<usize>) -> Range<u32> {
    u32::try_from(range.start).unwrap()..u32::try_from(range.end).unwrap()
}
