"""The report as JSON, for scripts; `format` is its version."""

import json
import math
from datetime import datetime
from typing import Any

from grader.gradebook.records import Score
from grader.outcomes import CheckResult
from grader.report import failures
from grader.report.outliers import Outliers, memory_outliers, time_outliers
from grader.report.records import AssignmentReport, ReportRow
from grader.report.statistics import (
    CheckSummary,
    Spread,
    count_states,
    score_spread,
    summarise_checks,
)

JSON_FORMAT = "course-report/1"


def report_json(report: AssignmentReport) -> str:
    """Everything but the cells' outputs."""
    checks = summarise_checks(report)
    document = {
        "format": JSON_FORMAT,
        "course": {"code": report.course_code, "title": report.course_title},
        "assignment": {
            "name": report.assignment,
            "title": report.title,
            "tests": report.tests,
            "submit": report.submit,
        },
        "due": report.due.isoformat(),
        "generated_at": report.generated_at.isoformat(),
        "counts": {str(state): number for state, number in count_states(report).items()},
        "scores": spread_data(score_spread(report)),
        "questions": _questions(report),
        "checks": [_check_summary(c) for c in checks],
        **_failures(report, checks),
        "outliers": {
            "wall_seconds": _outliers(time_outliers(report)),
            "memory_peak_bytes": _outliers(memory_outliers(report)),
        },
        **_staff_matters(report),
        "rows": [_row_json(row) for row in report.rows],
    }
    return json_text(document)


def json_text(document: dict[str, Any]) -> str:
    """The document as text; NaN and infinities, which JSON has no word for, are null."""
    # Not indented: that would be ten times slower, which a large course feels.
    return json.dumps(_finite(document), allow_nan=False) + "\n"


def spread_data(spread: Spread) -> dict[str, Any]:
    """Where values lie."""
    return {
        "kind": spread.kind,
        "points": spread.points,
        "number": len(spread.values),
        "low": spread.low,
        "quartiles": list(spread.quartiles) if spread.quartiles else None,
        "median": spread.middle,
        "mean": spread.average,
        "deviation": spread.deviation,
        "high": spread.high,
    }


def iso(time: datetime | None) -> str | None:
    """A time as ISO 8601 text."""
    return time.isoformat() if time else None


def _questions(report: AssignmentReport) -> list[dict[str, Any]]:
    return [
        {
            "name": q.name,
            "title": q.title,
            "points": q.points,
            "manual": q.manual,
            "rubric": [{"points": item.points, "text": item.text} for item in q.rubric],
        }
        for q in report.questions
    ]


def _check_summary(c: CheckSummary) -> dict[str, Any]:
    return {
        "check": c.check,
        "question": c.question,
        "title": c.title,
        "points": c.points,
        "submissions": c.graded,
        "pass_share": c.pass_rate,
        "discrimination": c.discrimination,
        "outcomes": {str(outcome): number for outcome, number in c.outcomes.items()},
    }


def _failures(report: AssignmentReport, checks: list[CheckSummary]) -> dict[str, Any]:
    return {
        "endings": [
            {"ending": str(group.ending), "students": [r.student for r in group.rows]}
            for group in failures.endings(report)
        ],
        "failures": [
            {
                "outcome": str(group.outcome),
                "students": [r.student for r in group.rows],
                "checks": [
                    {"question": c.question, "check": c.check, "submissions": number}
                    for c, number in group.checks
                ],
            }
            for group in failures.outcomes(checks)
        ],
        "mistakes": [
            {"mutant": m.mutant, "check": m.check, "students": [r.student for r in m.rows]}
            for m in failures.known_mistakes(report)
        ],
    }


def _outliers(found: Outliers) -> dict[str, Any] | None:
    if found.limit is None:
        return None
    limit = found.limit
    return {
        "limit": limit.highest,
        "median": limit.middle,
        "mad": limit.mad,
        "students": [row.student for row in found.rows],
    }


def _staff_matters(report: AssignmentReport) -> dict[str, Any]:
    return {
        "extensions": [
            {
                "students": list(e.students),
                "group": e.group or None,
                "until": iso(e.until),
                "days": e.days,
                "reason": e.reason,
                "by": e.by,
                "at": iso(e.at),
            }
            for e in report.extensions
        ],
        "open_requests": [
            {
                "number": r.number,
                "student": r.student,
                "question": r.question,
                "text": r.text,
                "at": iso(r.at),
                "replies": r.replies,
            }
            for r in report.requests
        ],
    }


def _row_json(row: ReportRow) -> dict[str, Any]:
    graded = row.graded
    return {
        "student": row.student,
        "name": row.name,
        "email": row.email,
        "section": row.section,
        "state": str(row.state),
        "submission": row.submission,
        "received_at": iso(row.received_at),
        "due": iso(row.due),
        "late_days": row.late_days,
        "grace_days": row.grace_days,
        "note": row.note,
        "score": _score_json(row.score),
        "ending": str(graded.ending) if graded else None,
        "checks_version": graded.checks_version if graded else None,
        "phases": dict(sorted(graded.phases.items())) if graded else {},
        "wall_seconds": graded.usage.wall_seconds if graded else None,
        "cpu_seconds": graded.usage.cpu_seconds if graded else None,
        "memory_peak_bytes": graded.usage.memory_peak_bytes if graded else None,
        "checks": [_check_json(result) for result in graded.checks] if graded else [],
    }


def _score_json(score: Score) -> dict[str, Any]:
    return {
        "questions": {
            q.question: {"earned": q.earned, "points": q.points, "state": str(q.state)}
            for q in score.questions
        },
        "automatic": score.auto,
        "manual": score.manual,
        "raw": score.raw,
        "points": score.points,
        "late_days": score.late_days,
        "grace_days": score.grace_days,
        "credit": score.credit,
        "points_off": score.points_off,
        "penalty": score.penalty,
        "final": score.final,
        "pending": str(score.pending) if score.pending else None,
    }


def _check_json(result: CheckResult) -> dict[str, Any]:
    return {
        "check": result.check,
        "question": result.question,
        "points": result.points,
        "earned": result.earned,
        "outcome": str(result.outcome),
        "mutant": result.mutant,
        "error": result.error,
        "allowed": result.allowed,
        "seconds": result.seconds,
        "message": result.message,
    }


def _finite(value: Any) -> Any:
    """`value` with NaN and infinities as null."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return value
