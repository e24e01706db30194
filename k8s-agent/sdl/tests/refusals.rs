//! Files that are refused, or accepted with a warning: what is said, and where.

use perigee_sdl::{Diagnostic, Diagnostics, Sdl, Severity};

/// An accepted file, into which tests put one mistake each.
const GOOD: &str = r#"version: "2.0"
services:
  web:
    image: nginx:1.27
    env:
      - A=1
    expose:
      - port: 8080
        as: 80
        to:
          - global: true
  db:
    image: postgres:16
    expose:
      - port: 5432
        to:
          - service: web
    params:
      storage:
        data:
          mount: /var/lib/postgresql
profiles:
  compute:
    small:
      resources:
        cpu:
          units: 0.5
        memory:
          size: 512Mi
        storage:
          - size: 1Gi
    large:
      resources:
        cpu:
          units: 2
        memory:
          size: 2Gi
        storage:
          - size: 1Gi
          - name: data
            size: 10Gi
            attributes:
              persistent: true
              class: beta3
  placement:
    anywhere:
      attributes:
        region: eu
      pricing:
        small:
          denom: uprg
          amount: 100
        large:
          denom: uprg
          amount: 200
deployment:
  web:
    anywhere:
      profile: small
      count: 2
  db:
    anywhere:
      profile: large
      count: 1
"#;

fn with(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from:?} is not in the file");
    GOOD.replacen(from, to, 1)
}

fn refused(text: &str) -> Diagnostics {
    let errors = Sdl::parse("app.yaml", text)
        .err()
        .unwrap_or_else(|| panic!("accepted:\n{text}"));
    assert!(errors.has_errors());
    errors
}

/// The one error of the file with this change.
fn error(from: &str, to: &str) -> Diagnostic {
    let errors = refused(&with(from, to));
    let found: Vec<_> = errors.iter().filter(|d| d.severity == Severity::Error).collect();
    assert_eq!(found.len(), 1, "{errors}");
    found[0].clone()
}

/// The one warning of the file with this change.
fn warning(from: &str, to: &str) -> Diagnostic {
    let sdl = Sdl::parse("app.yaml", &with(from, to)).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(sdl.warnings().len(), 1, "{}", sdl.warnings());
    sdl.warnings().iter().next().unwrap().clone()
}

fn code(from: &str, to: &str) -> &'static str {
    error(from, to).code
}

#[test]
fn the_good_file_is_good() {
    let sdl = Sdl::parse("app.yaml", GOOD).unwrap();
    assert!(sdl.warnings().is_empty(), "{}", sdl.warnings());
    let total = sdl.groups()[0].total();
    assert_eq!(
        (
            total.cpu_milli,
            total.memory_mib(),
            total.storage_mib(),
            total.endpoints
        ),
        (3000, 3072, 13 * 1024, 1)
    );
    assert_eq!(sdl.groups()[0].max_price().unwrap().amount.to_string(), "400");
}

#[test]
fn an_unknown_key_has_its_place_and_the_nearest_known_key() {
    let error = error("    image: nginx:1.27", "    image: nginx:1.27\n    comand: [sh]");
    assert_eq!((error.file.as_str(), error.line, error.column), ("app.yaml", 5, 5));
    assert_eq!(error.code, "unknown-key");
    assert_eq!(error.hint.as_deref(), Some("did you mean `command`?"));
    assert!(error.expected.unwrap().contains("image, command, args"));
}

#[test]
fn the_text_shows_the_line_with_a_caret() {
    let text = refused(&with("port: 8080", "port: 80800")).to_string();
    assert!(text.contains("error: 80800 is out of range"), "{text}");
    assert!(text.contains("--> app.yaml:8:15"), "{text}");
    assert!(text.contains("8 |       - port: 80800"), "{text}");
    assert!(text.contains("^^^^^ expected a whole number from 1 to 65535"), "{text}");
}

