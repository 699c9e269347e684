"""How a request proves who sends it; the REST framework reads this while it loads, so it stands alone."""

from rest_framework.authentication import SessionAuthentication as BaseSessionAuthentication
from rest_framework.request import Request


class SessionAuthentication(BaseSessionAuthentication):
    """Answers 401, not 403, to somebody who is not logged in: the frontend must tell them apart."""

    def authenticate_header(self, request: Request) -> str:
        return "Session"
