//! Packets from and to the controller, copies, digests, idle entries, ports.

use sluice_entities::{
    Branch, CloneSession, DigestConfig, DigestEntry, Entity, GroupMember, MulticastGroup, ProfileGroup,
    ProfileMember, Query, Replica, TableAction, TableEntry, WeightedAction,
};

use super::{
    Bench, Check, LONG, PORTS, SHORT, Verdict, call, ensure, event, exact, forward, frame, insert, modify,
    name, out, pass, same, vanishes, write,
};
use crate::target::Event;

pub(super) const CHECKS: &[Check] = &[
    Check::new("the controller sends packets", packet_out).needing(|can| can.cpu_port.is_some()),
    Check::new("the controller gets packets", packet_in).needing(|can| can.cpu_port.is_some()),
    Check::new("groups make copies", copies),
    Check::new("sessions make clones", clones).needing(|can| can.clones),
    Check::new("selectors choose by weight, and leave out members whose port is down", selectors)
        .needing(|can| can.selectors),
    Check::new("digests come in lists, and again only when they may", digests).needing(|can| can.digests),
    Check::new("idle entries are told, and again after each further time", idle)
        .needing(|can| can.idle_timeouts),
    Check::new("ports that go down are told, and what is lost there is counted", ports),
];

/// Nine bits of port, seven that do not matter.
fn header(port: u16) -> [u8; 2] {
    (port << 7).to_be_bytes()
}

fn packet_out(bench: &dyn Bench) -> Verdict {
    let mut bytes = header(3).to_vec();
    bytes.extend(b"whatever the controller has to say");
    bench.target().packet_out(&bytes).map_err(|fault| fault.to_string())?;
    let left = bench.receive(3, LONG).ok_or("the packet does not leave")?;
    same("packet", &left, &b"whatever the controller has to say".to_vec())
}

fn packet_in(bench: &dyn Bench) -> Verdict {
    let tell = TableEntry::new(name("ingress.exact_t"), exact(4), 0, call("ingress.tell", &[(7, 0x55)]));
    write(bench, &[insert(Entity::Table(tell))])?;
    let bytes = frame(1, 4, 0, 0);
    bench.send(PORTS[1], &bytes);
    let packet = event(bench, |event| if let Event::PacketIn(packet) = event { Some(packet) } else { None })?;
    let expected = ((PORTS[1] << 7) | 0x55).to_be_bytes();
    same("header", &packet[..2].to_vec(), &expected.to_vec())?;
    same("payload", &packet[2..].to_vec(), &bytes)
}

fn copies(bench: &dyn Bench) -> Verdict {
    let replica = |port, instance| Replica { port, instance };
    let group = |id, replicas: &[Replica]| {
        insert(Entity::Multicast(MulticastGroup::new(id, replicas.iter().copied())))
    };
    let can_twice = bench.target().capabilities().copies_to_one_port;
    let mut replicas = vec![replica(2, 1), replica(3, 1)];
    if can_twice {
        replicas.push(replica(3, 2));
    } else {
        let entry = insert(super::forward_entry(1, 2, 0));
        let twice = write(bench, &[entry, group(21, &[replica(3, 1), replica(3, 2)])]);
        ensure(twice.is_err(), || "two copies to one port are taken".to_string())?;
        same("groups", &super::read(bench, &Query::Multicast { id: None })?, &Vec::new())?;
        same("what was written before it", &super::entries(bench, "ingress.exact_t")?, &Vec::new())?;
        vanishes(bench, &frame(1, 1, 0, 0))?;
    }
    write(bench, &[group(20, &replicas)])?;
    let bytes = frame(8, 0, 20, 0);
    same("first copy", &pass(bench, 2, &bytes)?, &bytes)?;
    for _ in &replicas[1..] {
        same("other copies", &bench.receive(3, LONG), &Some(bytes.clone()))?;
    }
    same("a copy too many", &bench.receive(3, SHORT), &None)
}

fn clones(bench: &dyn Bench) -> Verdict {
    let session = CloneSession {
        id: 5,
        branches: vec![Branch::from(Replica { port: 3, instance: 1 })],
        class_of_service: 0,
        packet_length_bytes: 10,
    };
    write(bench, &[insert(Entity::Clone(session))])?;
    let clone = pass(bench, 3, &frame(9, 1, 2, 3))?;
    same("clone", &clone, &frame(9, 1, 2, 3)[..10].to_vec())
}

fn selectors(bench: &dyn Bench) -> Verdict {
    let selector = name("ingress.selector");
    let member =
        |id, port| insert(Entity::Member(ProfileMember { profile: selector.clone(), id, action: out(port) }));
    let group = ProfileGroup {
        profile: selector.clone(),
        id: 1,
        members: vec![
            GroupMember { member: 1, weight: 1, watch_port: Some(2) },
            GroupMember { member: 2, weight: 3, watch_port: Some(3) },
        ],
        max_size: 8,
    };
    let entry = TableEntry::new(name("ingress.selector_t"), exact(1), 0, TableAction::Group(1));
    write(
        bench,
        &[member(1, 2), member(2, 3), insert(Entity::Group(group)), insert(Entity::Table(entry.clone()))],
    )?;
    let counts = shares(bench)?;
    ensure(counts.0 > 0 && counts.1 > counts.0, || format!("weights 1 and 3 give {counts:?}"))?;
    if bench.set_up(2, false) {
        wait_for_port(bench, 2, false)?;
        same("with a port down", &shares(bench)?, &(0, 64))?;
        bench.set_up(2, true);
        wait_for_port(bench, 2, true)?;
        same("with the port up again", &shares(bench)?, &counts)?;
    }
    // The same as an action set of the entry's own.
    let weighted = |port, weight| WeightedAction { action: out(port), weight, watch_port: None };
    let set =
        TableEntry { action: Some(TableAction::Set(vec![weighted(2, 1), weighted(3, 1)])), ..entry.clone() };
    write(bench, &[super::delete(Entity::Table(entry)), insert(Entity::Table(set))])?;
    let counts = shares(bench)?;
    ensure(counts.0 > 0 && counts.1 > 0, || format!("equal weights give {counts:?}"))
}

