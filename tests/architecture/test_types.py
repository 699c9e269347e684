"""The pure packages are typed strictly, which also keeps floats out of their arithmetic."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def mypy(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mypy", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_the_pure_packages_keep_their_types():
    result = mypy()

    assert result.returncode == 0, result.stdout + result.stderr


def test_a_quotient_of_integers_is_noticed(tmp_path):
    planted = tmp_path / "planted.py"
    planted.write_text(
        "from fractions import Fraction\n\n\n"
        "def ratio(lots: int, units: int) -> Fraction:\n"
        "    return lots / units * Fraction(5)\n"
    )

    assert 'got "float"' in mypy(str(planted)).stdout
