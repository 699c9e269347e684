"""What a desk was configured with stands on record, and the project's report reads its prices from there."""

from datetime import UTC, datetime

import msgspec
import pytest

from audit import exports
from audit.exports import Window
from audit.models import Project, Receipt
from trading import services

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def test_an_export_leaves_one_receipt_per_configuration(demo: None) -> None:
    services.export_desk_config("demo")
    services.export_desk_config("demo")

    [receipt] = Receipt.objects.filter(kind="desk_configured")
    body = msgspec.json.decode(receipt.body)["body"]
    assert {venue["name"]: venue["is_simulated"] for venue in body["venues"]} == {
        "SHFE": True, "LME": True, "CME": True,
    }  # fmt: skip
    for secret in ("password", "username", "account", "host", "socket"):
        assert f'"{secret}' not in receipt.body


def test_a_report_names_venues_and_limits_before_the_first_trade(demo: None) -> None:
    services.export_desk_config("demo")
    project = Project.objects.get(code="CU-XMKT-01")

    contents = exports.gather(project, Window(None, datetime(2100, 1, 1, tzinfo=UTC)), by="auditor1")

    assert set(contents.trace.venues) == {"SHFE", "LME", "CME"}
    assert contents.trace.instruments["LME.CA-3M"].tick.as_tuple().exponent == -1
    assert [item.desk for item in contents.limits] == ["demo"]
