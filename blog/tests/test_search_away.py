"""A cluster that is down, slow, wrong or refuses us: people wait two seconds at most, once, and learn no secret."""

import json
import logging
import time
from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.checks import run_checks
from django.db import connection
from django.test.utils import CaptureQueriesContext, override_settings
from django.utils import timezone

from accounts.tests.base import make_user
from blog import search
from blog.models import Outage, SearchEntry
from blog.search import calls, outbox, status
from blog.search.indexer import Indexer
from blog.tests.base import make_post
from microblog.cluster import PATIENCE, cluster_of
from microblog.tests.clusters import PASSWORD, Cluster, Pretender
from microblog.tests.servers import free_port

pytestmark = pytest.mark.django_db
ERROR = json.dumps({"error": {"type": "some_exception"}, "status": 500}).encode()


@pytest.fixture
def ada():
    return make_user("ada")


def away(kind):
    """A server that stands where the cluster should be, and why that is no cluster."""
    return {
        "hung": (lambda: Pretender(delay=60), "unreachable"),
        "drip": (lambda: Pretender(body=b"{}" * 500, product=True, drip=0.5), "unreachable"),
        "broken": (lambda: Pretender(503, ERROR, product=True), "unreachable"),
        "busy": (lambda: Pretender(429, ERROR, product=True), "unreachable"),
        "locked": (lambda: Pretender(401, ERROR, product=True), "refused"),
        "forbidden": (lambda: Pretender(403, ERROR), "refused"),
        "another product": (lambda: Pretender(body=b'{"hits": {"hits": []}}'), "not Elasticsearch"),
        "a website": (lambda: Pretender(body=b"<!doctype html>"), "not Elasticsearch"),
        "a website without the page": (lambda: Pretender(404, b"<!doctype html>"), "not Elasticsearch"),
        "without the index": (lambda: Pretender(404, ERROR, product=True), "missing"),
    }[kind]


KINDS = [
    "hung",
    "drip",
    "broken",
    "busy",
    "locked",
    "forbidden",
    "another product",
    "a website",
    "a website without the page",
    "without the index",
]


@pytest.mark.parametrize("kind", KINDS)
def test_the_database_searches_instead_and_readyz_says_why(client, ada, kind):
    make, reason = away(kind)
    with make() as server, Cluster(server.url, is_real=False):
        post = make_post(ada, "Bread and nothing else", language="en")
        began = time.monotonic()
        hits = search.match("bread", viewer=AnonymousUser())
        assert time.monotonic() - began < PATIENCE + 8  # of a machine that has much else to do
        assert [row[0] for row in hits.rows] == [post.pk]
        assert (hits.degraded, hits.engine != "elasticsearch") == (True, True)
        assert "Some results may be missing" in client.get("/search/?q=bread").content.decode()
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()["ready"]) == (200, True)
        assert answer.json()["search"]["status"] == "degraded"
        assert reason in answer.json()["search"]["reason"]
        assert answer.json()["search"]["outbox"] == 1
        assert answer.json()["search"]["oldest_seconds"] < 60
        assert server.asked == 1  # of three who would have


def test_nobody_waits_for_a_port_where_nothing_listens(ada):
    with Cluster(f"http://127.0.0.1:{free_port()}", is_real=False):
        make_post(ada, "Bread")
        assert search.match("bread", viewer=ada).degraded
        assert "unreachable" in status.report()["reason"]


def test_after_a_minute_one_reader_tries_for_everybody(ada):
    with Pretender(503, ERROR, product=True) as server, Cluster(server.url, is_real=False):
        search.match("bread", viewer=ada)
        Outage.objects.update(until=timezone.now() - timedelta(seconds=1))
        for _reader in range(3):
            assert search.match("bread", viewer=ada).degraded
        assert server.asked == 2


def test_an_answer_closes_the_breaker(ada):
    with Pretender(503, ERROR, product=True) as server, Cluster(server.url, is_real=False) as cluster:
        search.match("bread", viewer=ada)
        Outage.objects.update(until=timezone.now() - timedelta(seconds=1))
        with Pretender(body=b'{"hits": {"hits": []}}', product=True) as healthy:
            cluster.point_to(healthy.url)
            assert not search.match("bread", viewer=ada).degraded
            assert not search.match("bread", viewer=ada).degraded
            assert healthy.asked == 2
            assert not Outage.objects.exists()


def test_a_query_that_the_cluster_can_not_take_is_the_database_s_and_nobody_else_s_trouble(ada):
    with Pretender(400, ERROR, product=True) as server, Cluster(server.url, is_real=False):
        assert search.match("bread", viewer=ada).degraded
        assert search.match("bread", viewer=ada).degraded
        assert server.asked == 2
        assert not Outage.objects.exists()


def test_an_outage_between_two_pages_begins_the_list_anew(client, ada):
    posts = [make_post(ada, f"Bread {n}", language="en").pk for n in range(25)]
    with Pretender(503, ERROR, product=True) as server, Cluster(server.url, is_real=False):
        cursor = f"elasticsearch.best.1.5.{posts[10]}.{2**63 - 1}"
        hits = search.match("bread", viewer=ada, cursor=cursor)
        assert (hits.restarted, hits.degraded, len(hits.rows)) == (True, True, 20)
        answer = client.get("/search/", {"q": "bread", "before": cursor})
        assert (answer.status_code, "before" in answer.url) == (302, False)
        assert client.get(answer.url).status_code == 200


