//! What can be seen of a broker.

use std::time::Duration;

use sluice_daemon::{Refusal, What};
use sluice_target::Target;

use crate::lab::{Lab, all_to, frame};

#[test]
fn filters_and_groups_are_those_of_the_policy_in_force() {
    let lab = Lab::new();
    let text = all_to("left").replace(
        "filters:",
        "groups:\n  both: { members: [left, right], balance: hosts }\nfilters:\n  - { name: dns, match: udp port 53, from: [tap], to: [both], sample: 50%, dedup: true }",
    );
    lab.apply(&text).expect("the policy is right");
    let filters = lab.broker.filters();
    assert_eq!(filters.len(), 2);
    let dns = &filters[0];
    assert_eq!((dns.name.as_str(), dns.expression.as_str()), ("dns", "udp port 53"));
    assert_eq!(
        (dns.from.as_slice(), dns.to.as_slice()),
        (&["tap".to_string()][..], &["both".to_string()][..])
    );
    assert_eq!((dns.sample, dns.dedup), (Some(1 << 31), true));
    assert_eq!(filters[1].expression, "", "it takes everything");
    let groups = lab.broker.groups();
    assert_eq!((groups[0].name.as_str(), groups[0].balance), ("both", "hosts"));
    assert_eq!(groups[0].members, ["left", "right"]);
    let reading = lab.broker.reading().expect("it can be read");
    assert!(reading.tables.iter().any(|table| table.table == "deliver" && table.after > 0));
}

#[test]
fn ports_are_told_and_can_be_cleared() {
    let lab = Lab::new();
    for number in 1..=3 {
        assert_eq!(lab.who_gets(number), ["left"]);
    }
    let find =
        |name: &str| lab.broker.ports().into_iter().find(|port| port.name == name).expect("it is there");
    let (tap, left) = (find("tap"), find("left"));
    assert_eq!((tap.role, tap.number, tap.received, tap.is_attached), ("network", 1, (3, 180), true));
    assert_eq!((left.role, left.sent, left.is_up), ("tool", (3, 180), true));

    let mut events = lab.broker.subscribe(None).receiver;
    let cleared = lab.broker.clear_port("left", "ann", None).expect("it is there");
    assert_eq!(cleared.sent, (0, 0));
    assert!(cleared.cleared_ns > 0);
    assert_eq!(lab.who_gets(4), ["left"]);
    assert_eq!((find("left").sent, find("tap").received), ((1, 60), (4, 240)));
    // What has to add up goes on.
    let reading = lab.broker.reading_now().expect("it can be read");
    assert_eq!(reading.account.tools[0].sent, 4);
    let happened = events.try_recv().expect("it is told");
    assert_eq!(happened.what, What::Cleared { port: "left".to_string(), user: "ann".to_string() });
    assert!(matches!(lab.broker.clear_port("wrong", "ann", None), Err(Refusal::NotFound(_))));
    assert_eq!(lab.broker.audits(None, 1).expect("it can be read")[0].action, "clear");
}

#[test]
fn ports_that_go_down_are_told() {
    let lab = Lab::new();
    let mut events = lab.broker.subscribe(None).receiver;
    lab.left.set_up(false);
    let down = (0..200).find_map(|_| {
        std::thread::sleep(Duration::from_millis(10));
        events.try_recv().ok()
    });
    let expected = What::Port { port: "left".to_string(), is_up: false };
    assert_eq!(down.expect("it is told").what, expected);
    assert_eq!(lab.who_gets(1), Vec::<&str>::new());
    let reading = lab.broker.reading_now().expect("it can be read");
    assert_eq!((reading.account.tools[0].port_down, reading.account.violations.len()), (1, 0));
    // One who comes late is told what was.
    let missed = lab.broker.subscribe(Some(0)).missed;
    let out = What::Out { port: "left".to_string(), is_held: false };
    assert!([expected, out].iter().all(|wanted| missed.iter().any(|one| one.what == *wanted)), "{missed:?}");
}

#[test]
fn packets_are_explained_by_the_policy_in_force() {
    let lab = Lab::new();
    let explain = |number| lab.broker.explain("tap", &frame(number)).expect("it can be explained");
    let first = explain(1);
    assert_eq!(first.explanation.outcome, "delivered");
    assert_eq!(first.explanation.deliveries[0].0, "left");
    lab.apply(&all_to("right")).expect("the policy is right");
    assert_eq!(explain(1).explanation.deliveries[0].0, "right");
    assert!(matches!(lab.broker.explain("left", &frame(1)), Err(Refusal::NotFound(_))));
    assert!(matches!(lab.broker.explain("tap", &[0; 70_000]), Err(Refusal::TooLarge { .. })));
    // Nothing was sent or counted.
    lab.target.drain();
    let reading = lab.broker.reading().expect("it can be read");
    assert_eq!(reading.account.ports[0].received, 0);
}

#[test]
fn controllers_read_and_hear_nothing_twice() {
    let lab = Lab::new();
    let controllers = lab.broker.controllers();
    assert_eq!(controllers.ports().len(), 3);
    assert_eq!(controllers.poll(Duration::from_millis(10)), []);
    lab.right.set_up(false);
    let events = controllers.poll(Duration::from_secs(2));
    assert_eq!(events, [sluice_target::Event::Port { port: 12, is_up: false }]);
}
