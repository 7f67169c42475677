from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("blog", "0013_search_outbox"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="post",
            name="repost_once",
        ),
        migrations.AddConstraint(
            model_name="post",
            constraint=models.UniqueConstraint(
                condition=models.Q(("repost_of__isnull", False)), fields=("repost_of", "author"), name="repost_once"
            ),
        ),
    ]
