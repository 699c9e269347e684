"""Recorded or generated ticks through the real desk and the simulated exchanges, in virtual time. Start at run.py."""
