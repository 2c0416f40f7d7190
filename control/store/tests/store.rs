//! A store keeps what it was told, over a restart, a full disk and an end in the middle.

use sluice_store::{Audit, History, Intent, Progress, Store, StoreError, StoreOptions, User, Users, Version};

fn intent(text: &str) -> Intent<'_> {
    Intent {
        text,
        author: "ann",
        reason: "because",
        time_ns: 1_000,
        summary: "+ web",
        restores: None,
        tenant: "",
    }
}

fn audit(outcome: &str) -> Audit<'_> {
    Audit { time_ns: 2_000, user: "ann", tenant: "", action: "apply", subject: "", outcome }
}

fn open(folder: &tempfile::TempDir) -> Store {
    Store::open(folder.path(), StoreOptions::default()).expect("it can be opened")
}

fn apply(store: &Store, text: &str) -> Version {
    let version = store.intend(&intent(text)).expect("there is room");
    store.commit(version, &audit("done")).expect("there is room");
    version
}

#[test]
fn what_was_committed_last_is_in_force_after_a_restart() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = open(&folder);
    assert_eq!(store.last().expect("it can be read"), None);
    assert_eq!(apply(&store, "one"), Version(1));
    assert_eq!(apply(&store, "two"), Version(2));
    let abandoned = store.intend(&intent("three")).expect("there is room");
    store.abandon(abandoned, "refused").expect("there is room");
    // A process that ends here leaves an intent.
    store.intend(&intent("four")).expect("there is room");
    drop(store);

    let store = open(&folder);
    let last = store.last().expect("it can be read").expect("two were committed");
    assert_eq!((last.summary.version, last.text.as_str()), (Version(2), "two"));
    let all = store.list(None, 10, None).expect("it can be read");
    let found: Vec<_> = all.iter().map(|one| (one.version.0, one.progress, one.note.as_str())).collect();
    assert_eq!(
        found,
        [
            (4, Progress::Abandoned, "the process ended before the change was recorded as made"),
            (3, Progress::Abandoned, "refused"),
            (2, Progress::Committed, ""),
            (1, Progress::Committed, ""),
        ]
    );
    assert_eq!(store.list(Some(Version(3)), 1, None).expect("it can be read").len(), 1);
    let four = store.get(Version(4)).expect("it can be read").expect("it was intended");
    assert_eq!((four.text.as_str(), four.summary.author.as_str()), ("four", "ann"));
    // A number is used once.
    assert_eq!(apply(&store, "five"), Version(5));
    assert_eq!(store.audits(None, 10).expect("it can be read").len(), 3);
    assert_eq!(store.audits(Some(3), 1).expect("it can be read")[0].id, 2);
}

#[test]
fn an_intent_ends_once() {
    let store = Store::in_memory().expect("there is memory");
    let version = apply(&store, "one");
    for result in [store.commit(version, &audit("done")), store.abandon(version, "no")] {
        assert!(matches!(result, Err(StoreError::Refused(_))), "{result:?}");
    }
    assert!(matches!(store.commit(Version(9), &audit("done")), Err(StoreError::Refused(_))));
    assert_eq!(store.audits(None, 10).expect("it can be read").len(), 1, "refused ones leave nothing");
}

#[test]
fn one_process_has_a_store() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let _first = open(&folder);
    let second = Store::open(folder.path(), StoreOptions::default());
    assert!(matches!(second, Err(StoreError::InUse(_))), "{second:?}");
}

#[test]
fn a_full_store_says_so_and_keeps_what_it_has() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = Store::open(folder.path(), StoreOptions { max_bytes: 256 << 10 }).expect("it is small");
    let text = "x".repeat(20_000);
    let mut kept = 0;
    let error = loop {
        match store.intend(&intent(&text)) {
            Ok(version) => {
                if let Err(error) = store.commit(version, &audit("done")) {
                    break error;
                }
            }
            Err(error) => break error,
        }
        kept += 1;
        assert!(kept < 100, "it has a bound");
    };
    assert!(matches!(error, StoreError::Full(_)), "{error}");
    assert!(kept > 3, "{kept}");
    let last = store.last().expect("it can be read").expect("some were committed");
    assert_eq!(last.summary.version, Version(kept));
    drop(store);
    // With more room it goes on.
    let store = open(&folder);
    assert!(apply(&store, &text) > Version(kept));
}

