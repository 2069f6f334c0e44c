//! Random sheets, inventories and facts, as text where there is text: the parser is on the way.

use std::fmt::Write as _;

use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::{all_types, nothing};
use crate::model::{Certainty, ClassSet, Country, EntityId, Facts, LabelFact, LeakFact, ScanStatus, TypeFact, Word};

const DATA: &[&str] = &[
    "personal",
    "personal",
    "special",
    "health",
    "secret",
    "payment-card",
    "email",
    "person",
    "iban",
    "health_condition",
    "trade-secret",
];
const ACTIONS: &[&str] =
    &["pseudonymise", "pseudonymise", "pseudonymise unlinkably", "redact", "redact", "drop", "generalise", "block"];

/// Types that the sheets name or that the classes they name have.
const SPOKEN_OF: &[&str] = &[
    "aws_access_key",
    "card_pan",
    "email",
    "fr_nir",
    "fr_siren",
    "health_condition",
    "iban",
    "ip",
    "jwt",
    "person",
    "phone",
    "private_key",
];

/// Conditions that the unknown can only widen: no word that asks whether something is known.
fn plain_condition(still: bool) -> BoxedStrategy<String> {
    let data = select(DATA);
    let mut atoms = vec![
        data.clone().prop_map(|what| format!("data includes {what}")).boxed(),
        (2_u32..4, data.clone()).prop_map(|(count, what)| format!("data includes at least {count} {what}")).boxed(),
        (select(&[60, 90][..]), data.clone())
            .prop_map(|(least, what)| format!("data includes {what} with confidence at least {least}"))
            .boxed(),
        Just("data includes health of a person".to_owned()).boxed(),
        select(&["label is \"Internal\"", "label at least \"Internal\"", "label is any of \"Public\", \"Secret\""][..])
            .prop_map(str::to_owned)
            .boxed(),
        select(&["leak score at least 300", "leak score at least 700"][..]).prop_map(str::to_owned).boxed(),
        select(
            &[
                "app is \"a\"",
                "app is any of \"a\", \"b\"",
                "app in group g",
                "tenant is \"t\"",
                "role is \"r\"",
                "purpose is \"p\"",
                "purpose is \"q\"",
                "purpose is any of \"p\", \"s\"",
            ][..],
        )
        .prop_map(str::to_owned)
        .boxed(),
        select(&["residence in FR", "residence in EEA", "minors are concerned"][..]).prop_map(str::to_owned).boxed(),
    ];
    if still {
        atoms.push(data.prop_map(|what| format!("data still includes identified {what}")).boxed());
    }
    proptest::strategy::Union::new(atoms).boxed()
}

fn asking_condition() -> BoxedStrategy<String> {
    let known = ["scan incomplete", "a field is unreadable", "a reference is included", "a hosted tool is used"];
    prop_oneof![3 => plain_condition(true), 1 => select(known.to_vec()).prop_map(str::to_owned)].boxed()
}

fn predicate() -> BoxedStrategy<String> {
    select(
        &[
            "on premises",
            "domestic",
            "located in EEA",
            "located outside EEA",
            "located in FR",
            "located in any of FR, US",
            "located in home",
            "controlled from EEA",
            "controlled from US",
            "exposed to US",
            "exposed to any of CN, US",
            "certified HDS",
            "with transfer basis",
            "retention none",
            "training never",
            "named b0",
            "named any of b1, b2",
            "located in FR with overseas",
            "located in EU",
        ][..],
    )
    .prop_map(str::to_owned)
    .boxed()
}

/// Brackets around every composition: what is tested is the meaning, not the commas.
fn expression(atom: BoxedStrategy<String>) -> BoxedStrategy<String> {
    atom.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|one| format!("not ({one})")),
            proptest::collection::vec(inner.clone(), 2..4).prop_map(|parts| format!("({})", parts.join(" and "))),
            proptest::collection::vec(inner, 2..4).prop_map(|parts| format!("({})", parts.join(" or "))),
        ]
    })
    .boxed()
}

pub(super) fn clause(word: &'static str, of: BoxedStrategy<String>) -> BoxedStrategy<String> {
    prop_oneof![1 => Just(String::new()), 1 => of.prop_map(move |text| format!("  {word} {text}\n"))].boxed()
}

/// A window by date, mostly none: over, ending today, begun today, to come. The day of the tests is 22 November 2026.
fn window() -> BoxedStrategy<String> {
    let windows = ["  until 2026-11-21\n", "  until 2026-11-22\n", "  from 2026-11-22\n", "  from 2026-11-23\n"];
    prop_oneof![6 => Just(String::new()), 1 => select(windows.to_vec()).prop_map(str::to_owned)].boxed()
}

