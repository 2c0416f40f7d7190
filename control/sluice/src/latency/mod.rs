//! `sluice latency`: captures of several taps compared.

mod args;
mod calibration;
mod html;
mod merge;
mod taps;
mod text;
mod units;

pub(crate) use args::Latency;

use std::io::Write as _;

use serde::Serialize;
use sluice_capture::OutputFile;
use sluice_latency::{Analysis, Arrival, Bounds, Clock, KeyOptions, Report, Settings};

use crate::failure::Failure;
use merge::Numbers;
use taps::Taps;
use text::Text;

pub(crate) fn run(arguments: &Latency) -> Result<(), Failure> {
    let taps = Taps::new(arguments)?;
    let settings = settings(arguments, &taps)?;
    let mut numbers = match arguments.merge {
        Some(_) => {
            let failed = Failure::system("make a temporary file for packets' numbers");
            Some(Numbers::new(taps.taps.len()).map_err(failed)?)
        }
        None => None,
    };
    let mut sink = |arrival: &Arrival| {
        if let Some(numbers) = &mut numbers {
            numbers.put(arrival);
        }
    };
    let mut analysis = Analysis::new(settings);
    let warnings = taps.read(|frame| {
        match &frame.stamped {
            Some(stamped) => analysis.push(frame.tap, stamped, &mut sink),
            None => analysis.unstamped(frame.tap),
        }
        Ok(())
    })?;
    let report = analysis.finish(&mut sink);
    let merged = match (&arguments.merge, numbers) {
        (Some(path), Some(numbers)) => Some((path, merge::write(path, &taps, numbers)?)),
        _ => None,
    };
    let page = match &arguments.html {
        Some(path) => {
            let mut output = OutputFile::create(path).map_err(Failure::write(path))?;
            output.write_all(html::page(&report, &taps).as_bytes()).map_err(Failure::write(path))?;
            Some((path, output))
        }
        None => None,
    };
    let calibrated = match &arguments.write_calibration {
        Some(path) => Some((path, calibration::write(path, &report, &taps.constants, arguments.cable)?)),
        None => None,
    };
    for (path, output) in merged.into_iter().chain(page).chain(calibrated) {
        output.commit().map_err(Failure::write(path))?;
    }
    for warning in warnings {
        eprintln!("warning: {warning}");
    }
    if arguments.json {
        println!("{}", json(&report, &taps));
    } else {
        print!("{}", Text { report: &report, taps: &taps, by: arguments.by, top: arguments.top });
    }
    Ok(())
}

fn settings(arguments: &Latency, taps: &Taps) -> Result<Settings, Failure> {
    let mut settings = Settings::new(taps.taps.iter().map(|tap| tap.name.clone()).collect());
    settings.keys = KeyOptions { profile: arguments.key.into(), depth: arguments.depth };
    settings.bounds = Bounds {
        window_ns: arguments.window,
        duplicate_ns: arguments.duplicates,
        entries: arguments.entries as usize,
    };
    settings.link_bits_per_second = arguments.link_rate;
    settings.burst_share = f64::from(arguments.burst_share) / 100.0;
    settings.store_bits_per_second = arguments.subtract_serialization;
    settings.clocks = vec![Clock::default(); taps.taps.len()];
    for text in &arguments.clocks {
        let argument = format!("--clock {text}");
        let Some((name, said)) = text.split_once('=') else {
            return Err(Failure::argument(
                format!("`{argument}` names no tap"),
                "write `--clock tap-a=ptp,100ns`",
            ));
        };
        let tap = taps.named(name, &argument)?;
        let (state, bound) = match said.split_once(',') {
            Some((state, bound)) => (state, Some(bound)),
            None => (said, None),
        };
        let bound_ns = bound.map(args::duration).transpose();
        let bound_ns = bound_ns.map_err(|help| Failure::argument(format!("`{argument}`: no bound"), help))?;
        settings.clocks[tap] = Clock { state: Some(state.to_string()), bound_ns };
    }
    for (clock, constants) in settings.clocks.iter_mut().zip(&taps.constants) {
        constants.widen(clock);
    }
    Ok(settings)
}

/// The report, with what the command knows of the taps.
fn json(report: &Report, taps: &Taps) -> String {
    #[derive(Serialize)]
    struct Source {
        name: String,
        capture: String,
        format: &'static str,
    }
    #[derive(Serialize)]
    struct Whole<'a> {
        sources: Vec<Source>,
        #[serde(flatten)]
        report: &'a Report,
    }
    let sources = taps.taps.iter().map(|tap| Source {
        name: tap.name.clone(),
        capture: taps.captures[tap.capture].display().to_string(),
        format: tap.stamps.format.name(),
    });
    let whole = Whole { sources: sources.collect(), report };
    serde_json::to_string_pretty(&whole).unwrap_or_default()
}
