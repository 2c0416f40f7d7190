//! The adapter for bmv2, on a switch that is made up here: there is no bmv2 where these tests run.
//!
//! The test's own program is put on PATH as `simple_switch` and `simple_switch_CLI`. As a switch it reads pipes and takes
//! commands as bmv2 does, writes down in which order packets and commands came, and sends each packet to the port that its
//! first byte names. As a command line it hands its input on.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::Arc;

use sluice_diagnostics::Sources;
use sluice_entities::{
    ActionInfo, ActionRef, ActionScope, CounterInfo, CounterUnit, KeyInfo, MatchKind, MeterInfo, ParamInfo,
    PipelineInfo, RegisterInfo, TableInfo,
};
use sluice_stf::{Bmv2Target, bind, parse, run};

/// File in which the switch writes down what came.
const LOG: &str = "STF_TEST_LOG";

fn main() -> ExitCode {
    let mut arguments = std::env::args();
    let name = arguments.next().unwrap_or_default();
    let arguments: Vec<String> = arguments.collect();
    match Path::new(&name).file_name().and_then(|name| name.to_str()) {
        Some("simple_switch") => switch(&arguments),
        Some("simple_switch_CLI") => command_line(&arguments),
        _ if std::env::var_os(LOG).is_some() => tests(),
        // Asked for a list of tests, or for one by its name.
        _ if arguments.iter().any(|argument| argument == "--list") => ExitCode::SUCCESS,
        _ => again(),
    }
}

/// Runs this program again, with itself on PATH as bmv2.
fn again() -> ExitCode {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let this = std::env::current_exe().expect("it runs");
    for name in ["simple_switch", "simple_switch_CLI"] {
        std::os::unix::fs::symlink(&this, folder.path().join(name)).expect("a link");
    }
    let path = std::env::var("PATH").unwrap_or_default();
    let status = Command::new(&this)
        .env("PATH", format!("{}:{path}", folder.path().display()))
        .env(LOG, folder.path().join("log"))
        .current_dir(folder.path())
        .status()
        .expect("it runs again");
    if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn argument<'a>(arguments: &'a [String], name: &str) -> Vec<&'a str> {
    arguments.windows(2).filter(|pair| pair[0] == name).map(|pair| pair[1].as_str()).collect()
}

fn log(line: &str) {
    let path = std::env::var(LOG).expect("the tests say where");
    let mut file = fs::OpenOptions::new().create(true).append(true).open(path).expect("the log");
    // One write a line: packets and commands come from two threads.
    file.write_all(format!("{line}\n").as_bytes()).expect("the log");
}

/// One input of the switch, with the packet that is loaded: microseconds and bytes.
struct Input {
    port: u16,
    file: File,
    packet: Option<(u64, Vec<u8>)>,
}

impl Input {
    fn load(&mut self) {
        let mut header = [0; 16];
        self.packet = self.file.read_exact(&mut header).ok().map(|()| {
            let field = |at: usize| u32::from_le_bytes(header[at..at + 4].try_into().expect("four bytes"));
            let mut data = vec![0; field(8) as usize];
            self.file.read_exact(&mut data).expect("a whole packet");
            (u64::from(field(0)) * 1_000_000 + u64::from(field(4)) / 1_000, data)
        });
    }
}

