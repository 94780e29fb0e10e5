import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0001_first_tables"),
    ]

    operations = [
        migrations.CreateModel(
            name="Action",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                ("by", models.CharField(max_length=255)),
                ("what", models.CharField(max_length=64)),
                ("subject", models.CharField(max_length=255)),
                ("detail", models.TextField()),
                ("reason", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name="CourseVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("digest", models.CharField(max_length=64)),
                ("text", models.TextField()),
                ("reason", models.TextField()),
                ("by", models.CharField(max_length=255)),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Extension",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("assignment", models.CharField(max_length=128)),
                ("until", models.DateTimeField(null=True)),
                ("until_text", models.CharField(default="", max_length=64)),
                ("days", models.PositiveIntegerField(default=0)),
                ("reason", models.TextField()),
                ("by", models.CharField(max_length=255)),
                ("at", models.DateTimeField()),
                ("withdrawn_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Group",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("group_set", models.CharField(max_length=128)),
                ("name", models.CharField(max_length=128)),
                ("made_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Membership",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("group_set", models.CharField(max_length=128)),
                ("joined_at", models.DateTimeField()),
                ("left_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Override",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("assignment", models.CharField(max_length=128)),
                ("points", models.FloatField(null=True)),
                ("reason", models.TextField()),
                ("by", models.CharField(max_length=255)),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="RegradeRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("question", models.CharField(max_length=128)),
                ("text", models.TextField()),
                ("at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Reply",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("text", models.TextField()),
                ("by", models.CharField(max_length=255)),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.RemoveIndex(
            model_name="submission",
            name="submission_newest",
        ),
        migrations.AddField(
            model_name="manualscore",
            name="marks",
            field=models.TextField(default=""),
        ),
        migrations.AddField(
            model_name="result",
            name="proposed",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="result",
            name="questions",
            field=models.TextField(default=""),
        ),
        migrations.AddField(
            model_name="submission",
            name="owner",
            field=models.CharField(default="", max_length=32),
        ),
        migrations.AddField(
            model_name="submission",
            name="receipt",
            field=models.CharField(default="", max_length=64),
        ),
        migrations.AddField(
            model_name="submission",
            name="regrade",
            field=models.BooleanField(default=False),
        ),
        migrations.AddIndex(
            model_name="action",
            index=models.Index(fields=["subject"], name="action_subject"),
        ),
        migrations.AddField(
            model_name="extension",
            name="student",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="extensions",
                to="store.student",
            ),
        ),
        migrations.AddConstraint(
            model_name="group",
            constraint=models.UniqueConstraint(
                fields=("group_set", "name"), name="group_name_once"
            ),
        ),
        migrations.AddField(
            model_name="extension",
            name="group",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="extensions",
                to="store.group",
            ),
        ),
        migrations.AddField(
            model_name="submission",
            name="group",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="submissions",
                to="store.group",
            ),
        ),
        migrations.AddIndex(
            model_name="submission",
            index=models.Index(
                fields=["owner", "assignment", "received_at"], name="submission_newest"
            ),
        ),
        migrations.AddField(
            model_name="membership",
            name="group",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="memberships",
                to="store.group",
            ),
        ),
        migrations.AddField(
            model_name="membership",
            name="student",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="memberships",
                to="store.student",
            ),
        ),
        migrations.AddField(
            model_name="override",
            name="student",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="overrides",
                to="store.student",
            ),
        ),
        migrations.AddField(
            model_name="regraderequest",
            name="student",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="requests",
                to="store.student",
            ),
        ),
        migrations.AddField(
            model_name="regraderequest",
            name="submission",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="requests",
                to="store.submission",
            ),
        ),
        migrations.AddField(
            model_name="reply",
            name="request",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="replies",
                to="store.regraderequest",
            ),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.UniqueConstraint(
                condition=models.Q(("left_at", None)),
                fields=("student", "group_set"),
                name="one_group_at_a_time",
            ),
        ),
    ]
