//! What every command works with.

use crate::{error::CliError, printer::Printer, settings::Settings, time, vault::Vault};
use perigee_chain::{Chain, Deployment, LeaseState, View};
use perigee_primitives::{Commitment, DeploymentId, LeaseId, LeasePhase};
use std::{
    collections::BTreeMap,
    fs,
    io::{self, Read},
    path::Path,
    time::Duration,
};

/// What every command works with.
pub struct Context {
    /// What holds for this run.
    pub settings: Settings,
    /// Where output goes.
    pub printer: Printer,
}

impl Context {
    /// Connects to the node.
    pub async fn connect(&self) -> Result<Chain, CliError> {
        let node = &self.settings.node;
        if !node.starts_with("ws://") && !node.starts_with("wss://") {
            return Err(CliError::usage(format!("'{node}' is not the address of a node"))
                .hint("Write it with its scheme, ws:// or wss://, for example --node ws://127.0.0.1:9944; PERIGEE_NODE is the same."));
        }
        Ok(Chain::connect(node).await?)
    }
}

/// A deployment and the leases that serve it.
pub struct Found {
    /// The deployment.
    pub deployment: Deployment,
    /// Its groups whose leases still have a record, in their order; at least one.
    pub groups: Vec<Group>,
}

/// A group of a deployment, and the lease that serves it.
#[derive(Clone, Debug)]
pub struct Group {
    /// Name of the placement that it was made from, where the manifest is on this machine.
    pub name: Option<String>,
    /// Number of the lease.
    pub lease: LeaseId,
    /// The lease.
    pub state: LeaseState,
}

impl Group {
    /// Is it over?
    pub fn has_ended(&self) -> bool {
        matches!(self.state.phase, LeasePhase::Ended { .. })
    }

    /// For people: the name, or the number.
    pub fn label(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.state.group.to_string())
    }

    fn is(&self, which: &str) -> bool {
        self.name.as_deref() == Some(which) || self.state.group.to_string() == which
    }
}

impl Found {
    /// Groups that are not over; at least one.
    pub fn running(&self) -> Result<Vec<&Group>, CliError> {
        let running: Vec<_> = self.groups.iter().filter(|group| !group.has_ended()).collect();
        match running.is_empty() {
            true => Err(over(&format!("deployment {}", self.deployment.id))),
            false => Ok(running),
        }
    }

    /// The group that a name or number chooses, the only one without; it must not be over.
    pub fn running_group(&self, which: Option<&str>) -> Result<&Group, CliError> {
        let id = self.deployment.id;
        let group = match (which, self.groups.as_slice()) {
            (None, [only]) => only,
            (None, several) => {
                return Err(
                    CliError::usage(format!("deployment {id} has {} placements", several.len()))
                        .hint(format!("Say which one: --group {}.", self.labels(" or --group "))),
                )
            }
            (Some(which), all) => all.iter().find(|group| group.is(which)).ok_or_else(|| {
                CliError::usage(format!("deployment {id} has no placement `{which}`"))
                    .hint(format!("It has {}.", self.labels(", ")))
            })?,
        };
        match group.has_ended() {
            true => Err(over(&self.name_of(group))),
            false => Ok(group),
        }
    }

    /// The group that tells most about the whole: the first that is not over, or the first.
    pub fn foremost(&self) -> &Group {
        let running = self.groups.iter().find(|group| !group.has_ended());
        running.unwrap_or(&self.groups[0])
    }

    /// `deployment 7`, or `east of deployment 7` where there are several groups.
    pub fn name_of(&self, group: &Group) -> String {
        match self.groups.len() {
            1 => format!("deployment {}", self.deployment.id),
            _ => format!("{} of deployment {}", group.label(), self.deployment.id),
        }
    }

    fn labels(&self, between: &str) -> String {
        let labels: Vec<_> = self.groups.iter().map(Group::label).collect();
        labels.join(between)
    }
}

/// Nothing can be done with what is over.
fn over(name: &str) -> CliError {
    CliError::refused(format!("{name} has ended"))
        .hint("`perigee close ID --wait` shows its ledger; deploy again to run it again.")
}

