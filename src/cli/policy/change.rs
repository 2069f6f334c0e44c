//! `diff`: what a newer folder would change.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::read::colon;
use super::{Exit, Folder, Printer, say, show, study};
use crate::app::{Files, Manifest};
use crate::policy::Language;
use crate::policy::study::{Differences, Looked, Moved};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Diff {
    /// The folder as it is; with only one folder named, that one is the new one and --policies the old one
    #[arg(value_name = "OLD")]
    pub(super) first: PathBuf,
    /// The folder as it would be
    #[arg(value_name = "NEW")]
    second: Option<PathBuf>,
    #[command(flatten)]
    pub(super) folder: Folder,
}

/// Exit 0: no flow is opened, and that is proven. 1: some are, or it could not be proven.
pub(super) fn diff(arguments: &Diff, printer: Printer) -> anyhow::Result<Exit> {
    let (old, new) = match &arguments.second {
        Some(new) => (&arguments.first, new),
        None => (&arguments.folder.policies, &arguments.first),
    };
    let same = detection(old)? == detection(new)?;
    let (old, new) = (study(old)?, study(new)?);
    let compared = old.diff_watched(&new, &watching(new.language(), printer));
    printer.progress_end();
    let mut differences = compared.unwrap_or_else(|why| Differences::undecided(&old, &new, why));
    if !same {
        // Where other values are found, rules alone prove nothing.
        differences.no_flow_is_opened = false;
        let what = "other detectors or lists of exact values: what is found, and so what is refused, may differ";
        let quoi = "d'autres détecteurs ou listes de valeurs exactes : ce qui se trouve, donc ce qui est refusé, peut différer";
        differences.undecided.push(say(new.language(), what, quoi).to_owned());
    }
    show(printer, arguments.folder.json, &differences, || print(&differences, new.language(), printer));
    Ok(if differences.no_flow_is_opened { Exit::Well } else { Exit::Findings })
}

/// Tells whoever sits before a terminal how far a difference is, where it takes more than a moment.
fn watching(language: Language, printer: Printer) -> impl Fn(Looked) {
    let begun = Instant::now();
    move |looked: Looked| {
        if begun.elapsed() < PATIENCE {
            return;
        }
        let percent = looked.compared.saturating_mul(100).checked_div(looked.of).unwrap_or(100);
        let what = say(language, "groups of requests looked at", "groupes de requêtes examinés");
        printer.progress(u64::try_from(percent).unwrap_or(100), &format!("{} {what}", looked.requests));
    }
}

/// How long nobody asks how far something is.
const PATIENCE: Duration = Duration::from_secs(1);

/// What decides which values are found under a folder.
fn detection(folder: &Path) -> anyhow::Result<String> {
    let files = Files::read(&crate::app::inside_bundle(folder))?.complete();
    Ok(Manifest::of(study(folder)?.policy(), &files).detection())
}

fn print(differences: &Differences, language: Language, printer: Printer) {
    let said = |en, fr| say(language, en, fr);
    printer.line(format!("version {} -> {}", differences.old_version, differences.new_version));
    for (sign, list) in [('+', &differences.opened), ('-', &differences.refused)] {
        // One request may show what several causes do: it is told once.
        let mut told: Vec<(&str, Vec<&str>)> = Vec::new();
        for one in list {
            match told.iter_mut().find(|(sentence, _)| *sentence == one.sentence) {
                Some((_, causes)) => causes.push(&one.cause),
                None => told.push((&one.sentence, vec![&one.cause])),
            }
        }
        for (sentence, causes) in told {
            printer.line(format!("{sign} {sentence} [{}]", causes.join(", ")));
        }
    }
    moved(&differences.matrix, language, printer);
    let opened = said("undecided whether a flow is opened", "indécis si un flux est ouvert");
    let refused = said("undecided whether a flow is newly refused", "indécis si un flux est nouvellement refusé");
    for (what, searches) in [(opened, &differences.undecided), (refused, &differences.refused_undecided)] {
        for search in searches {
            printer.line(format!("? {what}{}{search}", colon(language)));
        }
    }
    if differences.no_flow_is_opened {
        printer.line(said(
            "no flow is opened: proven over all requests",
            "aucun flux n'est ouvert : prouvé pour toute requête",
        ));
    } else if differences.opened.is_empty() {
        printer.line(said(
            "undecided: no opened flow was found, and it could not be proven that there is none",
            "indécis : aucun flux ouvert n'a été trouvé, et il n'a pu être prouvé qu'il n'y en a pas",
        ));
    }
    if !differences.whole {
        printer.line(said(
            "the list of newly refused flows may not be complete",
            "la liste des flux nouvellement refusés peut être incomplète",
        ));
    }
}

/// What differs in the matrix, by backend.
fn moved(cells: &[Moved], language: Language, printer: Printer) {
    let said = |en, fr| say(language, en, fr);
    if let [_, ..] = cells {
        printer.line(said(
            "in the matrix, where a request carries one value of a class and nothing else:",
            "dans la matrice, pour une demande qui porte une valeur d'une classe et rien d'autre :",
        ));
    }
    for cell in cells {
        let what = match (&cell.before, &cell.after) {
            (Some(before), Some(after)) => format!("{before} → {after}"),
            (None, after) => format!("{}, {}", said("new", "nouveau"), after.as_deref().unwrap_or_default()),
            (Some(before), None) => format!("{before} → {}", said("gone", "n'est plus là")),
        };
        let colon = said(": ", " : ");
        printer.line(format!("  {}{colon}{what}{colon}{}", cell.backend, cell.classes.join(", ")));
    }
}
