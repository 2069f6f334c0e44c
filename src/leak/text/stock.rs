//! What everybody writes: licences of free software, the closing clauses of contracts, the foot of a mail. Nobody's secret, whoever
//! registers a document that has it.
//!
//! What a corpus shares within itself is told by how many of its documents have it; that needs documents. These texts are known
//! beforehand: words of a run of them weigh nothing, in documents and in requests. They stay where they are, so that a passage
//! around them is still followed through.

use std::sync::LazyLock;

use super::{Word, Words};
use crate::leak::prints::{PROSE, Prints};

static STOCK: LazyLock<Prints> = LazyLock::new(|| {
    let mut stock = Prints::new(PROSE);
    for text in include_str!("stock.txt").lines() {
        stock.add(&tokens(&Words::of(text).prose));
    }
    stock
});

/// Calls `each` with the number of every word that stands in a run of stock text.
pub(in crate::leak) fn words_of(words: &[Word], mut each: impl FnMut(usize)) {
    let end = STOCK.tokens().len();
    let mut done = 0;
    for run in STOCK.runs(&tokens(words), |_| Some(0..end)) {
        (run.asked.start.max(done)..run.asked.end).for_each(&mut each);
        done = run.asked.end.max(done);
    }
}

/// Words without a key, half of the hash of each: these texts are everybody's.
fn tokens(words: &[Word]) -> Vec<u32> {
    words.iter().map(|word| (word.hash >> 32) as u32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stock_is_known_in_any_dress_and_ends_where_it_ends() {
        for (name, text, known) in [
            (
                "a clause",
                "Add this: this Agreement shall be governed by and construed in accordance with the laws of Norway please",
                14,
            ),
            (
                "in capitals and broken",
                "# THIS AGREEMENT SHALL BE\n# GOVERNED BY AND CONSTRUED\n# IN ACCORDANCE WITH THE LAWS OF NORWAY",
                14,
            ),
            ("French", "Le présent contrat est soumis au droit français. Le prix est de 412 500 euros.", 8),
            (
                "the notice of the LGPL, whole",
                "# modify it under the terms of the GNU Lesser General Public\n# License as published by the Free Software\n\
                 # Foundation; either version 2.1 of the License, or (at your\n# option) any later version.\n#\n\
                 # This library is distributed in the hope that it will be useful,\n# but WITHOUT ANY WARRANTY",
                48,
            ),
            ("four words are nobody's", "in accordance with the wishes of the board", 0),
            ("nothing", "", 0),
        ] {
            let mut found = 0;
            words_of(&Words::of(text).prose, |_| found += 1);
            assert_eq!(found, known, "{name}");
        }
    }
}
