//! Laws of the choice.

use proptest::prelude::*;

use super::*;

fn balancer(seed: u64, endpoints: u64, tuning: Tuning) -> Balancer {
    let mut balancer = Balancer::new(seed, tuning);
    balancer.set(&(1..=endpoints).map(|id| id * 0x9e37_79b9).collect::<Vec<_>>());
    balancer
}

fn ask(blocks: &[Block]) -> Ask<'_> {
    let tokens = blocks.last().map_or(500, |block| block.tokens + 100);
    Ask { tokens, blocks, home: blocks.last().map(|block| block.key), adapter: None, stream: true }
}

fn conversation(number: u64) -> [Block; 2] {
    let key = |part: u64| Random::new(number * 2 + part).bits();
    [Block { key: key(0), tokens: 1_000 }, Block { key: key(1), tokens: 4_000 }]
}

/// What happens to a balancer, as numbers.
#[derive(Debug, Clone)]
enum Step {
    Begin(u64),
    First(usize),
    End(usize),
    Says(usize, u32, u32),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0_u64..12).prop_map(Step::Begin),
        2 => (0_usize..64).prop_map(Step::First),
        2 => (0_usize..64).prop_map(Step::End),
        1 => (0_usize..40, 0_u32..50, 0_u32..50).prop_map(|(slot, waiting, running)| Step::Says(slot, waiting, running)),
    ];
    prop::collection::vec(step, 1..120)
}

/// Plays the steps and returns the slots that were chosen; checks the laws on the way.
fn play(seed: u64, endpoints: u64, closed: &[usize], steps: &[Step]) -> Vec<Option<usize>> {
    let mut balancer = balancer(seed, endpoints, Tuning::default());
    let (mut seats, mut chosen, mut now) = (Vec::new(), Vec::new(), 0);
    for step in steps {
        now += 10_000;
        match step {
            Step::Begin(number) => {
                let blocks = conversation(*number);
                let ask = ask(&blocks);
                let choice = balancer.choose(&ask, now, |slot| !closed.contains(&slot));
                chosen.push(choice.map(|choice| choice.slot));
                let some_open = (0..usize::try_from(endpoints).unwrap()).any(|slot| !closed.contains(&slot));
                assert_eq!(choice.is_some(), some_open, "one that is open is found");
                if let Some(choice) = choice {
                    assert!(!closed.contains(&choice.slot), "a closed one is never chosen");
                    let all = f64::from(balancer.outstanding() + 1);
                    let count = f64::from(u32::try_from(endpoints).unwrap());
                    let bound = (balancer.tuning().load_factor * all / count).ceil();
                    let bound = bound.max(f64::from(balancer.tuning().load_slack));
                    let here = balancer.estimate(choice.slot).unwrap().outstanding;
                    assert!(choice.cached == 0 || f64::from(here) < bound, "affinity within the bounded load");
                    seats.push(balancer.begin(&choice, &ask, now).unwrap());
                }
            }
            Step::First(index) => {
                let count = seats.len().max(1);
                if let Some(seat) = seats.get_mut(index % count) {
                    balancer.first(seat, now);
                }
            }
            Step::End(index) if !seats.is_empty() => {
                let seat = seats.swap_remove(index % seats.len());
                balancer.end(&seat, now, 100);
            }
            Step::End(_) => {}
            Step::Says(slot, waiting, running) => {
                let said = Said { waiting: Some(*waiting), running: Some(*running), ..Said::default() };
                balancer.says(*slot, said, now);
            }
        }
    }
    let left = u32::try_from(seats.len()).unwrap();
    assert_eq!(balancer.outstanding(), left, "every seat counts once");
    for seat in seats.drain(..) {
        balancer.end(&seat, now, 1);
    }
    for slot in 0..usize::try_from(endpoints).unwrap() {
        let estimate = balancer.estimate(slot).unwrap();
        let counts = (estimate.outstanding, estimate.decoding, estimate.reading, estimate.holding);
        assert_eq!(counts, (0, 0, 0, 0), "nothing is left over at {slot}");
    }
    chosen
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn the_laws_hold_and_a_seed_replays(
        seed in any::<u64>(),
        endpoints in 1_u64..40,
        closed in prop::collection::vec(0_usize..40, 0..20),
        steps in steps(),
    ) {
        let once = play(seed, endpoints, &closed, &steps);
        prop_assert_eq!(once, play(seed, endpoints, &closed, &steps));
    }
}

#[test]
fn a_conversation_meets_its_cache() {
    for endpoints in [2, 8, 100] {
        let mut balancer = balancer(7, endpoints, Tuning::default());
        let mut now = 0;
        let mut homes = Vec::new();
        for round in 0..5 {
            for number in 0..20 {
                now += 50_000;
                let blocks = conversation(number);
                let choice = balancer.choose(&ask(&blocks), now, |_| true).unwrap();
                let mut seat = balancer.begin(&choice, &ask(&blocks), now).unwrap();
                balancer.first(&mut seat, now + 20_000);
                balancer.end(&seat, now + 40_000, 20);
                if round == 0 {
                    homes.push(choice.slot);
                } else {
                    assert_eq!(choice.slot, homes[usize::try_from(number).unwrap()], "{endpoints}: round {round}");
                    assert_eq!(choice.cached, 4_000);
                }
            }
        }
    }
}

#[test]
fn two_gateways_find_the_same_home() {
    let (mut one, mut other) = (balancer(1, 100, Tuning::default()), balancer(2, 100, Tuning::default()));
    for number in 0..50 {
        let blocks = conversation(number);
        let choice = |balancer: &mut Balancer| balancer.choose(&ask(&blocks), 0, |_| true).unwrap().slot;
        assert_eq!(choice(&mut one), choice(&mut other), "{number}");
    }
}

