//! Compiles `sluice.v1`. Its messages are REST's JSON objects, too: what one way has, the other has.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto");
    let mut compiler = protox::Compiler::new(["proto"])?;
    compiler.include_source_info(true).include_imports(true);
    compiler.open_files(["sluice/v1/broker.proto"])?;
    let json = "#[derive(serde::Serialize, serde::Deserialize, utoipa::ToSchema)] #[serde(default, deny_unknown_fields)]";
    tonic_prost_build::configure()
        .type_attribute(".sluice.v1", json)
        .compile_fds(compiler.file_descriptor_set())?;
    Ok(())
}
