//! Scripts that are wrong, or whose packets are: each `scripts/NAME.stf` with what is said of it in `NAME.txt`.
//!
//! They run on a switch that is made here: it has the tables and externs below, and sends back each packet by the port that
//! its first byte names, twice if its second byte is 2. `SLUICE_BLESS=1` writes the expected output anew.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sluice_diagnostics::{Diagnostics, Sources};
use sluice_entities::{
    ActionCall, ActionInfo, ActionRef, ActionScope, CounterInfo, CounterUnit, KeyInfo, MatchKind, MeterInfo,
    ParamInfo, PipelineInfo, RegisterInfo, TableEntry, TableInfo,
};
use sluice_stf::{Count, CounterCell, Operation, Received, Target, TargetError, Test, bind, parse, run};

fn table(name: &str, keys: &[(&str, MatchKind, u32)], direct_counter: Option<CounterUnit>) -> TableInfo {
    let key = |(name, kind, width): &(&str, MatchKind, u32)| KeyInfo {
        name: Arc::from(*name),
        kind: *kind,
        width: *width,
    };
    let action = |name: &str| ActionRef { name: Arc::from(name), scope: ActionScope::TableAndDefault };
    TableInfo {
        name: Arc::from(name),
        keys: keys.iter().map(key).collect(),
        selector_keys: Vec::new(),
        actions: vec![action("Ingress.forward"), action("Ingress.drop"), action("NoAction")],
        size: 16,
        default_action: Arc::from("NoAction"),
        default_is_const: false,
        entries_are_const: false,
        direct_counter,
        direct_meter: None,
        action_profile: None,
        has_idle_timeouts: false,
    }
}

fn info() -> PipelineInfo {
    let action = |name: &str, params: &[(&str, u32)]| ActionInfo {
        name: Arc::from(name),
        params: params
            .iter()
            .map(|(name, width)| ParamInfo { name: Arc::from(*name), width: *width })
            .collect(),
    };
    PipelineInfo {
        tables: vec![
            table("Ingress.exact", &[("hdr.data.f1", MatchKind::Exact, 16)], Some(CounterUnit::Both)),
            table("Ingress.routes", &[("hdr.ipv4.dst", MatchKind::Lpm, 32)], None),
            table(
                "Ingress.filter",
                &[
                    ("hdr.extra[0].h", MatchKind::Ternary, 16),
                    ("hdr.extra[1].h", MatchKind::Ternary, 16),
                    ("hdr.ipv4.$valid$", MatchKind::Exact, 1),
                    ("hdr.tcp.port", MatchKind::Range, 16),
                    ("meta.class", MatchKind::Optional, 4),
                ],
                None,
            ),
            table("Egress.routes", &[], None),
        ],
        actions: vec![
            action("Ingress.forward", &[("port", 9), ("value", 16)]),
            action("Ingress.drop", &[]),
            action("NoAction", &[]),
        ],
        counters: vec![CounterInfo { name: Arc::from("Ingress.seen"), size: 4, unit: CounterUnit::Both }],
        meters: vec![MeterInfo { name: Arc::from("Ingress.meter"), size: 4, unit: CounterUnit::Bytes }],
        registers: vec![RegisterInfo { name: Arc::from("Ingress.state"), size: 4, width: 8 }],
        ..PipelineInfo::default()
    }
}

/// An operation as the expected output has it.
fn written(operation: &Operation) -> String {
    let call = |call: Option<&ActionCall>| {
        let Some(ActionCall { action, params }) = call else { return "nothing".to_string() };
        let params: Vec<String> = params.iter().map(ToString::to_string).collect();
        format!("{action}({})", params.join(", "))
    };
    let entry = |what: &str, entry: &TableEntry| {
        let TableEntry { table, matches, priority, .. } = entry;
        format!("{what} {table} {matches:?} priority {priority}: {}", call(entry.call()))
    };
    match operation {
        Operation::Insert(inserted) => entry("insert", inserted),
        Operation::Delete(deleted) => entry("delete", deleted),
        Operation::Default(default) => {
            format!("default {}: {}", default.table, call(default.action.as_ref()))
        }
        other => format!("{other:?}"),
    }
}

/// Notes what it is asked, and sends packets back.
#[derive(Default)]
struct Recorder {
    operations: Vec<String>,
    sent: usize,
    received: Vec<Received>,
}

