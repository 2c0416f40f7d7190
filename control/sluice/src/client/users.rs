//! Who may call, and who called.

use sluice_api::v1;

use super::{refused, with};
use crate::args;
use crate::failure::Failure;
use crate::table::{columns, time};

/// A role, and of which tenant.
pub(super) fn who(role: &str, tenant: &str) -> String {
    if tenant.is_empty() { role.to_string() } else { format!("{role} of tenant {tenant}") }
}

/// A column that may be empty.
fn none(text: String) -> String {
    if text.is_empty() { "-".to_string() } else { text }
}

pub(super) fn run(arguments: &args::Users) -> Result<(), Failure> {
    with(&arguments.server, async |mut client| {
        if let Some(name) = &arguments.add {
            let (role, tenant) = (arguments.role.clone(), arguments.tenant.clone().unwrap_or_default());
            let request = v1::AddUserRequest { name: name.clone(), role, tenant };
            let added = client.add_user(request).await.map_err(|status| refused(&status))?.into_inner();
            let of = who(&added.role, &added.tenant);
            println!("token of {} ({of}), shown only now: {}", added.name, added.token);
            return Ok(());
        }
        if let Some(name) = &arguments.remove {
            let request = v1::RemoveUserRequest { name: name.clone() };
            client.remove_user(request).await.map_err(|status| refused(&status))?;
            println!("{name} may not call any more");
            return Ok(());
        }
        let list = client.list_users(v1::ListUsersRequest {}).await.map_err(|status| refused(&status))?;
        let mut rows = vec![["user", "role", "tenant", "since (UTC)"].map(str::to_string).to_vec()];
        let users = list.into_inner().users;
        rows.extend(
            users.into_iter().map(|user| vec![user.name, user.role, none(user.tenant), time(user.time_ns)]),
        );
        print!("{}", columns(&rows));
        Ok(())
    })
}

pub(super) fn audit(arguments: &args::Audit) -> Result<(), Failure> {
    with(&arguments.server, async |mut client| {
        let request = v1::ListAuditRequest { before: 0, limit: arguments.limit };
        let list = client.list_audit(request).await.map_err(|status| refused(&status))?;
        let mut rows = vec![
            ["time (UTC)", "user", "tenant", "action", "subject", "outcome"].map(str::to_string).to_vec(),
        ];
        for one in list.into_inner().audits {
            let tenant = none(one.tenant);
            rows.push(vec![time(one.time_ns), one.user, tenant, one.action, one.subject, one.outcome]);
        }
        print!("{}", columns(&rows));
        Ok(())
    })
}
