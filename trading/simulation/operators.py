"""The people of a schedule: they arm, disarm, unwind, kill and lift, twice by accident and sometimes too late."""

from typing import TYPE_CHECKING, Any

from trading.core import events as e
from trading.core.units import SECOND
from trading.engine import actions as a
from trading.engine import commands as c

if TYPE_CHECKING:
    from trading.simulation.world import World


class Operators:
    """`kills` is the kill file: the host writes it before anything else, and only a lift takes a line out."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.kills: list[tuple[str, e.Kill]] = []
        self._lifting: dict[str, str] = {}  # command id -> scope
        self._number = 0

    def next_id(self) -> str:
        self._number += 1
        return f"C{self._number}"

    def command(self, command: Any) -> None:
        self._world.call("on_command", command)
        if self._world.faults.hits("command_duplicated"):
            self._world.call("on_command", command)

    def keep_armed(self, name: str) -> None:
        """The trader arms whenever the program is found disarmed, as after a restart."""
        world = self._world
        if world.faults.is_calm:
            return
        program = world.desk.programs[name] if world.desk else None
        if program is not None and program.shown_state(world.now) == "DISARMED":
            time_left = -SECOND if world.faults.hits("command_expired") else 2 * SECOND
            revision = program.terms.revision
            self.command(c.ArmProgram(name, self.next_id(), "trader1", revision, world.now + time_left))
        world.later(world.rng.randint(SECOND, 4 * SECOND), self.keep_armed, name)

    def act(self) -> None:
        """Whatever people do on a bad day, each now and then."""
        faults, rng = self._world.faults, self._world.rng
        if faults.hits("kill"):
            self.kill(rng.choice(("stop", "cancel", "neutralize")), "")
        if faults.hits("kill_one_program"):
            self.kill(rng.choice(("stop", "cancel", "neutralize")), rng.choice(self._world.programs))
        if self.kills and faults.hits("lift"):
            self.lift(self.kills[-1][0])
        if faults.hits("unwind"):
            self.command(c.UnwindProgram(rng.choice(self._world.programs), self.next_id(), "trader1", "drill"))
        if faults.hits("disarm"):
            self.command(c.DisarmProgram(rng.choice(self._world.programs), self.next_id(), "trader1", "drill"))

    def kill(self, level: Any, program: str) -> None:
        command_id = self.next_id()
        self.kills.append((program, e.Kill(command_id, "risk1", level, "drill")))
        self._world.checkers.on_kill(level, program)
        scope = f"program:{program}" if program else "all"
        self.command(c.KillDesk(level, scope, "risk1", "drill", command_id))

    def lift(self, program: str) -> None:
        """Two people lift a kill; the file keeps it until the engine has answered."""
        command_id = self.next_id()
        self._lifting[command_id] = program
        scope = f"program:{program}" if program else "all"
        second = "risk1" if self._world.faults.hits("lift_alone") else "risk2"
        self.command(c.LiftKill("risk1", second, "drill", command_id, scope))

    def on_reply(self, reply: a.Reply) -> None:
        program = self._lifting.pop(reply.command_id, None)
        if reply.ok and program is not None:
            self.kills = [kept for kept in self.kills if program and kept[0] != program]

    def disarm_all(self) -> None:
        for name in self._world.programs:
            self.command(c.DisarmProgram(name, self.next_id(), "trader1", "calm"))
