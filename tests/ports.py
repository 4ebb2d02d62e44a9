"""Ports for processes that tests start."""

import socket


class Port:
    """A free port that is given to nobody else: it stays bound, so that only who asks for this number can listen."""

    def __init__(self) -> None:
        self._kept = socket.socket()
        # What is bound with this option, and does not listen, keeps away no server that has it too, as asyncio's have.
        self._kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._kept.bind(("127.0.0.1", 0))
        self.number: int = self._kept.getsockname()[1]

    def close(self) -> None:
        """Gives it back."""
        self._kept.close()
