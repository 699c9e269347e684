"""The look of a page: light paper, one font, thin rules, a footer that counts pages and names the head."""

from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.colors import Color, HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import CondPageBreak, Flowable, LongTable, Paragraph, Table, TableStyle

from audit.report.font import require
from audit.report.words import Words

FONT = "ReportFont"
PAGE = landscape(A4)
MARGIN = 14 * mm
WIDTH = PAGE[0] - 2 * MARGIN

INK, QUIET, RULE = HexColor("#14181F"), HexColor("#55606E"), HexColor("#C9D1DC")
HEAD, ACCENT, AMBER, ALARM = (
    HexColor("#EDF1F6"),
    HexColor("#1F4E8C"),
    HexColor("#9A5B00"),
    HexColor("#B3124F"),
)

CELL_SIZE = 7
PADDING = 9  # left and right of a cell together
ROWS_PER_CHUNK = 400


def register_font() -> None:
    """Make the report's font known; raises FontMissing."""
    if FONT not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(TTFont(FONT, str(require())))
        pdfmetrics.registerFontFamily(FONT, normal=FONT, bold=FONT, italic=FONT, boldItalic=FONT)


def _style(size: float, color: Color = INK, **more: Any) -> ParagraphStyle:
    return ParagraphStyle(
        f"s{size}{color.hexval()}{more}",
        fontName=FONT,
        fontSize=size,
        leading=size * 1.35,
        textColor=color,
        **more,
    )


TITLE = _style(20)
_HEADING = _style(12, ACCENT, spaceBefore=12, spaceAfter=4)
_SUBHEADING = _style(9, INK, spaceBefore=8, spaceAfter=3)
BODY = _style(8.5)
NOTE = _style(7.5, QUIET, spaceBefore=2, spaceAfter=4)
WARNING = _style(10, ALARM)
_CELL, _CELL_CJK = _style(CELL_SIZE), _style(CELL_SIZE, wordWrap="CJK")
_NUMBER = _style(CELL_SIZE, alignment=TA_RIGHT)
_HEADER = _style(CELL_SIZE, QUIET)
_HEADER_NUMBER = _style(CELL_SIZE, QUIET, alignment=TA_RIGHT)


def text(content: str, style: ParagraphStyle = BODY) -> Paragraph:
    """Return a paragraph of plain text; whatever it holds is shown and never read as markup."""
    if style is _CELL and not content.isascii():
        style = _CELL_CJK
    return Paragraph(escape(content), style)


def heading(content: str) -> list[Flowable]:
    """Return a section's heading, which never ends a page."""
    return [CondPageBreak(28 * mm), text(content, _HEADING)]


def subheading(content: str) -> list[Flowable]:
    return [CondPageBreak(18 * mm), text(content, _SUBHEADING)]


def facts(rows: Sequence[tuple[str, str]]) -> Table:
    """Return names and values without a heading."""
    made = Table([[text(name, _HEADER), text(value, _CELL)] for name, value in rows], colWidths=[80, WIDTH - 80])
    made.setStyle(TableStyle(_RULES))
    return made


class Column:
    """A table column: its heading, its share of the width, and whether it holds figures."""

    def __init__(self, heading: str, share: float, *, is_number: bool = False) -> None:
        self.heading, self.share, self.is_number = heading, share, is_number


def table(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> list[Table]:
    """Return the rows as tables that repeat their heading, in chunks so that time grows with length alone."""
    total = sum(column.share for column in columns)
    widths = [WIDTH * column.share / total for column in columns]
    head = [text(column.heading, _HEADER_NUMBER if column.is_number else _HEADER) for column in columns]
    chunks = [rows[at : at + ROWS_PER_CHUNK] for at in range(0, len(rows), ROWS_PER_CHUNK)] or [[]]
    tables = []
    for chunk in chunks:
        cells = [[_cell(*given) for given in zip(row, columns, widths, strict=True)] for row in chunk]
        made = LongTable([head, *cells], colWidths=widths, repeatRows=1)
        made.setStyle(_TABLE_STYLE)
        figures = [("ALIGN", (at, 1), (at, -1), "RIGHT") for at, column in enumerate(columns) if column.is_number]
        made.setStyle(TableStyle(figures))
        tables.append(made)
    return tables


def _cell(content: str, column: Column, width: float) -> str | Paragraph:
    """Return the text itself where it fits on one line: laying out a paragraph costs ten times as much."""
    if pdfmetrics.stringWidth(content, FONT, CELL_SIZE) <= width - PADDING and content.isprintable():
        return content
    return text(content, _NUMBER if column.is_number else _CELL)


_RULES: list[tuple[Any, ...]] = [
    ("LINEBELOW", (0, 0), (-1, -1), 0.4, RULE),
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ("FONT", (0, 0), (-1, -1), FONT, CELL_SIZE, CELL_SIZE * 1.35),
    ("TEXTCOLOR", (0, 0), (-1, -1), INK),
    ("LEFTPADDING", (0, 0), (-1, -1), 4),
    ("RIGHTPADDING", (0, 0), (-1, -1), PADDING - 4),
    ("TOPPADDING", (0, 0), (-1, -1), 2),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 2.5),
]  # fmt: skip
_TABLE_STYLE = TableStyle([("BACKGROUND", (0, 0), (-1, 0), HEAD), *_RULES])


class Marks:
    """What every page says around its content."""

    def __init__(self, words: Words, heading: str, warning: str, head_hash: str) -> None:
        self.words, self.heading, self.warning, self.head_hash = words, heading, warning, head_hash

    def draw(self, canvas: Canvas, number: int, total: int) -> None:
        top, bottom = PAGE[1] - MARGIN + 5 * mm, MARGIN - 7 * mm
        canvas.setFont(FONT, 7.5)
        canvas.setFillColor(QUIET)
        canvas.drawString(MARGIN, top, self.heading)
        canvas.setFillColor(AMBER)
        canvas.drawRightString(PAGE[0] - MARGIN, top, self.warning)
        canvas.setFillColor(QUIET)
        canvas.drawString(MARGIN, bottom, f"{self.words('hash')} {self.head_hash}")
        counted = self.words("page").replace("{n}", str(number)).replace("{total}", str(total))
        canvas.drawRightString(PAGE[0] - MARGIN, bottom, counted)
        canvas.setStrokeColor(RULE)
        canvas.setLineWidth(0.4)
        canvas.line(MARGIN, bottom + 3.5 * mm, PAGE[0] - MARGIN, bottom + 3.5 * mm)


def numbered(marks: Marks) -> type[Canvas]:
    """Return a canvas that holds its pages back until it knows how many there are."""

    class NumberedCanvas(Canvas):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self._pages: list[dict[str, Any]] = []

        def showPage(self) -> None:
            self._pages.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            for number, page in enumerate(self._pages, start=1):
                self.__dict__.update(page)
                marks.draw(self, number, len(self._pages))
                super().showPage()
            super().save()

    return NumberedCanvas
