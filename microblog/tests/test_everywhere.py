"""Every address of the site, and what each of eight readers sees of Ada there.

The addresses come from the resolver: a new one fails here until SHOWS says what it shows.
"""

from collections.abc import Iterator
from typing import Any

from django.core.cache import cache
from django.db import transaction
from django.test import Client, TestCase, override_settings
from django.urls import URLResolver, get_resolver

from microblog.tests.looks import ANY, DONE, HIDDEN, NOT_FOUND, QUIET, REFUSED, SHOWN, SHOWS, SIGN_IN, Look, says
from microblog.tests.world import READERS, World


def patterns(resolver: Any = None, before: str = "") -> Iterator[str]:
    """The pattern of every address; the administration, which Django makes and guards, is one."""
    for one in (resolver or get_resolver()).url_patterns:
        pattern = before + str(one.pattern)
        if pattern == "admin/":
            yield pattern
        elif isinstance(one, URLResolver):
            yield from patterns(one, pattern)
        else:
            yield pattern


@override_settings(RATE_LIMITS=False, LIBRETRANSLATE_URL="http://127.0.0.1:9")
class EveryAddress(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.world = World()

    def test_is_in_the_table_and_nothing_else_is(self):
        """A new address fails here: say in SHOWS what it shows of people and posts, and to whom."""
        known, there = set(SHOWS), set(patterns())
        self.assertEqual(there - known, set(), "Say in SHOWS what these show.")
        self.assertEqual(known - there, set(), "These are no addresses any more.")

    def test_shows_each_reader_what_they_may_see_and_no_more(self):
        clients = {name: Client() for name in READERS}
        for name, reader in self.world.readers.items():
            if reader:
                clients[name].force_login(reader)
        for pattern in patterns():
            for one in SHOWS.get(pattern, []):
                for name in READERS:
                    path = one.path(self.world, self.world.readers[name])
                    with self.subTest(path=path, method=one.method, reader=name):
                        self.assertEqual(self.outcome(clients[name], one, path, name), one.expected[name])

    def outcome(self, client: Client, one: Look, path: str, name: str) -> str:
        """What happens, in one word; whatever it changes is taken back."""
        cache.clear()
        client.cookies.pop("messages", None)
        wanted = one.expected[name]
        with transaction.atomic():
            if one.method == "post":
                response = client.post(path, one.sent)
            else:
                response = client.get(path, follow=one.follow, **one.sent)
            status = response.status_code
            seen = one.found(response) if status < 400 and status not in (204, 301, 302) else False
            self.assertFalse(status >= 300 and name != "author" and says(response), f"{status} says something")
            self.assertLess(status, 500)
            transaction.set_rollback(True)
        if wanted == ANY:
            return ANY
        location = response.headers.get("Location", "")
        chain = [address for address, _status in getattr(response, "redirect_chain", [])]
        if wanted != QUIET and any("/login/" in address for address in (location, *chain)):
            return SIGN_IN
        if wanted == QUIET and not seen:
            return QUIET
        if status in (404, 405):
            return NOT_FOUND if status == 404 else REFUSED
        if wanted == DONE:
            return DONE
        return SHOWN if seen else HIDDEN


class TheWalkItself(TestCase):
    def test_notices_an_address_that_shows_too_much(self):
        """Were sight blind, the walk would say so."""
        world = World()
        world.readers["muter"].unmute(world.ada)
        walk = EveryAddress()
        walk.world = world
        client = Client()
        client.force_login(world.readers["muter"])
        explore = SHOWS["explore/"][0]
        self.assertEqual(walk.outcome(client, explore, "/explore/", "muter"), SHOWN)
        self.assertEqual(explore.expected["muter"], HIDDEN)