/// Looks a deployment up.
pub async fn find(chain: &Chain, view: &View, id: DeploymentId) -> Result<Found, CliError> {
    let Some(deployment) = view.deployment(id).await? else {
        return Err(CliError::refused(format!("there is no deployment {id} on this chain"))
            .hint("`perigee list` shows your deployments. Records are kept for a day after the end."));
    };
    let leases = view.leases(&deployment.leases).await?;
    let groups = groups(leases, |commitment| name_of(chain, commitment));
    if groups.is_empty() {
        return Err(CliError::refused(format!(
            "deployment {id} is over and its records are removed from the chain"
        )));
    }
    Ok(Found { deployment, groups })
}

/// Of each group the lease that serves it: where a provider declined, the next one took over under a later number.
pub fn groups(leases: Vec<(LeaseId, LeaseState)>, name: impl Fn(&Commitment) -> Option<String>) -> Vec<Group> {
    let mut serving: BTreeMap<u8, Group> = BTreeMap::new();
    for (lease, state) in leases {
        let earlier = serving.get(&state.group).is_some_and(|known| known.lease > lease);
        if !earlier {
            let name = name(&state.commitment);
            serving.insert(state.group, Group { name, lease, state });
        }
    }
    serving.into_values().collect()
}

/// The placement that the manifest behind a commitment was made from, if it is on this machine.
pub fn name_of(chain: &Chain, commitment: &Commitment) -> Option<String> {
    vault(chain).load(commitment).ok().flatten()?.group_name()
}

/// Refuses what only the owner may do before anything is signed.
pub fn check_owner(found: &Found, account: &perigee_chain::AccountId) -> Result<(), CliError> {
    if found.deployment.owner == *account {
        return Ok(());
    }
    let (id, owner) = (found.deployment.id, &found.deployment.owner);
    Err(CliError::refused(format!(
        "deployment {id} has another owner: {owner}, and you sign as {account}"
    ))
    .hint("Choose the owner's key with --key or PERIGEE_KEY."))
}

/// Saved deployments of the chain.
pub fn vault(chain: &Chain) -> Vault {
    Vault::of_user(&chain.genesis())
}

/// A block and its time: other blocks are told by their distance to it.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    now: u32,
    now_ms: u64,
    block_time: Duration,
}

impl Clock {
    /// At the block of `view`.
    pub async fn of(chain: &Chain, view: &View) -> Result<Self, CliError> {
        Ok(Self {
            now: view.block().number,
            now_ms: view.timestamp().await?,
            block_time: chain.block_time().await?,
        })
    }

    /// A block in words: `in 23 h 12 min (2026-11-24 07:10)`, `40 s ago`.
    pub fn when(&self, block: u32) -> String {
        let Some(ahead) = block.checked_sub(self.now) else {
            return format!("{} ago", time::in_words(self.span(self.now - block)));
        };
        let clock = time::clock(self.now_ms, self.span(ahead))
            .map(|c| format!(" ({c})"))
            .unwrap_or_default();
        format!("in {}{clock}", time::in_words(self.span(ahead)))
    }

    /// The same, empty for no block.
    pub fn when_any(&self, block: Option<u32>) -> String {
        block.map(|block| self.when(block)).unwrap_or_default()
    }

    fn span(&self, blocks: u32) -> Duration {
        time::time_of(blocks, self.block_time)
    }
}

/// Reads a file, or standard input for `-`. Returns the name to call it by.
pub fn read_file(path: &Path) -> Result<(String, String), CliError> {
    let (name, bytes) = read_bytes(path)?;
    let text = String::from_utf8(bytes).map_err(|_| CliError::usage(format!("{name} is not UTF-8 text")))?;
    Ok((name, text))
}

