// Members, errors and match kinds that are there twice.

enum E { a, b, a }
error { A, B, A }
match_kind { exact, nearly, exact }
