//! When each value is there: which clock of the pipeline computes it.
//!
//! A value is computed as soon as what it is made of is there and the clock has room for one more level of logic. A block has a fixed
//! latency. What stands between reading a register array and writing it is computed in one clock, so that the next packet, one clock
//! later, reads what this one writes: the array forwards it.

use std::collections::{BTreeMap, BTreeSet};

use crate::exec::Unit;
use crate::graph::{Binary, Graph, Op, UnitId, Value};
use crate::pipeline::{Pipeline, reachable};

/// Tenths of a level of 6-input look-up tables that fit into a clock: four levels.
const BUDGET: u32 = 40;

/// Clocks between a register array's index and its cell.
pub(crate) const REGISTER_LATENCY: u32 = 2;

/// The clock of each value and of each block's inputs.
#[derive(Debug)]
pub(crate) struct Schedule {
    /// By value; none where nobody uses it.
    pub(crate) stages: Vec<Option<u32>>,
    /// By block: the clock at which its inputs are taken.
    pub(crate) units: Vec<u32>,
    /// By block of a register array: the clock at which it is written.
    pub(crate) writes: Vec<u32>,
    /// Clocks from input to output.
    pub(crate) latency: u32,
    /// The most levels of logic in one clock, tenths; more than four stand between reading and writing a register.
    pub(crate) depth: u32,
}

struct Scheduler<'p> {
    pipeline: &'p Pipeline,
    latency: &'p dyn Fn(&Unit) -> u32,
    /// Clock and depth of the values that are done.
    done: Vec<Option<(u32, u32)>>,
    units: Vec<Option<u32>>,
    writes: Vec<u32>,
    /// The group of a value that stands between a register's read and its write.
    group_of: BTreeMap<Value, usize>,
    groups: Vec<Group>,
}

#[derive(Clone, Debug, Default)]
struct Group {
    units: Vec<UnitId>,
    values: BTreeSet<Value>,
    stage: Option<u32>,
}

/// Schedules all that is used of a pipeline.
pub(crate) fn schedule(pipeline: &Pipeline, latency: &dyn Fn(&Unit) -> u32) -> Schedule {
    let outputs = pipeline.outputs.iter().map(|(_, value)| *value);
    let used = reachable(&pipeline.graph, &pipeline.units, outputs);
    let groups = groups(pipeline, &used);
    let mut group_of = BTreeMap::new();
    for (index, group) in groups.iter().enumerate() {
        group_of.extend(group.values.iter().map(|value| (*value, index)));
    }
    let mut scheduler = Scheduler {
        pipeline,
        latency,
        done: vec![None; pipeline.graph.nodes.len()],
        units: vec![None; pipeline.units.len()],
        writes: vec![0; pipeline.units.len()],
        group_of,
        groups,
    };
    for value in &used {
        scheduler.value(*value);
    }
    for (index, unit) in pipeline.units.iter().enumerate() {
        if crate::pipeline::is_effect(unit) {
            scheduler.unit(UnitId(index as u32));
        }
    }
    let stages: Vec<Option<u32>> = scheduler.done.iter().map(|done| done.map(|(stage, _)| stage)).collect();
    let last = pipeline.outputs.iter().filter_map(|(_, value)| stages[value.index()]).max().unwrap_or(0);
    let writes = scheduler.writes.iter().copied().max().unwrap_or(0);
    let depth = scheduler.done.iter().flatten().map(|(_, depth)| *depth).max().unwrap_or(0);
    Schedule {
        stages,
        units: scheduler.units.iter().map(|unit| unit.unwrap_or(0)).collect(),
        latency: last.max(writes),
        writes: scheduler.writes,
        depth,
    }
}

