"""The API for scripts and for the `course` command, under /api/v1/: what pages do, as JSON.

A request shows a token (`Authorization: Bearer ...`); being logged in on the pages lets nobody in
here, so that no other site can have a browser ask. What isn't theirs is not found, as on pages.

    bearer      whose token it is, and whether their role may ask that
    problems    how failures are told
    shapes      what answers look like, for the description in openapi.json
    students, staff, entry   the operations
    urls        the API put together
"""
