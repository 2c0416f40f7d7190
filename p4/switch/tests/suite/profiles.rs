//! Action profiles and selectors: members, groups, action sets, watch ports.

use sluice_entities::{
    Bits, Code, Entity, GroupMember, Match, ProfileGroup, ProfileMember, Query, TableAction, TableEntry,
    UpdateKind, WeightedAction,
};
use sluice_switch::Switch;

use crate::common::{call, delete, frame, insert, modify, name, program, switch};

const DECLARATIONS: &str = "
local hit: bool;
action set(value: bit<8>) { hdr.four.b = %value; }
action swap(value: bit<8>) { hdr.four.a = %value; }
@max_group_size(\"6\")
action_profile s: size 12, selector identity, width 16;
action_profile p: size 2;
table t { key { a: exact = hdr.four.a; c: selector = hdr.four.c; } actions { set; swap; defaultonly NoAction; } default NoAction(); size 8; action_profile s; }
table u { key { a: exact = hdr.four.a; } actions { set; NoAction; } default NoAction(); size 8; action_profile p; }
table v { key { a: exact = hdr.four.a; } actions { set; NoAction; } default NoAction(); size 8; }
";

fn running() -> Switch {
    switch(&program(DECLARATIONS, "apply t hit hit; apply u;", ""))
}

fn set(value: u64) -> sluice_entities::ActionCall {
    call("set", &[Bits::new(8, value)])
}

fn member(profile: &str, id: u32, value: u64) -> Entity {
    Entity::Member(ProfileMember { profile: name(profile), id, action: set(value) })
}

fn group(id: u32, max_size: u32, members: &[(u32, u32, Option<u16>)]) -> Entity {
    let members = members
        .iter()
        .map(|(member, weight, watch_port)| GroupMember {
            member: *member,
            weight: *weight,
            watch_port: *watch_port,
        })
        .collect();
    Entity::Group(ProfileGroup { profile: name("s"), id, members, max_size })
}

fn entry(table: &str, key: u64, action: TableAction) -> Entity {
    let matches = vec![Match::Exact(Bits::new(8, key))];
    Entity::Table(TableEntry::new(name(table), matches, 0, action))
}

fn one_shot(actions: &[(u64, u32, Option<u16>)]) -> TableAction {
    let action = |(value, weight, watch_port): &(u64, u32, Option<u16>)| WeightedAction {
        action: set(*value),
        weight: *weight,
        watch_port: *watch_port,
    };
    TableAction::Set(actions.iter().map(action).collect())
}

fn done(switch: &Switch, kind: UpdateKind, entity: Entity) {
    switch.write(&[sluice_entities::Update { kind, entity }]).expect("written");
}

/// What is wrong with one update.
fn wrong(switch: &Switch, update: sluice_entities::Update) -> (Code, String) {
    let errors = switch.write(&[update]).expect_err("a mistake");
    (errors.errors[0].1.code(), errors.errors[0].1.to_string())
}

/// `b` of the packets with `a` 1 and `c` 0 to 5.
fn chosen(switch: &Switch) -> Vec<u8> {
    (0..6).map(|c| frame(switch, &[1, 0xff, 0, c])[1]).collect()
}

#[test]
fn members_and_groups() {
    let switch = running();
    for (id, value) in [(1, 0x11), (2, 0x22), (3, 0x33)] {
        done(&switch, UpdateKind::Insert, member("s", id, value));
    }
    done(&switch, UpdateKind::Insert, entry("t", 1, TableAction::Member(2)));
    assert_eq!(chosen(&switch), [0x22; 6]);
    // The order in which members are listed does not matter; their numbers' does.
    done(&switch, UpdateKind::Insert, group(7, 6, &[(3, 1, None), (1, 2, Some(4)), (2, 1, None)]));
    done(&switch, UpdateKind::Modify, entry("t", 1, TableAction::Group(7)));
    assert_eq!(chosen(&switch), [0x11, 0x11, 0x22, 0x33, 0x11, 0x11]);
    // A member that changes changes in all groups.
    done(&switch, UpdateKind::Modify, member("s", 3, 0x44));
    assert_eq!(chosen(&switch), [0x11, 0x11, 0x22, 0x44, 0x11, 0x11]);
    switch.set_port_up(4, false).expect("a port");
    let without = chosen(&switch);
    assert_eq!(without[2..4], [0x22, 0x44]);
    assert!(without.iter().all(|value| [0x22, 0x44].contains(value)), "{without:x?}");
    switch.set_port_up(4, true).expect("a port");
    assert_eq!(chosen(&switch), [0x11, 0x11, 0x22, 0x44, 0x11, 0x11]);
    // Without members no action runs, and the entry is hit nevertheless.
    done(&switch, UpdateKind::Modify, group(7, 6, &[]));
    assert_eq!(chosen(&switch), [0xff; 6]);
}

#[test]
fn action_sets() {
    let switch = running();
    let set = one_shot(&[(0x11, 1, Some(9)), (0x11, 2, None), (0x22, 1, None)]);
    done(&switch, UpdateKind::Insert, entry("t", 1, set.clone()));
    assert_eq!(chosen(&switch), [0x11, 0x11, 0x11, 0x22, 0x11, 0x11]);
    let read = switch.read(&Query::Table(Default::default())).expect("a query");
    assert_eq!(read, [entry("t", 1, set)]);
    let (code, text) = wrong(&switch, insert(entry("t", 2, one_shot(&[(1, 7, None)]))));
    assert_eq!(code, Code::InvalidArgument);
    assert_eq!(text, "this action set of table `t` has at most 6 in weights, not 7");
    done(&switch, UpdateKind::Insert, member("s", 1, 0x55));
    let (code, text) = wrong(&switch, insert(entry("t", 2, TableAction::Member(1))));
    assert_eq!(code, Code::InvalidArgument);
    assert_eq!(text, "entries that use selector `s` have action sets: action sets and references do not mix");
    done(&switch, UpdateKind::Delete, entry("t", 1, TableAction::Member(9)));
    done(&switch, UpdateKind::Insert, entry("t", 2, TableAction::Member(1)));
    let (_, text) = wrong(&switch, insert(entry("t", 1, one_shot(&[]))));
    assert_eq!(
        text,
        "entries that use selector `s` have members and groups: action sets and references do not mix"
    );
}

#[test]
fn profiles_without_selector() {
    let switch = running();
    done(&switch, UpdateKind::Insert, member("p", 5, 0x77));
    done(&switch, UpdateKind::Insert, entry("u", 1, TableAction::Member(5)));
    assert_eq!(chosen(&switch), [0x77; 6]);
    let (code, text) = wrong(&switch, modify(entry("u", 1, TableAction::Group(5))));
    assert_eq!(code, Code::InvalidArgument);
    assert_eq!(text, "entries of table `u` have a member of action profile `p`");
    let (_, text) = wrong(&switch, insert(entry("v", 1, TableAction::Member(5))));
    assert_eq!(text, "entries of table `v` have an action of their own");
    done(&switch, UpdateKind::Insert, member("p", 6, 1));
    let (code, text) = wrong(&switch, insert(member("p", 7, 1)));
    assert_eq!(code, Code::ResourceExhausted);
    assert_eq!(text, "`p` holds 2 members, not 3");
}

#[test]
fn mistakes() {
    use Code::{AlreadyExists, FailedPrecondition, InvalidArgument, NotFound, ResourceExhausted};
    let switch = running();
    done(&switch, UpdateKind::Insert, member("s", 1, 1));
    done(&switch, UpdateKind::Insert, member("s", 2, 1));
    done(&switch, UpdateKind::Insert, group(1, 4, &[(1, 1, None)]));
    done(&switch, UpdateKind::Insert, entry("t", 1, TableAction::Group(1)));
    done(&switch, UpdateKind::Insert, entry("t", 2, TableAction::Member(2)));
    for (update, code, text) in [
        (insert(member("s", 0, 1)), InvalidArgument, "member 0 means none: ids start at 1"),
        (insert(member("s", 1, 1)), AlreadyExists, "member 1 of `s` is there already; modify it instead"),
        (modify(member("s", 9, 1)), NotFound, "member 9 of `s` is not there; insert it first"),
        (
            delete(member("s", 1, 1)),
            FailedPrecondition,
            "member 1 of `s` is used by a group; change that first",
        ),
        (
            delete(member("s", 2, 1)),
            FailedPrecondition,
            "member 2 of `s` is used by an entry; change that first",
        ),
        (
            delete(group(1, 4, &[])),
            FailedPrecondition,
            "group 1 of `s` is used by an entry; change that first",
        ),
        (insert(group(2, 4, &[(9, 1, None)])), NotFound, "member 9 of `s` is not there; insert it first"),
        (
            insert(group(2, 4, &[(1, 1, None), (1, 1, None)])),
            InvalidArgument,
            "group 2 of `s` has member 1 twice",
        ),
        (
            insert(group(2, 4, &[(1, 0, None)])),
            InvalidArgument,
            "group 2 of `s` has weights from 1 on, not 0",
        ),
        (insert(group(2, 4, &[(1, 5, None)])), ResourceExhausted, "group 2 of `s` holds 4 in weights, not 5"),
        (insert(group(2, 0, &[])), InvalidArgument, "group 2 of `s` has a largest size from 1 to 6, not 0"),
        (modify(group(1, 5, &[])), InvalidArgument, "group 1 of `s` has a largest size of 4, which stays"),
        (
            insert(group(2, 4, &[(1, 1, Some(511))])),
            InvalidArgument,
            "port 511 does not exist: ports are 0 to 510",
        ),
        (
            insert(entry("t", 3, TableAction::Group(8))),
            NotFound,
            "group 8 of `s` is not there; insert it first",
        ),
        (
            insert(entry("t", 3, TableAction::Call(set(1)))),
            InvalidArgument,
            "entries of table `t` have a member or a group of selector `s`, or an action set",
        ),
        (
            insert(Entity::Member(ProfileMember {
                profile: name("s"),
                id: 3,
                action: call("NoAction", &[]),
            })),
            Code::PermissionDenied,
            "table `t` cannot run `NoAction` in an entry; it can run `set`, `swap`",
        ),
    ] {
        assert_eq!(wrong(&switch, update), (code, text.to_string()));
    }
    let groups = [2, 3].map(|id| insert(group(id, 6, &[(1, 6, None)])));
    let errors = switch.write(&groups).expect_err("too much");
    assert_eq!(errors.to_string(), "update 1: `s` holds 12 in weights, not 13");
}
