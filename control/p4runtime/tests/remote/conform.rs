//! The remote adapter passes what every data path has to pass.

use std::sync::Arc;
use std::time::Duration;

use sluice_target::conformance::{self, PORTS};
use sluice_target::sys::{Linux, System};
use sluice_target::{Install, Program, Target};

use crate::bench::{Device, PROGRAM};
use crate::device::device;

struct Remote {
    device: Device,
}

impl Remote {
    fn end(&self, port: u16) -> &sluice_target::port::PairEnd {
        &self.device.ends[PORTS.iter().position(|number| *number == port).expect("a port of the bench")]
    }
}

impl conformance::Bench for Remote {
    fn target(&self) -> &dyn Target {
        &*self.device.target
    }

    fn program(&self) -> Program {
        PROGRAM.clone()
    }

    fn send(&self, port: u16, frame: &[u8]) {
        assert!(self.end(port).send(Linux.now_ns(), frame), "there is room");
    }

    fn receive(&self, port: u16, timeout: Duration) -> Option<Vec<u8>> {
        self.end(port).receive(timeout)
    }

    fn set_up(&self, _port: u16, _is_up: bool) -> bool {
        // P4Runtime does not tell of ports.
        false
    }
}

#[test]
fn a_remote_device_does_what_every_data_path_does() {
    let run = |check: conformance::Check| {
        let device = device();
        device.target.install(&PROGRAM, Install::Anew).expect("the program is taken");
        (check.run)(&Remote { device }).err().map(|error| format!("{}: {error}", check.name))
    };
    let capabilities = device().target.capabilities();
    let failed: Vec<String> = conformance::all(&capabilities).into_iter().filter_map(run).collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn what_is_known_of_a_program_is_what_the_device_knows() {
    let Device { target, .. } = crate::bench::soft();
    target.install(&PROGRAM, Install::Anew).expect("the program is taken");
    let remote = device();
    remote.target.install(&PROGRAM, Install::Anew).expect("the program is taken");
    let (own, told) = (target.info(), remote.target.info());
    let names = |info: &sluice_entities::PipelineInfo| -> Vec<Arc<str>> {
        let mut names: Vec<_> = info.tables.iter().map(|table| table.name.clone()).collect();
        names.sort();
        names
    };
    assert_eq!(names(&own), names(&told));
    for table in &own.tables {
        let told = told.table(&table.name).expect("it is told of");
        assert_eq!((&told.keys, told.size), (&table.keys, table.size));
    }
    assert_eq!(remote.target.program().expect("it runs one").p4info, PROGRAM.p4info);
}
