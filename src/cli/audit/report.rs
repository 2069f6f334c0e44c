//! `octroi audit report`: a month of the log for those who answer for the processing.

use std::path::PathBuf;

use anyhow::Context as _;

use super::{DIR, Exit, Printer, Reading, record};
use crate::audit::report::{Kind, Language, Month, csv, html, of_folder};

#[derive(Debug, clap::Args)]
pub(crate) struct Report {
    /// `art30`: records of processing; `transfers`: by country, basis and class; `ai-act`: use of models; `access`: who read
    #[arg(value_enum)]
    kind: Which,
    /// The month, such as 2026-11
    #[arg(long)]
    month: String,
    /// The log's folder
    #[arg(long, default_value = DIR)]
    dir: PathBuf,
    /// `en` or `fr`
    #[arg(long, default_value = "en")]
    lang: String,
    /// Write CSV, not a page
    #[arg(long)]
    csv: bool,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Which {
    Art30,
    Transfers,
    AiAct,
    Access,
}

pub(super) fn report(arguments: &Report, printer: Printer) -> anyhow::Result<Exit> {
    let month = Month::parse(&arguments.month);
    let month = month.with_context(|| format!("`{}` is not a month such as 2026-11", arguments.month))?;
    let language = Language::named(&arguments.lang);
    let language = language.with_context(|| format!("`{}` is neither `en` nor `fr`", arguments.lang))?;
    let kind = match arguments.kind {
        Which::Art30 => Kind::Processing,
        Which::Transfers => Kind::Transfers,
        Which::AiAct => Kind::Models,
        Which::Access => Kind::Access,
    };
    record(&arguments.dir, Reading { action: "report", ..Reading::default() }, printer)?;
    let report = of_folder(kind, month, &arguments.dir)?;
    printer.text(if arguments.csv { csv(&report, language) } else { html(&report, language) });
    // What the page says of the log is a finding of this command as well.
    if report.problem.is_some() {
        printer.say(match language {
            Language::English => "the log or its index is not sound: the first lines of the report say where",
            Language::French => "le journal ou son index n’est pas intègre : les premières lignes du rapport disent où",
        });
        return Ok(Exit::Findings);
    }
    Ok(Exit::Well)
}
