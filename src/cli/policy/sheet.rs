//! `init`, `check`, `fmt`.

use std::path::PathBuf;

use anyhow::{Context as _, bail, ensure};
use serde::Serialize;

use super::{Exit, Folder, Printer, Reading, counted, freeze, now, say, show};
use crate::app::{Officer, Problems, inside_bundle};
use crate::cli::init::{replace, write};
use crate::cli::{home_of, near};
use crate::policy::study::{Advice, Begin, Beside};
use crate::policy::{self, Language, run_scenarios, starter};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Init {
    /// The folder to make; else --policies
    dir: Option<PathBuf>,
    #[command(flatten)]
    pub(super) folder: Folder,
    /// The country that is home, as two letters of ISO 3166-1
    #[arg(long)]
    home: String,
    /// Packs to use, separated by commas
    #[arg(long, value_delimiter = ',', default_value = "unknown-means-home,gdpr-special-categories")]
    packs: Vec<String>,
    /// The language of the sheet: en or fr
    #[arg(long, default_value = "en")]
    pub(super) lang: String,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Canonical {
    /// Whose digest: sheets (with the packs that they use), inventory or reference
    #[arg(value_enum, default_value = "sheets", hide_possible_values = true)]
    part: Part,
    #[command(flatten)]
    pub(super) folder: Folder,
}

/// What a digest is of, as a command line says it.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Part {
    Sheets,
    Inventory,
    Reference,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Fmt {
    #[command(flatten)]
    pub(super) folder: Folder,
    /// Say the sheets in this language: en or fr
    #[arg(long)]
    lang: Option<String>,
    /// Change nothing; fail when a sheet is not laid out
    #[arg(long)]
    check: bool,
    /// Only this file
    file: Option<PathBuf>,
}

#[derive(Serialize)]
struct Checked {
    policy: String,
    version: u32,
    digest: String,
    inventory_digest: String,
    reference_digest: String,
    backends: usize,
    /// The instant as of which it is said.
    as_of: String,
    valid_until: Option<String>,
    misreadings: Vec<Advice>,
    packs: Vec<Pack>,
    /// What has had its day, or has not had it yet.
    notices: Vec<String>,
    /// What is wrong with packs that no sheet uses.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    broken: Vec<String>,
    scenarios: usize,
    failures: Vec<String>,
}

/// A pack that is used, and what it is for.
#[derive(Serialize)]
struct Pack {
    name: String,
    purpose: String,
}

impl Pack {
    fn of((name, purpose): (String, String)) -> Self {
        Self { name, purpose }
    }

    /// In one line.
    fn told(&self, language: Language) -> String {
        format!("{} {}{}{}", say(language, "pack", "paquet"), self.name, say(language, ": ", " : "), self.purpose)
    }
}

pub(in crate::cli) fn language(code: &str) -> anyhow::Result<Language> {
    let known: Vec<&str> = Language::ALL.iter().map(|language| language.code()).collect();
    Language::parse(code).with_context(|| format!("`{code}` is no language of sheets: {}", known.join(", ")))
}

pub(super) fn init(arguments: &Init, printer: Printer) -> anyhow::Result<Exit> {
    let dir = arguments.dir.as_ref().unwrap_or(&arguments.folder.policies);
    if dir.join("main.policy").exists() {
        bail!("`{}` is there already: nothing was changed", dir.join("main.policy").display());
    }
    home_of(&arguments.home)?;
    let known: Vec<&str> = starter::packs().into_iter().map(|(name, _)| name).collect();
    let unknown: Vec<&str> = arguments.packs.iter().map(String::as_str).filter(|pack| !known.contains(pack)).collect();
    if !unknown.is_empty() {
        let near: Vec<&str> = unknown.iter().flat_map(|pack| near(pack, known.iter().copied())).collect();
        let unknown = unknown.join("`, `");
        let told = Language::parse(&arguments.lang).filter(|language| *language != Language::En);
        let all = starter::packs_in(told.unwrap_or_else(super::locale));
        let colon = say(told.unwrap_or_else(super::locale), ": ", " : ");
        let all = all.iter().map(|(name, text)| format!("\n    {name}{colon}{}", starter::purpose(text)));
        // All of them follow; so near ones are enough, and a comma between them is of any language.
        let meant = match near.as_slice() {
            [] => "take one of these".to_owned(),
            near => format!("did you mean `{}`?", near.join("`, `")),
        };
        bail!("there is no pack `{unknown}`\n  help: {meant}\n  packs:{}", all.collect::<String>());
    }
    let officer = Officer::read(dir)?;
    let language = language(&arguments.lang)?;
    let begin = Begin { home: &arguments.home, packs: &arguments.packs, language };
    let files = officer.begin(&begin, now())?;
    for (path, text) in &files {
        write(&dir.join(path), text, 0o644)?;
    }
    let written: Vec<String> = files.iter().map(|(path, _)| dir.join(path).display().to_string()).collect();
    show(printer, arguments.folder.json, &written, || written.iter().for_each(|path| printer.line(path)));
    for (name, text) in
        starter::packs_in(language).into_iter().filter(|(name, _)| arguments.packs.iter().any(|pack| pack == name))
    {
        printer.say(Pack::of((name.to_owned(), starter::purpose(text))).told(language));
    }
    let (next, state) = match language {
        Language::En => ("next:", "state what is true of your backends in"),
        Language::Fr => ("ensuite :", "déclarez ce qui est vrai de vos hébergeurs dans"),
    };
    printer.say(format!(
        "{next}\n  1. {state} {0}/backends.toml\n  2. octroi policy check --policies {0}\n  3. octroi policy matrix --policies {0}",
        dir.display()
    ));
    Ok(Exit::Well)
}

pub(super) fn check(reading: &Reading, printer: Printer) -> anyhow::Result<Exit> {
    let folder = &reading.folder;
    let officer = Officer::of_folder(&inside_bundle(&folder.policies))?;
    let Beside { notices, unused } = officer.beside(now());
    let broken: Vec<String> = unused.iter().flat_map(|pack| &pack.faults).map(policy::render).collect();
    let unused: Vec<String> = unused.into_iter().map(|pack| pack.notice).collect();
    let study = reading.study_of(&officer).inspect_err(|_| {
        // Whoever mends the faults is told of these in the same run.
        let language = super::heard(&folder.policies);
        let told = notices.iter().chain(&unused).map(|notice| warning(notice, language));
        for line in told.chain(broken.iter().map(|fault| fault.trim_end().to_owned())) {
            printer.say(line);
        }
    })?;
    let policy = study.policy();
    let results = run_scenarios(policy, study.instant());
    let failed = |result: &policy::ScenarioResult| {
        let told = |failure: &String| format!("{}:{}: \"{}\": {failure}", result.file, result.line, result.title);
        result.failures.iter().map(told).collect::<Vec<String>>()
    };
    let checked = Checked {
        policy: policy.name().to_string(),
        version: policy.version(),
        digest: policy.digest().to_string(),
        inventory_digest: policy.inventory_digest().to_string(),
        reference_digest: policy.reference_digest().to_string(),
        backends: policy.backends().len(),
        as_of: study.instant().to_string(),
        valid_until: policy.valid_until().map(|until| until.to_string()),
        misreadings: study.misreadings(),
        packs: study.packs().into_iter().map(Pack::of).collect(),
        notices: freeze::notice(&folder.policies, &study)
            .into_iter()
            .chain(policy.notices().iter().cloned())
            .chain(study.by_type_otherwise())
            .chain(unused)
            .collect(),
        broken,
        scenarios: results.len(),
        failures: results.iter().flat_map(failed).collect(),
    };
    let well = checked.misreadings.is_empty() && checked.failures.is_empty() && checked.broken.is_empty();
    let said = |en, fr| say(study.language(), en, fr);
    for notice in &checked.notices {
        printer.say(warning(notice, study.language()));
    }
    show(printer, folder.json, &checked, || {
        let misread = checked.misreadings.iter().map(|advice| &advice.text);
        for line in misread.chain(&checked.failures).chain(&checked.broken) {
            printer.line(line.trim_end());
        }
        printer.line(summary(&checked, study.language()));
        checked.packs.iter().for_each(|pack| printer.line(pack.told(study.language())));
        if reading.on.is_some() {
            printer.line(format!("{} {}", said("as it stands on", "état au"), study.clock(study.instant())));
        }
        printer.line(match policy.valid_until().map(|instant| study.clock(instant)) {
            Some(next) => format!(
                "{} {next}",
                said(
                    "a date of these files begins or ends next on",
                    "une date de ces fichiers commence ou prend fin le"
                )
            ),
            None => said("no date of these files is to come", "aucune date de ces fichiers n'est à venir").to_owned(),
        });
        printer.line(format!("{} {}", said("sheets   ", "feuilles  "), checked.digest));
        printer.line(format!("{} {}", said("inventory", "inventaire"), checked.inventory_digest));
        printer.line(format!("{} {}", said("reference", "référence "), checked.reference_digest));
    });
    Ok(if well { Exit::Well } else { Exit::Findings })
}

/// Prints what a digest is of, byte for byte: no line end behind it, which would be hashed too.
pub(super) fn canonical(arguments: &Canonical, printer: Printer) -> anyhow::Result<Exit> {
    let officer = Officer::of_folder(&inside_bundle(&arguments.folder.policies))?;
    // Of what has a fault a digest means nothing.
    officer.study(now())?;
    let part = match arguments.part {
        Part::Sheets => policy::Part::Sheets,
        Part::Inventory => policy::Part::Inventory,
        Part::Reference => policy::Part::Reference,
    };
    printer.text(policy::digest_text(&officer.sources, part));
    Ok(Exit::Well)
}

fn warning(notice: &str, language: Language) -> String {
    format!("{}{notice}", say(language, "warning: ", "attention : "))
}

/// What was checked, in one line.
fn summary(checked: &Checked, language: Language) -> String {
    let Checked { policy: name, version, backends, scenarios, failures, .. } = checked;
    let backends = counted(language, *backends, (["backend", "backends"], ["hébergeur", "hébergeurs"]));
    let scenarios = counted(language, *scenarios, (["scenario", "scenarios"], ["scénario", "scénarios"]));
    let failed = counted(language, failures.len(), (["not as told"; 2], ["démenti", "démentis"]));
    let colon = say(language, ":", " :");
    format!("{name} version {version}{colon} {backends}, {scenarios}, {failed}")
}

pub(super) fn fmt(arguments: &Fmt, printer: Printer) -> anyhow::Result<Exit> {
    let language = arguments.lang.as_deref().map(language).transpose()?;
    let files = if let Some(file) = &arguments.file {
        let text = std::fs::read_to_string(file).with_context(|| format!("{}", file.display()))?;
        vec![policy::SourceFile { name: file.display().to_string(), text }]
    } else {
        let folder = &arguments.folder.policies;
        ensure!(
            inside_bundle(folder) == *folder,
            "`{}` is a bundle: its sheets are signed as they are, and nothing was changed\n  help: name the folder that it \
             was made of",
            folder.display()
        );
        Officer::of_folder(folder)?.sources.sheets
    };
    let mut changed = Vec::new();
    for file in &files {
        let laid = policy::format(file, language).map_err(Problems::from)?;
        if laid != file.text {
            let said = |text: &str| {
                let file = policy::SourceFile { name: file.name.clone(), text: text.to_owned() };
                policy::digest_of(&file).map_err(Problems::from)
            };
            ensure!(said(&laid)? == said(&file.text)?, "laying it out would change what it says: nothing was written");
            changed.push(file.name.clone());
            if !arguments.check {
                replace(std::path::Path::new(&file.name), &laid)?;
            }
        }
    }
    show(printer, arguments.folder.json, &changed, || changed.iter().for_each(|name| printer.line(name)));
    let spoken = files.first().map(|file| policy::language_of(&file.text)).unwrap_or_default();
    printer.say(laid_out(changed.len(), files.len(), (spoken, arguments.check)));
    Ok(if arguments.check && !changed.is_empty() { Exit::Findings } else { Exit::Well })
}

/// How many sheets are laid out, in the language of the first.
fn laid_out(changed: usize, sheets: usize, (language, check): (Language, bool)) -> String {
    match (language, changed, check) {
        (Language::En, 0, _) => format!("sheets that were laid out already: {sheets}"),
        (Language::En, _, true) => format!("sheets that are not laid out: {changed} of {sheets}"),
        (Language::En, _, false) => format!("sheets laid out anew: {changed} of {sheets}"),
        (Language::Fr, 0, _) => format!("feuilles déjà mises en forme : {sheets}"),
        (Language::Fr, _, true) => format!("feuilles à mettre en forme : {changed} sur {sheets}"),
        (Language::Fr, _, false) => format!("feuilles mises en forme : {changed} sur {sheets}"),
    }
}
