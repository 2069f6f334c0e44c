//! `[limits]`: the bounds that an operator may set, each in its range, those that depend on one another, and what becomes of leaves
//! that no table names.

use std::time::Duration;

use toml::Spanned;

use super::Limits;
use super::raw::RawConfig;
use super::resolve::Resolver;
use crate::limits;

/// The most bytes of bodies that can be set: no machine holds more.
const BODIES_BYTES_TOP: usize = 1 << 40;

fn millis(time: Duration) -> usize {
    usize::try_from(time.as_millis()).unwrap_or(usize::MAX)
}

impl Resolver<'_> {
    /// Reads the bounds.
    pub(super) fn limits(&mut self, raw: &RawConfig) -> Limits {
        let raw = &raw.limits;
        let seconds = |value: &Option<Spanned<u64>>, default: Duration| {
            value.as_ref().map_or(default, |value| Duration::from_secs(*value.get_ref()))
        };
        let body_bytes = self.size(raw.body_bytes.as_ref(), limits::BODY_BYTES_MAX, BODIES_BYTES_TOP);
        let bodies_bytes = self.size(raw.bodies_bytes.as_ref(), limits::BODIES_BYTES_MAX, BODIES_BYTES_TOP);
        // A tenant gets half of all when it is alone, whatever its bound.
        let tenant_default = limits::TENANT_BODIES_BYTES_MAX.min(bodies_bytes / 2);
        let tenant_bodies_bytes = self.size(raw.tenant_bodies_bytes.as_ref(), tenant_default, BODIES_BYTES_TOP);
        self.room(body_bytes, bodies_bytes, tenant_bodies_bytes);
        Limits {
            body_bytes,
            bodies_bytes,
            tenant_bodies_bytes,
            refuse_unknown: self.refuses_unknown(raw.unknown_leaves.as_ref()),
            json_depth: self.size(raw.json_depth.as_ref(), limits::JSON_DEPTH_MAX, limits::JSON_DEPTH_MAX),
            head: seconds(&raw.head_s, limits::HEAD_DEADLINE),
            body: seconds(&raw.body_s, limits::BODY_DEADLINE),
            idle: seconds(&raw.idle_s, limits::IDLE_DEADLINE),
            stall: seconds(&raw.stall_s, limits::STALL_DEADLINE),
            connections: self.size(raw.connections.as_ref(), limits::CONNECTIONS_MAX, 1 << 20),
            streams: raw.streams.as_ref().map_or(limits::STREAMS_MAX, |streams| *streams.get_ref()),
            resets: self.size(raw.resets.as_ref(), limits::RESETS_MAX, 1 << 16),
            requests: self.size(raw.requests.as_ref(), limits::REQUESTS_MAX, 1 << 20),
            own_work: Duration::from_millis(
                self.size(raw.own_work_ms.as_ref(), millis(limits::OWN_WORK), 60_000) as u64
            ),
            head_bytes: self.size(raw.head_bytes.as_ref(), limits::HEAD_BYTES_MAX, 1 << 20),
            drain: seconds(&raw.drain_s, limits::DRAIN_DEADLINE),
        }
    }

    /// What becomes of a leaf that no table names.
    fn refuses_unknown(&mut self, word: Option<&Spanned<String>>) -> bool {
        match word.map(|word| (word, word.get_ref().as_str())) {
            None | Some((_, "inspect")) => false,
            Some((_, "refuse")) => true,
            Some((word, _)) => {
                let help = "`inspect` reads and changes like text what no table of an API names; `refuse` takes no such request";
                self.fault(word, "is neither `inspect` nor `refuse`", help);
                false
            }
        }
    }

    /// A body of the largest size must find room: it is held as it came and as it leaves.
    fn room(&mut self, body: usize, all: usize, each: usize) {
        let twice = body.saturating_mul(2);
        for (key, bytes, least) in
            [("tenant_bodies_bytes", each, twice), ("bodies_bytes", all, twice.saturating_mul(2))]
        {
            if bytes < least {
                self.general(
                    format!("[limits] `{key}` is {bytes}: too little for one body of {body} bytes, which takes {twice}"),
                    "set `tenant_bodies_bytes` to twice `body_bytes` at least and `bodies_bytes` to twice that, or lower `body_bytes`",
                );
                return;
            }
        }
    }

    fn size(&mut self, value: Option<&Spanned<u64>>, default: usize, max: usize) -> usize {
        let Some(value) = value else { return default };
        match usize::try_from(*value.get_ref()) {
            Ok(size) if (1..=max).contains(&size) => size,
            _ => {
                let help = "choose a value in the range, or leave the key out";
                self.fault(value, format!("is not between 1 and {max}"), help);
                default
            }
        }
    }
}
