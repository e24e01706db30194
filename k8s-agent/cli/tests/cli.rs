//! The built program as a user meets it: arguments, files, exit codes, and what goes to stdout and stderr. No network.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Output, Stdio},
};

/// An SDL file in Akash's denomination.
const APP: &str = r#"version: "2.0"
services:
  web:
    image: nginx:1.27
    expose:
      - port: 80
        to:
          - global: true
profiles:
  compute:
    small:
      resources:
        cpu:
          units: 100m
        memory:
          size: 64Mi
        storage:
          size: 128Mi
  placement:
    anywhere:
      pricing:
        small:
          denom: uakt
          amount: 10
deployment:
  web:
    anywhere:
      profile: small
      count: 1
"#;

/// A space station in its orbit of New Year 2024.
const ISS: &str = "\
ISS (ZARYA)
1 25544U 98067A   24001.50000000  .00016717  00000-0  10270-3 0  9009
2 25544  51.6400 208.9163 0006703 307.5225  52.5371 15.49560812484108
";

/// Nobody listens here.
const NOWHERE: &str = "ws://127.0.0.1:1";

struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    fn perigee(&self, args: &[&str]) -> Output {
        self.perigee_with(&[], args)
    }

    fn perigee_with(&self, variables: &[(&str, &str)], args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_perigee"))
            .args(args)
            .env_clear()
            .env("HOME", self.path())
            .env("XDG_CONFIG_HOME", self.path())
            .env("XDG_DATA_HOME", self.path())
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }
}

