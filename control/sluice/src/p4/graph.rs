//! `sluice p4 graph`: pictures of a program.

use super::args::Graph;
use super::{compile, program};
use crate::failure::Failure;

pub(crate) fn run(arguments: &Graph) -> Result<(), Failure> {
    let (module, _) = program::load(&arguments.file, &arguments.preprocessor)?;
    let graphs = sluice_ir::graph::graphs(&module);
    let names: Vec<String> = graphs.iter().map(|graph| format!("{}.dot", graph.name)).collect();
    let files: Vec<(&str, Vec<u8>)> =
        names.iter().zip(graphs).map(|(name, graph)| (name.as_str(), graph.dot.into_bytes())).collect();
    for path in compile::write(&arguments.file, &arguments.out, &files)? {
        println!("wrote {}", path.display());
    }
    Ok(())
}