/// How many of 64 frames of different flows leave by ports 2 and 3.
fn shares(bench: &dyn Bench) -> Result<(usize, usize), String> {
    for flow in 0..64u32 {
        bench.send(PORTS[0], &frame(6, 1, 0, flow.wrapping_mul(0x9e37_79b9)));
    }
    let (mut second, mut third) = (0, 0);
    let end = std::time::Instant::now() + LONG;
    while second + third < 64 && std::time::Instant::now() < end {
        let quick = std::time::Duration::from_millis(2);
        second += usize::from(bench.receive(2, quick).is_some());
        third += usize::from(bench.receive(3, quick).is_some());
    }
    if second + third == 64 {
        Ok((second, third))
    } else {
        Err(format!("{second} and {third} of 64 frames left"))
    }
}

fn wait_for_port(bench: &dyn Bench, port: u16, is_up: bool) -> Verdict {
    event(bench, |event| (event == Event::Port { port, is_up }).then_some(()))
}

fn digests(bench: &dyn Bench) -> Verdict {
    let second = 1_000_000_000;
    let config =
        DigestConfig { max_timeout_ns: 60 * second, max_list_size: 2, ack_timeout_ns: 3600 * second };
    write(bench, &[insert(Entity::Digest(DigestEntry { digest: name("note_t"), config }))])?;
    for value in [1, 1, 2] {
        bench.send(PORTS[0], &frame(7, 9, value, 0));
    }
    let digest = |event| if let Event::Digest(list) = event { Some(list) } else { None };
    let list = event(bench, digest)?;
    let values: Vec<_> =
        list.messages.iter().map(|message| (message[0].to_u64(), message[1].to_u64())).collect();
    same("messages", &values, &vec![(Some(9), Some(1)), (Some(9), Some(2))])?;
    // Not acknowledged: not again.
    for value in [1, 2] {
        bench.send(PORTS[0], &frame(7, 9, value, 0));
    }
    let again = bench.target().poll(SHORT);
    ensure(!again.iter().any(|event| matches!(event, Event::Digest(_))), || format!("{again:?}"))?;
    same("a digest of that name", &bench.target().acknowledge_digests("note_t", list.list), &true)?;
    same("a digest of no name", &bench.target().acknowledge_digests("nothing", 1), &false)?;
    // A distant data path learns of the acknowledgement in a while; what comes before is as if it had not been acknowledged.
    let next = (0..100).find_map(|_| {
        for value in [1, 2] {
            bench.send(PORTS[0], &frame(7, 9, value, 0));
        }
        bench.target().poll(SHORT).into_iter().find_map(digest)
    });
    let next = next.ok_or("acknowledged messages do not come again")?;
    ensure(next.list != list.list, || "two lists have one number".to_string())?;
    same("acknowledged messages", &next.messages, &list.messages)
}

fn idle(bench: &dyn Bench) -> Verdict {
    let mut entry = TableEntry::new(name("ingress.exact_t"), exact(1), 0, forward(2, 0));
    entry.attributes.idle_timeout_ns = 100_000_000;
    write(bench, &[insert(Entity::Table(entry.clone()))])?;
    pass(bench, 2, &frame(1, 1, 0, 0))?;
    let told = |event| if let Event::Idle { entries, .. } = event { Some(entries) } else { None };
    let entries = event(bench, told)?;
    let keys: Vec<_> = entries.iter().map(|entry| (&*entry.table, entry.matches.clone())).collect();
    same("idle entries", &keys, &vec![("ingress.exact_t", exact(1))])?;
    let soon = bench.target().poll(std::time::Duration::from_millis(20));
    ensure(!soon.iter().any(|event| matches!(event, Event::Idle { .. })), || {
        format!("told twice: {soon:?}")
    })?;
    // Again after another such time, hit or not.
    event(bench, told)?;
    pass(bench, 2, &frame(1, 1, 0, 0))?;
    event(bench, told).map(|_| ())
}

fn ports(bench: &dyn Bench) -> Verdict {
    write(bench, &[insert(super::forward_entry(1, 2, 0))])?;
    pass(bench, 2, &frame(1, 1, 0, 0))?;
    if !bench.set_up(2, false) {
        return Ok(());
    }
    wait_for_port(bench, 2, false)?;
    let replica = Replica { port: 2, instance: 0 };
    let before = bench.target().lost(replica).port_down;
    vanishes(bench, &frame(1, 1, 0, 0))?;
    same("lost", &bench.target().lost(replica).port_down, &(before + 1))?;
    let status = bench.target().ports();
    let port = status.iter().find(|status| status.port == 2).ok_or("port 2 is not told")?;
    same("up", &port.is_up, &false)?;
    same("sent", &port.counters.sent.packets, &1)?;
    bench.set_up(2, true);
    wait_for_port(bench, 2, true)?;
    write(bench, &[modify(super::forward_entry(1, 2, 1))])?;
    pass(bench, 2, &frame(1, 1, 0, 0)).map(|_| ())
}
