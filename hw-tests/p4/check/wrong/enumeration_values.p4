// Members that the underlying type does not have, and underlying types that are none.
type bit<8> own_t;

enum bit<4> Low { below = -1, above = 16 }
enum int<4> Signed { below = -9, above = 8 }
enum own_t Own { a = 1 }
enum bool Truth { a = true }
