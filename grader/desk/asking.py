"""A student's question about a grade: another look is asked for, with a reason."""

from datetime import datetime

from grader.course import Assignment, Course
from grader.gradebook.evidence import gather_student
from grader.gradebook.term import Sheets
from grader.intake import Refused
from grader.store import RequestRow, Store

# A few pages. Whoever writes more means to attach something.
LONGEST = 8_000
# Things said after one another that nobody has answered; who has more to say waits.
MOST_UNANSWERED = 10


def ask_again(
    course: Course,
    store: Store,
    assignment: Assignment,
    student: str,
    question: str,
    text: str,
    now: datetime,
) -> RequestRow:
    """Ask that a question of the submission that counts for the student be looked at again.

    Raises `Refused` for an unknown question, without a submission or a reason, and while a request
    of the same is open; `UnknownStudent`.
    """
    names = [one.name for one in assignment.questions]
    if question not in names:
        raise Refused(f"{assignment.name} has no question {question!r}; it has {', '.join(names)}.")
    evidence = gather_student(store, course, student)
    sheets = Sheets(course, evidence, now, for_students=True)
    counts = sheets.term(student).grades[assignment.name].submission
    if counts is None:
        raise Refused(f"{student} has handed in nothing for {assignment.name}.")
    try:
        return store.requests.ask(counts.id, student, question, told(text))
    except ValueError as error:
        raise Refused(f"{error}.") from error


def answer_again(store: Store, request: RequestRow, text: str, *, by: str) -> RequestRow:
    """Add something to one's own request.

    Raises `Refused` for a closed one, without text, and after ten that nobody has answered.
    """
    if request.closed_at is not None:
        raise Refused("this request is closed.", hint="Ask again from your submission's page.")
    last = request.replies[-MOST_UNANSWERED:]
    if len(last) == MOST_UNANSWERED and all(one.by == by for one in last):
        raise Refused(
            f"you have added {MOST_UNANSWERED} things that nobody has answered yet.",
            hint="Wait for an answer.",
        )
    return store.requests.reply(request.id, told(text), by=by)


def told(text: str) -> str:
    """The text as it is kept. Raises `Refused` for none, and for too much."""
    clean = text.replace("\r\n", "\n").strip()
    if not clean:
        raise Refused("a request says what should be looked at again, and why.")
    if len(clean) > LONGEST:
        raise Refused(f"the text has {len(clean):,} characters; {LONGEST:,} is the limit.")
    return clean
