"""The table of the database's own search: FTS5 on SQLite; on PostgreSQL a vector, and a configuration per language.

Nothing is filled here, so a release does not wait: `blog.search.fill` does it, see blog/apps.py.
"""

import django.db.models.deletion
from django.db import migrations, models

from blog.words import STEMMED

# PostgreSQL's own configurations leave out "the" and "der"; then "to be or not to be" would find nothing.
CONFIGURATION = """
    CREATE TEXT SEARCH DICTIONARY microblog_{code} (TEMPLATE = snowball, LANGUAGE = {name});
    CREATE TEXT SEARCH CONFIGURATION microblog_{code} (PARSER = "default");
    ALTER TEXT SEARCH CONFIGURATION microblog_{code} ADD MAPPING FOR {kinds} WITH microblog_{code};
"""
DROP = """
    DROP TEXT SEARCH CONFIGURATION IF EXISTS microblog_{code};
    DROP TEXT SEARCH DICTIONARY IF EXISTS microblog_{code};
"""
KINDS = "SELECT string_agg(quote_ident(alias), ', ') FROM ts_token_type('default')"


def make(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        # Our words are separated by blanks, and hold no other ASCII than letters, digits and what marks are made of.
        schema_editor.execute(
            """CREATE VIRTUAL TABLE blog_search USING fts5(tokens, tokenize = "ascii tokenchars ':#@_-.'")"""
        )
        return
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(KINDS)
        kinds = cursor.fetchone()[0]
    for code, name in STEMMED.items():
        schema_editor.execute(CONFIGURATION.format(code=code, name=name, kinds=kinds))
    schema_editor.create_model(apps.get_model("blog", "SearchRow"))
    # With defaults, so that `loaddata` can write rows that it knows the keys of only; `search_index --verify` fills them.
    schema_editor.execute(
        "ALTER TABLE blog_search ADD author_id bigint NOT NULL DEFAULT 0, ADD vector tsvector NOT NULL DEFAULT ''"
    )
    # Between two clean-ups the index keeps a list of what is new, which every search reads: let it be short.
    schema_editor.execute(
        "CREATE INDEX search_vector ON blog_search USING gin (vector) WITH (gin_pending_list_limit = 256)"
    )


def unmake(apps, schema_editor):
    schema_editor.execute("DROP TABLE IF EXISTS blog_search")
    if schema_editor.connection.vendor == "postgresql":
        for code in STEMMED:
            schema_editor.execute(DROP.format(code=code))


class Migration(migrations.Migration):

    dependencies = [
        ('blog', '0008_conversation'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name='SearchRow',
                    fields=[
                        ('post', models.OneToOneField(db_column='rowid', on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='blog.post')),
                    ],
                    options={
                        'db_table': 'blog_search',
                    },
                ),
            ],
        ),
        migrations.RunPython(make, unmake),
    ]
