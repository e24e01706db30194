//! Setting an installation up.

use crate::{
    config::{self, Amount, Ask, Bonds, Capacity, Cluster as ClusterConfig, Config, Gateway, Heartbeat, Keys},
    identity::{self, Identity},
    options::{Check, ClusterIdentity, InitOptions, InitReport, ToSign, Verdict},
    register,
    state::StateDir,
    stop::Stop,
    Error, Result,
};
use perigee_chain::{Chain, View};
use perigee_cluster::{
    access::{self, Grant},
    lease::SYSTEM_NAMESPACE,
    preflight::{self, Outcome},
    Cluster, Settings,
};
use perigee_primitives::{Balance, PRG};
use perigee_sdl::resources::DEFAULT_CLASS;
use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};

/// What registering costs beyond the stake, at most: fees, and the deposit for the record.
const REGISTRATION_RESERVE: Balance = PRG;
/// What the operator should have for asks and the transactions of the first days.
const OPERATOR_RESERVE: Balance = 10 * PRG;
/// Port of the gateway if nobody says otherwise.
const GATEWAY_PORT: u16 = 8443;

/// Sets it up.
pub async fn init(options: InitOptions) -> Result<InitReport> {
    if options.config.exists() && !options.force {
        return Err(Error::Exists(options.config));
    }
    let state = StateDir::open(options.state.clone().unwrap_or_else(crate::default_state_dir))?;
    let mut config = configured(&options, &state)?;
    // Checked as a file would be, before anything is made: a bad option must not leave half an installation.
    config::check(&options.config, &config)?;
    let identity = Identity::load(&config, &state)?;
    let admin = admin_kubeconfig(options.kubeconfig.as_ref())?;
    let cluster = Cluster::connect(&admin, options.context.as_deref()).await?;
    let uid = cluster.identity().await?;
    if let Some(class) = cluster.default_storage_class().await? {
        config.workloads.storage_classes.insert(DEFAULT_CLASS.into(), class);
    }
    identity::pin_cluster(&state, &uid)?;
    let granted = access::set_up(&admin, options.context.as_deref(), &state.kubeconfig()).await?;
    for made in &granted.made {
        tracing::debug!("{made}");
    }
    write_config(&options.config, &config)?;
    let (of_chain, to_sign) = chain_checks(&config, &state, &identity).await;
    // Last, for from here on an interrupt ends only what cleans up after itself.
    let mut stop = Stop::listen()?;
    let found = cluster
        .preflight(&config.workloads, preflight::PROBE_IMAGE, stop.told())
        .await?;
    let checks: Vec<_> = found.into_iter().map(cluster_check).chain(of_chain).collect();
    Ok(InitReport {
        to_sign,
        next: next(&options.config, &checks),
        config: options.config,
        state: state.path().into(),
        cluster: ClusterIdentity {
            context: context_name(&admin, options.context),
            uid,
        },
        service_account: format!("{SYSTEM_NAMESPACE}/{}", access::AGENT),
        permissions: permissions(),
        heartbeat_key: hex::encode(identity.heartbeat.public()),
        gateway_pin: hex::encode(identity.tls.pin()),
        checks,
    })
}

fn configured(options: &InitOptions, state: &StateDir) -> Result<Config> {
    let stake = options.stake.as_deref().map(str::parse::<Amount>).transpose();
    let stake = stake.map_err(|message| Error::Key {
        key: "--stake".into(),
        message,
    })?;
    let listen = options
        .gateway_listen
        .unwrap_or_else(|| SocketAddr::from(([0, 0, 0, 0], GATEWAY_PORT)));
    let address = options
        .gateway_address
        .clone()
        .unwrap_or_else(|| format!("127.0.0.1:{}", listen.port()));
    let defaults = Settings::default();
    Ok(Config {
        state: absolute(state.path())?,
        chain: config::Chain {
            node: options.node.clone(),
        },
        keys: Keys {
            stash: options.stash.clone(),
            operator: options.operator.clone(),
            stake: stake.unwrap_or_else(config::default_stake),
        },
        bonds: Bonds::default(),
        heartbeat: Heartbeat {
            nodes: options.heartbeat_nodes.clone(),
        },
        cluster: ClusterConfig {
            kubeconfig: absolute(&state.kubeconfig())?,
            allow_cluster_admin: false,
        },
        workloads: Settings {
            domain: options.domain.clone().unwrap_or(defaults.domain),
            ingress_class: options.ingress_class.clone().unwrap_or(defaults.ingress_class),
            // What an ingress on the internet has; the settings' own default is the local cluster's.
            ingress_port: options.ingress_port.unwrap_or(80),
            ..Settings::default()
        },
        gateway: Gateway { listen, address },
        capacity: Capacity::default(),
        ask: Ask::default(),
        income: config::Income::default(),
    })
}

fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).map_err(Error::file(path))
}

/// The kubeconfig of an administrator: the one that was named, or the user's own.
pub fn admin_kubeconfig(named: Option<&PathBuf>) -> Result<PathBuf> {
    named.cloned().or_else(access::operators_kubeconfig).ok_or_else(|| {
        Error::Kubeconfig("no kubeconfig was named, and neither $KUBECONFIG nor ~/.kube/config is there".into())
    })
}

/// The context's name, for people.
fn context_name(kubeconfig: &Path, named: Option<String>) -> String {
    let current = || kube::config::Kubeconfig::read_from(kubeconfig).ok()?.current_context;
    named.or_else(current).unwrap_or_else(|| "unnamed".into())
}

fn write_config(path: &Path, config: &Config) -> Result<()> {
    if let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
        fs::create_dir_all(directory).map_err(Error::file(directory))?;
    }
    crate::state::write_private(path, config::template(config).as_bytes()).map_err(Error::file(path))
}

fn permissions() -> Vec<String> {
    let scopes = [
        ("everywhere", &access::CLUSTER_GRANTS[..]),
        ("in perigee-system", &access::SYSTEM_GRANTS),
        ("in default", &access::DEFAULT_GRANTS),
    ];
    let line =
        |place: &str, grant: &Grant| format!("{place}: {} {}", grant.verbs.join("/"), grant.resources.join(", "));
    scopes
        .into_iter()
        .flat_map(|(place, grants)| grants.iter().map(move |grant| line(place, grant)))
        .collect()
}

fn cluster_check(found: preflight::Check) -> Check {
    let verdict = match found.outcome {
        Outcome::Pass => Verdict::Ok,
        Outcome::Warn => Verdict::Warning,
        Outcome::Fail => Verdict::Failed,
    };
    let fix = (!found.fix.is_empty()).then_some(found.fix);
    Check {
        name: found.name.into(),
        verdict,
        found: found.found,
        fix,
    }
}

/// A node that is not there yet is no reason to fail: the agent waits for it.
async fn chain_checks(config: &Config, state: &StateDir, identity: &Identity) -> (Vec<Check>, Option<ToSign>) {
    let found = try_chain_checks(config, state, identity).await;
    found.unwrap_or_else(|error| {
        let fix = error
            .hint()
            .unwrap_or_else(|| format!("correct chain.node, now {}", config.chain.node));
        let failed = check("node", Verdict::Failed, error.to_string(), Some(fix));
        (vec![failed], None)
    })
}

async fn try_chain_checks(
    config: &Config,
    state: &StateDir,
    identity: &Identity,
) -> Result<(Vec<Check>, Option<ToSign>)> {
    let chain = Chain::connect(&config.chain.node).await?;
    identity::pin_genesis(state, &chain.genesis())?;
    let view = chain.best().await?;
    let best = format!("{}, best block {}", chain.address(), view.block().number);
    let node = match chain.is_syncing().await? {
        true => check(
            "node",
            Verdict::Warning,
            format!("{best}, syncing"),
            Some("wait until it has caught up".into()),
        ),
        false => check("node", Verdict::Ok, best, None),
    };
    let checks = vec![
        node,
        stash_check(&view, config, identity).await?,
        operator_check(&view, identity).await?,
    ];
    Ok((checks, register::to_sign(config, identity, &chain).await?))
}

async fn stash_check(view: &View, config: &Config, identity: &Identity) -> Result<Check> {
    let (stash, stake) = (&identity.stash, config.keys.stake);
    if let Some(provider) = view.provider_by_stash(&stash.id).await? {
        return Ok(check(
            "stake",
            Verdict::Ok,
            format!("{} is registered as provider {}", stash.id, provider.id),
            None,
        ));
    }
    let free = view.balances(&stash.id).await?.free;
    let pool = config.bonds.pool;
    let found = format!(
        "stash {} has {} PRG, stake and bond pool are {stake} and {pool} PRG",
        stash.id,
        whole(free)
    );
    let needed = [stake.base_units(), pool.base_units(), REGISTRATION_RESERVE];
    let needed = needed.into_iter().fold(0, Balance::saturating_add);
    if free < needed {
        let fix = format!("send it at least {} PRG", whole(needed - free) + 1);
        return Ok(check("stake", Verdict::Failed, found, Some(fix)));
    }
    Ok(match &stash.key {
        Some(_) => check("stake", Verdict::Ok, found, None),
        None => {
            let fix = "its key is elsewhere: sign the registration below with it";
            check("stake", Verdict::Warning, found, Some(fix.into()))
        }
    })
}

