//! The policy: filters, terms, copies, plans, explanations; pure, no I/O
