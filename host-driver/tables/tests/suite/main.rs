//! Tables in hardware that keeps rows and sends nothing.

mod pretended;
mod writes;
