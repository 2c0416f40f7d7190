// A method that takes an instance of its own extern.
extern Box {
    Box();
    void merge(Box other);
}
