"""People and hashtags by how they begin, in the order of their names, a page at a time."""

from typing import Any

from django.db.models import Exists, OuterRef, Q

from accounts.models import NameWord, User
from accounts.models.names import begins, plain
from accounts.validators import fold
from blog import text
from blog.models import Post, Tag

PAGE = 20
MAX_WORDS = 5


def people(asked: str, viewer: Any, after: str = "") -> tuple[list[User], str]:
    """A page of the people of whom each word of `asked` begins the username or a word of the name.

    Also the cursor of the next page, "" on the last. `after` is such a cursor. `viewer` sees whom they may see: they
    ask by name, so also whom they have muted.
    """
    typed = [word.lstrip("@＠")[:64] for word in text.clean(asked[:500]).split()[:MAX_WORDS]]
    typed = [word for word in typed if fold(word) and plain(word)]
    if not typed:
        return [], ""
    shown = User.objects.visible_to(viewer).filter(username_key__gt=after)
    for word in typed[1:]:
        shown = shown.filter(_named(word))
    # Two lists by an index each, and the beginning of both: one condition with "or" would look at everybody.
    by_username = shown.filter(begins("username_key", fold(typed[0])))
    by_name = shown.filter(pk__in=NameWord.objects.filter(begins("word", plain(typed[0]))).values("person"))
    first = [rows.order_by("username_key").values_list("pk", flat=True)[: PAGE + 1] for rows in (by_username, by_name)]
    rows = list(User.objects.filter(pk__in={*first[0], *first[1]}).order_by("username_key")[: PAGE + 1])
    return rows[:PAGE], rows[PAGE - 1].username_key if len(rows) > PAGE else ""


def _named(word: str) -> Q:
    names = NameWord.objects.filter(begins("word", plain(word)), person=OuterRef("pk"))
    return begins("username_key", fold(word)) | Q(Exists(names))


def tags(asked: str, viewer: Any, after: str = "", limit: int = PAGE) -> tuple[list[str], str]:
    """A page of the hashtags that begin like `asked`, and the cursor of the next one.

    A hashtag on nothing that `viewer` may see is a word of somebody who is not to be seen.
    """
    beginning = text.fold(text.clean(asked[:500]))
    if not beginning:
        return [], ""
    used = Post.objects.heard_by(viewer).filter(tagging__tag=OuterRef("pk"))
    found = Tag.objects.filter(begins("name", beginning), Exists(used), name__gt=after)
    names = list(found.order_by("name").values_list("name", flat=True)[: limit + 1])
    return names[:limit], names[limit - 1] if len(names) > limit else ""
