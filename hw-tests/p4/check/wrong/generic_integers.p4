// Numbers that would be of a type of which nothing is known.
control C<T>() {
    apply {
        T x = 0;
    }
}
