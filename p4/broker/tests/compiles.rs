//! Every build of the program compiles, with both adapters.

use sluice_broker::{Arch, Build, compile};

fn check(build: Build) {
    if let Err((diagnostics, sources)) = compile(build) {
        panic!("{build:?}:\n{}", diagnostics.render(&sources));
    }
}

#[test]
fn the_default_build_compiles() {
    check(Build::default());
}

#[test]
fn the_v1model_adapter_compiles() {
    check(Build { arch: Arch::V1model, ..Build::default() });
}

#[test]
fn small_and_large_builds_compile() {
    check(Build { terms: 64, copies: 64, ..Build::default() });
    check(Build { terms: 1024, ..Build::default() });
    check(Build { digest_bits: 16, ..Build::default() });
}
