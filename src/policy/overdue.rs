//! What of the officer's files has had its day, or has not had it yet. None of it is a fault: what ended, and what nobody has
//! verified yet, counts as unknown, so it opens nothing. But whoever wrote it believes otherwise, and is told at every check.

use jiff::civil::Date;

use super::compile::Gathered;
use super::text::{Text, say};

impl Gathered {
    /// All of it, in the language of the first sheet.
    pub(super) fn notices(&self, today: Date) -> Vec<String> {
        let language = self.language();
        self.overdue(today).iter().chain(&self.unknown_by_date(today)).map(|text| text.said(language)).collect()
    }

    /// Truths that are unknown today because of their dates.
    pub(super) fn unknown_by_date(&self, today: Date) -> Vec<Text> {
        let mut told = Vec::new();
        for entry in &self.inventory.entries {
            let (mut firsts, mut lasts) = (entry.notes.verified.clone(), Vec::new());
            entry.dates(&mut Vec::new(), &mut lasts);
            for days in [&mut firsts, &mut lasts] {
                days.sort_unstable();
                days.dedup();
            }
            told.extend(firsts.into_iter().filter(|first| *first > today).map(|first| {
                say!(
                    "`{}` is said to be verified on {}, which is still to come: what that covers is unknown until then",
                    entry.name,
                    first.to_string()
                )
            }));
            told.extend(
                lasts.into_iter().filter(|last| *last < today).map(|last| {
                    say!("a truth about `{}` ended on {}: it is unknown since", entry.name, last.to_string())
                }),
            );
        }
        told
    }

    /// Exceptions that are over, and reviews that are due.
    pub(super) fn overdue(&self, today: Date) -> Vec<Text> {
        let exceptions = self.resolved.exceptions.iter().filter(|exception| exception.until < today);
        let exceptions = exceptions.map(|exception| {
            say!("exception `{}` ended on {}: take it out", exception.name, exception.until.to_string())
        });
        let reviews = self.reviews().into_iter().filter(|(_, review)| *review <= today);
        let reviews = reviews.map(|(name, review)| say!("`{}` was to be reviewed before {}", name, review.to_string()));
        exceptions.chain(reviews).collect()
    }
}