/// The same for a reader that says where a file stops to be text.
pub fn read_bytes(path: &Path) -> Result<(String, Vec<u8>), CliError> {
    let name = path.display().to_string();
    let read = || -> io::Result<Vec<u8>> {
        if name != "-" {
            return fs::read(path);
        }
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = read().map_err(|e| CliError::usage(format!("cannot read {name}: {e}")))?;
    Ok((if name == "-" { "<stdin>".into() } else { name }, bytes))
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use perigee_chain::AccountId;
    use perigee_primitives::{AttestationTimes, CloseReason, DeclineReason};

    /// W + E are 30 blocks.
    pub const TIMES: AttestationTimes = AttestationTimes {
        epoch: 10,
        deadline: 5,
        margin: 5,
    };

    /// A running lease of a group.
    pub fn lease(group: u8) -> LeaseState {
        LeaseState {
            deployment: 0,
            group,
            owner: AccountId([0; 32]),
            provider: 0,
            ask: 0,
            asks_left: Vec::new(),
            resources: Default::default(),
            rate: 1,
            commitment: [group; 32],
            phase: LeasePhase::Active { since: 1 },
            runs_until: None,
            term_end: None,
            bond: 0,
            judged_until: 0,
            deposited: 0,
            billed: 0,
            fee: 0,
            unbilled_blocks: 0,
            refundable: 0,
            settled: false,
            to_provider: 0,
            refunded: 0,
            reservation_held: 0,
            reservation_burned: 0,
            paused: false,
            unready: false,
            longest_pause: 100,
            next_change: None,
            notice_end: None,
            credits_paid: 0,
            sla_broken: false,
        }
    }

    /// At a block of a chain with one every two seconds.
    pub fn clock_at(now: u32) -> Clock {
        Clock {
            now,
            now_ms: 0,
            block_time: Duration::from_secs(2),
        }
    }

    fn declined(group: u8) -> LeaseState {
        LeaseState {
            phase: LeasePhase::Ended {
                at: 9,
                reason: CloseReason::Declined(DeclineReason::NoCapacity),
            },
            ..lease(group)
        }
    }

    /// Groups named east and west; the lease of east was declined once, west is over.
    fn found() -> Found {
        let leases = vec![(3, declined(0)), (4, declined(1)), (5, lease(0))];
        let name = |commitment: &Commitment| (*commitment == [0; 32]).then(|| "east".to_string());
        Found {
            deployment: Deployment {
                id: 7,
                owner: AccountId([0; 32]),
                leases: vec![3, 4, 5],
                opened_at: 1,
                offered_to: None,
            },
            groups: groups(leases, name),
        }
    }

    #[test]
    fn each_group_is_served_by_its_last_lease() {
        let served: Vec<_> = found().groups.iter().map(|group| group.lease).collect();
        assert_eq!(served, [5, 4]);
        assert_eq!(found().foremost().lease, 5);
        assert_eq!(found().running().unwrap().len(), 1);
    }

    #[test]
    fn a_group_is_chosen_by_name_or_number_and_must_run() {
        let found = found();
        assert_eq!(found.running_group(Some("east")).unwrap().lease, 5);
        assert_eq!(found.running_group(Some("0")).unwrap().lease, 5);
        let over = found.running_group(Some("1")).unwrap_err();
        assert_eq!(over.to_string(), "1 of deployment 7 has ended");
        let unknown = found.running_group(Some("north")).unwrap_err();
        assert_eq!(unknown.hints(), ["It has east, 1."]);
        let which = found.running_group(None).unwrap_err();
        assert_eq!(which.hints(), ["Say which one: --group east or --group 1."]);
    }

    #[test]
    fn blocks_are_told_by_their_distance() {
        let clock = clock_at(100);
        assert_eq!(clock.when(80), "40 s ago");
        assert!(clock.when(100).starts_with("in 0 s"), "{}", clock.when(100));
        assert!(clock.when(130).starts_with("in 1 min ("), "{}", clock.when(130));
        assert_eq!(clock.when_any(None), "");
    }

    #[test]
    fn the_only_group_needs_no_name() {
        let mut found = found();
        found.groups.truncate(1);
        assert_eq!(found.running_group(None).unwrap().lease, 5);
        assert_eq!(found.name_of(&found.groups[0]), "deployment 7");
    }
}