#[track_caller]
fn fails(output: &Output, code: i32, says: &str) {
    let text = stderr(output);
    assert_eq!(output.status.code(), Some(code), "{text}");
    assert!(text.contains(says), "no {says:?} in: {text}");
    assert!(output.stdout.is_empty(), "an error wrote to stdout: {}", stdout(output));
    assert!(!text.contains("panicked"), "{text}");
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn unknown_commands_and_flags_are_usage_errors() {
    let home = Home::new();
    fails(&home.perigee(&["deplyo"]), 2, "deploy");
    fails(&home.perigee(&["list", "--nope"]), 2, "--nope");
    fails(&home.perigee(&["deploy"]), 2, "FILE");
    fails(&home.perigee(&["status", "one"]), 2, "one");
}

#[test]
fn wrong_amounts_and_times_are_usage_errors() {
    let home = Home::new();
    fails(&home.perigee(&["deposit", "1", "5eur"]), 2, "5prg");
    fails(&home.perigee(&["deposit", "1", "0prg"]), 2, "above zero");
    fails(&home.perigee(&["withdraw", "1", "-5prg"]), 2, "-5");
    let huge = format!("{}prg", "9".repeat(39));
    fails(&home.perigee(&["faucet", &huge]), 2, "too large");
    fails(&home.perigee(&["deploy", "a.yaml", "--for", "5y"]), 2, "24h");
}

#[test]
fn a_kubeconfig_that_is_not_there_is_told_with_how_to_name_one() {
    let home = Home::new();
    fails(&home.perigee(&["agent", "forget"]), 2, "--kubeconfig");
    let absent = ["agent", "forget", "--kubeconfig", "absent.yaml"];
    fails(&home.perigee(&absent), 2, "perigee agent init --force");
}

#[test]
fn wrong_numbers_are_told_with_where_to_find_right_ones() {
    let home = Home::new();
    fails(&home.perigee(&["status", "one"]), 2, "perigee list");
    fails(&home.perigee(&["claim", "-", "--yes"]), 2, "perigee agent status");
    fails(&home.perigee(&["agent", "notice", "one"]), 2, "perigee agent status");
}

#[test]
fn a_lease_is_stopped_only_with_evidence() {
    let home = Home::new();
    let stop = |evidence: &[&str]| home.perigee(&[&["agent", "stop", "3"][..], evidence].concat());
    fails(&stop(&[]), 2, "--evidence");
    fails(&stop(&["--evidence", "0x07"]), 2, "64 hex digits");
    fails(&stop(&["--evidence", "absent.log"]), 2, "cannot read absent.log");
    let log = home.write("abuse.log", "what was seen");
    let signed = ["--evidence", log.as_str(), "--key", "//Alice", "--node", NOWHERE];
    fails(&stop(&signed), 4, NOWHERE);
}

#[test]
fn an_account_is_named_by_address_key_or_development_uri() {
    const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
    let home = Home::new();
    home.perigee(&["keys", "new", "mine"]);
    let signed = ["--key", "//Bob", "--node", NOWHERE];
    for account in [ALICE, "//Alice", "mine", "mine//second"] {
        for command in [
            &["transfer", "1", "--to", account][..],
            &["depositors", "1", "allow", account],
            &["depositors", "1", "forbid", account],
            &["list", "--owner", account],
            &["claim", "--payee", account],
            &["faucet", "--to", account],
        ] {
            fails(&home.perigee(&[command, &signed].concat()), 4, NOWHERE);
        }
    }
    let wrong = |account: &str| home.perigee(&["transfer", "1", "--to", account]);
    fails(&wrong("nobody"), 2, "it is not an address, and there is no key named");
    fails(&wrong(&ALICE.replace('G', "H")), 2, "not an address");
    fails(&wrong(""), 2, "no name for a key");
    fails(&wrong("nobody"), 2, "//Alice");
}

#[test]
fn a_node_is_named_with_its_scheme() {
    let home = Home::new();
    for node in ["127.0.0.1:9944", "http://127.0.0.1:9944"] {
        fails(
            &home.perigee(&["--node", node, "status", "1"]),
            2,
            "ws://127.0.0.1:9944",
        );
    }
}

#[test]
fn nothing_is_sent_in_a_dry_run() {
    let home = Home::new();
    let send = ["--node", NOWHERE, "--key", "//Alice", "--dry-run", "send", "1"];
    fails(&home.perigee(&send), 2, "no call to show");
}

#[test]
fn help_lists_exit_codes_and_every_command_has_help() {
    let home = Home::new();
    let help = stdout(&home.perigee(&["--help"]));
    assert!(help.contains("Exit codes:") && help.contains("PERIGEE_NODE"), "{help}");
    for command in [
        "deploy",
        "price",
        "send",
        "list",
        "status",
        "close",
        "deposit",
        "claim",
        "income",
        "providers",
        "faucet",
    ] {
        assert_eq!(home.perigee(&[command, "--help"]).status.code(), Some(0), "{command}");
    }
    let agent = stdout(&home.perigee(&["agent", "--help"]));
    for command in ["stake", "bond", "notice", "stop", "retire", "forget"] {
        assert!(agent.contains(&format!("\n  {command} ")), "{command} in {agent}");
    }
}

#[test]
fn a_missing_file_is_named() {
    let home = Home::new();
    fails(&home.perigee(&["sdl", "hash", "absent.yaml"]), 2, "absent.yaml");
    fails(&home.perigee(&["price", "absent.yaml"]), 2, "absent.yaml");
}

#[test]
fn a_bad_file_is_refused_with_its_place() {
    let home = Home::new();
    let file = home.write("bad.yaml", APP.replace("image:", "imagee:"));
    let output = home.perigee(&["sdl", "validate", &file]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("imagee") && stderr(&output).contains("bad.yaml"),
        "{}",
        stderr(&output)
    );
    fails(&home.perigee(&["price", &file]), 2, "imagee");
    let listed = home.perigee(&["sdl", "validate", &file, "--output", "json"]);
    let listed: serde_json::Value = serde_json::from_str(&stdout(&listed)).unwrap();
    assert!(listed[0]["line"].is_u64(), "editors get an array: {listed}");
}

#[test]
fn a_file_that_is_no_text_is_refused_with_its_place() {
    let home = Home::new();
    let file = home.write("bad.yaml", b"version: \"2.0\"\n\xff");
    fails(&home.perigee(&["sdl", "hash", &file]), 2, "bad.yaml:2:1");
    let listed = stdout(&home.perigee(&["sdl", "validate", &file, "--output", "json"]));
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed[0]["code"], "not-utf8", "{listed}");
}

#[test]
fn sdl_commands_need_no_node_and_take_foreign_denominations() {
    let home = Home::new();
    let file = home.write("app.yaml", APP);
    let hash = stdout(&home.perigee(&["sdl", "hash", &file]));
    assert_eq!(hash.len(), 64, "the digits and nothing else: {hash:?}");
    let manifest = home.perigee(&["sdl", "manifest", &file]).stdout;
    assert!(
        manifest.starts_with(b"[{") && manifest.ends_with(b"}]"),
        "{}",
        String::from_utf8_lossy(&manifest)
    );
}

