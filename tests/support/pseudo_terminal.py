# SPDX-License-Identifier: MIT
"""A program on a pseudo terminal, and what a person before it would see (python3-pyte)."""
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time

import pyte

PATIENCE_S = 20.0


class PseudoTerminal:
    # Of the type linux, which is what pyte knows: xterm can also repeat a character or scroll a part.
    def __init__(self, command, width=80, height=24, **environment):
        self.screen = pyte.Screen(width, height)
        self.stream = pyte.ByteStream(self.screen)
        self.raw = b""
        self.main, self.other = pty.openpty()
        self._set_size(width, height)
        self.settings_before = termios.tcgetattr(self.other)
        everything = dict(os.environ, TERM="linux", LC_ALL="C.UTF-8")
        everything.pop("NO_COLOR", None)
        everything.update(environment)
        for name in [name for name, value in everything.items() if value is None]:
            del everything[name]
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.setsid()
                fcntl.ioctl(self.other, termios.TIOCSCTTY, 0)
                for descriptor in range(3):
                    os.dup2(self.other, descriptor)
                os.closerange(3, 256)
                os.execvpe(command[0], command, everything)
            finally:
                os._exit(127)
        self.exit_code = None

    def _set_size(self, width, height):
        size = struct.pack("HHHH", height, width, 0, 0)
        fcntl.ioctl(self.main, termios.TIOCSWINSZ, size)

    def resize(self, width, height):
        self.screen.resize(height, width)
        self._set_size(width, height)  # the kernel sends SIGWINCH

    def press(self, keys):
        os.write(self.main, keys.encode())

    def signal(self, number):
        os.kill(self.pid, number)

    def read(self, seconds):
        """Takes what comes within that time; False if nothing does."""
        ready, _, _ = select.select([self.main], [], [], seconds)
        if not ready:
            return False
        try:
            data = os.read(self.main, 65536)
        except OSError:
            return False
        self.raw += data
        self.stream.feed(data)
        return bool(data)

    def lines(self):
        return [line.rstrip() for line in self.screen.display]

    def text(self):
        return "\n".join(self.lines())

    def wait_for(self, what, described=None):
        """Until the text shows, or until what(text) holds."""
        wanted = what if callable(what) else (lambda text: what in text)
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            if wanted(self.text()):
                return self.text()
            if not self.read(0.1) and self._has_ended():
                break
        if wanted(self.text()):
            return self.text()
        raise AssertionError(
            f"not seen: {described or what!r}; exit {self.exit_code}; screen:\n{self.text()}")

    def _has_ended(self):
        if self.exit_code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid != 0:
                self.exit_code = os.waitstatus_to_exitcode(status)
        return self.exit_code is not None

    def wait_for_end(self):
        """The exit code; negative: the signal."""
        end = time.monotonic() + PATIENCE_S
        while not self._has_ended():
            if time.monotonic() > end:
                os.kill(self.pid, signal.SIGKILL)
                raise AssertionError(f"does not end; screen:\n{self.text()}")
            self.read(0.05)
        while self.read(0.05):
            pass
        return self.exit_code

    def is_restored(self):
        """The line settings are what they were, and the cursor and the first screen are back."""
        same = termios.tcgetattr(self.other) == self.settings_before
        on, off = self.raw.rfind(b"\x1b[?1049h"), self.raw.rfind(b"\x1b[?1049l")
        hidden, shown = self.raw.rfind(b"\x1b[?25l"), self.raw.rfind(b"\x1b[?25h")
        return same and off >= on and shown >= hidden

    def close(self):
        if not self._has_ended():
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.main)
        os.close(self.other)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()
        sys.stdout.flush()
