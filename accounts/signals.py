"""The one custom signal of the project: accounts tells that somebody was followed and never knows who listens."""

from django.dispatch import Signal

followed = Signal()  # sends `follow`, the new Follow
