//! `sluice explain`: why a packet went where it went.
//!
//! The packets before it go through the switch, too: whether a packet is a repeat depends on them. A conversation or an expression is found by a second
//! switch, whose only filter is that expression: the same tables decide.

use std::net::SocketAddr;
use std::sync::Arc;

use sluice_diagnostics::{Sources, Span};
use sluice_ir::Module;
use sluice_policy::filter::{self, NamedSets, Origin};
use sluice_policy::{Edits, Filter, Policy, PortRole};
use sluice_switch::{Engine, Ingress, Output, Sink, Worker};
use sluice_target::Recorder;

use crate::args;
use crate::broker::{self, Broker, Loaded};
use crate::failure::Failure;
use crate::inputs;

pub(crate) fn run(arguments: &args::Explain) -> Result<(), Failure> {
    let loaded = broker::load(&arguments.file)?;
    let inputs = inputs::inputs(&arguments.inputs, &loaded.policy)?;
    let module = broker::program(arguments.program)?;
    let mut finder = Finder::new(&arguments.which, module.clone(), &loaded.policy)?;
    let broker = Broker::start(module, &loaded, Engine::default())?;
    let mut worker = broker.worker()?;
    let mut captures = inputs::open(&inputs, arguments.inputs.assume_ethernet)?;
    let (mut number, mut shown) = (0u64, 0u64);
    while let Some(ingress) = captures.receive().map_err(|error| inputs::failed(&inputs, error))? {
        number += 1;
        if !finder.wants(number, &ingress) {
            worker.process(&ingress, &mut Nowhere);
            continue;
        }
        let mut recorder = Recorder::default();
        worker.process_traced(&ingress, &mut Nowhere, &mut recorder);
        println!("packet {number}, {} bytes at {} ns", ingress.wire_length, ingress.time_ns);
        print!("{}", sluice_policy::explain(&broker.state, &recorder.trace));
        for line in &recorder.notes {
            println!("  {line}");
        }
        println!();
        shown += 1;
        if finder.is_done(shown) {
            return Ok(());
        }
    }
    if shown == 0 {
        return Err(finder.nothing(number));
    }
    Ok(())
}

/// Most packets of one conversation or expression that are explained.
const PACKETS_MAX: u64 = 20;

/// Says which packets are to be explained.
enum Finder {
    Number(u64),
    Matching { broker: Box<Broker>, worker: Box<Worker> },
}

impl Finder {
    fn new(which: &args::Which, module: Arc<Module>, policy: &Policy) -> Result<Self, Failure> {
        if let Some(number) = which.packet {
            return Ok(Self::Number(number));
        }
        let (name, expression) = match (&which.flow, &which.expression) {
            (Some(flow), _) => ("--flow", flow_expression(flow)?),
            (None, expression) => ("--match", expression.clone().unwrap_or_default()),
        };
        let mut sources = Sources::new();
        let source = sources.add(name, expression.clone());
        let origin = Origin { source, offset: 0 };
        let terms = filter::parse(&expression, origin, &NamedSets::default())
            .and_then(|parsed| filter::terms(&parsed))
            .map_err(|diagnostics| Failure::located(&diagnostics, &sources))?;
        let policy = only(policy, terms.into(), Span::new(source, 0, 0));
        let broker = Broker::start(module, &Loaded { sources, policy }, Engine::default())?;
        let worker = broker.worker()?;
        Ok(Self::Matching { broker: Box::new(broker), worker: Box::new(worker) })
    }

    fn wants(&mut self, number: u64, ingress: &Ingress<'_>) -> bool {
        match self {
            Self::Number(wanted) => number == *wanted,
            Self::Matching { broker, worker } => {
                let mut recorder = Recorder::default();
                worker.process_traced(ingress, &mut Nowhere, &mut recorder);
                let explanation = sluice_policy::explain(&broker.state, &recorder.trace);
                explanation.filters.iter().any(|filter| filter.matched)
            }
        }
    }

    fn is_done(&self, shown: u64) -> bool {
        match self {
            Self::Number(_) => true,
            Self::Matching { .. } => shown >= PACKETS_MAX,
        }
    }

    fn nothing(&self, packets: u64) -> Failure {
        match self {
            Self::Number(number) => Failure::argument(
                format!("there is no packet {number}: the inputs have {packets}"),
                format!("ask for one of 1 to {packets}"),
            ),
            Self::Matching { .. } => Failure::argument(
                format!("none of the {packets} packets matches"),
                "`sluice explain --packet 1` shows what a packet's fields are",
            ),
        }
    }
}

/// The same ports with one filter that discards what it matches.
fn only(policy: &Policy, terms: Arc<[sluice_policy::term::Term]>, span: Span) -> Policy {
    let network = |role: &PortRole| matches!(role, PortRole::Network { .. });
    let mut from: Vec<u16> =
        policy.ports.iter().filter(|port| network(&port.role)).map(|port| port.id).collect();
    from.sort_unstable();
    let filter = Filter {
        name: Arc::from("match"),
        span,
        from,
        from_span: span,
        terms,
        match_span: span,
        to: Vec::new(),
        to_span: span,
        sample: None,
        dedup: false,
        edits: Edits::default(),
        edits_span: span,
    };
    Policy { ports: policy.ports.clone(), filters: vec![filter], ..Policy::default() }
}

/// `tcp 10.0.0.1:1234 10.0.0.2:80` as an expression for both directions.
fn flow_expression(text: &str) -> Result<String, Failure> {
    let wrong = |what: String| {
        Failure::argument(
            format!("`--flow {text}`: {what}"),
            "write `tcp 10.0.0.1:1234 10.0.0.2:80`, or udp or sctp, or `[2001:db8::1]:80` for IPv6",
        )
    };
    let words: Vec<&str> = text.split_whitespace().collect();
    let [transport, a, b] = words[..] else {
        return Err(wrong(format!("{} words instead of three", words.len())));
    };
    if !["tcp", "udp", "sctp"].contains(&transport) {
        return Err(wrong(format!("`{transport}` is none of tcp, udp, sctp")));
    }
    let endpoint = |text: &str| {
        text.parse::<SocketAddr>().map_err(|_| wrong(format!("`{text}` is not an address with a port")))
    };
    let (a, b) = (endpoint(a)?, endpoint(b)?);
    let direction = |from: SocketAddr, to: SocketAddr| {
        format!(
            "(src host {} and dst host {} and {transport} src port {} and {transport} dst port {})",
            from.ip(),
            to.ip(),
            from.port(),
            to.port()
        )
    };
    Ok(format!("{} or {}", direction(a, b), direction(b, a)))
}

/// Takes copies nowhere.
struct Nowhere;

impl Sink for Nowhere {
    fn send(&mut self, _output: Output<'_>) {}
}
