//! The command line: what can be written, and what it is called. No behaviour.

use crate::{demands::Demands, money::Amount, settings::account_id, time::Span};
use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::Timestamp;
use perigee_chain::AccountId;
use perigee_orbit::Station;
use std::{fmt, net::SocketAddr, path::PathBuf, str::FromStr};

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  2  bad usage or a bad file
  3  refused by the chain or by a provider, or certain to be
  4  a node, gateway or cluster cannot be reached
  5  timed out
  1  anything else

Environment: PERIGEE_NODE, PERIGEE_KEY, PERIGEE_OUTPUT and PERIGEE_CONFIG stand for the options of the same name.
Data goes to stdout, messages to stderr.";

/// The decentralized cloud that reaches from the data centre into orbit.
#[derive(Debug, Parser)]
#[command(name = "perigee", version, after_help = EXIT_CODES, max_term_width = 100)]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command. Each has a setting in the config file and, but for `--yes`, a variable.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Address of a node [default: ws://127.0.0.1:9944]
    #[arg(long, global = true, value_name = "URL")]
    pub node: Option<String>,
    /// Key to sign with: the name of a key, or a development account such as //Alice
    #[arg(long, global = true, value_name = "KEY")]
    pub key: Option<String>,
    /// How data is printed [default: text]
    #[arg(long, global = true, value_enum, value_name = "FORMAT")]
    pub output: Option<Output>,
    /// Go on without asking
    #[arg(long, short, global = true)]
    pub yes: bool,
    /// Where a command signs: show the call, its encoding and its fee, and sign nothing
    #[arg(long, global = true)]
    pub dry_run: bool,
    /// Config file [default: ~/.config/perigee/config.toml]; for `agent` commands the agent's [default: agent.toml beside it, for root /etc/perigee/agent.toml]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// How data is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Output {
    /// For people.
    #[default]
    Text,
    /// For programs: one document, amounts as integers of base units (10^12 are 1 PRG).
    Json,
    /// For tables; only `space passes`.
    Csv,
    /// A contact plan of ION; only `space passes`.
    Ion,
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "text",
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Ion => "ion",
        })
    }
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run an application: price, sign once, deliver, wait, print its addresses
    Deploy(Deploy),
    /// Show what a file costs, and which providers would run it
    Price(Price),
    /// Finish an interrupted deploy: deliver the saved manifest and wait. Harmless to repeat
    Send(Send),
    /// List deployments
    List(List),
    /// Show one deployment: money, time left, services, addresses
    Status(Id),
    /// Close a deployment; what was not used comes back
    Close(Close),
    /// Replace what a deployment runs by another file; a change of size changes the price
    Update(Update),
    /// Change how many replicas of a service run
    Scale(Scale),
    /// Move the agreed end of a deployment
    Extend(Extend),
    /// Let a deployment rest: nothing runs and nothing is billed
    Pause(Pause),
    /// End a pause
    Resume(GroupId),
    /// Give a deployment to another owner
    Transfer(Transfer),
    /// Add to the escrow of a deployment
    Deposit(Deposit),
    /// Take back what a deployment's escrow does not need
    Withdraw(Withdraw),
    /// Say who else may pay into a deployment
    Depositors(Depositors),
    /// Pay out what escrow owes a provider
    Claim(Claim),
    /// Show what the protocol has earned and not paid out yet, and who shares it
    Income {
        /// What to do [default: show]
        #[command(subcommand)]
        step: Option<IncomeStep>,
    },
    /// List providers and what they ask
    Providers,
    /// Get money from a development chain
    Faucet(Faucet),
    /// Make and show keys
    #[command(subcommand)]
    Keys(Keys),
    /// Check and convert SDL files
    #[command(subcommand)]
    Sdl(Sdl),
    /// Look where satellites are and when they are seen
    #[command(subcommand)]
    Space(Space),
    /// Be a provider
    #[command(subcommand)]
    Agent(Agent),
    /// Print a completion script
    Completions(Completions),
}

