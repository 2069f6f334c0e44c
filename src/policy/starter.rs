//! The files that octroi brings: packs, and the sheets and inventories that `octroi demo` and `octroi init` begin with.
//!
//! They are embedded, so that a binary alone can begin and `use pack` works where the operator's folder lacks the file.
//! Paths are relative to the `policies/` folder.

use super::concrete::{Break, Item, Mark};
use super::diagnostic::File;
use super::parser::{language_of, parse_concrete};
use super::phrase::{Language, Phrase};
use super::reference::Reference;
use super::{SourceFile, Sources};
use crate::model::Country;
use crate::model::entry::Digest;

/// The packs that octroi brings: name and text.
pub fn packs() -> Vec<(&'static str, &'static str)> {
    vec![
        ("ai-act-deployer", include_str!("../../policies/packs/ai-act-deployer.policy")),
        ("ch-nfadp", include_str!("../../policies/packs/ch-nfadp.policy")),
        ("confidential-compute", include_str!("../../policies/packs/confidential-compute.policy")),
        ("de-bsi-c5", include_str!("../../policies/packs/de-bsi-c5.policy")),
        ("dora-finance", include_str!("../../policies/packs/dora-finance.policy")),
        ("es-ens", include_str!("../../policies/packs/es-ens.policy")),
        ("fr-diffusion-restreinte", include_str!("../../policies/packs/fr-diffusion-restreinte.policy")),
        ("fr-hds-health", include_str!("../../policies/packs/fr-hds-health.policy")),
        ("fr-nir", include_str!("../../policies/packs/fr-nir.policy")),
        ("fr-secnumcloud", include_str!("../../policies/packs/fr-secnumcloud.policy")),
        ("gdpr-eea-only", include_str!("../../policies/packs/gdpr-eea-only.policy")),
        ("gdpr-special-categories", include_str!("../../policies/packs/gdpr-special-categories.policy")),
        ("gdpr-transfers", include_str!("../../policies/packs/gdpr-transfers.policy")),
        ("hr-data", include_str!("../../policies/packs/hr-data.policy")),
        ("legal-privilege", include_str!("../../policies/packs/legal-privilege.policy")),
        ("minors", include_str!("../../policies/packs/minors.policy")),
        ("no-us-controlled", include_str!("../../policies/packs/no-us-controlled.policy")),
        ("pci", include_str!("../../policies/packs/pci.policy")),
        ("trade-secret", include_str!("../../policies/packs/trade-secret.policy")),
        ("uk-gdpr", include_str!("../../policies/packs/uk-gdpr.policy")),
        ("unknown-means-home", include_str!("../../policies/packs/unknown-means-home.policy")),
    ]
}

/// The packs that octroi brings as an officer of this language reads them, texts and scenarios too.
pub fn packs_in(language: Language) -> Vec<(&'static str, &'static str)> {
    match language {
        Language::En => packs(),
        Language::Fr => FRENCH_PACKS.to_vec(),
    }
}

/// What a pack is for, as its text begins: the first paragraph of its notes.
pub fn purpose(text: &str) -> String {
    let notes = text.lines().map_while(|line| line.strip_prefix('#')).map(str::trim);
    notes.take_while(|note| !note.is_empty()).collect::<Vec<_>>().join(" ")
}

const FRENCH_PACKS: &[(&str, &str)] = &[
    ("ai-act-deployer", include_str!("../../policies/packs/fr/ai-act-deployer.policy")),
    ("ch-nfadp", include_str!("../../policies/packs/fr/ch-nfadp.policy")),
    ("confidential-compute", include_str!("../../policies/packs/fr/confidential-compute.policy")),
    ("de-bsi-c5", include_str!("../../policies/packs/fr/de-bsi-c5.policy")),
    ("dora-finance", include_str!("../../policies/packs/fr/dora-finance.policy")),
    ("es-ens", include_str!("../../policies/packs/fr/es-ens.policy")),
    ("fr-diffusion-restreinte", include_str!("../../policies/packs/fr/fr-diffusion-restreinte.policy")),
    ("fr-hds-health", include_str!("../../policies/packs/fr/fr-hds-health.policy")),
    ("fr-nir", include_str!("../../policies/packs/fr/fr-nir.policy")),
    ("fr-secnumcloud", include_str!("../../policies/packs/fr/fr-secnumcloud.policy")),
    ("gdpr-eea-only", include_str!("../../policies/packs/fr/gdpr-eea-only.policy")),
    ("gdpr-special-categories", include_str!("../../policies/packs/fr/gdpr-special-categories.policy")),
    ("gdpr-transfers", include_str!("../../policies/packs/fr/gdpr-transfers.policy")),
    ("hr-data", include_str!("../../policies/packs/fr/hr-data.policy")),
    ("legal-privilege", include_str!("../../policies/packs/fr/legal-privilege.policy")),
    ("minors", include_str!("../../policies/packs/fr/minors.policy")),
    ("no-us-controlled", include_str!("../../policies/packs/fr/no-us-controlled.policy")),
    ("pci", include_str!("../../policies/packs/fr/pci.policy")),
    ("trade-secret", include_str!("../../policies/packs/fr/trade-secret.policy")),
    ("uk-gdpr", include_str!("../../policies/packs/fr/uk-gdpr.policy")),
    ("unknown-means-home", include_str!("../../policies/packs/fr/unknown-means-home.policy")),
];