/// Loads one packet from each file and takes the earliest, as bmv2 does.
fn switch(arguments: &[String]) -> ExitCode {
    let json = arguments.last().expect("a program");
    if fs::read_to_string(json).expect("the program is there").trim() != "{}" {
        eprintln!("this program has no tables");
        return ExitCode::FAILURE;
    }
    let mut inputs = Vec::new();
    let mut outputs = BTreeMap::new();
    for interface in argument(arguments, "-i") {
        let (port, prefix) = interface.split_once('@').expect("port and prefix");
        let port: u16 = port.parse().expect("a port");
        let mut file = File::open(format!("{prefix}_in.pcap")).expect("an input");
        let mut header = [0; 24];
        file.read_exact(&mut header).expect("a header");
        inputs.push(Input { port, file, packet: None });
        let mut output = File::create(format!("{prefix}_out.pcap")).expect("an output");
        // Link type 0, as bmv2 writes it.
        output
            .write_all(&[0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0])
            .expect("a header");
        outputs.insert(port, output);
    }
    let thrift = argument(arguments, "--thrift-port")[0].parse().expect("a port");
    let listener = TcpListener::bind(("127.0.0.1", thrift)).expect("it is free");
    std::thread::spawn(move || {
        let mut entries = 0;
        for stream in listener.incoming() {
            serve(stream.expect("a connection"), &mut entries);
        }
    });
    inputs.iter_mut().for_each(Input::load);
    while let Some(first) = inputs
        .iter_mut()
        .filter(|input| input.packet.is_some())
        .min_by_key(|input| input.packet.as_ref().map(|(time, _)| *time))
    {
        let (_, data) = first.packet.take().expect("it was looked for");
        let text: String = data.iter().map(|byte| format!("{byte:02x}")).collect();
        log(&format!("packet {} {text}", first.port));
        if let Some(output) = outputs.get_mut(&u16::from(data[0])) {
            let length = (data.len() as u32).to_le_bytes();
            let record = [&[0; 8], length.as_slice(), length.as_slice(), data.as_slice()].concat();
            output.write_all(&record).expect("an output");
        }
        first.load();
    }
    loop {
        std::thread::park();
    }
}

/// Answers the commands of one connection.
fn serve(stream: TcpStream, entries: &mut u64) {
    let mut answers = stream.try_clone().expect("both directions");
    for line in BufReader::new(stream).lines().map_while(Result::ok) {
        log(&line);
        let answer = match line.split_whitespace().next() {
            Some("table_add") => {
                *entries += 1;
                format!("Entry has been added with handle {}", *entries + 16_777_215)
            }
            Some("counter_read") => "c[0]=  BmCounterValue(packets=2, bytes=20)".to_string(),
            Some("mirroring_get") => "Invalid mirroring operation (SESSION_NOT_FOUND)".to_string(),
            _ => "done".to_string(),
        };
        if writeln!(answers, "{answer}").is_err() {
            break;
        }
    }
}

fn command_line(arguments: &[String]) -> ExitCode {
    let port: u16 = argument(arguments, "--thrift-port")[0].parse().expect("a port");
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("the switch runs");
    let mut answers = BufReader::new(stream.try_clone().expect("both directions"));
    for line in std::io::stdin().lines().map_while(Result::ok) {
        writeln!(stream, "{line}").expect("the switch listens");
        let mut answer = String::new();
        answers.read_line(&mut answer).expect("the switch answers");
        print!("RuntimeCmd: {answer}");
    }
    ExitCode::SUCCESS
}

fn info() -> PipelineInfo {
    let key = |name: &str, kind| KeyInfo { name: Arc::from(name), kind, width: 16 };
    let action = |name: &str| ActionRef { name: Arc::from(name), scope: ActionScope::TableAndDefault };
    let table = |name: &str, keys| TableInfo {
        name: Arc::from(name),
        keys,
        selector_keys: Vec::new(),
        actions: vec![action("c.to"), action("NoAction")],
        size: 16,
        default_action: Arc::from("NoAction"),
        default_is_const: false,
        entries_are_const: false,
        direct_counter: Some(CounterUnit::Both),
        direct_meter: None,
        action_profile: None,
        has_idle_timeouts: false,
    };
    let kinds = [MatchKind::Ternary, MatchKind::Range, MatchKind::Optional, MatchKind::Lpm];
    PipelineInfo {
        tables: vec![
            table("c.t", vec![key("f", MatchKind::Exact)]),
            table(
                "c.all",
                kinds.iter().zip(["a", "b", "c", "d"]).map(|(kind, name)| key(name, *kind)).collect(),
            ),
        ],
        actions: vec![
            ActionInfo {
                name: Arc::from("c.to"),
                params: vec![ParamInfo { name: Arc::from("port"), width: 9 }],
            },
            ActionInfo { name: Arc::from("NoAction"), params: Vec::new() },
        ],
        counters: vec![CounterInfo { name: Arc::from("c.n"), size: 4, unit: CounterUnit::Both }],
        meters: vec![MeterInfo { name: Arc::from("c.m"), size: 4, unit: CounterUnit::Bytes }],
        registers: vec![RegisterInfo { name: Arc::from("c.r"), size: 4, width: 32 }],
        ..PipelineInfo::default()
    }
}

