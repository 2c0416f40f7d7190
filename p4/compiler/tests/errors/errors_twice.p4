#include "../lower/parts/before.p4"
error { NoError, Mine, Mine }
#include "../lower/parts/after.p4"
