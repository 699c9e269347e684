"""Adds up what the parts of one run reported and prints the verdict; the last line is `N passed, N failed`.

A browser test or a test on recordings that was skipped counts as a failure here: this machine must run them.
"""

import re
import sys
from pathlib import Path
from xml.etree import ElementTree

PARTS = ("test-python", "test-frontend", "test-browser", "test-postgres")
VITEST = re.compile(r"^\s*Tests\s+(?:(\d+) failed \| )?(\d+) passed", re.MULTILINE)
COLOR = re.compile(r"\x1b\[[0-9;]*m")


def python_counts(report: Path) -> tuple[int, int, list[str]]:
    """Return passed, failed and the names of the tests that this machine should have run and did not."""
    passed = failed = 0
    not_run = []
    for case in ElementTree.parse(report).iter("testcase"):
        skipped = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        elif skipped is None:
            passed += 1
        elif "not run: " in (skipped.get("message") or ""):
            not_run.append(f"{case.get('classname')}::{case.get('name')}")
    return passed, failed, not_run


def counts(reports: Path, part: str) -> tuple[int, int, list[str]]:
    """Return what one part reported; a part that failed without naming a test counts as one failure."""
    status = int((reports / f"{part}.status").read_text())
    xml = reports / f"{part.removeprefix('test-')}.xml"
    passed = failed = 0
    not_run: list[str] = []
    if xml.exists():
        passed, failed, not_run = python_counts(xml)
    elif found := VITEST.search(COLOR.sub("", (reports / f"{part}.log").read_text())):
        failed, passed = int(found[1] or 0), int(found[2])
    if status != 0 and failed == 0:
        failed = 1
    if passed + failed == 0:
        print(f"{part}: ran no tests")
        failed = 1
    return passed, failed, not_run


def main(reports: Path) -> int:
    total_passed = total_failed = 0
    for part in PARTS:
        passed, failed, not_run = counts(reports, part)
        for name in not_run:
            print(f"{part}: not run, although this machine should have: {name}")
        failed += len(not_run)
        print(f"{part:14} {passed:5} passed {failed:4} failed")
        total_passed, total_failed = total_passed + passed, total_failed + failed
    print(f"{total_passed} passed, {total_failed} failed")
    return 1 if total_failed else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
