"""Those who are members already are found by the words of their names as well."""

from itertools import islice

from django.db import migrations

from accounts.models.names import words_of

BATCH = 2000


def fill(apps, schema_editor):
    NameWord = apps.get_model("accounts", "NameWord")
    people = apps.get_model("accounts", "User").objects.only("name", "username", "username_key").order_by("pk")
    rows = (NameWord(person=person, word=word) for person in people.iterator(BATCH) for word in sorted(words_of(person)))
    while batch := list(islice(rows, BATCH)):
        NameWord.objects.bulk_create(batch, ignore_conflicts=True)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0009_name_words")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
