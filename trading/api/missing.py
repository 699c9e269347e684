"""Turns "there is no such row" into 404."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404


@contextmanager
def as_404() -> Iterator[None]:
    """Answer 404 when the block asks for a row that does not exist."""
    try:
        yield
    except ObjectDoesNotExist as missing:
        raise Http404 from missing
