//! The word list: names, titles, company forms of the lists; and from the training texts, how words are usually written.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use anyhow::{Context, ensure};

use super::corpus::{Text, unpack};
use crate::fold;
use crate::names::lexicon::{self, Lexicon};
use crate::names::token::{Around, Block, Case};

/// Slots of the table.
const SLOTS: usize = 1 << 18;
/// Occurrences from which it says something how a word is written.
const SEEN_MIN: u32 = 3;
/// Occurrences of a frequent word.
const FREQUENT_MIN: u32 = 12;
/// Words that join the parts of names and are in no list.
const PARTICLES: &str = "de du des la le les d l von van vom zu zum zur der den ten ter te het op di da del della dei degli \
    do dos das al el bin ben ibn af av y e of the and und et en am auf im in sur sous lez les saint sainte st ste san santa";

/// The lists.
pub(super) struct Names {
    flags: BTreeMap<Vec<u8>, u16>,
    /// For new names in old places.
    pub(super) forenames: Vec<String>,
    pub(super) surnames: Vec<String>,
}

impl Names {
    pub(super) fn read(names: &Path, refdata: &Path) -> anyhow::Result<Self> {
        let mut all = Self { flags: BTreeMap::new(), forenames: Vec::new(), surnames: Vec::new() };
        for (file, flag) in [("all_given_names", lexicon::FORENAME), ("all_surnames", lexicon::SURNAME)] {
            let text = unpack(&names.join(format!("libpostal/{file}.txt.gz")))?;
            let lines: Vec<&str> = text.lines().collect();
            for line in &lines {
                all.add_last(line, flag);
            }
            let latin = |line: &&&str| line.chars().all(|c| c.is_alphabetic() && c < '\u{250}' || c == '-' || c == ' ');
            let kept = lines.iter().filter(latin).map(|line| (**line).to_owned());
            if flag == lexicon::FORENAME { all.forenames.extend(kept) } else { all.surnames.extend(kept) }
        }
        all.popular(&names.join("popular"))?;
        all.libpostal(&names.join("libpostal"))?;
        all.places(names, refdata)?;
        for word in PARTICLES.split_ascii_whitespace() {
            all.add(word, lexicon::PARTICLE);
        }
        Ok(all)
    }

    pub(super) fn len(&self) -> usize {
        self.flags.len()
    }

    fn add(&mut self, word: &str, flag: u16) {
        if let Some((range, folded)) = fold::next_word(word, 0)
            && fold::next_word(word, range.end).is_none()
        {
            *self.flags.entry(folded.to_vec()).or_default() |= flag;
        }
    }

    /// The last word of a name, and its parts when they are joined by a hyphen.
    fn add_last(&mut self, name: &str, flag: u16) {
        for part in name.split_ascii_whitespace().last().unwrap_or_default().split(['-', '\'', '’']) {
            if part.chars().count() > 1 {
                self.add(part, flag);
            }
        }
    }

    fn popular(&mut self, folder: &Path) -> anyhow::Result<()> {
        for (file, flag) in
            [("common-forenames-by-country", lexicon::FORENAME), ("common-surnames-by-country", lexicon::SURNAME)]
        {
            let text = unpack(&folder.join(format!("{file}.csv.gz")))?;
            let mut lines = text.lines();
            let head: Vec<&str> = lines.next().context("no head")?.split(',').collect();
            let columns: Vec<usize> =
                head.iter().enumerate().filter(|(_, name)| name.ends_with(" Name")).map(|(at, _)| at).collect();
            for line in lines {
                let fields: Vec<&str> = line.split(',').collect();
                for name in columns.iter().filter_map(|at| fields.get(*at)) {
                    self.add_last(name, flag | lexicon::POPULAR);
                    // Common names stand in for common names: they are drawn more often.
                    if name.is_ascii() && !name.is_empty() {
                        let list = if flag == lexicon::FORENAME { &mut self.forenames } else { &mut self.surnames };
                        list.extend(std::iter::repeat_n((*name).to_owned(), 4));
                    }
                }
            }
        }
        Ok(())
    }

