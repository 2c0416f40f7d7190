// SPDX-License-Identifier: Apache-2.0
// What waits for an output port: descriptors of copies in order, and the most that ever waited. A copy that finds the queue full is dropped
// and counted, as is one whose frame has waited so long that the frame store wants its room.
module sluice_queue #(
    parameter int WIDTH   = 32,
    parameter int ADDRESS = 16,
    parameter int DEPTH   = 64,
    parameter int MOST    = 1024
) (
    input  wire               clk,
    input  wire               rst,
    input  wire               push,
    input  wire [ADDRESS-1:0] push_address,
    input  wire [WIDTH-1:0]   push_data,
    input  wire               pop,
    input  wire               started,
    output wire               valid,
    output wire [WIDTH-1:0]   data,
    output wire [ADDRESS-1:0] address,
    input  wire [ADDRESS-1:0] next,
    output reg                dropped,
    output reg                dropped_old,
    output reg  [15:0]        most_waiting
);
    localparam int INDEX = $clog2(DEPTH);
    if (DEPTH != 1 << INDEX) begin : check_1
        $error("sluice_queue: DEPTH is a power of two");
    end
    reg [ADDRESS+WIDTH-1:0] entries [DEPTH];
    reg [INDEX:0]           head, tail;
    wire is_any  = tail != head;
    wire is_full = tail - head == (INDEX+1)'(DEPTH);
    assign {address, data} = entries[head[INDEX-1:0]];
    wire [ADDRESS-1:0] age = next - address;
    wire is_old = is_any && !started && age > ADDRESS'(MOST);
    assign valid = is_any && !is_old;
    always_ff @(posedge clk) begin
        dropped     <= push && is_full;
        dropped_old <= is_old;
        if (push && !is_full) begin
            entries[tail[INDEX-1:0]] <= {push_address, push_data};
            tail <= tail + 1'b1;
        end
        if (pop || is_old) head <= head + 1'b1;
        if (16'(tail - head) > most_waiting) most_waiting <= 16'(tail - head);
        if (rst) begin
            head         <= '0;
            tail         <= '0;
            most_waiting <= '0;
            dropped      <= 1'b0;
            dropped_old  <= 1'b0;
        end
    end
endmodule
