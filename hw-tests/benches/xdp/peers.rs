//! What else a Linux machine copies frames with, put on the tap: each takes TCP to port 80 to the tools, as the broker's one filter does. The sink is the same.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use sluice_conformance::harness::lab::{must, run};

/// A peer, as long as it is there.
pub(crate) enum Peer {
    Tc,
    Nftables,
    OpenVswitch { _processes: OpenVswitch },
}

impl Peer {
    /// `u32` and `mirred` of the traffic control.
    pub(crate) fn tc(tools: &[(&str, u16)]) -> Option<Self> {
        let action = |(index, (name, _)): (usize, &(&str, u16))| {
            let verb = if index + 1 == tools.len() { "redirect" } else { "mirror" };
            format!("action mirred egress {verb} dev {name}")
        };
        let actions: Vec<String> = tools.iter().enumerate().map(action).collect();
        let filter = format!(
            "tc qdisc add dev tap clsact && tc filter add dev tap ingress protocol ip u32 match ip protocol 6 0xff match ip dport 80 0xffff {}",
            actions.join(" ")
        );
        run(&filter).then_some(Self::Tc)
    }

    /// `dup` and `fwd` of a chain at the device's ingress.
    pub(crate) fn nftables(tools: &[(&str, u16)]) -> Option<Self> {
        let verb = |(index, (name, _)): (usize, &(&str, u16))| {
            format!("{} to {name}", if index + 1 == tools.len() { "fwd" } else { "dup" })
        };
        let verbs: Vec<String> = tools.iter().enumerate().map(verb).collect();
        let ruleset = format!(
            "table netdev peer {{ chain taps {{ type filter hook ingress device tap priority 0; tcp dport 80 {}; }}; }}",
            verbs.join(" ")
        );
        run(&format!("echo '{ruleset}' | nft -f -")).then_some(Self::Nftables)
    }

    /// Open vSwitch with its own data path: the kernel's is a module, and there are none here.
    pub(crate) fn open_vswitch(tools: &[(&str, u16)]) -> Option<Self> {
        OpenVswitch::start(tools).map(|processes| Self::OpenVswitch { _processes: processes })
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        match self {
            Self::Tc => drop(run("tc qdisc del dev tap clsact")),
            Self::Nftables => drop(run("nft delete table netdev peer")),
            // Its processes end with it.
            Self::OpenVswitch { .. } => {}
        }
    }
}

pub(crate) struct OpenVswitch {
    children: Vec<Child>,
    folder: tempfile::TempDir,
}

impl OpenVswitch {
    fn start(tools: &[(&str, u16)]) -> Option<Self> {
        if !run("ovs-vswitchd --version") {
            return None;
        }
        let mut peer =
            Self { children: Vec::new(), folder: tempfile::tempdir().expect("a temporary folder") };
        let at = peer.folder.path().display().to_string();
        must(&format!("ovsdb-tool create {at}/db /usr/share/openvswitch/vswitch.ovsschema"));
        let socket = format!("unix:{at}/socket");
        peer.spawn("ovsdb-server", &[&format!("--remote=p{socket}"), &format!("{at}/db")]);
        peer.wait(&format!("ovs-vsctl --db={socket} --no-wait init"));
        peer.spawn("ovs-vswitchd", &["--disable-system", &socket]);
        let ask = format!("ovs-vsctl --db={socket}");
        must(&format!(
            "{ask} add-br peer -- set bridge peer datapath_type=netdev protocols=OpenFlow10 fail-mode=secure"
        ));
        for (number, name) in ["tap"].into_iter().chain(tools.iter().map(|(name, _)| *name)).enumerate() {
            must(&format!(
                "{ask} add-port peer {name} -- set interface {name} ofport_request={}",
                number + 1
            ));
        }
        let outputs: Vec<String> = (0..tools.len()).map(|index| format!("output:{}", index + 2)).collect();
        let flow = format!("in_port=1,tcp,tp_dst=80,actions={}", outputs.join(","));
        peer.wait(&format!("ovs-ofctl add-flow unix:{at}/peer.mgmt {flow}"));
        Some(peer)
    }

    fn spawn(&mut self, program: &str, arguments: &[&str]) {
        let path = self.folder.path();
        let child = Command::new(program)
            .args(["--unixctl", &path.join(format!("{program}.control")).display().to_string()])
            .args(arguments)
            .env("OVS_RUNDIR", path)
            .env("OVS_LOGDIR", path)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        self.children.push(child.expect("it is installed"));
    }

    fn wait(&self, line: &str) {
        let end = Instant::now() + Duration::from_secs(20);
        while !run(line) {
            assert!(Instant::now() < end, "{line}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for OpenVswitch {
    fn drop(&mut self) {
        for child in self.children.iter_mut().rev() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
