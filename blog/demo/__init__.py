"""The demo: a believable small community, so that every page of a new site has something to show.

Forty people (people.toml), six hundred posts of recent weeks in English, Spanish and Russian (posts.*.toml), and what
they say to one another (talk.toml), all invented. `load` reads them; the command `manage.py demo` makes members and
posts out of them (`make`), and likes, reposts, messages and notifications (`deeds`).
"""
