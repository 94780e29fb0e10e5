import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0003_owners_and_points"),
    ]

    operations = [
        migrations.AddField(
            model_name="extension",
            name="time_factor",
            field=models.FloatField(default=1.0),
        ),
        migrations.AddField(
            model_name="override",
            name="excused",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="result",
            name="dropped",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="submission",
            name="members",
            field=models.JSONField(default=list),
        ),
        migrations.CreateModel(
            name="Start",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("assignment", models.CharField(max_length=128)),
                ("at", models.DateTimeField()),
                (
                    "student",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="starts",
                        to="store.student",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("student", "assignment"), name="started_once")
                ],
            },
        ),
    ]
