//! One pipeline as SystemVerilog: wires by clock, delays between clocks, blocks where they take their inputs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use crate::exec::{Counted, Unit, table_output};
use crate::graph::{Binary, Function, Input, Op, UnitId, Value};
use crate::layout::{ArrayLayout, Carried, Layout, Shape, TableLayout};
use crate::pipeline::{ADDRESS, Pipeline, is_effect, reachable};
use crate::schedule::{REGISTER_LATENCY, Schedule};
use crate::state::LENGTH;

/// Bits from which on a value counts as wide.
const WIDE: u32 = 256;

/// Clocks between a table's key and its result.
pub(crate) fn table_latency(layout: &TableLayout) -> u32 {
    match layout.shape {
        Shape::Default => 1,
        Shape::Direct => 2,
        Shape::Exact => 3,
        Shape::Ternary => 3,
        Shape::Interval => 2 * layout.depth.trailing_zeros() + 2,
    }
}

/// Clocks between a block's inputs and its outputs.
pub(crate) fn latency(layout: &Layout, unit: &Unit) -> u32 {
    match unit {
        Unit::Table { table, .. } => table_latency(&layout.tables[table.index()]),
        Unit::Register { .. } | Unit::Meter { .. } => REGISTER_LATENCY,
        Unit::Counter { .. } => 0,
    }
}

/// An input of a pipeline's module.
pub(crate) struct Port {
    pub(crate) name: String,
    pub(crate) input: Input,
    pub(crate) width: u32,
}

/// The inputs that every ingress pipeline has.
pub(crate) fn ingress_ports(window_bytes: u32) -> Vec<Port> {
    let port = |name: &str, input, width| Port { name: name.to_string(), input, width };
    vec![
        port("window", Input::Window, window_bytes * 8),
        port("length", Input::Length, LENGTH),
        port("ingress_port", Input::Port, 9),
        port("ingress_time", Input::Time, 64),
        port("ingress_bad", Input::Bad, 1),
        port("address", Input::Address, ADDRESS),
    ]
}

/// The inputs that every egress pipeline has.
pub(crate) fn egress_ports() -> Vec<Port> {
    let port = |name: &str, input, width| Port { name: name.to_string(), input, width };
    vec![
        port("length", Input::Length, LENGTH),
        port("ingress_port", Input::Port, 9),
        port("ingress_time", Input::Time, 64),
        port("ingress_bad", Input::Bad, 1),
        port("address", Input::Address, ADDRESS),
        port("egress_port", Input::EgressPort, 9),
        port("instance", Input::Instance, 16),
        port("instance_type", Input::InstanceType, 32),
        port("skip", Input::Skip, LENGTH),
    ]
}

/// Name and text of one pipeline.
pub(crate) struct Emitter<'p> {
    pipeline: &'p Pipeline,
    schedule: &'p Schedule,
    layout: &'p Layout,
    ports: &'p [Port],
    /// The clocks at which each value is wanted.
    wanted: BTreeMap<Value, BTreeSet<u32>>,
    used: Vec<Value>,
    /// Wires of wide values that were wired anew, by clock.
    rewired: BTreeSet<(Value, u32)>,
    wires_again: String,
    /// Wires that blocks and clocks drive.
    declarations: String,
    text: String,
}

impl<'p> Emitter<'p> {
    pub(crate) fn new(
        pipeline: &'p Pipeline,
        schedule: &'p Schedule,
        layout: &'p Layout,
        ports: &'p [Port],
    ) -> Self {
        let outputs = pipeline.outputs.iter().map(|(_, value)| *value);
        let used = reachable(&pipeline.graph, &pipeline.units, outputs);
        let wanted = BTreeMap::new();
        Self {
            pipeline,
            schedule,
            layout,
            ports,
            wanted,
            used,
            rewired: BTreeSet::new(),
            wires_again: String::new(),
            declarations: String::new(),
            text: String::new(),
        }
    }

