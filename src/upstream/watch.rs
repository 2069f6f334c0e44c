//! Checks of health, and polls of what servers say of themselves: `GET` without data of any request, each with a deadline.
//!
//! Polls come at uneven times, so that many gateways do not ask a server in step. What was said counts until it is stale
//! ([`crate::balance::Tuning::stale_us`]); a server that does not answer is judged by what its answers to requests showed.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::rand;
use http::uri::PathAndQuery;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::endpoint::{Common, Endpoint};
use super::fleet::Fleet;
use crate::balance::Random;
use crate::limits;

/// A backend, as its watcher sees it.
pub(super) struct Watched<'b> {
    pub(super) common: &'b Common,
    /// The path of checks.
    pub(super) check: Option<&'b PathAndQuery>,
    pub(super) fleet: &'b Arc<Fleet>,
}

impl Watched<'_> {
    /// Asks the health path of every endpoint at every interval.
    pub(super) async fn check(&self) {
        let Some(path) = self.check else { return };
        let health = &self.common.settings.health;
        let mut tick = interval(health.interval);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            if self.common.settings.barred().is_some() {
                continue;
            }
            let (path, deadline, backend) = (path.clone(), health.deadline, self.common.settings.name.clone());
            self.each(move |endpoint| {
                let (path, backend) = (path.clone(), backend.clone());
                async move {
                    let passed = endpoint.passes(&path, deadline).await;
                    if endpoint.health.checked(passed.err()) {
                        let endpoint = &endpoint.name;
                        match passed {
                            Ok(()) => tracing::info!(backend = %backend, endpoint, "Backend passes its checks again"),
                            Err(why) => tracing::warn!(backend = %backend, endpoint, %why, "Backend fails its checks"),
                        }
                    }
                }
            })
            .await;
        }
    }

    /// Asks every endpoint what it says of itself.
    pub(super) async fn poll(&self) {
        let Some(poll) = &self.common.settings.poll else { return };
        let Ok(path) = poll.path.parse::<PathAndQuery>() else { return };
        let mut seed = [0; 8];
        rand::fill(&mut seed).unwrap_or_default();
        let mut random = Random::new(u64::from_le_bytes(seed));
        loop {
            let (path, fleet, server) = (path.clone(), Arc::clone(self.fleet), poll.server);
            self.each(move |endpoint| {
                let (path, fleet) = (path.clone(), Arc::clone(&fleet));
                async move {
                    let page = endpoint.page(&path, limits::POLL_DEADLINE).await;
                    if let Some(said) = page.and_then(|page| server.read(&page)) {
                        fleet.says(endpoint.id, said);
                    }
                }
            })
            .await;
            sleep(uneven(poll.every, &mut random)).await;
        }
    }

    /// Does something with every endpoint, so many at a time.
    async fn each<F>(&self, work: impl Fn(Arc<Endpoint>) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        // Dropped with this future: nothing outlives the watcher.
        let mut tasks = JoinSet::new();
        for endpoint in self.fleet.members() {
            if tasks.len() >= limits::WATCHED_AT_ONCE {
                tasks.join_next().await;
            }
            tasks.spawn(work(endpoint));
        }
        while tasks.join_next().await.is_some() {}
    }
}

/// From four fifths to six fifths of a time.
fn uneven(time: Duration, random: &mut Random) -> Duration {
    time.mul_f64(0.8 + 0.4 * random.unit())
}
