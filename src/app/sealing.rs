//! Who can open sealed content, from the files that the configuration names.

use crate::audit::seal::Sealer;
use crate::audit::seal::custodian::Custodian;
use crate::config::Config;
use crate::identity::{Purpose, RootKey};
use crate::policy::Policy;

/// Custodians at most: the shares of a secret are numbered by a byte.
const CUSTODIANS_MAX: usize = 32;

/// The sealer for the custodians of the configuration; `None` when it names none.
///
/// # Errors
/// What is wrong with their keys, or that the policy demands sealing and nobody could open it.
pub(super) fn sealer(config: &Config, policy: &Policy, root: &RootKey) -> Result<Option<Sealer>, Vec<String>> {
    let mut problems = Vec::new();
    let mut custodians: Vec<Custodian> = Vec::new();
    for (path, text) in &config.custodians {
        match Custodian::parse(text) {
            None => problems.push(format!(
                "`{}` is not the public key of a custodian\n  help: `octroi audit custodian new` makes one and prints its public line",
                path.display()
            )),
            Some(custodian) if custodians.iter().any(|known| known.id() == custodian.id()) => {
                problems.push(format!("`{}` is the key of a custodian that is named already", path.display()));
            }
            Some(custodian) => custodians.push(custodian),
        }
    }
    if custodians.len() > CUSTODIANS_MAX {
        problems.push(format!("[audit] custodians: more than {CUSTODIANS_MAX}"));
    }
    if config.custodians.is_empty() && policy.demands_sealing() {
        problems.push(
            "the policy says `must log sealed`, and nobody is named who could open it\n  help: name the public keys of two persons in `[audit] custodians`"
                .to_owned(),
        );
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let seals = custodians.len() >= 2;
    Ok(seals.then(|| Sealer::new(&config.audit_folder, custodians, root.mac_key(Purpose::SealMonth, &[]))))
}
