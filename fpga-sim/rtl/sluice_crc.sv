// SPDX-License-Identifier: Apache-2.0
// A reflected CRC over all bytes of a value, the byte on top first: CRC-32 as zlib's, or CRC-16/ARC. Exclusive ors, no clock.
module sluice_crc #(
    parameter int          WIDTH      = 8,
    parameter int          BITS       = 32,
    parameter logic [31:0] POLYNOMIAL = 32'hEDB88320,
    parameter logic [31:0] START      = 32'hFFFFFFFF,
    parameter logic [31:0] FINISH     = 32'hFFFFFFFF
) (
    input  wire [WIDTH-1:0] data,
    output wire [BITS-1:0]  crc
);
    if (WIDTH % 8 != 0) begin : check_1
        $error("sluice_crc: WIDTH is a multiple of 8");
    end
    function automatic logic [31:0] over(input logic [WIDTH-1:0] value);
        logic [31:0] sum;
        logic        bit_out;
        sum = START;
        for (int i = WIDTH / 8 - 1; i >= 0; i--)
            for (int b = 0; b < 8; b++) begin
                bit_out = sum[0] ^ value[i*8+b];
                sum     = {1'b0, sum[31:1]} ^ (bit_out ? POLYNOMIAL : 32'd0);
            end
        return sum ^ FINISH;
    endfunction
    wire [31:0] whole = over(data);
    assign crc = whole[BITS-1:0];
    wire unused = &{1'b0, whole};
endmodule
