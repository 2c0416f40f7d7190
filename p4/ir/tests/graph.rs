//! Graphs of modules: goldens, and Graphviz's own opinion of them.

mod common;

use std::io::Write;
use std::process::{Command, Stdio};

use sluice_ir::{graph, text, verify};

#[test]
fn graphs_are_as_expected() {
    for path in common::files("graph", "ir") {
        let (sources, id) = common::load(&path);
        let module = text::read(&sources, id).unwrap_or_else(|found| panic!("{}", found.render(&sources)));
        verify::verify(&module).unwrap_or_else(|found| panic!("{}", found.render(&sources)));
        for graph in graph::graphs(&module) {
            let golden = path.with_extension(format!("{}.dot", graph.name));
            common::expect_file(&golden, &graph.dot);
        }
    }
}

#[test]
fn graphviz_reads_them() {
    let Ok(version) = Command::new("dot").arg("-V").output() else {
        eprintln!("skipped: there is no `dot` on PATH");
        return;
    };
    assert!(version.status.success());
    for path in common::files("graph", "dot") {
        let text = std::fs::read_to_string(&path).expect("a golden");
        let mut dot = Command::new("dot")
            .arg("-Tcanon")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("dot runs");
        let mut input = dot.stdin.take().expect("its input");
        input.write_all(text.as_bytes()).expect("it reads");
        drop(input);
        assert!(dot.wait().expect("it ends").success(), "{}", path.display());
    }
}
