//! Runs a test on a target and says what is not as the script wants it.

use sluice_diagnostics::{Diagnostic, Diagnostics, Span};

use crate::bind::{StepKind, Test};
use crate::compare::compare;
use crate::script::{Comparison, Quantity};
use crate::target::{Count, CounterCell, Received, Target, TargetError};

/// What a run gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// What is not as the script wants it; notes on what it does not speak of.
    pub found: Diagnostics,
    /// What came out.
    pub received: Vec<Received>,
}

impl Report {
    /// Whether everything is as the script wants it.
    pub fn is_passed(&self) -> bool {
        !self.found.has_errors()
    }
}

/// Runs a test. A target that refuses a step ends it there.
pub fn run(test: &Test, target: &mut dyn Target) -> Report {
    let mut report = Report::default();
    // Packets that must give nothing, with the statement that says so.
    let mut silent: Vec<(usize, Span)> = Vec::new();
    let mut packets: Vec<Span> = Vec::new();
    for step in &test.steps {
        let done = match &step.kind {
            StepKind::Operate(operation) => target.operate(operation),
            StepKind::Packet { port, data } => {
                packets.push(step.span);
                target.packet(*port, data)
            }
            StepKind::Wait => target.wait(),
            StepKind::NoPacket => {
                silent.extend(packets.len().checked_sub(1).map(|last| (last, step.span)));
                Ok(())
            }
            StepKind::CheckCounter { cell, condition } => {
                check_counter(target, step.span, cell, *condition, &mut report.found)
            }
        };
        if let Err(error) = done {
            report.found.push(Diagnostic::error(error.to_string()).at(step.span, ""));
            return report;
        }
    }
    match target.finish() {
        Ok(received) => report.received = received,
        Err(error) => {
            report.found.push(Diagnostic::error(error.to_string()));
            return report;
        }
    }
    for (packet, span) in silent {
        if let Some(received) = report.received.iter().find(|received| received.cause == Some(packet)) {
            let message = format!("a packet came out of port {}, and none was to come", received.port);
            report
                .found
                .push(Diagnostic::error(message).at(span, "").also(packets[packet], "of this packet"));
        }
    }
    report.found.extend(compare(test, &report.received, &packets));
    report
}

fn check_counter(
    target: &mut dyn Target,
    span: Span,
    cell: &CounterCell,
    condition: Option<(Quantity, Comparison, u64)>,
    found: &mut Diagnostics,
) -> Result<(), TargetError> {
    let count = target.counter(cell)?;
    let (holds, wanted) = match condition {
        None => (count == Count::default(), "nothing is to be counted".to_string()),
        Some((quantity, comparison, value)) => {
            let (have, unit) = match quantity {
                Quantity::Packets => (count.packets, "packets"),
                Quantity::Bytes => (count.bytes, "bytes"),
            };
            (comparison.holds(have, value), format!("{unit} {} {value} is to hold", comparison.symbol()))
        }
    };
    if !holds {
        let message = format!("the counter holds packets: {}, bytes: {}", count.packets, count.bytes);
        found.push(Diagnostic::error(message).at(span, wanted));
    }
    Ok(())
}
