"""`manage.py search_index` with a real Elasticsearch: django-elasticsearch-dsl's options, and ours."""

import hashlib
import io
import json

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.management import CommandError, call_command

from accounts.tests.base import make_user
from blog import search
from blog.management.commands.search_index import Command
from blog.models import Post, SearchEntry, SearchIndex, SearchRow
from blog.search import build, calls
from blog.tests.base import make_post
from microblog.tests.clusters import Cluster, Pretender

pytestmark = pytest.mark.django_db


class Terminal(io.StringIO):
    def isatty(self):
        return True


def run(*options):
    """What the command prints, and what it shows on a terminal meanwhile."""
    out, shown = io.StringIO(), Terminal()
    call_command("search_index", *options, stdout=out, stderr=shown)
    return out.getvalue(), shown.getvalue()


@pytest.fixture
def posts(cluster):
    ada = make_user("ada")
    return [make_post(ada, f"Bread {n}", language="en").pk for n in range(5)]


def found():
    hits = search.match("bread", viewer=AnonymousUser())
    return hits.engine == "elasticsearch" and sorted(row[0] for row in hits.rows)


@pytest.mark.elasticsearch
def test_rebuild_says_how_far_it_is_how_fast_and_how_long_it_takes(cluster, posts, monkeypatch):
    monkeypatch.setattr(build, "SLICE", 2)
    out, shown = run("--rebuild")
    assert out.startswith("Indexed 5 posts in ")
    assert "2 of 5 posts" in shown
    assert "a second" in shown
    assert "s left" in shown
    assert found() == posts


def test_how_far_it_is_looks_like_no_error():
    terminal = Terminal()
    Command(stderr=terminal, force_color=True).progress(iter([1]), count=False)
    assert terminal.getvalue().startswith("\r1 posts, ")


@pytest.mark.elasticsearch
def test_a_bar_ends_at_its_end(cluster, posts):
    ada = Post.objects.get(pk=posts[0]).author
    Post.objects.get(pk=posts[0]).hide("why not")
    Post.objects.get(pk=posts[1]).repost(ada)
    assert "] 4 of 4 posts" in run("--rebuild")[1]


@pytest.mark.elasticsearch
def test_the_options_of_the_library_are_kept(cluster, posts):
    run("--rebuild", "-f", "--models", "blog.Post", "--parallel", "--use-alias", "--refresh", "--no-count")
    former = cluster.indices
    run("--rebuild", "--use-alias-keep-index")
    assert len(cluster.indices) == 2
    assert set(former) < set(cluster.indices)
    assert found() == posts
    run("--rebuild")
    assert len(cluster.indices) == 1


@pytest.mark.elasticsearch
def test_create_populate_and_delete(cluster, posts):
    SearchEntry.objects.all().delete()
    assert cluster.index in run("--create")[0]
    assert run("--create")[0] == "There is one already.\n"
    assert found() == []
    assert run("--populate")[0].startswith("Indexed 5 posts")
    assert found() == posts
    assert cluster.index in run("--delete", "-f")[0]
    assert run("--delete", "-f")[0] == "There was none.\n"
    assert cluster.indices == []


@pytest.mark.elasticsearch
def test_delete_asks_first(cluster, posts, monkeypatch):
    cluster.build()
    monkeypatch.setattr("builtins.input", lambda question: "n")
    assert run("--delete")[0] == "Left as it is.\n"
    assert found() == posts


@pytest.mark.elasticsearch
def test_verify_says_what_it_found_and_mends_it(cluster, posts):
    cluster.build()
    assert run("--verify")[0] == "The index is right: 5 posts compared.\n"
    cluster.client.delete(index=cluster.index, id=str(posts[0]), refresh=True)
    with pytest.raises(CommandError, match="1 row"):
        run("--verify", "--check")
    assert run("--verify")[0].startswith("Mended 1 row")
    assert found() == posts


@pytest.mark.elasticsearch
def test_the_index_of_the_database_has_a_way_of_its_own(cluster, posts):
    SearchRow.objects.filter(pk=posts[0]).delete()
    with pytest.raises(CommandError, match="1 row"):
        run("--database", "--verify", "--check")
    run("--database", "--rebuild")
    assert "is right" in run("--database", "--verify")[0]
    assert cluster.indices == []


@pytest.mark.elasticsearch
def test_ctrl_c_ends_in_a_sentence_and_the_old_index_serves(cluster, posts, monkeypatch):
    cluster.build()
    former = cluster.indices

    def stop(name):
        raise KeyboardInterrupt

    monkeypatch.setattr(build, "step", stop)
    with pytest.raises(CommandError, match="What was there before still serves"):
        run("--rebuild")
    assert (cluster.indices, SearchIndex.objects.state().building) == (former, "")
    assert found() == posts


@pytest.mark.elasticsearch
def test_a_rebuild_waits_for_a_cluster_that_is_busy_and_says_so(cluster, posts, monkeypatch, caplog):
    monkeypatch.setattr("blog.search.cluster.DELAYS", (0, 0))
    step, failures = build.step, [calls.ClusterError("", "HTTP 429"), calls.ClusterError("unreachable", "HTTP 503")]

    def now_and_then(name):
        if failures:
            raise failures.pop()
        return step(name)

    monkeypatch.setattr(build, "step", now_and_then)
    run("--rebuild")
    assert caplog.messages.count("Elasticsearch did not do its part (failed: HTTP 429); it is asked again in 0 s.") == 1
    assert found() == posts


def test_a_cluster_that_refuses_us_is_a_sentence():
    with Pretender(401, b"{}", product=True) as server, Cluster(server.url, is_real=False):
        with pytest.raises(CommandError) as raised:
            run("--rebuild")
        assert str(raised.value).startswith("Elasticsearch did not do its part (refused: HTTP 401)")
        assert server.asked == 1


def test_without_a_cluster_its_options_are_unknown():
    with pytest.raises(CommandError, match=r"unrecognized arguments: --populate|required"):
        run("--populate")


def test_documents_of_another_shape_have_another_number():
    """Whoever changes the document or its analyzers raises SHAPE, so that each site's worker builds its index anew."""
    from blog.documents import PostDocument

    shape = json.dumps({**PostDocument._index.to_dict(), "aliases": None}, sort_keys=True)
    assert (calls.SHAPE, hashlib.sha256(shape.encode()).hexdigest()[:12]) == (1, "8214e8bd6a3d")
