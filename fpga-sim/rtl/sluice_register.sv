// SPDX-License-Identifier: Apache-2.0
// A register array that is read, changed and written for a packet a clock: the cell is there two clocks after its index, and what is
// written in that clock is what the packets behind read, whether it has come to the memory or not.
module sluice_register #(
    parameter int WIDTH     = 8,
    parameter int SIZE      = 16,
    parameter int BLOCK     = 0,
    parameter int CFG_WIDTH = 64,
    localparam int INDEX    = SIZE > 2 ? $clog2(SIZE) : 1
) (
    input  wire                   clk,
    input  wire [INDEX-1:0]       read_index,
    output reg  [WIDTH-1:0]       read_value,
    input  wire                   write,
    input  wire [INDEX-1:0]       write_index,
    input  wire [WIDTH-1:0]       write_value,
    input  wire                   cfg_write,
    input  wire                   cfg_read,
    input  wire [7:0]             cfg_block,
    input  wire [15:0]            cfg_row,
    input  wire [CFG_WIDTH-1:0]   cfg_data,
    output reg  [127:0]           cfg_result
);
    if (SIZE < 1 || WIDTH > CFG_WIDTH) begin : check_1
        $error("sluice_register: CFG_WIDTH is too small for a cell");
    end
    reg [WIDTH-1:0] cells [1 << INDEX];
    initial for (int i = 0; i < 1 << INDEX; i++) cells[i] = '0;

    // A write of the driver waits for a clock in which no packet writes.
    reg             waiting;
    initial waiting = 1'b0;
    reg [INDEX-1:0] waiting_index;
    reg [WIDTH-1:0] waiting_value;
    always_ff @(posedge clk)
        if (cfg_write && cfg_block == BLOCK[7:0]) begin
            waiting       <= 1'b1;
            waiting_index <= cfg_row[INDEX-1:0];
            waiting_value <= cfg_data[WIDTH-1:0];
        end else if (!write) waiting <= 1'b0;

    wire             put       = write || waiting;
    wire [INDEX-1:0] put_index = write ? write_index : waiting_index;
    wire [WIDTH-1:0] put_value = write ? write_value : waiting_value;

    reg [WIDTH-1:0] found;
    reg [INDEX-1:0] index_1;
    reg             put_1;
    initial put_1 = 1'b0;
    reg [INDEX-1:0] put_index_1;
    reg [WIDTH-1:0] put_value_1;
    always_ff @(posedge clk) begin
        if (put) cells[put_index] <= put_value;
        found       <= cells[read_index];
        index_1     <= read_index;
        put_1       <= put;
        put_index_1 <= put_index;
        put_value_1 <= put_value;
        if (put && put_index == index_1) read_value <= put_value;
        else if (put_1 && put_index_1 == index_1) read_value <= put_value_1;
        else read_value <= found;
    end

    // The driver's own read port: a second copy of the memory.
    reg             asked;
    initial asked = 1'b0;
    reg [WIDTH-1:0] seen;
    always_ff @(posedge clk) begin
        asked      <= cfg_read && cfg_block == BLOCK[7:0];
        seen       <= cells[cfg_row[INDEX-1:0]];
        cfg_result <= asked ? 128'(seen) : '0;
    end
    wire unused = &{1'b0, cfg_row, cfg_data};
endmodule