#[test]
fn a_later_form_and_other_files_are_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    drop(open(&folder));
    let file = folder.path().join(sluice_store::FILE);
    let raw = rusqlite::Connection::open(&file).expect("it is a database");
    raw.pragma_update(None, "user_version", 99).expect("it can be written");
    drop(raw);
    let found = Store::open(folder.path(), StoreOptions::default());
    assert!(matches!(found, Err(StoreError::Newer { found: 99, .. })), "{found:?}");
    std::fs::write(&file, "this is no database, however long one looks at it".repeat(100)).expect("a file");
    let found = Store::open(folder.path(), StoreOptions::default());
    assert!(matches!(found, Err(StoreError::Damaged(_))), "{found:?}");
}

#[test]
fn users_are_found_by_their_tokens() {
    let store = Store::in_memory().expect("there is memory");
    let user = |name: &str, role: &str, byte| User {
        name: name.to_string(),
        role: role.to_string(),
        tenant: String::new(),
        token: [byte; 32],
        time_ns: 5,
    };
    store.add_user(&user("root", "admin", 1), &audit("done")).expect("it is new");
    store.add_user(&user("bob", "viewer", 2), &audit("done")).expect("it is new");
    let twice = store.add_user(&user("bob", "admin", 3), &audit("done"));
    assert!(matches!(twice, Err(StoreError::Refused(_))), "{twice:?}");
    assert_eq!(store.user_of(&[2; 32]).expect("it can be read"), Some(user("bob", "viewer", 2)));
    assert_eq!(store.user_of(&[3; 32]).expect("it can be read"), None);
    let last = store.remove_user("root", "admin", &audit("done"));
    assert!(matches!(last, Err(StoreError::Refused(_))), "{last:?}");
    store.remove_user("bob", "admin", &audit("done")).expect("there is one");
    assert_eq!(store.users().expect("it can be read"), [user("root", "admin", 1)]);
    assert!(matches!(store.remove_user("bob", "admin", &audit("done")), Err(StoreError::Refused(_))));
    assert_eq!(store.audits(None, 10).expect("it can be read").len(), 3);
}

#[test]
fn what_is_of_a_tenant_is_found_by_its_name() {
    let store = Store::in_memory().expect("there is memory");
    apply(&store, "one");
    let of_blue = Intent { tenant: "blue", ..intent("two") };
    let version = store.intend(&of_blue).expect("there is room");
    store.commit(version, &Audit { tenant: "blue", ..audit("done") }).expect("there is room");
    apply(&store, "three");
    let versions = |tenant| {
        let list = store.list(None, 10, tenant).expect("it can be read");
        list.iter().map(|one| (one.version.0, one.tenant.clone())).collect::<Vec<_>>()
    };
    assert_eq!(versions(Some("blue")), [(2, "blue".to_string())]);
    assert_eq!(versions(Some("red")), []);
    assert_eq!(versions(None).len(), 3);
    let tenants: Vec<_> =
        store.audits(None, 10).expect("it can be read").into_iter().map(|one| one.tenant).collect();
    assert_eq!(tenants, ["", "blue", ""]);
}

/// The form before tenants: what is in it is of none.
#[test]
fn a_store_of_an_earlier_form_is_brought_to_the_later_one() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = open(&folder);
    apply(&store, "one");
    store
        .add_user(
            &User {
                name: "root".to_string(),
                role: "admin".to_string(),
                tenant: String::new(),
                token: [1; 32],
                time_ns: 5,
            },
            &audit("done"),
        )
        .expect("it is new");
    drop(store);
    let raw = rusqlite::Connection::open(folder.path().join(sluice_store::FILE)).expect("it is a database");
    for table in ["version", "audit", "user"] {
        raw.execute_batch(&format!("ALTER TABLE {table} DROP COLUMN tenant")).expect("it has the column");
    }
    raw.pragma_update(None, "user_version", 1).expect("it can be written");
    drop(raw);
    let store = open(&folder);
    let last = store.last().expect("it can be read").expect("it was committed");
    assert_eq!((last.text.as_str(), last.summary.tenant.as_str()), ("one", ""));
    assert_eq!(store.users().expect("it can be read")[0].tenant, "");
}
