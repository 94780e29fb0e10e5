"""The tables of LTI."""
