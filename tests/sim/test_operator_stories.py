"""What a flatten, an accepted residual and a disarm must do holds in the real code, and each planted bug breaks it."""

import pytest

from trading.simulation.mutants import mutants, operators, planted

BUGS = [name for name, bug in mutants().items() if bug.topic == "operators"]


@pytest.mark.parametrize("story", operators.STORIES, ids=lambda story: story.__name__)
def test_the_story_holds(story):
    story()


@pytest.mark.parametrize("name", BUGS)
def test_the_planted_bug_breaks_its_story(name):
    story = mutants()[name].specification
    assert story is not None

    with planted(name), pytest.raises(AssertionError):
        story()
