import json
from typing import Any

from django.db import migrations


def fill(apps: Any, schema_editor: Any) -> None:
    """Whose each submission is, and each result's points by question, of rows made before."""
    alias = schema_editor.connection.alias
    for row in apps.get_model("store", "Submission").objects.using(alias).filter(owner=""):
        row.owner = f"student {row.student_id}"
        row.save(using=alias, update_fields=["owner"])
    for row in apps.get_model("store", "Result").objects.using(alias).filter(questions=""):
        points = {}
        for check in json.loads(row.record)["checks"]:
            earned, possible = points.get(check["question"], (0.0, 0.0))
            points[check["question"]] = (earned + check["earned"], possible + check["points"])
        row.questions = json.dumps(points)
        row.save(using=alias, update_fields=["questions"])


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0002_a_terms_tables"),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
