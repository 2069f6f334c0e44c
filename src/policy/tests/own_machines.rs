//! What the owner runs at home is at home: no pack takes it out, but for those that do so on purpose and say it.
//!
//! Not tried on examples: the difference between a sheet with a pack and without it is every request that the pack refuses.

use super::*;
use crate::policy::study::Study;

const HOMES: [&str; 6] = ["FR", "DE", "GB", "CH", "US", "NO"];

/// Packs that refuse the owner's own machines: by which rule, with which homes, and why that is right.
const ON_PURPOSE: &[(&str, &str, &[&str], &str)] = &[
    (
        "ch-nfadp",
        "ch-bank-secrecy",
        &["GB", "US"],
        "a Swiss bank secret is for Swiss or European law alone, and not for another home's",
    ),
    (
        "fr-diffusion-restreinte",
        "fr-classified-goes-nowhere",
        &HOMES,
        "what is classified needs a system approved for it alone",
    ),
    ("gdpr-eea-only", "gdpr-eea-only", &["GB", "CH", "US"], "the pack is the EEA, and such a home lies outside it"),
    (
        "hr-data",
        "hr-no-special-categories",
        &HOMES,
        "what cannot be redacted would have a part in the decision, wherever it is made",
    ),
    ("minors", "minors-are-not-profiled", &HOMES, "nobody profiles a minor, and not at home either"),
    (
        "no-us-controlled",
        "no-us-controlled",
        &["US"],
        "whoever takes it wants no American law, and it holds at such a home",
    ),
];

/// One machine of the owner's, of which nothing is declared but that it is theirs, at home, and under the law of the home.
fn own(home: &str) -> String {
    let exposed = if ["US", "GB"].contains(&home) { format!("\"{home}\"") } else { String::new() };
    format!(
        "[backend.own]\nhosts = [\"own.example\"]\nverified = 2026-11-01\nby = \"dpo\"\nprocessing = [\"{home}\"]\nstorage = [\"{home}\"]\n\
         logs = [\"{home}\"]\nsupport = [\"{home}\"]\nrun-by-owner = true\ncontrolled-from = \"{home}\"\nexposed-to = [{exposed}]\n\
         sub-processors = []\n"
    )
}

fn study(home: &str, rest: &str) -> Study {
    let sheet = format!(
        "policy \"test\" version 1 owner \"dpo\" review before 2027-06-30\nhome {home}\n\
         labels \"Public\", \"Diffusion Restreinte\", \"Secret\", \"VS-NfD\"\n{rest}allow backends on premises\n"
    );
    let catalogue = all_types();
    Study::new(&sources(&sheet, &own(home)), &catalogue, &every(&catalogue), &vocabulary(), now())
        .unwrap_or_else(|faults| panic!("{home}: {}", faults.iter().map(render).collect::<Vec<_>>().join("\n")))
}

#[test]
fn no_pack_refuses_the_owners_own_machines_but_on_purpose() {
    let mut seen = std::collections::BTreeSet::new();
    for home in HOMES {
        let without = study(home, "");
        for (pack, text) in starter::packs() {
            let differences = without.diff(&study(home, &format!("use pack {pack}\n"))).unwrap();
            assert!(differences.whole && differences.no_flow_is_opened, "{home} {pack}: {differences:#?}");
            for refused in &differences.refused {
                let known = ON_PURPOSE.iter().find(|(of, rule, homes, _)| {
                    (*of, *rule) == (pack, refused.cause.as_str()) && homes.contains(&home)
                });
                let (_, rule, _, why) = known.unwrap_or_else(|| panic!("{home} {pack}: {refused:#?}"));
                assert!(!why.is_empty() && text.contains("# On purpose: "), "{pack} does not say so");
                seen.insert((pack, *rule, home));
            }
        }
    }
    // The list holds nothing that is not so.
    for (pack, rule, homes, _) in ON_PURPOSE {
        for home in *homes {
            assert!(seen.contains(&(*pack, *rule, *home)), "{pack} {rule} refuses nothing at {home}");
        }
        let french = starter::packs_in(Language::Fr);
        assert!(french.iter().any(|(name, text)| name == pack && text.contains("# À dessein : ")), "{pack}");
    }
}
