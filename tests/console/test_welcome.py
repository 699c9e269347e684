"""The launcher's last words say where the console is and what is real, and never promise what is not there."""

from console.launcher import welcome
from console.paths import Paths


def test_an_installation_without_a_desk_is_told_how_to_declare_one(tmp_path):
    words = welcome.text(Paths(tmp_path), address="http://127.0.0.1:8000/")

    assert "http://127.0.0.1:8000/" in words
    assert "manage.py apply" in words
    assert "trader1" not in words