    /// The module's text, and what it carries.
    pub(crate) fn module(mut self, name: &str) -> (String, Carried) {
        // Bodies first: they say at which clocks values are wanted.
        let wires = self.wires();
        let units = self.units();
        let latency = self.schedule.latency;
        let pipeline = self.pipeline;
        let outputs: Vec<(String, u32, String)> = pipeline
            .outputs
            .iter()
            .map(|(name, value)| {
                let width = pipeline.graph.width(*value);
                (sanitized(name), width, self.at(*value, latency))
            })
            .collect();
        self.head(name, &outputs);
        self.text += "\n    // What is computed.\n";
        self.text += &std::mem::take(&mut self.declarations);
        let carried = self.delays();
        self.text += "\n    // Wide values, wired again where they are wanted.\n";
        self.text += &std::mem::take(&mut self.wires_again);
        self.text += &wires;
        self.text += &units;
        for (name, _, value) in &outputs {
            let _ = writeln!(self.text, "    assign o_{name} = {value};");
        }
        self.text += "endmodule\n";
        (self.text, carried)
    }

    fn head(&mut self, name: &str, outputs: &[(String, u32, String)]) {
        let _ = writeln!(self.text, "module {name} (");
        self.text += "    input  wire clk,\n    input  wire rst,\n    input  wire valid,\n";
        for port in self.ports {
            let _ = writeln!(self.text, "    input  wire {} i_{},", range(port.width), port.name);
        }
        for value in &self.used {
            if let Op::Input(Input::Slot(slot)) = self.pipeline.graph.node(*value).op {
                let width = self.pipeline.graph.width(*value);
                let name = sanitized(self.pipeline.slots.name(slot));
                let _ = writeln!(self.text, "    input  wire {} i_{name}_x{slot},", range(width));
            }
        }
        self.text += "    input  wire        cfg_write,\n    input  wire        cfg_read,\n    input  wire [7:0]  cfg_block,\n";
        self.text += "    input  wire [1:0]  cfg_kind,\n    input  wire [15:0] cfg_row,\n";
        let _ = writeln!(self.text, "    input  wire [{}:0] cfg_data,", self.layout.row_words * 32 - 1);
        self.text += "    output wire [127:0] cfg_result,\n    output wire o_valid";
        for (name, width, _) in outputs {
            let _ = write!(self.text, ",\n    output wire {} o_{name}", range(*width));
        }
        self.text += "\n);\n";
        let latency = self.schedule.latency;
        let _ = writeln!(
            self.text,
            "    // Clocks from input to output.\n    localparam int LATENCY = {latency};"
        );
        let _ = writeln!(
            self.text,
            "    wire [LATENCY:0] valid_at;\n    sluice_valid #(.DEPTH(LATENCY)) valid_line (.clk(clk), .rst(rst), .d(valid), .q(valid_at));"
        );
        self.text += "    assign o_valid = valid_at[LATENCY];\n    reg [15:0] tick;\n    initial tick = '0;\n    always_ff @(posedge clk) tick <= tick + 16'd1;\n";
    }

    /// What a value is called at a clock at or behind its own.
    fn at(&mut self, value: Value, stage: u32) -> String {
        if let Some(bits) = self.pipeline.graph.known(value) {
            return constant(bits);
        }
        let own = self.schedule.stages[value.index()].unwrap_or(0);
        if stage <= own {
            return self.name(value);
        }
        if self.is_rewired(value) {
            return self.rewired(value, stage);
        }
        self.wanted.entry(value).or_default().insert(stage);
        format!("{}_s{stage}", self.name(value))
    }

    /// Whether a value is wires of a wide one: it is wired anew at each clock instead of carried, so that the wide one is carried once for
    /// all that are cut from it.
    fn is_rewired(&self, value: Value) -> bool {
        let node = self.pipeline.graph.node(value);
        node.width >= WIDE
            && match node.op {
                Op::Slice(base, _) => self.pipeline.graph.width(base) <= 2 * node.width,
                Op::Concat(..) => true,
                _ => false,
            }
    }

