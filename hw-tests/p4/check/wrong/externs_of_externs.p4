// Externs as type arguments of externs.
extern Box<T> {
    Box();
}

Box<Box<bit<8>>>() nested;
