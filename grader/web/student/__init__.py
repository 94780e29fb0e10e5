"""A student's pages: what is due, handing in, what came of it."""
