"""A member's data and the work on it: how far it is, stopping it, and what came of it."""

from datetime import timedelta
from urllib.parse import quote

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from blog import tasks
from blog.archive.take import RELATIONS
from blog.forms import LARGEST_UPLOAD, UploadForm
from blog.models import Job
from microblog.addresses import member_required, site_address
from microblog.ratelimit import limit

SHOWN = 20  # the latest jobs; older than a week there are none


@require_safe
@never_cache
@login_required
def all_of_mine(request: HttpRequest) -> HttpResponse:
    """ "Your data": what one can do with it, and the work under way or done lately."""
    return render(request, "blog/jobs.html", {"jobs": Job.objects.filter(owner=request.user.pk)[:SHOWN]})


@require_POST
@member_required
@limit("export", times=10, per=timedelta(hours=1))
def export(request: HttpRequest) -> HttpResponse:
    """Begin an export; the one that is under way is enough."""
    return redirect(tasks.start_export(request.user, site=site_address(request), language=get_language()))


@csrf_exempt  # `receive` checks: to look for the token is to read the whole upload, however large
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def take_in(request: HttpRequest) -> HttpResponse:
    """Upload an archive; it is read, and shown, before anything is taken."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST_UPLOAD + 100_000:
        return render(request, "blog/import.html", {"form": UploadForm.too_large()}, status=413)
    return receive(request)


@csrf_protect
@limit("import", times=20, per=timedelta(hours=1))
def receive(request: HttpRequest) -> HttpResponse:
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    if not form.is_valid():
        return render(request, "blog/import.html", {"form": form}, status=422 if form.is_bound else 200)
    site, language = site_address(request), get_language()
    return redirect(tasks.start_import(request.user, form.cleaned_data["file"], site=site, language=language))


@require_POST
@member_required
def take(request: HttpRequest, pk: int) -> HttpResponse:
    """Take in what was shown."""
    job = get_object_or_404(request.user.jobs, pk=pk)
    if not job.can_be_taken:
        raise Http404
    also = {relation.verb for relation in RELATIONS} & request.POST.keys()
    return redirect(tasks.start_taking(job, also=also, site=site_address(request), language=get_language()))


@require_safe
@never_cache
@login_required
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """One job, of its owner: anybody else does not find it."""
    return render(request, "blog/job.html", {"job": get_object_or_404(request.user.jobs, pk=pk)})


@require_safe
@never_cache
@member_required
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The part of the page that moves, asked for every second."""
    return render(request, "blog/_job.html", {"job": get_object_or_404(request.user.jobs, pk=pk)})


@require_POST
@member_required
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop a job. One that is finished stays as it is."""
    job = get_object_or_404(request.user.jobs, pk=pk)
    job.cancel()
    if job.status == Job.Status.CANCELLED:
        messages.success(request, _("It is stopped."))
    return redirect(job)


@require_safe
@never_cache
@login_required
def download(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """The file, a chunk at a time."""
    job = get_object_or_404(request.user.jobs, pk=pk)
    if not job.has_file:
        raise Http404
    name = tasks.file_name(job)
    response = StreamingHttpResponse(job.content(), content_type="application/zip")
    response.headers["Content-Length"] = str(job.size)
    response.headers["Content-Disposition"] = f"attachment; filename=\"archive.zip\"; filename*=UTF-8''{quote(name)}"
    response.headers["Content-Encoding"] = "identity"  # or it is packed a second time, and loses its length
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
