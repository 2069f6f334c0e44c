//! Counts by several dimensions put together what was together: the entries themselves, counted one by one, are the judge.

use std::collections::{BTreeMap, BTreeSet};

use octroi_verify::verify::Trust;

use super::naive::query;
use super::*;
use crate::audit::index::{Dimension, Index, compare};
use crate::audit::query::{Filter, Record, found, items, sent_to, word};
use crate::model::Country;
use crate::model::entry::{Newest, PlannedBackend};

/// Backends that differ in everything that is declared of them: one is in two countries, and the two in Germany need no basis.
type Declared = (&'static str, &'static [&'static str], Option<&'static str>, Option<&'static str>);
const BACKENDS: [Declared; 5] = [
    ("home", &["DE"], Some("DE"), None),
    ("de-eu", &["DE", "FR"], Some("US"), Some("standard-contractual-clauses")),
    ("us-cloud", &["US"], Some("US"), Some("standard-contractual-clauses")),
    ("us-old", &["US"], None, None),
    ("tokyo", &["JP"], Some("JP"), Some("adequacy")),
];
/// Where each request goes, one backend after another.
const WAYS: [&[usize]; 8] = [&[0], &[0, 1], &[1, 2], &[2, 3, 4], &[3], &[4, 0], &[1], &[2, 1, 0]];

fn planned((name, countries, control, basis): Declared) -> PlannedBackend {
    let country = |code: &str| Country::parse(code).unwrap();
    PlannedBackend {
        backend: Word::fixed(name),
        tier: Word::fixed("other"),
        countries: countries.iter().map(|code| country(code)).collect(),
        operator: None,
        controlled_from: control.map(country),
        transfer_basis: basis.map(Word::fixed),
        duties_as: None,
        duties: Vec::new(),
    }
}

/// A log in which requests fall over from one backend to others, found in them what implies different classes.
fn fallen_over() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let log = SegmentLog::open(options(folder.path())).unwrap();
    for number in 0..64_u32 {
        let way = WAYS[(number % 8) as usize];
        let mut decision = decision_of(number);
        decision.plan = BACKENDS.into_iter().map(planned).collect();
        decision.findings[0].classes = vec![Word::fixed("contact"), Word::fixed("personal")];
        decision.findings[1].classes = vec![Word::fixed(if number % 3 == 0 { "health" } else { "personal" })];
        decision.sending = Some(sending(BACKENDS[way[0]].0));
        let slot = log.reserve().unwrap();
        append(&log, Entry::Decision(Box::new(decision))).unwrap();
        for (number_of_it, to) in (2..).zip(way.iter().skip(1)) {
            let Entry::Attempt(mut further) = attempt(number) else { panic!("an attempt") };
            (further.number, further.sending) = (number_of_it, sending(BACKENDS[*to].0));
            // By then it is declared to be elsewhere.
            further.newest = (number % 16 == 9).then(|| {
                let moved = PlannedBackend { countries: vec![Country::parse("CH").unwrap()], ..planned(BACKENDS[*to]) };
                Box::new(Newest {
                    policy: Digest([1; 32]),
                    inventory: Digest([9; 32]),
                    reference: Digest([3; 32]),
                    exceptions: Vec::new(),
                    planned: Some(moved),
                    removed: Vec::new(),
                    removed_left_out: 0,
                })
            });
            append(&log, Entry::Attempt(further)).unwrap();
        }
        if number % 5 != 2 {
            slot.submit(outcome(number));
        }
    }
    log.stop();
    folder
}

/// What a record says of some dimensions, as rows: those of one sending, those of one finding, and the request's own.
fn rows(record: &Record, by: &[Dimension], filter: &Filter) -> BTreeSet<Vec<String>> {
    let sendings: Vec<BTreeMap<Dimension, Vec<String>>> = sent_to(record)
        .map(|(backend, declared)| {
            let text = |key| declared.map(|it| word(it, key).to_owned()).filter(|it| !it.is_empty());
            let countries = declared.into_iter().flat_map(|it| items(it, "countries"));
            [
                (Dimension::Backend, vec![backend.to_owned()]),
                (Dimension::Country, countries.map(|it| it.as_str().unwrap().to_owned()).collect()),
                (Dimension::Control, text("controlled_from").into_iter().collect()),
                (Dimension::Basis, text("transfer_basis").into_iter().collect()),
            ]
            .into()
        })
        .filter(|one: &BTreeMap<_, Vec<String>>| {
            let has =
                |dimension, wanted: &Option<String>| wanted.as_ref().is_none_or(|it| one[&dimension].contains(it));
            has(Dimension::Backend, &filter.backend) && has(Dimension::Country, &filter.country)
        })
        .collect();
    let findings: Vec<BTreeMap<Dimension, Vec<String>>> = found(record)
        .map(|one| {
            let classes = items(one, "classes").map(|it| it.as_str().unwrap().to_owned()).collect();
            [(Dimension::Type, vec![word(one, "type").to_owned()]), (Dimension::Class, classes)].into()
        })
        .filter(|one: &BTreeMap<_, Vec<String>>| {
            filter.class.as_ref().is_none_or(|it| one[&Dimension::Class].contains(it))
        })
        .collect();
    let decision = record.of_kind("decision").next().unwrap();
    let own = [(Dimension::App, vec![word(decision, "app").to_owned()])].into();
    let mut rows = BTreeSet::new();
    for sending in &sendings {
        for finding in &findings {
            let said = |of: &Dimension| [sending, finding, &own].into_iter().find_map(|one| one.get(of)).unwrap();
            let mut these = vec![Vec::new()];
            for dimension in by {
                these = these
                    .iter()
                    .flat_map(|row| said(dimension).iter().map(|it| [row.clone(), vec![it.clone()]].concat()))
                    .collect();
            }
            rows.extend(these);
        }
    }
    rows
}

#[test]
fn what_stands_in_a_row_was_together() {
    use Dimension as D;
    let folder = fallen_over();
    let mut index = Index::open(folder.path()).unwrap();
    index.catch_up().unwrap();
    let word = |word: &str| Some(word.to_owned());
    let filters = [
        Filter::default(),
        Filter { country: word("US"), ..Filter::default() },
        Filter { backend: word("de-eu"), ..Filter::default() },
        Filter { backend: word("de-eu"), country: word("DE"), ..Filter::default() },
        Filter { backend: word("de-eu"), country: word("US"), ..Filter::default() },
        Filter { class: word("health"), ..Filter::default() },
        Filter { class: word("personal"), country: word("JP"), ..Filter::default() },
    ];
    let bys: [&[Dimension]; 13] = [
        &[D::Backend],
        &[D::Country],
        &[D::Backend, D::Country],
        &[D::Country, D::Backend],
        &[D::Backend, D::Basis],
        &[D::Country, D::Control],
        &[D::Control, D::Basis, D::Country, D::Backend],
        &[D::App, D::Backend, D::Basis],
        &[D::Country, D::App, D::Control],
        &[D::Type, D::Class],
        &[D::Class, D::Country],
        &[D::Country, D::Class, D::Backend, D::Type],
        &[D::App],
    ];
    let mut counted = 0;
    for filter in filters {
        let records = query(folder.path(), &filter, 10_000, None).unwrap().records;
        let records: Vec<_> = records.iter().filter(|record| record.of_kind("decision").next().is_some()).collect();
        for by in bys {
            let mut expected: BTreeMap<Vec<String>, u64> = BTreeMap::new();
            for record in &records {
                for row in rows(record, by, &filter) {
                    *expected.entry(row).or_default() += 1;
                }
            }
            let found = index.count(&filter, by).unwrap();
            let found: BTreeMap<_, _> = found.into_iter().map(|one| (one.words, one.count)).collect();
            assert_eq!(found, expected, "{by:?} of {filter:?}");
            counted += found.len();
        }
    }
    assert!(counted > 100, "{counted}");
    let has = |rows: &[crate::audit::index::Counted], words: [&str; 2]| rows.iter().any(|one| one.words == words);
    let pairs = index.count(&Filter::default(), &[D::Backend, D::Country]).unwrap();
    assert!(has(&pairs, ["de-eu", "FR"]) && !has(&pairs, ["de-eu", "US"]) && !has(&pairs, ["home", "FR"]), "{pairs:?}");
    let pairs = index.count(&Filter::default(), &[D::Backend, D::Basis]).unwrap();
    assert!(!has(&pairs, ["home", "standard-contractual-clauses"]), "{pairs:?}");
}

#[test]
fn a_backend_and_a_country_are_of_one_sending() {
    let folder = fallen_over();
    let mut index = Index::open(folder.path()).unwrap();
    index.catch_up().unwrap();
    // Requests went to the one and to a country of another, which is no reason to find them.
    for (backend, country, some) in [("de-eu", "DE", true), ("de-eu", "US", false), ("de-eu", "CH", true)] {
        let filter = Filter { backend: Some(backend.into()), country: Some(country.into()), ..Filter::default() };
        let found = index.page(&filter, 1_000, None).unwrap().records;
        assert_eq!(found, query(folder.path(), &filter, 1_000, None).unwrap().records, "{backend} in {country}");
        assert_eq!(!found.is_empty(), some, "{backend} in {country}");
    }
}

/// The verifier holds the words for what belongs together against the log like all others.
#[test]
fn an_edited_pair_is_named() {
    let folder = fallen_over();
    Index::open(folder.path()).unwrap().catch_up().unwrap();
    let trust = Trust { index: true, ..Trust::default() };
    verify_dir(folder.path(), &trust, &mut |_| {}).unwrap();
    let database = rusqlite::Connection::open(folder.path().join(crate::audit::index::FILE)).unwrap();
    let edit =
        "UPDATE word SET text = replace(text, '\"US\"', '\"FR\"') WHERE text LIKE '%us-cloud%' AND dimension = 21";
    assert_eq!(database.execute(edit, []).unwrap(), 1);
    drop(database);
    assert!(verify_dir(folder.path(), &trust, &mut |_| {}).is_err());
    assert!(compare(folder.path()).unwrap().is_some());
}
