//! Which endpoints a backend has, and how its servers are asked what they say of themselves.

use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use super::raw::RawBackend;
use super::resolve::Resolver;
use crate::balance::{self, Poll, SERVERS};
use crate::limits;
use crate::model::Endpoints;
use crate::wire::dns;

/// Shortest and longest time between two questions, in milliseconds.
const POLL_MS: std::ops::RangeInclusive<u64> = 100..=60_000;
/// Shortest and longest time between two questions for the addresses of a name, in seconds.
const DNS_S: std::ops::RangeInclusive<u64> = 1..=3_600;

/// Where DNS tells which servers there are, as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawService {
    pub(super) name: Spanned<String>,
    pub(super) every_s: Option<Spanned<u64>>,
    pub(super) resolver: Option<Spanned<String>>,
}

impl Resolver<'_> {
    /// The endpoints; at most one way to name them.
    pub(super) fn endpoints(&mut self, raw: &RawBackend) -> Endpoints {
        let named = [
            raw.endpoints.is_some(),
            raw.endpoints_file.is_some(),
            raw.endpoints_dns_s.is_some(),
            raw.endpoints_srv.is_some(),
        ];
        if named.iter().filter(|named| **named).count() > 1 {
            self.fault(
                &raw.name,
                format!("backend `{}` names its endpoints in more than one way", raw.name.get_ref()),
                "keep one of `endpoints`, `endpoints_file`, `endpoints_dns_s` and `endpoints_srv`",
            );
        }
        if let Some(list) = &raw.endpoints {
            if list.is_empty() || list.len() > limits::ENDPOINTS_MAX {
                self.fault(
                    &raw.name,
                    format!("backend `{}` names no endpoint, or too many", raw.name.get_ref()),
                    "write `endpoints = [\"gpu1.example:8000\", \"gpu2.example:8000\"]`",
                );
            }
            return Endpoints::Listed(list.iter().map(|endpoint| endpoint.get_ref().clone()).collect());
        }
        if let Some(file) = &raw.endpoints_file {
            // Not a file of the configuration: it is followed by the backend, without a reload.
            return Endpoints::File(self.folder.join(file.get_ref()));
        }
        if let Some(service) = &raw.endpoints_srv {
            return self.service(service);
        }
        match &raw.endpoints_dns_s {
            Some(seconds) if DNS_S.contains(seconds.get_ref()) => {
                Endpoints::Resolved { every: Duration::from_secs(*seconds.get_ref()) }
            }
            Some(seconds) => {
                self.fault(seconds, "is not between 1 and 3600", "write how often the name is resolved, in seconds");
                Endpoints::Url
            }
            None => Endpoints::Url,
        }
    }

    /// The servers that DNS names for a service.
    fn service(&mut self, raw: &RawService) -> Endpoints {
        if dns::question(0, raw.name.get_ref()).is_none() {
            self.fault(
                &raw.name,
                "is not the name of a service",
                "write for example `_vllm._tcp.gpu.example.internal`",
            );
        }
        let every = raw.every_s.as_ref().map_or(limits::ENDPOINTS_RESOLVE, |seconds| {
            if !DNS_S.contains(seconds.get_ref()) {
                self.fault(seconds, "is not between 1 and 3600", "write how often DNS is asked, in seconds");
            }
            Duration::from_secs(*seconds.get_ref())
        });
        let resolver = raw.resolver.as_ref().and_then(|resolver| self.address(resolver));
        Endpoints::Service { name: raw.name.get_ref().clone(), resolver, every }
    }

    /// How its servers are asked.
    pub(super) fn poll(&mut self, raw: &RawBackend) -> Option<Poll> {
        let Some(kind) = &raw.poll else {
            let stray = raw.poll_path.as_ref().map(Spanned::span);
            if stray.is_some() || raw.poll_port.is_some() || raw.poll_ms.is_some() {
                self.fault(
                    &raw.name,
                    format!("backend `{}` says how it is polled, and not as what", raw.name.get_ref()),
                    "write `poll = \"vllm\"`, or leave the keys out",
                );
            }
            return None;
        };
        let Some(server) = balance::server(kind.get_ref()) else {
            let known: Vec<String> = SERVERS.iter().map(|server| format!("`{}`", server.name)).collect();
            let what = format!("`{}` is no server that can be polled", kind.get_ref());
            self.fault(kind, what, &format!("write one of {}", known.join(", ")));
            return None;
        };
        let path = raw.poll_path.as_ref().map_or(server.path, |path| path.get_ref()).to_owned();
        if let Some(written) =
            raw.poll_path.as_ref().filter(|_| !path.starts_with('/') || path.contains(['?', '#', ' ']))
        {
            self.fault(written, "is not an absolute path", "write for example `/metrics`");
        }
        let every = raw.poll_ms.as_ref().map_or(limits::POLL_INTERVAL, |ms| {
            if !POLL_MS.contains(ms.get_ref()) {
                self.fault(ms, "is not between 100 and 60000", "write the time between two polls, in milliseconds");
            }
            Duration::from_millis(*ms.get_ref())
        });
        let port = raw.poll_port.as_ref().and_then(|port| {
            let number = u16::try_from(*port.get_ref()).ok().filter(|number| *number > 0);
            if number.is_none() {
                self.fault(port, "is not between 1 and 65535", "write the port at which the server tells of itself");
            }
            number
        });
        Some(Poll { server, path, port: port.or(server.port), every })
    }
}
