// SPDX-License-Identifier: Apache-2.0
// A table whose key is the number of its row.
module sluice_direct #(
    parameter int KEY_WIDTH  = 8,
    parameter int DATA_WIDTH = 1,
    parameter int BLOCK      = 0,
    parameter int CFG_WIDTH  = 32
) (
    input  wire                  clk,
    input  wire [KEY_WIDTH-1:0]  key,
    output reg                   hit,
    output reg  [7:0]            action,
    output reg  [DATA_WIDTH-1:0] data,
    output reg  [15:0]           entry,
    input  wire                  cfg_write,
    input  wire [7:0]            cfg_block,
    input  wire [1:0]            cfg_kind,
    input  wire [15:0]           cfg_row,
    input  wire [CFG_WIDTH-1:0]  cfg_data
);
    localparam int ROW = DATA_WIDTH + 8;
    if (ROW + 1 > CFG_WIDTH) begin : check_1
        $error("sluice_direct: CFG_WIDTH is too small for a row");
    end
    if (KEY_WIDTH > 12) begin : check_2
        $error("sluice_direct: KEY_WIDTH is at most 12");
    end
    reg [ROW:0]   rows [1 << KEY_WIDTH];
    reg [ROW-1:0] otherwise;
    initial otherwise = '0;
    initial for (int i = 0; i < 1 << KEY_WIDTH; i++) rows[i] = '0;
    wire here = cfg_write && cfg_block == BLOCK[7:0];
    always_ff @(posedge clk) begin
        if (here && cfg_kind == 2'd0) rows[cfg_row[KEY_WIDTH-1:0]] <= cfg_data[ROW:0];
        if (here && cfg_kind == 2'd1) otherwise <= cfg_data[ROW-1:0];
    end
    reg [ROW:0]         found;
    reg [KEY_WIDTH-1:0] key_1;
    always_ff @(posedge clk) begin
        found <= rows[key];
        key_1 <= key;
        hit   <= found[ROW];
        {action, data} <= found[ROW] ? found[ROW-1:0] : otherwise;
        entry <= found[ROW] ? 16'(key_1) : 16'(1 << KEY_WIDTH);
    end
    wire unused = &{1'b0, cfg_row, cfg_data};
endmodule
