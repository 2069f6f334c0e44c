//! `docs/routing.md`: what is written by hand, and the tables.

use std::fmt::Write as _;

use crate::world::{Outcome, capacity};
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
    let mut text = "\n## How far from the oracle\n\nIn percent of the oracle's: times to the first token (more is worse), tokens a second and the share kept at home (less is\nworse). The goal is to be within 10 % on all five; what misses it is bold.\n\n| servers | offered, requests/s | router | p50 | p90 | p99 | tokens/s | kept at home |\n|---|---|---|---|---|---|---|---|\n".to_owned();
    for Measured { run, outcomes } in results {
        let Some((_, oracle)) = outcomes.iter().find(|(name, _)| *name == "oracle") else { continue };
        for (name, outcome) in outcomes.iter().filter(|(name, _)| *name != "oracle") {
            let over = |of: &dyn Fn(&Outcome) -> f64| 100.0 * (of(outcome) / of(oracle) - 1.0);
            let cell = |over: f64, worse: f64| {
                let text = format!("{over:+.0} %");
                if *name == "octroi" && over * worse > 10.5 { format!("**{text}**") } else { text }
            };
            let [p50, p90, p99] = [0.5, 0.9, 0.99].map(|share| cell(over(&|outcome| outcome.percentile(share)), 1.0));
            let (tokens, home) = (cell(over(&|it| it.tokens_per_s), -1.0), cell(over(&|it| it.home), -1.0));
            let gateways = if run.gateways > 1 { format!(" ({} gateways)", run.gateways) } else { String::new() };
            let offered = run.load * capacity(run.servers, run.mixed);
            let place = format!("{}{gateways} | {offered:.0} | {name}", run.servers);
            writeln!(text, "| {place} | {p50} | {p90} | {p99} | {tokens} | {home} |").unwrap();
        }
    }
    text + include_str!("tail.md")
}
