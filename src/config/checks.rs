//! What a file may not say though it is well formed: names that no record can show, a key that proves two apps, paths that two
//! readers read differently, and times that are none.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use toml::Spanned;

use super::raw::RawConfig;
use super::resolve::Resolver;

/// Bytes of a name.
const NAME_BYTES_MAX: usize = 128;
/// Longest time that can be set: a day. Beyond it, clocks overflow before anybody waits.
const SECONDS_MAX: u64 = 24 * 60 * 60;

/// Where metrics and health are served unless the file says otherwise.
pub(super) const ADMIN_DEFAULT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9443);

impl Resolver<'_> {
    /// Adds the faults of what a type cannot rule out.
    pub(super) fn check(&mut self, raw: &RawConfig) {
        let apps = raw.app.iter().flat_map(|app| [&app.name, &app.tenant]);
        let backends = raw.backend.iter().map(|backend| &backend.name);
        for name in apps.chain(backends).chain(raw.models.keys()).chain(&raw.audit.node) {
            if !is_name(name.get_ref()) {
                self.fault(
                    name,
                    "is no name that a record can show",
                    "write up to 128 bytes that can be seen, without blanks around them; `unknown` is taken",
                );
            }
        }
        self.keys(raw.app.iter().flat_map(|app| &app.keys));
        let limits = &raw.limits;
        let mut times = vec![
            ("head_s", &limits.head_s, 1),
            ("body_s", &limits.body_s, 1),
            ("idle_s", &limits.idle_s, 1),
            ("stall_s", &limits.stall_s, 1),
            ("drain_s", &limits.drain_s, 0),
        ];
        for backend in &raw.backend {
            times.extend([("first_byte_s", &backend.first_byte_s, 1), ("reply_idle_s", &backend.reply_idle_s, 1)]);
        }
        for (key, value, least) in times {
            self.within(key, value.as_ref(), (least, SECONDS_MAX));
        }
        self.within("streams", limits.streams.as_ref(), (1, 1 << 20));
        self.two_listeners(raw);
        self.certificates(raw);
    }

    /// Adds a fault of a number that is out of its range.
    pub(super) fn within<N: Copy + Into<u64>>(
        &mut self,
        key: &str,
        value: Option<&Spanned<N>>,
        (least, most): (u64, u64),
    ) {
        let Some(value) = value else { return };
        let number: u64 = (*value.get_ref()).into();
        if !(least..=most).contains(&number) {
            let what = format!("`{key}` is not between {least} and {most}");
            self.fault(value, what, "choose a value in the range, or leave the key out");
        }
    }

    /// Two listeners cannot have one address, nor one port where either takes all addresses.
    fn two_listeners(&mut self, raw: &RawConfig) {
        let data: Option<SocketAddr> = raw.listen.address.get_ref().parse().ok();
        let admin = raw.admin.address.as_ref().map_or(Some(ADMIN_DEFAULT), |admin| admin.get_ref().parse().ok());
        let (Some(data), Some(admin), false) = (data, admin, raw.admin.off) else { return };
        let meet = data.ip() == admin.ip() || data.ip().is_unspecified() || admin.ip().is_unspecified();
        if meet && data.port() == admin.port() && data.port() != 0 {
            let at = raw.admin.address.as_ref().unwrap_or(&raw.listen.address);
            self.fault(
                at,
                format!("[listen] and [admin] both want port {}", data.port()),
                "give one of them another port: [admin] listens on 127.0.0.1:9443 unless it says otherwise",
            );
        }
    }

    /// A key proves one app: of two, nobody could say which one asked.
    fn keys<'k>(&mut self, keys: impl Iterator<Item = &'k Spanned<String>>) {
        let mut seen = BTreeSet::new();
        for key in keys {
            if !seen.insert(key.get_ref()) {
                self.fault(
                    key,
                    "this key stands twice",
                    "make each app keys of its own with `octroi key new --app NAME`",
                );
            }
        }
    }
}

/// Whether a name can be told from every other by whoever reads a record.
fn is_name(name: &str) -> bool {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
    };
    !name.is_empty()
        && name.len() <= NAME_BYTES_MAX
        && name.trim() == name
        && name != "unknown"
        && !name.chars().any(hidden)
}

/// Whether a base path means the same to every server: no dots, no empty steps, nothing encoded.
pub(super) fn is_plain_path(path: &str) -> bool {
    let steps = path.strip_prefix('/').unwrap_or(path).trim_end_matches('/');
    let plain = |step: &str| {
        !step.is_empty() && step != "." && step != ".." && step.bytes().all(|byte| !matches!(byte, b'%' | b'\\' | b';'))
    };
    steps.is_empty() || steps.split('/').all(plain)
}
