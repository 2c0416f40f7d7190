//! Everything that can be done with a module, for tests that only want it to be done without a panic.

use sluice_diagnostics::{Diagnostic, Diagnostics, Severity, Sources};
use sluice_ir::verify::verify;
use sluice_ir::{Module, graph, text};
use sluice_switch::{Ingress, Output, Sink, Switch, SwitchOptions};

use crate::trial::Dice;

/// Cells of counters, meters and registers that a test makes.
const CELLS: u64 = 1 << 16;

/// Takes all that comes out, and counts.
#[derive(Default)]
struct Counted(u32);

impl Sink for Counted {
    fn send(&mut self, _output: Output<'_>) {
        self.0 += 1;
    }
}

/// Whether what refuses an input says at least one thing that is wrong with it, at a place in it.
///
/// # Errors
/// What is missing of that.
pub fn is_located(found: &Diagnostics, sources: &Sources) -> Result<(), String> {
    let rendered = found.render(sources);
    if !found.has_errors() {
        return Err(format!("refused without an error\n{rendered}"));
    }
    let is_error = |finding: &&Diagnostic| finding.severity == Severity::Error;
    if found.iter().filter(is_error).all(|error| error.primary.is_none()) {
        return Err(format!("refused without a place\n{rendered}"));
    }
    for label in found.iter().flat_map(|diagnostic| diagnostic.primary.iter().chain(&diagnostic.secondary)) {
        let text = &sources.source(label.span.source).text;
        if text.get(label.span.start as usize..label.span.end as usize).is_none() {
            return Err(format!("a place outside the text: {:?}\n{rendered}", label.span));
        }
    }
    Ok(())
}

/// The module that its own text says.
///
/// # Errors
/// Where the text is not read, or another one comes of it.
pub fn reread(module: &Module) -> Result<Module, String> {
    let printed = text::print(module);
    let mut sources = Sources::new();
    let source = sources.add("printed.ir", printed.as_str());
    let again = text::read(&sources, source)
        .map_err(|found| format!("its text is not read:\n{}", found.render(&sources)))?;
    let twice = text::print(&again);
    if twice == printed {
        return Ok(again);
    }
    let first = printed.lines().zip(twice.lines()).find(|(one, other)| one != other);
    Err(format!("its text reads back as another one, first {first:?}"))
}

/// Writes the module as BMv2 JSON, if the format has everything that it has. Says whether it has.
///
/// # Errors
/// Where two writings differ, or it is refused without an error.
pub fn bmv2(module: &Module) -> Result<bool, String> {
    let sources = Sources::new();
    let options = || sluice_bmv2::Options { program: "random.p4", sources: &sources };
    match (sluice_bmv2::write(module, options()), sluice_bmv2::write(module, options())) {
        (Ok((one, _)), Ok((two, _))) if one == two => Ok(true),
        (Err(one), Err(two)) if one == two && one.has_errors() => Ok(false),
        _ => Err("as BMv2 JSON, it is another one each time".to_string()),
    }
}

/// Verifies, prints, reads back, describes, draws and runs a module that the verifier has taken. Says whether it ran: one
/// that is beyond the soft switch's bounds does not.
///
/// # Errors
/// What is not as it must be.
pub fn exercise(module: &Module, dice: &mut Dice) -> Result<bool, String> {
    verify(module).map_err(|found| format!("does not verify: {found}"))?;
    verify(&reread(module)?).map_err(|found| format!("read back, it does not verify: {found}"))?;
    if let Ok((info, _)) = sluice_p4info::p4info(module) {
        let back = sluice_p4info::from_text(&sluice_p4info::to_text(&info));
        if back.ok().as_ref() != Some(&info) {
            return Err("its P4Info does not read back".to_string());
        }
    }
    graph::graphs(module);
    bmv2(module)?;
    let info = module.info();
    let sizes = info.counters.iter().map(|counter| counter.size);
    let sizes = sizes.chain(info.meters.iter().map(|meter| meter.size));
    let sizes = sizes.chain(info.registers.iter().map(|register| register.size));
    if sizes.fold(0, u64::saturating_add) > CELLS {
        return Ok(false);
    }
    let Ok(switch) = Switch::new(module, SwitchOptions::default()) else { return Ok(false) };
    let mut worker = switch.worker();
    for _ in 0..4 {
        let length = dice.below(120);
        let data = dice.bytes(length);
        let mut counted = Counted::default();
        let verdict = worker.process(&Ingress::new(dice.below(512) as u16, dice.word(), &data), &mut counted);
        if verdict.sent != counted.0 {
            return Err(format!("{} sent, {} came", verdict.sent, counted.0));
        }
    }
    Ok(true)
}
