"""What keeps the code readable is checked, not remembered. Each rule is also shown a text that breaks it."""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("console", "trading", "risk", "audit", "tests", ".ci")
FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "misc"}
# Exact arithmetic: a float would lose a part of a price or a lot. Division is allowed, because mypy knows that
# the quotient of two integers is a float and two Fractions' is not (test_types.py).
EXACT = ("trading/core/",)
PURE = ("trading/core/", "trading/market/", "risk/gate.py", "risk/limits.py", "audit/chain.py")
CLOCKS_AND_CHANCE = {"time", "datetime", "random", "secrets", "uuid", "socket", "threading", "asyncio"}
TERMINAL_PROGRAMS = ("management/commands/", "console/launcher/", ".ci/", "__main__.py", "tests/benchmarks/")
# Reads and generates market data, where numpy and dates are the point; nothing on the order path uses them.
# Local time needs the zone database's offset of a given moment, which only `datetime` gives; it reads no clock.
PURE_EXCEPT = ("trading/market/generate", "trading/market/recordings", "trading/core/local_time")

Fault = tuple[int, str]


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def long_file(path: str, text: str, tree: ast.Module) -> Iterator[Fault]:
    lines = text.count("\n")
    if lines > FILE_LINES_MAX:
        yield lines, f"{lines} lines; the ceiling is {FILE_LINES_MAX}"


def long_function(path: str, text: str, tree: ast.Module) -> Iterator[Fault]:
    for node in functions(tree):
        lines = (node.end_lineno or node.lineno) - node.lineno + 1
        if lines > FUNCTION_LINES_MAX:
            yield node.lineno, f"{node.name} has {lines} lines; the ceiling is {FUNCTION_LINES_MAX}"


def vague_name(path: str, text: str, tree: ast.Module) -> Iterator[Fault]:
    if Path(path).stem in VAGUE_NAMES:
        yield 1, "the file's name does not say what is in it"


def swallowed_error(path: str, text: str, tree: ast.Module) -> Iterator[Fault]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.ExceptHandler):
            continue
        if node.type is None:
            yield node.lineno, "a bare except hides bugs"
        is_broad = isinstance(node.type, ast.Name) and node.type.id in ("Exception", "BaseException")
        is_silent = all(isinstance(line, ast.Pass | ast.Continue) for line in node.body)
        if is_broad and is_silent:
            yield node.lineno, "every error is swallowed here"


def printing(path: str, text: str, tree: ast.Module) -> Iterator[Fault]:
    if any(part in path for part in TERMINAL_PROGRAMS):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
            yield node.lineno, "a library does not print"


def inexact(path: str, text: str, tree: ast.Module) -> Iterator[Fault]:
    if not path.startswith(EXACT):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            yield node.lineno, f"the float {node.value}"
        if isinstance(node, ast.Name) and node.id == "float":
            yield node.lineno, "the type float"


def clock_or_chance(path: str, text: str, tree: ast.Module) -> Iterator[Fault]:
    if not path.startswith(PURE) or path.startswith(PURE_EXCEPT):
        return
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        for name in names:
            if name.split(".")[0] in CLOCKS_AND_CHANCE:
                yield node.lineno, f"imports {name}; time and chance are arguments here"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("open", "input"):
            yield node.lineno, f"calls {node.func.id}; a pure module touches no file"


def undocumented_module(path: str, text: str, tree: ast.Module) -> Iterator[Fault]:
    if not path.endswith("__init__.py") and not ast.get_docstring(tree):
        yield 1, "no sentence at the top says what the file is for"


def machine_path(path: str, text: str, tree: ast.Module) -> Iterator[Fault]:
    for number, line in enumerate(text.splitlines(), 1):
        if re.search(r"/(home|root|Users)/\w", line):
            yield number, "a path of somebody's machine"


RULES: list[Callable[[str, str, ast.Module], Iterator[Fault]]] = [
    long_file,
    long_function,
    vague_name,
    swallowed_error,
    printing,
    inexact,
    clock_or_chance,
    undocumented_module,
    machine_path,
]

BROKEN = {
    long_file: ("console/x.py", "x = 1\n" * (FILE_LINES_MAX + 1)),
    long_function: ("console/x.py", "def f():\n" + "    x = 1\n" * FUNCTION_LINES_MAX),
    vague_name: ("trading/utils.py", ""),
    swallowed_error: ("console/x.py", "try:\n    f()\nexcept Exception:\n    pass\n"),
    printing: ("risk/gate.py", "print(1)\n"),
    inexact: ("trading/core/x.py", "x = 0.5\n"),
    clock_or_chance: ("trading/market/x.py", "from time import time\n"),
    undocumented_module: ("console/x.py", "x = 1\n"),
    machine_path: ("console/x.py", "x = '/" + "home/someone/x'\n"),
}


def sources() -> Iterator[Path]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_code_keeps_the_rule(rule):
    faults = []
    for source in sources():
        path, text = str(source.relative_to(ROOT)), source.read_text()
        faults += [f"{path}:{line}: {words}" for line, words in rule(path, text, ast.parse(text))]

    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_rule_notices_what_breaks_it(rule):
    path, text = BROKEN[rule]

    assert list(rule(path, text, ast.parse(text)))


def test_local_time_takes_the_moment_as_an_argument():
    text = (ROOT / "trading/core/local_time.py").read_text()

    assert not re.search(r"\b(now|today|utcnow|localtime|mktime)\(", text)


def test_a_broad_except_that_tells_somebody_is_allowed():
    text = "try:\n    f()\nexcept Exception:\n    logger.exception('x')\n    raise\n"

    assert not list(swallowed_error("console/x.py", text, ast.parse(text)))
