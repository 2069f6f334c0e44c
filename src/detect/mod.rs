//! Text to findings: what a request carries, by type, place and confidence.
//!
//! One pass over a text finds candidates by byte classes, literals and words; patterns run only where a candidate begins;
//! check digits only on what a pattern matched; context only where a check digit does not suffice. Nothing backtracks, every
//! walk is bounded, and the cost is linear in the text. The engine is immutable and pure: same text, same findings.
//!
//! ```text
//!  text -> view (normal form, map back) -> scan: '@', literals, digits, words -> detectors and rows -> hits
//!       hits of all fields -> joins of neighbours -> names known elsewhere -> settle overlaps -> Findings
//! ```
//! A pattern with a check digit is data (`policies/detectors/*.toml`); what needs logic is one file under a family's folder
//! that implements `Detector`. Nothing here logs, and no type that holds text has a telling `Debug`.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod validate;
pub mod view;

mod address;
mod aligned;
mod announce;
mod build;
mod certificate;
mod columns;
mod contact;
mod context;
mod document;
mod encoded;
mod engine;
mod exact;
mod fold;
mod glance;
mod inflect;
mod inspect;
mod joined;
mod lexicon;
mod literals;
mod memory;
mod mime;
mod named;
mod names;
mod near;
mod network;
mod page;
mod payment;
mod person;
mod place;
mod quoted;
mod register;
mod row;
mod rows;
mod scan;
mod secret;
mod settle;
mod shape;
mod sieve;
mod source;
mod spelt;
mod statements;
mod swar;
mod time;
mod told;
mod values;
mod windows;

pub use encoded::{runs as encoded_runs, wrapped as wrapped_runs};
pub use engine::{Description, Engine, Found};
pub use exact::{ListBuilder, ListError, MatchKey, MatchList};
pub use memory::{Block, Memory, Remembered};
pub use mime::each as encoded_words;
pub use source::{DetectorError, Fault, Source, embedded};

use page::{Mark, Page, Report, Wake};

/// A detector that needs logic: what it is, what wakes it, and what it makes of the place.
trait Detector: std::fmt::Debug + Send + Sync {
    /// Who it is.
    fn card(&self) -> Card;

    /// The entity type that it serves: that of its id, unless it is one of several.
    fn entity(&self) -> &'static str {
        self.card().id
    }

    /// The places that it wants to see.
    fn wake(&self) -> Wake;

    /// Looks at one place and reports what is there. Must look at a bounded stretch, or at one that no later place shares.
    fn look(&self, page: &Page<'_>, mark: &Mark, report: &mut Report<'_>);
}

/// Who a detector is, for findings, `octroi detectors` and its documentation.
#[derive(Debug, Clone, Copy)]
struct Card {
    /// Its id.
    id: &'static str,
    /// ISO 3166-1 code, `*` for any.
    country: &'static str,
    /// How it tells, in a few words.
    method: &'static str,
}

/// Every detector that needs logic.
fn detectors() -> Vec<Box<dyn Detector>> {
    vec![
        Box::new(contact::email::Email::new()),
        Box::new(contact::french::FrenchPhone::new()),
        Box::new(contact::phone::Phone::new()),
        Box::new(contact::spoken::SpokenEmail::new()),
        Box::new(document::mrz::Mrz),
        Box::new(network::handle::SocialHandle::new()),
        Box::new(network::ip::Ip::new()),
        Box::new(network::mac::Mac::new()),
        Box::new(network::url::UrlWithCredentials),
        Box::new(network::uuid::DeviceUuid::new()),
        Box::new(network::web::Domain),
        Box::new(network::web::Url::new()),
        Box::new(network::web::BareUrl::new()),
        Box::new(payment::bic::Bic),
        Box::new(payment::card::Detail::cvv()),
        Box::new(payment::card::Detail::expiry()),
        Box::new(payment::card::Detail::pin()),
        Box::new(place::geo::Geo::new()),
        Box::new(register::handelsregister::Handelsregister::new()),
        Box::new(secret::pem::PrivateKey),
        Box::new(secret::jwt::Jwt),
        Box::new(time::age::Age::new()),
        Box::new(time::date::Date::new()),
        Box::new(time::date::DateOfBirth::new()),
        Box::new(secret::header::Bearer),
        Box::new(secret::header::Basic),
        Box::new(secret::command::CommandPassword),
        Box::new(secret::connection::Connection),
        Box::new(secret::kubernetes::Kubernetes),
    ]
}

#[cfg(test)]
#[expect(
    clippy::string_slice,
    clippy::disallowed_methods,
    reason = "the tests know their own texts and read data files"
)]
mod tests;
