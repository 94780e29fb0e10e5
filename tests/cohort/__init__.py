"""How the notebooks of the demo cohort are made; `tests/submissions` holds them."""
