//! `sluice sample`: captures to try things with.

use std::fs;

use sluice_capture::OutputFile;
use sluice_capture::sample::{SampleOptions, generate, write_tap};

use crate::args;
use crate::failure::Failure;

pub(crate) fn run(arguments: &args::Sample) -> Result<(), Failure> {
    let options = SampleOptions {
        seed: arguments.seed,
        packets: arguments.packets as usize,
        ..SampleOptions::default()
    };
    let sample = generate(options).map_err(|error| {
        Failure::argument(error.to_string(), "ask for fewer, or for several samples with other seeds")
    })?;
    fs::create_dir_all(&arguments.out).map_err(Failure::write(&arguments.out))?;
    let taps = [("tap-a", &sample.tap_a), ("tap-b", &sample.tap_b)];
    let mut written = Vec::new();
    for (name, frames) in taps {
        let path = arguments.out.join(format!("{name}.pcapng"));
        let mut file = OutputFile::create(&path).map_err(Failure::write(&path))?;
        write_tap(&mut file, name, frames).map_err(Failure::write(&path))?;
        written.push((path, file, frames.len()));
    }
    for (path, file, packets) in written {
        file.commit().map_err(Failure::write(&path))?;
        println!("{}: {packets} packets", path.display());
    }
    println!(
        "tap-a sees {} frames twice; of {} that cross to tap-b, {} are lost",
        sample.duplicates, sample.crossing, sample.lost
    );
    Ok(())
}
