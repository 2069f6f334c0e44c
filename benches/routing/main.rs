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

/// The oracle of the comparison where several gateways share nothing: what any of them could know at best.
const APART: (&str, Kind) = ("oracle apart", Kind::OracleApart);

/// The runs of one scenario: what one seed brings by chance is not the router's.
const SEEDS: [u64; 3] = [1, 2, 3];

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
            let runs = |kind| SEEDS.map(|seed| run(&Run { seed, ..*scenario }, kind));
            let apart = (scenario.gateways > 1).then_some(&APART);
            let kinds = KINDS.iter().chain(apart);
            let outcomes: Vec<_> = kinds.map(|(name, kind)| (*name, Outcome::of(&runs(*kind)))).collect();
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

/// Shows how far from the oracle each of some tunings is, in percent: p50, p90 and p99 of the time to the first token, and
/// tokens a second, means over some seeds.
fn tune() {
    let default = Tuning::default();
    let tunings: Vec<(&str, Tuning)> = vec![
        ("default", default),
        ("factor 2", Tuning { load_factor: 2.0, load_slack: 8, ..default }),
        ("draws 2", Tuning { draws: 2, ..default }),
        ("idle 0", Tuning { idle_below: 0, ..default }),
        ("idle 32", Tuning { idle_below: 32, ..default }),
        ("decoding 1000", Tuning { decoding_us: 1_000.0, ..default }),
        ("decoding 2000", Tuning { decoding_us: 2_000.0, ..default }),
        ("calm 1.5", Tuning { calm: 1.5, ..default }),
        ("work 0", Tuning { work: 0.0, ..default }),
        ("work 1", Tuning { work: 1.0, ..default }),
        ("home 0", Tuning { home_us: 0.0, ..default }),
        ("shared 0", Tuning { home_shared: 0.0, ..default }),
        ("shared 20", Tuning { home_shared: 20.0, ..default }),
    ];
    let mut runs = scenarios(false);
    runs.truncate(10);
    for scenario in &runs {
        let seeds: Vec<Run> = (0..3).map(|seed| Run { seed: 11 + seed, ..*scenario }).collect();
        let oracle: Vec<Outcome> = seeds.iter().map(|run| world::run(run, Kind::Oracle)).collect();
        println!("{} servers, load {}, {} gateways", scenario.servers, scenario.load, scenario.gateways);
        for (name, tuning) in &tunings {
            let ours: Vec<Outcome> = seeds.iter().map(|run| world::run(run, Kind::Ours(*tuning))).collect();
            let mean = |of: &dyn Fn(&Outcome) -> f64| {
                let each = ours.iter().zip(&oracle).map(|(ours, oracle)| 100.0 * (of(ours) / of(oracle) - 1.0));
                each.sum::<f64>() / seeds.len() as f64
            };
            let [p50, p90, p99] = [0.5, 0.9, 0.99].map(|share| mean(&|outcome| outcome.percentile(share)));
            let (tokens, home) = (mean(&|outcome| outcome.tokens_per_s), mean(&|outcome| outcome.home));
            println!("  {name:16} {p50:+6.1} {p90:+6.1} {p99:+6.1} | {tokens:+5.1} | home {home:+5.1}");
        }
    }
}
