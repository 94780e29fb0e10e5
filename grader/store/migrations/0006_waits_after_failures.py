from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0005_members_of_group_work"),
    ]

    operations = [
        migrations.AddField(
            model_name="submission",
            name="not_before",
            field=models.DateTimeField(null=True),
        ),
    ]