@pytest.mark.parametrize("kind", ["hung", "locked", "broken"])
def test_posting_never_asks_the_cluster(client, ada, kind):
    make, _reason = away(kind)
    with make() as server, Cluster(server.url, is_real=False):
        client.force_login(ada)
        assert client.post("/posts/", {"body": "Bread"}).status_code == 302
        post = ada.posts.get()
        post.hide("no")
        post.show()
        assert client.get(f"/posts/{post.pk}/").status_code == 200
        assert client.get("/").status_code == 200
        post.remove()
        ada.suspend()
        assert server.asked == 0
        assert SearchEntry.objects.filter(post=post.pk).count() == 4


@pytest.mark.parametrize("kind", ["broken", "locked", "another product"])
def test_the_outbox_waits_for_a_cluster_that_does_not_take_it(ada, kind):
    make, _reason = away(kind)
    with make() as server, Cluster(server.url, is_real=False):
        make_post(ada, "Bread")
        with pytest.raises(calls.ClusterError):
            outbox.drain()
        assert SearchEntry.objects.count() == 1


class Ending:
    """Counts the seconds that the indexer would have waited."""

    def __init__(self, times):
        self.waits, self.times = [], times

    def is_set(self):
        return len(self.waits) >= self.times

    def wait(self, seconds):
        self.waits.append(seconds)


def test_the_worker_tries_again_later_and_later_and_says_once_why(ada, caplog, monkeypatch):
    monkeypatch.setattr("blog.search.indexer.close_old_connections", lambda: None)
    monkeypatch.setattr(connection, "close", lambda: None)
    with Pretender(503, ERROR, product=True) as server, Cluster(server.url, is_real=False):
        make_post(ada, "Bread")
        ending = Ending(6)
        Indexer(ending).run()
        assert ending.waits == [1, 2, 5, 10, 30, 30]
        assert caplog.text.count("Changes wait for the search index") == 1
        assert Outage.objects.get().kind == "unreachable"


def test_changes_that_wait_for_long_are_told(client, ada):
    with Cluster(f"http://127.0.0.1:{free_port()}", is_real=False):
        make_post(ada, "Bread")
        assert status.late() == ""
        SearchEntry.objects.update(at=timezone.now() - timedelta(minutes=10))
        assert status.late() == "1 changes wait for the index, the oldest for 10 minutes"
        assert client.get("/readyz").json()["search"]["oldest_seconds"] >= 600
        (told,) = [each for each in run_checks(databases=["default"]) if each.id == "blog.W002"]
        assert "1 changes wait" in told.msg
    assert "blog.W002" not in [each.id for each in run_checks(databases=["default"])]


def test_without_a_cluster_search_is_well_and_costs_readyz_nothing(client):
    assert status.report() == {"status": "ok"}
    with CaptureQueriesContext(connection) as queries:
        status.report()
    assert len(queries) == 0


def test_an_address_that_is_none_is_told_and_the_database_searches(ada):
    with override_settings(ELASTICSEARCH_VARIABLE="BONSAI_URL", ELASTICSEARCH_DSL={}):
        make_post(ada, "Bread", language="en")
        assert len(search.match("bread", viewer=ada).rows) == 1
        assert status.report()["reason"] == "BONSAI_URL is no address"


# ------------------------------------------------------------------------------------------------ secrets


@pytest.mark.parametrize("kind", KINDS)
def test_the_password_is_in_no_log_page_or_error(client, ada, kind, caplog, capsys):
    caplog.set_level(logging.DEBUG)
    make, _reason = away(kind)
    with make() as server, Cluster(server.url, is_real=False):
        make_post(ada, "Bread")
        pages = [client.get(path).content.decode() for path in ("/search/?q=bread", "/readyz", "/")]
        with pytest.raises(calls.ClusterError) as raised:
            outbox.drain()
        said = [*pages, caplog.text, *capsys.readouterr(), str(raised.value), repr(raised.value)]
        assert secrets_in("".join(said)) == []


def secrets_in(said):
    """The password as it is, as it stands in the address, and as it is sent."""
    header = dict(cluster_headers())["authorization"].removeprefix("Basic ")
    return [secret for secret in (PASSWORD, "s3cret", header) if secret in said]


def cluster_headers():
    return calls.client()._headers.items()


@override_settings(DEBUG=True, ROOT_URLCONF="microblog.tests.broken_urls")
def test_the_page_of_an_error_while_debugging_does_not_show_it(client):
    with Pretender() as server, Cluster(server.url, is_real=False):
        client.raise_request_exception = False
        page = client.get("/broken/crash/").content.decode()
        assert "ELASTICSEARCH_DSL" in page
        assert secrets_in(page) == []


# ------------------------------------------------------------------------------------------------ addresses


@pytest.mark.parametrize(
    ("url", "host", "auth"),
    [
        ("http://127.0.0.1:9200", ("http", "127.0.0.1", 9200, ""), None),
        ("https://search.example.org", ("https", "search.example.org", 443, ""), None),
        ("http://search.example.org/", ("http", "search.example.org", 80, ""), None),
        ("https://user:pass@x.bonsai.example:443/es/", ("https", "x.bonsai.example", 443, "/es"), ("user", "pass")),
        ("https://user:p%40ss%3Aw%2Frd@example.org", ("https", "example.org", 443, ""), ("user", "p@ss:w/rd")),
        ("https://[::1]:9243", ("https", "::1", 9243, ""), None),
    ],
)
def test_reads_the_addresses_that_add_ons_give(url, host, auth):
    given = cluster_of(url)
    (found,) = given["hosts"]
    assert (found["scheme"], found["host"], found["port"], found.get("path_prefix", "")) == host
    assert given.get("basic_auth") == auth
    assert (given["request_timeout"], given["max_retries"], given["retry_on_timeout"]) == (PATIENCE, 0, False)


@pytest.mark.parametrize(
    "url", ["", "search.example.org:9200", "localhost", "ftp://x", "http://", "http://x:port", "http://["]
)
def test_what_is_no_address_is_none(url):
    assert cluster_of(url) == {}