#[test]
fn a_comment_behind_text_in_quotes_is_not_marked() {
    let text = refused(&with("port: 8080", "port: \"8080\" # web")).to_string();
    assert!(text.contains("              ^^^^^^ expected a whole number"), "{text}");
}

#[test]
fn words_of_docker_compose_get_advice() {
    for (key, advice) in [
        ("depends_on: [db]", "start together"),
        ("volumes: [a]", "params.storage"),
        ("cmd: sh", "`command`"),
        ("environment: {A: 1}", "`env`"),
        ("restart: always", "always restarted"),
        ("ports: [80]", "`expose`"),
    ] {
        let error = error("    image: nginx:1.27", &format!("    image: nginx:1.27\n    {key}"));
        assert_eq!(error.code, "unknown-key");
        assert!(error.hint.as_ref().unwrap().contains(advice), "{key}: {:?}", error.hint);
    }
}

#[test]
fn all_errors_of_a_file_come_at_once() {
    let text = GOOD
        .replace("port: 8080", "port: 0")
        .replace("size: 512Mi", "size: lots")
        .replace("image: postgres:16", "imge: postgres:16")
        .replace("profile: large", "profile: lrge")
        .replacen("denom: uprg", "denom: usd", 1);
    let errors = refused(&text);
    let codes: Vec<_> = errors.iter().map(|d| d.code).collect();
    let expected = [
        "out-of-range",
        "missing-key",
        "unknown-key",
        "bad-quantity",
        "unknown-denom",
        "unknown-profile",
    ];
    assert_eq!(codes, expected, "{errors}");
    assert!(errors.iter().zip(errors.iter().skip(1)).all(|(a, b)| a.line <= b.line));
}

#[test]
fn an_error_does_not_echo_through_the_file() {
    // A broken section must not make every reference to it an error of its own.
    for text in [
        with("services:", "servces:"),
        with("  compute:", "  compte:"),
        with("  placement:", "  placment:"),
    ] {
        let errors = refused(&text);
        assert_eq!(errors.len(), 2, "{errors}");
        assert!(errors.iter().any(|d| d.code == "unknown-key") && errors.iter().any(|d| d.code == "missing-key"));
    }
    assert_eq!(code("          units: 0.5", "          units: -1"), "bad-quantity");
}

#[test]
fn json_is_an_array_for_editors() {
    let errors = refused(&with("count: 2", "count: many"));
    let json: serde_json::Value = serde_json::from_str(&errors.to_json()).unwrap();
    let first = &json.as_array().unwrap()[0];
    assert_eq!(first["severity"], "error");
    assert_eq!(first["file"], "app.yaml");
    assert_eq!(first["line"], 60);
    assert_eq!(first["column"], 14);
    assert_eq!(first["path"], "deployment.web.anywhere.count");
    assert_eq!(first["message"], "`many` is no whole number");
    assert_eq!(first["expected"], "a whole number of at least 1");
}

#[test]
fn what_is_no_yaml_is_refused_with_its_place() {
    for text in [
        "a: [",
        "a: b: c",
        "a:\n\t- b",
        "{",
        "services:\n  web\n  db: x\n",
        "a: 'b",
        "%",
        "\"",
        "- a\nb: c",
    ] {
        let errors = refused(text);
        assert!(
            errors.iter().all(|d| d.line >= 1 && d.column >= 1),
            "{text:?}: {errors:?}"
        );
    }
    assert_eq!(refused("").iter().next().unwrap().code, "yaml-empty");
    assert_eq!(refused("just text").iter().next().unwrap().code, "wrong-kind");
    assert_eq!(refused("- a\n- b\n").iter().next().unwrap().code, "wrong-kind");
}

#[test]
fn a_key_that_stands_twice_is_refused() {
    let error = error("    image: nginx:1.27", "    image: nginx:1.27\n    image: nginx:1.28");
    assert_eq!((error.code, error.line), ("yaml-duplicate-key", 5));
    assert!(error.hint.unwrap().contains("line 4"));
}