    fn libpostal(&mut self, folder: &Path) -> anyhow::Result<()> {
        let mut paths: Vec<_> =
            std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
        paths.sort();
        for path in paths.iter().filter(|path| path.extension().is_some_and(|extension| extension == "tsv")) {
            for line in std::fs::read_to_string(path)?.lines() {
                let Some((kind, forms)) = line.split_once('\t') else { continue };
                let flag = match kind {
                    "personal_titles" | "academic_degrees" => lexicon::TITLE,
                    "company_types" => lexicon::COMPANY,
                    "street_types" => lexicon::STREET,
                    "building_types" | "place_names" | "organizations" => lexicon::BODY,
                    "stopwords" => lexicon::PARTICLE,
                    "toponyms" => lexicon::PLACE,
                    _ => continue,
                };
                for form in forms.split('|') {
                    self.add(form.trim_end_matches('.'), flag);
                }
            }
        }
        Ok(())
    }

    fn places(&mut self, names: &Path, refdata: &Path) -> anyhow::Result<()> {
        let mut phrases: Vec<String> = Vec::new();
        for line in std::fs::read_to_string(refdata.join("iso3166.csv"))?.lines().skip(1) {
            phrases.extend(line.split(',').map(|field| field.trim_matches('"').to_owned()));
        }
        for line in std::fs::read_to_string(names.join("opencage/state_codes.yaml"))?.lines() {
            phrases.extend(line.split_once(": ").map(|(_, name)| name.trim_matches(['"', '\'']).to_owned()));
        }
        for line in std::fs::read_to_string(names.join("opencage/testcases.jsonl"))?.lines() {
            let case: serde_json::Value = serde_json::from_str(line)?;
            for key in ["city", "town", "village", "state", "country", "county", "municipality"] {
                phrases.extend(case.get("components").and_then(|all| all.get(key)?.as_str()).map(ToOwned::to_owned));
            }
        }
        for phrase in phrases {
            for word in phrase.split(|c: char| !c.is_alphabetic()) {
                if word.chars().count() > 3 && word.starts_with(char::is_uppercase) {
                    self.add(word, lexicon::PLACE);
                }
            }
        }
        Ok(())
    }

    /// The table for a model that is trained on these texts, as it lies in the file.
    pub(super) fn lexicon(&self, texts: &[&Text]) -> anyhow::Result<Vec<u8>> {
        let mut flags: HashMap<u64, u16> = self.flags.iter().map(|(word, flags)| (fold::hash(word), *flags)).collect();
        for (hash, usage) in usage(texts)? {
            *flags.entry(hash).or_default() |= usage;
        }
        let mut slots = vec![0_u32; SLOTS];
        ensure!(flags.len() * 4 < SLOTS * 3, "{} words do not fit", flags.len());
        for (hash, flags) in flags.into_iter().collect::<BTreeSet<_>>() {
            let (mut place, print) = lexicon::place(hash, SLOTS);
            for probe in 0.. {
                ensure!(probe < lexicon::PROBES_MAX, "a word finds no slot");
                let Some(slot) = slots.get_mut(place) else { break };
                if *slot == 0 || *slot >> 12 == print {
                    *slot |= print << 12 | u32::from(flags);
                    break;
                }
                place = (place + 1) & (SLOTS - 1);
            }
        }
        Ok(slots.iter().flat_map(|slot| slot.to_le_bytes()).collect())
    }
}

/// How words are written where that means something: inside sentences that use capitals as usual.
fn usage(texts: &[&Text]) -> anyhow::Result<Vec<(u64, u16)>> {
    let empty = [0; 4];
    let lexicon = Lexicon::new(&empty).context("an empty list")?;
    let mut counts: BTreeMap<u64, (u32, u32)> = BTreeMap::new();
    let mut block = Block::default();
    for text in texts {
        let mut at = 0;
        while block.read(&text.body, at, &lexicon) {
            at = block.end;
            for token in block.tokens.iter().filter(|token| token.len > 1 && !token.opens) {
                let (small, capital) = counts.entry(token.hash).or_default();
                match (token.case, token.around) {
                    (Case::Lower, Around::Plain) => *small += 1,
                    (Case::Title, Around::Plain) => *capital += 1,
                    _ => {}
                }
            }
        }
    }
    let known = counts.into_iter().filter(|(_, (small, capital))| small + capital >= SEEN_MIN);
    Ok(known
        .map(|(hash, (small, capital))| {
            let mut flags = if small + capital >= FREQUENT_MIN { lexicon::FREQUENT } else { 0 };
            if capital < 9 * small {
                flags |= lexicon::SMALL;
            }
            if small < 9 * capital {
                flags |= lexicon::CAPITAL;
            }
            (hash, flags)
        })
        .collect())
}
