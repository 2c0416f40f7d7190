//! Programs become the SystemVerilog and the layout that stand beside them. `SLUICE_BLESS=1` writes them anew.

use std::fs;
use std::path::Path;

use sluice_diagnostics::Sources;
use sluice_ir::Module;
use sluice_p4::{CompileOptions, MemoryFiles, compile};
use sluice_rtl::{Options, Program};

fn module(text: &str) -> Module {
    let files = MemoryFiles::new().file("program.p4", text);
    let mut sources = Sources::new();
    match compile(&mut sources, &files, "program.p4", &CompileOptions::default()) {
        Ok((module, _)) => module,
        Err(found) => panic!("{}", found.render(&sources)),
    }
}

fn hardware(module: &Module) -> Program {
    sluice_rtl::compile(module, "router.p4", &Options::default()).expect("the back end takes it")
}

#[test]
fn router() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs");
    let text = fs::read_to_string(folder.join("router.p4")).expect("it is there");
    let module = module(&text);
    let program = hardware(&module);
    assert!(program == hardware(&module), "a second time, it is another text");
    for (name, found) in [
        ("router.sv", program.text),
        ("router.layout.json", program.layout.to_json()),
        ("router.svg", program.diagram),
    ] {
        let path = folder.join(name);
        if std::env::var_os("SLUICE_BLESS").is_some() {
            fs::write(&path, &found).expect("the golden can be written");
        }
        let expected = fs::read_to_string(&path).unwrap_or_default();
        let first = expected.lines().zip(found.lines()).position(|(old, new)| old != new);
        assert!(expected == found, "{name} is stale from line {:?} on", first.map(|line| line + 1));
    }
}

/// A register array whose cell is written with what a table makes of it cannot take a packet a clock.
#[test]
fn a_table_between_read_and_write_is_refused() {
    let text = "
#include <core.p4>
#include <v1model.p4>
header h_t { bit<32> a; }
struct headers_t { h_t h; }
struct metadata_t { bit<32> cell; }
parser p(packet_in pkt, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t s) {
    state start { pkt.extract(hdr.h); transition accept; }
}
control v(inout headers_t hdr, inout metadata_t meta) { apply {} }
control i(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t s) {
    register<bit<32>>(16) cells;
    action put(bit<32> value) { cells.write(0, value); }
    table t { key = { meta.cell: exact; } actions = { put; NoAction; } default_action = NoAction(); }
    apply { cells.read(meta.cell, 0); t.apply(); }
}
control e(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t s) { apply {} }
control c(inout headers_t hdr, inout metadata_t meta) { apply {} }
control d(packet_out pkt, in headers_t hdr) { apply { pkt.emit(hdr.h); } }
V1Switch(p(), v(), i(), e(), c(), d()) main;
";
    let refused = sluice_rtl::compile(&module(text), "t.p4", &Options::default());
    let refused = refused.expect_err("it is refused");
    let messages: Vec<&str> = refused.iter().map(|found| found.message.as_str()).collect();
    assert!(messages.iter().any(|message| message.contains("within a clock")), "{messages:?}");
    assert!(refused.iter().all(|found| found.primary.is_some()), "each stands somewhere");
}

/// The broker is taken, but for the one thing that wants the end of a frame before its beginning.
#[test]
fn broker() {
    let build = sluice_broker::Build { terms: 64, copies: 64, ..sluice_broker::Build::default() };
    let module = |fixes_checksums| {
        let build = sluice_broker::Build { fixes_checksums, ..build };
        sluice_broker::compile(build).unwrap_or_else(|(found, sources)| panic!("{}", found.render(&sources)))
    };
    let refused = sluice_rtl::compile(&module(true), "broker.p4", &Options::default());
    let refused = refused.expect_err("checksums are not made to fit");
    let messages: Vec<&str> = refused.iter().map(|found| found.message.as_str()).collect();
    assert!(matches!(messages[..], [only] if only.contains("fix_checksums")), "{messages:?}");
    let program = sluice_rtl::compile(&module(false), "broker.p4", &Options::default());
    let layout = program.expect("the rest is taken").layout;
    assert!(layout.tables.iter().any(|table| table.name.ends_with("policy") && table.is_built));
    assert_eq!(layout.window_bytes, 256);
    // What is not changed stays in the frame: twelve IPv6 extension headers of 190 bytes alone are 18,240 bits.
    assert!(layout.replicated_bits < 5_000, "{} bits a packet", layout.replicated_bits);
    let carried = [layout.ingress_carried, layout.egress_carried];
    assert!(carried[0].rings < 4_000_000 && carried[1].rings < 200_000, "{carried:?}");
    assert!(carried[0].registers < 200_000 && carried[1].registers < 80_000, "{carried:?}");
}
