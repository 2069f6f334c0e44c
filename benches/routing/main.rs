//! Routing, simulated: `cargo bench --bench routing [-- quick|tune|speed]`. The router is the product's own code; the servers
//! are models of GPU servers with parameters from published measurements. Everything follows from a seed, so that two runs
//! write the same `docs/routing.md`.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a bench prints, and its numbers are small"
)]

mod load;
mod page;
mod plot;
mod routers;
mod server;
mod speed;
mod world;

use octroi::balance::Tuning;
use world::{Kind, Outcome, Run, run};

fn main() {
    let word = std::env::args().skip(1).find(|word| !word.starts_with("--"));
    match word.as_deref() {
        Some("speed") => println!("{}", speed::table()),
        Some("tune") => tune(),
        Some("quick") => show(&scenarios(true)),
        _ => {
            let results = measured(&scenarios(false));
            page::write(&results);
        }
    }
}

/// The routers of the comparison.
pub(crate) const KINDS: [(&str, Kind); 4] = [
    ("round robin", Kind::RoundRobin),
    ("least outstanding", Kind::Least),
    ("octroi", Kind::Ours(Tuning::DEFAULT)),
    ("oracle", Kind::Oracle),
];

/// A scenario and what each router made of it.
pub(crate) struct Measured {
    pub(crate) run: Run,
    pub(crate) outcomes: Vec<(&'static str, Outcome)>,
}

fn scenarios(quick: bool) -> Vec<Run> {
    let base = Run { servers: 8, mixed: false, load: 1.0, gateways: 1, seconds: 300, seed: 1 };
    let large = Run { servers: 64, mixed: true, seconds: 200, ..base };
    if quick {
        return vec![Run { seconds: 120, ..base }, Run { seconds: 120, ..large }];
    }
    let loads = [0.5, 1.0, 1.5, 2.5];
    let mut runs: Vec<_> = loads.map(|load| Run { load, ..base }).into();
    runs.extend(loads.map(|load| Run { load, ..large }));
    runs.push(Run { servers: 2, ..base });
    runs.push(Run { gateways: 4, ..large });
    runs.push(Run { servers: 1_000, seconds: 120, ..large });
    runs
}

fn measured(runs: &[Run]) -> Vec<Measured> {
    runs.iter()
        .map(|scenario| {
            let outcomes: Vec<_> = KINDS.iter().map(|(name, kind)| (*name, run(scenario, *kind))).collect();
            println!("{scenario:?}");
            for (name, outcome) in &outcomes {
                println!("  {name:18} {}", line(outcome));
            }
            Measured { run: *scenario, outcomes }
        })
        .collect()
}

fn show(runs: &[Run]) {
    measured(runs);
}

fn line(outcome: &Outcome) -> String {
    format!(
        "first token ms p50 {:6.0} p90 {:6.0} p99 {:7.0} | {:7.0} tokens/s | each {:5.1} ms | home {:5.1} % | cache {:4.1} % | n {}",
        outcome.percentile(0.5),
        outcome.percentile(0.9),
        outcome.percentile(0.99),
        outcome.tokens_per_s,
        outcome.each_ms,
        outcome.home * 100.0,
        outcome.hit * 100.0,
        outcome.first_ms.len()
    )
}

/// Shows what single changes of the tuning do.
fn tune() {
    let default = Tuning::default();
    let tunings: Vec<(&str, Tuning)> = vec![
        ("default", default),
        ("factor 1.5", Tuning { load_factor: 1.5, ..default }),
        ("factor 2.5", Tuning { load_factor: 2.5, ..default }),
        ("factor 3", Tuning { load_factor: 3.0, ..default }),
        ("draws 1", Tuning { draws: 1, ..default }),
        ("draws 4", Tuning { draws: 4, ..default }),
        ("decoding 500", Tuning { decoding_us: 500.0, ..default }),
        ("decoding 2500", Tuning { decoding_us: 2_500.0, ..default }),
        ("prefill 150", Tuning { prefill_us: 150.0, ..default }),
        ("half life 2 s", Tuning { half_life_us: 2e6, ..default }),
        ("home 40 ms", Tuning { home_us: 40_000.0, ..default }),
    ];
    let base = Run { servers: 8, mixed: true, load: 1.0, gateways: 1, seconds: 300, seed: 5 };
    for load in [2.0, 2.5] {
        println!("load {load}");
        for (name, kind) in KINDS {
            println!("  {name:18} {}", line(&run(&Run { load, ..base }, kind)));
        }
    }
    for scenario in
        [base, Run { servers: 48, seconds: 200, ..base }, Run { servers: 48, seconds: 200, gateways: 4, ..base }]
    {
        println!("{scenario:?}");
        println!("  {:18} {}", "oracle", line(&run(&scenario, Kind::Oracle)));
        for (name, tuning) in &tunings {
            println!("  {name:18} {}", line(&run(&scenario, Kind::Ours(*tuning))));
        }
    }
}
