# The site in a container, for machines that are not Heroku. It could not be tried where it was written (no Docker
# engine was at hand): what it runs is what Heroku runs, and that is rehearsed by bin/rehearse-dyno.
FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 LANG=C.UTF-8
WORKDIR /app

COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt

# As Heroku's build: static files and catalogues are made here, with no variable set, and never at the start.
COPY . .
RUN python manage.py collectstatic --noinput -v0 && python manage.py compilemessages

# Nothing is written to the disk: a user without rights will do, and the file system may be read-only.
RUN useradd --system --no-create-home site
USER site

EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD \
    python -c "import os, urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{os.environ.get(\"PORT\", 8000)}/healthz')"
# gunicorn.conf.py says the rest. SIGTERM ends it gently; allow 30 seconds (docker stop -t 30).
CMD ["gunicorn", "microblog.wsgi"]
