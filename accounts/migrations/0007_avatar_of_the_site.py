"""Who has never chosen an avatar has the site's: our drawing, or Gravatar's with AVATARS=gravatar."""

from django.db import migrations, models


def forget_what_nobody_chose(apps, schema_editor):
    apps.get_model("accounts", "User").objects.filter(avatar="shapes", avatar_seed=0).update(avatar="")


def choose_the_drawing(apps, schema_editor):
    apps.get_model("accounts", "User").objects.filter(avatar="").update(avatar="shapes")


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_departure")]

    operations = [
        migrations.AlterField(
            model_name="user",
            name="avatar",
            field=models.CharField(
                blank=True,
                choices=[
                    ("shapes", "A drawing made from my name"),
                    ("letter", "My first letter"),
                    ("gravatar", "My picture at Gravatar"),
                ],
                default="",
                max_length=8,
                verbose_name="avatar",
            ),
        ),
        migrations.RunPython(forget_what_nobody_chose, choose_the_drawing),
    ]
