// SPDX-License-Identifier: Apache-2.0
// A table without key: the one row that every packet gets, changed in one clock.
module sluice_default #(
    parameter int DATA_WIDTH = 1,
    parameter int BLOCK      = 0,
    parameter int CFG_WIDTH  = 32
) (
    input  wire                  clk,
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
    if (DATA_WIDTH + 8 > CFG_WIDTH) begin : check_1
        $error("sluice_default: CFG_WIDTH is too small for a row");
    end
    reg [DATA_WIDTH+7:0] row;
    initial row = '0;
    always_ff @(posedge clk)
        if (cfg_write && cfg_block == BLOCK[7:0] && cfg_kind == 2'd1) row <= cfg_data[DATA_WIDTH+7:0];
    always_ff @(posedge clk) begin
        {action, data} <= row;
        hit   <= 1'b0;
        entry <= 16'd0;
    end
    wire unused = &{1'b0, cfg_row, cfg_data};
endmodule
