// SPDX-License-Identifier: Apache-2.0
// A value, DEPTH clocks later.
module sluice_delay #(
    parameter int WIDTH = 1,
    parameter int DEPTH = 1
) (
    input  wire             clk,
    input  wire [WIDTH-1:0] d,
    output wire [WIDTH-1:0] q
);
    if (WIDTH < 1 || DEPTH < 1) begin : check_1
        $error("sluice_delay: WIDTH and DEPTH are at least 1");
    end
    reg [WIDTH-1:0] line [DEPTH];
    always_ff @(posedge clk) begin
        line[0] <= d;
        for (int i = 1; i < DEPTH; i++) line[i] <= line[i-1];
    end
    assign q = line[DEPTH-1];
endmodule
