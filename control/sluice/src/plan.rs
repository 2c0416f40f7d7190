//! `sluice plan`: what a change of policy would do.

use sluice_entities::{
    ActionCall, Branch, Entity, EntryKey, Match, Replica, TableAction, Update, UpdateKind, WeightedAction,
};
use sluice_policy::PhaseKind;

use crate::args;
use crate::broker;
use crate::client;
use crate::failure::Failure;

pub(crate) fn run(arguments: &args::Plan) -> Result<(), Failure> {
    let (old, new) = match (arguments.files.as_slice(), &arguments.server) {
        ([new], Some(server)) => {
            let server = args::Server { server: server.clone(), credentials: arguments.credentials.clone() };
            return client::plan(new, &server);
        }
        ([old, new], None) => (old, new),
        (files, server) => {
            let which = if server.is_some() { "with" } else { "without" };
            let message = format!("{} policies are given, {which} `--server`", files.len());
            let help = "give the old and the new policy, or the new one and `--server`";
            return Err(Failure::argument(message, help));
        }
    };
    let old = broker::load(old)?;
    let new = broker::load(new)?;
    let info = broker::program(arguments.program)?.info();
    let before = broker::plan(&broker::nothing(&info)?, &old, &info)?.next;
    let plan = broker::plan(&before, &new, &info)?;
    print!("{}", plan.report);
    println!("updates:");
    for phase in &plan.phases {
        if !matches!(phase.kind, PhaseKind::Drain | PhaseKind::Harvest) {
            println!("  {:8} {}", phase.kind.name(), phase.updates.len());
        }
        if arguments.updates {
            for update in &phase.updates {
                println!("    {}", describe(update));
            }
        }
    }
    Ok(())
}

fn describe(update: &Update) -> String {
    let kind = match update.kind {
        UpdateKind::Insert => "insert",
        UpdateKind::Modify => "modify",
        UpdateKind::Delete => "delete",
    };
    format!("{kind} {}", entity(&update.entity))
}

fn entity(entity: &Entity) -> String {
    match entity {
        Entity::Table(entry) => {
            let name = entry_name(&entry.table, &entry.matches, entry.priority);
            let action = entry.action.as_ref().map_or_else(|| "as it is".to_string(), table_action);
            format!("{name} {action}")
        }
        Entity::Default(entry) => {
            let action = entry.action.as_ref().map_or_else(|| "the program's own".to_string(), call);
            format!("{} default {action}", entry.table)
        }
        Entity::Member(member) => {
            format!("{} member {} {}", member.profile, member.id, call(&member.action))
        }
        Entity::Group(group) => {
            let members = group.members.iter().map(|one| format!("{}*{}", one.member, one.weight));
            format!("{} group {} [{}]", group.profile, group.id, members.collect::<Vec<_>>().join(", "))
        }
        Entity::Multicast(group) => format!("multicast group {} [{}]", group.id, branches(&group.branches)),
        Entity::Clone(session) => format!("clone session {} [{}]", session.id, branches(&session.branches)),
        Entity::Meter(meter) => format!("meter {} {}", meter.meter, cell(meter.index)),
        Entity::DirectMeter(meter) => format!("meter of {}", owner(&meter.table, &meter.key)),
        Entity::Counter(counter) => format!("counter {} {}", counter.counter, cell(counter.index)),
        Entity::DirectCounter(counter) => format!("counter of {}", owner(&counter.table, &counter.key)),
        Entity::ValueSet(set) => format!("value set {} of {} members", set.set, set.members.len()),
        Entity::Register(register) => format!("register {} {}", register.register, cell(register.index)),
        Entity::Digest(digest) => format!("digest {}", digest.digest),
    }
}

fn entry_name(table: &str, matches: &[Match], priority: u32) -> String {
    let keys: Vec<String> = matches.iter().map(key).collect();
    let priority = if priority > 0 { format!(" priority {priority}") } else { String::new() };
    format!("{table} [{}]{priority}", keys.join(", "))
}

fn owner(table: &str, key: &EntryKey) -> String {
    match key {
        EntryKey::Entry { matches, priority } => entry_name(table, matches, *priority),
        EntryKey::Default => format!("{table} default"),
    }
}

fn cell(index: Option<u64>) -> String {
    index.map_or_else(|| "all cells".to_string(), |index| format!("cell {index}"))
}

fn branches(branches: &[Branch]) -> String {
    let replica = |one: &Replica| format!("{}:{}", one.port, one.instance);
    let branch = |one: &Branch| {
        let all = std::iter::once(&one.replica).chain(&one.backups);
        all.map(replica).collect::<Vec<_>>().join(" else ")
    };
    branches.iter().map(branch).collect::<Vec<_>>().join(", ")
}

fn table_action(action: &TableAction) -> String {
    match action {
        TableAction::Call(action) => call(action),
        TableAction::Member(id) => format!("member {id}"),
        TableAction::Group(id) => format!("group {id}"),
        TableAction::Set(actions) => {
            let one = |one: &WeightedAction| format!("{}*{}", call(&one.action), one.weight);
            actions.iter().map(one).collect::<Vec<_>>().join(" | ")
        }
    }
}

fn key(field: &Match) -> String {
    match field {
        Match::Exact(value) => format!("{value:#x}"),
        Match::Lpm { value, length } => format!("{value:#x}/{length}"),
        Match::Ternary { value, mask } => format!("{value:#x}&&&{mask:#x}"),
        Match::Range { low, high } => format!("{low:#x}..{high:#x}"),
        Match::Optional(Some(value)) => format!("{value:#x}"),
        Match::Optional(None) => "*".to_string(),
    }
}

fn call(action: &ActionCall) -> String {
    let params: Vec<String> = action.params.iter().map(|value| format!("{value:#x}")).collect();
    format!("{}({})", action.action, params.join(", "))
}
