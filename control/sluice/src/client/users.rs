//! Who may call, and who called.

use sluice_api::v1;

use super::table::{columns, time};
use super::{refused, with};
use crate::args;
use crate::failure::Failure;

pub(super) fn run(arguments: &args::Users) -> Result<(), Failure> {
    with(&arguments.server, async |mut client| {
        if let Some(name) = &arguments.add {
            let request = v1::AddUserRequest { name: name.clone(), role: arguments.role.clone() };
            let added = client.add_user(request).await.map_err(|status| refused(&status))?.into_inner();
            println!("token of {} ({}), shown only now: {}", added.name, added.role, added.token);
            return Ok(());
        }
        if let Some(name) = &arguments.remove {
            let request = v1::RemoveUserRequest { name: name.clone() };
            client.remove_user(request).await.map_err(|status| refused(&status))?;
            println!("{name} may not call any more");
            return Ok(());
        }
        let list = client.list_users(v1::ListUsersRequest {}).await.map_err(|status| refused(&status))?;
        let mut rows = vec![["user", "role", "since (UTC)"].map(str::to_string).to_vec()];
        let users = list.into_inner().users;
        rows.extend(users.into_iter().map(|user| vec![user.name, user.role, time(user.time_ns)]));
        print!("{}", columns(&rows));
        Ok(())
    })
}

pub(super) fn audit(arguments: &args::Audit) -> Result<(), Failure> {
    with(&arguments.server, async |mut client| {
        let request = v1::ListAuditRequest { before: 0, limit: arguments.limit };
        let list = client.list_audit(request).await.map_err(|status| refused(&status))?;
        let mut rows =
            vec![["time (UTC)", "user", "action", "subject", "outcome"].map(str::to_string).to_vec()];
        for one in list.into_inner().audits {
            rows.push(vec![time(one.time_ns), one.user, one.action, one.subject, one.outcome]);
        }
        print!("{}", columns(&rows));
        Ok(())
    })
}
