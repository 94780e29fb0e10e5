"""Every route that names something, against everybody: whose it is, others, staff of which section.

What somebody may not see is not found (404), as if it weren't there; a page for other roles is 403.
"""

from dataclasses import dataclass

import pytest
from django.http import HttpResponse
from django.urls import resolve

from grader.store import StudentRow
from grader.web.account.tokens import make_token
from grader.web.lti.models import Platform
from grader.web.models import Account
from grader.web.visits import Role
from tests.web.site import Site
from tests.web.test_routes import ROUTES

# The course for this table: ada and joe are of section A, bob and eve of B; kim has left.
SECTIONS = {"ada": "A", "bob": "B", "eve": "B", "joe": "A"}
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
VISITORS = ("ada", "bob", "kim", "tam", "ann", "ben", "ivy")
FOUND, GONE, SHUT = "found", 404, 403
# Answers to somebody who may: a page, an action, or what is to be mended in what they sent.
FINE = frozenset({200, 302, 303, 400, 409, 422})

Expected = dict[str, int | str]


def expected(ada: int | str, bob: int | str, tam: int | str, ann: int | str, ben: int | str,
             ivy: int | str) -> Expected:  # fmt: skip
    return {"ada": ada, "bob": bob, "kim": SHUT, "tam": tam, "ann": ann, "ben": ben, "ivy": ivy}


# Of something of ada's: her page, and that of whoever teaches her.
HERS = expected(FOUND, GONE, FOUND, FOUND, GONE, FOUND)
HERS_ALONE = expected(FOUND, GONE, SHUT, SHUT, SHUT, SHUT)
HER_STAFFS = expected(SHUT, SHUT, FOUND, FOUND, GONE, FOUND)
# Of something of the course.
STUDENTS = expected(FOUND, FOUND, SHUT, SHUT, SHUT, SHUT)
STAFF = expected(SHUT, SHUT, FOUND, FOUND, FOUND, FOUND)
STAFF_OF_ALL = expected(SHUT, SHUT, FOUND, SHUT, SHUT, FOUND)
INSTRUCTORS = expected(SHUT, SHUT, SHUT, SHUT, SHUT, FOUND)
# Something of one's own account: everybody else finds nothing, who has no role gets nowhere.
HER_ACCOUNTS = expected(FOUND, GONE, GONE, GONE, GONE, GONE)


@dataclass(frozen=True)
class Things:
    """What the addresses name."""

    submission: int
    essay: int
    request: int
    extension: int
    token: int
    account: int
    role: int
    platform: int


TABLE: dict[str, Expected] = {
    "assignments/hw1/": STUDENTS,
    "assignments/hw1/now": STUDENTS,
    "assignments/hw1/begin": STUDENTS,
    "assignments/hw1/starter": STUDENTS,
    "assignments/hw1/solution": STUDENTS,
    "assignments/hw1/submit": STUDENTS,
    "submissions/{submission}/": HERS,
    "submissions/{submission}/live": HERS_ALONE,
    "submissions/{submission}/receipt": HERS_ALONE,
    "submissions/{submission}/file": HERS,
    "submissions/{submission}/ask": HERS_ALONE,
    "submissions/{submission}/notebook": HERS,
    "submissions/{submission}/notebook/frame": HERS,
    "submissions/{essay}/pdf": HERS,
    "requests/{request}/": HERS_ALONE,
    "staff/regrades/hw1/": STAFF_OF_ALL,
    "staff/submissions/{submission}/": HER_STAFFS,
    "staff/submissions/{submission}/again": HER_STAFFS,
    "staff/submissions/{submission}/withdraw": HER_STAFFS,
    "staff/students/ada/": HER_STAFFS,
    "staff/reports/hw1/": STAFF,
    "staff/reports/hw1/page": STAFF,
    "staff/reports/hw1/feedback/ada.html": HER_STAFFS,
    "staff/reports/hw1/scores.csv": STAFF,
    "staff/term/gradebook.csv": STAFF,
    "staff/gradebook/scores.csv": STAFF,
    "staff/similarity/hw1/index.html": STAFF_OF_ALL,
    "staff/marking/essay/": STAFF,
    "staff/marking/essay/idea/": STAFF,
    "staff/marking/essay/idea/next": STAFF,
    "staff/marking/essay/idea/{essay}/": HER_STAFFS,
    "staff/marking/essay/idea/{essay}/hold": HER_STAFFS,
    "staff/marking/essay/idea/{essay}/draft": HER_STAFFS,
    "staff/marking/essay/idea/{essay}/put-back": HER_STAFFS,
    "staff/marking/essay/idea/{essay}/before": HER_STAFFS,
    "staff/marking/essay/idea/{essay}/after": HER_STAFFS,
    "staff/marking/essay/idea/{essay}/progress": HER_STAFFS,
    "staff/score/hw1/ada/": INSTRUCTORS,
    "staff/requests/{request}/": HER_STAFFS,
    "course/assignments/hw1/": INSTRUCTORS,
    "course/assignments/hw1/bundle/": INSTRUCTORS,
    "course/assignments/hw1/bundle/state/": INSTRUCTORS,
    "course/assignments/hw1/date/": INSTRUCTORS,
    "course/assignments/hw1/date/grades/": INSTRUCTORS,
    "course/groups/essay/": INSTRUCTORS,
    "course/groups/essay/form/": INSTRUCTORS,
    "course/groups/essay/join/": INSTRUCTORS,
    "course/groups/essay/leave/": INSTRUCTORS,
    "course/groups/essay/import/": INSTRUCTORS,
    "course/extensions/{extension}/withdraw/": INSTRUCTORS,
    "course/checks/hw1/": INSTRUCTORS,
    "course/people/{account}/invite/": INSTRUCTORS,
    "course/people/{account}/role/": INSTRUCTORS,
    "course/people/{account}/active/": INSTRUCTORS,
    "course/people/role/{role}/take/": INSTRUCTORS,
    "account/tokens/{token}/revoke/": HER_ACCOUNTS,
    "course/lti/platforms/{platform}/": INSTRUCTORS,
    "course/lti/platforms/{platform}/active/": INSTRUCTORS,
    "course/lti/platforms/{platform}/forget/": INSTRUCTORS,
    "course/lti/scores/hw1/": INSTRUCTORS,
}
# Actions that ask for a reason before they look.
WANT_A_REASON = {"course/extensions/{extension}/withdraw/"}
# What isn't there in this course for whoever may ask for it, or not without saying more.
NOT_THERE = {
    "course/assignments/hw1/date/",
    "course/assignments/hw1/date/grades/",
    "course/people/{account}/role/",
    "assignments/hw1/starter",
    "assignments/hw1/solution",
    "staff/similarity/hw1/index.html",
    "course/assignments/hw1/bundle/",
}


