"""The twelve papers of the seminar, a module each."""
