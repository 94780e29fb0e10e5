"""The instructors' pages: the calendar, the roster, changes of the course, its record."""
