//! What leaves is what the duties say, nothing else changes, and restore undoes it.

use aws_lc_rs::hmac;
use proptest::prelude::*;

use super::*;
use crate::model::call::FieldKey;
use crate::model::{Api, ClassSet, Content, Dialect, Finding, Line, Normal, Operation, Spelling};
use crate::transform::{Landing, Restorer};
use crate::wire::splice;

const TYPES: [(&str, &str, Normal); 6] = [
    ("email", "EMAIL", Normal::Lower),
    ("person", "PERSON", Normal::Name),
    ("iban", "IBAN", Normal::Alphanumeric),
    ("fr_nir", "NATIONAL_ID", Normal::Alphanumeric),
    ("health_condition", "TERM", Normal::Name),
    ("strange", "no code", Normal::Exact),
];

fn catalogue() -> Catalogue {
    let info = |(name, code, normal): (&'static str, &'static str, Normal)| EntityInfo {
        name: Word::fixed(name),
        code: Word::fixed(code),
        classes: ClassSet::default(),
        normal,
        names_somebody: true,
    };
    Catalogue { entities: TYPES.map(info).into(), classes: Vec::new() }
}

fn entity(name: &str) -> EntityId {
    catalogue().entity(name).unwrap()
}

fn keys(secret: &str, salt: u8) -> Keys {
    Keys::new(hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), [salt; 16])
}

/// A request under construction: one member for each field, under names that are no fields.
#[derive(Default)]
struct Request {
    fields: Vec<(Role, TokenKind, String)>,
    findings: Vec<Finding>,
    spelling: Spelling,
}

impl Request {
    fn of(fields: &[(Role, &str)]) -> Self {
        let text = |(role, text): &(Role, &str)| (*role, TokenKind::String, (*text).to_owned());
        Self { fields: fields.iter().map(text).collect(), findings: Vec::new(), spelling: Spelling::Any }
    }

    fn user(text: &str) -> Self {
        Self::of(&[(Role::User, text)])
    }

    fn with(mut self, role: Role, kind: TokenKind, text: &str) -> Self {
        self.fields.push((role, kind, text.to_owned()));
        self
    }

    /// Marks every occurrence of the values in every field.
    fn found(mut self, values: &[(&str, &str)]) -> Self {
        for (index, (.., text)) in self.fields.iter().enumerate() {
            for (name, value) in values {
                for (start, _) in text.match_indices(value) {
                    let range = u32::try_from(start).unwrap()..u32::try_from(start + value.len()).unwrap();
                    self.findings.push(finding(name, index, range, 90));
                }
            }
        }
        self
    }

    fn call(&self) -> Call {
        let (mut body, mut fields) = ("{".to_owned(), Vec::new());
        for (index, (role, kind, text)) in self.fields.iter().enumerate() {
            body.push_str(if index > 0 { "," } else { "" });
            let token = if *kind == TokenKind::Number { text.clone() } else { quote(text) };
            let start = if *kind == TokenKind::Key { body.len() } else { body.len() + format!("\"f{index}\":").len() };
            match kind {
                TokenKind::Key => body.extend([&token, ":0"]),
                _ => body.extend([&format!("\"f{index}\":"), token.as_str()]),
            }
            let offset = |at: usize| u32::try_from(at).unwrap();
            let span = offset(start)..offset(start + token.len());
            let content = Content::Decoded(text.as_str().into());
            let spelling = self.spelling;
            fields.push(Field {
                path: "f",
                role: *role,
                kind: *kind,
                spelling,
                span,
                content,
                group: 0,
                key: FieldKey::None,
            });
        }
        body.push('}');
        let api = Api { dialect: Dialect::OPENAI, operation: Operation::CHAT };
        Call {
            api,
            body,
            fields,
            line: Line::from(api),
            cited: Vec::new(),
            sources: Vec::new(),
            models: vec![0],
            stream: false,
            json: false,
            store: None,
            open: 1,
            hosted: Vec::new(),
            previous: None,
            places: Vec::new(),
        }
    }

