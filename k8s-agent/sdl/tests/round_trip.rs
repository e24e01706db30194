//! Printing a document and reading it back changes nothing, whatever the document holds.

use perigee_sdl::model::{
    Compute, Credentials, Deployment, Document, EndpointKind, Expose, ExposeTo, Gpu, GpuInterface, GpuModel,
    HttpOptions, Mount, Params, Permission, Placement, Price, Protocol, Service, StorageClass, Tee, Version, Volume,
    VolumeAttributes,
};
use perigee_sdl::{Decimal, Sdl};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Any text, with a liking for what YAML gives a meaning.
fn wild() -> impl Strategy<Value = String> {
    let nasty = [
        "", " ", "~", "null", "yes", "off", "1e3", "0x1f", "- a", "a: b", "#x", "*a", "&a", "!t", "|", ">", "%a", "@a",
        "`a", "{a}", "[a]", "a\nb", "a\r\nb\n", "\t", "\"", "'", "\\", "\u{0}", "\u{7f}", "\u{85}", "\u{2028}",
        "\u{feff}", "---", "...", "<<", "=", "é🛰", "<a>&b",
    ];
    prop_oneof![
        proptest::sample::select(nasty.to_vec()).prop_map(String::from),
        any::<String>()
    ]
}

fn word() -> impl Strategy<Value = String> {
    "[a-z]([-a-z0-9]{0,6}[a-z0-9])?"
}

fn filled() -> impl Strategy<Value = String> {
    wild().prop_map(|text| format!("x{text}"))
}

fn expose() -> impl Strategy<Value = Expose> {
    let to = (any::<bool>(), option::of(filled())).prop_map(|(global, service)| ExposeTo {
        global,
        service,
        ip: None,
    });
    let cases = prop_oneof![
        Just(vec!["error".into(), "timeout".into()]),
        Just(vec!["off".into()]),
        Just(vec!["500".into(), "404".into()]),
    ];
    let options = (
        0..=104_857_600u32,
        0..=1_048_576u32,
        0..=60_000u32,
        0..=60_000u32,
        any::<u32>(),
        any::<u32>(),
        cases,
    );
    let options = options.prop_map(|(body, buffer, read, send, tries, timeout, next_cases)| HttpOptions {
        max_body_size: body,
        next_cases: Cow::Owned(next_cases),
        next_timeout: timeout,
        next_tries: tries,
        proxy_buffer_size: buffer,
        read_timeout: read,
        send_timeout: send,
    });
    let options = prop_oneof![Just(HttpOptions::default()), options];
    let proto = prop_oneof![Just(Protocol::Tcp), Just(Protocol::Udp)];
    (
        1..=u16::MAX,
        option::of(1..=u16::MAX),
        proto,
        vec(filled(), 0..3),
        vec(to, 0..3),
        options,
    )
        .prop_map(|(port, as_port, proto, accept, to, http_options)| Expose {
            port,
            as_port,
            proto,
            accept,
            to,
            http_options,
        })
}

fn service() -> impl Strategy<Value = Service> {
    let texts = || vec(wild(), 0..3);
    let permissions = vec(
        prop_oneof![
            Just(Permission::Deployment),
            Just(Permission::Logs),
            Just(Permission::Events)
        ],
        0..3,
    );
    let params = (option::of(permissions), any::<bool>()).prop_map(|(permissions, tee)| Params {
        storage: BTreeMap::new(),
        permissions,
        tee: tee.then_some(Tee::Cpu),
    });
    let credentials = (
        "x[ -~]{5,9}x",
        filled(),
        filled(),
        option::of("[ -~]{0,3}x@x[ -~]{1,4}x"),
    )
        .prop_map(|(password, host, username, email)| Credentials {
            host,
            email,
            username,
            password,
        });
    (
        filled(),
        texts(),
        texts(),
        texts(),
        vec(expose(), 0..4),
        texts(),
        option::of(params),
        option::of(credentials),
    )
        .prop_map(
            |(image, command, args, env, expose, dependencies, params, credentials)| Service {
                image,
                command,
                args,
                env,
                expose,
                dependencies,
                params,
                credentials,
            },
        )
}

