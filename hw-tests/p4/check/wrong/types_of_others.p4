// New types of what has no base type.
enum Color { red, green }
enum bit<8> Code { a = 1 }
header data_t { bit<8> a; }

type Color color_t;
type Code code_t;
type error error_t;
type varbit<8> varied_t;
type data_t header_t;
type bit<8> byte_t;
type byte_t other_t;
type bool truth_t;
