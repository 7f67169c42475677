"""A member: who they are, and the verbs by which members stand to one another."""

import unicodedata
from datetime import timedelta
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import PermissionsMixin
from django.contrib.auth.models import UserManager as DjangoUserManager
from django.db import models, transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import sight
from accounts.models.fields import FoldedField
from accounts.models.names import NameWord, words_of
from accounts.models.relations import Block, Follow, Mute
from accounts.signals import blocked, followed, muted, unfollowed, visibility_changed
from accounts.validators import MaxCharacters, fold, validate_username

SEEN_EVERY = timedelta(minutes=1)  # last seen is written at most this often


class UserQuerySet(models.QuerySet["User"]):
    def active(self) -> "UserQuerySet":
        """Everybody who is not suspended."""
        return self.filter(suspended_at=None)

    def named(self, *names: str) -> "UserQuerySet":
        """The people of these usernames, whatever their case."""
        return self.filter(username_key__in=[fold(name) for name in names])

    def known_as(self, login: str) -> "User | None":
        """The member with this username or e-mail address, whatever the case. A username can't hold an @."""
        column = "email_key" if "@" in login else "username_key"
        return self.filter(**{column: fold(login.strip())}).first()

    def visible_to(self, viewer: object) -> "UserQuerySet":
        """Whom `viewer` may see: staff see the suspended too."""
        return self.filter(sight.visible(viewer))

    def heard_by(self, viewer: object) -> "UserQuerySet":
        """Who may turn up where `viewer` did not ask for them: visible, and not muted."""
        return self.filter(sight.heard(viewer))

    def apart_from(self, viewer: object) -> "UserQuerySet":
        """With whom `viewer` may have a conversation: no block stands between them, for staff neither."""
        return self.filter(sight.apart(viewer))

    def hearing(self, person: "User") -> "UserQuerySet":
        """Those by whom `person` is heard."""
        return self.filter(sight.hearing(person))

    def bulk_create(self, objs: Any, *args: Any, **options: Any) -> "list[User]":  # type: ignore[override]
        """As Django's, and people are found by their names from then on."""
        made = super().bulk_create(objs, *args, **options)
        words = [NameWord(person=person, word=word) for person in made for word in sorted(words_of(person))]
        NameWord.objects.bulk_create(words, ignore_conflicts=True)
        return made  # type: ignore[return-value]


