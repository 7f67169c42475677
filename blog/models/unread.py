"""How much a member has not read: one statement, which stops counting where the badge does."""

from typing import NamedTuple

from django.db import connection
from django.utils import timezone

from accounts.models.sight import IS_SUSPENDED, UNTIED
from microblog import prepared

AT_MOST = 100  # shown as "99+"
# A message is counted once, with the conversations, though it is among the notifications, too; and not from whom the
# member doesn't want to hear. Of the notifications they are gone already, but for those suspended meanwhile.
NOTIFICATIONS = f"""
    (SELECT count(*) FROM (SELECT 1 FROM blog_notification n
      WHERE n.owner_id = {{of}} AND NOT n.read AND n.kind <> 'message'
        AND NOT (n.count = 1 AND {IS_SUSPENDED.format(person="n.actor_id")}) LIMIT {AT_MOST}) a)"""  # noqa: S608
MESSAGES = f"""
    (SELECT count(*) FROM (SELECT 1 FROM blog_side c
      WHERE c.owner_id = {{of}} AND c.unread > 0 AND {UNTIED.format(reader="{of}", person="c.other_id")}
      LIMIT {AT_MOST}) b)"""  # noqa: S608 - of constants
COUNTS = f"{NOTIFICATIONS}, {MESSAGES}"
OF_MEMBER = f"SELECT {COUNTS.format(of='{member}')}"
# With the session of a request for a page: its badge costs no statement of its own.
WITH_SESSION = {
    "notifications": NOTIFICATIONS.format(of="s.user_id"),
    "messages": MESSAGES.format(of="s.user_id"),
}
# From the key of a session to the counts: a row is there only while somebody is signed in, and theirs is not locked.
OF_SESSION = f"""
    SELECT {COUNTS.format(of="u.id")} FROM accounts_session s JOIN accounts_user u ON u.id = s.user_id
     WHERE s.session_key = {{key}} AND s.expire_date > {{now}} AND u.suspended_at IS NULL
"""  # noqa: S608 - of constants


class Unread(NamedTuple):
    """Groups of notifications and conversations, AT_MOST of each."""

    notifications: int = 0
    messages: int = 0

    @property
    def total(self) -> int:
        return self.notifications + self.messages


def unread_of(member_pk: int) -> Unread:
    return Unread(*prepared.fetch("unread_of_member", OF_MEMBER, {"member": ("bigint", member_pk)})[0])


def unread_by(session_key: str) -> Unread | None:
    """Of the member whose session this is; None where nobody is signed in with it any more."""
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    params = {"key": ("text", session_key), "now": ("timestamptz", now)}
    rows = prepared.fetch("unread_of_session", OF_SESSION, params)
    return Unread(*rows[0]) if rows else None
