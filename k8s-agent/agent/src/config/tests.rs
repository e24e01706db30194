use super::*;

const LEAST: &str = r#"
state = "/var/lib/perigee-agent"
[keys]
stash = "//Alice//stash"
operator = "//Alice"
[cluster]
kubeconfig = "/var/lib/perigee-agent/kubeconfig"
"#;

fn read(text: &str) -> Result<Config, ConfigError> {
    Config::from_parts(Path::new("agent.toml"), text, environment("PERIGEE_TEST_NOTHING_"))
}

fn problem(text: &str) -> (String, Option<String>) {
    let error = read(text).expect_err("is refused");
    (error.to_string(), error.hint())
}

#[test]
fn the_least_config_takes_defaults() {
    let config = read(LEAST).unwrap();
    assert_eq!(config.chain.node, "ws://127.0.0.1:9944");
    assert_eq!(config.keys.stake, Amount::prg(100));
    assert_eq!(config.heartbeat_nodes(), ["/ip4/127.0.0.1/tcp/30444"]);
    assert_eq!(config.ask.isolation, Isolation::SharedKernel);
}

#[test]
fn the_template_reads_back_as_the_same_config() {
    let mut config = read(LEAST).unwrap();
    config.heartbeat.nodes = vec!["/dns/a\"b.example.org/tcp/30444".into()];
    config.workloads.deny_cidrs = vec!["203.0.113.0/24".parse().unwrap()];
    config.workloads.node_port_host = Some("203.0.113.1".into());
    config.workloads.storage_classes.insert("beta3".into(), "fast".into());
    config.ask.attributes.insert("region".into(), "eu \"west\"".into());
    config.ask.isolation = Isolation::Kata;
    config.ask.notice_hours = 0.25;
    config.ask.cpu = "0.123456789012".parse().unwrap();
    config.income.claim_from = "0.5".parse().unwrap();
    assert_eq!(read(&template(&config)).unwrap(), config);
}

#[test]
fn every_key_of_the_template_has_a_comment_above_it_or_its_group() {
    let text = template(&read(LEAST).unwrap());
    for section in [
        "[chain]",
        "[keys]",
        "[heartbeat]",
        "[cluster]",
        "[workloads]",
        "[gateway]",
        "[capacity]",
        "[ask]",
        "[income]",
    ] {
        let after = text.split(section).nth(1).unwrap();
        assert!(after.trim_start().starts_with('#'), "{section}");
    }
}

#[test]
fn a_typo_names_file_key_and_the_nearest_key() {
    let (message, hint) = problem(&LEAST.replace("operator", "opperator"));
    assert_eq!(message, "agent.toml: unknown key `keys.opperator`");
    assert_eq!(hint.as_deref(), Some("did you mean `keys.operator`?"));
}

#[test]
fn a_key_like_no_other_lists_the_known_ones() {
    let (message, hint) = problem(&format!("{LEAST}\n[chain]\ncolour = 1"));
    assert_eq!(message, "agent.toml: unknown key `chain.colour`");
    assert_eq!(hint.as_deref(), Some("known here: chain.node"));
}

#[test]
fn an_unknown_section_is_refused() {
    let (message, hint) = problem(&format!("{LEAST}\n[gatway]\nlisten = \"0.0.0.0:1\""));
    assert_eq!(message, "agent.toml: unknown key `gatway`");
    assert_eq!(hint.as_deref(), Some("did you mean `gateway`?"));
}

#[test]
fn a_missing_key_is_named() {
    let (message, _) = problem(&LEAST.replace("operator = \"//Alice\"", ""));
    assert_eq!(message, "agent.toml: key `keys.operator` is missing");
}

#[test]
fn a_wrong_type_names_the_key() {
    let (message, _) = problem(&format!("{LEAST}[workloads]\ningress_port = \"eighty\""));
    assert!(
        message.starts_with("agent.toml: key `workloads.ingress_port`: "),
        "{message}"
    );
}

#[test]
fn broken_toml_names_the_line() {
    let (message, _) = problem("state = ");
    assert!(
        message.starts_with("agent.toml: ") && message.contains("line 1"),
        "{message}"
    );
}

#[test]
fn values_that_make_no_sense_name_their_key() {
    for (text, key) in [
        ("[chain]\nnode = \"http://localhost\"", "chain.node"),
        ("[heartbeat]\nnodes = [\"localhost:30444\"]", "heartbeat.nodes"),
        ("[gateway]\naddress = \"localhost\"", "gateway.address"),
        ("[gateway]\naddress = \":8443\"", "gateway.address"),
        ("[ask]\nip = \"999999999999999\"", "ask.ip"),
        ("[ask]\ncpu = -1", "ask.cpu"),
        ("[workloads]\ndeny_cidrs = [\"10.0.0.0/33\"]", "workloads.deny_cidrs"),
        ("[workloads]\ndomain = \".example.org\"", "workloads.domain"),
        ("[ask.attributes]\nregion = \"\"", "ask.attributes.region"),
    ] {
        let (message, _) = problem(&format!("{LEAST}{text}"));
        assert!(message.contains(&format!("key `{key}`: ")), "{message}");
    }
}

#[test]
fn what_the_cluster_offers_is_among_the_attributes() {
    let text = format!(
        "{LEAST}[workloads]\nnode_port_host = \"203.0.113.1\"\nstorage_classes = {{ beta2 = \"fast\" }}\n\
         allowed_registries = [\"registry.lan:5000\"]\n\
         [ask.attributes]\nregion = \"eu\""
    );
    let attributes = read(&text).unwrap().attributes();
    let expected = [
        ("capabilities/node-ports", "true"),
        ("capabilities/registry/registry.lan:5000", "true"),
        ("capabilities/storage/beta2", "persistent"),
        ("region", "eu"),
    ];
    assert_eq!(
        attributes
            .iter()
            .map(|(k, v)| (k.as_str(), v.as_str()))
            .collect::<Vec<_>>(),
        expected
    );
}

#[test]
fn a_missing_file_says_how_to_make_one() {
    let error = Config::load(Path::new("/nonexistent/agent.toml")).unwrap_err();
    assert!(error.to_string().starts_with("/nonexistent/agent.toml: "));
    assert!(error.hint().unwrap().contains("perigee agent init"));
}

#[test]
fn variables_go_over_the_file_and_typos_in_them_are_refused() {
    let read = |prefix: &str| Config::from_parts(Path::new("agent.toml"), LEAST, environment(prefix));
    std::env::set_var("PERIGEE_TEST_GOOD_CONFIG", "agent.toml");
    std::env::set_var("PERIGEE_TEST_GOOD_CHAIN__NODE", "ws://node:1");
    assert_eq!(read("PERIGEE_TEST_GOOD_").unwrap().chain.node, "ws://node:1");
    std::env::set_var("PERIGEE_TEST_TYPO_CHAIN__NODDE", "ws://node:1");
    let error = read("PERIGEE_TEST_TYPO_").unwrap_err();
    assert_eq!(
        error.to_string(),
        "PERIGEE_AGENT_CHAIN__NODDE: unknown key `chain.nodde`"
    );
    assert_eq!(error.hint().as_deref(), Some("did you mean `chain.node`?"));
}

#[test]
fn heartbeats_go_to_the_nodes_host() {
    for (node, address) in [
        ("ws://10.0.0.1:9944", "/ip4/10.0.0.1/tcp/30444"),
        ("wss://rpc.example.org/ws", "/dns/rpc.example.org/tcp/30444"),
        ("ws://[::1]:9944", "/ip6/::1/tcp/30444"),
    ] {
        assert_eq!(multiaddress_of(node), address);
    }
}
