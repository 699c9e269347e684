"""Tells the OpenAPI document how a request proves who sends it; loaded with the URLs."""

from drf_spectacular.authentication import SessionScheme as BaseSessionScheme


class SessionScheme(BaseSessionScheme):
    target_class = "console.sessions.SessionAuthentication"
