"""Vector pictures of one execution: when each order lived, and how many lots stood naked meanwhile."""

from collections.abc import Sequence
from fractions import Fraction

from reportlab.graphics.shapes import Drawing, Group, Line, PolyLine, Rect, String
from reportlab.lib.colors import Color, HexColor

from audit.report.figures import signed
from audit.report.page import FONT, INK, QUIET, RULE, WIDTH
from audit.report.words import Words
from audit.trace import ExecutionTrace, OrderTrace

LEG_COLORS = (HexColor("#1F4E8C"), HexColor("#8A3F9E"), HexColor("#2E7D5B"))
LABELS, LANE, BAND, AXIS = 190, 13, 54, 16
LANES_MAX = 24
_SIZE = 6.5


class _Scale:
    """Nanoseconds to points: the execution's span, with a little air on the right."""

    def __init__(self, start_ns: int, end_ns: int) -> None:
        self.start_ns = start_ns
        self.span_ns = max(end_ns - start_ns, 1_000_000)

    def x(self, at_ns: int) -> float:
        return LABELS + (WIDTH - LABELS - 30) * (at_ns - self.start_ns) / self.span_ns

    def ticks_ms(self) -> list[int]:
        """Return some four to eight round milliseconds inside the span."""
        span_ms = self.span_ns / 1_000_000
        step = 1
        while span_ms / step > 8:
            step *= 5 if str(step)[0] == "1" and span_ms / (step * 5) > 3 else 2
        return list(range(0, int(span_ms) + 1, step))


def execution_chart(execution: ExecutionTrace, words: Words) -> Drawing:
    """Return the waterfall of an execution's orders above its naked lots by leg, on one time axis."""
    orders = sorted(execution.orders.values(), key=lambda order: (order.decided_at_ns, order.seq))[:LANES_MAX]
    height = AXIS + BAND + 10 + LANE * len(orders) + 4
    drawing = Drawing(WIDTH, height)
    scale = _Scale(execution.started_at_ns, max(_moments(execution)))
    _axis(drawing, scale, height)
    for place, order in enumerate(orders):
        _lane(drawing, scale, order, height - LANE * (place + 1), max(_moments(execution)), words)
    _band(drawing, scale, execution, words)
    return drawing


def _moments(execution: ExecutionTrace) -> list[int]:
    ends = [order.ended_at_ns or order.first_fill_at_ns or 0 for order in execution.orders.values()]
    fills = [fill.at_ns for fill in execution.fills]
    return [execution.started_at_ns, execution.ended_at_ns or 0, *ends, *fills]


def _axis(drawing: Drawing, scale: _Scale, height: float) -> None:
    for tick_ms in scale.ticks_ms():
        x = scale.x(scale.start_ns + tick_ms * 1_000_000)
        drawing.add(Line(x, AXIS, x, height, strokeColor=RULE, strokeWidth=0.4))
        drawing.add(_label(f"{tick_ms}", x, 5, QUIET, "middle"))


def _lane(drawing: Drawing, scale: _Scale, order: OrderTrace, y: float, last_ns: int, words: Words) -> None:
    """Draw one order: thin from decision to wire, full while the venue has it, a mark at its first fill."""
    intent = order.intent
    color = LEG_COLORS[intent.leg % len(LEG_COLORS)]
    name = f"{words(order.purpose)} {words(intent.side)} {intent.lots} {intent.instrument}"
    drawing.add(_label(name, 0, y + 3, INK))
    sent = order.sent_at_ns or order.decided_at_ns
    end = order.ended_at_ns or last_ns
    x = scale.x(order.decided_at_ns)
    drawing.add(Line(x, y + 5, scale.x(sent), y + 5, strokeColor=color, strokeWidth=0.8))
    width = max(scale.x(end) - scale.x(sent), 1.2)
    bar = Rect(scale.x(sent), y + 2, width, 6, strokeColor=color, strokeWidth=0.5)
    bar.fillColor = Color(color.red, color.green, color.blue, alpha=0.30)
    drawing.add(bar)
    if order.first_fill_at_ns is not None:
        at = scale.x(order.first_fill_at_ns)
        drawing.add(Line(at, y + 1, at, y + 9, strokeColor=color, strokeWidth=1.4))
    drawing.add(_label(f"{order.filled_lots}/{intent.lots}", scale.x(sent) + width + 3, y + 3, QUIET))


def _band(drawing: Drawing, scale: _Scale, execution: ExecutionTrace, words: Words) -> None:
    """Draw the signed naked lots of each leg as steps around a zero line."""
    base, half = AXIS + BAND / 2, BAND / 2 - 4
    drawing.add(_label(words("naked_lots"), 0, base - 2, INK))
    drawing.add(Line(LABELS, base, WIDTH - 24, base, strokeColor=QUIET, strokeWidth=0.5))
    band = execution.naked_band
    peak = max((abs(lots) for step in band for lots in step.lots_by_leg), default=Fraction(0))
    if not peak:
        return
    end_x = scale.x(max(_moments(execution)))
    for leg in range(len(band[0].lots_by_leg)):
        steps = [(scale.x(step.at_ns), step.lots_by_leg[leg]) for step in band]
        if any(lots for _, lots in steps):
            drawing.add(_steps(steps, end_x, base, half / float(peak), LEG_COLORS[leg % len(LEG_COLORS)]))
    drawing.add(_label(signed(peak), LABELS - 6, base + half - 3, QUIET, "end"))
    drawing.add(_label(signed(-peak), LABELS - 6, base - half - 2, QUIET, "end"))


def _steps(steps: Sequence[tuple[float, Fraction]], end_x: float, base: float, scale: float, color: Color) -> Group:
    points: list[float] = []
    height = base
    for x, lots in steps:
        points += [x, height, x, base + float(lots) * scale]
        height = points[-1]
    points += [end_x, height]
    return Group(PolyLine(points, strokeColor=color, strokeWidth=1.3))


def _label(content: str, x: float, y: float, color: Color, anchor: str = "start") -> String:
    return String(x, y, content, fontName=FONT, fontSize=_SIZE, fillColor=color, textAnchor=anchor)
