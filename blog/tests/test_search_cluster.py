"""Search by a real Elasticsearch: whatever happens to posts and to the cluster, what is visible is found."""

from datetime import UTC, datetime
from unittest import mock

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import transaction

from accounts.tests.base import make_user
from blog import search
from blog.management.commands.worker import Runner
from blog.models import Outage, Post, SearchEntry, SearchIndex
from blog.moving.ids import base_of
from blog.moving.posts import Old, publish
from blog.search import build, calls, outbox
from blog.search import cluster as commands
from blog.search.calls import ClusterError
from blog.search.indexer import Indexer
from blog.tests.base import make_post

pytestmark = [pytest.mark.elasticsearch, pytest.mark.django_db]


def found(text, viewer=None, **options):
    """The ids that the cluster finds; the database must not have been asked instead."""
    hits = search.match(text, viewer=viewer or AnonymousUser(), **options)
    assert (hits.engine, hits.degraded) == ("elasticsearch", False)
    return {row[0] for row in hits.rows}


def found_somehow(text):
    hits = search.match(text, viewer=AnonymousUser())
    return {row[0] for row in hits.rows}, hits.degraded


@pytest.fixture
def ada():
    return make_user("ada")


@pytest.fixture
def site(cluster, ada):
    """A built index with one post in it."""
    cluster.post = make_post(ada, "The first bread of many", language="en")
    cluster.build()
    return cluster


def differences():
    return sum(wrong for _seen, wrong in commands.verify(repair=False))


# ------------------------------------------------------------------------------------------------ what posts go through


def test_finds_a_post_when_the_outbox_is_carried(site, ada):
    post = make_post(ada, "Rye loaves for everybody", language="en")
    assert found("loaf") == set()
    site.settle()
    assert found("LOAVES") == found("rye loaves") == {post.pk}
    assert not SearchEntry.objects.exists()


def test_suggests_posts_by_the_beginning_of_the_last_word(site, ada):
    post = make_post(ada, "Rye loaves for everybody", language="en")
    site.settle()
    with mock.patch.object(search, "database_engine", side_effect=AssertionError("the cluster was not asked")):
        assert search.glimpse("rye loa", viewer=AnonymousUser(), limit=3) == [post]
        assert search.glimpse("loaves ev", viewer=AnonymousUser(), limit=3) == [post]
        assert search.glimpse("oaves", viewer=AnonymousUser(), limit=3) == []


def test_finds_what_a_post_says_now(site, ada):
    post = site.post
    post.body = "The first cheese"
    post.save()
    site.settle()
    assert found("cheese") == {post.pk}
    assert found("bread") == set()


def test_a_hidden_post_is_not_found_until_it_is_shown_again(site):
    site.post.hide("advertising")
    site.settle()
    assert found("bread") == set() == site.ids
    site.post.show()
    site.settle()
    assert found("bread") == {site.post.pk}


def test_a_deleted_post_is_gone(site):
    site.post.remove()
    site.settle()
    assert site.ids == set()


def test_posts_of_a_suspended_author_are_not_found_until_they_are_restored(site, ada):
    more = {make_post(ada, f"Bread number {n}", language="en").pk for n in range(3)} | {site.post.pk}
    bob = make_post(make_user("bob"), "My bread", language="en").pk
    site.settle()
    ada.suspend()
    site.settle()
    assert found("bread") == {bob} == site.ids
    ada.restore()
    site.settle()
    assert found("bread") == more | {bob}


def test_a_repost_has_no_document(site, ada):
    site.post.repost(make_user("bob"))
    site.settle()
    assert site.ids == {site.post.pk}


def test_a_post_that_was_rolled_back_is_nowhere(site, ada):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        make_post(ada, "Bread that never was", language="en")
        raise ZeroDivisionError
    assert not SearchEntry.objects.exists()
    site.settle()
    assert site.ids == {site.post.pk}


