//! What an entry of each kind may hold, as data: the verifier checks by it, the documentation is written from it.
//!
//! A member that is not listed is refused, so nothing can be smuggled into a log. Since entries are canonical JSON, the
//! members come in the order of their keys: one pass checks the spelling and the schema together, without allocating.

use std::fmt::Write as _;

use crate::canonical::{NotCanonical, Reader};

/// Bytes of a word at most.
pub const WORD_BYTES_MAX: usize = 512;

/// What one kind of entry holds.
#[derive(Debug)]
pub struct Schema {
    /// The word in the entry.
    pub name: &'static str,
    /// When it is written: half a sentence.
    pub when: &'static str,
    /// Whether it is about a request: then it has a member `request`.
    pub about_request: bool,
    /// Members besides `kind`, in ascending order of their keys.
    pub members: &'static [Member],
}

/// A member of an object.
#[derive(Debug, Clone, Copy)]
pub struct Member {
    /// Its key.
    pub key: &'static str,
    /// What its value may be.
    pub shape: Shape,
    /// Whether it is always there.
    pub required: bool,
    /// What it says: half a sentence, empty where the key says it.
    pub means: &'static str,
}

/// A member that is always there.
pub const fn must(key: &'static str, shape: Shape, means: &'static str) -> Member {
    Member { key, shape, required: true, means }
}

/// A member that may be absent.
pub const fn may(key: &'static str, shape: Shape, means: &'static str) -> Member {
    Member { key, shape, required: false, means }
}

/// The form of a value.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// A word of a closed list, a name from configuration, or an id: a string of at most [`WORD_BYTES_MAX`] bytes.
    Word,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A whole number that is not negative.
    Number,
    /// A whole number.
    Signed,
    /// `true` or `false`.
    Flag,
    /// The id of a request: a UUID in lower case.
    Request,
    /// The ids of two custodians' keys: 16 hexadecimal digits in lower case each, `+` between them.
    TwoKeys,
    /// A digest or keyed code: 64 hexadecimal digits in lower case.
    Digest,
    /// A time: RFC 3339, UTC, nine digits of a second.
    Time,
    /// Text that is not a word: base64 of sealed content, at most as long as an entry allows.
    Sealed,
    /// Any number of these.
    List(&'static Self),
    /// Exactly so many of these.
    Exactly(usize, &'static Self),
    /// An object with these members, in ascending order of their keys.
    Object(&'static [Member]),
}

/// What is wrong with the body of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Not canonical JSON.
    NotCanonical(NotCanonical),
    /// This member is not in its form.
    Form(&'static str),
    /// This member is not there.
    Missing(&'static str),
    /// A member that the kind does not have.
    Unknown,
}

impl From<NotCanonical> for Fault {
    fn from(error: NotCanonical) -> Self {
        Self::NotCanonical(error)
    }
}

/// Members of the body that the cross-checks need.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen<'a> {
    /// The member `request`.
    pub request: Option<&'a str>,
    /// The member `verdict`.
    pub verdict: Option<&'a str>,
}

impl Schema {
    /// Passes a body of this kind.
    pub(crate) fn pass<'a>(&self, reader: &mut Reader<'a>) -> Result<Seen<'a>, Fault> {
        let (mut seen, mut kind_fits) = (Seen::default(), false);
        let kind = [Member { key: "kind", shape: Shape::Word, required: true, means: "" }];
        // The body's own list lacks `kind`, which every body has: it is put where its key belongs.
        let before = self.members.iter().take_while(|member| member.key < "kind").count();
        let (first, rest) = self.members.split_at_checked(before).unwrap_or((self.members, &[]));
        let members = first.iter().chain(&kind).chain(rest);
        object(reader, members, |member, value| match member {
            "kind" => kind_fits = value == self.name,
            "request" => seen.request = Some(value),
            "verdict" => seen.verdict = Some(value),
            _ => {}
        })?;
        if kind_fits { Ok(seen) } else { Err(Fault::Form("kind")) }
    }
}

