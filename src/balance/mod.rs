//! Which endpoint of a backend gets the next request: the pure core of routing inside what a plan allows.
//!
//! A backend is one place in policy and may be many GPU servers. Policy has chosen the backend before anything here is asked;
//! this module never sees a tier, a duty or a name. It keeps an estimate of each endpoint, and answers with the one at which
//! the first token is expected soonest, out of a few: the endpoint where the conversation's KV cache is believed to lie, the
//! one its hash calls home, one drawn at random (the power of two choices: nearly as good as all, and it leaves caches to
//! those who need them), and while there is room for more those that look best at a glance at all of them.
//!
//! ```text
//! Ask (tokens, prefix blocks) -> candidates: memory of visits, home by hash, one at random, the best by outlook.rs
//!                             -> cost of each in microseconds (estimate.rs) -> the least -> Seat
//! Seat -> first token seen, end seen -> what was measured corrects the estimate
//! page of the server (said.rs) -> waiting, running, KV use, adapters -> the estimate, until it is stale
//! no endpoint with room        -> a line of the queue (queue.rs), until a Seat is given back
//! ```
//!
//! No clock, no socket, no randomness of its own: time is passed in as microseconds since an origin that the caller keeps, and
//! the seed of the draws too, so that a simulation replays and `benches/routing` runs this very code.
//!
//! INVARIANT: an endpoint that the caller says is closed is never chosen, and affinity never leads to an endpoint that has more
//! than its bounded share of the outstanding requests.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod budget;
mod chooser;
mod estimate;
mod learned;
mod memory;
mod outlook;
mod overload;
mod page;
mod places;
mod popular;
mod priority;
mod queue;
mod random;
mod ring;
mod seat;
mod servers;
mod steps;
#[cfg(test)]
mod tests;
mod wish;

pub use budget::Retries;
pub use chooser::{Balancer, Chosen};
pub use estimate::{Estimate, Said};
pub use overload::{Bounds, Limit};
pub use places::{Full, Poll};
pub use priority::Priority;
pub use queue::{Queue, Step, Turn};
pub use random::Random;
pub use seat::Seat;
pub use servers::{SERVERS, Server, adapter, server};

/// Microseconds since an origin that the caller keeps.
pub type Micros = u64;

/// What is to be placed.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// Tokens of the prompt, as estimated.
    pub tokens: u32,
    /// Leading blocks of the conversation, shortest first; at most [`BLOCKS_MAX`] are looked at, the longest ones.
    pub blocks: &'a [Block],
    /// Hash of what stays the same over all turns of the conversation: which endpoint is its home.
    pub home: Option<u64>,
    /// Hash of the adapter (`LoRA`) that the model's name stands for.
    pub adapter: Option<u64>,
    /// Whether the answer comes as a stream, so that its first token will be seen.
    pub stream: bool,
}

/// A leading part of a conversation: two requests with the same block share that part of the KV cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    /// Keyed hash of everything from the beginning to the end of this block.
    pub key: u64,
    /// Tokens from the beginning to the end of this block.
    pub tokens: u32,
}

/// Blocks of one request that are looked up; one costs some tens of nanoseconds.
pub const BLOCKS_MAX: usize = 8;

/// How a balancer weighs. The defaults are those that `benches/routing` was tuned to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tuning {
    /// Endpoints drawn at random for one choice, beside the home: the power of two choices. More find shorter queues and leave
    /// caches for them.
    pub draws: u32,
    /// With fewer outstanding requests than this many each on average all endpoints are looked at.
    pub idle_below: u32,
    /// With so many endpoints or fewer, all are looked at closely.
    pub all_up_to: u32,
    /// Affinity leads to an endpoint only while it has at most this many times the mean of outstanding requests …
    pub load_factor: f64,
    /// … or this many requests, whatever the mean.
    pub load_slack: u32,
    /// Microseconds of a server's step without a prompt in it; what an idle server takes at least.
    pub step_us: f64,
    /// Microseconds for a token of a prompt on a server that nothing is known of.
    pub prefill_us: f64,
    /// Times that a first token may take of what was expected before the endpoint counts as stalling.
    pub calm: f64,
    /// Weight of the time that it takes to read a prompt, beside its own wait: others wait for it too.
    pub work: f64,
    /// Time in which a peak of a measured pace is half forgotten, in microseconds.
    pub half_life_us: f64,
    /// Weight of each request that decodes there already, in microseconds: it shares the server's steps.
    pub decoding_us: f64,
    /// Microseconds by which the home may be worse and still be taken.
    pub home_us: f64,
    /// The same in times of reading the prompt whole, where all requests at the endpoints are of other gateways.
    pub home_shared: f64,
    /// Microseconds after which what a server said counts no more.
    pub stale_us: u64,
    /// Tokens that a server's cache holds when it does not say so.
    pub cache_tokens: u64,
    /// Microseconds to load an adapter that is not loaded.
    pub adapter_us: f64,
    /// When an endpoint is full, where requests wait for room; `None`: never.
    pub full: Option<Full>,
}

impl Tuning {
    /// What `benches/routing` was tuned to.
    pub const DEFAULT: Self = Self {
        draws: 1,
        idle_below: 48,
        all_up_to: 16,
        load_factor: 4.0,
        load_slack: 16,
        step_us: 30_000.0,
        prefill_us: 100.0,
        calm: 3.0,
        work: 1.0,
        half_life_us: 5_000_000.0,
        decoding_us: 1_500.0,
        home_us: 15_000.0,
        home_shared: 10.0,
        stale_us: 5_000_000,
        cache_tokens: 400_000,
        adapter_us: 200_000.0,
        full: None,
    };
}

impl Default for Tuning {
    fn default() -> Self {
        Self::DEFAULT
    }
}
