//! `sluice plan`: what a change of policy would do.

use sluice_entities::{ActionCall, Entity, Match, Update, UpdateKind};
use sluice_policy::PhaseKind;

use crate::args;
use crate::broker;
use crate::failure::Failure;

pub(crate) fn run(arguments: &args::Plan) -> Result<(), Failure> {
    let old = broker::load(&arguments.old)?;
    let new = broker::load(&arguments.new)?;
    let info = broker::program(arguments.program)?.info();
    let before = broker::plan(&broker::nothing(&info)?, &old, &info)?.next;
    let plan = broker::plan(&before, &new, &info)?;
    print!("{}", plan.report);
    println!("updates:");
    for phase in &plan.phases {
        if !matches!(phase.kind, PhaseKind::Drain | PhaseKind::Harvest) {
            println!("  {:8} {}", phase_name(phase.kind), phase.updates.len());
        }
        if arguments.updates {
            for update in &phase.updates {
                println!("    {}", describe(update));
            }
        }
    }
    Ok(())
}

fn phase_name(kind: PhaseKind) -> &'static str {
    match kind {
        PhaseKind::Prepare => "prepare",
        PhaseKind::Switch => "switch",
        PhaseKind::Drain => "drain",
        PhaseKind::Harvest => "harvest",
        PhaseKind::Remove => "remove",
    }
}

fn describe(update: &Update) -> String {
    let kind = match update.kind {
        UpdateKind::Insert => "insert",
        UpdateKind::Modify => "modify",
        UpdateKind::Delete => "delete",
    };
    let entity = match &update.entity {
        Entity::Table(entry) => {
            let keys: Vec<String> = entry.matches.iter().map(key).collect();
            let priority =
                if entry.priority > 0 { format!(" priority {}", entry.priority) } else { String::new() };
            format!("{} [{}]{priority} {}", entry.table, keys.join(", "), call(&entry.action))
        }
        Entity::Default(entry) => {
            let action = entry.action.as_ref().map_or_else(|| "the program's own".to_string(), call);
            format!("{} default {action}", entry.table)
        }
        Entity::Multicast(group) => {
            let replicas = group.replicas.iter().map(|one| format!("{}:{}", one.port, one.instance));
            format!("multicast group {} [{}]", group.id, replicas.collect::<Vec<_>>().join(", "))
        }
        Entity::Clone(session) => format!("clone session {}", session.id),
        Entity::Meter(meter) => format!("meter {} cell {}", meter.meter, meter.index),
        Entity::Register(register) => format!("register {} cell {}", register.register, register.index),
    };
    format!("{kind} {entity}")
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
