"""The effect boundaries at which the kill drill ends an engine, and what has to happen so that each is reached."""

from enum import Enum
from typing import NamedTuple

from trading.simulation.drill.stage import Stage


class Scene(Enum):
    """What goes on when the boundary is reached."""

    RECOVERY = "recovery"  # the engine starts
    ENTRY = "entry"  # both legs trade
    REPAIR = "repair"  # the foreign leg is rejected
    SILENCE = "silence"  # the foreign venue reports nothing
    CANCEL = "cancel"  # the desk is killed while an order is on its way


class Boundary(NamedTuple):
    scene: Scene
    point: str  # trading/engine/crash_points.py

    @property
    def name(self) -> str:
        return f"{self.scene.value} {self.point}"


POINTS = {
    Scene.RECOVERY: (
        "record.EngineStarted:after", "record.VenueDown:after", "disk.EngineStarted:before", "disk.EngineStarted:torn",
        "record.VenueUp:after", "query_all:before", "query_all:after", "record.StatusEnded:after",
        "record.Recovered:before", "record.Recovered:after", "disk.Recovered:before", "disk.Recovered:after",
    ),
    Scene.ENTRY: (
        "record.Arm:after", "reply:before", "record.entry:before", "record.entry:after", "disk.entry:before",
        "disk.entry:torn", "disk.entry:after", "send.1:before", "send.1:after", "send.2:before", "send.2:after",
        "record.SentToWire:after", "record.OrderAccepted:before", "record.OrderFilled:before",
        "record.OrderFilled:after", "disk.OrderFilled:before", "disk.OrderFilled:torn", "disk.OrderFilled:after",
        "record.OrderClosed:after", "record.ExecutionEnded:before", "record.ExecutionEnded:after",
        "disk.ExecutionEnded:after", "record.Disarmed:after",
    ),
    Scene.REPAIR: (
        "record.OrderRejected:before", "record.OrderRejected:after", "record.repair:before", "record.repair:after",
        "disk.repair:before", "disk.repair:torn", "disk.repair:after", "send_repair.1:after",
        "record.AlertRaised:before", "record.AlertRaised:after", "record.ExecutionEnded:before",
        "record.ExecutionEnded:after",
    ),
    Scene.SILENCE: (
        "record.QueryDecided:before", "record.QueryDecided:after", "query:before", "query:after",
        "record.OrderStatus:before", "record.OrderStatus:after",
    ),
    Scene.CANCEL: (
        "record.Kill:before", "record.Kill:after", "record.CancelDecided:before", "record.CancelDecided:after",
        "cancel:before", "cancel:after",
    ),
}  # fmt: skip

BOUNDARIES = tuple(Boundary(scene, point) for scene, points in POINTS.items() for point in points)


def prepare(stage: Stage, scene: Scene) -> None:
    """Switch on what the venues must do so that the boundary is reached."""
    match scene:
        case Scene.REPAIR:
            stage.fault("LME", "reject_next", code="MARGIN")
        case Scene.SILENCE:
            stage.fault("LME", "reports_lost")
        case Scene.CANCEL:
            stage.fault("LME", "latency_ms", ms=300)
