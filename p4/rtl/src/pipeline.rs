//! The two pipelines of a program: parser and ingress once a packet, egress and deparser once a copy.

use sluice_diagnostics::Diagnostics;
use sluice_ir::{Intrinsic, Module};

use crate::deparser::{MAX_HEAD_BYTES, Segment};
use crate::exec::{Edit, Exec, Unit};
use crate::externs::DROP_PORT;
use crate::graph::{Binary, Graph, Input, Op, Value};
use crate::in_place::Head;
use crate::state::{LENGTH, Slots, Special, State, Way};
use crate::stops::{Stops, stops};

/// Bits of an address in the frame store, in beats, with one bit that tells one turn of the ring from the next.
pub(crate) const ADDRESS: u32 = 16;

/// One pipeline as values.
#[derive(Debug)]
pub(crate) struct Pipeline {
    pub(crate) graph: Graph,
    pub(crate) units: Vec<Unit>,
    /// Name and value of what goes out.
    pub(crate) outputs: Vec<(String, Value)>,
    pub(crate) slots: Slots,
}

/// Both pipelines, and what stands between and behind them.
#[derive(Debug)]
pub(crate) struct Pipelines {
    pub(crate) ingress: Pipeline,
    pub(crate) egress: Pipeline,
    /// The slots that go from one to the other, the first on top.
    pub(crate) bundle: Vec<u32>,
    pub(crate) window_bytes: u32,
    /// Whether some way through the parser is longer than the window.
    pub(crate) is_cut: bool,
    /// Most bytes of emitted headers.
    pub(crate) head_bytes: u32,
    /// Most bytes of trailers.
    pub(crate) trailer_bytes: u32,
    /// Overwrites of one copy.
    pub(crate) overwrites: u32,
}

/// Turns a program into values.
pub(crate) fn build(module: &Module) -> Result<Pipelines, Diagnostics> {
    let found = stops(module);
    let (mut ingress, state) = ingress(module, &found);
    let mut refused = std::mem::take(&mut ingress.refused);
    let mut egress = Exec::new(module, found.window_bytes * 8);
    let leaving = leave(&mut egress, &ingress, &state);
    shared(module, &ingress, &egress, &mut refused);
    refused.extend(std::mem::take(&mut egress.refused));
    if refused.has_errors() {
        return Err(refused);
    }
    let bundle = bundle(&egress, &leaving.outputs);
    let mut outputs = decisions(&mut ingress, &state);
    for slot in &bundle {
        let name = format!("{}_x{slot}", crate::emit::sanitized(ingress.slots.name(*slot)));
        // Egress has the first bytes as they came.
        let is_window = *slot == ingress.slots.special(Special::Window);
        let value = if is_window {
            ingress.graph.input(Input::Window, ingress.slots.width(*slot))
        } else {
            state.slots[*slot as usize]
        };
        outputs.push((name, value));
    }
    let finish = |exec: Exec<'_>, outputs| Pipeline {
        graph: exec.graph,
        units: exec.units,
        outputs,
        slots: exec.slots,
    };
    let (ingress, egress) = (finish(ingress, outputs), finish(egress, leaving.outputs));
    for pipeline in [&ingress, &egress] {
        slow_register(module, pipeline, &mut refused);
    }
    if refused.has_errors() {
        return Err(refused);
    }
    Ok(Pipelines {
        ingress,
        egress,
        bundle,
        window_bytes: found.window_bytes,
        is_cut: found.is_cut,
        head_bytes: leaving.head_bytes,
        trailer_bytes: leaving.trailer_bytes,
        overwrites: leaving.overwrites,
    })
}

/// A register array that cannot be read and written within a clock is refused.
fn slow_register(module: &Module, pipeline: &Pipeline, refused: &mut Diagnostics) {
    let Some(unit) = crate::schedule::unbuildable(pipeline) else { return };
    let Unit::Register { register, span, .. } = &pipeline.units[unit.0 as usize] else { return };
    let name = &module.registers[*register].name;
    let message = format!(
        "RTL has no way to read and write `{name}` within a clock: a table or another array stands between the two"
    );
    let mut error = sluice_diagnostics::Diagnostic::error(message);
    if let Some(span) = span {
        error = error.at(*span, "");
    }
    refused.push(error.help("look up first, then read, compute and write"));
}

/// Parser, checksum verification and ingress.
fn ingress<'m>(module: &'m Module, stops: &Stops) -> (Exec<'m>, State) {
    let mut exec = Exec::new(module, stops.window_bytes * 8);
    let mut state = exec.start();
    exec.parse(&mut state, stops);
    for block in [&module.pipeline.verify_checksum, &module.pipeline.ingress] {
        exec.block(&mut state, block);
        state.left.remove(&Way::Exit);
    }
    (exec, state)
}

