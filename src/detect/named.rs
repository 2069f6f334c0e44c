//! The recogniser of names within the engine: the model that ships in the binary, and what is kept of its findings.
//!
//! The model says how likely a name is; `docs/models/names.md` says what its confidence was measured on. What is glued into an
//! identifier, a path or an address is no name, however it looks. Bodies are reported only when somebody asked for them: a
//! company's name is no personal data, and most texts are full of them.

use std::ops::Range;
use std::sync::LazyLock;

use super::Card;
use super::names::decode::Kind;
use super::names::model::Model;
use super::page::{Page, Sink};

/// The model of this build.
static SHIPPED: LazyLock<Option<Model<'static>>> =
    LazyLock::new(|| Model::new(include_bytes!("../../models/names.bin")));

/// Place names.
pub(super) const LOCATION: Card = Card { id: "location", country: "*", method: "trained recogniser" };
/// Bodies.
pub(super) const ORGANISATION: Card =
    Card { id: "organisation", country: "*", method: "trained recogniser, on request" };

/// The recogniser, with the numbers that its findings bear in the engine.
#[derive(Debug)]
pub(super) struct Recogniser {
    model: Model<'static>,
    person: u16,
    location: u16,
    organisation: u16,
    /// Whether bodies are reported.
    pub(super) bodies: bool,
}

impl Recogniser {
    /// The recogniser over the model of this build; `None` when that cannot be read.
    pub(super) fn shipped(person: u16, location: u16, organisation: u16) -> Option<Self> {
        let model = SHIPPED.clone()?;
        Some(Self { model, person, location, organisation, bodies: false })
    }

    /// The same over another model.
    pub(super) fn with(self, model: &'static [u8]) -> Option<Self> {
        Some(Self { model: Model::new(model)?, ..self })
    }

    /// Reports the names of a page.
    pub(super) fn read(&self, page: &Page<'_>, sink: &mut Sink) {
        self.model.find(page.text, |named| {
            let detector = match named.kind {
                Kind::Person => self.person,
                Kind::Location => self.location,
                Kind::Organisation if self.bodies => self.organisation,
                Kind::Organisation => return,
            };
            if stands_alone(page, &named.range) {
                sink.push(detector, named.range, named.confidence);
            }
        });
    }
}

/// Not a part of an identifier, a path or an address.
fn stands_alone(page: &Page<'_>, range: &Range<usize>) -> bool {
    let bound = |byte: u8| !matches!(byte, b'_' | b'@' | b'/' | b'=' | b'\\' | b'#' | b'$' | b'{' | b'%');
    let (before, after) = (page.before(range.start), page.byte(range.end));
    let domain = after == b'.' && page.byte(range.end + 1).is_ascii_alphanumeric();
    let member = before == b'.' && range.start.checked_sub(2).is_some_and(|at| page.byte(at).is_ascii_alphanumeric());
    let path =
        after == b':' && page.byte(range.end + 1) == b':' || before == b':' && page.before(range.start - 1) == b':';
    let called = matches!(after, b'(' | b'<' | b'[' | b'!') && before != b' ';
    bound(before) && bound(after) && !domain && !member && !path && !called
}
