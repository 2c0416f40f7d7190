//! The soft switch: runs the IR
