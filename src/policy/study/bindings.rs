//! What a backend's name stands for under two inventories: the hosts, addresses, certificates and models that one has and the other
//! has not.

use super::super::text::{Text, say};
use crate::model::backend::AddressRange;
use crate::model::entry::Digest;
use crate::model::{Binding, Word};

/// What `wide` stands for and `narrow` does not: the key of the inventory, and what it is.
pub(super) fn beyond(narrow: &Binding, wide: &Binding) -> Vec<(&'static str, Text)> {
    let mut found = Vec::new();
    let names = [("hosts", &narrow.hosts, &wide.hosts), ("models", &narrow.models, &wide.models)];
    for (key, narrow, wide) in names.into_iter().chain([("path-ids", &narrow.path_ids, &wide.path_ids)]) {
        let added: Vec<&Word> = wide.iter().filter(|name| !narrow.contains(name)).collect();
        let text = |name: &Word| match key {
            "hosts" => say!("the host `{}`", name),
            "models" => say!("the model `{}`", name),
            _ => say!("the id `{}`", name),
        };
        found.extend(added.into_iter().map(|name| (key, text(name))));
    }
    let hex = |bytes: &[u8; 32]| Digest(*bytes).to_string();
    let looser = |narrow: &[[u8; 32]], wide: &[[u8; 32]]| match (narrow.is_empty(), wide.is_empty()) {
        (false, true) => vec![None],
        (true, _) => Vec::new(),
        (false, false) => wide.iter().filter(|one| !narrow.contains(one)).map(|one| Some(hex(one))).collect(),
    };
    found.extend(looser(&narrow.spki, &wide.spki).into_iter().map(|pin| match pin {
        None => ("spki", say!("any key of a certificate")),
        Some(pin) => ("spki", say!("the certificate key sha256:{}", pin)),
    }));
    found.extend(looser(&narrow.authorities, &wide.authorities).into_iter().map(|pin| match pin {
        None => ("ca", say!("any certificate authority")),
        Some(pin) => ("ca", say!("the certificate authority sha256:{}", pin)),
    }));
    if wide.addresses.is_empty() && !narrow.addresses.is_empty() {
        found.push(("addresses", say!("any address")));
    }
    // A range within another is nothing more.
    let is_within = |range: &AddressRange| {
        narrow.addresses.is_empty() || narrow.addresses.iter().any(|known| known.includes(range))
    };
    found.extend(
        wide.addresses
            .iter()
            .filter(|range| !is_within(range))
            .map(|range| ("addresses", say!("the addresses {}", format!("{}/{}", range.network, range.prefix)))),
    );
    found
}