/// The values between reads and writes of register arrays, arrays together whose values meet.
fn groups(pipeline: &Pipeline, used: &[Value]) -> Vec<Group> {
    let graph = &pipeline.graph;
    let mut groups: Vec<Group> = Vec::new();
    for (index, unit) in pipeline.units.iter().enumerate() {
        let Unit::Register { read: Some(_), write: Some(write), .. } = unit else { continue };
        let id = UnitId(index as u32);
        let mut below: BTreeSet<Value> = BTreeSet::new();
        for value in used {
            let is_read = matches!(graph.node(*value).op, Op::Output(of, _) if of == id);
            let follows = || graph.operands(*value).iter().any(|operand| below.contains(operand));
            // Behind a block of another kind a value is a later one.
            if is_read || follows() {
                below.insert(*value);
            }
        }
        let mut above: BTreeSet<Value> = BTreeSet::new();
        let mut waiting = vec![write.on, write.index, write.value];
        while let Some(value) = waiting.pop() {
            if above.insert(value) {
                waiting.extend(graph.operands(value));
            }
        }
        let mut group =
            Group { units: vec![id], values: below.intersection(&above).copied().collect(), stage: None };
        // Arrays whose values meet are read and written together.
        let (meet, apart): (Vec<Group>, Vec<Group>) =
            groups.into_iter().partition(|other| !other.values.is_disjoint(&group.values));
        for other in meet {
            group.units.extend(other.units);
            group.values.extend(other.values);
        }
        groups = apart;
        groups.push(group);
    }
    groups
}

/// A register array between whose read and write something stands that takes clocks of its own: it cannot be built, since the next packet
/// comes one clock later.
pub(crate) fn unbuildable(pipeline: &Pipeline) -> Option<UnitId> {
    let outputs = pipeline.outputs.iter().map(|(_, value)| *value);
    let used = reachable(&pipeline.graph, &pipeline.units, outputs);
    for group in groups(pipeline, &used) {
        let mut waiting: Vec<Value> = Vec::new();
        for unit in &group.units {
            if let Unit::Register { read, write, .. } = &pipeline.units[unit.0 as usize] {
                waiting.extend(read.iter().map(|read| read.index));
                waiting.extend(write.iter().flat_map(|write| [write.on, write.index, write.value]));
            }
        }
        for value in &group.values {
            waiting.extend(pipeline.graph.operands(*value));
        }
        let mut seen = BTreeSet::new();
        waiting.retain(|value| !group.values.contains(value));
        while let Some(value) = waiting.pop() {
            if !seen.insert(value) {
                continue;
            }
            waiting.extend(pipeline.graph.operands(value));
            if let Op::Output(unit, _) = pipeline.graph.node(value).op {
                if group.units.contains(&unit) {
                    return Some(unit);
                }
                waiting.extend(pipeline.units[unit.0 as usize].inputs());
            }
        }
    }
    None
}

