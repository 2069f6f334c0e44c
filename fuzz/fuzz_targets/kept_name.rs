//! Sealed names of kept answers: a hostile name never panics and opens to nothing; what was sealed opens to itself, for its caller.
#![no_main]

use std::sync::LazyLock;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use octroi::aead;
use octroi::gateway::kept::name::{self, Said};
use octroi::identity::RootKey;
use octroi::limits::KEPT_NAME_BYTES_MAX;
use octroi::model::Word;

#[derive(Debug, Arbitrary)]
struct Input {
    /// Whatever a client may write for a name.
    hostile: String,
    /// What is sealed.
    raw: bool,
    endpoint: u64,
    backend: String,
    model: String,
    own: String,
    facts: Vec<u8>,
    day: u16,
    /// What is done to the name: places, and what is written there.
    changes: Vec<(u16, char)>,
    cut: u16,
}

static ROOTS: LazyLock<[RootKey; 2]> = LazyLock::new(|| [(); 2].map(|()| RootKey::generate().unwrap()));

/// The key of an app under one of two roots.
fn key(root: usize, tenant: &'static str, app: &'static str) -> impl Fn(u16) -> aead::Key {
    move |day| name::key(&ROOTS[root], (&Word::fixed(tenant), &Word::fixed(app)), day)
}

fuzz_target!(|input: Input| {
    let own = key(0, "demo", "notes");
    let nothing = |written: &str, what: &str| assert!(name::open(written, &own).is_none(), "{what}: opened");
    nothing(&input.hostile, "nobody sealed it");
    nothing(&format!("resp_{}", input.hostile), "nobody sealed it either");
    // Bytes of a compressor that are not ours, and more of them than facts have.
    assert!(name::inflated(&input.facts).len() <= octroi::limits::KEPT_FACTS_BYTES_MAX);

    let Input { raw, endpoint, backend, model, own: provider, facts, day, .. } = input;
    let said = Said { raw, endpoint, backend, model, own: provider, facts };
    let Some(sealed) = name::seal(&own(day), day, &said) else { return };
    assert!(sealed.len() <= KEPT_NAME_BYTES_MAX);
    assert!(name::open(&sealed, &own) == Some((day, said)), "what was sealed is not what is read");
    for (root, tenant, app) in [(1, "demo", "notes"), (0, "demo", "clinic"), (0, "clinic", "notes")] {
        assert!(name::open(&sealed, key(root, tenant, app)).is_none(), "opened for another");
    }
    assert!(name::open(&sealed, |day| own(day.wrapping_add(1))).is_none(), "opened on another day");

    let cut = usize::from(input.cut) % sealed.len();
    nothing(&sealed[..cut], "cut");
    nothing(&format!("{sealed}{}", input.hostile.get(..1).unwrap_or("A")), "longer");
    let mut changed: Vec<char> = sealed.chars().collect();
    for (at, char) in &input.changes {
        let at = usize::from(*at) % changed.len();
        changed[at] = *char;
    }
    let changed: String = changed.into_iter().collect();
    if changed != sealed {
        nothing(&changed, "changed");
    }
});
