//! `docs/routing.md`: what is written by hand, and the tables.

use std::fmt::Write as _;

use crate::world::capacity;
use crate::{Measured, plot};

/// Writes the page and its plots.
pub(crate) fn write(results: &[Measured]) {
    let mut page = include_str!("head.md").to_owned();
    page.push_str("\n| servers | offered, requests/s | router | first token p50 | p90 | p99 | tokens/s | each further token | kept at home | found in a cache |\n|---|---|---|---|---|---|---|---|---|---|\n");
    for Measured { run, outcomes } in results {
        let kind = if run.mixed { "half H100, half A100" } else { "H100" };
        let gateways = if run.gateways > 1 { format!(", {} gateways", run.gateways) } else { String::new() };
        for (name, outcome) in outcomes {
            let name = if *name == "octroi" { "**octroi**" } else { name };
            writeln!(
                page,
                "| {} ({kind}{gateways}) | {:.0} | {name} | {:.0} ms | {:.0} ms | {:.0} ms | {:.0} | {:.0} ms | {:.1} % | {:.0} % |",
                run.servers,
                run.load * capacity(run.servers, run.mixed),
                outcome.percentile(0.5),
                outcome.percentile(0.9),
                outcome.percentile(0.99),
                outcome.tokens_per_s,
                outcome.each_ms,
                outcome.home * 100.0,
                outcome.hit * 100.0,
            )
            .unwrap();
        }
    }
    page.push_str(&distance(results));
    std::fs::write("docs/routing.md", page).unwrap();
    for (number, path, title) in [
        (1, "docs/routing-8.svg", "8 servers with H100"),
        (5, "docs/routing-64.svg", "64 servers, half with H100 and half with A100"),
    ] {
        plot::write(path, title, &results[number]);
    }
}

/// How far each router is from the oracle.
fn distance(results: &[Measured]) -> String {
    let mut text = "\n## How far from the oracle\n\nTime to the first token over the oracle's, minus one; less than 0 is better than it.\n\n| servers | offered, requests/s | router | p50 | p90 | p99 | mean of the three |\n|---|---|---|---|---|---|---|\n".to_owned();
    for Measured { run, outcomes } in results {
        let Some((_, oracle)) = outcomes.iter().find(|(name, _)| *name == "oracle") else { continue };
        for (name, outcome) in outcomes.iter().filter(|(name, _)| *name != "oracle") {
            let over = |share: f64| 100.0 * (outcome.percentile(share) / oracle.percentile(share) - 1.0);
            let all = [0.5, 0.9, 0.99].map(over);
            let gateways = if run.gateways > 1 { format!(" ({} gateways)", run.gateways) } else { String::new() };
            writeln!(
                text,
                "| {}{gateways} | {:.0} | {name} | {:+.0} % | {:+.0} % | {:+.0} % | {:+.0} % |",
                run.servers,
                run.load * capacity(run.servers, run.mixed),
                all[0],
                all[1],
                all[2],
                all.iter().sum::<f64>() / 3.0
            )
            .unwrap();
        }
    }
    text
}