    fn rewired(&mut self, value: Value, stage: u32) -> String {
        let name = format!("{}_w{stage}", self.name(value));
        if self.rewired.insert((value, stage)) {
            let expression = self.expression(value, stage);
            let width = self.pipeline.graph.width(value);
            let _ = writeln!(self.declarations, "    wire {} {name};", range(width));
            let _ = writeln!(self.wires_again, "    assign {name} = {expression};");
        }
        name
    }

    fn name(&self, value: Value) -> String {
        let node = self.pipeline.graph.node(value);
        if let Op::Input(input) = node.op {
            if let Input::Slot(slot) = input {
                return format!("i_{}_x{slot}", sanitized(self.pipeline.slots.name(slot)));
            }
            let port = self.ports.iter().find(|port| port.input == input);
            return port.map_or_else(String::new, |port| format!("i_{}", port.name));
        }
        match self.pipeline.graph.names.get(&value) {
            Some(name) => format!("{}_n{}", sanitized(name), value.0),
            None => format!("n{}", value.0),
        }
    }

    /// The wires of all clocks, in order.
    fn wires(&mut self) -> String {
        let mut by_stage: BTreeMap<u32, Vec<Value>> = BTreeMap::new();
        for value in self.used.clone() {
            let node = self.pipeline.graph.node(value);
            if !matches!(node.op, Op::Constant(_) | Op::Input(_) | Op::Output(..)) {
                by_stage.entry(self.schedule.stages[value.index()].unwrap_or(0)).or_default().push(value);
            }
        }
        let mut text = String::new();
        for (stage, values) in by_stage {
            let _ = writeln!(text, "\n    // ---- Clock {stage} ----");
            for value in values {
                if let Op::Function(function, a) = self.pipeline.graph.node(value).op {
                    text += &self.function(value, function, a, stage);
                    continue;
                }
                let expression = self.expression(value, stage);
                let width = self.pipeline.graph.width(value);
                let _ = writeln!(text, "    assign {} = {expression};", self.name(value));
                self.declare(width, value);
            }
        }
        text
    }

    fn expression(&mut self, value: Value, stage: u32) -> String {
        let node = self.pipeline.graph.node(value).clone();
        let width = node.width;
        match node.op {
            Op::Constant(_) | Op::Input(_) | Op::Output(..) | Op::Function(..) => String::new(),
            Op::Not(a) => format!("~{}", self.at(a, stage)),
            Op::Slice(a, low) => {
                let base = self.at(a, stage);
                if width == 1 { format!("{base}[{low}]") } else { format!("{base}[{low} +: {width}]") }
            }
            Op::Concat(a, b) => format!("{{{}, {}}}", self.at(a, stage), self.at(b, stage)),
            Op::After(a, _) => self.at(a, stage),
            Op::Any(values) => {
                let values: Vec<String> = values.iter().map(|value| self.at(*value, stage)).collect();
                values.join(" | ")
            }
            Op::Mux(c, a, b) => {
                format!("{} ? {} : {}", self.at(c, stage), self.at(a, stage), self.at(b, stage))
            }
            Op::Binary(op, a, b) => {
                let (a, b) = (self.at(a, stage), self.at(b, stage));
                match op {
                    Binary::And => format!("{a} & {b}"),
                    Binary::Or => format!("{a} | {b}"),
                    Binary::Xor => format!("{a} ^ {b}"),
                    Binary::Add => format!("{a} + {b}"),
                    Binary::Sub => format!("{a} - {b}"),
                    Binary::Mul => format!("{a} * {b}"),
                    Binary::Eq => format!("{a} == {b}"),
                    Binary::Less => format!("{a} < {b}"),
                    Binary::LessSigned => format!("$signed({a}) < $signed({b})"),
                    Binary::Shl => format!("{a} << {b}"),
                    Binary::Shr => format!("{a} >> {b}"),
                    Binary::ShrSigned => format!("$signed({a}) >>> {b}"),
                }
            }
        }
    }

