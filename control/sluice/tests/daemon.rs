//! `sluice serve` with a store, over loopback: commands that ask it, policies that outlive it, and a `kill -9` at any point of a change.

use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use sluice_api::v1;
use tonic::Request;
use tonic::transport::{Channel, Endpoint};
use v1::broker_client::BrokerClient;

/// What the token of the first user is shown with.
const SHOWN: &str = "token of admin, shown only now: ";

/// A policy that sends everything to that tool.
fn all_to(tool: &str) -> String {
    format!(
        "ports:\n  tap: {{ role: network, id: 1 }}\n  left: {{ role: tool, id: 11 }}\n  right: {{ role: tool, id: 12 }}\n\
         filters:\n  - {{ name: to-{tool}, to: [{tool}] }}\n"
    )
}

/// The other ends of a broker's ports: a socket each.
struct Ends {
    tap: UdpSocket,
    left: UdpSocket,
    right: UdpSocket,
    /// Where the broker's own ends are.
    own: [SocketAddr; 3],
}

fn socket() -> UdpSocket {
    UdpSocket::bind("127.0.0.1:0").expect("a port is free")
}

fn address(socket: &UdpSocket) -> SocketAddr {
    socket.local_addr().expect("it is bound")
}

impl Ends {
    fn new() -> Self {
        // Free now, and nobody else is likely to take them.
        let own = [socket(), socket(), socket()].map(|socket| address(&socket));
        Self { tap: socket(), left: socket(), right: socket(), own }
    }

    fn arguments(&self) -> Vec<String> {
        let ends = [("tap", &self.tap), ("left", &self.left), ("right", &self.right)];
        let port = |((name, end), own): ((&str, &UdpSocket), &SocketAddr)| {
            ["--port".to_string(), format!("{name}=udp:{own},{}", address(end))]
        };
        ends.into_iter().zip(&self.own).flat_map(port).collect()
    }

    /// Sends a frame, and says which tools get it.
    fn who_gets(&self) -> Vec<&'static str> {
        static NUMBER: AtomicU32 = AtomicU32::new(1);
        let mut frame = vec![0u8; 60];
        frame[12..14].copy_from_slice(&[0x88, 0xb5]);
        frame[14..18].copy_from_slice(&NUMBER.fetch_add(1, Ordering::Relaxed).to_be_bytes());
        self.tap.send_to(&frame, self.own[0]).expect("it can be sent");
        let mut who = Vec::new();
        let mut bytes = [0u8; 100];
        for round in 0..40 {
            for (name, end) in [("left", &self.left), ("right", &self.right)] {
                end.set_read_timeout(Some(Duration::from_millis(50))).expect("it is a time");
                if end.recv(&mut bytes).is_ok_and(|length| bytes[..length] == frame) {
                    who.push(name);
                }
            }
            // One more look for a copy that should not be.
            if !who.is_empty() && round > 0 {
                break;
            }
        }
        who
    }
}

/// A broker in a process of its own.
struct Daemon {
    child: Child,
    api: String,
    /// Shown when the store was made.
    token: Option<String>,
    stderr: BufReader<ChildStderr>,
}

impl Daemon {
    fn start(folder: &Path, ends: &Ends) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_sluice"))
            .current_dir(folder)
            .args(["serve", "--store", "store", "--policy", "broker.yaml"])
            .args(["--p4runtime", "127.0.0.1:0", "--api", "127.0.0.1:0"])
            .args(ends.arguments())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command runs");
        let mut stderr = BufReader::new(child.stderr.take().expect("it was asked for"));
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().expect("it was asked for"));
        stdout.read_line(&mut line).expect("it writes lines");
        let Some((_, rest)) = line.split_once("REST and gRPC at ") else {
            let mut why = String::new();
            let _ = Read::read_to_string(&mut stderr, &mut why);
            panic!("{line}{why}");
        };
        let api = rest.split(',').next().expect("it has a first part").to_string();
        let mut daemon = Self { child, api, token: None, stderr };
        // It goes on writing there.
        std::thread::spawn(move || stdout.lines().for_each(drop));
        if !folder.join("token").exists() {
            // The log is there, too.
            let lines = daemon.stderr.by_ref().lines().map_while(Result::ok);
            let token = lines.filter_map(|line| Some(line.strip_prefix(SHOWN)?.to_string())).next();
            let token = token.expect("it is shown");
            std::fs::write(folder.join("token"), &token).expect("it can be written");
            daemon.token = Some(token);
        }
        daemon
    }

    fn kill(&mut self) {
        self.child.kill().expect("it is running");
        self.child.wait().expect("it was begun here");
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, tool) in [("broker.yaml", "left"), ("next.yaml", "right")] {
        std::fs::write(folder.path().join(name), all_to(tool)).expect("it can be written");
    }
    folder
}