@pytest.fixture
def things(site: Site) -> Things:
    """The course of this table."""
    return put_things(site)


def put_things(site: Site) -> Things:
    """Put something of everything into the course."""
    store = site.store
    rows = [
        StudentRow(name, name.title(), f"{name}@mail.example", section)
        for name, section in SECTIONS.items()
    ]
    store.roster.update(rows)
    ann = site.staff("ann", Role.TA, "A")
    site.staff("ben", Role.TA, "B")
    ada = Account.objects.get(login="ada")
    group = store.groups.form("essay", "team", ["ada", "joe"], largest=3, by="ivy")
    essay = store.accept(
        "ada", "essay", PDF, "essay.pdf", site.now, by_hand=True, group_set="essay"
    ).submission.id
    assert group.members == ("ada", "joe")
    submission = site.hand_in("ada")
    site.grade()
    token, _ = make_token(ada, "a script", 30)
    platform = Platform.objects.create(
        name="LMS",
        issuer="https://lms.example",
        client="1",
        login_url="https://lms.example/login",
        token_url="https://lms.example/token",
        keys_url="https://lms.example/keys",
        created_at=site.now,
    )
    return Things(
        submission=submission,
        essay=essay,
        request=store.requests.ask(submission, "ada", "q1", "Look again.").id,
        extension=store.extensions.grant("hw1", student="ada", days=2, reason="ill", by="ivy").id,
        token=token.pk,
        account=ada.pk,
        role=ann.roles.get().pk,  # type: ignore[attr-defined]
        platform=platform.pk,
    )


def view_of(address: str) -> object:
    return resolve(f"/{address}").func


def route_of(address: str) -> str:
    return resolve(f"/{address}").route


def asked(site: Site, who: str, method: str, address: str) -> int:
    answer: HttpResponse = site.client(who).generic(method, f"/{address}")  # type: ignore[assignment]
    return answer.status_code


@pytest.mark.parametrize("address", TABLE)
def test_everybody_gets_what_is_theirs_to_see(site: Site, things: Things, address: str) -> None:
    numbers = {name: getattr(things, name) for name in vars(things)}
    path = address.format(**numbers)
    methods: tuple[str, ...] = getattr(view_of(path), "methods", ())
    assert methods
    for method in methods:
        # Whoever is shut out comes first: an action may use it up.
        for who in sorted(VISITORS, key=lambda one: TABLE[address][one] == FOUND):
            wanted = TABLE[address][who]
            got = asked(site, who, method, path)
            if wanted == FOUND:
                fine = FINE | ({404} if address in NOT_THERE else set())
                assert got in fine, (method, path, who, got)
            else:
                assert got == wanted, (method, path, who, got)


@pytest.mark.parametrize("address", [one for one in TABLE if "{" in one])
def test_what_nobody_has_is_not_found(site: Site, address: str) -> None:
    path = address.format(**dict.fromkeys(Things.__annotations__, 987654))
    methods: tuple[str, ...] = getattr(view_of(path), "methods", ())
    for method in methods:
        for who in ("ada", "tam", "ivy"):
            wanted, got = TABLE[address][who], asked(site, who, method, path)
            if address in WANT_A_REASON and wanted == FOUND:
                assert got == 302, (method, path, who, got)
                continue
            assert got == (SHUT if wanted == SHUT else GONE), (method, path, who, got)


def test_every_route_that_names_something_is_in_the_table() -> None:
    numbers = dict.fromkeys(Things.__annotations__, 1)
    covered = {route_of(address.format(**numbers)) for address in TABLE}
    assert {route for route, _ in ROUTES if "<" in route} == covered


def test_who_has_not_logged_in_gets_nothing_of_it(site: Site, things: Things) -> None:
    numbers = {name: getattr(things, name) for name in vars(things)}
    for address in TABLE:
        path = address.format(**numbers)
        for method in getattr(view_of(path), "methods", ()):
            wanted = 302 if method == "GET" else 401
            assert asked(site, "", method, path) == wanted, (method, path)
