//! What a tracer is told, and what a profile says.

use sluice_entities::{Bits, Entity, Match};
use sluice_switch::{Engine, Ingress, Switch, SwitchOptions, TraceEvent, Tracer};

use crate::common::{Kept, call, entry, insert, module, program, switch};

#[derive(Default)]
struct Lines(Vec<String>);

impl Tracer for Lines {
    fn event(&mut self, event: &TraceEvent<'_>) {
        self.0.push(match event {
            TraceEvent::ParserState { name } => format!("state {name}"),
            TraceEvent::Extracted { header, offset_bytes, length_bytes } => {
                format!("extract {header} {offset_bytes}+{length_bytes}")
            }
            TraceEvent::Table { table, keys, entry, action, params } => {
                format!("table {table} {keys:?} {} {action} {params:?}", entry.is_some())
            }
            TraceEvent::Call { name, detail } => format!("call {name} {detail}"),
            TraceEvent::FrameEdit { edit } => format!("{edit:?}"),
            TraceEvent::Sent { replica, length_bytes, original_length } => {
                format!("sent {}.{} {length_bytes}/{original_length}", replica.port, replica.instance)
            }
            TraceEvent::Emitted { header } => format!("emit {header}"),
            TraceEvent::Unicast { port } => format!("unicast {port}"),
            _ => return,
        });
    }
}

const DECLARATIONS: &str = "
counter c: packets, size 4;
action set(value: bit<8>) { hdr.four.b = %value; count(c, %value); }
table t { key { a: exact = hdr.four.a; } actions { set; NoAction; } default NoAction(); size 4; }
table u { key { c: exact = hdr.four.c; } actions { NoAction; } default NoAction(); size 4; }
";

#[test]
fn a_trace_tells_all() {
    let switch = switch(&program(
        DECLARATIONS,
        "apply u; apply t; log(\"b is {}\", {hdr.four.b});",
        "truncate(32w0x3);",
    ));
    let set = call("set", &[Bits::new(8, 2)]);
    switch
        .write(&[insert(Entity::Table(entry("t", &[Match::Exact(Bits::new(8, 1))], 0, set)))])
        .expect("written");
    let mut lines = Lines::default();
    switch.worker().process_traced(&Ingress::new(1, 0, &[1, 2, 3, 4]), &mut Kept::default(), &mut lines);
    assert_eq!(
        lines.0,
        [
            "state start",
            "extract hdr.four 0+4",
            "table u [16w0x304] false NoAction []",
            "table t [8w0x1] true set [8w0x2]",
            "call counter.count c[2]",
            "call log_msg b is 0x2",
            "unicast 0",
            "call truncate 3 bytes",
            "emit hdr.four",
            "Truncate(3)",
            "sent 0.0 3/4",
        ]
    );
}

/// The parts of a packet's way, as the profile of ten packets names them.
fn profiled(engine: Engine) -> Vec<String> {
    let options = SwitchOptions { engine, ..SwitchOptions::default() };
    let module = module(&program(DECLARATIONS, "apply t; apply u;", ""));
    let mut worker = Switch::new(&module, options).expect("within bounds").worker();
    for _ in 0..10 {
        worker.process_profiled(&Ingress::new(1, 0, &[1, 2, 3, 4]), &mut Kept::default());
    }
    let profile = worker.profile();
    assert_eq!(profile.packets, 10);
    profile.parts.iter().map(|part| part.name.to_string()).collect()
}

/// Native code is measured by the block, the interpreter by the table, too.
#[test]
fn a_profile_names_every_part() {
    let (native, interpreter) = (profiled(Engine::Native), profiled(Engine::Interpreter));
    for name in ["parser", "ingress", "egress", "deparser"] {
        assert!(native.iter().any(|known| known == name), "{native:?}");
        assert!(interpreter.iter().any(|known| known == name), "{interpreter:?}");
    }
    for name in ["table t", "table u"] {
        assert!(interpreter.iter().any(|known| known == name), "{interpreter:?}");
    }
}
