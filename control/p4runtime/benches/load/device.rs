//! The server, in a process of its own, and what memory it takes.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use sluice_p4runtime::{Server, ServerOptions};
use sluice_target::{SoftOptions, SoftTarget};

/// Set in the process that is the server.
const MARK: &str = "SLUICE_LOAD_DEVICE";

/// Whether this process is the server.
pub(crate) fn is_device() -> bool {
    std::env::var_os(MARK).is_some()
}

/// Serves a soft switch without ports until standard input ends; says first where.
pub(crate) fn serve() {
    let runtime = tokio::runtime::Runtime::new().expect("threads can be made");
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let target = Arc::new(SoftTarget::new(SoftOptions::default()));
        let server = Server::new(target, ServerOptions::default()).expect("a thread can be made");
        tokio::spawn(async move { server.serve(listener, std::future::pending()).await });
        println!("{address}");
        std::io::stdout().flush().expect("the parent listens");
        let wait = || std::io::stdin().read_to_end(&mut Vec::new());
        // It ends when the parent does.
        let _ = tokio::task::spawn_blocking(wait).await;
    });
    runtime.shutdown_background();
}

/// The server's process. It ends with this.
pub(crate) struct Device {
    child: Child,
    pub(crate) address: String,
}

impl Drop for Device {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Device {
    pub(crate) fn start() -> Self {
        let own = std::env::current_exe().expect("this program has a path");
        let mut command = Command::new(own);
        command.env(MARK, "1").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("this program starts again");
        let mut address = String::new();
        let output = child.stdout.take().expect("it is piped");
        BufReader::new(output).read_line(&mut address).expect("it says where it listens");
        Self { child, address: address.trim().to_string() }
    }

    /// A line of `/proc/PID/status`, in bytes.
    fn status(&self, name: &str) -> u64 {
        let path = format!("/proc/{}/status", self.child.id());
        let text = std::fs::read_to_string(path).expect("the process lives");
        let line = text.lines().find_map(|line| line.strip_prefix(name)).expect("the line is there");
        let number = line.trim_start_matches(':').trim().trim_end_matches(" kB");
        number.parse::<u64>().expect("a number") * 1024
    }

    /// The time that processors have spent on it (`/proc/PID/stat`: user and system, in ticks of a hundredth of a second).
    pub(crate) fn processor_time(&self) -> Duration {
        let path = format!("/proc/{}/stat", self.child.id());
        let text = std::fs::read_to_string(path).expect("the process lives");
        // The command's name, in parentheses, may have spaces.
        let (_, rest) = text.rsplit_once(')').expect("a name stands first");
        let ticks =
            rest.split_whitespace().skip(11).take(2).map(|field| field.parse::<u64>().expect("a number"));
        Duration::from_millis(ticks.sum::<u64>() * 10)
    }

    /// What it has in memory, bytes.
    pub(crate) fn resident(&self) -> u64 {
        self.status("VmRSS")
    }

    /// The most that it had since [`Self::forget_peak`], bytes.
    pub(crate) fn peak(&self) -> u64 {
        self.status("VmHWM")
    }

    /// Begins anew to find the most.
    pub(crate) fn forget_peak(&self) {
        std::fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5").expect("the process is ours");
    }
}
