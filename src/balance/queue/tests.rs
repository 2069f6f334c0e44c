//! The queue is fair, bounded, and loses nobody.

use proptest::prelude::*;

use super::*;

fn path(class: u8, tenant: u8, app: u8) -> [Step<u8>; 3] {
    let class_weight = if class == 0 { 8 } else { 1 };
    [Step { key: class, weight: class_weight }, Step { key: tenant, weight: 1 }, Step { key: app, weight: 1 }]
}

fn weighted(tenant: u8, weight: u32) -> [Step<u8>; 3] {
    let [class, mut own, app] = path(0, tenant, 0);
    own.weight = weight;
    [class, own, app]
}

/// Serves all; who was served, in order.
fn drain<T: Copy>(queue: &mut Queue<u8, T>) -> Vec<T> {
    let mut out = Vec::new();
    while queue.serve(|item| {
        out.push(*item);
        true
    }) {}
    out
}

#[test]
fn a_tenant_with_many_delays_its_own() {
    let mut queue = Queue::new();
    for number in 0..100 {
        queue.join(&path(0, 1, 0), 1_000, (1, number), 1_000).unwrap();
    }
    queue.join(&path(0, 2, 0), 1_000, (2, 0), 1_000).unwrap();
    let out = drain(&mut queue);
    assert!(out.iter().position(|(tenant, _)| *tenant == 2).unwrap() <= 1, "{out:?}");
    assert!(out.iter().filter(|(tenant, _)| *tenant == 1).map(|(_, number)| *number).is_sorted(), "in order");
}

#[test]
fn an_app_with_many_delays_its_own() {
    let mut queue = Queue::new();
    for number in 0..100 {
        queue.join(&path(0, 1, 7), 1_000, (7, number), 1_000).unwrap();
    }
    queue.join(&path(0, 1, 8), 1_000, (8, 0), 1_000).unwrap();
    assert!(drain(&mut queue).iter().position(|(app, _)| *app == 8).unwrap() <= 1);
}

#[test]
fn shares_are_by_weight_and_by_cost() {
    let rows = [
        ("alike", (1, 1_000), (1, 1_000), 45..=55),
        ("three to one", (3, 1_000), (1, 1_000), 73..=77),
        ("long ones are fewer", (1, 4_000), (1, 1_000), 19..=21),
    ];
    for (name, (weight, cost), (other_weight, other_cost), expected) in rows {
        let mut queue = Queue::new();
        for _ in 0..200 {
            queue.join(&weighted(1, weight), cost, 1, 1_000).unwrap();
            queue.join(&weighted(2, other_weight), other_cost, 2, 1_000).unwrap();
        }
        let first: Vec<_> = drain(&mut queue).into_iter().take(100).collect();
        let count = first.iter().filter(|tenant| **tenant == 1).count();
        assert!(expected.contains(&count), "{name}: {count}");
    }
}

#[test]
fn interactive_work_comes_before_batches_and_batches_are_not_starved() {
    let mut queue = Queue::new();
    for _ in 0..100 {
        queue.join(&path(1, 1, 0), 1_000, 1, 1_000).unwrap();
        queue.join(&path(0, 1, 1), 1_000, 0, 1_000).unwrap();
    }
    let first: Vec<_> = drain(&mut queue).into_iter().take(90).collect();
    let batch = first.iter().filter(|class| **class == 1).count();
    assert!((9..=11).contains(&batch), "{batch} of 90");
}

#[test]
fn one_that_has_no_use_for_a_turn_lets_the_next_go() {
    let mut queue = Queue::new();
    for number in 0..3 {
        queue.join(&path(0, 1, 0), 1, number, 10).unwrap();
    }
    assert!(queue.serve(|number| *number == 1), "the first of the line does not fit, the second does");
    assert!(!queue.serve(|_| false));
    assert_eq!(drain(&mut queue), [0, 2]);
}

#[test]
fn a_full_queue_gives_way_to_who_has_less() {
    let mut queue = Queue::new();
    for number in 0..10 {
        queue.join(&path(0, 1, 0), 1, (1, number), 10).unwrap();
    }
    assert_eq!(queue.join(&path(0, 1, 0), 1, (1, 99), 10), Err((1, 99)));
    let (_, gone) = queue.join(&path(0, 2, 0), 1, (2, 0), 10).unwrap();
    assert_eq!(gone, Some((1, 9)), "the newest of the heaviest");
    let (_, gone) = queue.join(&path(0, 1, 5), 1, (5, 0), 10).unwrap();
    assert_eq!(gone, Some((1, 8)), "another app of the same tenant");
    assert!(queue.join(&path(1, 1, 0), 1, (9, 0), 10).is_ok(), "batches have a ninth of the room");
    assert_eq!(queue.join(&path(1, 1, 0), 1, (9, 1), 10), Err((9, 1)), "and no more");
    assert_eq!(queue.len(), 10);
}