    fn apply(&self, actions: &[(&str, Action)], keys: &Keys) -> Result<Sent, CannotDo> {
        let call = self.call();
        let mut duties = Duties::default();
        for (name, action) in actions {
            duties.require(entity(name), *action);
        }
        let findings = Findings { list: self.findings.clone(), ..Findings::default() };
        let changed = apply(&call, &findings, &duties, &catalogue(), keys)?;
        let body = splice(&call.body, changed.edits.clone()).unwrap();
        let json: serde_json::Value = serde_json::from_str(&body).unwrap();
        Ok(Sent { body, json, changed })
    }
}

/// What left.
struct Sent {
    body: String,
    json: serde_json::Value,
    changed: Changed,
}

impl Sent {
    fn text(&self, field: usize) -> &str {
        self.json[format!("f{field}")].as_str().unwrap()
    }

    fn restored(&self, text: &str) -> String {
        Restorer::new(&self.changed.vault).restore_whole(text, Landing::Text).text
    }
}

fn finding(name: &str, field: usize, range: Range<u32>, confidence: u8) -> Finding {
    let detector = Word::fixed("test");
    Finding { entity: entity(name), field: u32::try_from(field).unwrap(), range, confidence, detector }
}

const PSEUDONYMISE: &[(&str, Action)] = &[
    ("email", Action::Pseudonymise),
    ("person", Action::Pseudonymise),
    ("iban", Action::Pseudonymise),
    ("fr_nir", Action::Pseudonymise),
    ("health_condition", Action::Redact),
];

/// Where an API takes fewer characters than a token has, the token is spelt in those, and read back all the same.
#[test]
fn a_token_is_spelt_as_its_field_may_be() {
    let legal = |spelling: Spelling, text: &str| match spelling {
        Spelling::Title => text.chars().all(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '(' | ')' | '[' | ']')),
        _ => {
            text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-'))
                && text.len() <= 63
        }
    };
    for (name, spelling, role, text, value) in [
        ("a document", Spelling::Title, Role::User, "Contract of Erika Muster (2026)", "Erika Muster"),
        ("a document, glued", Spelling::Title, Role::User, "xErika Muster1", "Erika Muster"),
        ("a number of a document", Spelling::Title, Role::User, "File 1840675123456 [a]", "1840675123456"),
        ("a label", Spelling::Label, Role::Identifier, "user-erika_muster", "erika_muster"),
        ("a label, glued", Spelling::Label, Role::Identifier, "xerika_muster7", "erika_muster"),
        (
            "a long label",
            Spelling::Label,
            Role::Identifier,
            "erika_muster-of-an-account-with-a-very-long-name-and-more-of-it",
            "erika_muster",
        ),
    ] {
        let kind = if value.starts_with('1') { "fr_nir" } else { "person" };
        let request = Request { spelling, ..Request::of(&[(role, text)]) };
        let sent = request.found(&[(kind, value)]).apply(&[(kind, Action::Pseudonymise)], &keys("a", 1)).unwrap();
        assert!(!sent.text(0).contains(value) && legal(spelling, sent.text(0)), "{name}: {}", sent.text(0));
        assert_eq!(sent.restored(&format!("as in {}.", sent.text(0))), format!("as in {text}."), "{name}");
    }
    let request = Request { spelling: Spelling::Label, ..Request::of(&[(Role::Identifier, "erika")]) };
    let redacted = request.found(&[("person", "erika")]).apply(&[("person", Action::Redact)], &keys("a", 1));
    assert_eq!(redacted.map(|_| ()).unwrap_err().why, Why::Name);
}