/// A command that asks a broker: what it prints, and its exit code.
fn ask(folder: &Path, daemon: &Daemon, words: &[&str]) -> (String, Option<i32>) {
    let output = Command::new(env!("CARGO_BIN_EXE_sluice"))
        .current_dir(folder)
        .args(words)
        .args(["--server", &format!("http://{}", daemon.api), "--token-file", "token"])
        .output()
        .expect("the command runs");
    let text = [output.stdout, output.stderr].concat();
    (String::from_utf8_lossy(&text).into_owned(), output.status.code())
}

#[test]
fn commands_ask_a_broker_that_runs() {
    let (folder, ends) = (folder(), Ends::new());
    let folder = folder.path();
    let mut daemon = Daemon::start(folder, &ends);
    let token = daemon.token.clone().expect("the store is new");
    assert!(token.starts_with("sluice_") && token.len() == 71, "{token}");
    let said = |words: &[&str], code: i32, parts: &[&str]| {
        let (text, found) = ask(folder, &daemon, words);
        assert_eq!(found, Some(code), "{words:?}: {text}");
        for part in parts {
            assert!(text.contains(part), "{words:?}: {part}\n{text}");
        }
        text
    };
    said(&["status"], 0, &["policy version 1", "by serve", "you are admin (admin)", "accounted for"]);
    assert_eq!(ends.who_gets(), ["left"]);
    said(&["plan", "next.yaml"], 0, &["to-right", "from version 1", "switch   1"]);
    said(&["apply", "next.yaml", "--dry-run"], 0, &["nothing was changed: version 1 is in force"]);
    said(&["apply", "next.yaml", "--reason", "right is better"], 0, &["version 2 is in force"]);
    assert_eq!(ends.who_gets(), ["right"]);
    said(&["apply", "broker.yaml", "--expect", "1"], 2, &["version 2 is in force, not 1"]);
    std::fs::write(folder.join("wrong.yaml"), all_to("middle")).expect("it can be written");
    said(&["apply", "wrong.yaml"], 2, &["policy:6:", "middle"]);
    said(&["filters"], 0, &["to-right     1  tap", "(everything)"]);
    said(&["ports"], 0, &["tap         1  network  up            2     0"]);
    said(&["ports", "--clear", "tap"], 0, &["begin anew"]);
    said(&["ports"], 0, &["tap         1  network  up            0     0"]);
    let log = said(&["log"], 0, &["right is better", "the policy to begin with"]);
    assert_eq!(log.lines().count(), 3, "{log}");
    said(&["log", "2"], 0, &["+  - { name: to-right, to: [right] }", "version 2, committed"]);
    assert_eq!(said(&["log", "1", "--text"], 0, &[]), all_to("left"));
    said(&["top", "--count", "1"], 0, &["policy version 2; accounted for", "to-right"]);
    said(&["rollback", "1", "--reason", "no, it is not"], 0, &["version 3 is in force"]);
    assert_eq!(ends.who_gets(), ["left"]);
    said(&["log"], 0, &["(as version 1) no, it is not"]);
    let added = said(&["users", "--add", "vera"], 0, &["token of vera (viewer)"]);
    said(&["users"], 0, &["admin", "vera"]);
    said(&["audit"], 0, &["add_user", "rollback", "refused:"]);
    let vera = added.rsplit(' ').next().expect("it ends with the token").trim();
    std::fs::write(folder.join("admin"), &token).expect("it can be written");
    std::fs::write(folder.join("token"), vera).expect("it can be written");
    said(&["apply", "next.yaml"], 2, &["needs the role operator, and `vera` is viewer"]);
    std::fs::write(folder.join("token"), "sluice_wrong").expect("it can be written");
    said(&["status"], 2, &["Authorization: Bearer"]);
    std::fs::write(folder.join("token"), &token).expect("it can be written");
    // It ends as told, and begins again with what was in force.
    // The shell has this built in, and not every machine has `kill` as a program.
    let end = format!("kill {}", daemon.child.id());
    assert!(Command::new("sh").args(["-c", &end]).status().expect("it runs").success());
    assert!(daemon.child.wait().expect("it was begun here").success());
    let (text, code) = ask(folder, &daemon, &["status"]);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("cannot be reached"), "{text}");
    let daemon = Daemon::start(folder, &ends);
    let (text, _) = ask(folder, &daemon, &["status"]);
    assert!(text.contains("policy version 3") && daemon.token.is_none(), "{text}");
    assert_eq!(ends.who_gets(), ["left"]);
}