    /// A hash is a block without a clock.
    fn function(&mut self, value: Value, function: Function, data: Value, stage: u32) -> String {
        let width = self.pipeline.graph.width(data);
        let own = match function {
            Function::Crc32 => String::new(),
            Function::Crc16 => {
                ", .BITS(16), .POLYNOMIAL(32'hA001), .START(32'd0), .FINISH(32'd0)".to_string()
            }
        };
        let data = self.at(data, stage);
        let name = self.name(value);
        self.declare(self.pipeline.graph.width(value), value);
        format!("    sluice_crc #(.WIDTH({width}){own}) crc_{name} (.data({data}), .crc({name}));\n")
    }

    fn declare(&mut self, width: u32, value: Value) {
        let name = self.name(value);
        let _ = writeln!(self.declarations, "    wire {} {name};", range(width));
    }

    /// Registers and rings of values that are wanted later than they are there: one way each, with an end at each clock that wants it.
    fn delays(&mut self) -> Carried {
        let mut carried = Carried::default();
        self.text += "\n    // Values on their way from clock to clock: `x_s9` is `x` at clock 9.\n";
        let (mut declared, mut next) = (String::new(), String::new());
        let mut rings = String::new();
        for (value, stages) in self.wanted.clone() {
            let mut from = self.schedule.stages[value.index()].unwrap_or(0);
            let name = self.name(value);
            let width = self.pipeline.graph.width(value);
            let mut source = name.clone();
            for stage in stages {
                let here = format!("{name}_s{stage}");
                if stage == from + 1 {
                    carried.registers += u64::from(width);
                    let _ = writeln!(declared, "    reg {} {here};", range(width));
                    let _ = writeln!(next, "        {here} <= {source};");
                } else {
                    let _ = writeln!(declared, "    wire {} {here};", range(width));
                    let depth = stage - from;
                    carried.rings += u64::from(width) * u64::from(depth);
                    let _ = writeln!(
                        rings,
                        "    sluice_delay #({width}, {depth}) d_{here} (clk, tick, {source}, {here});"
                    );
                }
                source = here;
                from = stage;
            }
        }
        self.text += &declared;
        if !next.is_empty() {
            let _ = write!(self.text, "    always_ff @(posedge clk) begin\n{next}    end\n");
        }
        self.text += &rings;
        carried
    }

    fn units(&mut self) -> String {
        let mut text = String::new();
        let mut results = Vec::new();
        for (index, unit) in self.pipeline.units.clone().iter().enumerate() {
            let id = UnitId(index as u32);
            let is_read = self
                .used
                .iter()
                .any(|value| matches!(self.pipeline.graph.node(*value).op, Op::Output(of, _) if of == id));
            if !is_read && !is_effect(unit) {
                continue;
            }
            let stage = self.schedule.units[index];
            let made = match unit {
                Unit::Table { table, key, .. } => {
                    let layout = &self.layout.tables[table.index()];
                    self.table(id, layout, *key, stage)
                }
                Unit::Register { register, read, write, .. } => {
                    let layout = &self.layout.registers[register.index()];
                    results.push(format!("result_{}", id.0));
                    self.register(id, layout, read.as_ref().map(|read| read.index), write.as_ref(), stage)
                }
                Unit::Meter { meter, .. } => {
                    let layout = &self.layout.meters[meter.index()];
                    self.meter(id, layout, unit, stage)
                }
                Unit::Counter { counter, bank, on, index, bytes, .. } => {
                    let layout = match counter {
                        Counted::Indexed(counter) => Some(&self.layout.counters[counter.index()]),
                        Counted::Direct(table) => self.layout.direct_counters[table.index()].as_ref(),
                    };
                    let Some((layout, block)) =
                        layout.and_then(|layout| Some((layout, *layout.blocks.get(*bank)?)))
                    else {
                        continue;
                    };
                    results.push(format!("result_{}", id.0));
                    self.counter(id, layout, block, [*on, *index, *bytes], stage)
                }
            };
            text += &made;
        }
        let all = if results.is_empty() { "128'd0".to_string() } else { results.join(" | ") };
        let _ = writeln!(text, "\n    assign cfg_result = {all};");
        text
    }

