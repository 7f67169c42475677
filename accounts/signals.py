"""What accounts tells without knowing who listens: `accounts` never imports what people say."""

from django.dispatch import Signal

followed = Signal()  # sends `follow`, the new Follow
blocked = Signal()  # sends `block`, the new Block
