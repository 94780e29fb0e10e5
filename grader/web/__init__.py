"""The course's web page: students hand in and see, TAs grade and report, instructors run it.

Pages call what commands call, and show what that gives; nothing about grades is decided here.

    settings    the Django project, made for one data folder
    place       the course that counts now, its store and its clock
    visits      who asks for what; every page says which roles it is for
    finding     looks things up for a visitor: what isn't theirs is not found
    formulas/   of notebooks, typeset
    student/    what is due, handing in, feedback
    staff/      the queue, submissions, marking by hand, requests, reports
    instructor/ calendar, roster, extensions, changes of the course file, the record
    account/    logging in, roles, tokens
"""
