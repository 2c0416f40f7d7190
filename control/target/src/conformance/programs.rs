//! Programs: checked, put into place, replaced.

use sluice_entities::Code;

use super::{
    Bench, Check, Verdict, ensure, entries, forward_entry, frame, insert, pass, same, vanishes, whole, write,
};
use crate::target::Install;

pub(super) const CHECKS: &[Check] = &[
    Check::new("the program is told as it was put into place", told),
    Check::new("what is no program is refused and leaves the old one", refused),
    Check::new("a shadow is another data path", shadow),
    Check::new("a program put into place anew starts empty", anew),
    Check::new("reconciling keeps what was written", reconcile),
];

fn told(bench: &dyn Bench) -> Verdict {
    let program = bench.target().program().ok_or("no program is told")?;
    ensure(*program == bench.program(), || "another program is told".to_string())?;
    ensure(bench.target().info().table("ingress.exact_t").is_some(), || "its tables are not told".to_string())
}

fn refused(bench: &dyn Bench) -> Verdict {
    write(bench, &[insert(forward_entry(1, 2, 0))])?;
    let mut nonsense = bench.program();
    nonsense.device_config = b"this is no program".to_vec();
    let mut other = bench.program();
    other.p4info.tables.pop();
    for (what, wrong) in [("nonsense", nonsense), ("another program's P4Info", other)] {
        let codes = [
            bench.target().verify(&wrong).map_err(|fault| fault.code),
            bench.target().install(&wrong, Install::Anew).map_err(|fault| fault.code),
            bench.target().install(&wrong, Install::Reconcile).map_err(|fault| fault.code),
        ];
        same(what, &codes, &[Err(Code::InvalidArgument); 3])?;
    }
    pass(bench, 2, &frame(1, 1, 0, 0)).map(|_| ())
}

fn shadow(bench: &dyn Bench) -> Verdict {
    let shadow = bench.target().shadow(&bench.program()).map_err(|fault| fault.to_string())?;
    let updates = [insert(forward_entry(1, 2, 0))];
    shadow.write(&updates, whole(&shadow.capabilities())).map_err(|fault| fault.to_string())?;
    let again = shadow.write(&updates, whole(&shadow.capabilities()));
    ensure(again.is_err(), || "the shadow forgets".to_string())?;
    same("entries of the data path", &entries(bench, "ingress.exact_t")?, &Vec::new())?;
    vanishes(bench, &frame(1, 1, 0, 0))
}

fn anew(bench: &dyn Bench) -> Verdict {
    write(bench, &[insert(forward_entry(1, 2, 0))])?;
    let program = bench.program();
    bench.target().verify(&program).map_err(|fault| fault.to_string())?;
    same("entries after verifying", &entries(bench, "ingress.exact_t")?.len(), &1)?;
    bench.target().install(&program, Install::Anew).map_err(|fault| fault.to_string())?;
    same("entries", &entries(bench, "ingress.exact_t")?, &Vec::new())?;
    same("the program's own entries", &entries(bench, "ingress.const_t")?.len(), &2)?;
    vanishes(bench, &frame(1, 1, 0, 0))
}

fn reconcile(bench: &dyn Bench) -> Verdict {
    super::entities::write_everything(bench)?;
    let before = super::entities::read_everything(bench)?;
    let program = bench.program();
    bench.target().install(&program, Install::Reconcile).map_err(|fault| fault.to_string())?;
    same("everything", &super::entities::read_everything(bench)?, &before)?;
    pass(bench, 2, &frame(1, 1, 0, 0)).map(|_| ())
}