#[test]
fn text_that_is_no_utf8_has_its_place() {
    let mut bytes = GOOD.as_bytes().to_vec();
    let at = GOOD.find("nginx").unwrap();
    bytes[at] = 0xff;
    let errors = Sdl::parse_bytes("app.yaml", &bytes).unwrap_err();
    let error = errors.iter().next().unwrap();
    assert_eq!((error.code, error.line, error.column), ("not-utf8", 4, 12));
}

#[test]
fn versions_are_two() {
    assert_eq!(code("version: \"2.0\"", "version: \"3.0\""), "unknown-version");
    assert_eq!(code("version: \"2.0\"", "# no version"), "missing-key");
    assert_eq!(warning("version: \"2.0\"", "version: 2.0").code, "loose-version");
    assert_eq!(warning("version: \"2.0\"", "version: \"2\"").code, "loose-version");
}

#[test]
fn wrong_kinds_are_refused_with_advice() {
    let to = error(
        "        to:\n          - global: true",
        "        to:\n          global: true",
    );
    assert_eq!(to.code, "wrong-kind");
    assert!(to.hint.unwrap().contains("`- `"));
    let env = error("      - A=1", "      A: 1");
    assert!(env.hint.unwrap().contains("NAME=value"));
    let args = error("    image: nginx:1.27", "    image: nginx:1.27\n    args: serve");
    assert!(args.hint.unwrap().contains("one item per line"));
    let port = error("port: 8080", "port: \"8080\"");
    assert_eq!(port.hint.as_deref(), Some("remove the quotes"));
    let global = error("global: true", "global: \"true\"");
    assert_eq!(global.hint.as_deref(), Some("remove the quotes"));
    assert_eq!(code("    image: nginx:1.27", "    image: [nginx]"), "wrong-kind");
    assert_eq!(code("          size: 512Mi", "          size: {a: 1}"), "wrong-kind");
    assert_eq!(code("count: 2", "count: 1.5"), "not-an-integer");
    assert_eq!(code("count: 2", "count: 010"), "not-an-integer");
    assert_eq!(code("count: 2", "count: 99999999999999999999"), "out-of-range");
}

#[test]
fn zero_and_uncountable_resources_are_refused() {
    assert_eq!(code("units: 0.5", "units: 0"), "zero-resources");
    assert_eq!(code("size: 512Mi", "size: 0Mi"), "zero-resources");
    assert_eq!(
        code("          - size: 1Gi\n    large", "          - size: 0\n    large"),
        "zero-resources"
    );
    assert_eq!(code("size: 512Mi", "size: 999999999999Ei"), "bad-quantity");
    assert_eq!(code("count: 2", "count: 0"), "out-of-range");
    assert_eq!(code("count: 2", "count: 40000000000"), "out-of-range");
    assert_eq!(code("amount: 100", "amount: 0"), "zero-price");
    assert_eq!(code("amount: 100", "amount: -1"), "bad-quantity");
    assert_eq!(code("amount: 100", "amount: 0.0000000000000000001"), "bad-quantity");
    assert_eq!(code("amount: 100", "amount: 1e60"), "bad-quantity");
}

#[test]
fn references_must_lead_somewhere() {
    let profile = error("profile: small", "profile: smal");
    assert_eq!(profile.code, "unknown-profile");
    assert_eq!(profile.hint.as_deref(), Some("did you mean `small`?"));
    assert_eq!(
        code(
            "  web:\n    anywhere:\n      profile: small",
            "  web:\n    nowhere:\n      profile: small"
        ),
        "unknown-placement"
    );
    assert_eq!(
        code("        small:\n          denom: uprg\n          amount: 100\n", ""),
        "missing-price"
    );
    assert_eq!(
        code("  web:\n    anywhere:\n      profile: small\n      count: 2\n", ""),
        "not-deployed"
    );
    assert_eq!(
        code(
            "  db:\n    anywhere:\n",
            "  db2:\n    anywhere:\n      profile: small\n      count: 1\n  db:\n    anywhere:\n"
        ),
        "unknown-service"
    );
    let errors = refused(&with(
        "        data:\n          mount",
        "        date:\n          mount",
    ));
    assert_eq!(
        errors.iter().map(|d| d.code).collect::<Vec<_>>(),
        ["not-mounted", "unknown-volume"],
        "{errors}"
    );
}

