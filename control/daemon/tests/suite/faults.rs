//! A store that cannot be written to: changes are refused, traffic goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sluice_daemon::Refusal;
use sluice_store::{
    Audit, AuditRecord, History, Intent, Progress, Record, Store, StoreError, StoreOptions, Summary, Version,
};

use crate::lab::{Lab, all_to};

/// A store whose writes can be made to fail.
struct Faulty {
    store: Store,
    intend: AtomicBool,
    commit: AtomicBool,
    abandon: AtomicBool,
}

impl Faulty {
    fn new() -> Arc<Self> {
        let store = Store::in_memory().expect("there is memory");
        let no = || AtomicBool::new(false);
        Arc::new(Self { store, intend: no(), commit: no(), abandon: no() })
    }
}

fn unless(fails: &AtomicBool) -> Result<(), StoreError> {
    let full = || StoreError::Full("no space left on device".to_string());
    if fails.load(Ordering::Acquire) { Err(full()) } else { Ok(()) }
}

impl History for Faulty {
    fn intend(&self, intent: &Intent<'_>) -> Result<Version, StoreError> {
        unless(&self.intend)?;
        self.store.intend(intent)
    }

    fn commit(&self, version: Version, audit: &Audit<'_>) -> Result<(), StoreError> {
        unless(&self.commit)?;
        self.store.commit(version, audit)
    }

    fn abandon(&self, version: Version, why: &str) -> Result<(), StoreError> {
        unless(&self.abandon)?;
        self.store.abandon(version, why)
    }

    fn last(&self) -> Result<Option<Record>, StoreError> {
        self.store.last()
    }

    fn get(&self, version: Version) -> Result<Option<Record>, StoreError> {
        self.store.get(version)
    }

    fn list(
        &self,
        before: Option<Version>,
        limit: u32,
        tenant: Option<&str>,
    ) -> Result<Vec<Summary>, StoreError> {
        self.store.list(before, limit, tenant)
    }

    fn audit(&self, audit: &Audit<'_>) -> Result<(), StoreError> {
        unless(&self.intend)?;
        self.store.audit(audit)
    }

    fn audits(&self, before: Option<u64>, limit: u32) -> Result<Vec<AuditRecord>, StoreError> {
        self.store.audits(before, limit)
    }
}

#[test]
fn what_cannot_be_intended_is_not_begun() {
    let store = Faulty::new();
    let lab = Lab::start(store.clone(), &all_to("left")).expect("the policy is right");
    store.intend.store(true, Ordering::Release);
    let refused = lab.apply(&all_to("right"));
    assert!(matches!(refused, Err(Refusal::Store(StoreError::Full(_)))), "{refused:?}");
    assert_eq!(lab.broker.version(), Version(1));
    assert_eq!(lab.who_gets(1), ["left"]);
    store.intend.store(false, Ordering::Release);
    assert_eq!(lab.apply(&all_to("right")).expect("it can be written").version, Version(2));
    assert_eq!(lab.who_gets(2), ["right"]);
}

#[test]
fn what_cannot_be_committed_is_taken_back() {
    for abandon_fails in [false, true] {
        let store = Faulty::new();
        let lab = Lab::start(store.clone(), &all_to("left")).expect("the policy is right");
        assert_eq!(lab.who_gets(1), ["left"]);
        store.commit.store(true, Ordering::Release);
        store.abandon.store(abandon_fails, Ordering::Release);
        let refused = lab.apply(&all_to("right"));
        assert!(matches!(refused, Err(Refusal::Store(StoreError::Full(_)))), "{refused:?}");
        assert_eq!(lab.broker.version(), Version(1));
        assert_eq!(*lab.broker.in_force().text, all_to("left"));
        assert_eq!(lab.who_gets(2), ["left"]);
        let last = store.last().expect("it can be read").expect("there is one");
        assert_eq!(last.summary.version, Version(1), "store and data path agree");
        let progress = if abandon_fails { Progress::Intended } else { Progress::Abandoned };
        let second = store.get(Version(2)).expect("it can be read").expect("it was intended");
        assert_eq!(second.summary.progress, progress);
        store.commit.store(false, Ordering::Release);
        assert_eq!(lab.apply(&all_to("right")).expect("it can be written").version, Version(3));
        assert_eq!(lab.who_gets(3), ["right"]);
        let reading = lab.broker.reading().expect("it can be read");
        assert_eq!(reading.account.violations, Vec::<String>::new());
        assert_eq!(reading.account.ports[0].received, 3);
    }
}

#[test]
fn a_full_store_refuses_changes_and_traffic_goes_on() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = Store::open(folder.path(), StoreOptions { max_bytes: 400 << 10 }).expect("it is small");
    let lab = Lab::start(Arc::new(store), &all_to("left")).expect("the policy is right");
    let padding = format!("# {}\n", "x".repeat(20_000));
    let (mut tool, mut number) = ("left", 0);
    let refused = loop {
        let next = if tool == "left" { "right" } else { "left" };
        match lab.apply(&format!("{padding}{}", all_to(next))) {
            Ok(_) => tool = next,
            Err(refused) => break refused,
        }
        number += 1;
        assert_eq!(lab.who_gets(number), [tool]);
        assert!(number < 100, "it has a bound");
    };
    assert!(matches!(refused, Refusal::Store(StoreError::Full(_))), "{refused}");
    assert!(number > 3, "{number}");
    assert_eq!(lab.who_gets(number + 1), [tool]);
}
