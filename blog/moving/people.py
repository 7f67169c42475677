"""Members: each keeps name, address, about and password where the rules here allow it."""

import unicodedata
from datetime import datetime
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone

from accounts.hashers import ForeignHashError, adopt
from accounts.models import User
from accounts.validators import fold
from blog.models import ImportedRow
from blog.moving import plan
from blog.moving.move import GONE, Move, batches

COLUMNS = ["id", "username", "email", "password_hash", "about_me", "last_seen"]
PERSON = ImportedRow.Kind.PERSON


def move_people(move: Move) -> None:
    """Make a member of everybody who isn't one yet, and learn who is who."""
    _recall(move)
    move.progress.start("people", move.source.count("user"))
    claims = Claims(move)
    joined = {who: plan.moment(time) for who, time in move.source.earliest("post", "timestamp", "user_id")}
    for batch in batches(move.source.rows("user", COLUMNS, order=["id"], times=["last_seen"])):
        new = [row for row in batch if row[0] not in move.people]
        _tell_of_known(move, batch)
        gone = [row[0] for row in batch if move.people.get(row[0]) == GONE]
        move.report.known["people"] += len(batch) - len(new) - len(gone)
        for old_id in gone:
            move.report.leave("people who have left this site", old_id)
        claims.look_up(new)
        people = {row[0]: _person(move, claims, row, joined.get(row[0])) for row in new}
        _write(move, people)
        move.step(len(batch))
    move.progress.end()


def _recall(move: Move) -> None:
    """Find those whom an earlier run took, under whatever name they have now, if they are still here."""
    moved = ImportedRow.objects.of(move.name, PERSON).values_list("old_id", "new_id").order_by("old_id")
    for batch in batches(moved):
        here = set(User.objects.filter(pk__in=[new for _old, new in batch]).values_list("pk", flat=True))
        move.people.update((old, new if new in here else GONE) for old, new in batch)


def _tell_of_known(move: Move, batch: list[tuple]) -> None:
    """Say of those whom an earlier run took what is otherwise here: it may have been killed before it could."""
    here = User.objects.in_bulk({move.people[row[0]] for row in batch if row[0] in move.people} - {GONE})
    for old_id, name, email, *_rest in batch:
        person = here.get(move.people.get(old_id, GONE))
        if person and person.username != _name(name):
            reason = "people from an earlier run who have another name here"
            move.report.change(reason, f"{_name(name) or 'no name'} ({old_id}) is {person.username} now")
        if person and _email(email) and not person.email:
            reason = "people from an earlier run who have no e-mail address here"
            move.report.change(reason, f"{person.username} ({old_id}): {_email(email)}")


class Claims:
    """Who gets which name and address. The same people get the same ones, in one run or in several.

    Whoever bears a good name keeps it, so that nobody is called what somebody else there is called; of two who differ
    in case only, the older account. Nobody is ever joined with a member of this site: that would hand over an account.
    """

    def __init__(self, move: Move) -> None:
        self.owner_of_name: dict[str, int] = {}
        self.owner_of_email: dict[str, int] = {}
        self.given: set[str] = set()
        self.here: set[str] = set()
        self.emails_here: set[str] = set()
        for old_id, old_name, old_email in move.source.rows("user", ["id", "username", "email"], order=["id"]):
            name, email = _name(old_name), _email(old_email)
            if plan.is_good_name(name):
                self.owner_of_name.setdefault(fold(name), old_id)
            if plan.good_email(email):
                self.owner_of_email.setdefault(fold(email), old_id)

    def look_up(self, batch: list[tuple]) -> None:
        """Ask once which of a batch's names and addresses are taken on this site."""
        names, emails = [fold(_name(row[1])) for row in batch], [fold(_email(row[2])) for row in batch]
        self.here = set(User.objects.filter(username_key__in=names).values_list("username_key", flat=True))
        here = User.objects.filter(email_key__in=emails).exclude(email_key="")
        self.emails_here = set(here.values_list("email_key", flat=True))

    def keeps(self, old_id: int, name: str) -> bool:
        key = fold(name)
        return self.owner_of_name.get(key) == old_id and key not in self.here and key not in self.given

    def another(self, old_id: int, name: str) -> str:
        """The best name that is like `name` and free."""
        return next(other for other in plan.other_names(name, old_id) if self._is_free(fold(other)))

    def _is_free(self, key: str) -> bool:
        taken = key in self.given or key in self.owner_of_name
        return not taken and not User.objects.filter(username_key=key).exists()


def _name(value: Any) -> str:
    return unicodedata.normalize("NFC", plan.as_text(value))


def _email(value: Any) -> str:
    return plan.as_text(value).strip()


def _person(move: Move, claims: Claims, row: tuple, joined: datetime | None) -> User:
    """The member that this row becomes."""
    old_id, name, email, pwhash, about, seen = row
    last_seen = plan.moment(seen)
    name = _claim_name(move, claims, old_id, _name(name))
    return User(
        username=name,
        email=_claim_email(move, claims, old_id, name, _email(email)),
        password=_password(move, old_id, name, plan.as_text(pwhash)),
        about=_about(move, old_id, name, plan.as_text(about)),
        last_seen_at=last_seen,
        # The old database doesn't say when somebody joined: it was at their first sign of life at the latest.
        created_at=min((time for time in (joined, last_seen) if time), default=timezone.now()),
    )


def _claim_name(move: Move, claims: Claims, old_id: int, old: str) -> str:
    if claims.keeps(old_id, old):
        name = old
    else:
        name = claims.another(old_id, old)
        good = plan.is_good_name(old)
        reason = "names that somebody else has" if good else "names that can't be used here"
        move.report.change(reason, f"{old or 'no name'} ({old_id}) is {name} now")
    claims.given.add(fold(name))
    return name


def _claim_email(move: Move, claims: Claims, old_id: int, name: str, email: str) -> str:
    key = fold(email)
    if not plan.good_email(email):
        reason = "people without an e-mail address, because theirs is none"
    elif claims.owner_of_email.get(key) != old_id:
        reason = "people without an e-mail address, because theirs differs from an older account's in case only"
    elif key in claims.emails_here:
        reason = "people without an e-mail address, because a member of this site has it"
    else:
        return email
    move.report.change(reason, f"{name} ({old_id}): {email or 'no address'}")
    return ""


def _password(move: Move, old_id: int, name: str, pwhash: str) -> str:
    try:
        return adopt(pwhash)
    except ForeignHashError as error:
        reason = str(error) if pwhash else "there is none"
        move.report.change("people who have to reset their password", f"{name} ({old_id}): {reason}")
        return make_password(None)


def _about(move: Move, old_id: int, name: str, about: str) -> str:
    short = plan.short_about(about)
    if short != about:
        move.report.change("texts about people that were cut at 140 characters", f"{name} ({old_id})")
    return short


def _write(move: Move, people: dict[int, User]) -> None:
    if move.dry_run:
        move.people.update((old_id, -1) for old_id in people)
    else:
        with transaction.atomic():
            User.objects.bulk_create(people.values())
            move.remember(PERSON, (((old_id, 0), user.pk) for old_id, user in people.items()))
        move.people.update((old_id, user.pk) for old_id, user in people.items())
    move.report.taken["people"] += len(people)