impl Command {
    /// In which formats the command prints data.
    pub fn formats(&self) -> &'static [Output] {
        match self {
            Self::Space(Space::Passes(_)) => &[Output::Text, Output::Json, Output::Csv, Output::Ion],
            _ => &[Output::Text, Output::Json],
        }
    }
}

/// A deployment.
#[derive(Debug, Args)]
pub struct Id {
    /// Number of the deployment
    #[arg(value_name = "ID", value_parser = number)]
    pub deployment: u64,
}

/// One group of a deployment: what a placement of the file became.
#[derive(Debug, Args)]
pub struct GroupId {
    /// Number of the deployment
    #[arg(value_name = "ID", value_parser = number)]
    pub deployment: u64,
    /// Which of its placements, by name or number [default: the only one]
    #[arg(long, value_name = "PLACEMENT")]
    pub group: Option<String>,
}

/// `deploy`.
#[derive(Debug, Args)]
pub struct Deploy {
    /// SDL file, `-` for standard input
    pub file: PathBuf,
    /// End after this time, and deposit exactly for it [default: no end, deposit for 24h]
    #[arg(long = "for", value_name = "TIME")]
    pub duration: Option<Span>,
    /// Deposit this much instead
    #[arg(long, value_name = "AMOUNT", conflicts_with = "duration")]
    pub deposit: Option<Amount>,
    /// Give up waiting after this time
    #[arg(long, value_name = "TIME", default_value = "5m")]
    pub timeout: Span,
    /// What is asked of providers.
    #[command(flatten)]
    pub demands: Demands,
}

/// `price`.
#[derive(Debug, Args)]
pub struct Price {
    /// SDL file, `-` for standard input
    pub file: PathBuf,
    /// What is asked of providers.
    #[command(flatten)]
    pub demands: Demands,
}

/// `send`.
#[derive(Debug, Args)]
pub struct Send {
    /// The deployment.
    #[command(flatten)]
    pub id: Id,
    /// Stop when the manifest is delivered
    #[arg(long)]
    pub no_wait: bool,
    /// Give up after this time
    #[arg(long, value_name = "TIME", default_value = "5m")]
    pub timeout: Span,
}

/// `list`.
#[derive(Debug, Args)]
pub struct List {
    /// Whose deployments: an address, the name of a key, or a development account [default: those of the key]
    #[arg(long, value_name = "ACCOUNT", value_parser = account_id)]
    pub owner: Option<AccountId>,
}

/// `close`.
#[derive(Debug, Args)]
pub struct Close {
    /// The deployment.
    #[command(flatten)]
    pub id: Id,
    /// Claim that the provider abandoned it: the chain checks that it was absent, and its bond pays
    #[arg(long)]
    pub abandoned: bool,
    /// Wait until the last blocks are judged, and print the ledger
    #[arg(long)]
    pub wait: bool,
    /// Give up waiting after this time
    #[arg(long, value_name = "TIME", default_value = "15m")]
    pub timeout: Span,
}

/// `deposit`.
#[derive(Debug, Args)]
pub struct Deposit {
    /// What it is about.
    #[command(flatten)]
    pub id: GroupId,
    /// How much, for example 5prg
    pub amount: Amount,
}

/// `update`.
#[derive(Debug, Args)]
pub struct Update {
    /// The deployment.
    #[command(flatten)]
    pub id: Id,
    /// SDL file, `-` for standard input
    pub file: PathBuf,
    /// Terms of the change.
    #[command(flatten)]
    pub terms: ChangeTerms,
}

/// How a change is made.
#[derive(Debug, Args)]
pub struct ChangeTerms {
    /// Most that is paid per hour after a change of size [default: what the ask's prices come to]
    #[arg(long, value_name = "AMOUNT")]
    pub max_per_hour: Option<Amount>,
    /// Give up waiting after this time
    #[arg(long, value_name = "TIME", default_value = "5m")]
    pub timeout: Span,
}

/// `scale`.
#[derive(Debug, Args)]
pub struct Scale {
    /// The deployment.
    #[command(flatten)]
    pub id: Id,
    /// How many replicas of which service, for example web=3
    #[arg(value_name = "SERVICE=COUNT", required = true)]
    pub counts: Vec<ServiceCount>,
    /// Terms of the change.
    #[command(flatten)]
    pub terms: ChangeTerms,
}