/// One word for two values would make one key of two, also where the keys are of JSON in a string.
#[test]
fn a_key_of_arguments_is_not_redacted() {
    let redact = |role, text: &str| {
        let request = Request::of(&[(role, text)]).found(&[("person", "Zo\\u00e9"), ("person", "Erika")]);
        request.apply(&[("person", Action::Redact)], &keys("a", 1)).map(|sent| sent.text(0).to_owned())
    };
    for (name, role, text, refused) in [
        ("a value", Role::ToolCall, r#"{"a":"Erika","b":["Zo\u00e9"]}"#, false),
        ("a key", Role::ToolCall, r#"{"Erika":1,"Zo\u00e9":2}"#, true),
        ("a part of one", Role::ToolCall, r#"{"a":[{"of \"Erika\"" : 1}]}"#, true),
        ("a value with a colon", Role::ToolCall, r#"{"a":"Erika: yes"}"#, false),
        ("a text", Role::User, r#"{"Erika":1}"#, false),
    ] {
        let told = redact(role, text);
        assert_eq!(told.as_ref().err().map(|cannot| cannot.why), refused.then_some(Why::Key), "{name}: {told:?}");
    }
}

/// Arguments of an earlier call stay JSON, whatever type their number had.
#[test]
fn a_number_of_json_in_a_string_becomes_a_string_of_it() {
    for (name, role, text, value, expected) in [
        ("arguments", Role::ToolCall, r#"{"tel":33199001234,"n":3}"#, ("email", "33199001234"), r#"{"tel":"§","n":3}"#),
        ("a part of it", Role::ToolCall, "[-4111111111111111.0]", ("iban", "4111111111111111"), r#"["§"]"#),
        ("a tool's answer", Role::ToolResult, r#" {"tel": 33199001234}"#, ("email", "33199001234"), r#" {"tel": "§"}"#),
        ("a string", Role::ToolCall, r#"{"a":"\"33199001234"}"#, ("email", "33199001234"), r#"{"a":"\"§"}"#),
        ("no JSON", Role::User, "[call 33199001234]", ("email", "33199001234"), "[call §]"),
    ] {
        let sent = Request::of(&[(role, text)])
            .found(&[value])
            .apply(&[(value.0, Action::Pseudonymise)], &keys("a", 1))
            .unwrap();
        let text = sent.text(0);
        let (before, rest) = text.split_once('<').unwrap();
        let (_, behind) = rest.split_once('>').unwrap();
        assert_eq!([before, "§", behind].concat(), expected, "{name}");
    }
}

#[test]
fn values_leave_as_tokens_and_come_back() {
    let values = [("person", "Zoé Ünal"), ("email", "zoe@x.fr"), ("email", "ZOE@X.FR"), ("health_condition", "asthma")];
    let request = Request::of(&[
        (Role::Control, "gpt-5"),
        (Role::System, "Write for Zoé Ünal."),
        (Role::User, "I am Zoé Ünal <zoe@x.fr>, or ZOE@X.FR: asthma, \"quoted\"\n"),
    ]);
    let sent = request.found(&values).apply(PSEUDONYMISE, &keys("k", 0)).unwrap();
    for (_, value) in values {
        assert!(!sent.body.contains(value), "{value} left");
    }
    assert_eq!(sent.text(0), "gpt-5");
    assert_eq!(sent.restored(sent.text(1)), "Write for Zoé Ünal.");
    let expected = "I am Zoé Ünal <zoe@x.fr>, or ZOE@X.FR: [TERM redacted], \"quoted\"\n";
    assert_eq!(sent.restored(sent.text(2)), expected);
    let counts: Vec<(&str, &str, u32)> = sent
        .changed
        .changes
        .iter()
        .map(|change| (change.entity.as_str(), change.action.as_str(), change.count))
        .collect();
    let expected = [("email", "pseudonymise", 2), ("person", "pseudonymise", 2), ("health_condition", "redact", 1)];
    assert_eq!(counts, expected);
    assert_eq!(sent.changed.vault.len(), 3);
    assert_eq!(sent.changed.pseudonymised, [entity("email"), entity("person")]);
}

/// The tokens of a text, brackets stripped.
fn tokens(text: &str) -> Vec<&str> {
    text.split(['<', '>']).filter(|part| part.contains('_')).collect()
}

#[test]
fn tokens_are_stable_and_spellings_share_a_stem() {
    let request = || Request::user("a@x.fr A@X.FR b@x.fr a@x.fr");
    let found = [("email", "a@x.fr"), ("email", "A@X.FR"), ("email", "b@x.fr")];
    let sent = |keys: &Keys, action| request().found(&found).apply(&[("email", action)], keys).unwrap();
    let stable = sent(&keys("k", 1), Action::Pseudonymise);
    let [one, other_spelling, another, again] = tokens(stable.text(0))[..] else { panic!("{}", stable.text(0)) };
    assert_eq!(one, again);
    assert_ne!(one, other_spelling);
    let stem = |token: &str| token.get(..12).unwrap().to_owned();
    assert_eq!(stem(one), stem(other_spelling));
    assert_ne!(stem(one), stem(another));
    assert!(one.len() == 14 && one.starts_with("EMAIL_"));
    let same = |left: &Sent, right: &Sent| left.body == right.body;
    assert!(same(&stable, &sent(&keys("k", 2), Action::Pseudonymise)), "another request");
    assert!(!same(&stable, &sent(&keys("l", 1), Action::Pseudonymise)), "another app");
    let unlinkable = sent(&keys("k", 1), Action::PseudonymiseUnlinkably);
    assert!(!same(&stable, &unlinkable));
    assert!(!same(&unlinkable, &sent(&keys("k", 2), Action::PseudonymiseUnlinkably)), "another request");
    assert_eq!(unlinkable.restored(unlinkable.text(0)), "a@x.fr A@X.FR b@x.fr a@x.fr");
}

#[test]
fn overlaps_become_one_piece_with_the_strictest_action() {
    let mut request = Request::user("mail zoe@x.fr now");
    request.findings =
        vec![finding("person", 0, 5..8, 95), finding("email", 0, 5..13, 90), finding("iban", 0, 12..17, 60)];
    let sent = request.apply(PSEUDONYMISE, &keys("k", 0)).unwrap();
    assert!(sent.text(0).starts_with("mail <PERSON_") && sent.text(0).ends_with('>'), "{}", sent.text(0));
    assert_eq!(sent.restored(sent.text(0)), "mail zoe@x.fr now");
    assert_eq!(sent.changed.pseudonymised, [entity("email"), entity("person"), entity("iban")]);
    let sent = request.apply(&[("person", Action::Redact), ("email", Action::Pseudonymise)], &keys("k", 0)).unwrap();
    assert_eq!(sent.text(0), "mail [PERSON redacted] now");
}

#[test]
fn what_is_kept_or_unlikely_stays_as_it_came() {
    let mut request = Request::user("zoe@x.fr, FR76");
    request.findings = vec![finding("email", 0, 0..8, 49), finding("iban", 0, 10..14, 99)];
    let sent = request.apply(&[("email", Action::Pseudonymise)], &keys("k", 0)).unwrap();
    assert!(sent.changed.edits.is_empty() && sent.changed.vault.is_empty() && sent.changed.changes.is_empty());
}

#[test]
fn what_cannot_be_done_is_an_error() {
    let rows = [
        ("number", Role::User, TokenKind::Number, "email", Action::Pseudonymise, Why::Number),
        ("number, dropped", Role::User, TokenKind::Number, "email", Action::Drop, Why::Number),
        ("control", Role::Control, TokenKind::String, "email", Action::Pseudonymise, Why::Control),
        ("binary", Role::Binary, TokenKind::String, "email", Action::Redact, Why::Unreadable),
        ("reference", Role::Reference, TokenKind::String, "email", Action::Pseudonymise, Why::Unreadable),
        ("hosted", Role::Hosted, TokenKind::String, "email", Action::Drop, Why::Unreadable),
        ("redacted key", Role::Unknown, TokenKind::Key, "email", Action::Redact, Why::Key),
        ("dropped key", Role::Unknown, TokenKind::Key, "email", Action::Drop, Why::Key),
        ("blocked", Role::User, TokenKind::String, "email", Action::Block, Why::Blocked),
        ("not built", Role::User, TokenKind::String, "email", Action::Generalise, Why::Unbuilt),
        ("no word", Role::User, TokenKind::String, "strange", Action::Pseudonymise, Why::Unspeakable),
    ];
    for (name, role, kind, entity, action, why) in rows {
        let request = Request::default().with(role, kind, "4111111111111111").found(&[(entity, "4111111111111111")]);
        let error = request.apply(&[(entity, action)], &keys("k", 0)).err().unwrap();
        assert_eq!((error.why, error.action, error.path), (why, action, "f"), "{name}");
        assert!(!error.to_string().contains("4111"), "{error}");
    }
    for (name, field, range) in
        [("outside", 0, 3..9), ("empty", 0, 1..1), ("inside a character", 0, 1..2), ("no field", 7, 0..1)]
    {
        let mut request = Request::user("éa");
        request.findings = vec![finding("email", field, range, 90)];
        let error = request.apply(PSEUDONYMISE, &keys("k", 0)).err().unwrap();
        assert_eq!(error.why, Why::Misplaced, "{name}");
    }
}

#[test]
fn names_get_bare_tokens_that_stay_equal() {
    let request = Request::of(&[(Role::Schema, "zoe@x.fr"), (Role::Identifier, "zoe@x.fr"), (Role::User, "zoe@x.fr")])
        .with(Role::Schema, TokenKind::Key, "zoe@x.fr")
        .found(&[("email", "zoe@x.fr")]);
    let sent = request.apply(PSEUDONYMISE, &keys("k", 0)).unwrap();
    let token = sent.text(0).to_owned();
    assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'), "{token}");
    assert_eq!(sent.text(1), token);
    assert_eq!(sent.text(2), format!("<{token}>"));
    assert!(sent.json.get(&token).is_some(), "{}", sent.body);
    assert_eq!(sent.restored(&token), "zoe@x.fr");
}

#[test]
fn a_token_is_written_so_that_restore_finds_it() {
    let value = "zoe@x.fr";
    let rows = [
        (Role::User, "DOMAIN\\zoe@x.fr!"),
        (Role::Identifier, "idzoe@x.fr"),
        (Role::Identifier, "id zoe@x.fr9"),
        (Role::Identifier, "adresse_zoe@x.fr"),
        (Role::Schema, "[zoe@x.fr] (zoe@x.fr) <zoe@x.fr> *zoe@x.fr*"),
        (Role::Schema, "zoe@x.frzoe@x.fr"),
        (Role::User, "zoe@x.frzoe@x.fr&lt;zoe@x.fr&gt;«zoe@x.fr»**zoe@x.fr**"),
    ];
    for (role, text) in rows {
        let sent = Request::of(&[(role, text)]).found(&[("email", value)]).apply(PSEUDONYMISE, &keys("k", 0)).unwrap();
        assert!(!sent.text(0).contains(value));
        assert_eq!(sent.restored(sent.text(0)), text, "{}", sent.text(0));
    }
}

#[test]
fn names_stay_names_and_come_back_whole() {
    let long = format!("{}_zoe_x", "a".repeat(60));
    let rows = [
        ("zoe_x", "TOKEN"),
        ("call_zoe_x", "call_TOKEN"),
        ("get-zoe_x-balance", "get-TOKEN-balance"),
        ("zoe_x_zoe_x", "TOKEN_TOKEN"),
        ("person_zoe_x", "person_TOKEN"),
        // No token could be read there, or none would fit: one stands for the whole name.
        ("callzoe_x", "TOKEN"),
        ("zoe_x9", "TOKEN"),
        ("zoe_xBalance", "TOKEN"),
        ("zoe_xzoe_x", "TOKEN"),
        (&long, "TOKEN"),
    ];
    for (text, shape) in rows {
        let request = Request::user("x").with(Role::Name, TokenKind::String, text).found(&[("person", "zoe_x")]);
        let sent = request.apply(PSEUDONYMISE, &keys("k", 0)).unwrap();
        let name = sent.text(1);
        assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')), "{name}");
        assert_eq!(name, shape.replace("TOKEN", &sent.changed.vault.token(0)), "{text}");
        assert!(name.len() <= 64, "{name}");
        assert_eq!(sent.changed.vault.name(name), Some(text));
        assert_eq!(sent.changed.vault.name(&name.to_lowercase()), None, "the very name only");
        assert_eq!(sent.restored(name), text, "{name}");
        // A property is written as `required` says it, whatever stands beside the value.
        let schema = Request::of(&[(Role::Schema, text)])
            .with(Role::Schema, TokenKind::Key, text)
            .found(&[("person", "zoe_x")])
            .apply(PSEUDONYMISE, &keys("k", 0))
            .unwrap();
        let required = schema.text(0).to_owned();
        assert!(!required.contains("zoe") && schema.json.get(&required).is_some(), "{}", schema.body);
        assert_eq!(schema.restored(&required), text);
    }
    // One person is one person, in a name and in a text.
    let request =
        Request::of(&[(Role::User, "Zoe X"), (Role::Name, "zoe_x")]).found(&[("person", "Zoe X"), ("person", "zoe_x")]);
    let sent = request.apply(PSEUDONYMISE, &keys("k", 0)).unwrap();
    let stem = |text: &str| text.trim_matches(['<', '>']).get(..13).unwrap().to_owned();
    assert_eq!(stem(sent.text(0)), stem(sent.text(1)));
    for action in [Action::Redact, Action::Drop] {
        let request = Request::of(&[(Role::User, "x"), (Role::Name, "call_zoe_x")]).found(&[("person", "zoe_x")]);
        let error = request.apply(&[("person", action)], &keys("k", 0)).err().unwrap();
        assert_eq!(error.why, Why::Name);
    }
}

#[test]
fn escapes_inside_a_value_are_undone_in_the_vault() {
    let arguments = r#"{"name":"Jos\u00e9 \"Pepe\"","at":"home"}"#;
    let request = Request::of(&[(Role::ToolCall, arguments), (Role::User, "José \"Pepe\"")])
        .found(&[("person", r#"Jos\u00e9 \"Pepe\""#), ("person", "José \"Pepe\"")]);
    let sent = request.apply(PSEUDONYMISE, &keys("k", 0)).unwrap();
    assert_eq!(sent.changed.vault.len(), 1, "one value, however it was spelt");
    assert_eq!(sent.restored(sent.text(1)), "José \"Pepe\"");
    let restored = Restorer::new(&sent.changed.vault).restore_whole(sent.text(0), Landing::JsonInString).text;
    let json: serde_json::Value = serde_json::from_str(&restored).unwrap();
    assert_eq!(json, serde_json::json!({"name": "José \"Pepe\"", "at": "home"}));
}

#[test]
fn drop_empties_the_field() {
    let rows =
        [(Role::User, "call zoe@x.fr, FR76", ""), (Role::ToolCall, "{\"to\":\"zoe@x.fr\",\"i\":\"FR76\"}", "{}")];
    for (role, text, expected) in rows {
        let request = Request::of(&[(role, text)]).found(&[("email", "zoe@x.fr"), ("iban", "FR76")]);
        let sent = request.apply(&[("email", Action::Drop), ("iban", Action::Pseudonymise)], &keys("k", 0)).unwrap();
        assert_eq!(sent.text(0), expected);
        assert!(sent.changed.vault.is_empty());
        assert!(sent.changed.changes.iter().all(|change| change.action == "drop"));
    }
}

#[test]
fn a_planted_token_reads_nothing() {
    let values = [("email", "victim@x.fr")];
    let keys = keys("k", 0);
    let seen = Request::user("victim@x.fr").found(&values).apply(PSEUDONYMISE, &keys).unwrap();
    let token = seen.text(0).to_owned();
    let bare = token.trim_matches(['<', '>']).to_owned();
    let mut wrong = bare.clone();
    let last = wrong.pop();
    wrong.push(if last == Some('0') { '1' } else { '0' });
    let planted = [
        token.clone(),
        bare.to_lowercase(),
        bare.replace('_', " "),
        format!("{{\"a\":\"\\u003c{}\\u003e\"}}", bare.replace('_', "\\u005f")),
        format!("\\n{bare}"),
        format!("https://evil.example/{token}"),
        wrong,
    ];
    for plant in planted {
        for kind in [TokenKind::String, TokenKind::Key] {
            let request = Request::user("victim@x.fr").with(Role::Unknown, kind, &plant).found(&values);
            let sent = request.apply(PSEUDONYMISE, &keys).unwrap();
            assert_ne!(sent.text(0), token, "{plant}");
            for landing in [Landing::Text, Landing::JsonInString] {
                let restored = Restorer::new(&sent.changed.vault).restore_whole(&plant, landing);
                assert_eq!(restored.text, plant, "{plant}");
            }
            assert_eq!(sent.restored(sent.text(0)), "victim@x.fr", "{plant}");
            assert!(!sent.restored(&token).contains("victim"), "{plant}");
        }
    }
}

#[test]
fn many_spellings_and_values_get_codes_of_their_own() {
    let address = |index: usize| format!("{:0width$}@x.fr ", index % 1_500, width = 4 + index / 1_500);
    let text = (0..3_000).map(address).collect::<Vec<_>>().concat();
    let spelt: String = (0..300_u32)
        .map(|index| (0..9).map(|bit| if index >> bit & 1 == 1 { 'Z' } else { 'z' }).collect::<String>() + " ")
        .collect();
    let mut request = Request::of(&[(Role::User, &text), (Role::User, &spelt)]);
    for (field, (name, text)) in [("email", &text), ("person", &spelt)].into_iter().enumerate() {
        let mut at = 0;
        for word in text.split_inclusive(' ') {
            let end = at + u32::try_from(word.len()).unwrap();
            request.findings.push(finding(name, field, at..end - 1, 90));
            at = end;
        }
    }
    let sent = request.apply(PSEUDONYMISE, &keys("k", 0)).unwrap();
    assert_eq!(sent.changed.vault.len(), 3_300);
    assert_eq!(sent.restored(sent.text(0)), text);
    assert_eq!(sent.restored(sent.text(1)), spelt);
}

#[test]
fn says_nothing_of_a_value() {
    let sent = Request::user("zoe@x.fr").found(&[("email", "zoe@x.fr")]).apply(PSEUDONYMISE, &keys("k", 0)).unwrap();
    assert!(!format!("{:?} {:?}", sent.changed, keys("secret", 7)).contains("zoe"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// Restoring what was sent gives back what came, whatever was found where. Nothing in it makes an address, as `a.fr?` would.
    #[test]
    fn restore_undoes_apply(
        texts in prop::collection::vec("[a-zA-Z0-9éÜ人 <>\\[\\]«»(){}*_&;'\",.!\n-]{1,60}", 1..4),
        findings in prop::collection::vec((0..4_usize, 0.0..1.0_f64, 1..12_usize, 0..4_usize), 0..8),
        role in prop::sample::select(vec![Role::User, Role::Schema, Role::Identifier, Role::Name]),
    ) {
        let fields: Vec<(Role, &str)> = texts.iter().map(|text| (role, text.as_str())).collect();
        let mut request = Request::of(&fields);
        for (field, place, length, kind) in findings {
            let Some(text) = texts.get(field) else { continue };
            let bounds: Vec<usize> = (0..=text.len()).filter(|at| text.is_char_boundary(*at)).collect();
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a place in a short text")]
            let first = (place * (bounds.len() - 1) as f64) as usize;
            let last = (first + length).min(bounds.len() - 1);
            let offset = |at: usize| u32::try_from(bounds[at]).unwrap();
            request.findings.push(finding(TYPES[kind].0, field, offset(first)..offset(last), 90));
        }
        let sent = request.apply(PSEUDONYMISE, &keys("k", 0)).unwrap();
        for (index, text) in texts.iter().enumerate() {
            prop_assert_eq!(&sent.restored(sent.text(index)), text);
        }
    }
}
