//! Which endpoints a backend has: the one of its URL, a list, the addresses of a name, the lines of a file.
//!
//! Whoever writes the file or answers for the name chooses only among what the inventory binds: a host must be one of the
//! entry's `hosts`, an address must lie in its `addresses`. What does not is left out, with a line in the log.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::endpoint::{Common, Endpoint};
use super::fleet::Fleet;
use super::target::Target;
use super::{SetupFault, srv};
use crate::limits;
use crate::model::Endpoints;
use crate::wire::dns::Service;

/// The endpoints that a backend has before anything was looked up.
pub(super) fn at_first(common: &Common) -> Result<Vec<Target>, SetupFault> {
    match &common.settings.endpoints {
        // A name is looked up at every connection until the first answer to the question which addresses it has.
        Endpoints::Url | Endpoints::Resolved { .. } | Endpoints::Service { .. } => Ok(vec![common.target.clone()]),
        Endpoints::Listed(list) => all(common, list.iter().map(String::as_str)),
        Endpoints::File(path) => {
            let text = read(path).map_err(|_| SetupFault::EndpointFile)?;
            all(common, lines(&text))
        }
    }
}

/// Follows changes; ends at once where there are none to follow.
pub(super) async fn follow(common: &Common, fleet: &Fleet) {
    match &common.settings.endpoints {
        Endpoints::Url | Endpoints::Listed(_) => {}
        Endpoints::Resolved { every } => follow_name(common, fleet, *every).await,
        Endpoints::Service { name, resolver, every } => follow_service(common, fleet, (name, *resolver, *every)).await,
        Endpoints::File(path) => follow_file(common, fleet, path).await,
    }
}

async fn follow_name(common: &Common, fleet: &Fleet, every: Duration) {
    let name = &common.settings.name;
    let mut known: Vec<SocketAddr> = Vec::new();
    let mut answered = Instant::now();
    loop {
        let target = &common.target;
        let asked = tokio::net::lookup_host((target.host.as_str(), target.port));
        match timeout(limits::CONNECT_DEADLINE, asked).await {
            Ok(Ok(addresses)) => {
                answered = Instant::now();
                let mut found: Vec<_> = addresses.filter(|address| covered(common, address)).collect();
                found.sort_unstable();
                found.dedup();
                found.truncate(limits::ENDPOINTS_MAX);
                if found.is_empty() {
                    tracing::warn!(backend = %name, "Name has no address within the ranges that the inventory names");
                }
                if found != known {
                    put(common, fleet, &found.iter().map(|address| target.at_address(*address)).collect::<Vec<_>>());
                    known = found;
                }
            }
            _ if answered.elapsed() > limits::ENDPOINTS_STALE && !known.is_empty() => {
                tracing::error!(backend = %name, "Name was not resolved for too long: its endpoints are no longer used");
                // The URL itself stays, so that a connection says what is wrong.
                put(common, fleet, std::slice::from_ref(target));
                known.clear();
            }
            _ => tracing::warn!(backend = %name, "Name not resolved: the endpoints known stay in use"),
        }
        sleep(every).await;
    }
}

/// Follows the servers of a service. Those that the inventory does not name are left out.
async fn follow_service(
    common: &Common,
    fleet: &Fleet,
    (service, resolver, every): (&str, Option<SocketAddr>, Duration),
) {
    let backend = &common.settings.name;
    let (mut known, mut answered) = (Vec::new(), Instant::now());
    loop {
        match srv::servers(service, resolver).await {
            Ok(mut found) => {
                answered = Instant::now();
                found.sort_unstable();
                found.dedup();
                if found != known {
                    let targets: Vec<Target> = found.iter().filter_map(|server| served(common, server)).collect();
                    if targets.is_empty() {
                        tracing::warn!(backend = %backend, "Service has no server that the inventory names");
                    }
                    put(common, fleet, targets.get(..limits::ENDPOINTS_MAX).unwrap_or(&targets));
                    tracing::info!(backend = %backend, endpoints = targets.len(), "Servers of the service read");
                    known = found;
                }
            }
            Err(_) if answered.elapsed() > limits::ENDPOINTS_STALE && !known.is_empty() => {
                tracing::error!(backend = %backend, "Service was not found for too long: its servers are no longer used");
                put(common, fleet, std::slice::from_ref(&common.target));
                known.clear();
            }
            Err(why) => tracing::warn!(backend = %backend, %why, "Service not found: the servers known stay in use"),
        }
        sleep(every).await;
    }
}