/// Passes an object whose members are among these, and shows each string among its values.
fn object<'a, 's>(
    reader: &mut Reader<'a>,
    mut members: impl Iterator<Item = &'s Member>,
    mut string: impl FnMut(&'s str, &'a str),
) -> Result<(), Fault> {
    reader.eat(b"{")?;
    let mut first = true;
    while (first && reader.is_next(b"\"")) || (!first && reader.eat(b",").is_ok()) {
        first = false;
        // Members come in the order of their keys: those passed over on the way are not there.
        let member = loop {
            match members.next() {
                Some(member) if reader.eat_key(member.key) => break member,
                Some(member) if member.required => return Err(Fault::Missing(member.key)),
                Some(_) => {}
                None => return Err(Fault::Unknown),
            }
        };
        if let Some(value) = value(reader, member)? {
            string(member.key, value);
        }
    }
    if let Some(missing) = members.find(|member| member.required) {
        return Err(Fault::Missing(missing.key));
    }
    reader.eat(b"}").map_err(|_| Fault::Unknown)
}

/// Passes a value; returns it when it is a string without escapes.
fn value<'a>(reader: &mut Reader<'a>, member: &Member) -> Result<Option<&'a str>, Fault> {
    let form = || Fault::Form(member.key);
    match member.shape {
        Shape::List(item) => items(reader, member, item).map(|_| None),
        Shape::Exactly(count, item) => match items(reader, member, item)? {
            found if found == count => Ok(None),
            _ => Err(form()),
        },
        Shape::Object(members) => object(reader, members.iter(), |_, _| {}).map(|()| None),
        Shape::Number | Shape::Signed => {
            let negative = reader.is_next(b"-");
            reader.number().map_err(|_| form())?;
            if negative && matches!(member.shape, Shape::Number) { Err(form()) } else { Ok(None) }
        }
        Shape::Flag => reader.eat(b"true").or_else(|_| reader.eat(b"false")).map(|()| None).map_err(|_| form()),
        _ => {
            let start = reader.place() + 1;
            reader.string().map_err(|_| form())?;
            let text = reader.text(start..reader.place() - 1);
            if fits(member.shape, text) { Ok(Some(text)) } else { Err(form()) }
        }
    }
}

