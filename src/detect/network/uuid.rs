//! UUIDs (RFC 9562) that stand for a device, a browser or somebody: only beside a word that says so.
//!
//! Every other UUID is a key of a table, an event, a request; the engine skips those.

use crate::detect::context::Context;
use crate::detect::page::{Mark, Page, Report, Wake};
use crate::detect::{Card, Detector};

/// Finds UUIDs that follow somebody.
#[derive(Debug)]
pub(in crate::detect) struct DeviceUuid {
    context: Context,
}

impl DeviceUuid {
    pub(in crate::detect) fn new() -> Self {
        Self { context: Context::new(WORDS.iter().copied()) }
    }
}

impl Detector for DeviceUuid {
    fn card(&self) -> Card {
        Card { id: "uuid", country: "*", method: "version and variant, word for a device, a cookie or advertising" }
    }

    fn wake(&self) -> Wake {
        Wake::Uuid
    }

    fn look(&self, page: &Page<'_>, mark: &Mark, report: &mut Report<'_>) {
        let Mark::Uuid(range) = mark else { return };
        let version = matches!(page.byte(range.start + 14), b'1'..=b'8');
        let variant = matches!(page.byte(range.start + 19).to_ascii_lowercase(), b'8' | b'9' | b'a' | b'b');
        if version && variant && self.context.is_near(page, range) {
            report.push(range.clone(), 85);
        }
    }
}

/// Words for what a UUID follows.
#[rustfmt::skip]
const WORDS: &[&str] = &[
    "device id", "deviceid", "idfa", "idfv", "gaid", "aaid", "advertising id", "ad id", "cookie", "cookie id", "visitor id",
    "visitor", "user id", "userid", "tracking id", "installation id", "identifiant appareil", "identifiant publicitaire", "appareil", "traceur",
    "utilisateur", "gerät", "geräte-id", "werbe-id", "patient id", "person id",
];
