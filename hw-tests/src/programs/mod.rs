//! Packet tests of the compiler: P4 programs with scripts that say what comes out of them.
//!
//! A test is `p4/FEATURE/NAME.p4` with files beside it:
//!
//! | file | what it is |
//! |---|---|
//! | `NAME.stf` | the script; every engine and every form of the program must pass it without a finding |
//! | `NAME.ir` | golden: the IR as text, of a program that compiles |
//! | `NAME.p4info.txtpb` | golden: the P4Info of a program that compiles |
//! | `NAME.bmv2.json` | golden: the BMv2 JSON, of some programs of each feature; make an empty file to have one |
//! | `NAME.bmv2.txt` | golden: all that the back end for bmv2 says, of a program that it refuses, or takes with warnings |
//! | `NAME.txt` | golden: all that the compiler says, of a program that is refused, or taken with warnings |
//!
//! A program with a script must compile. Files that programs include are in folders called `include`. `SLUICE_BLESS=1`
//! writes the goldens.

mod case;
mod corpus;
mod exercise;
mod forms;
mod golden;
mod rtl;
mod scene;
mod xdp;

pub use case::{Case, cases};
pub use corpus::{Changed, Corpus};
pub use exercise::{bmv2, exercise, is_located, reread};
pub use forms::{Engine, Form, compile_forms, engines};
pub use golden::Goldens;
pub use rtl::{OnRtl, rtl_cache, verilator};
pub use scene::{Scene, Witness};
pub use xdp::{OnXdp, XdpForm, has_xdp, stay_on_processor};
