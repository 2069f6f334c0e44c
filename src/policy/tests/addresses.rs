//! `allow values in addresses of …`: it adds hosts, opens a flow, and no pack can say it.

use jiff::ToSpan as _;

use super::super::diagnostic::File;
use super::super::parser::parse;
use super::super::study::{Difference, Differences, Study};
use super::*;

fn hosts(policy: &Policy) -> Vec<String> {
    plan(policy, &nothing()).value_hosts.iter().map(ToString::to_string).collect()
}

#[test]
fn lines_and_sheets_add_up() {
    let line = "allow values in addresses of \"Wiki.example\", \"bücher.example\"\nallow values in addresses of \"intranet:8443\", \"wiki.example:443\"\n";
    let both = good(&Sources {
        sheets: vec![
            file("main.policy", &format!("{HEADER}{ALLOW_ALL}{line}")),
            file(
                "more.policy",
                "policy \"more\" version 1 owner \"dpo\" review before 2027-06-30\nallow values in addresses of \"files.example\"\n",
            ),
        ],
        ..sources("", example())
    });
    assert_eq!(
        hosts(&both),
        ["wiki.example", "xn--bcher-kva.example", "bücher.example", "intranet:8443", "files.example"]
    );
    assert_eq!(hosts(&policy(ALLOW_ALL)), [""; 0]);
}

#[test]
fn a_frozen_policy_and_one_past_its_validity_name_none() {
    let policy = policy(&format!("{ALLOW_ALL}allow values in addresses of \"wiki.example\"\n"));
    let mut frozen = plan(&policy, &nothing());
    freeze(&policy, &mut frozen);
    assert_eq!(frozen.value_hosts.len(), 0);
    let late = policy.valid_until().unwrap().checked_add(1.second()).unwrap();
    assert_eq!(decide(&policy, &nothing(), &everyone(&policy), late).value_hosts.len(), 0);
}

#[test]
fn a_pack_cannot_say_it() {
    let pack =
        "pack wide version 1 owner \"x\" review before 2027-06-30\nallow values in addresses of \"wiki.example\"\n";
    let sheet = format!("{HEADER}{ALLOW_ALL}use pack wide\n");
    let faults =
        compiled(&Sources { packs: vec![file("policies/packs/wide.policy", pack)], ..sources(&sheet, example()) });
    let faults = faults.unwrap_err();
    assert_eq!(faults.iter().map(Diagnostic::code).collect::<Vec<_>>(), ["octroi::policy::pack-opens"]);
    assert!(render(&faults[0]).contains("allow values in addresses of"));
}

/// Digests are in the record: a sheet that does not say it is the sheet that it was.
#[test]
fn a_sheet_without_it_keeps_its_digest() {
    let digest = |text: &str| digest_of(&file("main.policy", text)).unwrap();
    let plain = format!("{HEADER}{ALLOW_ALL}");
    let mut tree =
        serde_json::to_value(parse(&File::new("main.policy", &plain, Language::En), &mut Vec::new()).unwrap()).unwrap();
    // The members that there were before the statement was.
    let known = [
        "allows",
        "exceptions",
        "fall_backs",
        "groups",
        "home",
        "labels",
        "owner",
        "pack",
        "review_before",
        "rules",
        "says",
        "scenarios",
        "title",
        "tools",
        "uses",
        "version",
    ];
    tree.as_object_mut().unwrap().retain(|name, _| known.contains(&name.as_str()));
    assert_eq!(canonical::digest(&tree), digest(&plain));
    assert_ne!(digest(&format!("{plain}allow values in addresses of \"wiki.example\"\n")), digest(&plain));
}

fn diff(old: &str, new: &str) -> Differences {
    let studied = |statements: &str, french: bool| {
        let catalogue = all_types();
        let mut sources = sources(&format!("{HEADER}{ALLOW_ALL}{statements}"), example());
        if french {
            let sheet = &mut sources.sheets[0];
            sheet.text = format(sheet, Some(Language::Fr)).unwrap();
            assert_eq!(language_of(&sheet.text), Language::Fr);
        }
        Study::new(&sources, &catalogue, &every(&catalogue), &vocabulary(), now()).unwrap()
    };
    let french = studied(old, true).diff(&studied(new, true)).unwrap();
    let english = studied(old, false).diff(&studied(new, false)).unwrap();
    assert_eq!(english.opened.len(), french.opened.len());
    let said = |list: &[Difference]| -> Vec<String> {
        list.iter().map(|one| format!("{} [{}]", one.sentence, one.cause)).collect()
    };
    for sentence in said(&french.opened).iter().chain(&said(&french.refused)) {
        assert!(sentence.contains("dans les adresses de"), "{sentence}");
        assert!(!sentence.contains("values"), "{sentence}");
    }
    english
}

#[test]
fn a_further_host_is_a_flow_that_opens() {
    let one = "allow values in addresses of \"wiki.example\"\n";
    let two = "allow values in addresses of \"bücher.example\", \"wiki.example\"\n";
    let opens = diff(one, two);
    assert!(!opens.no_flow_is_opened);
    assert_eq!(opens.opened[0].sentence, "values may be put into addresses of bücher.example");
    assert_eq!(opens.opened[0].cause, "allow values in addresses of");
    assert_eq!((opens.opened.len(), opens.refused.len()), (1, 0));
    let closes = diff(two, one);
    assert!(closes.no_flow_is_opened);
    assert_eq!(closes.refused[0].sentence, "values may no longer be put into addresses of bücher.example");
    let same = diff(
        two,
        "allow values in addresses of \"WIKI.example\"\nallow values in addresses of \"xn--bcher-kva.example\", \"bücher.example\"\n",
    );
    assert!(same.no_flow_is_opened && same.refused.is_empty(), "{same:#?}");
}

#[test]
fn hosts_are_bounded() {
    let many: Vec<String> = (0..40_000).map(|n| format!("\"h{n}.example\"")).collect();
    let line = format!("{HEADER}{ALLOW_ALL}allow values in addresses of {}\n", many.join(", "));
    let faults = compiled(&sources(&line, example())).unwrap_err();
    assert_eq!(faults[0].code(), "octroi::policy::too-large");
}
