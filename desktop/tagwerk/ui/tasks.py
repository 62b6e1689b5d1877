"""Scopes for coroutines started from the window: kept, named, reported once, cancelled on close.

One of the three doors with ``except Exception`` (the others: slot hook, frame clock).

What may block for long (a keyring, a file on a share that is gone) runs `in_thread`.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from tagwerk.domain.errors import TagwerkError

ErrorReporter = Callable[[BaseException, str], None]
Result = TypeVar("Result")


def start_in_thread(work: Callable[[], Result], name: str) -> asyncio.Future[Result]:
    """Begin something that may block for long, in a thread that nobody waits for.

    Unlike the loop's own threads this one does not keep the program from ending. Cancel the future
    and its result is dropped, whenever it comes; the work itself cannot be ended.

    Args:
        name: of the thread, for logs.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Result] = loop.create_future()

    def tell(results: list[Result], problem: Exception | None) -> None:
        if future.done():
            return
        if problem is not None:
            future.set_exception(problem)
        else:
            future.set_result(results[0])

    def run() -> None:
        results: list[Result] = []
        problem: Exception | None = None
        try:
            results.append(work())
        except Exception as caught:  # noqa: BLE001 - a door: raised again by whoever waits
            problem = caught
        if not loop.is_closed():
            try:
                loop.call_soon_threadsafe(tell, results, problem)
            except RuntimeError:
                # The loop was closed in between: the window has gone.
                return

    threading.Thread(target=run, name=name, daemon=True).start()
    return future


async def in_thread(work: Callable[[], Result], name: str) -> Result:
    """The result of `start_in_thread`, or what `work` raised."""
    return await start_in_thread(work, name)


class TaskScope:
    """Keeps the tasks of one panel or dialog.

    Args:
        name: shown in logs and leak checks.
        report: called with the error and the task's name when a task fails; `TagwerkError`s that a
            coroutine does not handle itself arrive here too, so that none is lost.
    """

    def __init__(self, name: str, report: ErrorReporter) -> None:
        self.name = name
        self._report = report
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._count = 0

    def start(
        self, coroutine: Coroutine[Any, Any, object], name: str = "", *, replace: bool = False
    ) -> asyncio.Task[None]:
        """Run a coroutine. With `replace` a running one of the same name is cancelled first."""
        self._count += 1
        key = name or f"{getattr(coroutine, '__qualname__', 'task')}-{self._count}"
        running = self._tasks.get(key)
        if running is not None:
            if replace:
                running.cancel()
            else:
                key = f"{key}-{self._count}"
        task = asyncio.get_running_loop().create_task(
            self._guard(coroutine, key), name=f"{self.name}:{key}"
        )
        self._tasks[key] = task
        task.add_done_callback(lambda done: self._forget(key, done))
        # Cancelled before its first step it would never be awaited: say that this is meant.
        task.add_done_callback(lambda _done: coroutine.close())
        return task

    def cancel(self, name: str) -> None:
        """Cancel the task of that name, if it runs."""
        task = self._tasks.get(name)
        if task is not None:
            task.cancel()

    def is_running(self, name: str) -> bool:
        return name in self._tasks

    async def close(self) -> None:
        """Cancel all and wait until they have ended."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _forget(self, key: str, task: asyncio.Task[None]) -> None:
        if self._tasks.get(key) is task:
            del self._tasks[key]

    async def _guard(self, coroutine: Coroutine[Any, Any, object], name: str) -> None:
        try:
            await coroutine
        except asyncio.CancelledError:
            raise
        except TagwerkError as error:
            self._report(error, name)
        except Exception as error:  # noqa: BLE001 - a door: logged and shown by the reporter
            self._report(error, name)