/// `web=3`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceCount {
    /// Name of the service.
    pub service: String,
    /// Replicas.
    pub count: u32,
}

impl FromStr for ServiceCount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("'{text}' is not a service and a count like web=3");
        let (service, count) = text.split_once('=').ok_or_else(wrong)?;
        let count = count.parse().ok().filter(|count| *count > 0).ok_or_else(wrong)?;
        Ok(Self {
            service: service.to_owned(),
            count,
        })
    }
}

/// `extend`.
#[derive(Debug, Args)]
pub struct Extend {
    /// What it is about.
    #[command(flatten)]
    pub id: GroupId,
    /// By how much, for example 24h
    #[arg(long = "for", value_name = "TIME")]
    pub duration: Span,
}

/// `pause`.
#[derive(Debug, Args)]
pub struct Pause {
    /// What it is about.
    #[command(flatten)]
    pub id: GroupId,
    /// Run again after this time [default: as long as what it pays has earned]
    #[arg(long = "for", value_name = "TIME")]
    pub duration: Option<Span>,
}

/// `transfer`.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("step").args(["to", "accept", "cancel"]).required(true)))]
pub struct Transfer {
    /// The deployment.
    #[command(flatten)]
    pub id: Id,
    /// Offer it to this account: an address, the name of a key, or a development account
    #[arg(long, value_name = "ACCOUNT", value_parser = account_id)]
    pub to: Option<AccountId>,
    /// Accept the offer
    #[arg(long)]
    pub accept: bool,
    /// Take the offer back
    #[arg(long)]
    pub cancel: bool,
}

/// `withdraw`.
#[derive(Debug, Args)]
pub struct Withdraw {
    /// What it is about.
    #[command(flatten)]
    pub id: GroupId,
    /// How much, for example 5prg
    pub amount: Amount,
}

/// `depositors`.
#[derive(Debug, Args)]
pub struct Depositors {
    /// What it is about.
    #[command(flatten)]
    pub id: GroupId,
    /// What changes.
    #[command(subcommand)]
    pub change: DepositorChange,
}

/// Who may deposit.
#[derive(Debug, Subcommand)]
pub enum DepositorChange {
    /// Let an account deposit
    Allow {
        /// Which: an address, the name of a key, or a development account
        #[arg(value_name = "ACCOUNT", value_parser = account_id)]
        who: AccountId,
        /// Its smallest deposit
        #[arg(long, value_name = "AMOUNT", default_value = "0.01prg")]
        minimum: Amount,
    },
    /// Let it deposit no more
    Forbid {
        /// Which: an address, the name of a key, or a development account
        #[arg(value_name = "ACCOUNT", value_parser = account_id)]
        who: AccountId,
    },
}

/// `claim`.
#[derive(Debug, Args)]
pub struct Claim {
    /// Leases to claim from, by the numbers that `agent status` shows [default: all of the provider that the key operates]
    #[arg(value_name = "LEASE", value_parser = lease)]
    pub leases: Vec<u64>,
    /// Who is paid: an address, the name of a key, or a development account [default: the account of the key]
    #[arg(long, value_name = "ACCOUNT", value_parser = account_id)]
    pub payee: Option<AccountId>,
}

/// `faucet`.
#[derive(Debug, Args)]
pub struct Faucet {
    /// How much
    #[arg(default_value = "100prg")]
    pub amount: Amount,
    /// Who gets it: an address, the name of a key, or a development account [default: the key]
    #[arg(long, value_name = "ACCOUNT", value_parser = account_id)]
    pub to: Option<AccountId>,
}

/// `keys`.
#[derive(Debug, Subcommand)]
pub enum Keys {
    /// Make a key and print its address
    New {
        /// Its name
        name: String,
    },
    /// List the keys and their addresses
    List,
    /// Print the address of a key
    Show {
        /// Its name, or a development account such as //Alice
        name: String,
    },
}

/// `sdl`.
#[derive(Debug, Subcommand)]
pub enum Sdl {
    /// Check a file and say what is wrong in it
    Validate(File),
    /// Print the manifest: the exact bytes that its hash is of
    Manifest(File),
    /// Print the group specs: the exact bytes of Akash's tools
    Groups(File),
    /// Print the manifest's hash
    Hash(File),
}

