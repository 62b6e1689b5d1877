"""A TCP relay between client and server, and every fault of a network on demand.

TLS passes through unread. Runs on a thread of its own, so that a test's loop holds only what is
tested. Orders take effect before they return.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct
import threading

UP, DOWN = "up", "down"
_PIECE = 64 * 1024
_RESET = struct.pack("ii", 1, 0)


class _Pair:
    """One connection of a client and the one to the server behind it."""

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self.sockets = {UP: server, DOWN: client}
        self.tasks: list[asyncio.Task[None]] = []

    def hang_up(self, *, reset: bool) -> None:
        for task in self.tasks:
            task.cancel()
        for one in self.sockets.values():
            if reset:
                with contextlib.suppress(OSError):
                    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            one.close()


class Relay:
    """Relays to a port on loopback. Faults are orders; what passed is counted.

    Attributes:
        port: where clients connect; the same for the relay's whole life.
        accepted: connections so far.
        passed: bytes that went through, by direction.
    """

    def __init__(self, target_port: int) -> None:
        self.target_port = target_port
        self.accepted = 0
        self.passed = {UP: 0, DOWN: 0}
        self.port = 0
        self._delay_s = 0.0
        self._jitter_s = 0.0
        self._bytes_per_s = 0.0
        self._cut_after: int | None = None
        self._dropped: set[str] = set()
        self._refusing = False
        self._pairs: set[_Pair] = set()
        self._listening: socket.socket | None = None
        self._opening: dict[socket.socket, asyncio.Task[None]] = {}

    def start(self) -> None:
        """Begin to listen."""
        self._loop = asyncio.SelectorEventLoop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="relay")
        self._thread.start()
        self._order(self._start())

    def stop(self) -> None:
        """End everything; in order."""
        self._order(self._kill(reset=False))
        self._order(self._end_tasks())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _order(self, coroutine) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    async def _start(self) -> None:
        self._running = asyncio.Event()
        self._running.set()
        self._listen()

    async def _end_tasks(self) -> None:
        current = asyncio.current_task()
        others = [task for task in asyncio.all_tasks() if task is not current]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    # Orders

    def kill(self) -> None:
        """As a server that ends: nothing listens, all sockets are closed."""
        self._order(self._kill(reset=False))

    def reset(self) -> None:
        """All sockets are reset; it goes on listening."""
        self._order(self._reset())

    def revive(self) -> None:
        """Listen again on the same port."""
        self._order(self._revive())

    def refuse(self, on: bool = True) -> None:
        """Reset each new connection at once."""
        self._refusing = on

    def half_open(self) -> None:
        """Swallow everything both ways, for ever; the sockets stay."""
        self._dropped = {UP, DOWN}

    def drop(self, direction: str) -> None:
        """Swallow one direction."""
        self._dropped = {direction}

    def pause(self) -> None:
        """Nothing passes, nothing is lost."""
        self._order(self._pause(True))

    def resume(self) -> None:
        """Let everything through that waited."""
        self._order(self._pause(False))

    def delay(self, seconds: float, jitter_s: float = 0.0) -> None:
        """Hold up each piece."""
        self._delay_s, self._jitter_s = seconds, jitter_s

    def throttle(self, bytes_per_s: float) -> None:
        """A slow line to the client; 0 is as quick as it goes."""
        self._bytes_per_s = bytes_per_s

    def cut_after(self, count: int) -> None:
        """Reset the connection on which so many more bytes have come to the client; once."""
        self._cut_after = count

    def heal(self) -> None:
        """No fault any more. What was half-open before stays dead: it is hung up, as after a while."""
        was_dropping = bool(self._dropped)
        self._dropped = set()
        self._refusing = False
        self._delay_s = self._jitter_s = self._bytes_per_s = 0.0
        self._cut_after = None
        if was_dropping:
            self._order(self._reset())
        self.resume()
        if self._listening is None:
            self.revive()

    @property
    def open_connections(self) -> int:
        return len(self._pairs)

    # On the relay's loop

    def _listen(self) -> None:
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", self.port))
        listening.listen(64)
        listening.setblocking(False)
        self.port = listening.getsockname()[1]
        self._listening = listening
        # Not `sock_accept`: cancelled in the turn in which somebody came, it would lose the socket.
        self._loop.add_reader(listening, self._arrived, listening)

    async def _revive(self) -> None:
        if self._listening is None:
            self._listen()

    async def _kill(self, *, reset: bool) -> None:
        if self._listening is not None:
            self._loop.remove_reader(self._listening)
            self._listening.close()
            self._listening = None
        opening, self._opening = self._opening, {}
        for client, task in opening.items():
            task.cancel()
            client.close()
        await asyncio.gather(*opening.values(), return_exceptions=True)
        self._hang_up(reset=reset)

    async def _reset(self) -> None:
        self._hang_up(reset=True)

    async def _pause(self, on: bool) -> None:
        if on:
            self._running.clear()
        else:
            self._running.set()

    def _hang_up(self, *, reset: bool) -> None:
        pairs, self._pairs = self._pairs, set()
        for pair in pairs:
            pair.hang_up(reset=reset)

    def _arrived(self, listening: socket.socket) -> None:
        try:
            client, _ = listening.accept()
        except OSError:
            return  # gone again before it was taken
        client.setblocking(False)
        self.accepted += 1
        if self._refusing:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            client.close()
            return
        self._opening[client] = self._loop.create_task(self._open(client))

    async def _open(self, client: socket.socket) -> None:
        server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        server.setblocking(False)
        try:
            await self._loop.sock_connect(server, ("127.0.0.1", self.target_port))
        except OSError:
            server.close()
            client.close()
            return
        except asyncio.CancelledError:
            server.close()
            raise
        finally:
            self._opening.pop(client, None)
        pair = _Pair(client, server)
        self._pairs.add(pair)
        for direction in (UP, DOWN):
            source = pair.sockets[DOWN if direction == UP else UP]
            work = self._pump(pair, source, pair.sockets[direction], direction)
            pair.tasks.append(self._loop.create_task(work))

    async def _pump(
        self, pair: _Pair, source: socket.socket, sink: socket.socket, direction: str
    ) -> None:
        try:
            while data := await self._loop.sock_recv(source, _PIECE):
                await self._running.wait()
                if direction in self._dropped:
                    continue
                if self._delay_s or self._jitter_s:
                    await asyncio.sleep(self._delay_s + random.random() * self._jitter_s)
                await self._pass_on(pair, sink, data, direction)
        except OSError:
            pass  # one side hung up: so does the other
        if self._dropped or pair not in self._pairs:
            # Half-open: nobody learns of the end.
            return
        self._pairs.discard(pair)
        pair.hang_up(reset=False)

    async def _pass_on(self, pair: _Pair, sink: socket.socket, data: bytes, direction: str) -> None:
        if direction == DOWN and self._cut_after is not None:
            self._cut_after -= len(data)
            if self._cut_after <= 0:
                await self._loop.sock_sendall(sink, data[: len(data) + self._cut_after])
                self._cut_after = None
                self._pairs.discard(pair)
                pair.hang_up(reset=True)
                return
        if direction == DOWN and self._bytes_per_s:
            await self._drip(sink, data)
        else:
            await self._loop.sock_sendall(sink, data)
        self.passed[direction] += len(data)

    async def _drip(self, sink: socket.socket, data: bytes) -> None:
        step_s = 0.02
        while data and self._bytes_per_s:
            count = max(int(self._bytes_per_s * step_s), 1)
            await self._loop.sock_sendall(sink, data[:count])
            data = data[count:]
            await asyncio.sleep(max(step_s, count / self._bytes_per_s))
        if data:
            await self._loop.sock_sendall(sink, data)
