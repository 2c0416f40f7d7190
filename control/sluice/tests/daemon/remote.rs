//! A broker whose data path is another process: a second `sluice serve`, or bmv2's `simple_switch_grpc` where it is there.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::lab::{Daemon, Ends, all_to, ask, folder};

/// A process that serves P4Runtime and has the ports.
struct Device(Child);

impl Drop for Device {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Device {
    fn start(address: SocketAddr, ends: &Ends) -> Self {
        Self::with(address, ends, Path::new("."), &[])
    }

    fn with(address: SocketAddr, ends: &Ends, folder: &Path, more: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_sluice"))
            .current_dir(folder)
            .args(["serve", "--p4runtime", &address.to_string()])
            .args(ends.named(["1", "11", "12"]))
            .args(more)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the command runs");
        let mut stdout = BufReader::new(child.stdout.take().expect("it was asked for"));
        let mut line = String::new();
        stdout.read_line(&mut line).expect("it writes lines");
        assert!(line.starts_with("ready: P4Runtime"), "{line}");
        std::thread::spawn(move || stdout.lines().for_each(drop));
        Self(child)
    }
}

fn free() -> SocketAddr {
    let socket = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    socket.local_addr().expect("it is bound")
}

/// Asks for the status until it says that.
fn wait(folder: &Path, daemon: &Daemon, wanted: &str) -> String {
    let end = Instant::now() + Duration::from_secs(30);
    loop {
        let begun = Instant::now();
        let (text, code) = ask(folder, daemon, &["status"]);
        if text.contains(wanted) {
            return text;
        }
        assert_eq!(code, Some(0), "{text}");
        assert!(
            begun.elapsed() < Duration::from_secs(5),
            "an answer does not wait for the data path: {text}"
        );
        assert!(Instant::now() < end, "{wanted}: {text}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_broker_drives_a_data_path_that_goes_and_comes_back() {
    let (folder, ends, address) = (folder(), Ends::new(), free());
    let folder = folder.path();
    let arguments = ["--remote".to_string(), address.to_string()];
    let said = |daemon: &Daemon, words: &[&str], code: i32, part: &str| {
        let (text, found) = ask(folder, daemon, words);
        assert_eq!(found, Some(code), "{words:?}: {text}");
        assert!(text.contains(part), "{words:?}: {part}\n{text}");
    };
    let device = Device::start(address, &ends);
    let mut daemon = Daemon::with(folder, &arguments);
    assert_eq!(ends.who_gets(), ["left"]);
    said(&daemon, &["status"], 0, "on a P4Runtime device");
    said(&daemon, &["apply", "next.yaml"], 0, "version 2 is in force");
    assert_eq!(ends.who_gets(), ["right"]);
    said(&daemon, &["status"], 0, "every packet and every copy is accounted for");
    said(&daemon, &["filters"], 0, "to-right     1  tap");

    // It goes: nothing is changed meanwhile, and that is said.
    drop(device);
    wait(folder, &daemon, "OUT OF REACH");
    said(&daemon, &["apply", "broker.yaml"], 2, "the data path is out of reach");
    said(&daemon, &["log"], 0, "the policy to begin with");
    // It comes back without anything, and is given what is in force.
    let device = Device::start(address, &ends);
    wait(folder, &daemon, "every packet and every copy is accounted for");
    assert_eq!(ends.who_gets(), ["right"]);
    said(&daemon, &["apply", "broker.yaml"], 0, "version 3 is in force");
    assert_eq!(ends.who_gets(), ["left"]);

    // The broker goes: traffic goes on, and it begins again with what was in force.
    daemon.kill();
    assert_eq!(ends.who_gets(), ["left"]);
    let daemon = Daemon::with(folder, &arguments);
    assert_eq!(ends.who_gets(), ["left"]);
    said(&daemon, &["status"], 0, "policy version 3");
    said(&daemon, &["rollback", "2"], 0, "version 4 is in force");
    assert_eq!(ends.who_gets(), ["right"]);
    drop(device);
}

#[test]
fn what_cannot_be_is_said() {
    let folder = folder();
    let refused = |more: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_sluice"))
            .current_dir(folder.path())
            .args(["serve", "--policy", "broker.yaml", "--p4runtime", "127.0.0.1:0", "--api", "127.0.0.1:0"])
            .args(more)
            .output()
            .expect("the command runs");
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let ends = Ends::new();
    let address = free();
    let _device = Device::start(address, &ends);
    let address = address.to_string();
    let text = refused(&["--remote", &address, "--remote-device-id", "9"]);
    assert!(text.contains("no device 9") && text.contains("--remote-device-id"), "{text}");
    let text = refused(&["--remote", &format!("https://{address}")]);
    assert!(text.contains("no authority vouches") && text.contains("--remote-ca"), "{text}");
    let text = refused(&["--remote", &address, "--port", "tap=tap:sluice0"]);
    assert!(text.contains("cannot be used with"), "{text}");
}

/// What `sluice serve` says that refuses those arguments.
fn refused(folder: &Path, words: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_sluice"))
        .current_dir(folder)
        .args(["serve", "--api", "127.0.0.1:0"])
        .args(words)
        .output()
        .expect("the command runs");
    assert_eq!(output.status.code(), Some(2), "{words:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A certificate for this machine that vouches for itself, and its key.
fn certificate(folder: &Path) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_string()]).expect("it is a name");
    std::fs::write(folder.join("cert.pem"), made.cert.pem()).expect("it can be written");
    std::fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).expect("it can be written");
}

/// Digests of `secret` and `watch`.
const USERS: &str = "# Who may speak to this device.
olga operator 2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b
vera viewer baed831623943be39ebf0ef44ae1e9c8fc3eeab51b5f89c113ca410d76a34c1d
";

#[test]
fn a_data_path_knows_its_broker_by_token_and_tls() {
    let (folder, ends, address) = (folder(), Ends::new(), free());
    let folder = folder.path();
    certificate(folder);
    for (name, text) in [("users", USERS), ("olga", "secret\n"), ("vera", "watch")] {
        std::fs::write(folder.join(name), text).expect("it can be written");
    }
    let tls = ["--tls-cert", "cert.pem", "--tls-key", "key.pem", "--p4runtime-users", "users"];
    let _device = Device::with(address, &ends, folder, &tls);
    let url = format!("https://localhost:{}", address.port());
    let remote = |token: Option<&'static str>| {
        let mut words = ["--p4runtime", "127.0.0.1:0", "--remote", &url, "--remote-ca", "cert.pem"].to_vec();
        words.extend(token.map(|token| ["--remote-token-file", token]).iter().flatten());
        words.iter().map(|word| (*word).to_string()).collect::<Vec<_>>()
    };
    let fails = |token| {
        let words = [vec!["--policy".to_string(), "broker.yaml".to_string()], remote(token)].concat();
        refused(folder, &words.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let text = fails(None);
    assert!(text.contains("token") && text.contains("--remote-token-file"), "{text}");
    let text = fails(Some("vera"));
    assert!(text.contains("`vera` may read here, and change nothing") && text.contains("operator"), "{text}");
    let daemon = Daemon::with(folder, &remote(Some("olga"))[2..]);
    assert_eq!(ends.who_gets(), ["left"]);
    let (text, code) = ask(folder, &daemon, &["apply", "next.yaml"]);
    assert_eq!(code, Some(0), "{text}");
    assert_eq!(ends.who_gets(), ["right"]);
}

#[test]
fn doors_that_would_be_open_are_refused() {
    let folder = folder();
    let folder = folder.path();
    certificate(folder);
    std::fs::write(folder.join("users"), "olga boss 00\nvera viewer\n").expect("it can be written");
    let tls = ["--p4runtime", "0.0.0.0:0", "--tls-cert", "cert.pem", "--tls-key", "key.pem"];
    let text = refused(folder, &tls);
    assert!(text.contains("could set any program") && text.contains("--p4runtime-users"), "{text}");
    let text = refused(folder, &[&tls[..], &["--p4runtime-users", "users"]].concat());
    assert!(text.contains("`boss` is no role") && text.contains("users:1:1"), "{text}");
    assert!(text.contains("two words") || text.contains("2 words"), "{text}");
    std::fs::write(folder.join("token"), "secret").expect("it can be written");
    let far = ["--policy", "broker.yaml", "--p4runtime", "127.0.0.1:0", "--remote", "192.0.2.1:9559"];
    let text = refused(folder, &[&far[..], &["--remote-token-file", "token"]].concat());
    assert!(text.contains("would read the token") && text.contains("https://"), "{text}");
}

#[test]
fn controllers_of_a_broker_are_its_users() {
    use sluice_p4runtime::v1;
    let (folder, ends) = (folder(), Ends::new());
    let daemon = Daemon::start(folder.path(), &ends);
    let runtime = tokio::runtime::Runtime::new().expect("there are threads");
    let asked = |token: Option<&str>| {
        let endpoint = tonic::transport::Endpoint::from_shared(format!("http://{}", daemon.p4runtime));
        let mut request = tonic::Request::new(v1::WriteRequest {
            device_id: 1,
            election_id: Some(v1::Uint128 { high: 0, low: 1 }),
            ..v1::WriteRequest::default()
        });
        if let Some(token) = token {
            let bearer = format!("Bearer {token}").parse().expect("it is plain");
            request.metadata_mut().insert("authorization", bearer);
        }
        runtime.block_on(async {
            let channel = endpoint.expect("it is a URL").connect().await.expect("it listens");
            let mut client = v1::p4_runtime_client::P4RuntimeClient::new(channel);
            client.write(request).await.expect_err("nobody is primary")
        })
    };
    assert_eq!(asked(None).code(), tonic::Code::Unauthenticated);
    assert_eq!(asked(Some("sluice_wrong")).code(), tonic::Code::Unauthenticated);
    let status = asked(daemon.token.as_deref());
    assert!(status.message().contains("no primary"), "{status}");
}

/// The same device id, election and program by way of bmv2's own server.
#[test]
fn bmv2_is_driven_where_it_is_there() {
    let address = free();
    let listens = format!("--grpc-server-addr={address}");
    let begun = Command::new("simple_switch_grpc").args(["--no-p4", "--", &listens]).spawn();
    let Ok(child) = begun else {
        eprintln!("skipped: there is no `simple_switch_grpc`");
        return;
    };
    let device = Device(child);
    let end = Instant::now() + Duration::from_secs(10);
    while std::net::TcpStream::connect(address).is_err() {
        assert!(Instant::now() < end, "it listens");
        std::thread::sleep(Duration::from_millis(50));
    }
    let folder = folder();
    let arguments = ["--remote", &address.to_string(), "--remote-kind", "bmv2", "--remote-device-id", "0"];
    let daemon = Daemon::with(folder.path(), &arguments.map(str::to_string));
    let (text, code) = ask(folder.path(), &daemon, &["apply", "next.yaml"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("version 2 is in force"), "{text}");
    let (text, _) = ask(folder.path(), &daemon, &["log", "2", "--text"]);
    assert_eq!(text, all_to("right"));
    drop(device);
}