impl Target for Recorder {
    fn operate(&mut self, operation: &Operation) -> Result<(), TargetError> {
        if let Operation::Mirror { session: 99, .. } = operation {
            return Err(TargetError::Refused("there are 98 sessions".to_string()));
        }
        self.operations.push(written(operation));
        Ok(())
    }

    fn packet(&mut self, _port: u16, data: &[u8]) -> Result<(), TargetError> {
        let copies = if data.get(1) == Some(&2) { 2 } else { 1 };
        for _ in 0..copies {
            let port = u16::from(data[0]);
            self.received.push(Received { port, data: data.to_vec(), cause: Some(self.sent) });
        }
        self.sent += 1;
        Ok(())
    }

    fn wait(&mut self) -> Result<(), TargetError> {
        Ok(())
    }

    fn counter(&mut self, _cell: &CounterCell) -> Result<Count, TargetError> {
        Ok(Count { packets: self.sent as u64, bytes: 10 * self.sent as u64 })
    }

    fn finish(&mut self) -> Result<Vec<Received>, TargetError> {
        Ok(std::mem::take(&mut self.received))
    }
}

fn bound(sources: &Sources, source: sluice_diagnostics::SourceId) -> Result<Test, Diagnostics> {
    bind(&parse(sources, source)?, &info())
}

/// What a script gives: what the switch was asked, then what was found.
fn outcome(name: &str, text: &str) -> String {
    let mut sources = Sources::new();
    let source = sources.add(name, text);
    let mut target = Recorder::default();
    let found = match bound(&sources, source) {
        Ok(test) => run(&test, &mut target).found,
        Err(found) => found,
    };
    let mut text: String = target.operations.iter().map(|operation| format!("{operation}\n")).collect();
    text.push_str(if found.has_errors() { "failed\n" } else { "passed\n" });
    if !found.is_empty() {
        text.push_str(&found.render(&sources));
    }
    text
}

#[test]
fn scripts() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts");
    let listed = fs::read_dir(&folder).expect("the scripts are part of the project");
    let files: Vec<PathBuf> = listed.map(|entry| entry.expect("it was listed").path()).collect();
    let is_script = |path: &&PathBuf| path.extension().is_some_and(|end| end == "stf");
    let scripts: BTreeMap<String, &PathBuf> = files
        .iter()
        .filter(is_script)
        .map(|path| (path.file_name().expect("a file").to_string_lossy().into_owned(), path))
        .collect();
    assert!(!scripts.is_empty());
    let mut wrong = Vec::new();
    for (name, path) in scripts {
        let found = outcome(&name, &fs::read_to_string(path).expect("a script is text"));
        let golden = path.with_extension("txt");
        if std::env::var_os("SLUICE_BLESS").is_some() {
            fs::write(&golden, &found).expect("the golden is written");
        } else if fs::read_to_string(&golden).unwrap_or_default() != found {
            wrong.push(format!("{name} gives\n{found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Bytes that are no script give diagnostics, never a panic.
#[test]
fn any_text_is_taken_or_refused() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts");
    let mut seed = 0x9e37_79b9_7f4a_7c15u64;
    let mut random = |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed % below as u64) as usize
    };
    for entry in fs::read_dir(folder).expect("the scripts are part of the project") {
        let path = entry.expect("it was listed").path();
        if path.extension().is_none_or(|end| end != "stf") {
            continue;
        }
        let text: Vec<char> = fs::read_to_string(&path).expect("a script is text").chars().collect();
        for _ in 0..200 {
            let mut changed = text.clone();
            for _ in 0..=random(4) {
                let at = random(changed.len());
                match random(3) {
                    0 => {
                        changed.remove(at);
                    }
                    1 => changed[at] = ['0', '*', '$', '"', '(', ':', '\n', 'é', 'x', '&'][random(10)],
                    _ => changed.truncate(at.max(1)),
                }
                if changed.is_empty() {
                    changed.push(' ');
                }
            }
            outcome("changed.stf", &changed.into_iter().collect::<String>());
        }
    }
}

/// Text that is wrong from end to end ends soon: no more is told than helps.
#[test]
fn nonsense_is_told_of_in_bounds() {
    for text in ["!".repeat(200_000), "add\n".repeat(50_000), "packet 1 zz\n".repeat(50_000)] {
        let mut sources = Sources::new();
        let source = sources.add("nonsense.stf", text);
        let found = parse(&sources, source).map(|_| ()).unwrap_err();
        assert_eq!(found.iter().count(), 50);
    }
}
