"""An export of 200,000 posts in a process of its own: what it takes of memory, and that it moves."""

import sys
import zipfile
from pathlib import Path

import pytest

from microblog.tests.faults.conftest import Place

pytestmark = pytest.mark.processes
POSTS, WRITTEN = 200_000, 5_000
LARGEST = 150 * 1024  # KiB
WRITE = f"""
from datetime import UTC, datetime, timedelta
from accounts.models import User
from blog.models import Job, Post
from blog.models.ids import id_at
from django.db import connection
ada = User.objects.create_user("ada")
start = datetime(2015, 1, 1, tzinfo=UTC)
Post.objects.bulk_create(
    Post(pk=id_at(start + timedelta(minutes=n)), author=ada, body=f"Post {{n}} of many, with more words. " * 3)
    for n in range({WRITTEN})
)
# The others are the same again, and again later: the database copies them in a tenth of the time.
others = ", ".join(field.column for field in Post._meta.concrete_fields if not field.primary_key)
for n in range(1, {POSTS // WRITTEN}):
    later = n * {WRITTEN} * 60_000 << 16
    first = "FROM blog_post ORDER BY id LIMIT {WRITTEN}"
    connection.cursor().execute(f"INSERT INTO blog_post (id, {{others}}) SELECT id + {{later}}, {{others}} {{first}}")
"""
EXPORT = """
from accounts.models import User
from blog import tasks
from blog.models import Job
seen, note = [], Job.note
def watched(job, **changes):
    note(job, **changes)
    seen.append(job.percent)
Job.note = watched
ada = User.objects.get()
tasks.start_export(ada, site="https://example.org", language="en")
assert not seen
from django.core.management import call_command
call_command("worker", "--batch")
job = Job.objects.get()
assert job.is_ready, (job.status, job.message)
assert seen == sorted(seen) and set(range(1, 101)) <= set(seen), sorted(set(seen))
# Not ru_maxrss, which begins with what the process that started this one holds.
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(status["VmHWM"].split()[0], flush=True)
with open(__import__("sys").argv[1], "wb") as out:
    out.writelines(job.content())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has /proc")
def test_two_hundred_thousand_posts_are_exported_in_little_memory(tmp_path: Path):
    place = Place(tmp_path, f"sqlite:///{tmp_path}/db.sqlite3")
    place.manage("migrate", "--noinput")
    place.run(WRITE)
    target = tmp_path / "archive.zip"
    out = place.python("-c", f"import django; django.setup()\n{EXPORT}", str(target), seconds=600)
    assert int(out.splitlines()[-1]) < LARGEST
    with zipfile.ZipFile(target) as archive:
        assert archive.testzip() is None
        with archive.open("data/posts.jsonl") as rows:
            assert sum(1 for _row in rows) == POSTS
        assert f"pages/posts-{POSTS // 1000}.html" in archive.namelist()
