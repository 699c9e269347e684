"""Passwords for people who were declared in a file and have none yet."""

import os
from collections.abc import Callable
from pathlib import Path

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import transaction

HEADER = "# Generated logins of this installation. Delete the file when everybody has them."


def generate_logins(path: Path, *, choose: Callable[[], str]) -> int:
    """Give every user without a password one, append name, roles and password to `path`, return how many.

    The file is readable by its owner alone and is written before the passwords count: a crash in between leaves
    lines that do not work, never users that nobody can be.
    """
    users = get_user_model().objects.filter(password__startswith=UNUSABLE_PASSWORD_PREFIX, is_active=True)
    chosen = [(user, choose()) for user in users.order_by("username").prefetch_related("groups")]
    if not chosen:
        return 0
    names = {user.get_username() for user, _ in chosen}
    kept = [line for line in _lines(path) if line.split()[:1] and line.split()[0] not in names]
    new = [_line(user, password) for user, password in chosen]
    _write_private(path, [HEADER, *(line for line in kept if line != HEADER), *new])
    with transaction.atomic():
        for user, password in chosen:
            user.set_password(password)
            user.save(update_fields=["password"])
    return len(chosen)


def _line(user: object, password: str) -> str:
    roles = ",".join(sorted(group.name for group in user.groups.all()))  # type: ignore[attr-defined]
    return f"{user.get_username():<12} {password}  {roles}"  # type: ignore[attr-defined]


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def _write_private(path: Path, lines: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + ".new")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write("\n".join(lines) + "\n")
    beside.replace(path)
