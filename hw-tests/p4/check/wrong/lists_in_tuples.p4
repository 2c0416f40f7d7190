// Tuples with parts that none can have.
extern Box {
    Box(list<tuple<list<bit<8>>, bit<8>>> data);
}
