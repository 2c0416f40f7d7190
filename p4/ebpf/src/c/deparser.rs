//! The deparser: valid headers into a buffer, and the buffer in front of the payload.

use sluice_ir::HeaderRef;

use super::code::Code;

/// Bytes of headers that a frame may leave with.
pub(super) const MAX_HEADER_BYTES: u32 = 1024;

impl Code<'_> {
    /// Appends a header to the buffer if it is valid.
    pub(super) fn emit(&mut self, header: HeaderRef) {
        let reached = self.reach(header);
        let place = self.storage.headers[reached.header.index()].clone();
        self.guarded(&reached, |code| {
            let valid = code.is_valid(&reached);
            code.braced(format!("if ({valid})"), |code| {
                let at = code.fresh();
                code.line(format!("u32 {at} = eg->out;"));
                code.braced(format!("if ({at} > {MAX_HEADER_BYTES})"), |code| {
                    code.line("eg->ended = ENDED_TOO_LONG;");
                    code.line("goto out;");
                });
                code.line(format!("OPAQUE({at});"));
                let address = &reached.address;
                match place.varbit {
                    None => {
                        code.line(format!(
                            "copy(&out->bytes[{at} & {}], {address}, {});",
                            2 * MAX_HEADER_BYTES - 1,
                            place.fixed_bytes
                        ));
                        code.line(format!("eg->out += {};", place.fixed_bytes));
                    }
                    Some((_, offset, most)) => {
                        let (fixed, behind) = (place.fixed_bytes, place.fixed_bytes - offset);
                        let length = code.named(&format!("*(u32 *) ({address} + {})", place.length_at()));
                        code.line(format!(
                            "put_varbit(out, {at}, {address}, {offset}, {behind}, {fixed}, {length}, {most});"
                        ));
                        code.line(format!("eg->out += {fixed} + {length};"));
                    }
                }
            });
        });
    }
}
