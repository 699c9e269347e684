"""The check's verdict counts what ran, and what should have run and did not."""

import subprocess
import sys
from pathlib import Path

import pytest

VERDICT = Path(__file__).resolve().parents[2] / ".ci" / "verdict.py"
PASSED = '<testcase classname="tests.a" name="ok"/>'
FAILED = '<testcase classname="tests.a" name="bad"><failure message="no"/></testcase>'
NOT_RUN = '<testcase classname="tests.a" name="away"><skipped message="not run: install Chromium"/></testcase>'
VITEST = "\x1b[2m      Tests \x1b[22m \x1b[1m\x1b[32m7 passed\x1b[39m\x1b[22m\x1b[90m (7)\x1b[39m\n"


@pytest.fixture
def reports(tmp_path):
    """A run in which everything passed: 3 Python, 7 frontend, 1 browser, 1 PostgreSQL."""
    for part, cases in {"python": PASSED * 3, "browser": PASSED, "postgres": PASSED}.items():
        (tmp_path / f"{part}.xml").write_text(f"<testsuites><testsuite>{cases}</testsuite></testsuites>")
    for part in ("python", "frontend", "browser", "postgres"):
        (tmp_path / f"test-{part}.status").write_text("0")
        (tmp_path / f"test-{part}.log").write_text(VITEST if part == "frontend" else "")
    return tmp_path


def verdict(reports: Path) -> tuple[int, str]:
    result = subprocess.run([sys.executable, str(VERDICT), str(reports)], capture_output=True, text=True, check=False)
    return result.returncode, result.stdout.splitlines()[-1]


def test_all_parts_are_added_up(reports):
    assert verdict(reports) == (0, "12 passed, 0 failed")


def test_a_failed_test_fails_the_check(reports):
    (reports / "browser.xml").write_text(f"<testsuite>{PASSED}{FAILED}</testsuite>")

    assert verdict(reports) == (1, "12 passed, 1 failed")


def test_a_test_that_this_machine_should_have_run_counts_as_failed(reports):
    (reports / "python.xml").write_text(f"<testsuite>{PASSED}{NOT_RUN}</testsuite>")

    assert verdict(reports) == (1, "10 passed, 1 failed")


def test_a_part_that_ran_nothing_counts_as_failed(reports):
    (reports / "postgres.xml").unlink()

    assert verdict(reports) == (1, "11 passed, 1 failed")


def test_a_part_that_broke_off_counts_as_failed(reports):
    (reports / "test-frontend.status").write_text("2")

    assert verdict(reports) == (1, "12 passed, 1 failed")
