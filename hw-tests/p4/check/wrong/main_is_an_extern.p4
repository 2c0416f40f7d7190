// `main` that is a type.
extern main {}
