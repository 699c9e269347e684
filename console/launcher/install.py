"""`make setup`: everything a fresh machine needs, inside this folder; what is there is not done again.

Run by the machine's own Python before anything is installed, so it uses the standard library alone.
Each step is skipped while the hash of what it depends on is unchanged.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
FRONTEND = ROOT / "frontend"
REQUIREMENTS = ROOT / "requirements.txt"


class Missing(Exception):
    """Something that set-up needs is not there; the message says what to do."""


def digest(files: Iterable[Path]) -> str:
    """Return one hash over names and contents."""
    total = hashlib.sha256(sys.version.encode())
    for file in sorted(files):
        total.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes())
    return total.hexdigest()


def once(what: str, stamp: Path, fingerprint: str, step: Callable[[], None], makes: Path) -> None:
    """Run the step unless its stamp says that it ran with the same inputs and what it makes is there."""
    if makes.exists() and stamp.exists() and stamp.read_text() == fingerprint:
        return
    print(f"setup       | {what} ...", flush=True)
    started_at = time.monotonic()
    stamp.unlink(missing_ok=True)
    step()
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(fingerprint)
    print(f"setup       | done in {time.monotonic() - started_at:.0f} s", flush=True)


def run(*command: str | Path, cwd: Path = ROOT, advice: str) -> None:
    """Run a tool of the environment; raise Missing with the advice where it fails."""
    env = {**os.environ, "PATH": f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"}
    env.pop("DJANGO_SETTINGS_MODULE", None)
    result = subprocess.run([str(part) for part in command], cwd=cwd, env=env, check=False)
    if result.returncode != 0:
        raise Missing(f"{Path(command[0]).name} failed (exit code {result.returncode}). {advice}")


def make_environment() -> None:
    """Create .venv with this Python; a half-made one is removed first."""
    shutil.rmtree(VENV, ignore_errors=True)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    run(
        sys.executable,
        "-m",
        "venv",
        VENV,
        advice=f"This Python cannot make environments; on Debian or Ubuntu: apt install {version}-venv",
    )


def install_packages() -> None:
    """Install exactly the locked packages; a file with another hash is refused."""
    pip = [PYTHON, "-m", "pip", "--disable-pip-version-check", "--no-input", "-q"]
    run(
        *pip,
        "install",
        "--require-hashes",
        "--no-deps",
        "-r",
        REQUIREMENTS,
        advice="Check the network and the free disk space (0.6 GB), then repeat.",
    )


def install_frontend_packages() -> None:
    """Install exactly the locked packages of the frontend."""
    run(
        VENV / "bin" / "npm",
        "ci",
        "--no-audit",
        "--no-fund",
        "--loglevel=error",
        cwd=FRONTEND,
        advice="Check the network and the free disk space, then repeat.",
    )


def build_frontend() -> None:
    """Build the pages that the web process serves."""
    build = ["run", "build", "--silent", "--", "--logLevel", "error"]
    run(VENV / "bin" / "npm", *build, cwd=FRONTEND, advice="The lines above say why.")


def frontend_sources() -> list[Path]:
    """Return every file that the built frontend depends on."""
    skipped = {"node_modules", "dist"}
    return [
        file for file in FRONTEND.rglob("*") if file.is_file() and not skipped & set(file.relative_to(FRONTEND).parts)
    ]


def set_up() -> None:
    """Bring this folder to the state in which everything else works."""
    once("creating .venv", VENV / ".made-by", sys.version, make_environment, makes=PYTHON)
    once(
        "installing Python packages, about a minute the first time",
        VENV / ".installed",
        digest([REQUIREMENTS]),
        install_packages,
        makes=VENV / "bin" / "celery",
    )
    if (FRONTEND / "package-lock.json").exists():
        set_up_frontend()
    set_up_report_font()
    set_up_database()


def set_up_frontend() -> None:
    """Install the frontend's packages and build it."""
    modules = FRONTEND / "node_modules"
    locks = [FRONTEND / "package.json", FRONTEND / "package-lock.json"]
    once(
        "installing frontend packages",
        modules / ".installed",
        digest(locks),
        install_frontend_packages,
        makes=modules / ".bin" / "vite",
    )
    once(
        "building the frontend",
        modules / ".built",
        digest(frontend_sources()),
        build_frontend,
        makes=FRONTEND / "dist" / "index.html",
    )


def set_up_database() -> None:
    """Bring the database to the current shape; one that is named by DATABASE_URL is asked every time."""
    var = Path(os.environ.get("CMC_VAR") or ROOT / "var")
    embedded = var / "db.sqlite3"
    migrate = [PYTHON, "manage.py", "migrate", "-v", "0"]
    once(
        "preparing the database",
        var / ".migrated",
        digest([REQUIREMENTS, *ROOT.glob("*/migrations/*.py")]),
        lambda: run(*migrate, advice="The lines above say why; the database must be reachable."),
        makes=var / "never" if os.environ.get("DATABASE_URL") else embedded,
    )


def set_up_report_font() -> None:
    """Make the Chinese font of the PDF reports; everything else works without it, so a lack is only told."""
    cache = Path(os.environ.get("CMC_CACHE") or ROOT / "var" / "cache")
    command = [PYTHON, "manage.py", "build_report_font", "--again"]
    advice = "PDF reports cannot be made until a set-up succeeds."
    try:
        once(
            "making the Chinese font of the reports",
            cache / ".font-made",
            digest([FRONTEND / "package-lock.json"]),
            lambda: run(*command, advice=advice),
            makes=next(cache.glob("*.ttf"), cache / "no font yet"),
        )
    except Missing as missing:
        print(f"setup       | {missing}", flush=True)


if __name__ == "__main__":
    try:
        set_up()
    except Missing as missing:
        sys.exit(f"setup       | {missing}")
    except KeyboardInterrupt:
        sys.exit("setup       | interrupted; the next run goes on where this one ended")