fn compute() -> impl Strategy<Value = Compute> {
    let class = prop_oneof![
        Just(StorageClass::Default),
        Just(StorageClass::Beta2),
        Just(StorageClass::Beta3)
    ];
    let attributes = prop_oneof![
        class.prop_map(|class| VolumeAttributes {
            class: Some(class),
            persistent: true
        }),
        Just(VolumeAttributes {
            class: Some(StorageClass::Ram),
            persistent: false
        }),
        Just(VolumeAttributes {
            class: None,
            persistent: false
        }),
    ];
    let volumes = btree_map(
        wild().prop_map(|name| format!("v{name}")),
        (1..=1u64 << 50, option::of(attributes)),
        1..4,
    );
    let volumes = volumes.prop_map(|volumes| {
        let volume = |(name, (size_bytes, attributes))| Volume {
            name,
            size_bytes,
            attributes,
        };
        volumes.into_iter().map(volume).collect::<Vec<_>>()
    });
    let interface = prop_oneof![Just(GpuInterface::Pcie), Just(GpuInterface::Sxm)];
    let model = (filled(), option::of("[1-9][0-9]?Gi"), option::of(interface))
        .prop_map(|(model, ram, interface)| GpuModel { model, ram, interface });
    let gpu = prop_oneof![
        Just(Gpu::default()),
        (1..=9u64, vec(model, 0..3)).prop_map(|(units, models)| Gpu { units, models }),
    ];
    let arch = option::of(prop_oneof![Just("amd64".to_string()), Just("arm64".to_string())]);
    (1..=1_000_000u64, arch, 1..=1u64 << 49, volumes, option::of(gpu)).prop_map(
        |(cpu_milli, cpu_arch, memory_bytes, storage, gpu)| Compute {
            cpu_milli,
            cpu_arch,
            memory_bytes,
            storage,
            gpu,
        },
    )
}

fn price() -> impl Strategy<Value = Price> {
    let amount = (0..1_000_000u64, 1..1_000_000_000u64).prop_map(|(whole, part)| format!("{whole}.{part:018}"));
    let denom = prop_oneof![Just("uprg"), Just("uact"), Just("uakt"), Just("ibc/12C6A0C3")];
    (denom, amount).prop_map(|(denom, amount)| Price {
        denom: denom.into(),
        amount: Decimal::parse(&amount).expect("18 decimals; qed"),
    })
}

prop_compose! {
    /// A document that passes the checks: references are made to fit after the parts are drawn.
    fn document()(
        services in btree_map(word(), service(), 1..4),
        computes in btree_map(filled(), compute(), 1..3),
        places in btree_map(filled(), (btree_map(filled(), wild(), 0..3), vec(wild(), 0..2), vec(wild(), 0..2)), 1..3),
        prices in vec(price(), 16),
        picks in vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 1..=100u32), 1..8),
        new in any::<bool>(),
        include in vec(wild(), 0..2),
        reclamation in option::of("[1-9][0-9]{0,3}[smh]"),
        address in option::of("[a-z][-_a-z0-9]{1,5}"),
    ) -> Document {
        let mut document = Document {
            version: if new { Version::V2_1 } else { Version::V2_0 },
            include,
            services,
            compute: computes,
            reclamation,
            ..Document::default()
        };
        let profiles: Vec<String> = document.compute.keys().cloned().collect();
        for (name, (attributes, all_of, any_of)) in places {
            let pricing = profiles.iter().cloned().zip(prices.iter().cloned()).collect();
            document.placement.insert(name, Placement { attributes, all_of, any_of, pricing });
        }
        let places: Vec<String> = document.placement.keys().cloned().collect();
        for (index, (name, service)) in document.services.iter_mut().enumerate() {
            let (profile, place, count) = &picks[index % picks.len()];
            let profile = profile.get(&profiles).clone();
            for volume in &document.compute[&profile].storage {
                if volume.attributes.is_some_and(|a| a.persistent) {
                    let mount = Mount { mount: Some(format!("/m/{}", volume.name)), read_only: index == 1 };
                    service.params.get_or_insert_default().storage.insert(volume.name.clone(), mount);
                }
            }
            let deployment = Deployment { profile, count: *count };
            document.deployment.entry(name.clone()).or_default().insert(place.get(&places).clone(), deployment);
        }
        if let Some(address) = address {
            let first = document.services.values_mut().next().expect("at least one service; qed");
            first.expose.push(Expose::tcp(7000).to_everybody_at(&address));
            document.endpoints.insert(address, EndpointKind::Ip);
        }
        document
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn what_is_printed_reads_back_the_same(document in document()) {
        let built = Sdl::from_document(document.clone()).map_err(|e| TestCaseError::fail(e.to_string()))?;
        let text = document.to_yaml();
        let read = Sdl::parse("printed", &text).map_err(|e| TestCaseError::fail(format!("{e}\n{text}")))?;
        prop_assert_eq!(read.document(), &document, "{}", text);
        prop_assert_eq!(read.document().to_yaml(), text);
        prop_assert_eq!(read.manifest_json(), built.manifest_json());
        prop_assert_eq!(read.groups_json(), built.groups_json());
        prop_assert_eq!(read.hash(), built.hash());
    }

    #[test]
    fn manifest_and_order_ask_for_the_same(document in document()) {
        let sdl = Sdl::from_document(document).map_err(|e| TestCaseError::fail(e.to_string()))?;
        for (group, spec) in sdl.manifest().groups.iter().zip(sdl.groups()) {
            prop_assert_eq!(&group.name, &spec.name);
            prop_assert_eq!(group.total(), spec.total());
            for service in &group.services {
                prop_assert!(spec.resources.iter().any(|unit| unit.resource.id == service.resources.id));
            }
        }
    }
}
