from typing import Any

from django.db import migrations
from django.db.models import Q


def fill(apps: Any, schema_editor: Any) -> None:
    """Who was in the group when it handed something in, of rows made before that was kept."""
    alias = schema_editor.connection.alias
    memberships = apps.get_model("store", "Membership").objects.using(alias)
    of_groups = (
        apps.get_model("store", "Submission").objects.using(alias).filter(group__isnull=False)
    )
    for row in of_groups:
        then = memberships.filter(group=row.group_id, joined_at__lte=row.received_at)
        then = then.filter(Q(left_at=None) | Q(left_at__gt=row.received_at))
        names = then.order_by("student__identifier").values_list("student__identifier", flat=True)
        # A time of receipt that staff set may lie before the group was made.
        row.members = list(names) or [row.student.identifier]
        row.save(using=alias, update_fields=["members"])


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0004_members_starts_withdrawals"),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
