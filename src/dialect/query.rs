//! The query of a request: what an endpoint takes there, and how it is read.
//!
//! A parameter passes where the table names it. Words of the table are passed on as they are; a number or a name of the
//! caller's own is a leaf like those of a body: inspected, decided on, and never changed, because only calls about a kept
//! object have one, and these go on unchanged or not at all. A parameter that the gateway has its own for stays here.

use std::borrow::Cow;

use super::language::{Endpoint, decoded, endpoint};
use super::leaf::{blank, index};
use crate::limits;
use crate::model::call::FieldKey;
use crate::model::{Call, Content, Field, Line, Refusal, Role, TokenKind};

/// What an endpoint takes in its query.
pub(crate) type Parameters = &'static [(&'static str, Takes)];

/// What a parameter may hold.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Takes {
    /// One of these words.
    Word(&'static [&'static str]),
    /// Some of these words: the parameter stands once for each.
    Words(&'static [&'static str]),
    /// A whole number up to this one: a leaf.
    Number(u64),
    /// What the provider calls an object: a leaf.
    Name,
    /// Anything; it is not passed on.
    Ignored,
}

type Read = (&'static str, Cow<'static, str>);

/// Takes the parameters that pass.
pub(super) fn read(endpoint: &Endpoint, query: &str) -> Result<Vec<Read>, Refusal> {
    let refused = |message| Refusal::invalid("query_not_allowed", message);
    let mut taken: Vec<Read> = Vec::new();
    let mut seen: Vec<&str> = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decoded(name).unwrap_or_default(), decoded(value).unwrap_or_default());
        let Some((known, takes)) = endpoint.query.iter().find(|(known, _)| *known == name) else {
            return Err(refused(unknown(endpoint)));
        };
        let repeats = matches!(takes, Takes::Words(_)) && !taken.iter().any(|(_, said)| *said == value);
        if seen.contains(known) && !repeats {
            return Err(refused(format!("send `{known}` once")));
        }
        seen.push(known);
        match takes.value(value) {
            Ok(Some(value)) => taken.push((known, value)),
            Ok(None) => {}
            Err(must) => return Err(refused(format!("`{known}` must be {must}"))),
        }
    }
    Ok(taken)
}

fn unknown(endpoint: &Endpoint) -> String {
    let names: Vec<&str> = endpoint.query.iter().map(|(known, _)| *known).collect();
    let taken = if names.is_empty() { "no query parameters".to_owned() } else { format!("only {}", names.join(", ")) };
    let body = if endpoint.request.is_some() { "; put everything else in the body" } else { "" };
    format!("`{}` takes {taken}{body}", endpoint.path)
}

impl Takes {
    /// The value as it goes on, if it does; else what it must be.
    fn value(self, given: String) -> Result<Option<Cow<'static, str>>, String> {
        match self {
            Self::Word(words) | Self::Words(words) => match words.iter().find(|word| **word == given) {
                Some(word) => Ok(Some(Cow::Borrowed(*word))),
                None => Err(format!("one of {}", words.join(", "))),
            },
            Self::Number(most) => {
                // As it is written by whoever counts: another spelling of a number may carry what a number does not.
                let number = given.parse::<u64>().ok().filter(|number| *number <= most && number.to_string() == given);
                number.map(|_| Some(Cow::Owned(given))).ok_or_else(|| format!("a whole number up to {most}"))
            }
            Self::Name => {
                let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
                let is_name = (1..=limits::KEPT_ID_BYTES_MAX).contains(&given.len()) && given.bytes().all(plain);
                if is_name { Ok(Some(Cow::Owned(given))) } else { Err("the id of an object".to_owned()) }
            }
            Self::Ignored => Ok(None),
        }
    }
}

/// A call without a body, about an object that a provider keeps: its leaves are what the caller wrote into the query.
pub(super) fn call(line: Line) -> Call {
    let taken = endpoint(line.api).map_or(&[][..], |endpoint| endpoint.query);
    let is_number = |name: &str| taken.iter().any(|(known, takes)| *known == name && matches!(takes, Takes::Number(_)));
    let own = line.query.iter().filter(|(_, value)| matches!(value, Cow::Owned(_)));
    let leaves = own.enumerate().map(|(at, (name, value))| {
        let number = is_number(name);
        let kind = if number { TokenKind::Number } else { TokenKind::String };
        let role = if number { Role::Control } else { Role::Identifier };
        let content = Content::Decoded(value.as_ref().into());
        Field { path: name, role, content, group: index(at), key: FieldKey::Known(name), ..blank(kind) }
    });
    Call {
        api: line.api,
        body: String::new(),
        fields: leaves.collect(),
        cited: Vec::new(),
        sources: Vec::new(),
        places: Vec::new(),
        models: Vec::new(),
        stream: line.says("stream", "true"),
        json: false,
        store: None,
        open: 0,
        hosted: Vec::new(),
        previous: None,
        line,
    }
}
