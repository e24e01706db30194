//! A spawner for tasks that end as soon as the node begins to stop.

use futures::{future::BoxFuture, FutureExt};
use sc_service::SpawnEssentialTaskHandle;
use sp_core::traits::SpawnEssentialNamed;
use std::time::Duration;

/// Longer than a stopping node takes to tell its tasks.
const LINGER: Duration = Duration::from_secs(2);

/// Spawns essential tasks whose end is told a moment later.
///
/// The transaction pool's tasks end when other parts of a stopping node let go of the pool, some moments before they
/// are told to stop. Told at once, each clean stop would be logged as the failure of an essential task.
#[derive(Clone)]
pub struct LingeringSpawner(pub SpawnEssentialTaskHandle);

impl SpawnEssentialNamed for LingeringSpawner {
    fn spawn_essential_blocking(&self, name: &'static str, group: Option<&'static str>, task: BoxFuture<'static, ()>) {
        self.0.spawn_essential_blocking(name, group, linger(task));
    }

    fn spawn_essential(&self, name: &'static str, group: Option<&'static str>, task: BoxFuture<'static, ()>) {
        self.0.spawn_essential(name, group, linger(task));
    }
}

fn linger(task: BoxFuture<'static, ()>) -> BoxFuture<'static, ()> {
    task.then(|()| tokio::time::sleep(LINGER)).boxed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_end_of_a_task_is_told_a_moment_later() {
        let told = tokio::time::timeout(LINGER / 20, linger(async {}.boxed())).await;
        assert!(told.is_err());
    }
}
