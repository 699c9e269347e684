"""Every word the server sends by key has a sentence in both catalogues of the console."""

import re
from pathlib import Path

import msgspec
import pytest

from audit.access import PERMISSIONS
from risk.gate import RefusalCode
from risk.limits import LimitKind
from trading.core import events
from trading.core.order import OrderState
from trading.core.terms import ExecutionMode
from trading.engine import records
from trading.services.commands import DIRECT_OPS, EXPIRES_S
from trading.venues.simulated.messages import RejectCode

PROJECT = Path(__file__).resolve().parents[2]
CATALOGUES = PROJECT / "frontend" / "src" / "i18n"


def group(language: str, name: str) -> set[str]:
    """Return the keys of one group of a catalogue."""
    text = (CATALOGUES / f"{language}.ts").read_text()
    found = re.search(rf"^  {name}: {{(.*?)}},$", text, re.MULTILINE | re.DOTALL)
    assert found, f"{language}.ts has no group {name}"
    return set(re.findall(r'(\w+): "', found.group(1)))


def in_code(*patterns: str) -> set[str]:
    """Return what the patterns catch in the sources of the parts."""
    sources = [path for part in ("trading", "risk", "audit", "console") for path in (PROJECT / part).rglob("*.py")]
    return {name for path in sources for pattern in patterns for name in re.findall(pattern, path.read_text())}


def kinds_of_records() -> set[str]:
    """Return the receipt kinds of the journal: its events' names in snake case."""
    structs = [
        value for module in (events, records) for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, msgspec.Struct) and value.__struct_config__.tag
    ]  # fmt: skip
    return {re.sub(r"(?<!^)(?=[A-Z])", "_", struct.__name__).lower() for struct in structs}


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_every_kind_of_record_has_a_name(language: str) -> None:
    commands = {f"{name}_requested" for name in (*EXPIRES_S, *DIRECT_OPS, "kill")}
    asked = kinds_of_records() | in_code(r'issue\(\s*kind="(\w+)"') | commands

    assert asked - group(language, "receipt") == set()


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_every_purpose_outcome_and_mode_has_words(language: str) -> None:
    doc = events.ExecutionEnded.__doc__ or ""
    outcomes = set(re.findall(r"\w+", doc.removeprefix("outcome:")))

    assert "flattened" in outcomes
    assert outcomes - group(language, "outcome") == set()
    assert {purpose.value for purpose in events.Purpose} - group(language, "purpose") == set()
    assert {mode.value for mode in ExecutionMode} - group(language, "mode") == set()


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_every_alert_has_a_sentence(language: str) -> None:
    raised = in_code(r'_alert\(\s*"(\w+)", ', r'text_key="alert\.(\w+)"')
    told = ("topped_up", "rolled_back", "rejected", "not_sent", "proxied", "flattened")
    outcomes = {f"execution_{name}" for name in told}

    assert (raised | outcomes) - group(language, "alert") == set()


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_every_refusal_limit_and_permission_has_words(language: str) -> None:
    assert {code.value for code in RefusalCode} - group(language, "refusal") == set()
    assert {code.value for code in RejectCode} - group(language, "rejectCode") == set()
    assert {kind.value for kind in LimitKind} - group(language, "thresholdKind") == set()
    assert {name.replace(".", "_") for name in PERMISSIONS} - group(language, "permission") == set()


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_every_refusal_of_a_command_has_words(language: str) -> None:
    engine = [PROJECT / "trading" / "engine" / f"{name}.py" for name in ("desk_commands", "commands", "control")]
    names = ("commands", "operations", "terms", "lifting", "delivery", "handover")
    sources = [*engine, *(PROJECT / "trading" / "services" / f"{name}.py" for name in names)]
    text = "\n".join(path.read_text() for path in sources)
    refused = set(re.findall(r'"([A-Z][A-Z_]{3,})", (?:f?"|text\b|str\()', text))
    errors = set(re.findall(r'^    code = "(\w+)"$', text, re.MULTILINE))

    assert {"DESK_KILLED", "SAME_PERSON", "CANNOT_ARM", "HELD_CHANGED", "NO_PROGRAM", "BAD_TERMS"} <= refused
    assert {"engine_unreachable", "preview_refused"} & errors
    assert (refused | errors) - group(language, "refusal") == set()


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_every_reason_not_to_take_a_way_out_has_words(language: str) -> None:
    """Why an option of a repair was not taken; figures in it are left out of its key, as the console does."""
    sources = [PROJECT / "trading" / "core" / f"{name}.py" for name in ("repair", "repair_case", "repair_view")]
    text = "\n".join(path.read_text() for path in sources)
    told = set(
        re.findall(
            r'(?:Obstacle\(\w+, |why = |reason=|else |or |, why_no_wait |chosen, |None, )"([^"{}]* [^"{}]*)"', text
        )
    )
    slugs = {re.sub(r"[^a-z0-9]+", "_", reason.lower()).strip("_") for reason in told}

    assert len(slugs) > 20
    assert slugs - group(language, "optionReason") == set()


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_every_state_of_an_order_has_a_name(language: str) -> None:
    assert {state.value for state in OrderState} - group(language, "orderState") == set()


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_every_reason_to_call_a_quote_back_has_words(language: str) -> None:
    closed = (PROJECT / "trading" / "core" / "entry.py").read_text().split("def closed", 1)[1].split("def ", 1)[0]
    reasons = set(re.findall(r'return "(\w+)"', (PROJECT / "trading" / "core" / "quoting.py").read_text() + closed))

    assert len(reasons) > 12
    assert reasons - group(language, "stepReason") == set()
