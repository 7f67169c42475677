"""Work that outlives the request. `start_x` makes the row and puts the task into the queue, in one transaction."""

import logging
import time
from collections.abc import Callable, Collection, Iterator
from datetime import timedelta

from django.conf import settings
from django.core.files import File
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Q
from django.utils import timezone, translation
from django_tasks_db.models import DBTaskResult

from accounts import emails
from accounts.models import Departure, User
from accounts.tasks import SOMEBODY_WAITS
from blog import digest
from blog.archive.reading import RefusedError
from blog.archive.take import keep_upload, preview, take
from blog.archive.write import write
from blog.models import Job, Notification, notification
from blog.models.job import StoppedError
from blog.removal import remove
from blog.search import index
from microblog.pagination import LARGEST
from microblog.retry import retried, task

ATTACHED_AT_MOST = 1_000_000  # bytes
AWAY = OperationalError, InterfaceError
DELAYS = timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10), timedelta(hours=1)
FILL = "blog.tasks.fill_search"
FILL_AT_ONCE = 2  # seconds
REMOVING_AT_MOST = timedelta(hours=3)  # then it is begun again
logger = logging.getLogger(__name__)


class AgainError(Exception):
    """An attempt went wrong; another one may work."""


def start_export(member: User, *, site: str, language: str) -> Job:
    """The export of this member that is under way, or a new one. `site` and `language` are the request's."""
    with transaction.atomic():
        job, new = Job.objects.start(member, Job.Kind.EXPORT)
        if new:
            run_job.enqueue(job.pk, site, language)
    return job


def export(job: Job, site: str, language: str) -> None:
    result = write(job, site=site)
    with transaction.atomic():
        job.finish(**result)
        send_export_ready.enqueue(job.pk, site, language)


def start_import(member: User, file: File, *, site: str, language: str) -> Job:
    """Keep an archive that was uploaded and read it through. Earlier ones that nobody is taking in go."""
    with transaction.atomic():
        used = Job.objects.unfinished().filter(kind=Job.Kind.IMPORT, owner=member)
        former = Job.objects.filter(owner=member, kind=Job.Kind.PREVIEW).exclude(pk__in=used.values("source"))
        former.delete()
        job, new = Job.objects.start(member, Job.Kind.PREVIEW)
        if new:
            keep_upload(job, file)
            run_job.enqueue(job.pk, site, language)
    return job


def start_taking(previewed: Job, *, also: Collection[str] = (), site: str, language: str) -> Job:
    """Take in what was read; `also` says whether to follow, block and mute the people of the archive who are here."""
    with transaction.atomic():
        job, new = Job.objects.start(
            previewed.owner,
            Job.Kind.IMPORT,
            source=previewed,
            result={"kind": previewed.result["kind"], **dict.fromkeys(also, True)},
        )
        if new:
            run_job.enqueue(job.pk, site, language)
    return job


def read(job: Job, site: str, language: str) -> None:
    job.finish(**preview(job, site=site))


def take_in(job: Job, site: str, language: str) -> None:
    job.finish(**take(job, site=site))


WORK: dict[str, Callable[[Job, str, str], None]] = {
    Job.Kind.EXPORT: export,
    Job.Kind.PREVIEW: read,
    Job.Kind.IMPORT: take_in,
}


@task
@retried(AgainError, delays=DELAYS)
def run_job(pk: int, site: str, language: str) -> None:
    """Do a job, or nothing if it is finished, stopped, or gone: running it twice is running it once."""
    job = Job.objects.select_related("owner", "source").filter(pk=pk).first()
    if job is None or not job.begin():
        return
    try:
        with translation.override(language_of(job.owner, language)):
            attempt(job, site, language)
    except StoppedError:
        logger.info("job %s was stopped", job)


def attempt(job: Job, site: str, language: str) -> None:
    """Do it once. Raise AgainError when another attempt may work."""
    try:
        WORK[job.kind](job, site, language)
    except (StoppedError, *AWAY):
        raise  # where the database is away, the worker puts the task back
    except RefusedError as error:
        job.fail(error.code)
    except Exception as error:
        if job.stumble():
            raise AgainError(f"job {job}: {type(error).__name__}") from error
        raise


def language_of(member: User, otherwise: str) -> str:
    return member.language if member.language in dict(settings.LANGUAGES) else otherwise


@task
@retried(OSError)
def send_export_ready(pk: int, site: str, language: str) -> None:
    """Tell the owner where their archive is, and attach it when it is small."""
    job = Job.objects.select_related("owner").filter(pk=pk).first()
    if job is None or not job.has_file or not job.owner.email:
        return
    attached = [(file_name(job), b"".join(job.content()), "application/zip")] if job.size <= ATTACHED_AT_MOST else []
    url = site + job.get_absolute_url()
    emails.send("export_ready", job.owner.email, job.owner, site=site, language=language, url=url, attachments=attached)


def file_name(job: Job) -> str:
    return f"microblog-{job.owner.username}-{job.created_at:%Y-%m-%d}.zip"


def start_removals() -> int:
    """Begin to remove the members whose time of grace is over. Return how many there are."""
    due = Departure.objects.due().filter(Q(begun_at=None) | Q(begun_at__lt=timezone.now() - REMOVING_AT_MOST))
    pks = list(due.values_list("user_id", flat=True))
    for pk in pks:
        remove_member.enqueue(pk)
    return len(pks)


def start_filling_search() -> bool:
    """Begin to index what was written before there was a search, unless that is done or under way. Return whether."""
    under_way = DBTaskResult.objects.filter(task_path=FILL, status__in=["READY", "RUNNING"])
    if index.is_filled() or under_way.exists():
        return False
    fill_search.enqueue(LARGEST)
    return True


@task
def fill_search(below: int) -> None:
    """Index some of the posts older than `below`, and leave the rest to the next one, so that nobody's mail waits."""
    until = time.monotonic() + FILL_AT_ONCE
    while below and time.monotonic() < until:
        below = index.fill(below)
    if below:
        fill_search.enqueue(below)


@task
@retried(AgainError, delays=DELAYS)
def remove_member(pk: int) -> None:
    """Remove a member who wanted it, and did not come back. Interrupted, it goes on where it was."""
    departure = Departure.objects.select_related("user").filter(user=pk).first()
    if departure is None or not departure.begin():
        return
    try:
        remove(departure.user)
    except AWAY:
        raise
    except Exception as error:
        raise AgainError(f"member {pk} could not be removed: {type(error).__name__}") from error


def start_digests(*, site: str) -> Iterator[tuple[int, int]]:
    """Put the digests that are due into the queue: a batch at a time, as `blog.digest.batches` says."""
    return digest.batches(lambda pk, since, until: send_digest.enqueue(pk, since, until, site))


@task
@retried(OSError)
def send_digest(pk: int, since: int, until: int, site: str) -> None:
    """Nothing, if they read everything meanwhile."""
    if member := User.objects.active().exclude(email="").filter(pk=pk).first():
        digest.send(member, since, until, site=site)


def start_reading(owner_pk: int, since: int, until: int) -> None:
    """Mark what happened to somebody between two moments as read; what is more than one transaction takes, later."""
    rows = Notification.objects.filter(owner=owner_pk, newest__gte=since, newest__lte=until)
    if rows.mark_some_read() == notification.BATCH:
        read_rest.enqueue(owner_pk, since, until)


@task(priority=SOMEBODY_WAITS)
def read_rest(owner_pk: int, since: int, until: int) -> None:
    """What `start_reading` left. Doing it twice is doing it once."""
    Notification.objects.filter(owner=owner_pk, newest__gte=since, newest__lte=until).mark_read()