async fn operator_check(view: &View, identity: &Identity) -> Result<Check> {
    let id = identity.operator.id();
    let free = view.balances(&id).await?.free;
    let found = format!("operator {id} has {} PRG", whole(free));
    Ok(match free {
        0 => check(
            "operator",
            Verdict::Failed,
            found,
            Some(format!("send it {} PRG for fees", whole(OPERATOR_RESERVE))),
        ),
        _ if free < OPERATOR_RESERVE => check(
            "operator",
            Verdict::Warning,
            found,
            Some(format!("{} PRG last longer", whole(OPERATOR_RESERVE))),
        ),
        _ => check("operator", Verdict::Ok, found, None),
    })
}

fn whole(amount: Balance) -> Balance {
    amount / PRG
}

fn check(name: &str, verdict: Verdict, found: String, fix: Option<String>) -> Check {
    Check {
        name: name.into(),
        verdict,
        found,
        fix,
    }
}

fn next(config: &Path, checks: &[Check]) -> Vec<String> {
    let mut next = Vec::new();
    if checks.iter().any(|check| check.verdict == Verdict::Failed) {
        next.push("put right what failed above".into());
    }
    next.push(format!(
        "look through {}: prices, attributes, addresses",
        config.display()
    ));
    next.push(match config == crate::default_config_path() {
        true => "systemctl start perigee-agent, or: perigee agent run".into(),
        false => format!("perigee agent run --config {}", config.display()),
    });
    next
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(directory: &Path) -> InitOptions {
        InitOptions {
            config: directory.join("agent.toml"),
            state: Some(directory.join("state")),
            kubeconfig: None,
            context: None,
            node: "ws://127.0.0.1:9944".into(),
            heartbeat_nodes: vec![],
            stash: "//Bob".into(),
            operator: "//Bob//operator".into(),
            stake: None,
            gateway_address: None,
            gateway_listen: Some(SocketAddr::from(([127, 0, 0, 1], 9443))),
            domain: None,
            ingress_class: None,
            ingress_port: Some(8088),
            force: false,
        }
    }

    #[tokio::test]
    async fn an_existing_config_is_never_written_over_by_accident() {
        let directory = tempfile::tempdir().unwrap();
        let options = options(directory.path());
        fs::write(&options.config, "mine").unwrap();
        assert!(matches!(init(options.clone()).await, Err(Error::Exists(_))));
        assert_eq!(fs::read_to_string(&options.config).unwrap(), "mine");
        assert!(!directory.path().join("state").exists());
    }

    #[test]
    fn the_written_config_is_read_back_and_keeps_the_options() {
        let directory = tempfile::tempdir().unwrap();
        let options = options(directory.path());
        let state = StateDir::open(options.state.clone().unwrap()).unwrap();
        let config = configured(&options, &state).unwrap();
        write_config(&options.config, &config).unwrap();
        let read = Config::load(&options.config).unwrap();
        assert_eq!(read.gateway.address, "127.0.0.1:9443");
        assert_eq!(read.workloads.ingress_port, 8088);
        assert_eq!(read.keys.stake, Amount::prg(100));
        assert_eq!(read.heartbeat_nodes(), ["/ip4/127.0.0.1/tcp/30444"]);
    }

    #[tokio::test]
    async fn a_bad_option_makes_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let bad = InitOptions {
            stake: Some("much".into()),
            ..options(directory.path())
        };
        assert!(matches!(init(bad).await, Err(Error::Key { .. })));
        let bad = InitOptions {
            node: "localhost".into(),
            ..options(directory.path())
        };
        assert!(matches!(init(bad).await, Err(Error::Config(_))));
        assert!(!directory.path().join("agent.toml").exists());
    }

    #[test]
    fn every_permission_is_told() {
        let all = access::CLUSTER_GRANTS.len() + access::SYSTEM_GRANTS.len() + access::DEFAULT_GRANTS.len();
        assert_eq!(permissions().len(), all);
        assert!(permissions().contains(&"in perigee-system: get/list/create/patch/delete secrets".into()));
    }
}
