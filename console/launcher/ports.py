"""Which ports of this machine are free."""

import socket

import psutil

LOOPBACK = "127.0.0.1"


def free_port() -> int:
    """Return a port that nothing listens on now; the caller should use it at once."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Say whether a server could listen on the port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def answers(port: int, host: str = LOOPBACK) -> bool:
    """Say whether something accepts connections on the port."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((host, port)) == 0


def holder(port: int) -> str:
    """Name the process that listens on the port, or return "" where this user may not see it."""
    try:
        connections = psutil.net_connections(kind="tcp")
        pids = {row.pid for row in connections if row.status == psutil.CONN_LISTEN and row.laddr.port == port}
        return ", ".join(f"{psutil.Process(pid).name()} (process {pid})" for pid in sorted(filter(None, pids)))
    except psutil.Error:
        return ""