#[test]
fn a_foreign_denomination_without_a_value_is_explained_before_a_node_is_asked() {
    let home = Home::new();
    let file = home.write("app.yaml", APP);
    fails(
        &home.perigee(&["--node", NOWHERE, "price", &file]),
        2,
        "[denominations.uakt]",
    );
    fails(
        &home.perigee(&["--node", NOWHERE, "--key", "//Alice", "deploy", &file, "--yes"]),
        2,
        "uakt",
    );
}

#[test]
fn flags_win_over_variables_over_the_file_over_defaults() {
    let home = Home::new();
    // Which node was chosen shows in the complaint about it; nothing listens below port 10.
    fails(
        &home.perigee_with(&[("PERIGEE_NODE", "nonsense")], &["providers"]),
        2,
        "nonsense",
    );
    home.write(
        "perigee/config.toml",
        "node = \"ws://127.0.0.1:2\"\nkey = \"filekey\"\n",
    );
    fails(&home.perigee(&["providers"]), 4, "ws://127.0.0.1:2");
    let variable = [("PERIGEE_NODE", "ws://127.0.0.1:3")];
    fails(&home.perigee_with(&variable, &["providers"]), 4, "ws://127.0.0.1:3");
    fails(
        &home.perigee_with(&variable, &["--node", "ws://127.0.0.1:4", "providers"]),
        4,
        "ws://127.0.0.1:4",
    );
    fails(&home.perigee_with(&variable, &["list"]), 2, "filekey");
    fails(&home.perigee_with(&[("PERIGEE_KEY", "envkey")], &["list"]), 2, "envkey");
    fails(
        &home.perigee_with(&[("PERIGEE_KEY", "envkey")], &["list", "--key", "flagkey"]),
        2,
        "flagkey",
    );
}

#[test]
fn the_output_format_can_be_set_anywhere() {
    let home = Home::new();
    let json = home.perigee_with(&[("PERIGEE_OUTPUT", "json")], &["keys", "list"]);
    assert!(stdout(&json).starts_with('{'), "{}", stdout(&json));
    let text = home.perigee_with(&[("PERIGEE_OUTPUT", "json")], &["keys", "list", "--output", "text"]);
    assert!(stdout(&text).starts_with("no keys"), "{}", stdout(&text));
    fails(
        &home.perigee_with(&[("PERIGEE_OUTPUT", "xml")], &["keys", "list"]),
        2,
        "PERIGEE_OUTPUT: key `output`: `xml` is none of: text, json",
    );
}

#[test]
fn variables_of_other_programs_are_no_settings() {
    let home = Home::new();
    assert!(home
        .perigee_with(&[("PERIGEE_CACHE", "/tmp")], &["keys", "list"])
        .status
        .success());
}

#[test]
fn a_value_in_the_config_file_is_used() {
    let home = Home::new();
    let file = home.write("app.yaml", APP);
    home.write(
        "perigee/config.toml",
        "[denominations.uakt]\nprice = \"0.5\"\nblocks = \"0.33\"\n",
    );
    fails(&home.perigee(&["--node", NOWHERE, "price", &file]), 4, "127.0.0.1:1");
}

#[test]
fn an_unreachable_node_is_named() {
    let home = Home::new();
    fails(&home.perigee(&["--node", NOWHERE, "providers"]), 4, "ws://127.0.0.1:1");
    fails(
        &home.perigee(&["--node", NOWHERE, "--key", "//Alice", "list"]),
        4,
        "ws://127.0.0.1:1",
    );
}

#[test]
fn a_command_that_signs_needs_a_key() {
    let home = Home::new();
    fails(&home.perigee(&["--node", NOWHERE, "list"]), 2, "perigee keys new");
    fails(
        &home.perigee(&["--node", NOWHERE, "income", "distribute"]),
        2,
        "perigee keys new",
    );
    fails(
        &home.perigee(&["--node", NOWHERE, "--key", "nosuchkey", "list"]),
        2,
        "nosuchkey",
    );
}

