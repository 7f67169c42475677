"""Work that outlives the request, as its owner sees it: how far it is, how it ended, and what came of it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from blog.models.notification import Notification

KEPT = timedelta(days=7)
CHUNK_SIZE = 256 * 1024  # bytes of every chunk but the last
TRIES = 4  # attempts that end in an error, before the job fails
STALE_AFTER = timedelta(days=1)
# What `message` says to the owner. The row has the code, so that each reader gets their language.
SENTENCES: dict[str, Promise] = {
    "again": _("Something went wrong. It is tried again in a few minutes."),
    "failed": _("Something went wrong, several times. Nothing of yours is lost. Try again later."),
    "lost": _("The work was interrupted several times and given up. Nothing of yours is lost. Try again."),
    "late": _("This waited for a day, and nobody did it. Try again, or write to those who run the site."),
    "not_an_archive": _("This file is no archive of posts that we know. Choose another one."),
    "damaged": _("This archive is damaged, or it is encrypted. Download it once more where you got it."),
    "hostile": _("This archive is made in a way that could do harm. It was not opened."),
    "too_large": _("There is too much in this archive. Choose the file with the posts inside it instead."),
    "nothing": _("There are no posts in this archive that can be taken."),
    "source_gone": _("The file you uploaded is no longer here. Upload it again."),
}
# Why posts of an archive are left out, and how many.
LEFT: dict[str, Any] = {
    "shared": ngettext_lazy("%(n)d is a repost.", "%(n)d are reposts.", "n"),
    "not_here": ngettext_lazy(
        "%(n)d is a repost of a post that is not here.", "%(n)d are reposts of posts that are not here.", "n"
    ),
    "not_public": ngettext_lazy("%(n)d was not public.", "%(n)d were not public.", "n"),
    "too_long": ngettext_lazy("%(n)d is longer than 1,000 characters.", "%(n)d are longer than 1,000 characters.", "n"),
    "empty": ngettext_lazy("%(n)d has no text.", "%(n)d have no text.", "n"),
    "no_time": ngettext_lazy("%(n)d has no time that can be read.", "%(n)d have no time that can be read.", "n"),
    "future": ngettext_lazy("%(n)d is dated in the future.", "%(n)d are dated in the future.", "n"),
}


class StoppedError(Exception):
    """The job was cancelled, or another worker took it up: this attempt has nothing more to write."""


class JobQuerySet(models.QuerySet["Job"]):
    def unfinished(self) -> "JobQuerySet":
        return self.filter(status__in=Job.OPEN)

    def start(self, owner: Any, kind: "Job.Kind", **fields: Any) -> tuple["Job", bool]:
        """A new job, or the one of this kind that is unfinished. Return it and whether it is new."""
        try:
            with transaction.atomic():
                return self.create(owner=owner, kind=kind, **fields), True
        except IntegrityError:
            return self.unfinished().get(owner=owner, kind=kind), False

    def give_up(self, message: str) -> int:
        """Those of them that are unfinished fail. Return how many there were."""
        now = timezone.now()
        end = {"status": Job.Status.FAILED, "message": message, "finished_at": now, "expires_at": now + KEPT}
        with transaction.atomic():
            jobs = list(self.unfinished().select_for_update(of=("self",)).select_related("owner").order_by("pk"))
            Job.objects.filter(pk__in=[job.pk for job in jobs]).update(**end)
            for job in jobs:
                job.tell()
        return len(jobs)


class Job(models.Model):
    """One piece of work for a member. `done` of `total` moves with the rows written, never by guess.

    A worker that takes the job up raises `attempts`, and only the latest attempt can write: one that was held to be
    dead, and is not, finds itself stopped.
    """

    class Kind(models.TextChoices):
        EXPORT = "export", _("Exporting your data")
        PREVIEW = "preview", _("Reading your archive")
        IMPORT = "import", _("Importing your archive")

    class Status(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Running")
        READY = "ready", _("Ready")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Stopped")

    OPEN = (Status.WAITING, Status.RUNNING)

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="jobs", db_index=False)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    status = models.CharField(_("status"), max_length=9, choices=Status, default=Status.WAITING)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    message = models.CharField(max_length=20, blank=True)  # a key of SENTENCES
    result = models.JSONField(default=dict)
    source = models.ForeignKey("self", models.SET_NULL, null=True)  # for an import, the preview that has the file
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    created_at = models.DateTimeField(_("started"), default=timezone.now)
    finished_at = models.DateTimeField(_("finished"), null=True)
    expires_at = models.DateTimeField(null=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "kind"], condition=Q(status__in=["waiting", "running"]), name="job_one_at_a_time"
            ),
            models.CheckConstraint(condition=Q(done__lte=F("total")), name="job_done_at_most_total"),
        ]
        indexes = [
            models.Index(fields=["owner", "-id"], name="job_owner"),
            models.Index(fields=["expires_at"], name="job_expired"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("blog:job", args=[self.pk])

    @property
    def is_open(self) -> bool:
        return self.status in self.OPEN

    @property
    def is_ready(self) -> bool:
        return self.status == self.Status.READY

    @property
    def has_file(self) -> bool:
        """Whether there is something to download, still."""
        fresh = self.expires_at is None or self.expires_at > timezone.now()
        return self.is_ready and self.kind == self.Kind.EXPORT and fresh

    @property
    def percent(self) -> int:
        """How far it is. A job that is not ready is never shown as 100 %."""
        share = 100 * self.done // self.total if self.total else 0
        return 100 if self.is_ready else min(share, 99)

    @property
    def sentence(self) -> Promise | str:
        """What there is to say about it, in the reader's language."""
        return SENTENCES.get(self.message, "")

    @property
    def left_out(self) -> list[str]:
        """What is not taken from an archive, a sentence for each reason."""
        return [LEFT[why] % {"n": n} for why, n in self.result.get("left", {}).items()]

    @property
    def can_be_taken(self) -> bool:
        """Whether an archive was read, and is still here."""
        return self.is_ready and self.kind == self.Kind.PREVIEW and self.chunks.exists()

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return self.result.get("size", 0)

    def begin(self) -> bool:
        """Take the job up. Return False when there is nothing to do: it is finished, stopped, or gone."""
        takes = [*self.OPEN, self.Status.FAILED]  # an operator may run a failed one again
        fresh = {"done": 0, "total": 0, "message": "", "finished_at": None, "expires_at": None}
        try:
            with transaction.atomic():
                row = Job.objects.select_for_update().filter(pk=self.pk, status__in=takes).first()
                if row is None:
                    return False
                again = {**fresh, "status": self.Status.RUNNING, "attempts": row.attempts + 1}
                Job.objects.filter(pk=self.pk).update(**again)
        except IntegrityError:  # a failed one, while a newer one of its kind is under way
            return False
        for name, value in {**again, "result": row.result}.items():
            setattr(self, name, value)
        return True

    def note(self, **changes: Any) -> None:
        """Write progress. Raise StoppedError when it is no longer ours to write."""
        mine = Job.objects.filter(pk=self.pk, attempts=self.attempts, status=self.Status.RUNNING)
        if not mine.update(**changes):
            raise StoppedError
        for name, value in changes.items():
            setattr(self, name, value)

    def step(self, rows: int = 1) -> None:
        """So many rows more are written."""
        self.note(done=min(self.done + rows, self.total))

    def add(self, number: int, body: bytes) -> None:
        """Keep a piece of the file."""
        with transaction.atomic():
            self.note(done=self.done)
            Chunk.objects.create(job=self, number=number, body=body)

    def clear(self) -> None:
        """Drop what an earlier attempt wrote."""
        with transaction.atomic():
            self.note(done=0)
            self.chunks.all().delete()

    def finish(self, **result: Any) -> None:
        """It is done: `result` is what the page tells."""
        now = timezone.now()
        self._end(status=self.Status.READY, done=self.total, result=result, finished_at=now, expires_at=now + KEPT)

    def fail(self, message: str) -> None:
        """It can't be done, for the reason of this code."""
        now = timezone.now()
        self._end(status=self.Status.FAILED, message=message, finished_at=now, expires_at=now + KEPT)

    def _end(self, **changes: Any) -> None:
        with transaction.atomic():
            self.note(**changes)
            self.tell()

    def tell(self) -> None:
        """Tell the owner that it has ended."""
        Notification.tell(self.owner, Notification.Kind.JOB, job=self)

    def stumble(self) -> bool:
        """An attempt ended in an error. Return whether the job is worth another one; else it has failed."""
        if self.attempts >= TRIES:
            self.fail("failed")
            return False
        self.note(status=self.Status.WAITING, message="again")
        return True

    def cancel(self) -> None:
        """Stop it, and drop what it has written so far. One that is finished stays as it is."""
        now = timezone.now()
        stopped = {"status": self.Status.CANCELLED, "message": "", "finished_at": now, "expires_at": now + KEPT}
        with transaction.atomic():
            if Job.objects.unfinished().filter(pk=self.pk).update(**stopped):
                self.chunks.all().delete()
        self.refresh_from_db()

    def content(self) -> Iterator[bytes]:
        """The file, a chunk at a time."""
        number = 0
        while (
            body := Chunk.objects.filter(job=self, number=number).values_list("body", flat=True).first()
        ) is not None:
            yield bytes(body)
            number += 1


class Chunk(models.Model):
    """A piece of a file. Files are kept in the database: a dyno's disk lasts a day at most."""

    job = models.ForeignKey(Job, models.CASCADE, related_name="chunks", db_index=False)
    number = models.PositiveIntegerField()
    body = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "number"], name="chunk_once")]

    def __str__(self) -> str:
        return f"{self.job_id}: {self.number}"
