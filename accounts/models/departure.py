"""A member's wish to leave: their account is deleted when the time of grace is over, unless they come back."""

from datetime import timedelta

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone

from accounts.models.user import User

GRACE = timedelta(days=14)


class DepartureQuerySet(models.QuerySet["Departure"]):
    def due(self) -> "DepartureQuerySet":
        return self.filter(due_at__lte=timezone.now())

    def ask(self, member: User) -> "Departure":
        """`member` wants to leave: they are signed out everywhere. Asking twice moves nothing. Return the Departure."""
        with transaction.atomic():
            departure, _made = self.get_or_create(user=member)
            member.end_sessions()
        return departure

    def cancel(self, member: User) -> bool:
        """`member` came back. Return whether they had wanted to leave."""
        return bool(self.filter(user=member, begun_at=None).delete()[0])


def _end_of_grace() -> object:
    return timezone.now() + GRACE


class Departure(models.Model):
    """One for a member who leaves. Once removing has begun there is no way back."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="departure")
    asked_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(default=_end_of_grace, db_index=True)
    begun_at = models.DateTimeField(null=True)

    objects = DepartureQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.user_id} leaves on {self.due_at:%Y-%m-%d}"

    def begin(self) -> bool:
        """From now on it can't be cancelled. Return False when it was cancelled just before."""
        return bool(Departure.objects.due().filter(pk=self.pk).update(begun_at=timezone.now()))