impl Scheduler<'_> {
    fn graph(&self) -> &Graph {
        &self.pipeline.graph
    }

    /// Clock and depth of a value.
    fn value(&mut self, value: Value) -> (u32, u32) {
        if let Some(done) = self.done[value.index()] {
            return done;
        }
        let found = match self.group_of.get(&value).copied() {
            Some(group) => {
                let stage = self.group(group);
                let depth = self.depth_inside(value, stage);
                (stage, depth)
            }
            None => self.alone(value),
        };
        self.done[value.index()] = Some(found);
        found
    }

    fn alone(&mut self, value: Value) -> (u32, u32) {
        if let Op::Output(unit, _) = self.graph().node(value).op {
            let start = self.unit(unit);
            let latency = (self.latency)(&self.pipeline.units[unit.0 as usize]);
            return (start + latency, 0);
        }
        let operands = self.graph().operands(value);
        let ready: Vec<(u32, u32)> = operands
            .iter()
            .filter(|operand| self.graph().known(**operand).is_none())
            .copied()
            .collect::<Vec<_>>()
            .into_iter()
            .map(|operand| self.value(operand))
            .collect();
        let stage = ready.iter().map(|(stage, _)| *stage).max().unwrap_or(0);
        let depth = ready.iter().filter(|(at, _)| *at == stage).map(|(_, depth)| *depth).max().unwrap_or(0);
        let cost = cost(self.graph(), value);
        if depth + cost > BUDGET && depth > 0 { (stage + 1, cost) } else { (stage, depth + cost) }
    }

    fn depth_inside(&mut self, value: Value, stage: u32) -> u32 {
        let operands = self.graph().operands(value);
        let mut deepest = 0;
        for operand in operands {
            if self.graph().known(operand).is_none() {
                let (at, depth) = self.value(operand);
                if at == stage {
                    deepest = deepest.max(depth);
                }
            }
        }
        deepest + cost(self.graph(), value)
    }

    /// The clock at which a group computes.
    fn group(&mut self, index: usize) -> u32 {
        if let Some(stage) = self.groups[index].stage {
            return stage;
        }
        let group = self.groups[index].clone();
        let mut stage = REGISTER_LATENCY;
        let mut inputs: BTreeSet<Value> = BTreeSet::new();
        for unit in &group.units {
            let Unit::Register { read, write, .. } = &self.pipeline.units[unit.0 as usize] else { continue };
            if let Some(read) = read {
                let (at, depth) = self.value(read.index);
                stage = stage.max(at + u32::from(depth > 0) + REGISTER_LATENCY);
            }
            inputs.extend(write.iter().flat_map(|write| [write.on, write.index, write.value]));
        }
        for value in &group.values {
            inputs.extend(self.graph().operands(*value));
        }
        for value in inputs {
            if !group.values.contains(&value) && self.graph().known(value).is_none() {
                // What is there in the middle of a clock would make that clock longer.
                let (at, depth) = self.value(value);
                stage = stage.max(if depth > 0 { at + 1 } else { at });
            }
        }
        self.groups[index].stage = Some(stage);
        for unit in &group.units {
            self.units[unit.0 as usize] = Some(stage - REGISTER_LATENCY);
            self.writes[unit.0 as usize] = stage;
        }
        stage
    }

    /// The clock at which a block takes its inputs.
    fn unit(&mut self, unit: UnitId) -> u32 {
        let at = unit.0 as usize;
        if let Some(stage) = self.units[at] {
            return stage;
        }
        if let Some(group) = self.groups.iter().position(|group| group.units.contains(&unit)) {
            return self.group(group) - REGISTER_LATENCY;
        }
        // A register that is only read, or only written, waits for its index alone.
        let mut stage = 0;
        for input in self.pipeline.units[at].inputs() {
            if self.graph().known(input).is_none() {
                let (at, depth) = self.value(input);
                stage = stage.max(if depth > 0 { at + 1 } else { at });
            }
        }
        self.units[at] = Some(stage);
        self.writes[at] = stage;
        stage
    }
}

/// Tenths of a level of logic.
fn cost(graph: &Graph, value: Value) -> u32 {
    let node = graph.node(value);
    let carry = |width: u32| 10 + width.min(64) / 4;
    match node.op {
        Op::Constant(_) | Op::Input(_) | Op::Output(..) | Op::Slice(..) | Op::Concat(..) => 0,
        Op::Not(_) | Op::After(..) => 0,
        Op::Mux(..) => 6,
        // Six to a look-up table.
        Op::Any(ref values) => match values.len() {
            0..=3 => 5,
            4..=6 => 10,
            7..=36 => 20,
            _ => 30,
        },
        Op::Function(..) => BUDGET,
        Op::Binary(op, left, right) => match op {
            Binary::And | Binary::Or | Binary::Xor => 4,
            Binary::Eq => match graph.width(left) {
                0..=3 => 8,
                4..=18 => 16,
                19..=108 => 24,
                _ => 34,
            },
            Binary::Add | Binary::Sub | Binary::Less | Binary::LessSigned => carry(graph.width(left)),
            Binary::Mul => BUDGET,
            // One level moves by up to three.
            Binary::Shl | Binary::Shr | Binary::ShrSigned => {
                (graph.width(right).min(12) * 5).clamp(10, BUDGET)
            }
        },
    }
}
