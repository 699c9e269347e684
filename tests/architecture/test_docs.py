"""What the documents promise exists: commands, targets, files and a README in every package."""

import re
import subprocess
from pathlib import Path

import pytest
from django.core.management import get_commands

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("console", "trading", "risk", "audit", "frontend", "docker")
PACKAGE_README_LINES_MAX = 80


def documents() -> list[Path]:
    return [ROOT / "README.md", *(ROOT / package / "README.md" for package in PACKAGES)]


def text() -> str:
    return "\n".join(document.read_text() for document in documents())


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_says_what_it_is_for_on_one_page(package):
    lines = (ROOT / package / "README.md").read_text().splitlines()

    assert 5 < len(lines) <= PACKAGE_README_LINES_MAX


def test_every_manage_command_that_is_named_exists():
    named = set(re.findall(r"manage\.py ([a-z_]+)", text()))

    assert named <= set(get_commands()), named - set(get_commands())


def test_every_make_target_that_is_named_exists():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"`make ([a-z-]+)", text())) | set(re.findall(r"^make ([a-z-]+)", text(), re.MULTILINE))

    assert named <= targets, named - targets


def test_every_file_that_is_linked_exists():
    missing = [
        f"{document.relative_to(ROOT)} -> {link}"
        for document in documents()
        for link in re.findall(r"\]\((?!https?://|#)([^)#]+)", document.read_text())
        if not (document.parent / link).exists()
    ]

    assert not missing


def test_nothing_at_the_top_but_the_agreed_folders_and_files():
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    folders = {line.split("/")[0] for line in tracked.splitlines() if "/" in line}

    assert folders <= {*PACKAGES, "tests", ".ci"}
