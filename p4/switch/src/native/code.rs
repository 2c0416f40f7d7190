//! From Cranelift's functions to functions that can be called.
//!
//! `unsafe` stands at three places:
//!
//! - [`Entry::call`] calls machine code. The code comes from [`super::translate`], has the signature that [`Code::make`]
//!   declares, and lives as long as the [`Code`] that the entry borrows. What it touches is what [`super::seam::Frame`] points to.
//! - [`Memory`]'s `Drop` frees the memory of the code. Entries borrow the [`Code`] that has it, so that none can be left.
//! - [`Code`] is `Sync`: after [`Code::make`] nothing of it changes.

use std::fmt;

use cranelift_codegen::ir::{AbiParam, Function, UserFuncName, types};
use cranelift_codegen::isa::TargetFrontendConfig;
use cranelift_codegen::settings::{self, Configurable};
use cranelift_frontend::FunctionBuilderContext;
use cranelift_jit::{JITBuilder, JITModule};
use cranelift_module::{Linkage, Module, default_libcall_names};

use super::seam::Frame;
use super::{NoNativeCode, Stage};

/// Number of functions.
const FUNCTIONS: usize = Stage::ALL.len();

type Call = unsafe extern "C" fn(*mut Frame) -> u64;

/// The generator with the memory of its code.
struct Memory {
    /// `Some` until it is dropped.
    module: Option<JITModule>,
}

impl Drop for Memory {
    fn drop(&mut self) {
        if let Some(module) = self.module.take() {
            // SAFETY: entries borrow the `Code` that this is part of, so that none of them is left, and none is running.
            unsafe { module.free_memory() };
        }
    }
}

/// See the module.
pub(super) struct Code {
    /// Keeps the functions where they are.
    _memory: Memory,
    calls: [Call; FUNCTIONS],
}

// SAFETY: the module is not touched between `make` and `drop`, which has the `Code` for itself; functions are plain addresses.
unsafe impl Sync for Code {}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Code").finish_non_exhaustive()
    }
}

/// One function of native code.
#[derive(Clone, Copy)]
pub(crate) struct Entry<'c> {
    call: &'c Call,
}

impl Entry<'_> {
    /// Calls the function; see [`super::seam::Ended`] for what it returns.
    ///
    /// # Safety
    ///
    /// The frame is one that [`super::seam`] made for the program that the code is of, and everything that it points to is there and
    /// in use by nobody else until this returns.
    #[inline(always)]
    pub(super) unsafe fn call(self, frame: &mut Frame) -> u64 {
        // SAFETY: the code is there as long as the borrow; the frame is the caller's promise.
        unsafe { (self.call)(frame) }
    }
}

/// What translating has to know of the machine.
#[derive(Clone, Copy)]
pub(super) struct Host {
    pub(super) config: TargetFrontendConfig,
}

impl Code {
    /// Makes one function after the other; `fill` writes the body of each.
    pub(super) fn make(
        names: [&str; FUNCTIONS],
        mut fill: impl FnMut(usize, &mut Function, &mut FunctionBuilderContext, Host) -> Result<(), NoNativeCode>,
    ) -> Result<Self, NoNativeCode> {
        let refused = |error: &dyn fmt::Display| NoNativeCode::Generator(error.to_string());
        let mut flags = settings::builder();
        for (name, value) in [
            ("use_colocated_libcalls", "false"),
            ("is_pic", "false"),
            ("opt_level", "speed"),
            ("enable_verifier", if cfg!(debug_assertions) { "true" } else { "false" }),
        ] {
            flags.set(name, value).map_err(|error| refused(&error))?;
        }
        let isa = cranelift_native::builder().map_err(|error| refused(&error))?;
        let isa = isa.finish(settings::Flags::new(flags)).map_err(|error| refused(&error))?;
        let host = Host { config: isa.frontend_config() };
        let mut memory =
            Memory { module: Some(JITModule::new(JITBuilder::with_isa(isa, default_libcall_names()))) };
        let Some(module) = &mut memory.module else { return Err(refused(&"no module")) };
        let mut ids = Vec::new();
        let mut context = FunctionBuilderContext::new();
        for (index, name) in names.into_iter().enumerate() {
            let mut signature = module.make_signature();
            signature.params.push(AbiParam::new(types::I64));
            signature.returns.push(AbiParam::new(types::I64));
            let id =
                module.declare_function(name, Linkage::Local, &signature).map_err(|error| refused(&error))?;
            let mut codegen = module.make_context();
            codegen.func = Function::with_name_signature(UserFuncName::user(0, id.as_u32()), signature);
            fill(index, &mut codegen.func, &mut context, host)?;
            module.define_function(id, &mut codegen).map_err(|error| refused(&error))?;
            ids.push(id);
        }
        module.finalize_definitions().map_err(|error| refused(&error))?;
        let calls = std::array::from_fn(|index| {
            let address = module.get_finalized_function(ids[index]);
            // SAFETY: the function was declared with exactly this signature and the platform's C calling convention.
            unsafe { std::mem::transmute::<*const u8, Call>(address) }
        });
        Ok(Self { _memory: memory, calls })
    }

    #[inline(always)]
    pub(super) fn entry(&self, index: usize) -> Entry<'_> {
        Entry { call: &self.calls[index] }
    }
}