/// A rule without its name: the number comes with the place. Types that a duty would let cross are kept with a reason.
fn rule(condition: BoxedStrategy<String>, duties: bool) -> BoxedStrategy<String> {
    let (condition, predicate) = (expression(condition), expression(predicate()));
    let restricts = (
        prop_oneof![1 => Just(String::new()), 5 => condition.clone().prop_map(|when| format!("  when {when}\n"))],
        clause("unless", condition),
        clause("on backends", predicate.clone()),
        clause("only backends", predicate.clone()),
        predicate.prop_map(|never| format!("  never backends {never}\n")),
    );
    let must = if duties {
        let targets = (select(ACTIONS), select(DATA)).prop_map(|(action, what)| {
            format!("  must {action} {what}\n  keep personal, secret, financial because \"a test\"\n  must {action} {what}\n")
        });
        prop_oneof![2 => Just(String::new()), 3 => targets].boxed()
    } else {
        Just(String::new()).boxed()
    };
    (restricts, must, any::<bool>(), window())
        .prop_map(|((when, unless, on, only, never), must, bare, window)| {
            let never = if bare && (!only.is_empty() || !must.is_empty()) { String::new() } else { never };
            format!("  because \"a test\"\n{when}{unless}{on}{only}{never}{must}{window}")
        })
        .boxed()
}

/// A duty that does what it says: without the `keep` that makes every rule pass `check`.
fn duty_rule(condition: &BoxedStrategy<String>) -> BoxedStrategy<String> {
    let label = prop_oneof![
        Just(String::new()),
        Just("  when label is \"Secret\"\n".to_owned()),
        Just("  when app is \"a\"\n".to_owned()),
        expression(condition.clone()).prop_map(|unless| format!("  unless {unless}\n")),
        Just("  when leak score at least 300\n".to_owned()),
    ];
    (label, clause("on backends", expression(predicate())), select(ACTIONS), select(DATA), window())
        .prop_map(|(when, on, action, what, window)| {
            format!("  because \"a test\"\n{when}{on}  must {action} {what}\n{window}")
        })
        .boxed()
}

/// What a policy is made of.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub(super) allows: Vec<String>,
    pub(super) rules: Vec<String>,
    /// The number of a rule, and what an exception to it says behind its name.
    pub(super) exceptions: Vec<(usize, String)>,
    pub(super) rest: String,
}

impl Draft {
    /// The statements, the rules numbered as they stand here and written in the order given.
    pub(super) fn sheet(&self, order: &[usize]) -> String {
        let mut text = super::HEADER.to_owned() + "group g of apps \"a\", \"b\"\n";
        for index in order {
            if let Some(rule) = self.rules.get(*index) {
                write!(text, "rule r{index}\n{rule}").unwrap();
            }
        }
        for (number, (rule, exception)) in self.exceptions.iter().enumerate() {
            if !self.rules.is_empty() {
                let rule = rule % self.rules.len();
                write!(text, "exception e{number} for rule r{rule}\n  because \"a test\"\n{exception}").unwrap();
            }
        }
        text + &self.allows.concat() + &self.rest
    }
}

pub(super) fn draft(asking: bool) -> BoxedStrategy<Draft> {
    let condition = if asking { asking_condition() } else { plain_condition(true) };
    let allow = (
        expression(predicate()),
        clause("when", expression(condition.clone())),
        clause("unless", expression(condition.clone())),
        window(),
    )
        .prop_map(|(backends, when, unless, window)| format!("allow backends {backends}\n{when}{unless}{window}"));
    let all = Just("allow backends named b0 or not named b0\n".to_owned());
    let one = prop_oneof![1 => rule(condition.clone(), false), 3 => duty_rule(&condition), 1 => rule(condition, true)];
    let rest = select(
        &[
            "",
            "fall back if unavailable\n",
            "fall back if unavailable or after 2 s of waiting\n  when app is \"a\"\n  unless leak score at least 300\n",
            "allow hosted tool web_search\n",
            "allow hosted tool mcp at \"tools.example\"\n  when app is \"a\"\n",
        ][..],
    );
    // An exception asks what is so of the request as it arrived.
    let spared = if asking { asked_as_it_arrived() } else { plain_condition(false) };
    let until = select(&["2026-11-21", "2026-11-22", "2027-06-30"][..]);
    let exception = (0..6_usize, clause("when", expression(spared)), until)
        .prop_map(|(rule, when, until)| (rule, format!("{when}  until {until}\n  approved by \"DPO\"\n")));
    let allows = proptest::collection::vec(prop_oneof![1 => all, 1 => allow], 1..4);
    let exceptions = proptest::collection::vec(exception, 0..3);
    (allows, proptest::collection::vec(one, 0..6), exceptions, (rest, labels()))
        .prop_map(|(allows, rules, exceptions, (rest, labels))| Draft {
            allows,
            rules,
            exceptions,
            rest: format!("{rest}{labels}"),
        })
        .boxed()
}