#[test]
fn a_slow_endpoint_is_left_alone_and_tried_again() {
    let mut balancer = balancer(3, 4, Tuning::default());
    let mut now = 0;
    let mut asked = |balancer: &mut Balancer, slow_us: u64| {
        let mut count = 0;
        for _ in 0..100 {
            now += 300_000;
            let ask = ask(&[]);
            let choice = balancer.choose(&ask, now, |_| true).unwrap();
            let mut seat = balancer.begin(&choice, &ask, now).unwrap();
            let took = if choice.slot == 0 { slow_us } else { 80_000 };
            count += usize::from(choice.slot == 0);
            balancer.first(&mut seat, now + took);
            balancer.end(&seat, now + took, 1);
        }
        count
    };
    assert!(asked(&mut balancer, 3_000_000) < 15, "one of four that is slow gets few");
    let again = asked(&mut balancer, 80_000);
    assert!(again > 0, "once it is well again it gets some");
}

#[test]
fn what_a_server_says_counts_until_it_is_stale() {
    let mut balancer = balancer(4, 2, Tuning::default());
    balancer.says(0, Said { waiting: Some(40), running: Some(60), ..Said::default() }, 1_000_000);
    let slot = |balancer: &mut Balancer, now| balancer.choose(&ask(&[]), now, |_| true).unwrap().cost_us;
    assert_eq!(balancer.choose(&ask(&[]), 1_000_001, |_| true).unwrap().slot, 1);
    let only = |balancer: &mut Balancer, now| balancer.choose(&ask(&[]), now, |slot| slot == 0).unwrap().cost_us;
    let (fresh, stale) = (only(&mut balancer, 1_000_001), only(&mut balancer, 20_000_000));
    assert!(fresh > 10.0 * stale, "{fresh} {stale}");
    assert!((slot(&mut balancer, 20_000_000) - stale).abs() < 1.0);
}

#[test]
fn an_adapter_that_is_loaded_wins() {
    let mut balancer = balancer(5, 2, Tuning::default());
    balancer.says(0, Said { adapters: Some(vec![1]), ..Said::default() }, 0);
    balancer.says(1, Said { adapters: Some(vec![2, 3]), ..Said::default() }, 0);
    for (adapter, slot) in [(1, 0), (2, 1), (3, 1)] {
        let ask = Ask { adapter: Some(adapter), ..ask(&[]) };
        assert_eq!(balancer.choose(&ask, 1, |_| true).unwrap().slot, slot, "{adapter}");
    }
}

#[test]
fn the_one_of_many_that_has_nothing_to_do_is_found() {
    for seed in 0..20 {
        let mut balancer = balancer(seed, 200, Tuning::default());
        for busy in (0..200).filter(|slot| *slot != 137) {
            let choice = balancer.choose(&ask(&[]), 0, |slot| slot == busy).unwrap();
            balancer.begin(&choice, &Ask { tokens: 4_000, ..ask(&[]) }, 0).unwrap();
        }
        // Those choices found it closed: something has to happen there.
        balancer.says(137, Said::default(), 500);
        assert_eq!(balancer.choose(&ask(&[]), 1_000, |_| true).unwrap().slot, 137, "{seed}");
        assert_ne!(
            balancer.choose(&ask(&[]), 1_000, |slot| slot != 137).unwrap().slot,
            137,
            "{seed}: unless it is closed"
        );
        let more = balancer.choose(&ask(&[]), 600_000_000, |_| true).unwrap();
        assert!(more.cost_us < 200_000.0, "{seed}: what was read long ago is not waited for");
    }
}

#[test]
fn endpoints_that_stay_keep_what_is_known() {
    let mut balancer = Balancer::new(6, Tuning::default());
    assert_eq!(balancer.set(&[10, 20, 30]), [0, 1, 2]);
    let choice = balancer.choose(&ask(&[]), 0, |slot| slot == 1).unwrap();
    let seat = balancer.begin(&choice, &ask(&[]), 0).unwrap();
    assert_eq!(balancer.set(&[20, 40]), [1, 0]);
    assert_eq!(balancer.estimate(1).unwrap().outstanding, 1);
    assert!(balancer.estimate(2).is_none());
    let gone = balancer.choose(&ask(&[]), 0, |slot| slot == 0).unwrap();
    let orphan = balancer.begin(&gone, &ask(&[]), 0).unwrap();
    balancer.set(&[20]);
    assert_eq!(balancer.outstanding(), 1, "what ran at one that went counts no more");
    balancer.end(&orphan, 1, 1);
    balancer.end(&seat, 1, 1);
    assert_eq!(balancer.outstanding(), 0);
}

/// What a server says of its KV cache counts: where it is full, running requests would be given up.
#[test]
fn a_full_cache_is_avoided() {
    for full in [0.99, 1.0] {
        let mut balancer = balancer(7, 4, Tuning::default());
        let mut counts = [0; 4];
        for number in 0..80 {
            let now = 1_000_000 + number * 200_000;
            for (slot, kv_use) in [full, full, full, 0.05].into_iter().enumerate() {
                let said = Said { waiting: Some(0), running: Some(5), kv_use: Some(kv_use), ..Said::default() };
                balancer.says(slot, said, now);
            }
            let blocks = [Block { key: Random::new(number).bits(), tokens: 100 }];
            let choice = balancer.choose(&ask(&blocks), now, |_| true).unwrap();
            counts[choice.slot] += 1;
            let mut seat = balancer.begin(&choice, &ask(&blocks), now).unwrap();
            balancer.first(&mut seat, now + 50_000);
            balancer.end(&seat, now + 100_000, 3);
        }
        assert!(counts[3] > counts[..3].iter().sum::<i32>(), "{full}: {counts:?}");
    }
}
