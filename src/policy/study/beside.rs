//! What an officer is told beside the faults of the files, whether there are any or not: what has had its day or has not had it yet,
//! and the packs that lie in the folder and that no sheet uses, with what is wrong with them. Nothing of it changes a decision.

use jiff::Timestamp;

use super::super::compile::gather_all;
use super::super::diagnostic::Diagnostic;
use super::super::sheets::{names_pack, stem};
use super::super::text::say;
use super::super::{SourceFile, Sources, Vocabulary};
use crate::model::{Catalogue, EntityId};

/// What is told beside the faults.
#[derive(Debug)]
pub struct Beside {
    /// In the language of the first sheet.
    pub notices: Vec<String>,
    /// The packs that no sheet uses.
    pub unused: Vec<Unused>,
}

/// A pack of the folder that no sheet uses.
#[derive(Debug)]
pub struct Unused {
    /// Its name, as its file has it.
    pub name: String,
    /// That it is not used, in the language of the first sheet.
    pub notice: String,
    /// What is wrong with it.
    pub faults: Vec<Diagnostic>,
}

impl Beside {
    /// Reads it off the officer's files, as they stand at `now`.
    pub fn new(
        sources: &Sources,
        catalogue: &Catalogue,
        served: &[EntityId],
        vocabulary: &Vocabulary,
        now: Timestamp,
    ) -> Self {
        let (gathered, _) = gather_all(sources, catalogue, served, vocabulary);
        let language = sources.language();
        let used = |pack: &&SourceFile| sources.sheets.iter().any(|sheet| names_pack(sheet, stem(&pack.name)));
        let unused = sources.packs.iter().filter(|pack| !used(pack)).map(|pack| {
            let name = stem(&pack.name).to_owned();
            let notice = say!("pack `{}` is not used: no sheet names it", &name).said(language);
            let faults = faults(pack, sources, |sources| gather_all(sources, catalogue, served, vocabulary).1);
            Unused { name, notice, faults }
        });
        Self { notices: gathered.notices(gathered.day(now), vocabulary), unused: unused.collect() }
    }
}

/// What would be wrong with a pack if a sheet used it. Names that another file has too are no fault as long as none does.
fn faults(pack: &SourceFile, sources: &Sources, told: impl Fn(&Sources) -> Vec<Diagnostic>) -> Vec<Diagnostic> {
    let name = stem(&pack.name);
    let text = format!("policy \"trial\" version 1 owner \"trial\" review before 2099-12-31\nuse pack {name}\n");
    let mut with = sources.clone();
    with.sheets.push(SourceFile { name: "trial".to_owned(), text });
    with.packs.retain(|other| other.name == pack.name);
    let own = |fault: &Diagnostic| *fault.file() == *pack.name && fault.code() != "octroi::policy::twice";
    told(&with).into_iter().filter(own).collect()
}
