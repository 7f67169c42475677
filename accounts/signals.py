"""The custom signals of the project: accounts tells what happened to people and never knows who listens."""

from django.dispatch import Signal

followed = Signal()  # sends `follow`, the new Follow
visibility_changed = Signal()  # sends `user`, who was suspended or restored, in the transaction that does it
