"""When each program must be asked again even if nothing happens.

Deadlines are worked out when somebody asks for them, not in the turn that moved them: a quote on its way to orders
does not wait for them.
"""

from collections.abc import Iterator
from heapq import heappop, heappush

from trading.core.program import HedgeProgram
from trading.core.units import Nanos


class Deadlines:
    """The next deadline of every program that has one."""

    def __init__(self) -> None:
        self._moved: dict[HedgeProgram, Nanos] = {}  # programs that had a turn since the last look, and when
        self._due: dict[str, Nanos | None] = {}
        self._heap: list[tuple[Nanos, str, HedgeProgram]] = []  # also holds deadlines that have moved since

    def note_turn(self, program: HedgeProgram, now: Nanos) -> None:
        """Note that the program was asked at `now`."""
        self._moved[program] = now

    def next(self) -> Nanos | None:
        """Return the earliest deadline, or None."""
        if self._moved:
            self._work_out()
        heap, dues = self._heap, self._due
        while heap and dues[heap[0][1]] != heap[0][0]:
            heappop(heap)
        return heap[0][0] if heap else None

    def _work_out(self) -> None:
        for program, asked_at in self._moved.items():
            name, due = program.terms.program, program.deadline(asked_at)
            if due != self._due.get(name):
                self._due[name] = due
                if due is not None:
                    heappush(self._heap, (due, name, program))
        self._moved.clear()

    def passed(self, now: Nanos) -> Iterator[HedgeProgram]:
        """Yield the programs whose deadline has come, each once."""
        while (due := self.next()) is not None and due <= now:
            _, name, program = heappop(self._heap)
            self._due[name] = None
            yield program
