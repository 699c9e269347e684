"""The product's settings with a folder of their own, so that no test touches an installation."""

import atexit
import os
import shutil
import tempfile

_var = tempfile.mkdtemp(prefix="cmc-test-")
atexit.register(shutil.rmtree, _var, ignore_errors=True)
os.environ["CMC_VAR"] = _var

from console.settings import *  # noqa: E402, F403
from console.settings import DATABASES  # noqa: E402

# A file, because threads and child processes of a test must see the same rows. It may be lost on a
# power cut, unlike the product's.
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["TEST"] = {"NAME": os.path.join(_var, "test.sqlite3")}
    DATABASES["default"]["OPTIONS"]["init_command"] = "PRAGMA journal_mode=WAL;PRAGMA synchronous=OFF;"

# Argon2 is slow on purpose; tests of logins would wait for it a thousand times.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
