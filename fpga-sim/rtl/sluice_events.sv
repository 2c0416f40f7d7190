// SPDX-License-Identifier: Apache-2.0
// Counts of what happens in the machine, 64 bits each: no packet is lost without one of them.
module sluice_events #(
    parameter int EVENTS = 8,
    parameter int BLOCK  = 255
) (
    input  wire              clk,
    input  wire              rst,
    input  wire [EVENTS-1:0] happened,
    input  wire              cfg_read,
    input  wire [7:0]        cfg_block,
    input  wire [15:0]       cfg_row,
    output reg  [127:0]      cfg_result
);
    localparam int INDEX = $clog2(EVENTS);
    if (EVENTS < 2) begin : check_1
        $error("sluice_events: EVENTS is at least 2");
    end
    reg [63:0]  counts [EVENTS];
    reg         asked;
    initial asked = 1'b0;
    reg [63:0]  seen;
    always_ff @(posedge clk) begin
        for (int i = 0; i < EVENTS; i++)
            if (rst) counts[i] <= '0;
            else if (happened[i]) counts[i] <= counts[i] + 64'd1;
        asked      <= cfg_read && cfg_block == BLOCK[7:0];
        seen       <= counts[cfg_row[INDEX-1:0]];
        cfg_result <= asked ? 128'(seen) : '0;
    end
    wire unused = &{1'b0, cfg_row};
endmodule