#[test]
fn nobody_saves_up_turns() {
    let mut queue = Queue::new();
    for _ in 0..50 {
        queue.join(&path(0, 1, 0), 1_000, 1, 1_000).unwrap();
    }
    for _ in 0..40 {
        queue.serve(|_| true);
    }
    // Tenant 2 was away all the time; it does not get forty turns in a row now.
    for _ in 0..20 {
        queue.join(&path(0, 2, 0), 1_000, 2, 1_000).unwrap();
    }
    let first: Vec<_> = drain(&mut queue).into_iter().take(10).collect();
    assert!(first.iter().filter(|tenant| **tenant == 1).count() >= 4, "{first:?}");
}

#[derive(Debug, Clone)]
enum Act {
    Join { class: u8, tenant: u8, app: u8, cost: u64 },
    Leave(usize),
    Serve { fits: u8 },
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        3 => (0_u8..2, 0_u8..4, 0_u8..3, 0_u64..50_000).prop_map(|(class, tenant, app, cost)| Act::Join { class, tenant, app, cost }),
        1 => (0_usize..64).prop_map(Act::Leave),
        2 => (0_u8..5).prop_map(|fits| Act::Serve { fits }),
    ]
}

proptest! {
    /// Everyone who joined was served, left, was pushed out, or still waits: none is lost, and none is there twice.
    #[test]
    fn none_is_lost(acts in prop::collection::vec(act(), 0..200), bound in 1_usize..20) {
        let mut queue = Queue::new();
        let mut waiting: Vec<(usize, Turn, u8)> = Vec::new();
        for (number, act) in acts.into_iter().enumerate() {
            match act {
                Act::Join { class, tenant, app, cost } => {
                    let full = queue.len() >= bound;
                    match queue.join(&path(class, tenant, app), cost, (number, tenant), bound) {
                        Ok((turn, gone)) => {
                            prop_assert_eq!(gone.is_some(), full);
                            waiting.retain(|(known, ..)| gone.is_none_or(|(gone, _)| gone != *known));
                            waiting.push((number, turn, tenant));
                        }
                        Err(_) => prop_assert!(full),
                    }
                }
                Act::Leave(at) if !waiting.is_empty() => {
                    let (number, turn, _) = waiting.remove(at % waiting.len());
                    prop_assert_eq!(queue.leave(turn).map(|(left, _)| left), Some(number));
                    prop_assert!(queue.leave(turn).is_none());
                }
                Act::Leave(_) => {}
                Act::Serve { fits } => {
                    let mut served = None;
                    let any = queue.serve(|(number, tenant)| {
                        served = (*tenant == fits).then_some(*number);
                        served.is_some()
                    });
                    prop_assert_eq!(any, waiting.iter().any(|(.., tenant)| *tenant == fits));
                    waiting.retain(|(known, ..)| served != Some(*known));
                }
            }
            prop_assert!(queue.len() <= bound);
            prop_assert_eq!(queue.len(), waiting.len());
        }
        let mut rest: Vec<_> = drain(&mut queue).into_iter().map(|(number, _)| number).collect();
        rest.sort_unstable();
        let mut expected: Vec<_> = waiting.into_iter().map(|(number, ..)| number).collect();
        expected.sort_unstable();
        prop_assert_eq!(rest, expected);
    }

    /// Whoever waits is served although others join without end: after a number of turns that follows from weights and
    /// costs, and not from how many requests the others have.
    #[test]
    fn nobody_starves(
        class in 0_u8..2,
        cost in 500_u64..4_000,
        others in prop::collection::vec((0_u8..2, 1_u8..5, 0_u8..3, 500_u64..4_000), 1..12),
        before in 0_usize..40,
    ) {
        let mut queue = Queue::new();
        let flood = |queue: &mut Queue<u8, bool>, at: usize| {
            let (class, tenant, app, cost) = others[at % others.len()];
            queue.join(&path(class, tenant, app), cost, false, usize::MAX).map(drop).unwrap();
        };
        for at in 0..before {
            flood(&mut queue, at);
        }
        queue.join(&path(class, 0, 0), cost, true, usize::MAX).unwrap();
        // Eight to one between classes, four tenants beside it, costs of eight to one.
        let most = 2 * 8 * 5 * 8;
        let mut served = false;
        for at in 0..most {
            flood(&mut queue, at);
            flood(&mut queue, at + 1);
            queue.serve(|mine| {
                served |= *mine;
                true
            });
            if served {
                break;
            }
        }
        prop_assert!(served, "not served in {} turns", most);
    }
}