#[test]
fn storage_follows_its_rules() {
    let class = "              persistent: true\n              class: beta3\n";
    assert_eq!(
        code("          mount: /var/lib/postgresql", "          readOnly: true"),
        "not-mounted"
    );
    assert_eq!(code("mount: /var/lib", "mount: var/lib"), "mount-path");
    assert_eq!(
        code(class, "              persistent: true\n              class: ram\n"),
        "ram-persistent"
    );
    assert_eq!(
        code(class, "              persistent: false\n              class: beta3\n"),
        "class-not-persistent"
    );
    assert_eq!(code(class, "              class: beta3\n"), "class-not-persistent");
    assert_eq!(code(class, "              class: beta9\n"), "unknown-value");
    assert_eq!(
        code(
            "          - name: data\n            size: 10Gi",
            "          - size: 3Gi\n          - name: data\n            size: 10Gi"
        ),
        "volume-twice"
    );
    // YAML 1.1 words are booleans, and a persistent volume without a class gets the default one.
    let sdl = Sdl::parse("app.yaml", &with(class, "              persistent: on\n")).unwrap();
    let manifest = String::from_utf8(sdl.manifest_json()).unwrap();
    let attributes = r#""attributes":[{"key":"class","value":"default"},{"key":"persistent","value":"true"}]"#;
    assert!(manifest.contains(attributes), "{manifest}");
}

#[test]
fn a_single_volume_needs_no_list() {
    let single = |text: &str| {
        with(
            "        storage:\n          - size: 1Gi\n    large",
            &format!("        storage:\n          {text}\n    large"),
        )
    };
    assert!(Sdl::parse("x", &single("size: 1Gi")).unwrap().warnings().is_empty());
    for (text, code) in [
        ("size: lots", "bad-quantity"),
        ("size: 0", "zero-resources"),
        ("name: a", "missing-key"),
    ] {
        let errors = refused(&single(text));
        let errors: Vec<_> = errors.iter().filter(|d| d.severity == Severity::Error).collect();
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert_eq!(errors[0].code, code);
        assert!((30..=31).contains(&errors[0].line), "{errors:?}");
    }
}

#[test]
fn two_volumes_cannot_share_a_path() {
    let text = with(
        "          - name: data",
        "          - name: more\n            size: 1Gi\n          - name: data",
    );
    let mounts = "        more:\n          mount: /var/lib/postgresql\n        data:\n";
    let errors = refused(&text.replacen("        data:\n", mounts, 1));
    assert_eq!(
        errors.iter().map(|d| d.code).collect::<Vec<_>>(),
        ["mount-twice"],
        "{errors}"
    );
}

#[test]
fn memory_volumes_are_never_read_only_in_2_1() {
    let ram = GOOD
        .replace(
            "              persistent: true\n              class: beta3\n",
            "              class: ram\n",
        )
        .replace(
            "          mount: /var/lib/postgresql",
            "          mount: /dev/shm\n          readOnly: true",
        );
    let sdl = Sdl::parse("app.yaml", &ram).unwrap();
    assert_eq!(
        sdl.groups()[0].total().memory_mib(),
        3072 + 10 * 1024,
        "a volume in memory counts as memory"
    );
    let errors = refused(&ram.replace("version: \"2.0\"", "version: \"2.1\""));
    assert_eq!(errors.iter().next().unwrap().code, "ram-read-only");
}

