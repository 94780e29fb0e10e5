"""The web's Django project, for commands that work on its tables."""

from typing import TYPE_CHECKING

from grader.cli.workplace import Workplace

if TYPE_CHECKING:
    from grader.web.settings import Served


def served_by(workplace: Workplace, address: str) -> "Served":
    """What is served at an address: the workplace's course, by its options."""
    from grader.web.settings import Served

    return Served(
        workplace.course_file.absolute(),
        workplace.data,
        address,
        workplace.roster_option,
        workplace.now_option,
    )


def set_up_web(workplace: Workplace) -> None:
    """Let Django know the web's tables: once, and before anything opens the store."""
    from django.conf import settings

    if settings.configured:
        return
    from grader.web.serving import set_up

    workplace.make_data()
    set_up(served_by(workplace, "http://localhost"))
