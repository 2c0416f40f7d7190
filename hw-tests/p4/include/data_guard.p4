#ifndef DATA_GUARD
#define DATA_GUARD
const bit<8> GUARDED = 0x10;
#endif