/// A file.
#[derive(Debug, Args)]
pub struct File {
    /// SDL file, `-` for standard input
    pub file: PathBuf,
}

/// `space`.
#[derive(Debug, Subcommand)]
pub enum Space {
    /// Find when satellites stand above the masks of ground stations
    Passes(Box<Passes>),
    /// Draw ground tracks, stations and contacts
    Map(Box<Map>),
    /// Count down to the next contacts and tell when they begin and end, until Ctrl-C
    Watch(Box<Watch>),
}

/// Who looks at what.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("elements").args(["tle", "omm"]).required(true)))]
pub struct Sky {
    /// Two-line elements, `-` for standard input
    #[arg(long, value_name = "FILE")]
    pub tle: Option<PathBuf>,
    /// Orbit mean-elements messages as JSON, KVN or XML, `-` for standard input
    #[arg(long, value_name = "FILE")]
    pub omm: Option<PathBuf>,
    /// A station; may be given again. MASK is an elevation in degrees (0 if left out), or AZ:EL/AZ:EL/…
    #[arg(
        long = "station",
        value_name = "LAT,LON,ALT_M[,MASK]",
        required = true,
        allow_hyphen_values = true
    )]
    pub stations: Vec<Station>,
    /// Which choices of SGP4 are followed
    #[arg(long, value_enum, default_value = "improved")]
    pub mode: Sgp4Mode,
    /// Refuse elements that are too old for this accuracy [default: warn where 100 km are passed]
    #[arg(long, value_name = "KM")]
    pub accuracy_km: Option<f64>,
    /// Add the Doppler shift of this frequency
    #[arg(long, value_name = "HZ")]
    pub frequency_hz: Option<f64>,
}

/// `space passes`.
#[derive(Debug, Args)]
pub struct Passes {
    /// Satellites and stations.
    #[command(flatten)]
    pub sky: Sky,
    /// Start of the search, such as 2026-01-31T12:00:00Z
    #[arg(long, value_name = "RFC3339", value_parser = moment)]
    pub from: Timestamp,
    /// End of the search
    #[arg(long, value_name = "RFC3339", value_parser = moment)]
    pub to: Timestamp,
    /// With `--output ion`: number of the first satellite's node; further satellites, then the stations, follow it
    #[arg(long, value_name = "NODE", default_value_t = 1)]
    pub first_node: u64,
    /// With `--output ion`: bytes per second
    #[arg(long, value_name = "BYTES", default_value_t = 125_000)]
    pub rate: u64,
}

/// `space map`.
#[derive(Debug, Args)]
pub struct Map {
    /// Satellites and stations.
    #[command(flatten)]
    pub sky: Sky,
    /// Start of the tracks, such as 2026-01-31T12:00:00Z
    #[arg(long, value_name = "RFC3339", value_parser = moment)]
    pub from: Timestamp,
    /// End of the tracks, at most 7 days later
    #[arg(long, value_name = "RFC3339", value_parser = moment)]
    pub to: Timestamp,
    /// Write the map as SVG, too; `-` for standard output and nothing else
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
}

/// `space watch`.
#[derive(Debug, Args)]
pub struct Watch {
    /// Satellites and stations.
    #[command(flatten)]
    pub sky: Sky,
    /// Begin at this time instead of now, to rehearse
    #[arg(long, value_name = "RFC3339", value_parser = moment)]
    pub from: Option<Timestamp>,
    /// End at this time [default: a week after the beginning]
    #[arg(long, visible_alias = "to", value_name = "RFC3339", value_parser = moment)]
    pub until: Option<Timestamp>,
    /// End when so many contacts are over
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub count: Option<u32>,
    /// Let time pass so many times faster, to rehearse
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0, value_parser = speed)]
    pub speed: f64,
}

fn number(text: &str) -> Result<u64, String> {
    text.parse()
        .map_err(|_| format!("'{text}' is not a number: `perigee list` shows those of your deployments"))
}

