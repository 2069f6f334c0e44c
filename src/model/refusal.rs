//! A request that will not be served, and what its author can do about it.

use super::Word;

/// Who is at fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The request is not acceptable as it is.
    Caller,
    /// Policy does not permit it.
    Policy,
    /// A backend failed.
    Upstream,
    /// The gateway cannot do its own work.
    Gateway,
}

/// A refusal: what the client is told. It never quotes the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Who is at fault.
    pub fault: Fault,
    /// HTTP status.
    pub status: u16,
    /// Stable machine-readable code, snake case.
    pub code: &'static str,
    /// One sentence for a person, then advice; made of words of ours only.
    pub message: String,
    /// A place in the body, as a path of the dialect's table and, where known, a byte offset.
    pub place: Option<String>,
    /// The rule that decided, if one did.
    pub rule: Option<Word>,
    /// Seconds after which trying again makes sense.
    pub retry_after_s: Option<u32>,
}

impl Refusal {
    /// Makes a refusal with a status, a code and a message.
    pub fn new(fault: Fault, status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { fault, status, code, message: message.into(), place: None, rule: None, retry_after_s: None }
    }

    /// A 400 of the caller.
    pub fn invalid(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Fault::Caller, 400, code, message)
    }

    /// Names the place in the body.
    #[must_use]
    pub fn at(mut self, place: impl Into<String>) -> Self {
        self.place = Some(place.into());
        self
    }

    /// Names the rule.
    #[must_use]
    pub fn by(mut self, rule: Word) -> Self {
        self.rule = Some(rule);
        self
    }

    /// Says when to try again.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }
}
