# SPDX-License-Identifier: MIT
"""A child process with a name of its own, so that live tests can ask whose doing something was."""
import ctypes
import os
import pickle
import traceback

PR_SET_NAME = 15


def set_name(name):
    """The name of the calling thread; of a process, where it is the first one."""
    ctypes.CDLL(None).prctl(PR_SET_NAME, name.encode(), 0, 0, 0)


class LiveChild:
    """Runs `body(ready, await_end)` in a fork called `name`. The constructor waits until the child
    has called ready(value), and keeps the value in `said`. await_end() returns when end() is called
    here or this process dies; what `body` returns then is what end() gives."""

    def __init__(self, name, body):
        from_child, child_says = os.pipe()
        child_hears, to_child = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(from_child)
            os.close(to_child)
            os._exit(_run(name, body, child_says, child_hears))
        os.close(child_says)
        os.close(child_hears)
        self.name = name
        self._from_child = os.fdopen(from_child, "rb")
        self._to_child = to_child
        self.said = pickle.load(self._from_child)

    def end(self):
        os.write(self._to_child, b"x")  # closing it is not enough: later children hold it as well
        os.close(self._to_child)
        try:
            return pickle.load(self._from_child)
        finally:
            self._from_child.close()
            os.waitpid(self.pid, 0)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        if not self._from_child.closed:
            self.end()


def _run(name, body, says, hears):
    """The child's exit code. It leaves without its parent's clean-up, which is the parent's."""
    try:
        set_name(name)
        with os.fdopen(says, "wb", buffering=0) as to_parent:
            result = body(lambda value=None: to_parent.write(pickle.dumps(value)),
                          lambda: os.read(hears, 1))
            to_parent.write(pickle.dumps(result))
        return 0
    except BrokenPipeError:  # the parent is gone, and nobody waits for the result
        return 1
    except BaseException:  # pylint: disable=broad-except
        traceback.print_exc()
        return 1
