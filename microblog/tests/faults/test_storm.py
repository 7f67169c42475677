"""Workers killed at random moments: every job ends, none is lost, none has its effect twice."""

import json

import pytest

from microblog.tests.faults.conftest import Place
from microblog.tests.rehearsal.postgres import Postgres

pytestmark = pytest.mark.processes


def test_two_hundred_jobs_survive_fifty_killed_workers(postgres: Postgres, tmp_path):
    place = Place(tmp_path, postgres.url_of("storm"))
    place.manage("migrate", "--noinput")
    log = tmp_path / "workers.log"
    out = place.python("-m", "microblog.tests.faults.storm", str(log), seconds=500, LOG_LEVEL="warning")
    report = json.loads(out.splitlines()[-1])
    assert report["wrong"] == [], log.read_text()[-3000:]
    assert report["jobs"] == 200
    assert not report["tasks_left"]
    assert report["ends"]["ready"] >= 150, report  # the others failed and say why
    assert report["kills_in_work"] == 50, report  # all of them while there was work to disturb
    assert report["taken_up_again"] >= 5, report