def test_who_writes_in_bulk_says_so_and_is_heard(site, ada):
    posts = Post.objects.bulk_create(Post(author=ada, body=f"Bulk {n}", language="en") for n in range(5))
    search.changed([post.pk for post in posts])
    site.settle()
    assert found("bulk") == {post.pk for post in posts}
    Post.objects.filter(pk=posts[0].pk).update(body="Alone")
    search.changed([posts[0].pk])
    site.settle()
    assert found("alone") == {posts[0].pk}
    Post.objects.filter(pk=posts[1].pk)._raw_delete("default")
    search.dropped([posts[1].pk])
    site.settle()
    assert found("bulk") == {post.pk for post in posts[2:]}


def test_posts_that_are_moved_in_or_of_the_demo_are_found(site, ada):
    at = base_of(datetime(2019, 1, 1, tzinfo=UTC))
    (moved,) = publish([Old(1, ada.pk, at, "en", "Bread of long ago")], [at], set())
    site.settle()
    assert found("long ago bread") == {moved.pk}


def test_who_is_not_heard_is_left_out_so_that_pages_are_full(site, ada):
    bob, eve = make_user("bob"), make_user("eve")
    for n in range(30):
        make_post(bob if n % 2 else eve, f"Toast {n}", language="en")
    site.settle()
    ada.mute(bob)
    assert len(found("toast", viewer=ada)) == 15
    bob.block(eve)
    assert len(found("toast", viewer=eve)) == 15
    assert len(found("toast", viewer=bob)) == 15


@pytest.mark.parametrize("order", ["best", "newest"])
def test_pages_have_every_hit_once(site, ada, order):
    posts = [make_post(ada, "bun " * (1 + n % 5), language="en").pk for n in range(45)]
    site.settle()
    seen, cursor = [], ""
    for _page in range(5):
        hits = search.match("bun", viewer=ada, cursor=cursor, order=order)
        assert not hits.degraded
        seen += [row[0] for row in hits.rows]
        cursor = hits.older
        if not cursor:
            break
    assert sorted(seen) == sorted(posts)
    if order == "newest":
        assert seen == sorted(posts, reverse=True)


# What a machine might take for operators or worse, and whether a post with "bread" in it answers it.
ODD = {
    "\0bread\0": True,
    "bread'\\": True,
    "(bread)": True,
    "\ud800 bread": True,
    "\u202ebread": True,
    "𝕓𝕣𝕖𝕒𝕕": True,
    "since:0001-01-01": True,
    '"': False,
    "*": False,
    "{}": False,
    "-x": False,
    "-x " * 2000: False,
    '-"bread"': False,
    "from:ada -bread": False,
    "bread AND NOT (x OR": False,
    "bread~2 ^3 /x/ [a TO b]": False,
    "words:bread": False,
    "a* b* c* d*": False,
    "🎉 👨‍👩‍👧‍👦": False,
    "x" * 10_000: False,
    '"a ' * 3000: False,
    " ".join(f"word{n}" for n in range(2000)): False,
}


@pytest.mark.parametrize("order", ["best", "newest"])
def test_the_cluster_takes_every_odd_query(site, order):
    for asked, is_answer in ODD.items():
        hits = search.match(asked, viewer=AnonymousUser(), order=order)
        assert not hits.degraded, ascii(asked[:40])
        assert ([row[0] for row in hits.rows] == [site.post.pk]) == is_answer, ascii(asked[:40])


# ------------------------------------------------------------------------------------------------ the outbox


def test_an_entry_that_came_meanwhile_stays(site, ada, monkeypatch):
    send, post = outbox.send, site.post

    def slowly(operations):
        done = send(list(operations))
        post.body = "Cheese, by now"
        post.save()
        return done

    post.save()
    monkeypatch.setattr(outbox, "send", slowly)
    assert outbox.drain() == 1
    monkeypatch.undo()
    assert SearchEntry.objects.count() == 1
    site.settle()
    assert found("cheese") == {post.pk}


def test_what_arrives_late_is_refused_by_the_cluster(site):
    post = site.post
    post.save()
    late = outbox.read_entries()  # a process that is stopped here, or a request that hangs in a queue
    post.remove()
    site.settle()
    assert outbox.write(late, [site.index]) == set()
    assert site.ids == set()


