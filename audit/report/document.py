"""Draws the report: the same contents give the same bytes, whoever renders them and whenever."""

import io

from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate

from audit.report import sections
from audit.report.contents import Contents
from audit.report.executions import executions
from audit.report.page import MARGIN, PAGE, Marks, numbered, register_font
from audit.report.words import Words


def draw(contents: Contents) -> bytes:
    """Return the report as a PDF; raises FontMissing."""
    register_font()
    words = Words(contents.language)
    project = contents.project
    out = io.BytesIO()
    # `invariant` leaves out dates and random identities: the bytes depend on the contents alone.
    document = BaseDocTemplate(
        out,
        pagesize=PAGE,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN,
        bottomMargin=MARGIN,
        invariant=1,
        title=f"{project.code} {words('title')}",
        subject=f"{words('hash')} {contents.head_hash}",
        author="cross_market_connect",
        lang="zh-CN" if contents.language == "zh" else "en",
    )
    frame = Frame(MARGIN, MARGIN, PAGE[0] - 2 * MARGIN, PAGE[1] - 2 * MARGIN, 0, 0, 0, 0)
    document.addPageTemplates(PageTemplate(frames=[frame]))
    marks = Marks(words, f"{project.code} · {words('title')}", _warning(contents, words), contents.head_hash)
    document.build(
        [
            *sections.identity(contents, words),
            *sections.limits(contents, words),
            *executions(contents, words),
            *sections.alerts(contents, words),
            *sections.timeline(contents, words),
            *sections.integrity(contents, words),
        ],
        canvasmaker=numbered(marks),
    )
    return out.getvalue()


def _warning(contents: Contents, words: Words) -> str:
    """Say on every page which venues were not a market."""
    simulated = ", ".join(venue.name for venue in contents.trace.venues.values() if venue.is_simulated)
    label = f"{words('simulated_venues')}: {simulated}" if simulated else ""
    return " · ".join(filter(None, [contents.trace.environment, label]))
