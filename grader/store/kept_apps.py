"""Whose tables are in a backup: the store's, and those of further apps that the project names.

A Django project that keeps more of the course than the store does, such as accounts, names its apps
in the setting `COURSE_APPS`, by label. What else is in the database, such as sessions, isn't kept.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from grader.outcomes import GraderError

if TYPE_CHECKING:
    from django.db.migrations.loader import MigrationLoader
    from django.db.models import Model

STORE = "store"
# Migrations of each app, by its label.
Migrations = Mapping[str, tuple[str, ...]]


class UnknownMigrations(Exception):
    """Tables are of an app, or of a version of one, that isn't here; the message says which."""


def further_apps() -> tuple[str, ...]:
    """The labels of the apps besides the store whose rows are the course's."""
    from django.conf import settings

    return tuple(getattr(settings, "COURSE_APPS", ()))


def table_name(model: "type[Model]") -> str:
    """What a model's table is called in a backup, such as `submission`, or `web_token`."""
    name = str(model._meta.model_name)
    label = model._meta.app_label
    return name if label == STORE else f"{label}_{name}"


def applied_further(alias: str) -> dict[str, tuple[str, ...]]:
    """The migrations that the tables of further apps have, by app; of those that have tables.

    Raises `GraderError` where the database has tables of the course that this project lacks.
    """
    from django.db import connections
    from django.db.migrations.recorder import MigrationRecorder

    found: dict[str, list[str]] = {}
    for label, name in sorted(MigrationRecorder(connections[alias]).applied_migrations()):
        if label != STORE:
            found.setdefault(label, []).append(name)
    kept = further_apps()
    if found and not kept:
        raise GraderError(
            f"the database has tables of {', '.join(sorted(found))} too, such as accounts of the "
            "course's page, and this program doesn't know them. Use `course backup`."
        )
    return {label: tuple(found[label]) for label in kept if label in found}


def models_then(loader: "MigrationLoader", migrations: Migrations) -> "list[type[Model]]":
    """The models of these apps as they were at these migrations. Raises `UnknownMigrations`."""
    then = loader.project_state(targets_of(loader, migrations)).apps
    return [model for model in then.get_models() if model._meta.app_label in migrations]


def targets_of(loader: "MigrationLoader", migrations: Migrations) -> list[tuple[str, str]]:
    """The last of each app's migrations. Raises `UnknownMigrations` unless all before it are there.

    Their names begin with their number.
    """
    known = {
        label: {name for of, name in loader.graph.nodes if of == label} for label in migrations
    }
    newer = [
        f"{label} {name}"
        for label, names in migrations.items()
        for name in names
        if name not in known[label]
    ]
    if newer:
        raise UnknownMigrations(", ".join(newer))
    targets: list[tuple[str, str]] = [
        (label, max(names)) for label, names in migrations.items() if names
    ]
    needed = {step for target in targets for step in loader.graph.forwards_plan(target)}
    for label, names in migrations.items():
        if not names or {name for of, name in needed if of == label} != set(names):
            raise UnknownMigrations(f"{label}, without some that come before others")
    return targets
