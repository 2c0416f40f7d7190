// SPDX-License-Identifier: Apache-2.0
// Whether there is a packet at each clock of a pipeline of DEPTH clocks.
module sluice_valid #(
    parameter int DEPTH = 1
) (
    input  wire           clk,
    input  wire           rst,
    input  wire           d,
    output wire [DEPTH:0] q
);
    if (DEPTH < 1) begin : check_1
        $error("sluice_valid: DEPTH is at least 1");
    end
    reg [DEPTH-1:0] line;
    always_ff @(posedge clk)
        if (rst) line <= '0;
        else line <= q[DEPTH-1:0];
    assign q = {line, d};
endmodule
