"""Secrets of an installation that was given none: made once, kept in a file that only its owner reads."""

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, repr=False)
class LocalSecrets:
    """Generated keys; never printed, which is why there is no repr."""

    secret_key: str
    redis_password: str


def load_or_create(path: Path) -> LocalSecrets:
    """Return the secrets in `path`, making them first where there are none.

    Two processes may start at once: the file appears whole through a hard link, and the loser of the
    race reads the winner's. Raises ValueError, naming the file, where its content cannot be used.
    """
    if not path.exists():
        _create(path)
    try:
        return LocalSecrets(**json.loads(path.read_text()))
    except (ValueError, TypeError):
        raise ValueError(
            f"{path} is not a secrets file. Restore it from a backup, or remove it to log everybody out."
        ) from None


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = LocalSecrets(secret_key=secrets.token_urlsafe(50), redis_password=secrets.token_urlsafe(32))
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(asdict(fresh), file)
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()