#[test]
fn a_config_file_with_a_typo_is_refused() {
    let home = Home::new();
    let file = home.write("other.toml", "nodee = \"ws://a\"\n");
    let refused = home.perigee(&["--config", &file, "keys", "list"]);
    fails(&refused, 2, "other.toml: unknown key `nodee`");
    fails(&refused, 2, "did you mean `node`?");
    let file = home.write("strange.toml", "colour = 1\n");
    fails(
        &home.perigee(&["--config", &file, "keys", "list"]),
        2,
        "known here: node, key, output, denominations",
    );
    fails(
        &home.perigee(&["--config", "absent.toml", "keys", "list"]),
        2,
        "absent.toml",
    );
}

#[test]
fn keys_are_made_once_and_listed() {
    let home = Home::new();
    let made = home.perigee(&["keys", "new", "mine"]);
    assert!(made.status.success(), "{}", stderr(&made));
    let address = stdout(&made).trim().to_owned();
    assert_eq!(stdout(&home.perigee(&["keys", "show", "mine"])).trim(), address);
    fails(&home.perigee(&["keys", "new", "mine"]), 2, "exists already");
    let listed = stdout(&home.perigee(&["keys", "list", "--output", "json"]));
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed["version"], 1);
    assert_eq!(listed["keys"][0]["address"], address.as_str());
}

#[test]
fn formats_that_a_command_does_not_print_are_refused() {
    let home = Home::new();
    let file = home.write("app.yaml", APP);
    for format in ["csv", "ion"] {
        for command in ["validate", "manifest", "groups", "hash"] {
            fails(
                &home.perigee(&["sdl", command, &file, "--output", format]),
                2,
                "text or json",
            );
        }
    }
    let csv = home.perigee_with(&[("PERIGEE_OUTPUT", "csv")], &["keys", "list"]);
    fails(&csv, 2, "space passes");
}

/// Arguments for a command of `space`: one orbit, two stations, an afternoon.
fn space<'a>(command: &'a str, elements: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut args = vec!["space", command, "--tle", elements];
    args.extend(["--station", "53.24,-6.13,0,10", "--station", "-36,174.5,0,10"]);
    args.extend(["--from", "2024-01-01T12:00:00Z"]);
    args.extend(more);
    args
}

const EVENING: [&str; 2] = ["--to", "2024-01-01T18:00:00Z"];

#[test]
fn passes_are_printed_in_four_formats() {
    let home = Home::new();
    let file = home.write("iss.tle", ISS);
    let printed = |format: &str| {
        let output = home.perigee(&space("passes", &file, &[EVENING[0], EVENING[1], "--output", format]));
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        stdout(&output)
    };
    assert!(printed("text").contains("ISS (ZARYA)"));
    let json: serde_json::Value = serde_json::from_str(&printed("json")).unwrap();
    assert_eq!(json[0]["start"], "2024-01-01T12:16:57.621Z");
    assert!(printed("csv").starts_with("station,satellite,"));
    assert!(
        printed("ion").contains("\na contact +1018 +1413 1 2 125000\n"),
        "{}",
        printed("ion")
    );
}

#[test]
fn elements_under_the_wrong_option_say_which_is_the_right_one() {
    let home = Home::new();
    let tle = home.write("iss.tle", ISS);
    let mut args = space("passes", &tle, &EVENING);
    args[2] = "--omm";
    fails(&home.perigee(&args), 2, "--tle");
    let message = r#"{"EPOCH": "2024-01-01T12:00:00", "MEAN_MOTION": 15.5, "ECCENTRICITY": 0.001, "INCLINATION": 51.6,
        "RA_OF_ASC_NODE": 1, "ARG_OF_PERICENTER": 2, "MEAN_ANOMALY": 3, "BSTAR": 0.0001}"#;
    let omm = home.write("iss.json", message);
    fails(&home.perigee(&space("passes", &omm, &EVENING)), 2, "--omm");
}

