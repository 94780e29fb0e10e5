"""A made-up cohort of 22 students, one behaviour each, as the grader would report it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from grader.gradebook import (
    Lateness,
    ManualScore,
    Pending,
    QuestionInfo,
    score_submission,
    unscored,
)
from grader.outcomes import (
    CellRecord,
    CellStatus,
    CheckResult,
    Ending,
    GradedSubmission,
    Outcome,
    Usage,
)
from grader.report import AssignmentReport, ReportRow, RowState
from grader.report.records import GrantedExtension, OpenRequest

TORONTO = ZoneInfo("America/Toronto")
DUE = datetime(2027, 2, 10, 23, 59, tzinfo=TORONTO)
ON_TIME = Lateness()
HIDDEN_ERROR, HIDDEN_ALLOWED = 0.4217733, 3.1e-5
REASON = "a stay in hospital"

QUESTIONS = (
    QuestionInfo("q1", "Gradient descent on a quadratic", 12),
    QuestionInfo("q2", "Minimum-norm solution and double descent", 12),
    QuestionInfo("q3", "Conditioning and whitening", 10),
    QuestionInfo("q4", "JVP, VJP, Hessian- and Gauss-Newton-vector products", 16),
    QuestionInfo("q5", "Conjugate gradient", 12),
    QuestionInfo("q6", "Response Jacobian", 12),
    QuestionInfo("q7", "Fisher information and natural gradient", 12),
    QuestionInfo("q8", "Steps measured otherwise", 8),
    QuestionInfo("q9", "Written: which metric, and why?", 6, manual=True),
)

_CHECKS = (
    ("iterates", "q1", "Iterates match the closed form", 8),
    ("stability", "q1", "The stability limit of the step size", 4),
    ("minimum_norm", "q2", "The solution of least norm, also for a rank-deficient design", 6),
    ("double_descent", "q2", "The risk peaks where examples and features are as many", 6),
    ("whitening", "q3", "Whitened inputs have unit covariance", 10),
    ("hvp_of_mlp", "q4", "Hessian-vector product of a network", 6),
    ("gnvp_of_mlp", "q4", "Gauss-Newton-vector product of a network", 4),
    ("hvp_cost", "q4", "The product costs a few gradients, not a Hessian", 6),
    ("cg_iterates", "q5", "Conjugate gradient ends in as many steps as eigenvalues", 12),
    ("response", "q6", "The response Jacobian agrees with solving again", 12),
    ("fisher", "q7", "The Fisher of the model, not of the data", 6),
    ("invariance", "q7", "Natural gradient does not care about the parameterisation", 6),
    ("implicit", "q8", "The proximal point step is implicit gradient descent", 4),
    ("mirror", "q8", "The mirror step stays on the simplex", 4),
)


@dataclass(frozen=True)
class Finding:
    """How one check goes when it does not pass."""

    outcome: Outcome
    message: str = ""
    mutant: str | None = None
    earned: float = 0.0


@dataclass(frozen=True)
class Behaviour:
    """A student of the cohort; checks that are not named pass."""

    student: str
    name: str
    findings: Mapping[str, Finding] = field(default_factory=dict[str, Finding])
    ending: Ending = Ending.FINISHED
    message: str = ""
    cells: tuple[CellRecord, ...] = (CellRecord(0, CellStatus.OK, 0.1),)
    seconds: float = 21.0
    mebibytes: int = 410
    lateness: Lateness = ON_TIME
    written: float | None = 5.0
    state: RowState = RowState.GRADED
    note: str = ""


def every_check(outcome: Outcome, message: str = "") -> dict[str, Finding]:
    """The same finding for all checks."""
    return {name: Finding(outcome, message) for name, *_ in _CHECKS}


def from_check(first: str, outcome: Outcome) -> dict[str, Finding]:
    """Checks pass up to `first`, and find `outcome` from there on."""
    names = [name for name, *_ in _CHECKS]
    return {name: Finding(outcome) for name in names[names.index(first) :]}


_GAUSS_NEWTON = Finding(
    Outcome.WRONG_VALUE,
    "This is the Gauss-Newton product: the term with the residual is missing.",
    "gauss_newton_for_hessian",
)
_SIGN = Finding(
    Outcome.WRONG_VALUE, "The product has the opposite sign of the right one.", "wrong_sign"
)
_BUDGET = Finding(
    Outcome.OVER_BUDGET,
    "This is right, but costs 6,384 gradients' worth of work where 4 are allowed: "
    "it forms the whole Hessian.",
)
_EMPIRICAL = Finding(
    Outcome.WRONG_VALUE,
    "This is the empirical Fisher: the targets are the data's, not drawn from the model.",
    "empirical_fisher",
)
_COLUMN = Finding(
    Outcome.WRONG_SHAPE, "The result is a column of shape (n, 1); a vector of shape (n,) is asked."
)
_TRACEBACK = """\x1b[0;31m-----------------------------------------------------------------\x1b[0m
\x1b[0;31mTypeError\x1b[0m                                 Traceback (most recent call last)
Cell \x1b[0;32mIn[7]\x1b[0m, line 4
\x1b[1;32m      2\x1b[0m key = jax.random.key(0)
\x1b[1;32m      3\x1b[0m w = jax.random.normal(key, (7,))
\x1b[0;32m----> 4\x1b[0m w.at[0] = 1.0

\x1b[0;31mTypeError\x1b[0m: '_IndexUpdateHelper' object does not support item assignment"""
_CRASHED_CELL = (
    CellRecord(0, CellStatus.OK, 0.2),
    CellRecord(13, CellStatus.RAISED, 0.1, "starting\nstep 1\n", _TRACEBACK),
    CellRecord(15, CellStatus.OK, 0.3),
)
_STOPPED_CELLS = (
    CellRecord(0, CellStatus.OK, 0.2),
    CellRecord(17, CellStatus.INTERRUPTED, 60.0, "step 1\rstep 2\rstep 90211"),
    *(CellRecord(i, CellStatus.NOT_RUN) for i in range(18, 24)),
)

BEHAVIOURS = (
    Behaviour("adeyemi", "Folake Adeyemi"),
    Behaviour("bergstr", "Nils Bergström", seconds=18.4),
    Behaviour(
        "chen", "Chen Wei", {"hvp_of_mlp": _GAUSS_NEWTON}, lateness=Lateness(1, 0.9), written=6
    ),
    Behaviour("dasilva", "Beatriz da Silva", {"hvp_of_mlp": _GAUSS_NEWTON, "fisher": _EMPIRICAL}),
    Behaviour("eriksen", "Ingrid Eriksen", {"hvp_cost": _BUDGET}, seconds=64, mebibytes=1310),
    Behaviour("fournier", "Luc Fournier", {"hvp_cost": _BUDGET, "fisher": _EMPIRICAL}, seconds=58),
    Behaviour("garcia", "María García", {"hvp_of_mlp": _SIGN, "response": _SIGN}),
    Behaviour("haddad", "Rami Haddad", {"whitening": _COLUMN, "minimum_norm": _COLUMN}),
    Behaviour("ivanova", "Daria Ivanova", {"cg_iterates": Finding(Outcome.NOT_FINITE)}),
    Behaviour(
        "jones",
        "Owen Jones",
        {
            "invariance": Finding(Outcome.MISSING, "There is no function natural_gradient."),
            "cg_iterates": Finding(Outcome.PARTIAL, "2 of 3 cases are right.", earned=8.0),
        },
        cells=_CRASHED_CELL,
    ),
    Behaviour("kim", "Kim Seo-yeon", {"hvp_of_mlp": _GAUSS_NEWTON, "double_descent": Finding(
        Outcome.RAISED, "ValueError: Incompatible shapes for dot: got (40, 20) and (40,)."
    )}),
    Behaviour("lindqvist", "Elsa Lindqvist", {"hvp_cost": Finding(Outcome.NOT_EXPORTABLE)}),
    Behaviour("mbeki", "Thabo Mbeki", {"stability": Finding(Outcome.WRONG_TYPE)}, written=None),
    Behaviour(
        "novak", "Petra Novák", from_check("cg_iterates", Outcome.STOPPED), Ending.TIMEOUT,
        "The notebook had 300 s.", _STOPPED_CELLS, 300.0, 520,
    ),
    Behaviour(
        "okafor", "Chidi Okafor", from_check("hvp_of_mlp", Outcome.STOPPED), Ending.OUT_OF_MEMORY,
        "", _STOPPED_CELLS, 44.0, 2048,
    ),
    Behaviour(
        "petrov", "Ivan Petrov", every_check(Outcome.STOPPED), Ending.EXITED, "", seconds=3.2,
        mebibytes=180,
    ),
    Behaviour(
        "quispe", "Lucía Quispe", from_check("minimum_norm", Outcome.STOPPED), Ending.CRASHED,
        "Segmentation fault", _CRASHED_CELL, 12.0, 350, Lateness(3, 0.7), 2.0,
    ),
    Behaviour("rossi", "Marta Rossi", every_check(Outcome.MISSING), seconds=9.5, mebibytes=220,
              written=0),
    Behaviour("smith", "Alex Smith", every_check(Outcome.TIMEOUT), seconds=188.0, mebibytes=600),
    Behaviour("tanaka", "Yui Tanaka", state=RowState.DELAYED),
    Behaviour("umarov", "Aziz Umarov", state=RowState.REFUSED,
              note="The file is not a notebook: it is not JSON from its first character on."),
    Behaviour("vargas", "Inés Vargas", state=RowState.NOT_SUBMITTED),
)  # fmt: skip

_PENDING = {
    RowState.DELAYED: Pending.DELAYED,
    RowState.QUEUED: Pending.QUEUED,
    RowState.REFUSED: Pending.REFUSED,
    RowState.NOT_SUBMITTED: Pending.NOT_SUBMITTED,
}


def graded_submission(behaviour: Behaviour) -> GradedSubmission:
    """What grading found of one student."""
    return GradedSubmission(
        ending=behaviour.ending,
        message=behaviour.message,
        cells=behaviour.cells,
        checks=tuple(
            _check_result(name, question, title, points, behaviour.findings.get(name))
            for name, question, title, points in _CHECKS
        ),
        usage=Usage(behaviour.seconds, 0.8 * behaviour.seconds, behaviour.mebibytes << 20),
        phases={"imports": 1.4, "notebook": behaviour.seconds - 2.0},
        checks_version="8f2c",
    )


def report_row(behaviour: Behaviour, place: int = 0) -> ReportRow:
    """One student's row; `place` spreads the times received."""
    received = DUE.astimezone(UTC) - timedelta(minutes=37 * place + 5)
    received += timedelta(days=behaviour.lateness.days)
    if behaviour.state is not RowState.GRADED:
        score = unscored(behaviour.student, QUESTIONS, _PENDING[behaviour.state])
        absent = behaviour.state is RowState.NOT_SUBMITTED
        return ReportRow(
            behaviour.student, behaviour.name, behaviour.state, score,
            "" if absent else f"s-{place:04}", None if absent else received, None, behaviour.note,
            f"{behaviour.student}@mail.example", "L0101",
        )  # fmt: skip
    graded = graded_submission(behaviour)
    written = () if behaviour.written is None else (ManualScore("q9", behaviour.written),)
    score = score_submission(
        behaviour.student, QUESTIONS, graded, lateness=behaviour.lateness, manual=written
    )
    return ReportRow(
        behaviour.student, behaviour.name, RowState.GRADED, score, f"s-{place:04}", received,
        graded, behaviour.note, f"{behaviour.student}@mail.example", "L0101",
    )  # fmt: skip


def granted(*students: str, group: str = "", reason: str = REASON) -> GrantedExtension:
    """Two more days, for a reason that is nobody else's business."""
    at = DUE.astimezone(UTC) - timedelta(days=3)
    return GrantedExtension(students, group, DUE + timedelta(days=2), 0, reason, "prof", at)


def asked(student: str, text: str = "My sign is right.", number: int = 4) -> OpenRequest:
    """A question about a grade, five hours after the due time."""
    return OpenRequest(number, student, "q4", text, DUE.astimezone(UTC) + timedelta(hours=5), 1)


def cohort_report(behaviours: tuple[Behaviour, ...] = BEHAVIOURS) -> AssignmentReport:
    """The report of the whole cohort."""
    return AssignmentReport(
        course_code="CSC2541",
        course_title="Neural Net Training Dynamics",
        assignment="ps1",
        title="Problem set 1: linear regression, Taylor approximations, metrics",
        due=DUE,
        generated_at=datetime(2027, 2, 15, 15, 30, tzinfo=UTC),
        questions=QUESTIONS,
        rows=tuple(report_row(behaviour, i) for i, behaviour in enumerate(behaviours)),
        extensions=(granted("kim"), granted("chen", "garcia", group="Saddle points")),
        requests=(asked("garcia"),),
    )


def one_student(**changes: object) -> AssignmentReport:
    """A report of a single student, Folake Adeyemi but for the changes."""
    return cohort_report((replace(BEHAVIOURS[0], **changes),))  # pyright: ignore[reportArgumentType]


def _check_result(
    name: str, question: str, title: str, points: float, finding: Finding | None
) -> CheckResult:
    if finding is None:
        return CheckResult(
            name, question, title, points, points, Outcome.PASSED, error=2.2e-7,
            allowed=HIDDEN_ALLOWED, seconds=0.4,
        )  # fmt: skip
    measured = finding.outcome is Outcome.WRONG_VALUE
    return CheckResult(
        name, question, title, points, finding.earned, finding.outcome, finding.message,
        finding.mutant, HIDDEN_ERROR if measured else None, HIDDEN_ALLOWED if measured else None,
        0.4,
    )  # fmt: skip