#[test]
fn gpus_need_a_vendor_and_units() {
    let gpu = |text: &str| {
        with(
            "          size: 512Mi\n",
            &format!("          size: 512Mi\n        gpu:\n{text}"),
        )
    };
    let code = |text: &str| refused(&gpu(text)).iter().map(|d| d.code).collect::<Vec<_>>().join(" ");
    assert_eq!(code("          units: 1\n"), "gpu-attributes");
    assert_eq!(
        code("          units: 0\n          attributes:\n            vendor:\n              nvidia:\n"),
        "gpu-attributes"
    );
    assert_eq!(
        code("          attributes:\n            vendor:\n              nvidia:\n"),
        "missing-key"
    );
    assert_eq!(
        code("          units: 1\n          attributes:\n            vendor:\n"),
        "missing-key"
    );
    assert_eq!(
        code("          units: 1\n          attributes:\n            vendor:\n              amd:\n"),
        "missing-key unknown-key"
    );
    let model =
        "          units: 1\n          attributes:\n            vendor:\n              nvidia:\n                - ";
    assert_eq!(code(&format!("{model}ram: 80Gi\n")), "missing-key");
    assert_eq!(
        code(&format!("{model}model: a100\n                  interface: usb\n")),
        "unknown-value"
    );
    let any = Sdl::parse(
        "x",
        &gpu("          units: 1\n          attributes:\n            vendor:\n              nvidia:\n"),
    );
    assert!(String::from_utf8(any.unwrap().manifest_json())
        .unwrap()
        .contains("vendor/nvidia/model/*"));
    let one = Sdl::parse(
        "x",
        &gpu(&format!(
            "{model}model: a100\n                  ram: 80Gi\n                  interface: sxm\n"
        )),
    );
    let one = String::from_utf8(one.unwrap().manifest_json()).unwrap();
    assert!(one.contains("vendor/nvidia/model/a100/ram/80Gi/interface/sxm"));
}

#[test]
fn leased_addresses_follow_their_rules() {
    let leased = with(
        "          - global: true",
        "          - global: true\n            ip: front",
    );
    assert_eq!(refused(&leased).iter().next().unwrap().code, "unknown-endpoint");
    let declared = format!("{leased}endpoints:\n  front:\n    kind: ip\n");
    let sdl = Sdl::parse("x", &declared).unwrap();
    assert_eq!(
        sdl.manifest().groups[0].services[1].expose[0].endpoint_sequence_number,
        1
    );
    let unused = format!("{GOOD}endpoints:\n  front:\n    kind: ip\n");
    assert_eq!(refused(&unused).iter().next().unwrap().code, "endpoint-unused");
    let kind = declared.replace("kind: ip", "kind: dns");
    assert_eq!(refused(&kind).iter().next().unwrap().code, "unknown-value");
    let local = declared.replace("- global: true\n            ip", "- global: false\n            ip");
    assert_eq!(refused(&local).iter().next().unwrap().code, "ip-needs-global");
    let twice = declared.replace(
        "            ip: front\n",
        "            ip: front\n          - global: true\n            ip: front\n",
    );
    assert_eq!(refused(&twice).iter().next().unwrap().code, "port-taken");
    let name = declared.replace("front", "Front");
    assert_eq!(refused(&name).iter().next().unwrap().code, "endpoint-name");
}

