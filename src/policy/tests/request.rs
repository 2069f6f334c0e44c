//! Facts of DESIGN section 7: two bits each, and made of words of ours only.

use super::*;
use crate::model::finding::{Coverage, SURELY};
use crate::model::{
    Call, Caller, Certainty, Country, Dialect, Field, Finding, Findings, LabelFact, Leak, LeakFact, Operation, Role,
    ScanStatus, TokenKind, Word,
};

/// What one condition lets happen: whether a rule of it fires, and whether an `allow` of it opens.
fn fires_and_opens(condition: &str, facts: &Facts) -> (bool, bool) {
    let forbids =
        policy(&format!("{ALLOW_ALL}rule r\n  because \"t\"\n  when {condition}\n  never backends named cloud-us\n"));
    let opens = policy(&format!("allow backends named cloud-us when {condition}\n"));
    let us = |names: Vec<String>| names.iter().any(|name| name == "cloud-us");
    (!us(allowed(&forbids, facts)), us(allowed(&opens, facts)))
}

const NO: (bool, bool) = (false, false);
const PERHAPS: (bool, bool) = (true, false);
const YES: (bool, bool) = (true, true);

/// A request about people who live in these countries.
fn lives(countries: &[&str]) -> Facts {
    changed(&[], |facts| facts.residence = countries.iter().map(|code| Country::parse(code).unwrap()).collect())
}

/// A request for a purpose, declared with it or registered.
fn pursues(purpose: &'static str, declared: bool) -> Facts {
    changed(&[], |facts| {
        facts.purpose = Some(Word::fixed(purpose));
        facts.purpose_declared = declared;
    })
}

