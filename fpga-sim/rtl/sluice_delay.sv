// SPDX-License-Identifier: Apache-2.0
// A value, DEPTH clocks later. A long way is a ring in a memory, written and read once a clock; `tick` counts clocks.
module sluice_delay #(
    parameter int WIDTH = 1,
    parameter int DEPTH = 1
) (
    input  wire             clk,
    input  wire [15:0]      tick,
    input  wire [WIDTH-1:0] d,
    output wire [WIDTH-1:0] q
);
    if (WIDTH < 1 || DEPTH < 1 || DEPTH > 65536) begin : check_1
        $error("sluice_delay: WIDTH is at least 1, DEPTH 1 to 65,536");
    end
    if (DEPTH < 4) begin : short_way
        reg [WIDTH-1:0] line [DEPTH];
        always_ff @(posedge clk) begin
            line[0] <= d;
            for (int i = 1; i < DEPTH; i++) line[i] <= line[i-1];
        end
        assign q = line[DEPTH-1];
    end else begin : long_way
        localparam int INDEX = $clog2(DEPTH);
        reg [WIDTH-1:0] ring [1 << INDEX];
        reg [WIDTH-1:0] last;
        wire [INDEX-1:0] here = INDEX'(tick);
        wire [INDEX-1:0] back = INDEX'(tick - 16'(DEPTH - 1));
        // Nobody else sees the ring, and it is read first: a write that is done at once is the same, and simulates in half the time.
        /* verilator lint_off BLKSEQ */
        always_ff @(posedge clk) begin
            last <= ring[back];
            ring[here] = d;
        end
        /* verilator lint_on BLKSEQ */
        assign q = last;
    end
    wire unused = &{1'b0, tick};
endmodule