/// Applies policies one after the other until the broker is gone, beginning with version `next`; what was acknowledged last stands in `acknowledged`.
async fn apply_on(api: &str, token: &str, mut next: u64, acknowledged: &AtomicU64) {
    let Some(mut client) = client(api).await else { return };
    loop {
        let expected_version = acknowledged.load(Ordering::Acquire);
        let request =
            v1::ApplyRequest { text: text_of(next), expected_version, ..v1::ApplyRequest::default() };
        match client.apply(with_token(token, request)).await {
            Ok(applied) => {
                assert_eq!(applied.get_ref().version, next);
                acknowledged.store(next, Ordering::Release);
                next += 1;
            }
            // So many changes a second are the most.
            Err(status) if status.code() == tonic::Code::ResourceExhausted => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Err(_) => return,
        }
    }
}

/// What a version says: odd ones send to the left. A comment makes each text different.
fn text_of(version: u64) -> String {
    format!("{}# {version}\n", all_to(if version.is_multiple_of(2) { "right" } else { "left" }))
}

async fn client(api: &str) -> Option<BrokerClient<Channel>> {
    let channel = Endpoint::from_shared(format!("http://{api}")).ok()?.connect().await.ok()?;
    Some(BrokerClient::new(channel))
}

fn with_token<T>(token: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    let bearer = format!("Bearer {token}").parse().expect("it is plain");
    request.metadata_mut().insert("authorization", bearer);
    request
}

/// What is in force, and all that is under way: nothing, when the broker has just begun.
async fn look(api: &str, token: &str) -> (v1::Policy, Vec<v1::Version>) {
    let mut client = client(api).await.expect("it listens");
    let policy = client.get_policy(with_token(token, v1::GetPolicyRequest {})).await.expect("it is allowed");
    let request = v1::ListVersionsRequest { before: 0, limit: 500 };
    let versions = client.list_versions(with_token(token, request)).await.expect("it is allowed");
    (policy.into_inner(), versions.into_inner().versions)
}

/// A `kill -9` at a random time of a change: the store has the old policy or the new one, whole, and packets go as it says.
#[test]
fn a_broker_that_is_killed_has_the_old_policy_or_the_new_one() {
    let rounds = if std::env::var_os("SLUICE_LONG").is_some() { 500 } else { 8 };
    let seed: u64 = std::env::var("SLUICE_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or_else(|| u64::from(std::process::id()) << 20 | 1);
    println!("SLUICE_SEED={seed}");
    let mut random = seed;
    let (folder, ends) = (folder(), Ends::new());
    let folder = folder.path();
    std::fs::write(folder.join("broker.yaml"), text_of(1)).expect("it can be written");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.expect("there are threads");
    let mut token = String::new();
    // The versions that may be in force: the one that was acknowledged last, and the one that was asked for when it ended.
    let (mut acknowledged, mut next) = (1, 1);
    let (mut new, mut old) = (0, 0);
    for round in 0..=rounds {
        let mut daemon = Daemon::start(folder, &ends);
        token = daemon.token.take().unwrap_or(token);
        let (policy, versions) = runtime.block_on(look(&daemon.api, &token));
        let found = policy.version;
        assert!(
            found == acknowledged || found == next,
            "round {round}: {found} is neither {acknowledged} nor {next}"
        );
        new += u32::from(found == next && next != acknowledged);
        old += u32::from(found == acknowledged && next != acknowledged);
        assert!(versions.iter().all(|one| one.progress != "intended"), "round {round}");
        let committed = versions.iter().find(|one| one.progress == "committed").map(|one| one.version);
        assert_eq!(committed, Some(found), "round {round}");
        let tool = if policy.text.contains("to: [right]") { "right" } else { "left" };
        assert!(policy.text.starts_with(&all_to(tool)), "round {round}: {}", policy.text);
        assert_eq!(ends.who_gets(), [tool], "round {round}: version {found}");
        if round == rounds {
            break;
        }
        // Numbers of abandoned versions are used up.
        let first = versions.first().map_or(1, |latest| latest.version) + 1;
        let done = AtomicU64::new(found);
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let wait = Duration::from_micros(random % 250_000);
        runtime.block_on(async {
            let applying = apply_on(&daemon.api, &token, first, &done);
            tokio::select! {
                () = applying => {}
                () = tokio::time::sleep(wait) => {}
            }
        });
        daemon.kill();
        acknowledged = done.load(Ordering::Acquire);
        next = if acknowledged == found { first } else { acknowledged + 1 };
    }
    println!("{rounds} kills in the middle of changes: {old} times the old policy, {new} times the new one");
}