/// What the rest of the machine has to know of a packet.
fn decisions(exec: &mut Exec<'_>, state: &State) -> Vec<(String, Value)> {
    let group = exec.intrinsic_value(state, Intrinsic::McastGrp, 16);
    let port = exec.intrinsic_value(state, Intrinsic::EgressSpec, 9);
    let no_group = exec.graph.equals_number(group, 0);
    let no_port = exec.graph.equals_number(port, DROP_PORT);
    let dropped = exec.graph.and(no_group, no_port);
    let keep = exec.graph.not(dropped);
    let cursor = state.slots[exec.slots.special(Special::Cursor) as usize];
    let width = exec.graph.width(cursor);
    let seven = exec.graph.number(width, 7);
    let rounded = exec.graph.add(cursor, seven);
    let skip = exec.graph.slice(rounded, 3, width - 3);
    let skip = exec.graph.resize(skip, LENGTH);
    let length = exec.graph.input(Input::Length, LENGTH);
    let address = exec.graph.input(Input::Address, ADDRESS);
    let time = exec.graph.input(Input::Time, 64);
    let bad = exec.graph.input(Input::Bad, 1);
    let ingress_port = exec.graph.input(Input::Port, 9);
    [
        ("keep", keep),
        ("group", group),
        ("port", port),
        ("skip", skip),
        ("length", length),
        ("address", address),
        ("ingress_time", time),
        ("ingress_bad", bad),
        ("ingress_port", ingress_port),
    ]
    .map(|(name, value)| (name.to_string(), value))
    .to_vec()
}

struct Leaving {
    outputs: Vec<(String, Value)>,
    head_bytes: u32,
    trailer_bytes: u32,
    overwrites: u32,
}

/// Egress, checksum computation, deparser, and the edits of the whole frame.
fn leave(exec: &mut Exec<'_>, ingress: &Exec<'_>, before: &State) -> Leaving {
    let module = exec.module;
    let mut state = copied(exec, ingress, before);
    let start = state.clone();
    exec.block(&mut state, &module.pipeline.egress);
    state.left.remove(&Way::Exit);
    // A copy that is dropped is so by what egress says, whatever computes and deparses it afterwards.
    let port = exec.intrinsic_value(&state, Intrinsic::EgressSpec, 9);
    let dropped = exec.graph.equals_number(port, DROP_PORT);
    let send = exec.graph.not(dropped);
    for block in [&module.pipeline.compute_checksum, &module.pipeline.deparser] {
        exec.block(&mut state, block);
        state.left.remove(&Way::Exit);
    }
    let zero = exec.graph.number(LENGTH, 0);
    let Head { packed: head, skip } = match exec.in_place(ingress, before, &start) {
        Some(head) => head,
        None => {
            let segments = exec.segments();
            Head { packed: exec.compact(&segments), skip: exec.graph.input(Input::Skip, LENGTH) }
        }
    };
    let head_bytes = head.map_or(0, |(head, _)| exec.graph.width(head).div_ceil(8));
    let (head, head_length) = head.unwrap_or_else(|| (exec.graph.number(8, 0), zero));
    let most = exec.graph.number(LENGTH, u64::from(MAX_HEAD_BYTES));
    let is_long = exec.graph.less(most, head_length);
    let fits = exec.graph.not(is_long);
    let send = if head_bytes < MAX_HEAD_BYTES { send } else { exec.graph.and(send, fits) };
    let length = exec.graph.input(Input::Length, LENGTH);
    let body = exec.graph.binary(Binary::Sub, length, skip);
    let mut end = exec.graph.add(head_length, body);
    for which in [Special::Trim, Special::Truncate] {
        let most = state.slots[exec.slots.special(which) as usize];
        let is_longer = exec.graph.less(most, end);
        end = exec.graph.mux(is_longer, most, end);
    }
    let mut outputs: Vec<(String, Value)> = [
        ("send", send),
        ("port", exec.graph.input(Input::EgressPort, 9)),
        ("instance", exec.graph.input(Input::Instance, 16)),
        ("address", exec.graph.input(Input::Address, ADDRESS)),
        ("skip", skip),
        ("head", head),
        ("head_length", head_length),
        ("end", end),
    ]
    .map(|(name, value)| (name.to_string(), value))
    .to_vec();
    let trailer_bytes = trailer(exec, &mut outputs);
    let overwrites = overwrites(exec, &mut outputs);
    Leaving { outputs, head_bytes: head_bytes.max(1), trailer_bytes, overwrites }
}

fn trailer(exec: &mut Exec<'_>, outputs: &mut Vec<(String, Value)>) -> u32 {
    let edits = exec.edits.clone();
    let segments: Vec<Segment> = edits
        .iter()
        .filter_map(|edit| match edit {
            Edit::Trailer { on, data } => Some(Segment { on: *on, data: *data, bits: None }),
            Edit::Overwrite { .. } => None,
        })
        .collect();
    let Some((data, length)) = exec.compact(&segments) else { return 0 };
    let bytes = exec.graph.width(data).div_ceil(8);
    outputs.push(("trailer".to_string(), data));
    outputs.push(("trailer_length".to_string(), length));
    bytes
}

