"""Logging in: accounts with passwords, the university's single sign-on, tokens for commands."""
