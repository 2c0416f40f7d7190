//! Commands that change the policy, or say what a change would do.

use std::path::Path;

use sluice_api::v1;

use super::{refused, with};
use crate::args;
use crate::failure::Failure;

fn told(applied: &v1::Applied, dry_run: bool) {
    if let Some(plan) = &applied.plan {
        print!("{}", plan.text);
    }
    match (dry_run, applied.changed) {
        (true, _) => println!("nothing was changed: version {} is in force", applied.version),
        (false, false) => println!("version {} is in force, and is the same", applied.version),
        (false, true) => println!("version {} is in force", applied.version),
    }
}

/// The version to change: what was said, or what is in force now.
async fn expected(client: &mut super::Client, said: Option<u64>) -> Result<u64, Failure> {
    match said {
        Some(version) => Ok(version),
        None => {
            let status = client.get_status(v1::GetStatusRequest {}).await;
            Ok(status.map_err(|status| refused(&status))?.into_inner().policy_version)
        }
    }
}

pub(super) fn apply(arguments: &args::Apply) -> Result<(), Failure> {
    let text = std::fs::read_to_string(&arguments.file).map_err(Failure::read(&arguments.file))?;
    let args::Change { reason, expect, dry_run, server } = &arguments.change;
    with(server, async |mut client| {
        let expected_version = expected(&mut client, *expect).await?;
        let request = v1::ApplyRequest { text, reason: reason.clone(), expected_version, dry_run: *dry_run };
        let applied = client.apply(request).await.map_err(|status| refused(&status))?;
        told(applied.get_ref(), *dry_run);
        Ok(())
    })
}

pub(super) fn rollback(arguments: &args::Rollback) -> Result<(), Failure> {
    let args::Change { reason, expect, dry_run, server } = &arguments.change;
    with(server, async |mut client| {
        let expected_version = expected(&mut client, *expect).await?;
        let request = v1::RollbackRequest {
            version: arguments.which,
            reason: reason.clone(),
            expected_version,
            dry_run: *dry_run,
        };
        let applied = client.rollback(request).await.map_err(|status| refused(&status))?;
        told(applied.get_ref(), *dry_run);
        Ok(())
    })
}

/// What a change from the policy in force would do.
pub(crate) fn plan(file: &Path, server: &args::Server) -> Result<(), Failure> {
    let text = std::fs::read_to_string(file).map_err(Failure::read(file))?;
    with(server, async |mut client| {
        let plan = client.plan(v1::PlanRequest { text }).await.map_err(|status| refused(&status))?;
        let plan = plan.into_inner();
        print!("{}", plan.text);
        println!("updates:");
        for phase in plan.phases.iter().filter(|phase| !["drain", "harvest"].contains(&phase.phase.as_str()))
        {
            println!("  {:8} {}", phase.phase, phase.updates);
        }
        println!("from version {}", plan.base_version);
        Ok(())
    })
}