/// What labels say of the data.
fn labels() -> BoxedStrategy<String> {
    let says = [
        "the label \"Secret\" brings trade-secret\n",
        "the label \"Secret\" brings health\n",
        "the label \"Public\" lowers personal issued by \"a\"\n",
        "the label \"Public\" lowers special issued by \"a\", \"b\"\n",
        "the label \"Public\" lowers secret issued by \"c\"\n",
        "the label \"Public\" lowers health issued by \"a\", \"c\"\n",
    ];
    proptest::collection::vec(select(says.to_vec()), 0..3)
        .prop_map(|mut says| {
            says.sort_unstable();
            says.dedup();
            says.concat()
        })
        .boxed()
}

fn asked_as_it_arrived() -> BoxedStrategy<String> {
    let known = ["scan incomplete", "a field is unreadable", "a reference is included", "a hosted tool is used"];
    prop_oneof![3 => plain_condition(false), 1 => select(known.to_vec()).prop_map(str::to_owned)].boxed()
}

/// A restriction that a pack might contain.
pub(super) fn restriction() -> BoxedStrategy<String> {
    prop_oneof![rule(asking_condition(), true), duty_rule(&asking_condition())].boxed()
}

/// A rule with `never` and no duties.
pub(super) fn never() -> BoxedStrategy<String> {
    rule(asking_condition(), false)
}

/// Entries by line, so that a line can be left out.
pub(super) fn inventory() -> BoxedStrategy<Vec<Vec<String>>> {
    let countries = || {
        select(
            &[
                "[\"FR\"]",
                "[\"FR\", \"DE\"]",
                "[\"US\"]",
                "[\"FR\", \"US\"]",
                "[\"RE\"]",
                "[\"NC\"]",
                "[\"CH\"]",
                "[\"GB\"]",
            ][..],
        )
    };
    let optional = |line: BoxedStrategy<String>| prop_oneof![1 => Just(String::new()), 4 => line];
    let value = |key: &'static str, values: &'static [&'static str]| {
        select(values).prop_map(move |value| format!("{key} = {value}")).boxed()
    };
    let place =
        move |key: &'static str| optional(countries().prop_map(move |value| format!("{key} = {value}")).boxed());
    let entry = (
        (place("processing"), place("storage"), place("logs"), place("support")),
        (
            optional(value("run-by-owner", &["true", "false"])),
            optional(value(
                "controlled-from",
                &["\"FR\"", "\"DE\"", "\"US\"", "{ value = \"FR\", until = 2026-01-01 }"],
            )),
            optional(value("exposed-to", &["[]", "[\"US\"]", "[\"CN\"]"])),
            optional(value(
                "sub-processors",
                &[
                    "[]",
                    "[{ name = \"x\", exposed-to = [\"US\"], controlled-from = \"US\" }]",
                    "[{ name = \"y\" }]",
                    "[{ name = \"x\", countries = [\"US\"], exposed-to = [], controlled-from = \"FR\" }]",
                    "[{ name = \"x\", countries = [\"FR\", \"DE\"], exposed-to = [], controlled-from = \"FR\" }]",
                    "{ value = [], until = 2026-11-21 }",
                ],
            )),
            optional(value(
                "certificates",
                &[
                    "[]",
                    "[{ scheme = \"HDS\", valid-until = 2030-01-01 }]",
                    "[{ scheme = \"HDS\", valid-until = 2020-01-01 }]",
                ],
            )),
            optional(value(
                "transfer-basis",
                &["[]", "[{ kind = \"binding-corporate-rules\", dated = 2025-01-01, until = 2030-01-01 }]"],
            )),
            optional(value("adequacy", &["[]", "[{ country = \"GB\", until = 2030-01-01 }]"])),
            optional(value("retention", &["\"none\"", "{ days = 30 }"])),
            optional(value("training", &["\"never\"", "\"yes\""])),
        ),
    )
        .prop_map(|((a, b, c, d), (e, f, g, h, i, j, k, l, m))| {
            [a, b, c, d, e, f, g, h, i, j, k, l, m].into_iter().filter(|line| !line.is_empty()).collect()
        });
    // Sometimes more than fit one word of a mask.
    prop_oneof![9 => proptest::collection::vec(entry.clone(), 3..7), 1 => proptest::collection::vec(entry, 66..70)]
        .boxed()
}