#[test]
fn http_options_have_limits() {
    let options = |text: &str| {
        with(
            "        as: 80",
            &format!("        as: 80\n        http_options:\n          {text}"),
        )
    };
    let code = |text: &str| {
        refused(&options(text))
            .iter()
            .map(|d| d.code)
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(code("max_body_size: 104857601"), "out-of-range");
    assert_eq!(code("read_timeout: 60001"), "out-of-range");
    assert_eq!(code("proxy_buffer_size: 1048577"), "out-of-range");
    assert_eq!(code("next_cases: [error, off]"), "off-stands-alone");
    assert_eq!(code("next_cases: [\"418\"]"), "unknown-value");
    let sdl = Sdl::parse("x", &options("next_cases: [off]\n          proxy_buffer_size: 4096")).unwrap();
    let manifest = String::from_utf8(sdl.manifest_json()).unwrap();
    assert!(
        manifest.contains(r#""nextCases":["off"],"nextTimeout":0,"nextTries":3,"proxyBufferSize":4096"#),
        "{manifest}"
    );
}

#[test]
fn confidential_computing_is_of_one_kind_per_placement() {
    let text = with("    params:\n", "    params:\n      tee: cpu\n");
    let sdl = Sdl::parse("x", &text).unwrap();
    let attributes = sdl.groups()[0].requirements.attributes.clone().unwrap();
    assert_eq!(
        attributes.iter().map(|a| a.key.as_str()).collect::<Vec<_>>(),
        ["region", "tee/type"]
    );
    let errors = refused(&text.replacen("    env:", "    params:\n      tee: cpu-gpu\n    env:", 1));
    let codes: Vec<_> = errors.iter().map(|d| d.code).collect();
    assert_eq!(codes, ["tee-needs-gpu", "tee-mixed"], "{errors}");
}

#[test]
fn credentials_are_complete_and_the_email_is_kept_by_2_1() {
    let login = "    credentials:\n      host: ghcr.io\n      username: me\n      password: ' secret1 '\n      email: me@example.com\n";
    let old = with("    env:\n", &format!("{login}    env:\n"));
    let manifest = |text: &str| String::from_utf8(Sdl::parse("x", text).unwrap().manifest_json()).unwrap();
    assert!(manifest(&old)
        .contains(r#""credentials":{"email":"","host":"ghcr.io","password":" secret1 ","username":"me"}"#));
    let new = old.replace("\"2.0\"", "\"2.1\"");
    assert!(manifest(&new).contains(r#""email":"me@example.com","host":"ghcr.io","password":"secret1""#));
    assert_eq!(
        refused(&old.replace("      username: me\n", ""))
            .iter()
            .next()
            .unwrap()
            .code,
        "missing-key"
    );
    assert_eq!(
        refused(&old.replace("' secret1 '", "short"))
            .iter()
            .next()
            .unwrap()
            .code,
        "too-short"
    );
    assert!(
        !format!("{:?}", Sdl::parse("x", &old).unwrap()).contains("secret1"),
        "no password in debug output"
    );
}

#[test]
fn what_akash_ignores_is_accepted_with_a_warning() {
    let cases = [
        (
            "    env:\n",
            "    dependencies:\n      - service: db\n    env:\n",
            "without-effect",
        ),
        ("- service: web", "- service: wep", "unknown-service"),
        ("services:", "include: [other.yaml]\nservices:", "without-effect"),
        ("          size: 512Mi", "          size: 512MB", "loose-quantity"),
        ("          size: 512Mi", "          size: 536870912", "loose-quantity"),
        ("units: 0.5", "units: 0.0005", "loose-quantity"),
        ("denom: uprg", "denom: ibc/12C6", "foreign-denom"),
        (
            "      - port: 5432\n        to:\n          - service: web\n",
            "      - port: 5432\n",
            "exposes-nothing",
        ),
        (
            "          - service: web",
            "          - global: false",
            "exposes-nothing",
        ),
        ("          - global: true", "          - service: db", "nothing-global"),
        (
            "    large:\n",
            "    huge:\n      resources: {cpu: {units: 1}, memory: {size: 1Gi}, storage: {size: 1Gi}}\n    large:\n",
            "unused-profile",
        ),
        ("      - A=1", "      - A=1\n      - A=2", "env-twice"),
    ];
    for (from, to, code) in cases {
        let warning = warning(from, to);
        assert_eq!((warning.code, warning.severity), (code, Severity::Warning));
        assert!(!warning.blocks_deployment, "{code}");
    }
}

#[test]
fn what_no_provider_can_run_stands_against_a_deployment() {
    let blocked = [
        ("      - A=1", "      - 1A=1", "env-name"),
        ("      - A=1", "      - A", "env-name"),
        (
            "        as: 80",
            "        as: 80\n        accept: [\"*.example.com\"]",
            "host-name",
        ),
        (
            "        as: 80",
            "        as: 80\n        accept: [a.example.com, a.example.com]",
            "host-twice",
        ),
    ];
    for (from, to, code) in blocked {
        let warning = warning(from, to);
        assert_eq!(warning.code, code);
        assert!(warning.blocks_deployment, "{code}");
    }
    let absurd = [
        ("units: 0.5", "units: 99999999", "absurd-amount"),
        ("size: 512Mi", "size: 5000Pi", "absurd-amount"),
        ("count: 2", "count: 4000000000", "absurd-amount"),
        (
            "units: 0.5",
            "units: 0.5\n          attributes:\n            arch: aarch64",
            "unknown-arch",
        ),
    ];
    for (from, to, code) in absurd {
        let warning = warning(from, to);
        assert_eq!(warning.code, code);
        assert!(warning.blocks_deployment, "{code}");
    }
    let renamed = GOOD.replace("  db:\n", "  Db_1:\n");
    let sdl = Sdl::parse("x", &renamed).unwrap();
    assert_eq!(
        sdl.warnings().blockers().map(|d| d.code).collect::<Vec<_>>(),
        ["service-name"]
    );
}

#[test]
fn null_sections_are_empty_ones() {
    let sdl = Sdl::parse(
        "x",
        &with("    env:\n      - A=1\n", "    env:\n    command: null\n    args: ~\n"),
    )
    .unwrap();
    assert_eq!(sdl.manifest().groups[0].services[1].env, None);
    Sdl::parse(
        "x",
        &with(
            "      attributes:\n        region: eu\n",
            "      attributes:\n      signedBy:\n",
        ),
    )
    .unwrap();
    assert_eq!(code("    image: nginx:1.27", "    image:"), "missing-key");
    assert_eq!(code("profile: small", "profile:"), "missing-key");
}

#[test]
fn anchors_and_merge_keys_work() {
    let text = GOOD
        .replace(
            "    small:\n      resources:\n        cpu:\n          units: 0.5",
            "    small:\n      resources: &r\n        cpu: &c\n          units: 0.5",
        )
        .replace("        cpu:\n          units: 2\n", "        <<: *r\n");
    let sdl = Sdl::parse("x", &text).unwrap();
    assert_eq!(sdl.groups()[0].total().cpu_milli, 1500);
}

#[test]
fn services_that_share_a_profile_share_a_resource_unit() {
    let text = GOOD.replace("profile: small", "profile: large");
    let sdl = Sdl::parse(
        "x",
        &text.replace(
            "    image: nginx:1.27",
            "    image: nginx:1.27\n    params:\n      storage:\n        data:\n          mount: /d",
        ),
    );
    let sdl = sdl.unwrap();
    let units = &sdl.groups()[0].resources;
    assert_eq!((units.len(), units[0].count, units[0].resource.id), (1, 3, 1));
    assert!(sdl.manifest().groups[0].services.iter().all(|s| s.resources.id == 1));
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_do_not_matter() {
    let hash = Sdl::parse("x", GOOD).unwrap().hash();
    let text = format!("\u{feff}{}", GOOD.replace('\n', "\r\n"));
    assert_eq!(Sdl::parse("x", &text).unwrap().hash(), hash);
    let errors = refused(&text.replace("port: 8080", "port: 80800"));
    assert_eq!(
        (errors.iter().next().unwrap().line, errors.iter().next().unwrap().column),
        (8, 15)
    );
}

#[test]
fn built_documents_are_judged_like_files() {
    use perigee_sdl::model::{Compute, Document, Service};
    let document = Document::default()
        .with_service("web", Service::new(""))
        .with_compute("small", Compute::new(0, 1, 1))
        .with_deployment("web", "nowhere", "small", 0);
    let errors = Sdl::from_document(document).unwrap_err();
    let codes: Vec<_> = errors.iter().map(|d| d.code).collect();
    assert_eq!(
        codes,
        ["empty-image", "zero-resources", "out-of-range", "unknown-placement"],
        "{errors}"
    );
    assert!(
        errors.to_string().contains("services.web.image: the image has no name"),
        "{errors}"
    );
}
