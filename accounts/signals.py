"""What accounts tells without knowing who listens: `accounts` never imports what people say."""

from django.dispatch import Signal

followed = Signal()  # sends `follow`, the new Follow
unfollowed = Signal()  # sends `follower` and `followed`, whose Follow is gone
blocked = Signal()  # sends `block`, the new Block
muted = Signal()  # sends `mute`, the new Mute
visibility_changed = Signal()  # sends `user`, who was suspended or restored, in the transaction that does it