def test_a_turn_is_bounded(site, ada):
    for n in range(7):
        make_post(ada, f"Seven {n}")
    assert outbox.drain(5) == 5
    assert SearchEntry.objects.count() == 2


def test_a_worker_that_ends_when_nothing_is_due_empties_the_outbox_first(site, ada):
    for n in range(3):
        make_post(ada, f"Batch {n}", language="en")
    Runner(batch=True).empty_the_outbox()
    assert not SearchEntry.objects.exists()
    assert len(site.ids) == 4


def test_a_full_disk_loses_nothing_and_search_goes_on(site, ada):
    site.put_settings(**{"index.blocks.read_only_allow_delete": True})
    make_post(ada, "Bread for later", language="en")
    with pytest.raises(ClusterError, match="HTTP 429, cluster_block_exception"):
        outbox.drain()
    assert SearchEntry.objects.count() == 1
    assert found("bread") == {site.post.pk}
    site.put_settings(**{"index.blocks.read_only_allow_delete": None})
    site.settle()
    assert len(found("bread")) == 2
    assert differences() == 0


def test_a_document_that_the_cluster_never_takes_stops_nothing_behind_it(site, ada, monkeypatch, caplog):
    bad, good = make_post(ada, "Bad", language="en"), make_post(ada, "Good", language="en")
    source_of = outbox.source_of
    monkeypatch.setattr(
        outbox, "source_of", lambda post: {**source_of(post), **({"unknown": 1} if post.pk == bad.pk else {})}
    )
    site.settle()
    assert site.ids == {site.post.pk, good.pk}
    assert not SearchEntry.objects.exists()
    assert f"refuses post {bad.pk}" in caplog.text
    monkeypatch.undo()
    assert differences() == 1


def test_a_post_is_noted_once_when_it_is_published_and_again_when_it_is_saved(site, ada):
    post = make_post(ada, "Rye", language="en")
    assert [entry.post for entry in SearchEntry.objects.all()] == [post.pk]
    site.settle()
    post.body = "Wheat"
    post.save()
    assert [entry.post for entry in SearchEntry.objects.all()] == [post.pk]


def test_without_a_cluster_nothing_is_noted(ada):
    make_post(ada, "Bread").hide("why not")
    ada.suspend()
    search.changed([1])
    assert not SearchEntry.objects.exists()


# ------------------------------------------------------------------------------------------------ the index


def test_an_index_that_was_deleted_is_built_anew_and_the_database_searches_meanwhile(site):
    site.client.indices.delete(index=site.indices)
    assert found_somehow("bread") == ({site.post.pk}, True)
    worker = Indexer(None)
    for _turn in range(4):
        worker.turn()
    assert found("bread") == {site.post.pk}
    assert not Outage.objects.exists()
    assert differences() == 0


def test_an_index_of_an_older_release_is_built_anew_while_it_serves(site, monkeypatch):
    former = site.indices
    site.client.indices.put_mapping(index=site.index, meta={"shape": calls.SHAPE - 1})
    worker = Indexer(None)
    worker.turn()
    assert found("bread") == {site.post.pk}
    for _turn in range(2):
        worker.turn()
    assert len(site.indices) == 1
    assert site.indices != former


def test_an_index_in_the_place_of_the_alias_gives_way(site):
    site.client.indices.delete(index=site.indices)
    site.client.indices.create(index=site.index)
    worker = Indexer(None)
    for _turn in range(4):
        worker.turn()
    assert found("bread") == {site.post.pk}


def write_meanwhile(ada, monkeypatch, bodies, slice_=2):
    """Let people write between the steps of a rebuild: a post, a deletion, a change."""
    step, bodies = build.step, list(bodies)
    monkeypatch.setattr(build, "SLICE", slice_)

    def interrupted_by_people(name):
        done = step(name)
        if bodies:
            make_post(ada, bodies.pop(), language="en")
            posts = Post.objects.order_by("pk")
            posts[0].remove()
            posts[0].hide("meanwhile")
            last = posts.filter(hidden_at=None)[0]
            last.body += " changed"
            last.save()
            if len(bodies) % 2:
                outbox.drain()  # a worker at the same time
        return done

    monkeypatch.setattr(build, "step", interrupted_by_people)