fn lease(text: &str) -> Result<u64, String> {
    text.parse()
        .map_err(|_| format!("'{text}' is not the number of a lease: `perigee agent status` shows them"))
}

fn moment(text: &str) -> Result<Timestamp, String> {
    text.parse()
        .map_err(|_| format!("'{text}' is not a time: write for example 2026-01-31T12:00:00Z"))
}

fn speed(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(speed) if (0.001..=1e9).contains(&speed) => Ok(speed),
        _ => Err("expected a number from 0.001 to 1000000000".into()),
    }
}

/// The modes of SGP4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Sgp4Mode {
    /// The corrected theory
    Improved,
    /// The choices of the Air Force's program
    Afspc,
}

/// `agent`.
#[derive(Debug, Subcommand)]
pub enum Agent {
    /// Set up: pin the cluster, make keys and a service account, write the config, look whether all is there
    Init(Box<AgentInit>),
    /// Run until SIGTERM or SIGINT
    Run,
    /// Show the provider as chain, cluster and running agent see it
    Status,
    /// Show the asks that stand on chain
    Ask,
    /// Show or change what the provider stakes; --key names its stash
    Stake {
        /// What to do [default: show]
        #[command(subcommand)]
        step: Option<StakeStep>,
    },
    /// Show or change the pool out of which leases are bonded; --key names the provider's stash
    Bond {
        /// What to do [default: show]
        #[command(subcommand)]
        step: Option<BondStep>,
    },
    /// End a lease by the notice that its ask promised; --key names the provider's operator
    Notice(AgentNotice),
    /// End a lease at once for abuse, and let the bond pay for the notice; --key names the provider's operator
    Stop(AgentStop),
    /// Stop being a provider; --key names its stash
    Retire,
    /// Remove what a chain that is gone has left in the cluster; without a chain, show of which chains it holds leases
    Forget(AgentForget),
}

/// `agent notice`.
#[derive(Debug, Args)]
pub struct AgentNotice {
    /// Number of the lease, as `agent status` shows it
    #[arg(value_name = "LEASE", value_parser = lease)]
    pub lease: u64,
    /// Wait until it has ended
    #[arg(long)]
    pub wait: bool,
    /// Give up waiting after this time [default: wait for as long as it takes]
    #[arg(long, value_name = "TIME", requires = "wait")]
    pub timeout: Option<Span>,
}

/// `agent stop`.
#[derive(Debug, Args)]
pub struct AgentStop {
    /// Number of the lease, as `agent status` shows it
    #[arg(value_name = "LEASE", value_parser = lease)]
    pub lease: u64,
    /// What shows the abuse, `-` for standard input, or its BLAKE2b-256 hash: only the hash goes on chain
    #[arg(long, value_name = "FILE|0xHASH")]
    pub evidence: Evidence,
}

/// What shows an abuse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// A file, `-` for standard input.
    File(PathBuf),
    /// The hash of what is kept elsewhere.
    Hash([u8; 32]),
}

impl FromStr for Evidence {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some(digits) = text.strip_prefix("0x") else {
            return Ok(Self::File(text.into()));
        };
        let mut hash = [0; 32];
        hex::decode_to_slice(digits, &mut hash)
            .map_err(|_| format!("'{text}' is not a hash, 0x and 64 hex digits; a file of this name is ./{text}"))?;
        Ok(Self::Hash(hash))
    }
}

/// `agent forget`.
#[derive(Debug, Args)]
pub struct AgentForget {
    /// The start of the chain's genesis hash, eight hex digits
    pub chain: Option<String>,
    /// Kubeconfig of an administrator [default: $KUBECONFIG, then ~/.kube/config]
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// Its context [default: the current one]
    #[arg(long)]
    pub context: Option<String>,
}

/// `income`.
#[derive(Debug, Subcommand)]
pub enum IncomeStep {
    /// Pay it out, to the treasury unless other shares are set. Anybody may, and pays the transaction's fee
    Distribute,
}

