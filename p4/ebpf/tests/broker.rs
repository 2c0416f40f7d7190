//! The C of the broker is what is committed beside this file. `SLUICE_BLESS=1` writes it anew.

use std::fs;
use std::path::Path;

#[test]
fn text() {
    let module = sluice_broker::compile(sluice_broker::Build::default()).expect("the broker compiles");
    let program = sluice_ebpf::compile(&module, "p4/broker/arch/sluice.p4").expect("XDP takes the broker");
    let again = sluice_ebpf::compile(&module, "p4/broker/arch/sluice.p4").expect("XDP takes the broker");
    assert!(program == again, "a second time, it is another text");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/broker.xdp.c");
    if std::env::var_os("SLUICE_BLESS").is_some() {
        fs::write(&path, &program.text).expect("the golden can be written");
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    let first = expected.lines().zip(program.text.lines()).position(|(old, new)| old != new);
    assert!(
        expected == program.text,
        "tests/broker.xdp.c is stale from line {:?} on",
        first.map(|line| line + 1)
    );
}
