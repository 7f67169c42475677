from accounts.models.departure import Departure
from accounts.models.email_change import EmailChange
from accounts.models.names import NameWord
from accounts.models.relations import Block, Follow, Mute
from accounts.models.session import Session
from accounts.models.user import User

__all__ = ["Block", "Departure", "EmailChange", "Follow", "Mute", "NameWord", "Session", "User"]
