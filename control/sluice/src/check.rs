//! `sluice check`: is this policy right, and does it fit?

use sluice_entities::PipelineInfo;

use crate::args;
use crate::broker::{self, Loaded};
use crate::failure::Failure;

pub(crate) fn run(arguments: &args::Check) -> Result<(), Failure> {
    let loaded = broker::load(&arguments.file)?;
    let info: PipelineInfo = broker::program(arguments.program)?.info();
    let plan = broker::plan(&broker::nothing(&info)?, &loaded, &info)?;
    let Loaded { policy, .. } = &loaded;
    println!(
        "{}: {} filters for {} tools, right and within the tables",
        arguments.file.display(),
        policy.all_filters().count(),
        policy.tools.len()
    );
    print!("{}", plan.report);
    Ok(())
}
