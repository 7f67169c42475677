from accounts.models.departure import Departure
from accounts.models.email_change import EmailChange
from accounts.models.relations import Follow
from accounts.models.session import Session
from accounts.models.user import User

__all__ = ["Departure", "EmailChange", "Follow", "Session", "User"]
