"""Drills: real engine processes, real sockets, real `kill -9`, against the simulated venues."""
