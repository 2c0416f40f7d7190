//! The captures that a command reads, and the ports that they came in on.

use std::fs::File;
use std::path::PathBuf;

use sluice_capture::{Merge, MergeError, ReadOptions, Reader};
use sluice_policy::{Policy, PortRole};
use sluice_target::Captures;

use crate::args::Inputs;
use crate::failure::Failure;

/// One capture of one network port.
#[derive(Clone, Debug)]
pub(crate) struct Input {
    /// Data-plane number of the port.
    pub(crate) port: u16,
    /// The capture.
    pub(crate) path: PathBuf,
}

/// Reads `PORT=CAPTURE` arguments; all that is wrong with them is said at once.
pub(crate) fn inputs(arguments: &Inputs, policy: &Policy) -> Result<Vec<Input>, Failure> {
    let mut list = Vec::new();
    let mut wrong = Vec::new();
    for text in &arguments.inputs {
        match input(text, policy) {
            Ok(input) => list.push(input),
            Err(message) => wrong.push(message),
        }
    }
    if wrong.is_empty() {
        return Ok(list);
    }
    let ports: Vec<&str> = network_ports(policy).collect();
    let help = format!("write `--in PORT=CAPTURE`; the policy's network ports are: {}", ports.join(", "));
    Err(Failure::argument(wrong.join("\nerror: "), help))
}

fn network_ports(policy: &Policy) -> impl Iterator<Item = &str> {
    let network = |role: &PortRole| matches!(role, PortRole::Network { .. });
    policy.ports.iter().filter(move |port| network(&port.role)).map(|port| &*port.name)
}

fn input(text: &str, policy: &Policy) -> Result<Input, String> {
    let Some((name, path)) = text.split_once('=') else {
        return Err(format!("`--in {text}` names no port"));
    };
    if path.is_empty() {
        return Err(format!("`--in {text}` names no capture"));
    }
    match policy.ports.iter().find(|port| &*port.name == name) {
        None => Err(format!("`--in {text}`: the policy has no port `{name}`")),
        Some(port) if matches!(port.role, PortRole::Network { .. }) => {
            Ok(Input { port: port.id, path: PathBuf::from(path) })
        }
        Some(_) => Err(format!("`--in {text}`: `{name}` is a tool port; nothing comes in there")),
    }
}

/// Opens all captures, as ports.
pub(crate) fn open(inputs: &[Input], assume_ethernet: bool) -> Result<Captures<File>, Failure> {
    let mut merge = Merge::new();
    for input in inputs {
        let file = File::open(&input.path).map_err(Failure::read(&input.path))?;
        let total_bytes = file.metadata().ok().filter(|data| data.is_file()).map(|data| data.len());
        let options = ReadOptions { assume_ethernet, total_bytes };
        let reader = Reader::new(file, options)
            .map_err(|source| Failure::Capture { path: input.path.clone(), source })?;
        merge.push(input.port, reader);
    }
    Ok(Captures::new(merge))
}

/// A failure of one of the captures, by its path.
pub(crate) fn failed(inputs: &[Input], error: MergeError) -> Failure {
    let path = inputs.get(error.input).map(|input| input.path.clone()).unwrap_or_default();
    Failure::Capture { path, source: error.error }
}
