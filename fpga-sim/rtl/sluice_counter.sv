// SPDX-License-Identifier: Apache-2.0
// A counter of packets and bytes a cell, 64 bits each, that counts a packet a clock, twice in the same cell too. A read is of one moment.
module sluice_counter #(
    parameter int SIZE        = 16,
    parameter int INDEX_WIDTH = 16,
    parameter int BLOCK       = 0,
    parameter int CFG_WIDTH   = 128,
    localparam int INDEX      = SIZE > 2 ? $clog2(SIZE) : 1
) (
    input  wire                   clk,
    input  wire                   count,
    input  wire [INDEX_WIDTH-1:0] index,
    input  wire [15:0]            bytes,
    input  wire                   cfg_write,
    input  wire                   cfg_read,
    input  wire [7:0]             cfg_block,
    input  wire [15:0]            cfg_row,
    input  wire [CFG_WIDTH-1:0]   cfg_data,
    output reg  [127:0]           cfg_result
);
    if (SIZE < 1 || CFG_WIDTH < 128) begin : check_1
        $error("sluice_counter: CFG_WIDTH is at least 128");
    end
    reg [127:0] cells [1 << INDEX];
    initial for (int i = 0; i < 1 << INDEX; i++) cells[i] = '0;

    reg             on_1, on_2;
    initial {on_1, on_2} = '0;
    reg [INDEX-1:0] index_1, index_2;
    reg [15:0]      bytes_1, bytes_2;
    reg [127:0]     found;
    reg             put_1;
    initial put_1 = 1'b0;
    reg [INDEX-1:0] put_index_1;
    reg [127:0]     put_value_1;
    reg             waiting;
    initial waiting = 1'b0;
    reg [INDEX-1:0] waiting_index;
    reg [127:0]     waiting_value;

    wire [127:0]     was = put_1 && put_index_1 == index_2 ? put_value_1 : found;
    wire [127:0]     now = {was[127:64] + 64'(bytes_2), was[63:0] + 64'd1};
    wire             put       = on_2 || waiting;
    wire [INDEX-1:0] put_index = on_2 ? index_2 : waiting_index;
    wire [127:0]     put_value = on_2 ? now : waiting_value;
    always_ff @(posedge clk) begin
        on_1    <= count;
        index_1 <= INDEX'(index);
        bytes_1 <= bytes;
        on_2    <= on_1;
        index_2 <= index_1;
        bytes_2 <= bytes_1;
        found   <= cells[index_1];
        if (put) cells[put_index] <= put_value;
        put_1       <= put;
        put_index_1 <= put_index;
        put_value_1 <= put_value;
        if (cfg_write && cfg_block == BLOCK[7:0]) begin
            waiting       <= 1'b1;
            waiting_index <= cfg_row[INDEX-1:0];
            waiting_value <= cfg_data[127:0];
        end else if (!on_2) waiting <= 1'b0;
    end

    reg         asked;
    initial asked = 1'b0;
    reg [127:0] seen;
    always_ff @(posedge clk) begin
        asked      <= cfg_read && cfg_block == BLOCK[7:0];
        seen       <= cells[cfg_row[INDEX-1:0]];
        cfg_result <= asked ? seen : '0;
    end
    wire unused = &{1'b0, cfg_row, cfg_data, index};
endmodule