fn items(reader: &mut Reader<'_>, member: &Member, shape: &Shape) -> Result<usize, Fault> {
    reader.eat(b"[").map_err(|_| Fault::Form(member.key))?;
    let (item, mut count) = (Member { shape: *shape, ..*member }, 0_usize);
    while reader.eat(b"]").is_err() {
        if count > 0 {
            reader.eat(b",")?;
        }
        value(reader, &item)?;
        count = count.saturating_add(1);
    }
    // A list that ends in a comma is not canonical: its last value was not one, and was refused.
    Ok(count)
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Whether a string, as spelled in the entry, has the form.
fn fits(shape: Shape, text: &str) -> bool {
    match shape {
        Shape::Word => text.len() <= WORD_BYTES_MAX,
        Shape::OneOf(words) => words.contains(&text),
        Shape::Request => crate::entry::Request::parse(text).is_some(),
        Shape::TwoKeys => text.split_once('+').is_some_and(|(one, other)| is_hex(one, 16) && is_hex(other, 16)),
        Shape::Digest => is_hex(text, 64),
        Shape::Time => crate::entry::is_time(text),
        _ => true,
    }
}

/// The table of all kinds, as it stands in `docs/audit-format.md`.
pub fn describe() -> String {
    let mut text = String::from("| kind | when it is written |\n|---|---|\n");
    let mut put = |line: &str| {
        text.push_str(line);
        text.push('\n');
    };
    for kind in crate::entry::Kind::ALL {
        let schema = kind.schema();
        put(&format!("| `{}` | {} |", schema.name, schema.when));
    }
    for kind in crate::entry::Kind::ALL {
        let schema = kind.schema();
        if schema.members.is_empty() {
            put(&format!("\n### `{}`\n\nNo member besides `kind`.", schema.name));
            continue;
        }
        put(&format!("\n### `{}`\n\n| member | form | meaning |\n|---|---|---|", schema.name));
        for (path, member) in flat("", schema.members) {
            let absent = if member.required { "" } else { "?" };
            put(&format!("| `{path}`{absent} | {} | {} |", form(member.shape), member.means));
        }
    }
    text
}

/// Every member with its path, those of objects behind the object.
fn flat(prefix: &str, members: &'static [Member]) -> Vec<(String, &'static Member)> {
    let mut all = Vec::new();
    for member in members {
        let path = format!("{prefix}{}", member.key);
        all.push((path.clone(), member));
        match member.shape {
            Shape::Object(inner) => all.extend(flat(&format!("{path}."), inner)),
            Shape::List(Shape::Object(inner)) => all.extend(flat(&format!("{path}[]."), inner)),
            _ => {}
        }
    }
    all
}

fn form(shape: Shape) -> String {
    match shape {
        Shape::Word => "word".to_owned(),
        Shape::OneOf(words) => {
            let mut text = String::new();
            for (index, word) in words.iter().enumerate() {
                // Writing to a string cannot fail.
                let _infallible = write!(text, "{}`{word}`", if index == 0 { "" } else { ", " });
            }
            text
        }
        Shape::Number => "number".to_owned(),
        Shape::Signed => "signed number".to_owned(),
        Shape::Flag => "`true`, `false`".to_owned(),
        Shape::Request => "UUID".to_owned(),
        Shape::TwoKeys => "two of 16 hex digits, `+` between".to_owned(),
        Shape::Digest => "64 hex digits".to_owned(),
        Shape::Time => "time".to_owned(),
        Shape::Sealed => "base64".to_owned(),
        Shape::List(item) => format!("list of {}", form(*item)),
        Shape::Exactly(count, item) => format!("{count} of {}", form(*item)),
        Shape::Object(_) => "object".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Kind;

    fn pass(kind: Kind, body: &str) -> Result<Seen<'_>, Fault> {
        let mut reader = Reader::new(body);
        let seen = kind.schema().pass(&mut reader)?;
        if reader.place() == body.len() { Ok(seen) } else { Err(Fault::Unknown) }
    }

    #[test]
    fn keys_are_in_order_and_none_is_a_nested_kind() {
        fn check(name: &str, members: &'static [Member]) {
            assert!(members.is_sorted_by(|one, other| one.key < other.key), "{name}");
            for (path, member) in flat("", members) {
                assert_ne!(member.key, "kind", "{name}: {path} would be taken for the kind of the entry");
                let inner = match member.shape {
                    Shape::Object(inner) | Shape::List(&Shape::Object(inner)) => Some(inner),
                    _ => None,
                };
                if let Some(inner) = inner {
                    assert!(inner.is_sorted_by(|one, other| one.key < other.key), "{name}: {path}");
                }
            }
        }
        for kind in Kind::ALL {
            let schema = kind.schema();
            check(schema.name, schema.members);
            let has_request = schema.members.iter().any(|member| member.key == "request" && member.required);
            assert_eq!(schema.about_request, has_request, "{}", schema.name);
        }
    }

    #[test]
    fn names_the_member_that_is_wrong() {
        let start = |body: &str| pass(Kind::Start, body).map(|_| ());
        for (name, body, expected) in [
            ("right", r#"{"kind":"start","unfinished":0,"version":"0.1.0"}"#, Ok(())),
            ("missing", r#"{"kind":"start","unfinished":0}"#, Err(Fault::Missing("version"))),
            (
                "a word for a number",
                r#"{"kind":"start","unfinished":"0","version":"0"}"#,
                Err(Fault::Form("unfinished")),
            ),
            ("negative", r#"{"kind":"start","unfinished":-1,"version":"0"}"#, Err(Fault::Form("unfinished"))),
            ("more behind", r#"{"kind":"start","unfinished":0,"version":"0","x":1}"#, Err(Fault::Unknown)),
            ("more before", r#"{"a":1,"kind":"start","unfinished":0,"version":"0"}"#, Err(Fault::Missing("kind"))),
            (
                "twice",
                r#"{"kind":"start","unfinished":0,"unfinished":0,"version":"0"}"#,
                Err(Fault::Missing("version")),
            ),
            ("out of order", r#"{"kind":"start","version":"0","unfinished":0}"#, Err(Fault::Missing("unfinished"))),
            ("blank", r#"{"kind":"start","unfinished":0, "version":"0"}"#, Err(Fault::Missing("version"))),
            ("not an object", "[]", Err(Fault::NotCanonical(NotCanonical { at: 0 }))),
        ] {
            assert_eq!(start(body), expected, "{name}");
        }
        let long = format!(r#"{{"kind":"start","unfinished":0,"version":"{}"}}"#, "x".repeat(WORD_BYTES_MAX + 1));
        assert_eq!(start(&long), Err(Fault::Form("version")));
    }

    #[test]
    fn lists_end_where_they_end() {
        let member = must("x", Shape::List(&Shape::Number), "");
        for (text, right) in
            [("[]", true), ("[1]", true), ("[1,2]", true), ("[1,]", false), ("[,1]", false), ("[1", false)]
        {
            let mut reader = Reader::new(text);
            assert_eq!(value(&mut reader, &member).is_ok() && reader.place() == text.len(), right, "{text}");
        }
    }
}