/// The reference data that octroi brings: name and text.
pub fn reference() -> &'static [(&'static str, &'static str)] {
    super::reference::SHIPPED
}

/// A pack with its own scenarios, on the example inventory, in a sheet that admits every backend: what its scenarios are
/// written for.
pub fn trial(name: &str, text: &str) -> Sources {
    let language = language_of(text);
    let scenarios = scenarios(name, text);
    let header = match language {
        Language::En => {
            "policy \"trial\" version 1 owner \"octroi project\" review before 2099-12-31 home FR labels LABELS use pack NAME allow backends on premises or not on premises allow backends named cloud-unknown "
        }
        Language::Fr => {
            "politique \"essai\" version 1 responsable \"projet octroi\" à revoir avant le 2099-12-31 siège FR marquages LABELS prendre le paquet NAME autoriser les hébergeurs sur site ou non sur site autoriser les hébergeurs nommés cloud-unknown "
        }
    };
    let labels = "\"Public\", \"Internal\", \"Diffusion Restreinte\", \"VS-NfD\", \"Secret\"";
    let sheet = format!("{}{scenarios}", header.replace("LABELS", labels).replace("NAME", name));
    let file = |name: String, text: &str| SourceFile { name, text: text.to_owned() };
    Sources {
        sheets: vec![file(format!("policies/packs/{name}.policy"), &sheet)],
        packs: vec![file(format!("policies/packs/{name}.policy"), text)],
        inventory: Some(file("policies/packs/example-backends.toml".to_owned(), example_inventory())),
        ..Sources::default()
    }
}

/// The scenarios of a pack on the lines on which they stand in it, with the notes among them; of all else the line ends.
fn scenarios(name: &str, text: &str) -> String {
    let file = File::new(name, text, language_of(text));
    let Some((_, concrete)) = parse_concrete(&file, &mut Vec::new()) else { return String::new() };
    let begins = concrete.breaks.iter().filter(|(_, how)| *how != Break::Clause).map(|(at, _)| *at);
    let begins: Vec<usize> = begins.chain([concrete.tokens.len().saturating_sub(1)]).collect();
    let place = |at: usize| concrete.tokens.get(at).map_or(text.len(), |token| token.span.start);
    let scenario = |at: usize| {
        let said = |mark: &Mark| mark.from == at && mark.item == Item::Phrase(Phrase::Scenario);
        concrete.marks.iter().any(said)
    };
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (at, next) in begins.iter().zip(begins.iter().skip(1)).filter(|(at, _)| scenario(**at)) {
        out.extend(text.get(done..place(*at)).unwrap_or_default().matches('\n'));
        out.push_str(text.get(place(*at)..place(*next)).unwrap_or_default());
        done = place(*next);
    }
    out
}

/// The sheet and the inventory that a new folder begins with, with places to fill.
pub(in crate::policy) fn beginning(language: Language) -> (&'static str, &'static str) {
    let sheet = match language {
        Language::En => include_str!("../../policies/starter/begin.policy"),
        Language::Fr => include_str!("../../policies/starter/begin-fr.policy"),
    };
    let inventory = match language {
        Language::En => include_str!("../../policies/starter/begin-backends.toml"),
        Language::Fr => include_str!("../../policies/starter/begin-backends-fr.toml"),
    };
    (sheet, inventory)
}

/// The inventory that the scenarios of the packs are written for.
pub fn example_inventory() -> &'static str {
    include_str!("../../policies/packs/example-backends.toml")
}

/// The files of the demonstration: the tour's sheet, its packs and its inventory.
///
/// `authority` is the SHA-256 of the DER of the certificate authority that issued for the demonstration servers.
pub fn demo(authority: &[u8; 32]) -> Vec<(String, String)> {
    let sheet = include_str!("../../policies/starter/demo.policy").to_owned();
    let inventory = include_str!("../../policies/starter/demo-backends.toml");
    let inventory = inventory.replace("{authority}", &Digest(*authority).to_string());
    folder(sheet, inventory, Language::En)
}

/// The files of a new deployment, in a language: a sheet for a lawyer to read, its packs, and an inventory to fill in.
///
/// # Errors
/// [`NoCountry`] when `home` is no country of the reference data.
pub fn init(home: &str, language: Language) -> Result<Vec<(String, String)>, NoCountry> {
    let mut faults = Vec::new();
    let reference = Reference::read(&[], Language::En, &mut faults);
    let country = Country::parse(home).filter(|country| reference.countries.contains_key(country)).ok_or(NoCountry)?;
    let fill = |text: &str| text.replace("{home}", country.as_str());
    let (sheet, inventory) = match language {
        Language::En => (
            include_str!("../../policies/starter/init.policy"),
            include_str!("../../policies/starter/init-backends.toml"),
        ),
        Language::Fr => (
            include_str!("../../policies/starter/init-fr.policy"),
            include_str!("../../policies/starter/init-backends-fr.toml"),
        ),
    };
    Ok(folder(fill(sheet), fill(inventory), language))
}

/// The home given is no country of ISO 3166-1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("home must be a country, as two upper-case letters of iso 3166-1, such as FR")]
pub struct NoCountry;

fn folder(sheet: String, inventory: String, language: Language) -> Vec<(String, String)> {
    let mut files = vec![("main.policy".to_owned(), sheet), ("backends.toml".to_owned(), inventory)];
    files.extend(packs_in(language).into_iter().map(|(name, text)| (format!("packs/{name}.policy"), text.to_owned())));
    files
}