    /// The wire that an output of a block drives; a dummy where nobody wants it.
    fn output(&mut self, id: UnitId, index: u8, width: u32) -> String {
        let found = self.used.iter().find(
            |value| matches!(self.pipeline.graph.node(**value).op, Op::Output(of, at) if of == id && at == index),
        );
        let Some(value) = found.copied() else { return String::new() };
        self.declare(width, value);
        self.name(value)
    }

    fn table(&mut self, id: UnitId, layout: &TableLayout, key: Option<Value>, stage: u32) -> String {
        let last = stage + table_latency(layout);
        let mut text =
            format!("\n    // Table `{}`: clocks {stage} to {last}, block {}.\n", layout.name, layout.block);
        let hit = self.output(id, table_output::HIT, 1);
        let action = self.output(id, table_output::ACTION, 8);
        let data = self.output(id, table_output::DATA, layout.data_width);
        let entry = self.output(id, table_output::ENTRY, 16);
        let (module, own) = match layout.shape {
            Shape::Default => ("sluice_default", String::new()),
            Shape::Direct => ("sluice_direct", format!(".KEY_WIDTH({}), ", layout.key_width)),
            Shape::Exact => {
                ("sluice_exact", format!(".KEY_WIDTH({}), .DEPTH({}), ", layout.key_width, layout.depth))
            }
            Shape::Ternary => {
                ("sluice_ternary", format!(".KEY_WIDTH({}), .ENTRIES({}), ", layout.key_width, layout.depth))
            }
            Shape::Interval => (
                "sluice_interval",
                format!(".KEY_WIDTH({}), .INTERVALS({}), ", layout.key_width, layout.depth),
            ),
        };
        let key = key
            .filter(|_| layout.shape != Shape::Default)
            .map_or_else(String::new, |key| format!(" .key({}),", self.at(key, stage)));
        let _ = writeln!(
            text,
            "    {module} #({own}.DATA_WIDTH({}), .BLOCK({}), .CFG_WIDTH({})) {} (\n        .clk(clk),{key} .hit({hit}), .action({action}), .data({data}), .entry({entry}),\n        .cfg_write(cfg_write), .cfg_block(cfg_block), .cfg_kind(cfg_kind), .cfg_row(cfg_row), .cfg_data(cfg_data));",
            layout.data_width,
            layout.block,
            self.layout.row_words * 32,
            instance("t", &layout.name, layout.block),
        );
        text
    }

    fn register(
        &mut self,
        id: UnitId,
        layout: &ArrayLayout,
        read: Option<Value>,
        write: Option<&crate::exec::Write>,
        stage: u32,
    ) -> String {
        let block = layout.blocks.first().copied().unwrap_or(0);
        let writes = self.schedule.writes[id.0 as usize];
        let mut text = format!(
            "\n    // Register `{}`: read at clock {stage}, written at clock {writes}, block {}.\n",
            layout.name, block
        );
        let value = self.output(id, 0, layout.width);
        let index_width = crate::externs::index_width(u64::from(layout.size));
        let zero = format!("{index_width}'d0");
        let index = read.map_or_else(|| zero.clone(), |index| self.at(index, stage));
        let (on, row, new) = match write {
            Some(write) => (
                format!("valid_at[{writes}] & {}", self.at(write.on, writes)),
                self.at(write.index, writes),
                self.at(write.value, writes),
            ),
            None => ("1'b0".to_string(), zero, format!("{}'d0", layout.width)),
        };
        let _ = writeln!(
            text,
            "    wire [127:0] result_{};\n    sluice_register #(.WIDTH({}), .SIZE({}), .BLOCK({}), .CFG_WIDTH({})) {} (\n        .clk(clk), .read_index({index}), .read_value({value}), .write({on}), .write_index({row}), .write_value({new}),\n        .cfg_write(cfg_write), .cfg_read(cfg_read), .cfg_block(cfg_block), .cfg_row(cfg_row), .cfg_data(cfg_data), .cfg_result(result_{}));",
            id.0,
            layout.width,
            layout.size,
            block,
            self.layout.row_words * 32,
            instance("r", &layout.name, block),
            id.0,
        );
        text
    }

