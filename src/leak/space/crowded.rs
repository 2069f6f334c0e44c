//! Reworded passages among registered texts: whatever stands around a passage takes no place from it.

use super::tests::{about, keys};
use super::*;
use crate::leak::disguised::Texts;
use crate::leak::text::Words;

const TEXTS: &str = include_str!("../../../benches/leak/texts.txt");
/// What the files of a template have in common.
const TEMPLATE: &str = "The supplier shall deliver the goods to the ramp that the buyer names in the call-off, unloaded and in \
    returnable crates, not later than ten on the morning of the agreed day. Pallets are exchanged one for one and every surplus \
    is settled at the end of the quarter. A delivery that arrives without its papers waits in the yard until they come, and the \
    haulier bears the cost of the wait. Goods that the buyer rejects at the ramp go back on the same lorry; those which prove \
    faulty afterwards are collected within a fortnight, credited at the invoiced price and replaced in the following call-off. \
    Both parties keep samples of each lot under seal for six months. When lots are in dispute an assayer from the chamber draws \
    the sample, and whoever turns out to be wrong pays the fee.";

/// Documents with the reworded version of each.
fn papers() -> Vec<(String, String)> {
    let papers = TEXTS.split("== ").skip(1).map(|part| {
        let mut pieces = part.split("\n-- ");
        let document = pieces.next().and_then(|head| head.split_once('\n')).unwrap().1;
        let reworded = pieces.find_map(|piece| piece.strip_prefix("reworded\n")).unwrap();
        (document.trim().to_owned(), reworded.trim().to_owned())
    });
    papers.collect()
}

fn add(space: &mut Space, text: &str, class: &str) {
    let about = About { class: class.to_owned(), ..about(u32::try_from(space.documents().len()).unwrap()) };
    space.add(about, &Content::of(&Words::of(text), &keys())).unwrap();
}

fn asked(space: &Space, text: &str) -> Verdict {
    let texts = Texts::of(text);
    space.judge(&Question::new(texts.iter(), space.keys(), &|| false).unwrap(), &|| false).unwrap()
}

/// Every text of `reworded` that is found alone is found behind each of these beginnings, with its class.
fn found_behind(space: &Space, reworded: &[(String, String)], beginnings: &[String]) {
    let class = |text: &str| asked(space, text).classes.get("trade-secret").copied().unwrap_or(0);
    let mut alone = 0;
    for (_, text) in reworded {
        if class(text) < 500 {
            continue;
        }
        alone += 1;
        for (number, beginning) in beginnings.iter().enumerate() {
            let found = class(&format!("{beginning}\n\n{text}"));
            assert!(found >= 500, "{found} behind beginning {number}: {text}");
        }
    }
    assert!(alone >= 10, "{alone} texts are found alone");
}

#[test]
fn boilerplate_of_a_hundred_files_takes_no_place_from_a_passage() {
    let (papers, mut space) = (papers(), Space::new(keys()));
    for (document, _) in &papers {
        add(&mut space, document, "trade-secret");
    }
    for number in 0..100 {
        let file =
            format!("Frame agreement {number}-{} of the buyer. {TEMPLATE} Lot {}.", number * 7919, number * 104_729);
        add(&mut space, &file, "contract");
    }
    let first = |count: usize| TEMPLATE.split_whitespace().take(count).collect::<Vec<_>>().join(" ");
    // The last one puts boilerplate within the window of the passage itself.
    found_behind(&space, &papers, &[first(30), first(50), TEMPLATE.to_owned(), [TEMPLATE; 20].join("\n"), first(12)]);
}

#[test]
fn documents_of_another_class_take_no_place_from_a_passage() {
    let (papers, mut space) = (papers(), Space::new(keys()));
    for (document, _) in &papers {
        add(&mut space, document, "trade-secret");
    }
    let mut others = Vec::new();
    for number in 0..9_u32 {
        // Three hundred words that no other document has.
        let words: Vec<String> = (0..300_u32).map(|word| format!("item{}", (number * 1000 + word) * 7919)).collect();
        others.push(words.join(" "));
        add(&mut space, &others[number as usize], "financial");
    }
    found_behind(&space, &papers, &[others.join("\n")]);
}

/// A text that many documents were made of is a template, however near to one another they are; few are drafts of one.
#[test]
fn what_thirty_of_forty_documents_share_is_boilerplate() {
    let (papers, mut space) = (papers(), Space::new(keys()));
    for (document, _) in &papers {
        add(&mut space, document, "trade-secret");
    }
    for (number, (document, _)) in (0..30_usize).zip(papers.iter().cycle()) {
        let own: Vec<&str> = document.split_whitespace().skip(number).take(40).collect();
        add(&mut space, &format!("Agreement {number}. {TEMPLATE} {}", own.join(" ")), "contract");
    }
    let found = asked(&space, TEMPLATE).score;
    assert!(found < 300, "{found}");
}
