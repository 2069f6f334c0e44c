//! What a gateway will make of a signature: held against the approvers that its configuration names, where that is at hand.
//!
//! A signature that no gateway would take is not written, for whoever signs believes that it counts. Where no configuration is at
//! hand nothing is claimed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::bail;

use super::say;
use crate::app::{NotTheirs, approvers, configuration, signed_by};
use crate::policy::Language;

/// Where the approvers are named.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Against {
    /// The configuration whose approvers the signature is held against (default: octroi.toml here or beside the folder)
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// What is known of those who signed some text.
pub(super) enum Standing {
    /// No configuration is at hand: so many keys have signed.
    Unknown(usize),
    /// The configuration that was named names nobody: a gateway with it verifies no signature.
    Unverified(PathBuf),
    /// Of whom a gateway with this file of approvers takes the signature.
    Known(Vec<String>, PathBuf),
}

impl Against {
    /// Holds signatures, the new one of `signer` among them, against the approvers.
    ///
    /// # Errors
    /// The new signature counts at no gateway with these approvers; a configuration that was named and cannot be read.
    pub(super) fn stand(
        &self,
        folder: &Path,
        (bytes, signatures): (&[u8], &BTreeMap<String, String>),
        signer: &str,
        language: Language,
    ) -> anyhow::Result<Standing> {
        let Some(file) = self.approvers(folder)? else {
            if let Some(named) = &self.config {
                return Ok(Standing::Unverified(named.clone()));
            }
            // Ed25519 signs the same text with the same key in the same way.
            return Ok(Standing::Unknown(signatures.values().collect::<BTreeSet<_>>().len()));
        };
        let known = approvers(&file).map_err(anyhow::Error::msg)?;
        let place = file.display();
        if !known.contains_key(signer) {
            let names: Vec<&str> = known.keys().map(String::as_str).collect();
            bail!(match language {
                Language::En => format!(
                    "`{signer}` is no approver in {place}: no gateway takes this signature, and nothing was signed\n  help: name yourself with --as; the approvers are {}",
                    names.join(", ")
                ),
                Language::Fr => format!(
                    "`{signer}` n'est pas un approbateur dans {place} : aucune passerelle ne retient cette signature, et rien n'a été signé\n  conseil : nommez-vous avec --as ; les approbateurs sont {}",
                    names.join(", ")
                ),
            });
        }
        let own: BTreeMap<String, String> = signatures
            .iter()
            .filter(|(name, _)| *name == signer)
            .map(|(name, by)| (name.clone(), by.clone()))
            .collect();
        let wrong = |bad: &NotTheirs| {
            anyhow::anyhow!(
                "{} ({place}){}",
                bad.said(language),
                say(language, ": nothing was signed", " : rien n'a été signé")
            )
        };
        signed_by(bytes, &own, &known).map_err(|bad| wrong(&bad))?;
        // Of the others those count that hold: a bad one takes nothing from them.
        let one = |(name, by): (&String, &String)| {
            let alone = BTreeMap::from([(name.clone(), by.clone())]);
            signed_by(bytes, &alone, &known).is_ok_and(|signed| !signed.is_empty()).then(|| (name.clone(), by.clone()))
        };
        let holding: BTreeMap<String, String> = signatures.iter().filter_map(one).collect();
        Ok(Standing::Known(signed_by(bytes, &holding, &known).map_err(|bad| wrong(&bad))?, file))
    }

    /// The file of approvers of the configuration at hand.
    fn approvers(&self, folder: &Path) -> anyhow::Result<Option<PathBuf>> {
        if let Some(named) = &self.config {
            let config = configuration(named).map_err(|faults| anyhow::anyhow!("{faults}"))?;
            return Ok(config.approvers);
        }
        let beside = folder.parent().map(|parent| parent.join("octroi.toml"));
        let at_hand = [Some(PathBuf::from("octroi.toml")), beside];
        let mut found = at_hand.into_iter().flatten().filter(|file| file.is_file());
        Ok(found.find_map(|file| configuration(&file).ok()?.approvers))
    }
}

impl Standing {
    /// How many of `needed` signatures are still to come.
    pub(super) fn left(&self, needed: usize) -> usize {
        match self {
            Self::Unknown(keys) => needed.saturating_sub(*keys),
            Self::Unverified(_) => 0,
            Self::Known(names, _) => needed.saturating_sub(names.len()),
        }
    }

    /// What a gateway needs and has, in a sentence: `needed` approvers.
    pub(super) fn said(&self, needed: usize, language: Language) -> String {
        match (self, language) {
            (Self::Unknown(keys), Language::En) => format!(
                "signed with {keys} of {needed} keys that a gateway with approvers needs; whether they are its approvers' was not checked: --config names its file"
            ),
            (Self::Unknown(keys), Language::Fr) => format!(
                "signé avec {keys} clé(s) sur {needed} qu'il faut à une passerelle qui a des approbateurs ; que ce soient les leurs n'a pas été vérifié : --config nomme son fichier"
            ),
            (Self::Unverified(file), Language::En) => format!(
                "signed; {} names no approvers: a gateway with it verifies no signature, and takes this up as it is",
                file.display()
            ),
            (Self::Unverified(file), Language::Fr) => format!(
                "signé ; {} ne nomme pas d'approbateurs : une passerelle qui s'en sert ne vérifie aucune signature, et le reprend tel quel",
                file.display()
            ),
            (Self::Known(names, file), _) => {
                let (signed, left, file, names) =
                    (names.len(), needed.saturating_sub(names.len()), file.display(), names.join(", "));
                match (language, left) {
                    (Language::En, 0) => format!(
                        "signed by {signed} of {needed} approvers needed ({names}; {file}): a gateway accepts it"
                    ),
                    (Language::En, _) => format!(
                        "signed by {signed} of {needed} approvers needed ({names}; {file}): a gateway accepts it once {left} more has signed with a key of their own"
                    ),
                    (Language::Fr, 0) => format!(
                        "signé par {signed} approbateur(s) sur {needed} requis ({names} ; {file}) : une passerelle l'accepte"
                    ),
                    (Language::Fr, _) => format!(
                        "signé par {signed} approbateur(s) sur {needed} requis ({names} ; {file}) : une passerelle l'acceptera quand {left} autre aura signé avec sa propre clé"
                    ),
                }
            }
        }
    }
}
