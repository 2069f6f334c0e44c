//! `octroi match-list`: lists of exact values that the gateway finds wherever they stand. Only keyed hashes are written.
#![expect(clippy::disallowed_methods, clippy::disallowed_types, reason = "the command line names files")]

use std::io::BufRead;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use clap::Subcommand;

use super::{ConfigPath, Exit, Printer};
use crate::app;
use crate::detect::{ListBuilder, MatchList};
use crate::identity::RootKey;
use crate::policy;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Add the values of a CSV file with a head, as keyed hashes, to the list that has its name
    Add {
        /// The CSV file
        file: PathBuf,
        /// Columns of the head, each a type of the catalogue or `column=type`
        #[arg(long, value_delimiter = ',', required = true)]
        columns: Vec<String>,
        /// What separates columns
        #[arg(long, default_value_t = ',')]
        delimiter: char,
        /// The list, if not the name of the file
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        path: ConfigPath,
    },
}

pub(super) fn run(command: Command, printer: Printer) -> anyhow::Result<Exit> {
    let Command::Add { file, columns, delimiter, name, path } = command;
    let config = app::configuration(&path.config)?;
    let key = app::match_key(&RootKey::read(&config.root_key)?);
    let columns = chosen(&columns)?;
    let entities: Vec<String> = columns.iter().map(|(_, entity)| entity.clone()).collect();
    let name = name.or_else(|| Some(file.file_stem()?.to_str()?.to_owned())).context("the list needs a `--name`")?;
    ensure!(
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')),
        "a list's name is letters, digits, `-` and `_`"
    );
    let list = config.policy_folder.join(app::MATCH_LISTS).join(format!("{name}.list"));
    let mut builder = ListBuilder::new(key, entities)?;
    if list.exists() {
        let before = MatchList::read(key, &std::fs::read(&list)?).with_context(|| format!("{}", list.display()))?;
        ensure!(builder.resume(&before), "`{name}` has other columns: {}", before.entities().join(", "));
    }
    let input = std::fs::File::open(&file).with_context(|| format!("{}", file.display()))?;
    let counts = read(std::io::BufReader::new(input), delimiter, &columns, &mut builder)?;
    std::fs::create_dir_all(list.parent().unwrap_or_else(|| Path::new(".")))?;
    crate::disk::replace(&list, &builder.finish()?, 0o644).with_context(|| format!("{}", list.display()))?;
    printer.line(format!(
        "{}\t{} values added\t{} too short or too long to be found",
        list.display(),
        counts.0,
        counts.1
    ));
    printer.say("a running gateway takes the list when it reloads");
    Ok(Exit::Well)
}

/// The columns that were asked for and the type of each.
fn chosen(columns: &[String]) -> anyhow::Result<Vec<(String, String)>> {
    let catalogue = policy::catalogue(&[])
        .map_err(|found| anyhow::anyhow!(found.iter().map(policy::render).collect::<Vec<_>>().join("\n")))?;
    let pair = |column: &String| {
        let (column, entity) = column.split_once('=').unwrap_or((column, column));
        let entity = if entity == "name" { "person" } else { entity };
        if catalogue.entity(entity).is_none() {
            bail!("no entity type `{entity}`: write `{column}=TYPE`; `octroi detectors` lists them");
        }
        Ok((column.to_owned(), entity.to_owned()))
    };
    columns.iter().map(pair).collect()
}

/// Adds the values of the columns; how many were taken and how many were not.
fn read(
    mut input: impl BufRead,
    delimiter: char,
    columns: &[(String, String)],
    builder: &mut ListBuilder,
) -> anyhow::Result<(u64, u64)> {
    let head = record(&mut input, delimiter)?.context("the file is empty")?;
    let places = columns.iter().map(|(column, _)| {
        let place =
            head.iter().position(|cell| cell.trim().trim_start_matches('\u{FEFF}').eq_ignore_ascii_case(column));
        place.with_context(|| format!("the head has no column `{column}`"))
    });
    let places: Vec<usize> = places.collect::<anyhow::Result<_>>()?;
    let (mut taken, mut left) = (0, 0);
    while let Some(cells) = record(&mut input, delimiter)? {
        for (column, place) in places.iter().enumerate() {
            let Some(value) = cells.get(*place).filter(|value| !value.trim().is_empty()) else { continue };
            if builder.add(column, value) { taken += 1 } else { left += 1 }
        }
    }
    Ok((taken, left))
}

/// One record (RFC 4180): a quoted cell may hold delimiters, doubled quotes and line ends. `None` at the end.
fn record(input: &mut impl BufRead, delimiter: char) -> anyhow::Result<Option<Vec<String>>> {
    let mut line = String::new();
    if input.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    // An odd number of quotes: the record goes on in the next line.
    while !line.matches('"').count().is_multiple_of(2) {
        ensure!(line.len() <= crate::limits::BODY_BYTES_MAX, "a quote is not closed");
        if input.read_line(&mut line)? == 0 {
            bail!("a quote is not closed");
        }
    }
    let mut cells = vec![String::new()];
    let mut quoted = false;
    let mut characters = line.trim_end_matches(['\n', '\r']).chars().peekable();
    while let Some(c) = characters.next() {
        let Some(cell) = cells.last_mut() else { break };
        match c {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            c if c == delimiter && !quoted => cells.push(String::new()),
            c => cell.push(c),
        }
    }
    Ok(Some(cells))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_read_as_spreadsheets_write_them() {
        let mut input = &b"a,\"b, \"\"c\"\"\"\r\n\"two\nlines\",x\n"[..];
        assert_eq!(record(&mut input, ',').unwrap().unwrap(), ["a", "b, \"c\""]);
        assert_eq!(record(&mut input, ',').unwrap().unwrap(), ["two\nlines", "x"]);
        assert_eq!(record(&mut input, ',').unwrap(), None);
        assert!(record(&mut &b"\"open"[..], ',').is_err());
    }
}
