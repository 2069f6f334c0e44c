//! What time alone mends: the day from which a request that is refused passes with nothing else changed, since a rule ends, a line
//! begins or a truth is verified by then.

use jiff::civil::Date;

use super::Study;
use super::by_type::OfClass;
use super::change::stands;
use crate::model::{EntityId, Facts};

impl Study {
    /// The first day to come on which a request passes at a backend, as it is and as the files are.
    pub(super) fn passes_from(
        &self,
        facts: &Facts,
        class: Option<(&OfClass, &[EntityId])>,
        backend: &str,
    ) -> Option<Date> {
        let then = self.later()?.iter().find(|then| stands(then.side(), backend, (facts, class)))?;
        Some(then.gathered.day(then.now))
    }
}
