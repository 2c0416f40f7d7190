//! An output folder that leaves nothing behind when a command fails.

use std::path::{Path, PathBuf};

use sluice_capture::OutputFile;

use crate::failure::Failure;

/// The folder for a command's files; one that was made for them goes again if nothing comes to stand in it.
pub(crate) struct Folder {
    path: PathBuf,
    is_new: bool,
}

impl Folder {
    /// Makes it if it is not there. Keep it until the files stand in it, and drop it after them.
    pub(crate) fn create(path: &Path) -> Result<Self, Failure> {
        let is_new = !path.exists();
        std::fs::create_dir_all(path).map_err(Failure::write(path))?;
        Ok(Self { path: path.to_path_buf(), is_new })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.is_new {
            // Fails where files stand in it, as it should.
            let _ = std::fs::remove_dir(&self.path);
        }
    }
}

/// Puts complete files in place, each with the number of its packets; gives them with their packets.
pub(crate) fn put_in_place(
    complete: Vec<(PathBuf, u64, OutputFile)>,
) -> Result<Vec<(PathBuf, u64)>, Failure> {
    let mut placed = Vec::new();
    for (path, packets, output) in complete {
        output.commit().map_err(Failure::write(&path))?;
        placed.push((path, packets));
    }
    Ok(placed)
}