def test_a_rebuild_loses_nothing_of_what_is_written_meanwhile(site, ada, monkeypatch):
    for n in range(20):
        make_post(ada, f"Bread {n}", language="en")
    site.settle()
    write_meanwhile(ada, monkeypatch, [f"Bread while building {n}" for n in range(6)])
    assert sum(commands.rebuild()) > 10
    site.settle()
    visible = set(Post.objects.public().values_list("pk", flat=True))
    assert site.ids == visible
    assert len(found("building")) == 6
    assert differences() == 0
    assert len(site.indices) == 1


def test_an_interrupted_rebuild_leaves_the_old_index_serving(site, ada, monkeypatch):
    monkeypatch.setattr(build, "SLICE", 1)
    make_post(ada, "Bread, the second", language="en")
    site.settle()
    former = site.indices
    steps = commands.rebuild()
    next(steps)
    assert len(site.indices) == 2
    with pytest.raises(KeyboardInterrupt):
        steps.throw(KeyboardInterrupt)
    assert site.indices == former
    assert not SearchIndex.objects.state().building
    assert len(found("bread")) == 2


def test_a_rebuild_that_was_killed_is_finished_by_the_worker(site, ada, monkeypatch):
    monkeypatch.setattr(build, "SLICE", 2)
    for n in range(6):
        make_post(ada, f"Bread {n}", language="en")
    name = build.begin()
    build.step(name)  # and nobody comes back
    make_post(ada, "Bread of afterwards", language="en")
    worker = Indexer(None)
    assert not worker.go_on_building()  # whoever began may still be there
    SearchIndex.objects.update(beat_at=SearchIndex._meta.get_field("beat_at").default)
    for _turn in range(6):
        worker.turn()
    assert site.indices == [name]
    site.settle()
    assert len(found("bread")) == 8
    assert differences() == 0


def test_of_two_rebuilds_the_later_one_counts(site, ada):
    first = commands.rebuild()
    next(first)
    site.build()
    with pytest.raises(build.SupersededError):
        next(first)
    assert len(site.indices) == 1
    assert found("bread") == {site.post.pk}


def test_a_new_index_that_was_deleted_ends_its_rebuild_and_loses_nothing(site, ada):
    steps = commands.rebuild()
    next(steps)
    site.client.indices.delete(index=SearchIndex.objects.state().building)
    make_post(ada, "More bread", language="en")
    with pytest.raises(build.SupersededError):
        next(steps)
    site.settle()
    assert len(found("bread")) == 2


def test_verify_believes_what_was_carried_a_moment_ago_and_no_search_knows_yet(site, ada):
    site.client.indices.put_settings(index=site.index, settings={"refresh_interval": "-1"})
    gone, other = site.post, make_post(ada, "Another bread", language="en")
    gone.hide("why not")
    assert outbox.drain() == 2
    assert site.client.count(index=site.index, query={"match_all": {}})["count"] == 1  # the hidden one, still
    assert differences() == 0
    site.client.delete(index=site.index, id=str(other.pk))
    assert differences() == 1


def test_verify_finds_and_mends_what_is_missing_outdated_or_superfluous(site, ada):
    posts = [make_post(ada, f"Bread {n}", language="en") for n in range(3)]
    site.settle()
    site.client.delete(index=site.index, id=str(posts[0].pk))
    site.client.update(index=site.index, id=str(posts[1].pk), doc={"words": "cheese"})
    Post.objects.filter(pk=posts[2].pk).update(hidden_at="2026-01-01T00:00Z")
    site.client.indices.refresh(index=site.index)
    assert list(commands.verify(repair=False)) == [(3, 3)]
    assert list(commands.verify(repair=True)) == [(3, 3)]
    assert differences() == 0
    assert site.ids == {site.post.pk, posts[0].pk, posts[1].pk}