class UserManager(DjangoUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    """Makes members; finds them by username whatever its case."""

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(username_key=fold(username or ""))

    def _create_user_object(self, username: str, email: str | None, password: str | None, **extra: object) -> "User":
        user = self.model(username=unicodedata.normalize("NFC", username), email=email or "", **extra)
        user.set_password(password)
        return user

    def create_user(
        self, username: str, email: str | None = None, password: str | None = None, **extra: object
    ) -> "User":
        """A member with this name; without a password they can't sign in until they reset it."""
        user = self._create_user_object(username, email, password, **extra)
        user.save(using=self._db)
        return user

    def create_superuser(
        self, username: str, email: str | None = None, password: str | None = None, **extra: object
    ) -> "User":
        return self.create_user(username, email, password, **{**extra, "is_staff": True, "is_superuser": True})


class User(AbstractBaseUser, PermissionsMixin):
    """A member of the site."""

    class Avatar(models.TextChoices):
        SHAPES = "shapes", _("A drawing made from my name")
        LETTER = "letter", _("My first letter")
        GRAVATAR = "gravatar", _("My picture at Gravatar")

    class Writers(models.TextChoices):
        EVERYONE = "everyone", _("Everyone")
        FOLLOWED = "followed", _("People I follow")
        NOBODY = "nobody", _("Nobody")

    # Django's 128 is too short for the scrypt hashes that a Flask Microblog brings.
    password = models.CharField(_("password"), max_length=300)
    username = models.CharField(_("username"), max_length=64, validators=[validate_username])
    username_key = FoldedField(max_length=255, source="username", fold=fold)
    name = models.CharField(_("name"), max_length=64, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    email_key = FoldedField(max_length=512, source="email", fold=fold)
    about = models.TextField(_("about"), blank=True, validators=[MaxCharacters(140)])
    language = models.CharField(_("language"), max_length=12, blank=True)
    # Other languages they read, as microblog.languages has them, with spaces between: no column costs less to load.
    reads = models.CharField(_("languages read"), max_length=300, blank=True, default="", db_default="")
    # "" until they choose: the site's way (AVATARS).
    avatar = models.CharField(_("avatar"), max_length=8, choices=Avatar, blank=True, default="")
    avatar_seed = models.PositiveSmallIntegerField(default=0)
    # Who may begin a conversation with them, or go on with one.
    messages_from = models.CharField(
        _("who may write to me"), max_length=8, choices=Writers, default=Writers.EVERYONE, db_default="everyone"
    )
    shortcuts = models.BooleanField(_("keyboard shortcuts"), default=True)
    is_staff = models.BooleanField(_("staff"), default=False, help_text=_("Can sign in to the administration."))
    created_at = models.DateTimeField(_("joined"), default=timezone.now, editable=False)
    last_seen_at = models.DateTimeField(_("last seen"), null=True, blank=True, editable=False)
    suspended_at = models.DateTimeField(_("suspended since"), null=True, blank=True, editable=False)
    # Kept in the transaction of the change; `manage.py recount` proves them.
    post_count = models.PositiveIntegerField(default=0, editable=False)
    follower_count = models.PositiveIntegerField(default=0, editable=False)
    following_count = models.PositiveIntegerField(default=0, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["email"]

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        permissions = [("suspend_user", "Can suspend and restore people")]
        constraints = [
            models.UniqueConstraint(fields=["username_key"], name="username_ci_unique"),
            models.UniqueConstraint(fields=["email_key"], name="email_ci_unique", condition=~Q(email_key="")),
            models.CheckConstraint(condition=~Q(username_key=""), name="username_not_empty"),
        ]
        indexes = [
            models.Index(fields=["suspended_at"], name="suspended", condition=Q(suspended_at__isnull=False)),
            # For the search of moderators: a plain index of PostgreSQL finds beginnings only in the C locale.
            models.Index(fields=["username_key"], name="username_prefix", opclasses=["varchar_pattern_ops"]),
            models.Index(fields=["email_key"], name="email_prefix", opclasses=["varchar_pattern_ops"]),
            models.Index(fields=["-id"], name="staff", condition=Q(is_staff=True)),
        ]

    def __str__(self) -> str:
        return self.username

    def save(self, *args: Any, **options: Any) -> None:
        """As Django's, and they are found by the name that they have now."""
        fields = options.get("update_fields")
        with transaction.atomic():
            super().save(*args, **options)
            if fields is None or {"name", "username"} & set(fields):
                NameWord.objects.keep(self)

    def get_absolute_url(self) -> str:
        return reverse("blog:person", args=[self.username])

    @property
    def is_active(self) -> bool:  # type: ignore[override] # a time says more than Django's flag
        """Whether they may sign in, as Django's auth asks it."""
        return self.suspended_at is None

    @property
    def shown_name(self) -> str:
        """The name they chose, or their username."""
        return self.name or self.username

    @property
    def stamp(self) -> tuple:
        """Everything of them that their own bar shows: a piece kept under it is true (`{% kept %}`)."""
        face = (self.avatar, self.avatar_seed, self.email_key)
        return (self.pk, self.username, self.name, *face, self.is_staff, self.shortcuts)

    @property
    def languages_read(self) -> frozenset[str]:
        """The languages of which they need no translation, besides the one the site speaks to them."""
        return frozenset(self.reads.split())

    get_full_name = get_short_name = lambda self: self.shown_name

    def follow(self, other: "User") -> Follow | None:
        """Follow `other`; following twice is one follow. Return the Follow; None where a block stands between them."""
        with transaction.atomic():
            hold(self, other)
            if sight.ties(self, other).apart:
                return None
            follow, created = Follow.objects.get_or_create(follower=self, followed=other)
            if created:
                count_follow(self.pk, other.pk, 1)
                followed.send(sender=Follow, follow=follow)
        return follow

    def unfollow(self, other: "User") -> None:
        """Stop following `other`; nothing happens if they weren't followed."""
        with transaction.atomic():
            gone, _rows = Follow.objects.filter(follower=self, followed=other).delete()
            if gone:
                count_follow(self.pk, other.pk, -1)
                unfollowed.send(sender=Follow, follower=self, followed=other)

    def follows(self, other: "User") -> bool:
        return Follow.objects.filter(follower=self.pk, followed=other.pk).exists()

    def block(self, other: "User") -> Block:
        """Part from `other`: follows end both ways, and neither sees the other. Twice is once."""
        with transaction.atomic():
            hold(self, other)
            block, created = Block.objects.get_or_create(blocker=self, blocked=other)
            if created:
                self.unfollow(other)
                other.unfollow(self)
                blocked.send(sender=Block, block=block)
        return block

    def unblock(self, other: "User") -> None:
        """Be visible to one another again; the follows of before don't come back."""
        Block.objects.filter(blocker=self, blocked=other).delete()

    def mute(self, other: "User") -> Mute:
        """Be shown nothing of `other` any more; twice is one mute. Return the Mute."""
        with transaction.atomic():
            mute, created = Mute.objects.get_or_create(muter=self, muted=other)
            if created:
                muted.send(sender=Mute, mute=mute)
        return mute

    def unmute(self, other: "User") -> None:
        Mute.objects.filter(muter=self, muted=other).delete()

    def may_write_to(self, other: "User", between: sight.Ties | None = None) -> bool:
        """Whether `other` takes messages of theirs: as they chose, and if they are in sight of each other.

        `between` is how they stand to one another, where that is known already.
        """
        if self.pk == other.pk or self.suspended_at or other.suspended_at:
            return False
        between = between or sight.ties(self, other)
        wanted = other.messages_from
        followed = wanted == self.Writers.FOLLOWED and between.follows_you
        return not between.apart and (wanted == self.Writers.EVERYONE or followed)

    def end_sessions(self, *, but: str | None = None) -> int:
        """Sign out everywhere, or everywhere but in the session of this key. Return how many sessions ended."""
        return self.sessions.exclude(pk=but).delete()[0]

    def suspend(self) -> None:
        """Deactivate: they can't sign in, their sessions end, their posts and profile are hidden."""
        with transaction.atomic():
            User.objects.filter(pk=self.pk, suspended_at=None).update(suspended_at=timezone.now())
            self.sessions.all().delete()
            visibility_changed.send(sender=User, user=self)
        self.refresh_from_db(fields=["suspended_at"])

    def restore(self) -> None:
        """Reactivate somebody who was suspended."""
        with transaction.atomic():
            User.objects.filter(pk=self.pk).update(suspended_at=None)
            visibility_changed.send(sender=User, user=self)
        self.suspended_at = None


def hold(*people: User) -> None:
    """Let nobody else change, until the transaction ends, how these people stand to one another."""
    rows = User.objects.filter(pk__in=[person.pk for person in people]).order_by("pk")
    list(rows.select_for_update(no_key=True).values_list("pk"))


def count_follow(follower: int, followed_pk: int, step: int) -> None:
    """Keep both counters, always in the order of the keys, so that two of these can't lock each other out."""
    changes = {follower: {"following_count": F("following_count") + step}}
    changes[followed_pk] = {"follower_count": F("follower_count") + step}
    for pk in sorted(changes):
        User.objects.filter(pk=pk).update(**changes[pk])