/// A class and all that it implies.
fn closure(class: &str) -> crate::model::ClassSet {
    let catalogue = all_types();
    catalogue.class(class).and_then(|class| catalogue.class_info(class)).unwrap().closure
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn facts_are_two_bits() {
    let rows: Vec<(&str, &str, Facts, (bool, bool))> = vec![
        ("a type implies its class", "data includes personal", changed(&["email"], |_| ()), YES),
        ("special implies personal", "data includes personal", changed(&["health_condition"], |_| ()), YES),
        ("what was not found is not there", "data includes health", changed(&["email"], |_| ()), NO),
        (
            "possibly from 50, surely from 80",
            "data includes personal",
            changed(&["email"], |f| f.types[0].surely = 0),
            PERHAPS,
        ),
        (
            "a field that cannot be read makes every class possible",
            "data includes health",
            changed(&[], |f| f.unreadable = true),
            PERHAPS,
        ),
        ("a reference as well", "data includes health", changed(&[], |f| f.reference = true), PERHAPS),
        ("and every type", "data includes fr_nir", changed(&[], |f| f.unreadable = true), PERHAPS),
        ("an unfinished scan as well", "data includes fr_nir", changed(&[], |f| f.scan = ScanStatus::Partial), PERHAPS),
        (
            "a count that is reached",
            "data includes at least 3 person",
            changed(&["person"], |f| {
                f.types[0].possibly = 3;
                f.types[0].surely = 3;
            }),
            YES,
        ),
        (
            "a count that is possibly reached",
            "data includes at least 3 person",
            changed(&["person"], |f| f.types[0].possibly = 3),
            PERHAPS,
        ),
        (
            "a count that is not",
            "data includes at least 3 person",
            changed(&["person"], |f| f.types[0].possibly = 2),
            NO,
        ),
        ("a class counts its types", "data includes at least 2 personal", changed(&["person", "email"], |_| ()), YES),
        (
            "what is declared is not counted beside what is found",
            "data includes at least 3 personal",
            changed(&["email", "phone"], |f| f.declared = closure("special")),
            PERHAPS,
        ),
        (
            "confidence at least N",
            "data includes person with confidence at least 90",
            changed(&["person"], |f| f.types[0].confidence = 90),
            YES,
        ),
        (
            "confidence below N",
            "data includes person with confidence at least 90",
            changed(&["person"], |f| f.types[0].confidence = 89),
            NO,
        ),
        ("health is a health term", "data includes health", changed(&["health_condition"], |_| ()), YES),
        (
            "health of a person is one beside a name",
            "data includes health of a person",
            changed(&["health_condition"], |f| f.health_of_a_person = Certainty::TRUE),
            YES,
        ),
        ("and not a term alone", "data includes health of a person", changed(&["health_condition"], |_| ()), NO),
        ("any of", "data includes any of iban, email", changed(&["email"], |_| ()), YES),
        ("all of", "data includes all of iban, email", changed(&["email"], |_| ()), NO),
        ("no label: false", "label is \"Secret\"", changed(&[], |_| ()), NO),
        (
            "a label that is not listed: possibly any",
            "label is \"Secret\"",
            changed(&[], |f| f.label = LabelFact::Unknown),
            PERHAPS,
        ),
        ("a label", "label is \"Secret\"", changed(&[], |f| f.label = LabelFact::Named(Word::fixed("Secret"))), YES),
        (
            "another label",
            "label is \"Secret\"",
            changed(&[], |f| f.label = LabelFact::Named(Word::fixed("Public"))),
            NO,
        ),
        (
            "labels are listed from lowest to highest",
            "label at least \"Internal\"",
            changed(&[], |f| f.label = LabelFact::Named(Word::fixed("Secret"))),
            YES,
        ),
        (
            "a lower label",
            "label at least \"Internal\"",
            changed(&[], |f| f.label = LabelFact::Named(Word::fixed("Public"))),
            NO,
        ),
        ("no corpus registered: leak score surely 0", "leak score at least 1", changed(&[], |_| ()), NO),
        ("leak score", "leak score at least 700", changed(&[], |f| f.leak = LeakFact::Score(700)), YES),
        (
            "leak scan failed or over budget: unknown",
            "leak score at least 700",
            changed(&[], |f| f.leak = LeakFact::Unknown),
            PERHAPS,
        ),
        (
            "a stage did not end, and could not have made it so much",
            "leak score at least 500",
            changed(&[], |f| f.leak = LeakFact::Between(120, 499)),
            NO,
        ),
        (
            "a stage did not end, and could have made it so much",
            "leak score at least 300",
            changed(&[], |f| f.leak = LeakFact::Between(120, 499)),
            PERHAPS,
        ),
        (
            "a stage did not end, and it is so much already",
            "leak score at least 100",
            changed(&[], |f| f.leak = LeakFact::Between(120, 499)),
            YES,
        ),
        ("leak history", "leak history at least 600", changed(&[], |f| f.leak_history = LeakFact::Score(600)), YES),
        (
            "a leak history below",
            "leak history at least 600",
            changed(&[], |f| f.leak_history = LeakFact::Score(599)),
            NO,
        ),
        (
            "leak history unknown",
            "leak history at least 1",
            changed(&[], |f| f.leak_history = LeakFact::Unknown),
            PERHAPS,
        ),
        ("app", "app is \"a\"", changed(&[], |f| f.app = Word::fixed("a")), YES),
        ("another app", "app is \"a\"", changed(&[], |f| f.app = Word::fixed("b")), NO),
        ("purpose absent: false", "purpose is \"care\"", changed(&[], |_| ()), NO),
        (
            "purpose that no sheet names: unknown",
            "purpose is \"care\"",
            changed(&[], |f| f.purpose = Some(Word::UNKNOWN)),
            PERHAPS,
        ),
        ("residence", "residence in EEA", changed(&[], |f| f.residence = vec![Country::parse("FR").unwrap()]), YES),
        ("residence absent: false", "residence in EEA", changed(&[], |_| ()), NO),
        ("not all live there", "residence in EEA", lives(&["FR", "US"]), PERHAPS),
        ("all live there", "residence in EEA", lives(&["DE", "FR"]), YES),
        ("nobody lives there", "residence in EEA", lives(&["CN", "US"]), NO),
        ("one lives nobody knows where", "residence in EEA", lives(&["FR", "ZZ"]), PERHAPS),
        ("a purpose of their own is pursued", "purpose is \"care\"", pursues("care", true), YES),
        ("and perhaps another beside it", "purpose is \"care\"", pursues("research", true), PERHAPS),
        ("a registered one is the whole", "purpose is \"care\"", pursues("research", false), NO),
        (
            "health that a label brings may be a person's",
            "data includes health of a person",
            changed(&[], |f| f.declared = closure("health")),
            PERHAPS,
        ),
        (
            "and is, where somebody is named",
            "data includes health of a person",
            changed(&["person"], |f| f.declared = closure("health")),
            YES,
        ),
        (
            "perhaps, where somebody is perhaps named",
            "data includes health of a person",
            changed(&["person"], |f| {
                f.declared = closure("health");
                f.types[0].surely = 0;
            }),
            PERHAPS,
        ),
        (
            "health that a document perhaps brings",
            "data includes health of a person",
            changed(&["person"], |f| f.suspected = closure("health")),
            PERHAPS,
        ),
        ("residence unknown", "residence in EEA", changed(&[], |f| f.residence = vec![Country::UNKNOWN]), PERHAPS),
        ("minors", "minors are concerned", changed(&[], |f| f.minors = true), YES),
        ("tenant", "tenant is \"t\"", changed(&[], |f| f.tenant = Word::fixed("t")), YES),
        ("role", "role is \"r\"", changed(&[], |f| f.roles = vec![Word::fixed("r")]), YES),
        (
            "negation swaps the bits",
            "not data includes personal",
            changed(&["email"], |f| f.types[0].surely = 0),
            PERHAPS,
        ),
        ("negation of what is there", "not data includes personal", changed(&["email"], |_| ()), NO),
    ];
    for (sentence, condition, facts, expected) in rows {
        assert_eq!(fires_and_opens(condition, &facts), expected, "{sentence}");
    }
}

fn caller() -> Caller {
    Caller {
        tenant: Word::fixed("t"),
        app: Word::fixed("a"),
        purpose: Some(Word::fixed("care")),
        roles: Vec::new(),
        residence: Vec::new(),
        minors: false,
        labels_required: false,
        actor: Word::fixed("x"),
        quiet: false,
        scope: std::sync::Arc::new(crate::model::Scope {
            purposes: vec![Word::fixed("marketing")],
            ..Default::default()
        }),
    }
}

/// A call of these roles, each field in a group of its own.
fn call(fields: &[(Role, &'static str)]) -> Call {
    let field = |(group, (role, text)): (u32, &(Role, &'static str))| Field {
        path: "messages[].content",
        role: *role,
        kind: TokenKind::String,
        spelling: crate::model::Spelling::Any,
        span: 0..0,
        content: crate::model::Content::Decoded((*text).into()),
        group,
        key: crate::model::call::FieldKey::None,
    };
    let api = crate::model::Api { dialect: Dialect::OPENAI, operation: Operation::CHAT };
    Call {
        api,
        body: String::new(),
        fields: (0..).zip(fields).map(field).collect(),
        line: crate::model::Line::from(api),
        cited: Vec::new(),
        sources: Vec::new(),
        models: vec![0],
        stream: false,
        json: false,
        store: None,
        open: 0,
        hosted: Vec::new(),
        previous: None,
        places: Vec::new(),
    }
}

#[test]
fn facts_hold_words_of_ours_only() {
    let policy = policy(&format!(
        "{ALLOW_ALL}allow hosted tool mcp at \"tools.example\"\nrule r because \"t\" when purpose is \"marketing\" never backends named cloud-us\n"
    ));
    let context = Context { leak: &Leak::scored(3), policy: &policy };
    let none = Findings { list: Vec::new(), scan: ScanStatus::Complete, coverage: Coverage::default() };
    let of = |declared: Declared<'_>, caller: &Caller, call: &Call| facts(call, &none, caller, &declared, context);
    let plain = call(&[(Role::User, "x")]);
    let label = |label: &str| of(Declared { label: Some(label), ..Declared::default() }, &caller(), &plain).label;
    assert_eq!(label(" secret "), LabelFact::Named(Word::fixed("Secret")), "in the sheet's spelling");
    assert_eq!(label("Très secret"), LabelFact::Unknown, "one that the sheet does not list");
    assert_eq!(label(""), LabelFact::Absent);
    let required = Caller { labels_required: true, ..caller() };
    assert_eq!(of(Declared::default(), &required, &plain).label, LabelFact::Unknown, "labels required");
    let health = Leak { classes: vec![(Word::fixed("health"), true)], ..Leak::scored(3) };
    let near = facts(&plain, &none, &caller(), &Declared::default(), Context { leak: &health, policy: &policy });
    for class in ["health", "special", "personal"] {
        let class = policy.catalogue().class(class).unwrap();
        assert!(near.declared.contains(class), "a document brings what its class implies");
    }
    let foreign = Leak { classes: vec![(Word::fixed("of-another-catalogue"), true)], ..Leak::scored(3) };
    let near = facts(&plain, &none, &caller(), &Declared::default(), Context { leak: &foreign, policy: &policy });
    assert!(near.suspected.contains(policy.catalogue().class("secret").unwrap()), "an unknown class may be any");
    let purpose = |purpose: Option<&str>| of(Declared { purpose, ..Declared::default() }, &caller(), &plain).purpose;
    assert_eq!(purpose(None), Some(Word::fixed("care")), "the app's registration");
    assert_eq!(purpose(Some("marketing")), Some(Word::fixed("marketing")), "one that it is registered for");
    assert_eq!(purpose(Some("research")), Some(Word::UNKNOWN), "another one, whatever the sheets name");
    assert_eq!(purpose(Some("anna@example.com")), Some(Word::UNKNOWN), "no text of the request");
    let residence = of(Declared { residence: Some("FR, XX,fr"), ..Declared::default() }, &caller(), &plain).residence;
    assert_eq!(residence, [Country::parse("FR").unwrap(), Country::UNKNOWN]);
    for (url, host) in [("https://tools.example/sse", "tools.example"), ("https://anna.example/", "unknown")] {
        let mut asking = call(&[(Role::Hosted, url)]);
        asking.hosted.push(crate::model::call::Hosted { kind: Word::fixed("mcp"), host: Some(0) });
        assert_eq!(of(Declared::default(), &caller(), &asking).hosted, [(Word::fixed("mcp"), Some(Word::fixed(host)))]);
    }
    let odd =
        of(Declared::default(), &caller(), &call(&[(Role::Hosted, "?"), (Role::Binary, ""), (Role::Reference, "")]));
    assert_eq!((odd.hosted, odd.unreadable, odd.reference), (vec![(Word::UNKNOWN, None)], true, true));
}

#[test]
fn findings_become_counts() {
    let policy = policy(ALLOW_ALL);
    let id = |name: &str| policy.catalogue().entity(name).unwrap();
    let finding = |entity: &str, field: u32, confidence: u8| Finding {
        entity: id(entity),
        field,
        range: 0..1,
        confidence,
        detector: Word::fixed("d"),
    };
    let of = |list: Vec<Finding>| {
        let found = Findings { list, scan: ScanStatus::Complete, coverage: Coverage::default() };
        let context = Context { leak: &Leak::scored(0), policy: &policy };
        facts(&call(&[(Role::User, "a"), (Role::User, "b")]), &found, &caller(), &Declared::default(), context)
    };
    let counted = of(vec![finding("email", 0, 90), finding("email", 1, 60), finding("email", 1, 49)]).types;
    assert_eq!(counted, [TypeFact { entity: id("email"), possibly: 2, surely: 1, confidence: 90 }]);
    let health = |list| of(list).health_of_a_person;
    assert_eq!(
        health(vec![finding("health_condition", 0, SURELY), finding("person", 0, SURELY)]),
        Certainty::TRUE,
        "in one message"
    );
    assert_eq!(
        health(vec![finding("person", 0, SURELY), finding("health_condition", 1, SURELY)]),
        Certainty::UNKNOWN,
        "in two"
    );
    assert_eq!(
        health(vec![finding("health_condition", 0, 60), finding("person", 0, SURELY)]),
        Certainty::UNKNOWN,
        "not sure"
    );
    assert_eq!(
        health(vec![finding("health_condition", 0, SURELY), finding("fr_siren", 0, SURELY)]),
        Certainty::FALSE,
        "names nobody"
    );
}
