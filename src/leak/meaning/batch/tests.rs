//! The processor in a device's place: what is joined, who waits for whom, and what a failure leaves.

use std::sync::mpsc::{Receiver, Sender, channel};

use super::*;
use crate::leak::encoder::{Encoder, samples};

fn model() -> Arc<Model> {
    let (from, models) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for (name, bytes) in samples::files() {
        std::fs::write(from.path().join(name), bytes).unwrap();
    }
    Arc::new(crate::leak::model::add(from.path(), models.path(), "small", "").unwrap().0)
}

/// The processor in a device's place: tells how many passages came together, and waits for a word before each batch. Without an
/// encoder every vector is the same.
struct Led {
    encoder: Option<Encoder>,
    sizes: Sender<usize>,
    may: Receiver<Result<(), &'static str>>,
}

impl Computer for Led {
    fn vectors(&mut self, batch: &Batch) -> Result<Vec<Vec<f32>>, &'static str> {
        self.sizes.send(batch.len()).unwrap();
        self.may.recv().unwrap()?;
        match &mut self.encoder {
            Some(encoder) => Ok(encoder.encode(batch).unwrap()),
            None => Ok(vec![vec![1.0; samples::HIDDEN]; batch.len()]),
        }
    }
}

struct Hand {
    batcher: Arc<Batcher>,
    sizes: Receiver<usize>,
    may: Sender<Result<(), &'static str>>,
}

fn led(encoder: Option<Encoder>) -> Hand {
    let (sizes_to, sizes) = channel();
    let (may, may_from) = channel();
    let make = move || Ok(Led { encoder, sizes: sizes_to, may: may_from });
    let batcher = Arc::new(Batcher::start(model(), make).unwrap());
    while batcher.place() == Place::Starting {
        std::thread::yield_now();
    }
    Hand { batcher, sizes, may }
}

fn ask(batcher: &Arc<Batcher>, tenant: &'static str, count: usize) -> JoinHandle<Vec<Vec<i8>>> {
    let batcher = Arc::clone(batcher);
    std::thread::spawn(move || batcher.embed(tenant, &vec!["the plant closes"; count], None).unwrap())
}

#[test]
fn passages_of_many_requests_are_computed_together_and_a_small_tenant_does_not_wait_for_a_large_one() {
    let Hand { batcher, sizes, may } = led(Some(samples::encoder()));
    let first = ask(&batcher, "first", 1);
    assert_eq!(sizes.recv().unwrap(), 1, "nobody else was there");
    // These come while the first is computed.
    let large = ask(&batcher, "large", 150);
    while batcher.shared.queues().count < 150 {
        std::thread::yield_now();
    }
    let small = ask(&batcher, "small", 3);
    while batcher.shared.queues().count < 153 {
        std::thread::yield_now();
    }
    may.send(Ok(())).unwrap();
    let one = first.join().unwrap();
    assert_eq!(sizes.recv().unwrap(), BATCH_PASSAGES);
    may.send(Ok(())).unwrap();
    assert_eq!(small.join().unwrap(), vec![one[0].clone(); 3], "it was in the first full batch");
    for size in [64, 25] {
        assert_eq!(sizes.recv().unwrap(), size);
        may.send(Ok(())).unwrap();
    }
    assert_eq!(large.join().unwrap(), vec![one[0].clone(); 150]);
    assert_eq!(batcher.done(), Done { batches: 4, passages: 154, on_processor: 0 });
}

#[test]
fn a_failure_leaves_the_work_to_the_processor_for_good() {
    let Hand { batcher, sizes, may } = led(Some(samples::encoder()));
    let asked = ask(&batcher, "t", 3);
    assert_eq!(sizes.recv().unwrap(), 3);
    may.send(Err("driver")).unwrap();
    assert_eq!(asked.join().unwrap(), batcher.model.embed("", &["the plant closes"; 3], None).unwrap());
    while batcher.place() == Place::Device {
        std::thread::yield_now();
    }
    assert_eq!(batcher.place(), Place::Processor("driver"));
    assert_eq!(ask(&batcher, "t", 2).join().unwrap().len(), 2);
    assert_eq!(batcher.done(), Done { batches: 0, passages: 0, on_processor: 5 });
}

#[test]
fn without_a_device_and_after_a_panic_the_processor_computes() {
    struct Bad;
    impl Computer for Bad {
        fn vectors(&mut self, _: &Batch) -> Result<Vec<Vec<f32>>, &'static str> {
            panic!("a broken driver");
        }
    }
    let none = Batcher::start(model(), || Err::<Bad, _>("no-library")).unwrap();
    let bad = Batcher::start(model(), || Ok(Bad)).unwrap();
    for (batcher, why) in [(none, "no-library"), (bad, "panic")] {
        while batcher.place() == Place::Starting {
            std::thread::yield_now();
        }
        assert_eq!(batcher.embed("t", &["the board"], None).unwrap().len(), 1, "{why}");
        while batcher.place() == Place::Device {
            std::thread::yield_now();
        }
        assert_eq!(batcher.place(), Place::Processor(why));
    }
}

#[test]
fn who_finds_no_room_computes_alone_and_who_waits_too_long_gets_what_is_there() {
    let Hand { batcher, sizes, may } = led(None);
    let first = ask(&batcher, "t", QUEUE_PASSAGES_MAX);
    assert_eq!(sizes.recv().unwrap(), BATCH_PASSAGES);
    assert_eq!(ask(&batcher, "t", BATCH_PASSAGES + 1).join().unwrap().len(), BATCH_PASSAGES + 1);
    assert_eq!(batcher.done().on_processor, BATCH_PASSAGES as u64 + 1);
    let soon = Some(Instant::now() + Duration::from_millis(20));
    assert_eq!(batcher.embed("u", &["a board"], soon).unwrap().len(), 0, "nothing was computed in time");
    for _ in 0..=QUEUE_PASSAGES_MAX.div_ceil(BATCH_PASSAGES) {
        may.send(Ok(())).unwrap();
    }
    assert_eq!(first.join().unwrap().len(), QUEUE_PASSAGES_MAX);
}