/// The endpoint of a server that DNS names, if the binding covers it.
fn served(common: &Common, server: &Service) -> Option<Target> {
    let at = format!("{}:{}", server.host, server.port);
    let target = common.target.endpoint(&at, &common.settings.binding);
    if target.is_err() {
        // The name is whoever's who answers for the zone: it stays out of the log.
        tracing::warn!(backend = %common.settings.name, "Server left out: the inventory does not name its host");
    }
    target.ok().map(|target| target.standing(server.priority, server.weight))
}

fn covered(common: &Common, address: &SocketAddr) -> bool {
    let ranges = &common.settings.binding.addresses;
    ranges.is_empty() || ranges.iter().any(|range| range.contains(address.ip()))
}

async fn follow_file(common: &Common, fleet: &Fleet, path: &Path) {
    let name = &common.settings.name;
    let mut before = None;
    loop {
        sleep(limits::ENDPOINTS_LOOK).await;
        let owned = path.to_owned();
        let text = match tokio::task::spawn_blocking(move || read(&owned)).await {
            Ok(Ok(text)) => Some(text),
            _ => None,
        };
        if text == before {
            continue;
        }
        match text.as_deref().map(|text| all(common, lines(text))) {
            Some(Ok(targets)) => {
                put(common, fleet, &targets);
                tracing::info!(backend = %name, endpoints = targets.len(), "Endpoints read");
            }
            Some(Err(fault)) => {
                tracing::error!(backend = %name, %fault, "Endpoints rejected: those before stay in use");
            }
            None => tracing::error!(backend = %name, "File of endpoints cannot be read: those before stay in use"),
        }
        before = text;
    }
}

#[expect(clippy::disallowed_methods, reason = "the file of endpoints is watched where they are used")]
fn read(path: &Path) -> std::io::Result<String> {
    std::fs::read_to_string(path)
}

/// What stands in a file of endpoints: one a line, `#` begins a comment.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(|line| line.split('#').next().unwrap_or_default().trim()).filter(|line| !line.is_empty())
}

/// Holds each against the binding; one that it does not cover is a fault of all.
fn all<'t>(common: &Common, texts: impl Iterator<Item = &'t str>) -> Result<Vec<Target>, SetupFault> {
    let mut targets = BTreeMap::new();
    for text in texts {
        let target = common.target.endpoint(text, &common.settings.binding)?;
        targets.insert(target.name(), target);
    }
    let targets: Vec<Target> = targets.into_values().collect();
    if targets.is_empty() || targets.len() > limits::ENDPOINTS_MAX {
        return Err(SetupFault::EndpointCount);
    }
    Ok(targets)
}

/// Puts these endpoints in force; those that were there stay as they are.
fn put(common: &Common, fleet: &Fleet, targets: &[Target]) {
    let before = fleet.members();
    let made = targets.iter().filter_map(|target| {
        let known = before.iter().find(|endpoint| endpoint.id == target.id());
        known
            .inspect(|known| known.stands_as(target))
            .map(Arc::clone)
            .or_else(|| Endpoint::new(common, target).ok().map(Arc::new))
    });
    fleet.set(&made.collect::<Vec<_>>());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_holds_one_a_line() {
        let text = "# home\ngpu1:8000\n\n  gpu2:8000  # second rack\n10.1.2.3\n";
        assert_eq!(lines(text).collect::<Vec<_>>(), ["gpu1:8000", "gpu2:8000", "10.1.2.3"]);
    }
}
