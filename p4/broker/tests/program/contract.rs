//! Every build compiles, and the program's control-plane view is what `docs/PIPELINE.md` says.

use std::collections::BTreeSet;
use std::path::Path;

use sluice_broker::{Arch, Build};
use sluice_entities::{MatchKind, PipelineInfo};

fn info(build: Build) -> PipelineInfo {
    match sluice_broker::compile(build) {
        Ok(module) => module.info(),
        Err((found, sources)) => panic!("{build:?}\n{}", found.render(&sources)),
    }
}

#[test]
fn every_build_compiles() {
    for arch in [Arch::Sluice, Arch::V1model] {
        for (terms, copies) in [(64, 64), (256, 128), (1024, 128)] {
            let info = info(Build { arch, terms, copies, ..Build::default() });
            let collects = info.tables.iter().filter(|table| table.name.contains(".collect_")).count();
            assert_eq!(collects as u32, terms / 8);
            assert_eq!(info.action("ingress.narrow").expect("the action").params[0].width, terms);
            assert_eq!(info.action("ingress.collect").expect("the action").params[0].width, copies);
        }
    }
    info(Build { digest_bits: 16, ..Build::default() });
}

/// The page's words in back quotes, with its short forms written out: `` `a_src`, `_dst` `` and `` `a_0` ... `a_3` ``.
fn names(cell: &str) -> Vec<String> {
    let cell = cell.split(" (").next().unwrap_or_default();
    let quoted: Vec<&str> = cell.split('`').skip(1).step_by(2).collect();
    let mut names: Vec<String> = Vec::new();
    for word in quoted {
        let name = match (word.strip_prefix("_dst"), names.last()) {
            (Some(_), Some(source)) => source.replace("_src", "_dst"),
            _ => word.to_string(),
        };
        if cell.contains("...") && !names.is_empty() {
            let (stem, last) = name.rsplit_once('_').expect("a number");
            let last: u32 = last.parse().expect("a number");
            names = (0..=last).map(|index| format!("{stem}_{index}")).collect();
        } else {
            names.push(name);
        }
    }
    names
}

/// Rows of the page's tables of tables in a section.
fn rows(page: &str, section: &str) -> Vec<Vec<String>> {
    let body = page.split(&format!("\n## {section}")).nth(1).expect("the section");
    let body = body.split("\n## ").next().unwrap_or_default();
    body.lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| line.split('|').skip(1).map(|cell| cell.trim().to_string()).collect())
        .collect()
}

#[test]
fn the_page_names_every_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/PIPELINE.md");
    let page = std::fs::read_to_string(path).expect("docs/PIPELINE.md");
    let mut described: BTreeSet<String> = BTreeSet::new();
    for (control, section) in [("ingress", "Ingress tables"), ("egress", "Egress tables")] {
        for row in rows(&page, section) {
            described.extend(names(&row[0]).into_iter().map(|name| format!("{control}.{name}")));
        }
    }
    let info = info(Build::default());
    let declared: BTreeSet<String> = info.tables.iter().map(|table| table.name.to_string()).collect();
    assert_eq!(described, declared);
}

#[test]
fn the_page_says_what_the_keys_are() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/PIPELINE.md");
    let page = std::fs::read_to_string(path).expect("docs/PIPELINE.md");
    let info = info(Build::default());
    let mut checked = 0;
    for row in rows(&page, "Ingress tables") {
        let (tables, keys) = (names(&row[0]), names(&row[1]));
        let words: Vec<&str> = row[2].split(' ').collect();
        let [kind, width] = words[..] else { continue };
        let Ok(width) = width.parse::<u32>() else { continue };
        for (index, name) in tables.iter().enumerate() {
            let Some(table) = info.table(&format!("ingress.{name}")) else { panic!("no table {name}") };
            let key = &table.keys[0];
            let expected = match key.kind {
                MatchKind::Exact => "exact",
                MatchKind::Lpm => "lpm",
                MatchKind::Ternary => "ternary",
                MatchKind::Range => "range",
                MatchKind::Optional | MatchKind::Selector => "other",
            };
            assert_eq!((kind, width), (expected, key.width), "{name}");
            let label = keys.get(index).or(keys.first()).expect("a key");
            assert_eq!(*label, *key.name, "{name}");
            checked += 1;
        }
    }
    assert!(checked > 30, "{checked} tables with a key");
}

#[test]
fn actions_have_the_parameters_of_the_page() {
    let info = info(Build::default());
    let params = |name: &str| -> Vec<(String, u32)> {
        let action = info.action(name).unwrap_or_else(|| panic!("no action {name}"));
        action.params.iter().map(|param| (param.name.to_string(), param.width)).collect()
    };
    let expect = |name: &str, expected: &[(&str, u32)]| {
        let expected: Vec<(String, u32)> =
            expected.iter().map(|(name, width)| ((*name).to_string(), *width)).collect();
        assert_eq!(params(name), expected, "{name}");
    };
    let ip = [("dst_mac", 48), ("src_mac", 48), ("src_ip", 32), ("dst_ip", 32), ("ttl", 8), ("dscp", 6)];
    let around = |more: &[(&'static str, u32)]| [&ip[..], more].concat();
    expect(
        "ingress.activate",
        &[("alive", 256), ("either_addr", 256), ("either_port", 256), ("otherwise", 128)],
    );
    expect("ingress.admit", &[("survivors", 256), ("source", 9), ("keep_bad", 1)]);
    expect("ingress.refuse", &[]);
    expect("ingress.no_address", &[("src", 256), ("dst", 256)]);
    expect("ingress.no_port", &[("src", 256), ("dst", 256)]);
    expect("ingress.no_tunnel", &[("terms", 256)]);
    expect("ingress.count", &[]);
    expect("ingress.thin", &[("threshold", 32), ("copies", 128)]);
    expect("ingress.configure", &[("window_ns", 48), ("copies", 128), ("ignore", 8)]);
    expect("ingress.hash_by", &[("hosts", 8), ("copies", 128)]);
    expect("ingress.choose", &[("drop", 128)]);
    expect("ingress.send", &[("group", 16)]);
    expect("ingress.discard", &[]);
    expect("egress.strip", &[("what", 16)]);
    expect("egress.mask", &[("anchor", 3), ("offset", 16), ("length", 16), ("value", 8)]);
    expect("egress.slice", &[("anchor", 3), ("bytes", 16)]);
    expect("egress.push_label", &[("vid", 12)]);
    expect("egress.stamp_d28b", &[("version", 16), ("tai_offset_s", 16)]);
    expect("egress.stamp_vss", &[("source", 2), ("port_bytes", 2), ("port", 16)]);
    expect("egress.stamp_ixia", &[("source", 8)]);
    expect("egress.stamp_metamako", &[("flags", 8), ("device", 16), ("port", 8)]);
    expect("egress.stamp_exablaze", &[("device", 8), ("port", 8)]);
    expect("egress.encapsulate_vxlan", &around(&[("udp_port", 16), ("vni", 24)]));
    expect("egress.encapsulate_gre", &around(&[("key", 32)]));
    expect("egress.encapsulate_erspan2", &around(&[("session", 10)]));
    expect("egress.encapsulate_erspan3", &around(&[("session", 10), ("granularity", 2)]));
    expect("egress.fix", &[]);
    expect("egress.tool", &[("flags", 8), ("max_frame", 16), ("dst_mac", 48), ("vid", 12)]);
}
