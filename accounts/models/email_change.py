"""A change of e-mail address on its way: it holds once the new address has answered."""

from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models.user import User

SALT = "accounts.email_change"
CONFIRM_WITHIN = timedelta(days=1)


class EmailTakenError(Exception):
    """Somebody else has the address by now."""


class EmailChangeManager(models.Manager["EmailChange"]):
    @transaction.atomic
    def start(self, member: User, email: str) -> "EmailChange":
        """Ask for `email` to become the address of `member`; what they asked for before is forgotten."""
        User.objects.select_for_update().get(pk=member.pk)  # one at a time, or two would break email_change_once
        self.filter(user=member.pk, confirmed_at=None).delete()
        return self.create(user_id=member.pk, email=email)

    def by_token(self, token: str) -> "EmailChange | None":
        """The change whose link this is, while it can be confirmed."""
        try:
            pk = signing.loads(token, salt=SALT, max_age=CONFIRM_WITHIN)
        except signing.BadSignature:
            return None
        return self.filter(pk=pk, confirmed_at=None).first()


class EmailChange(models.Model):
    """One change: asked for, then confirmed. The row goes when the old address was told."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="email_changes")
    email = models.EmailField()
    old_email = models.EmailField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    confirmed_at = models.DateTimeField(null=True)

    objects = EmailChangeManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user"], condition=Q(confirmed_at=None), name="email_change_once")
        ]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.email}"

    @property
    def token(self) -> str:
        """What the link holds: it names this row, expires, and can't be made by anybody else."""
        return signing.dumps(self.pk, salt=SALT)

    @property
    def is_open(self) -> bool:
        return self.confirmed_at is None and timezone.now() - self.created_at < CONFIRM_WITHIN

    def confirm(self) -> bool:
        """Make the new address the member's. Return whether this call did it: twice is once.

        Raise EmailTakenError when somebody else has it by now.
        """
        try:
            with transaction.atomic():
                member = User.objects.select_for_update().get(pk=self.user_id)
                now = timezone.now()
                asked = EmailChange.objects.filter(pk=self.pk, confirmed_at=None)
                if not asked.update(confirmed_at=now, old_email=member.email):
                    return False
                self.confirmed_at, self.old_email = now, member.email
                member.email = self.email
                member.save(update_fields=["email", "email_key"])
        except IntegrityError as error:
            raise EmailTakenError from error
        return True