/// `agent stake`.
#[derive(Debug, Subcommand)]
pub enum StakeStep {
    /// Add to it
    Add {
        /// How much, for example 50prg
        amount: Amount,
    },
    /// Let a part leave; it can be withdrawn after the unbonding delay
    Unbond {
        /// How much, for example 50prg
        amount: Amount,
    },
    /// Take back what has unbonded
    Withdraw {
        /// Of this provider, also of one that has retired [default: the one of the key]
        #[arg(long, value_name = "NUMBER")]
        provider: Option<u32>,
    },
}

/// `agent bond`.
#[derive(Debug, Subcommand)]
pub enum BondStep {
    /// Add to the pool
    Add {
        /// How much, for example 5prg
        amount: Amount,
    },
    /// Take out what answers for no lease
    Withdraw {
        /// How much, for example 5prg
        amount: Amount,
    },
}

/// `agent init`.
#[derive(Debug, Args)]
pub struct AgentInit {
    /// Directory for keys, counters and pins [default: /var/lib/perigee-agent, or below ~/.local/state]
    #[arg(long, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
    /// Kubeconfig of an administrator, used now only [default: $KUBECONFIG, then ~/.kube/config]
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// Its context [default: the current one]
    #[arg(long)]
    pub context: Option<String>,
    /// Multiaddress of a node that gets heartbeats; repeat for more [default: the node's host, port 30444]
    #[arg(long = "heartbeat-node", value_name = "MULTIADDR")]
    pub heartbeat_nodes: Vec<String>,
    /// Account with the stake: a key, a development account, or an address whose key is elsewhere [default: --key]
    #[arg(long, value_name = "ACCOUNT")]
    pub stash: Option<String>,
    /// Key of the account that acts day by day and is paid [default: derived from the stash]
    #[arg(long, value_name = "KEY")]
    pub operator: Option<String>,
    /// Stake [default: the least the chain takes]
    #[arg(long, value_name = "AMOUNT")]
    pub stake: Option<Amount>,
    /// host:port at which tenants reach the gateway [default: 127.0.0.1 and its port]
    #[arg(long, value_name = "HOST:PORT")]
    pub gateway_address: Option<String>,
    /// Where the gateway listens [default: 0.0.0.0:8443]
    #[arg(long, value_name = "ADDR:PORT")]
    pub gateway_listen: Option<SocketAddr>,
    /// Domain below which tenants' services are named [default: apps.localhost]
    #[arg(long)]
    pub domain: Option<String>,
    /// Ingress class that serves them [default: perigee]
    #[arg(long, value_name = "CLASS")]
    pub ingress_class: Option<String>,
    /// Port of the ingress, for the addresses shown to tenants [default: 80]
    #[arg(long, value_name = "PORT")]
    pub ingress_port: Option<u16>,
    /// Replace an existing config. Keys and counters are kept
    #[arg(long)]
    pub force: bool,
}

/// `completions`.
#[derive(Debug, Args)]
pub struct Completions {
    /// For which shell
    pub shell: clap_complete::Shell,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn global_options_stand_before_and_after_the_command() {
        let before = Cli::try_parse_from(["perigee", "--key", "//Bob", "list"]).unwrap();
        let after = Cli::try_parse_from(["perigee", "list", "--key", "//Bob"]).unwrap();
        assert_eq!(before.global.key, after.global.key);
    }

    #[test]
    fn a_deposit_and_a_duration_exclude_each_other() {
        let both = ["perigee", "deploy", "a.yaml", "--for", "1h", "--deposit", "1prg"];
        assert!(Cli::try_parse_from(both).is_err());
    }

    #[test]
    fn evidence_is_a_file_or_a_hash() {
        let hash = format!("0x{}", "07".repeat(32));
        assert_eq!(hash.parse::<Evidence>(), Ok(Evidence::Hash([7; 32])));
        assert_eq!("log.txt".parse::<Evidence>(), Ok(Evidence::File("log.txt".into())));
        assert!("0x07".parse::<Evidence>().unwrap_err().ends_with("./0x07"));
    }

    #[test]
    fn help_lists_the_exit_codes() {
        let help = Cli::command().render_help().to_string();
        for line in ["0  done", "3  refused", "4  a node", "5  timed out"] {
            assert!(help.contains(line), "{line}");
        }
    }
}
