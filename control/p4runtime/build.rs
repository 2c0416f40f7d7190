//! Compiles the protocol buffers: messages and service for the code, descriptors for the tests. Needs no `protoc`.

use std::error::Error;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    // P4Info's files are those of `sluice-p4info`, and so are their messages.
    let p4info = "../../p4/p4info/proto";
    println!("cargo:rerun-if-changed=proto");
    println!("cargo:rerun-if-changed={p4info}");
    let mut compiler = protox::Compiler::new(["proto", p4info])?;
    compiler.include_source_info(true).include_imports(true);
    compiler.open_files(["p4/v1/p4runtime.proto"])?;
    let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    std::fs::write(out.join("descriptors.bin"), compiler.encode_file_descriptor_set())?;
    tonic_prost_build::configure()
        .extern_path(".p4.config.v1", "::sluice_p4info::proto")
        .compile_fds(compiler.file_descriptor_set())?;
    Ok(())
}
