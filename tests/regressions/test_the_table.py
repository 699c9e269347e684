"""The table of README.md and the tests are the same list: nothing promised is missing, nothing tested is unnamed."""

import ast
import re
from pathlib import Path

FOLDER = Path(__file__).parent


def named_tests() -> dict[str, str]:
    """Return every regression test of this folder with its docstring's first line."""
    found = {}
    for path in FOLDER.glob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            is_test = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            if is_test and re.match(r"test_(rt\d\d|finding_\d)_", node.name):
                found[node.name] = ast.get_docstring(node) or ""
    return found


def test_all_thirty_regressions_and_the_seven_findings_have_a_test_that_names_the_bug():
    tests = named_tests()
    numbers = {name.split("_")[1] for name in tests if name.startswith("test_rt")}
    findings = {name.split("_")[2] for name in tests if name.startswith("test_finding")}

    assert numbers == {f"rt{number:02d}" for number in range(1, 31)}
    assert findings == {str(number) for number in range(2, 9)}
    assert all(re.search(r"#\d|\d{4}|vnpy|ErrorID|CTP", docstring) for docstring in tests.values())


def test_the_readme_lists_exactly_these_tests():
    listed = set(re.findall(r"`(test_(?:rt\d\d|finding_\d)_\w+)`", (FOLDER / "README.md").read_text()))

    assert listed == set(named_tests())
