"""Planted bugs: each is a plausible mistake in the real code, and the checkers must notice every one.

A planted bug replaces functions or table entries while it is in place. Its name says the mistake in words; the module
it stands in is its topic, and every module of this package is read. To plant one, write in the module of its topic:

    @mutant
    def counts_a_fill_twice(put):
        put(Order, "book", book_without_looking)

`put(owner, key, value)` sets an attribute of a class or module, or an entry of a dictionary, and undoes it afterwards.
`@mutant(specification=story)` names a function that must raise AssertionError while the bug is in place, for mistakes
that a schedule cannot show, such as a cost choice; `@mutant(equivalent="why")` marks one that changes nothing.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import msgspec

Put = Callable[[Any, str, Any], None]
Plant = Callable[[Put], None]
Story = Callable[[], object]


class Mutant(msgspec.Struct, frozen=True):
    """One planted bug."""

    name: str
    topic: str
    plant: Plant
    specification: Story | None = None
    equivalent: str = ""  # why no observable behavior differs


_REGISTRY: dict[str, Mutant] = {}


def mutant(plant: Plant | None = None, *, specification: Story | None = None, equivalent: str = "") -> Any:
    """Register a planted bug; raises ValueError when the name is taken."""

    def register(plant: Plant) -> Plant:
        name = plant.__name__
        if name in _REGISTRY:
            raise ValueError(f"a planted bug is called {name} already; choose another name")
        _REGISTRY[name] = Mutant(name, plant.__module__.rsplit(".", 1)[1], plant, specification, equivalent)
        return plant

    return register if plant is None else register(plant)


def mutants() -> dict[str, Mutant]:
    """Return every planted bug by name."""
    for module in iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
    return dict(sorted(_REGISTRY.items(), key=lambda item: (item[1].topic, item[0])))


@contextmanager
def planted(name: str) -> Iterator[None]:
    """Have the bug in place for the duration of the block."""
    undo: list[tuple[Any, str, Any]] = []

    def put(owner: Any, key: str, value: Any) -> None:
        if isinstance(owner, dict):
            undo.append((owner, key, owner[key]))
            owner[key] = value
        else:
            if key not in owner.__dict__:
                raise LookupError(f"{name} replaces {owner.__name__}.{key}, which is gone; plant it where that went")
            undo.append((owner, key, owner.__dict__[key]))
            setattr(owner, key, value)

    mutants()[name].plant(put)
    try:
        yield
    finally:
        for owner, key, value in reversed(undo):
            if isinstance(owner, dict):
                owner[key] = value
            else:
                setattr(owner, key, value)
