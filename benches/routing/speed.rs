//! What one choice costs.

use std::fmt::Write as _;
use std::time::Instant;

use octroi::balance::{Ask, Balancer, Block, Random, Tuning};

/// Median time of a choice, by number of endpoints: a request with eight blocks, of 100,000 conversations.
pub(crate) fn table() -> String {
    let mut table = "| endpoints | one choice | with begin, first token and end |\n|---|---|---|\n".to_owned();
    for endpoints in [1, 2, 16, 64, 1_000] {
        let (choice, all) = measure(endpoints);
        writeln!(table, "| {endpoints} | {choice:.2} µs | {all:.2} µs |").unwrap();
    }
    table
}

fn measure(endpoints: u64) -> (f64, f64) {
    let mut balancer = Balancer::new(1, Tuning::default());
    balancer.set(&(1..=endpoints).map(|id| Random::new(id).bits()).collect::<Vec<_>>());
    let mut random = Random::new(2);
    let mut now = 0;
    let mut blocks = [Block { key: 0, tokens: 0 }; 8];
    let mut seats = Vec::new();
    let mut spent = [Vec::new(), Vec::new()];
    for _ in 0..200_000 {
        now += 100;
        let conversation = random.below(100_000) as u64;
        for (index, block) in (0_u32..).zip(&mut blocks) {
            *block = Block { key: Random::new(conversation * 8 + u64::from(index)).bits(), tokens: (index + 1) * 500 };
        }
        let ask = Ask { tokens: 4_500, blocks: &blocks, home: Some(blocks[1].key), adapter: None, stream: true };
        let start = Instant::now();
        let choice = balancer.choose(&ask, now, |_| true).unwrap();
        let chosen = start.elapsed();
        seats.push(balancer.begin(&choice, &ask, now).unwrap());
        if seats.len() > 500 {
            let mut seat = seats.swap_remove(random.below(500));
            balancer.first(&mut seat, now);
            balancer.end(&seat, now, 100);
        }
        spent[0].push(chosen.as_nanos());
        spent[1].push(start.elapsed().as_nanos());
    }
    let [choice, all] = spent.map(|mut spent| {
        spent.sort_unstable();
        spent[spent.len() / 2] as f64 / 1_000.0
    });
    (choice, all)
}