#[test]
fn a_map_is_drawn_as_text_svg_and_geojson() {
    let home = Home::new();
    let file = home.write("iss.tle", ISS);
    let svg = home.path().join("map.svg").display().to_string();
    let output = home.perigee(&space("map", &file, &[EVENING[0], EVENING[1], "--svg", &svg]));
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).contains("◆ISS (ZARYA)") && !stdout(&output).contains('\u{1b}'));
    let drawn = std::fs::read_to_string(svg).unwrap();
    assert!(drawn.starts_with("<svg ") && drawn.ends_with("</svg>\n"));
    let alone = home.perigee(&space("map", &file, &[EVENING[0], EVENING[1], "--svg", "-"]));
    assert_eq!(stdout(&alone), drawn);
    let json = home.perigee(&space("map", &file, &[EVENING[0], EVENING[1], "--output", "json"]));
    let json: serde_json::Value = serde_json::from_str(&stdout(&json)).unwrap();
    assert_eq!(json["type"], "FeatureCollection");
    fails(
        &home.perigee(&space("map", &file, &["--to", "2024-02-01T12:00:00Z"])),
        2,
        "7",
    );
    let nowhere = &[EVENING[0], EVENING[1], "--svg", "/nonexistent/map.svg"];
    fails(&home.perigee(&space("map", &file, nowhere)), 2, "/nonexistent/map.svg");
}

#[test]
fn a_watch_tells_what_happens_until_it_has_seen_enough() {
    let home = Home::new();
    let file = home.write("iss.tle", ISS);
    let fast = ["--speed", "1000000"];
    let text = home.perigee(&space("watch", &file, &[fast[0], fast[1], EVENING[0], EVENING[1]]));
    assert_eq!(text.status.code(), Some(0), "{}", stderr(&text));
    let text = stdout(&text);
    let words: Vec<_> = text
        .lines()
        .map(|line| line.split_whitespace().nth(1).unwrap())
        .collect();
    assert_eq!(words[..4], ["next", "start", "next", "end"], "{text}");
    assert_eq!(words.iter().filter(|word| **word == "end").count(), 4, "{text}");
    let json = stdout(&home.perigee(&space(
        "watch",
        &file,
        &[fast[0], fast[1], "--count", "1", "--output", "json"],
    )));
    let events: Vec<serde_json::Value> = json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<_> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!(told, ["next", "start", "next", "end"]);
    assert_eq!(events[3]["at"], "2024-01-01T12:23:33.112Z");
    let none = home.perigee(&space("watch", &file, &["--until", "2024-01-01T12:01:00Z"]));
    assert_eq!((none.status.code(), stdout(&none).as_str()), (Some(0), ""));
    assert!(stderr(&none).contains("no contact before"));
    fails(&home.perigee(&space("watch", &file, &["--speed", "0"])), 2, "0.001");
    fails(&home.perigee(&space("watch", &file, &["--count", "0"])), 2, "--count");
}

#[test]
fn a_watch_ends_cleanly_when_it_is_interrupted() {
    let home = Home::new();
    let file = home.write("iss.tle", ISS);
    let mut child = Command::new(env!("CARGO_BIN_EXE_perigee"))
        .args(space("watch", &file, &[]))
        .env_clear()
        .env("HOME", home.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // The first line comes once everything is set up.
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert!(line.contains("  next   station 0  ISS (ZARYA)  in 16:57"), "{line}");
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn questions_about_space_that_make_no_sense_are_refused() {
    let home = Home::new();
    let file = home.write("iss.tle", ISS);
    let bad = home.write("bad.tle", ISS.replace("51.6400", "51.6401"));
    fails(&home.perigee(&space("passes", &bad, &EVENING)), 2, "checksum is 8, but");
    fails(
        &home.perigee(&space("passes", &file, &["--to", "2024-01-01T11:00:00Z"])),
        2,
        "not after its start",
    );
    fails(
        &home.perigee(&space("passes", &file, &["--to", "2124-01-01T11:00:00Z"])),
        2,
        "366",
    );
    for command in ["passes", "map", "watch"] {
        let soon = &["--to", "soon"];
        fails(&home.perigee(&space(command, &file, soon)), 2, "2026-01-31T12:00:00Z");
    }
    let old = ["--to", "2024-01-20T12:00:00Z", "--accuracy-km", "10"];
    fails(&home.perigee(&space("passes", &file, &old)), 2, "19.0 days");
    let outside = ["--to", EVENING[1], "--station", "91,0,0"];
    fails(&home.perigee(&space("passes", &file, &outside)), 2, "latitude");
    fails(&home.perigee(&space("passes", "absent.tle", &EVENING)), 2, "absent.tle");
}

#[test]
fn completions_are_printed() {
    let home = Home::new();
    assert!(stdout(&home.perigee(&["completions", "bash"])).contains("perigee"));
}
