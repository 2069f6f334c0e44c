//! A folder to begin with: a sheet with the chosen packs, an inventory, and scenarios that would notice a lost rule.
//!
//! The template's rules that the chosen packs make superfluous are left out, and the scenarios are those that the tools
//! suggest for what is left, so that a new folder passes every tool as it is.

use jiff::ToSpan;

use super::super::diagnostic::File;
use super::super::phrase::{Language, Phrase};
use super::super::starter;
use super::super::surface;
use super::super::text::say;
use super::super::{Diagnostic, SourceFile, Sources, Vocabulary};
use super::{Study, lint};
use crate::model::{Catalogue, EntityId};

/// What a new folder is made from.
#[derive(Debug, Clone, Copy)]
pub struct Begin<'a> {
    /// The country that is home, a code of ISO 3166-1.
    pub home: &'a str,
    /// The packs to use.
    pub packs: &'a [String],
    /// The language of the sheet.
    pub language: Language,
}

impl Begin<'_> {
    /// The files of the folder: path and text.
    ///
    /// # Errors
    /// When the home is no country, a pack is not known, or packs leave no backend for some class of data there, as faults of the
    /// sheet.
    pub fn files(
        &self,
        catalogue: &Catalogue,
        served: &[EntityId],
        vocabulary: &Vocabulary,
        now: jiff::Timestamp,
    ) -> Result<Vec<(String, String)>, Vec<Diagnostic>> {
        let study =
            |sheet: &str, inventory: &str| Study::new(&sources(sheet, inventory), catalogue, served, vocabulary, now);
        let (sheet, inventory) = self.written(now, &study)?;
        let dead = dead_ends(&study(&sheet, &inventory)?);
        if !dead.is_empty() {
            // With fewer packs, would it do?
            let fits = |packs: &[String]| -> Result<bool, Vec<Diagnostic>> {
                let (sheet, inventory) = Begin { packs, ..*self }.written(now, &study)?;
                Ok(dead_ends(&study(&sheet, &inventory)?).is_empty())
            };
            return Err(self.unfit(&sheet, &dead, |packs| fits(packs).is_ok_and(|fits| fits)));
        }
        let mut files = vec![("main.policy".to_owned(), sheet), ("backends.toml".to_owned(), inventory)];
        let chosen =
            starter::packs_in(self.language).into_iter().filter(|(name, _)| self.packs.iter().any(|pack| pack == name));
        files.extend(chosen.map(|(name, text)| (format!("packs/{name}.policy"), text.to_owned())));
        Ok(files)
    }

    /// The sheet and the inventory.
    fn written(
        &self,
        now: jiff::Timestamp,
        study: &impl Fn(&str, &str) -> Result<Study, Vec<Diagnostic>>,
    ) -> Result<(String, String), Vec<Diagnostic>> {
        // The day that it is everywhere on Earth: what is verified "today" must not be to come at home.
        let today = now.saturating_sub(12.hours()).unwrap_or(now).to_zoned(jiff::tz::TimeZone::UTC).date();
        let later = |months: i64| today.saturating_add(months.months()).to_string();
        let fill = |text: &str| {
            text.replace("{home}", self.home)
                .replace("{today}", &today.to_string())
                .replace("{review}", &later(7))
                .replace("{until}", &later(12))
                .replace("{packs}", &self.uses())
        };
        let (sheet, inventory) = starter::beginning(self.language);
        let (mut sheet, inventory) = (fill(sheet), fill(inventory));
        let mut studied = study(&sheet, &inventory)?;
        // Each round takes one rule out, for the next may need it.
        while let Some(name) = lint::superfluous(&studied) {
            let less = without(&sheet, &name, self.language);
            if less == sheet {
                break;
            }
            sheet = less;
            studied = study(&sheet, &inventory)?;
        }
        sheet.push_str(&self.allowed(&studied));
        for suggestion in studied.suggest() {
            sheet.push('\n');
            sheet.push_str(&suggestion.text);
        }
        Ok((sheet, inventory))
    }

    /// What is told of packs that leave no backend where home is: of each that is enough to leave out, else of all.
    fn unfit(&self, sheet: &str, dead: &[String], fits: impl Fn(&[String]) -> bool) -> Vec<Diagnostic> {
        let others = |pack: &String| self.packs.iter().filter(|other| *other != pack).cloned().collect::<Vec<_>>();
        let alone: Vec<&String> = self.packs.iter().filter(|pack| fits(&others(pack))).collect();
        let packs = if alone.is_empty() { self.packs.iter().collect() } else { alone };
        let file = File::new("main.policy", sheet, self.language);
        let used = Phrase::UsePack.surface(self.language);
        let fault = |pack: &String| {
            let at =
                sheet.find(used).and_then(|at| Some(at + sheet.get(at..)?.find(pack.as_str())?)).unwrap_or_default();
            let message =
                say!("at a home in {}, the pack `{}` leaves the owner's own machines out too", self.home, pack);
            let help = say!(
                "leave it out, or write the sheet yourself: its notes say what it is for. With it, {}",
                dead.join(", ")
            );
            Diagnostic::new("octroi::policy::unfit-pack", &file, at..at + pack.len(), message).help(help)
        };
        packs.into_iter().map(fault).collect()
    }

    fn uses(&self) -> String {
        if self.packs.is_empty() {
            return String::new();
        }
        let note = match self.language {
            Language::En => "# Ready-made restrictions. A pack can never open anything.",
            Language::Fr => "# Des restrictions toutes faites. Un paquet ne peut jamais rien ouvrir.",
        };
        format!("\n{note}\n{} {}\n", Phrase::UsePack.surface(self.language), self.packs.join(", "))
    }

    /// Scenarios of what may pass: without them, a sheet that refuses everything would pass too.
    fn allowed(&self, study: &Study) -> String {
        let said = |phrase: Phrase| phrase.surface(self.language);
        let (home, abroad, app) = match self.language {
            Language::En => ("ordinary work is served at home", "the public site may use the cloud", "public-website"),
            Language::Fr => {
                ("le travail ordinaire est servi chez nous", "le site public peut se servir du nuage", "site-public")
            }
        };
        let mut text = String::new();
        let mut scenario = |title: &str, given: &str, backend: &str| {
            let Ok(answer) = study.ask(&format!("{given} to {backend}"), false) else { return };
            if answer.backends.iter().any(|one| one.allowed) {
                text.push_str(&format!(
                    "\n{} \"{title}\"\n  {} {given}\n  {} {} {backend}\n",
                    said(Phrase::Scenario),
                    said(Phrase::Given),
                    said(Phrase::Then),
                    said(Phrase::Allowed)
                ));
            }
        };
        scenario(home, &format!("{} {}", said(Phrase::Data), surface::written("email", self.language)), "home-gpu-1");
        scenario(abroad, &format!("{} \"{app}\"", said(Phrase::App)), "example-cloud");
        text
    }
}

/// The classes that no backend may have.
fn dead_ends(study: &Study) -> Vec<String> {
    let found = study.lint().into_iter();
    found.filter(|advice| advice.kind == lint::Kind::DeadEnd).map(|advice| advice.text).collect()
}

fn sources(sheet: &str, inventory: &str) -> Sources {
    let file = |name: &str, text: &str| SourceFile { name: name.to_owned(), text: text.to_owned() };
    Sources {
        sheets: vec![file("main.policy", sheet)],
        inventory: Some(file("backends.toml", inventory)),
        ..Sources::default()
    }
}

/// The sheet without a rule: from its first word to the next statement.
fn without(sheet: &str, rule: &str, language: Language) -> String {
    let begins = format!("{} {rule}\n", Phrase::Rule.surface(language));
    let Some((before, rest)) = sheet.split_once(&begins) else { return sheet.to_owned() };
    let clause = |line: &&str| line.starts_with(' ') || line.is_empty();
    let behind: Vec<&str> = rest.lines().skip_while(clause).collect();
    format!("{}\n\n{}\n", before.trim_end(), behind.join("\n"))
}
