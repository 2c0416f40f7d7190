//! A file that appears under its name only when it is whole.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::invalid;

/// A buffered file that is written beside its target and takes the target's name on [`commit`](Self::commit).
///
/// Dropped without that, it is removed, and a file that had the name before is untouched.
/// Several files of one command: write all, then commit all, so that an error leaves none.
#[derive(Debug)]
pub struct OutputFile {
    /// Taken when committed.
    file: Option<BufWriter<File>>,
    partial: PathBuf,
    target: PathBuf,
}

impl OutputFile {
    /// Creates the partial file, `.NAME.PID.partial` in the folder of `target`.
    pub fn create(target: &Path) -> io::Result<Self> {
        let name = target.file_name().ok_or_else(|| invalid("an output file needs a name"))?;
        let mut partial_name = OsString::from(".");
        partial_name.push(name);
        partial_name.push(format!(".{}.partial", std::process::id()));
        let partial = target.with_file_name(partial_name);
        let file = OpenOptions::new().write(true).create_new(true).open(&partial)?;
        Ok(Self { file: Some(BufWriter::new(file)), partial, target: target.to_owned() })
    }

    /// Writes what is buffered, and gives the file its name, replacing one that had it.
    pub fn commit(mut self) -> io::Result<()> {
        self.flush()?;
        fs::rename(&self.partial, &self.target)?;
        self.file = None;
        Ok(())
    }
}

impl Write for OutputFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.as_mut().map_or(Ok(0), |file| file.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Drop for OutputFile {
    fn drop(&mut self) {
        if self.file.take().is_some() {
            // Nobody is left to tell if this fails; the name says what the file is.
            let _ = fs::remove_file(&self.partial);
        }
    }
}
