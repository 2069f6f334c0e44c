//! How a streamed answer ends: with the mark of its end, or in an error event and a broken body, and never otherwise.

use std::collections::HashMap;

use super::{Event, Restored};
use crate::dialect::{self, Ended, Told};
use crate::gateway::end::End;
use crate::gateway::landing::{self, failed};
use crate::model::{Refusal, Word};
use crate::wire::frames;

impl Restored {
    /// The backend broke off.
    pub(super) fn break_off(&mut self) {
        self.pass_on(true);
        self.stop((&failed("the backend's answer broke off"), Told::default()), End::UpstreamBroke);
    }

    /// The backend says itself that it failed.
    pub(super) fn fail(&mut self, frame: &Event) {
        let (refusal, told) = landing::told(self.api, frame.event(), frame.data());
        self.stop((&refusal, told), End::UpstreamBroke);
    }

    /// The answer goes no further: an error event, then a broken end.
    pub(super) fn stop(&mut self, (refusal, told): (&Refusal, Told), end: End) {
        self.source = None;
        if !self.broken {
            self.broken = true;
            self.ahead.clear();
            let number = self.next_number.map(|number| number.saturating_add(self.added));
            let id = self.ledger.as_ref().map(|ledger| ledger.id.to_string()).unwrap_or_default();
            let error = dialect::stream_error(self.api, refusal, &id, (number, told));
            let name = error.event.as_deref();
            self.out.push_back(frames::encode(self.framing, name, &error.data, true, !self.begun));
            if let Some(ledger) = self.ledger.as_mut() {
                ledger.code = Word::fixed(refusal.code);
            }
            self.end(end);
        }
    }

    pub(super) fn end(&mut self, end: End) {
        if let Some(ledger) = self.ledger.as_mut() {
            ledger.end = end;
        }
    }

    /// The backend ended its answer.
    pub(super) fn finish(&mut self) {
        self.source = None;
        match self.decoder.finish() {
            // A frame that the end cut short is no frame, and would spoil the error event behind it; one that lacks only the
            // end of its last line is.
            Ok(Some(rest)) if self.done || self.is_whole(&rest) => {
                self.unquoted(rest);
                self.settle();
                if !self.done && !self.broken {
                    self.out.push_back(frames::ending(self.framing));
                }
            }
            Ok(_) => {}
            Err(_) => {
                self.settle();
                self.break_off();
            }
        }
        self.settle();
        if self.broken {
            return;
        }
        if self.done {
            self.flush(&[Ended::All], self.next_number, &HashMap::new());
            self.end(End::Complete);
        } else {
            // No mark of the end: what came may be half of an answer.
            self.break_off();
        }
    }
}
