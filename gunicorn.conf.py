"""How gunicorn runs: it reads this file by itself. The port and the number of processes are the environment's.

Source for Heroku's numbers: https://devcenter.heroku.com/articles/http-routing and …/dynos#shutdown
"""

import os
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "microblog.settings")

from django.conf import settings
from gunicorn.http import message

from microblog import server

bind = f"0.0.0.0:{settings.PORT}"
workers = settings.WEB_CONCURRENCY

# Threads are for waiting (a mail server, a translation), not for speed: two processes of one thread each would both
# be gone while two visitors wait, and the router keeps connections open.
worker_class = server.Worker
threads = 4

# A process that does not even move its main loop for so long is replaced. The router gives up after 30 s.
timeout = 20
# Heroku kills 30 s after SIGTERM. What is asked is answered until 20 s; the rest is for ending the worker beside us.
graceful_timeout = 20
# Longer than the router's 90 s: the router closes idle connections, never we, so that no request meets a closed one.
keepalive = 95
# No max_requests: it resets connections that are kept alive.

# A search of 10,000 characters is answered by its page: each takes up to twelve bytes in an address. gunicorn's own
# 4,094 bytes are 450 characters of Chinese, and it takes no more than this constant, whatever is set.
limit_request_line = message.MAX_REQUEST_LINE = 128 * 1024

# Loaded once, before the fork: memory is shared, and a broken setting stops the boot instead of looping.
preload_app = True
# The processes' sign of life is a file, which must not wait for a disk.
if Path("/dev/shm").is_dir():  # noqa: S108 - gunicorn makes an anonymous file in it
    worker_tmp_dir = "/dev/shm"  # noqa: S108
# gunicorn would open a socket in $HOME that takes commands.
control_socket_disable = True

# Whether a proxy is to be believed is Django's to say (TRUST_PROXY): gunicorn takes no header for the scheme.
forwarded_allow_ips = ""
secure_scheme_headers: dict[str, str] = {}

# Through Django's logging, as everything else; our middleware writes the line of a request. Heroku asks for
# gunicorn's own access log (GUNICORN_CMD_ARGS), which this logger leaves out, too: it would hold query strings.
logger_class = server.Logger

when_ready = server.when_ready
pre_fork = server.pre_fork
on_reload = server.on_reload
on_exit = server.on_exit