/// The inventory as text; the line `without` of the entry `of` left out.
pub(super) fn written(inventory: &[Vec<String>], of: usize, without: usize) -> String {
    let mut text = String::new();
    for (index, lines) in inventory.iter().enumerate() {
        write!(text, "[backend.b{index}]\nhosts = [\"b{index}.example\"]\nverified = 2026-11-01\nby = \"dpo\"\n")
            .unwrap();
        for (number, line) in lines.iter().enumerate() {
            if (index, number) != (of, without) {
                writeln!(text, "{line}").unwrap();
            }
        }
    }
    text
}

pub(super) fn facts() -> BoxedStrategy<Facts> {
    let catalogue = all_types();
    let ids: Vec<u16> = (0..u16::try_from(catalogue.entities.len()).unwrap()).collect();
    // The sheets speak of a few types; of the hundreds of others most are of one class.
    let spoken_of: Vec<u16> = SPOKEN_OF.iter().map(|name| catalogue.entity(name).unwrap().0).collect();
    let found = prop_oneof![3 => subsequence(spoken_of, 1..9), 1 => subsequence(ids, 1..9)].prop_flat_map(|ids| {
        let one = |id: u16| {
            (1_u32..4, any::<bool>()).prop_map(move |(count, sure)| TypeFact {
                entity: EntityId(id),
                possibly: count,
                surely: if sure { count } else { 0 },
                confidence: if sure { 95 } else { 70 },
            })
        };
        ids.into_iter().map(one).collect::<Vec<_>>()
    });
    let declared = select(&["", "", "", "trade-secret", "special"][..]);
    let label = select(vec![
        LabelFact::Absent,
        LabelFact::Unknown,
        LabelFact::Named(Word::fixed("Public")),
        LabelFact::Named(Word::fixed("Secret")),
    ]);
    let leak = select(vec![
        LeakFact::Score(0),
        LeakFact::Score(350),
        LeakFact::Score(900),
        LeakFact::Between(20, 499),
        LeakFact::Unknown,
    ]);
    let scan =
        prop_oneof![18 => Just(ScanStatus::Complete), 1 => Just(ScanStatus::Partial), 1 => Just(ScanStatus::Failed)];
    let rare = || prop_oneof![15 => Just(false), 1 => Just(true)];
    let who = (
        select(&["a", "b", "c"][..]),
        select(&["t", "u"][..]),
        any::<bool>(),
        // Registered, or declared with the request.
        (select(&["", "p", "q", "s", "other", "unknown"][..]), any::<bool>()),
        select(&["", "FR", "US", "ZZ", "FR,US", "FR,DE", "FR,ZZ"][..]),
    );
    let hosted = prop_oneof![10 => Just(""), 1 => Just("web_search"), 1 => Just("mcp")];
    let health = select(vec![Certainty::FALSE, Certainty::UNKNOWN, Certainty::TRUE]);
    (found, declared, label, leak, scan, (rare(), rare(), any::<bool>()), who, hosted, health)
        .prop_map(|(types, declared, label, leak, scan, (unreadable, reference, minors), who, hosted, health)| {
            let (app, tenant, role, (purpose, declares), residence) = who;
            let catalogue = all_types();
            let class = catalogue.class(declared).and_then(|class| catalogue.class_info(class));
            Facts {
                app: Word::fixed(app),
                tenant: Word::fixed(tenant),
                roles: if role { vec![Word::fixed("r")] } else { Vec::new() },
                purpose: (!purpose.is_empty()).then(|| Word::fixed(purpose)),
                purpose_declared: declares && !purpose.is_empty(),
                residence: residence.split(',').filter_map(Country::parse).collect(),
                minors,
                label,
                types,
                declared: class.map_or_else(ClassSet::default, |info| info.closure),
                health_of_a_person: health,
                scan,
                unreadable,
                reference,
                hosted: match hosted {
                    "" => Vec::new(),
                    "mcp" => vec![(Word::fixed("mcp"), Some(Word::fixed("tools.example")))],
                    kind => vec![(Word::fixed(kind), None)],
                },
                leak,
                ..nothing()
            }
        })
        .boxed()
}