/// Each overwrite as offset, length and value: three outputs of all, the first one lowest.
fn overwrites(exec: &mut Exec<'_>, outputs: &mut Vec<(String, Value)>) -> u32 {
    let edits = exec.edits.clone();
    let (mut offsets, mut lengths, mut values) = (Vec::new(), Vec::new(), Vec::new());
    for edit in &edits {
        if let Edit::Overwrite { on, offset, length, value } = edit {
            let none = exec.graph.number(LENGTH, 0);
            offsets.insert(0, *offset);
            lengths.insert(0, exec.graph.mux(*on, *length, none));
            values.insert(0, *value);
        }
    }
    let count = offsets.len() as u32;
    for (name, list) in
        [("overwrite_offset", offsets), ("overwrite_length", lengths), ("overwrite_value", values)]
    {
        if let Some(joined) = exec.graph.join(list) {
            outputs.push((name.to_string(), joined));
        }
    }
    count
}

/// The state that a copy starts with: what ingress left, known or as it comes.
fn copied(exec: &mut Exec<'_>, ingress: &Exec<'_>, before: &State) -> State {
    let mut slots = Vec::new();
    for slot in 0..exec.slots.len() {
        let left = before.slots[slot as usize];
        let is_window = slot == exec.slots.special(Special::Window);
        let value = match ingress.graph.known(left).filter(|_| !is_window) {
            Some(bits) => exec.graph.constant(bits.clone()),
            None => exec.graph.input(Input::Slot(slot), exec.slots.width(slot)),
        };
        slots.push(value);
    }
    let mut state = State { slots, left: std::collections::BTreeMap::new() };
    let port = exec.graph.input(Input::EgressPort, 9);
    let instance = exec.graph.input(Input::Instance, 16);
    let kind = exec.graph.input(Input::InstanceType, 32);
    let length = exec.graph.input(Input::Length, LENGTH);
    let zero = exec.graph.number(9, 0);
    for (which, value) in [
        (Intrinsic::EgressPort, port),
        (Intrinsic::EgressSpec, zero),
        (Intrinsic::EgressRid, instance),
        (Intrinsic::InstanceType, kind),
        (Intrinsic::PacketLength, length),
    ] {
        exec.set_intrinsic(&mut state, which, value);
    }
    state
}

/// What both pipelines use is refused: each has its own blocks.
fn shared(module: &Module, ingress: &Exec<'_>, egress: &Exec<'_>, refused: &mut Diagnostics) {
    let mut refuse = |what: &str, name: &str| {
        let message = format!("RTL has no {what} that both ingress and egress use: `{name}`");
        refused.push(sluice_diagnostics::Diagnostic::error(message).help("declare one for each of the two"));
    };
    for register in ingress.registers.keys().filter(|register| egress.registers.contains_key(register)) {
        refuse("register array", &module.registers[*register].name);
    }
    for table in ingress.tables.keys().filter(|table| egress.tables.contains_key(table)) {
        refuse("table", &module.tables[*table].name);
    }
    for meter in ingress.meters.keys().filter(|meter| egress.meters.contains_key(meter)) {
        refuse("meter", &module.meters[*meter].name);
    }
    for counter in ingress.counters.keys().filter(|counter| egress.counters.contains_key(counter)) {
        if let crate::exec::Counted::Indexed(counter) = counter {
            refuse("counter", &module.counters[*counter].name);
        }
    }
}

/// The slots that egress reads, in order.
fn bundle(egress: &Exec<'_>, outputs: &[(String, Value)]) -> Vec<u32> {
    let used = reachable(&egress.graph, &egress.units, outputs.iter().map(|(_, value)| *value));
    let slots = used.iter().filter_map(|value| match egress.graph.node(*value).op {
        Op::Input(Input::Slot(slot)) => Some(slot),
        _ => None,
    });
    let mut slots: Vec<u32> = slots.collect();
    slots.sort_unstable();
    slots
}

/// All values that some of the outputs, or a block with an effect, are made of.
pub(crate) fn reachable(graph: &Graph, units: &[Unit], outputs: impl Iterator<Item = Value>) -> Vec<Value> {
    let mut is_used = vec![false; graph.nodes.len()];
    let mut waiting: Vec<Value> = outputs.collect();
    for unit in units {
        if is_effect(unit) {
            waiting.extend(unit.inputs());
        }
    }
    while let Some(value) = waiting.pop() {
        if std::mem::replace(&mut is_used[value.index()], true) {
            continue;
        }
        waiting.extend(graph.operands(value));
        if let Op::Output(unit, _) = graph.node(value).op {
            waiting.extend(units[unit.0 as usize].inputs());
        }
    }
    (0..graph.nodes.len() as u32).map(Value).filter(|value| is_used[value.index()]).collect()
}

/// Whether a block does something that nobody has to look at.
pub(crate) fn is_effect(unit: &Unit) -> bool {
    match unit {
        Unit::Table { .. } => false,
        Unit::Register { write, .. } => write.is_some(),
        Unit::Counter { .. } | Unit::Meter { .. } => true,
    }
}
