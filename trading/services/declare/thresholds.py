"""Hands declared thresholds to risk, which creates missing ones and never lets a file undo a risk officer's change."""

from collections.abc import Sequence
from itertools import groupby

from django.utils import timezone

from risk import services as risk
from trading.services.declare.shapes import ThresholdShape
from trading.services.declare.world import limit_of


def save(shapes: Sequence[ThresholdShape], *, actor: str) -> None:
    """Create the thresholds, desk by desk, as one limit version each."""
    ordered = sorted(shapes, key=lambda shape: shape.desk)
    for desk, items in groupby(ordered, key=lambda shape: shape.desk):
        risk.declare(desk=desk, limits=[limit_of(shape) for shape in items], by=actor, at=timezone.now())