    fn meter(&mut self, id: UnitId, layout: &ArrayLayout, unit: &Unit, stage: u32) -> String {
        let [on, index, bytes, time] = unit.inputs()[..] else { return String::new() };
        let block = layout.blocks.first().copied().unwrap_or(0);
        let mut text =
            format!("\n    // Meter `{}`: measures at clock {stage}, block {block}.\n", layout.name);
        let color = self.output(id, 0, 2);
        let (on, index) = (self.at(on, stage), self.at(index, stage));
        let (bytes, time) = (self.at(bytes, stage), self.at(time, stage));
        let _ = writeln!(
            text,
            "    sluice_meter #(.SIZE({}), .PACKETS({}), .BLOCK({block}), .CFG_WIDTH({})) {} (\n        .clk(clk), .valid(valid_at[{stage}] & {on}), .index({index}), .bytes({bytes}), .now({time}), .color({color}),\n        .cfg_write(cfg_write), .cfg_block(cfg_block), .cfg_row(cfg_row), .cfg_data(cfg_data));",
            layout.size,
            u8::from(layout.counts_packets),
            self.layout.row_words * 32,
            instance("m", &layout.name, block),
        );
        text
    }

    fn counter(
        &mut self,
        id: UnitId,
        layout: &ArrayLayout,
        block: u32,
        [on, index, bytes]: [Value; 3],
        stage: u32,
    ) -> String {
        let mut text =
            format!("\n    // Counter `{}`: counts at clock {stage}, block {block}.\n", layout.name);
        let width = self.pipeline.graph.width(index);
        let (on, index, bytes) = (self.at(on, stage), self.at(index, stage), self.at(bytes, stage));
        let _ = writeln!(
            text,
            "    wire [127:0] result_{};\n    sluice_counter #(.SIZE({}), .INDEX_WIDTH({width}), .BLOCK({}), .CFG_WIDTH({})) {} (\n        .clk(clk), .count(valid_at[{stage}] & {on}), .index({index}), .bytes({bytes}),\n        .cfg_write(cfg_write), .cfg_read(cfg_read), .cfg_block(cfg_block), .cfg_row(cfg_row), .cfg_data(cfg_data), .cfg_result(result_{}));",
            id.0,
            layout.size,
            block,
            self.layout.row_words * 32,
            instance("c", &layout.name, block),
            id.0,
        );
        text
    }
}

/// A name of an instance by which its table is found.
fn instance(prefix: &str, name: &str, block: u32) -> String {
    format!("{prefix}{block}_{}", sanitized(name))
}

/// A name in letters, digits and underscores.
pub(crate) fn sanitized(name: &str) -> String {
    let mut text: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect::<String>();
    while text.contains("__") {
        text = text.replace("__", "_");
    }
    let text = text.trim_matches('_').to_string();
    if text.chars().next().is_none_or(|first| first.is_ascii_digit()) { format!("v{text}") } else { text }
}

pub(crate) fn range(width: u32) -> String {
    if width == 1 { String::new() } else { format!("[{}:0]", width - 1) }
}

fn constant(bits: &sluice_entities::Bits) -> String {
    let mut text = String::new();
    for limb in bits.limbs().iter().rev() {
        if text.is_empty() {
            let _ = write!(text, "{limb:x}");
        } else {
            let _ = write!(text, "{limb:016x}");
        }
    }
    let text = text.trim_start_matches('0');
    format!("{}'h{}", bits.width(), if text.is_empty() { "0" } else { text })
}