/// What is found with a script, and what came to the switch.
fn outcome(script: &str, json: &str) -> (String, String) {
    let log = std::env::var(LOG).expect("the tests say where");
    let _ = fs::remove_file(&log);
    fs::write("program.json", json).expect("the program is written");
    let mut sources = Sources::new();
    let source = sources.add("script.stf", script);
    let test = parse(&sources, source).and_then(|script| bind(&script, &info())).expect("it is right");
    let found = match Bmv2Target::start(Path::new("program.json"), &test) {
        Ok(mut target) => {
            let messages: Vec<String> =
                run(&test, &mut target).found.iter().map(|found| found.message.clone()).collect();
            messages.join("\n")
        }
        Err(error) => error.to_string(),
    };
    (found, fs::read_to_string(&log).unwrap_or_default())
}

fn tests() -> ExitCode {
    order();
    entries();
    refusals();
    println!("bmv2 adapter: 3 tests passed (on a switch made up here)");
    ExitCode::SUCCESS
}

/// Packets of several ports and commands come in the order of the script.
fn order() {
    let script = "
packet 2 03aa
packet 0 0301
setdefault t to(port:1)
packet 1 0302
expect 3 03aa $
expect 3
packet 1 0303
packet 0 0304
setdefault t to(port:2)
packet 2 0305
packet 0 0306
expect 3 0302
expect 3 0303
expect 3 0304
expect 3 0305
expect 3 0306
";
    let (found, log) = outcome(script, "{}");
    assert_eq!(found, "");
    assert_eq!(
        log,
        "packet 2 03aa\npacket 0 0301\ntable_set_default c.t c.to 0x1\npacket 1 0302\npacket 1 0303\n\
         packet 0 0304\ntable_set_default c.t c.to 0x2\npacket 2 0305\npacket 0 0306\n"
    );
}

/// Every operation as bmv2's command line writes it; handles are those that it said.
fn entries() {
    let script = "
add t f:1 to(port:2) = one
add t f:2 NoAction() = two
add all 10 a:0x12** b:1->2 c:7 d:0x0a**  to(port:3)
mirroring_add 5 1
mirroring_add_mc 6 9
mirroring_delete 5
mc_mgrp_create 9
mc_node_create 1 2 3
mc_node_update 0 3
mc_node_associate 9 0
register_write r 1 0xff
register_reset r
counter_write n 1 2 3
meter_set_rates m 0 0.5:100 1:200
meter_array_set_rates m 1:1 2:2
packet 1 0100
remove two
check_counter n(0) packets == 2
check_counter direct($one) bytes == 20
check_counter n(1) packets == 3
";
    let (found, log) = outcome(script, "{}");
    assert_eq!(
        found,
        "the counter holds packets: 2, bytes: 20\na packet came out of port 1 that was not expected"
    );
    assert_eq!(
        log,
        "table_add c.t c.to 0x1 => 0x2\ntable_add c.t NoAction 0x2 =>\n\
         table_add c.all c.to 0x1200&&&0xff00 0x1->0x2 0x7&&&0xffff 0xa00/8 => 0x3 1073741813\n\
         mirroring_add 5 1\nmirroring_add_mc 6 9\nmirroring_delete 5\nmc_mgrp_create 9\nmc_node_create 1 2 3\n\
         mc_node_update 0 3\nmc_node_associate 9 0\nregister_write c.r 1 255\nregister_reset c.r\n\
         counter_write c.n 1 2 3\nmeter_set_rates c.m 0 0.500000:100 1.000000:200\n\
         meter_array_set_rates c.m 1.000000:1 2.000000:2\npacket 1 0100\ntable_delete c.t 16777217\n\
         counter_read c.n 0\ncounter_read direct 16777216\ncounter_read c.n 1\n"
    );
}

/// What bmv2 refuses ends the test, with what it said.
fn refusals() {
    let (found, _) = outcome("mirroring_get 5\npacket 1 0100\n", "{}");
    assert_eq!(found, "Invalid mirroring operation (SESSION_NOT_FOUND)");
    let (found, _) = outcome("packet 1 0100\n", "{ \"tables\": 1 }");
    assert!(found.starts_with("simple_switch failed: it ended"), "{found}");
    assert!(found.contains("this program has no tables"), "{found}");
}
