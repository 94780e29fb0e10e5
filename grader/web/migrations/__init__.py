"""The steps from an empty database to today's tables of the web."""
