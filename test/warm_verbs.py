"""Verbs of the command line in forks of one process that has imported what is heavy: 0.3 s instead of 4 s each.

A fork has its own arguments, environment, folder, stdin, stdout, stderr and exit code, as a new process has; only the
imports are done, also for its workers, which are forks of it. What depends on them (`--version`, Ctrl-C, what `--help`
loads, how workers start) is tested in new processes.

    server(path)  <-- arguments, folder, environment and three file descriptors --  run_verb(), or this file as a script
                  --  process id, then exit code -->
"""

from __future__ import annotations

import gc
import importlib
import json
import multiprocessing
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HEAVY = ("mail_ros.evaluation.cells", "matplotlib.figure", "rosbags.rosbag2", "mcap.writer", "scipy.sparse")
LIMIT_S = 300.0
MESSAGE = 1 << 17  # bytes; Linux sends a datagram of up to about 200 kB


@cache
def address() -> str:
    """Address of this process's server, which ends with it; started at the first call."""
    path = str(Path(tempfile.mkdtemp(prefix="verbs_")) / "socket")
    ours, servers = socket.socketpair()
    os.set_inheritable(servers.fileno(), True)
    command = [sys.executable, __file__, "--serve", path, str(servers.fileno())]
    os.posix_spawn(sys.executable, command, os.environ)
    servers.close()
    if not ours.recv(1):
        raise RuntimeError("the server of verbs did not start")
    _KEPT.append(ours)  # closed when this process ends: then the server ends too
    return path


_KEPT: list[socket.socket] = []


def run_verb(*arguments: object, limit_s: float = LIMIT_S) -> subprocess.CompletedProcess[str]:
    """Run `mail_ros ARGUMENTS` without stdin; as `subprocess.run(..., capture_output=True, text=True)`."""
    words = [str(argument) for argument in arguments]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, Path(os.devnull).open() as none:
        code = request(address(), words, (none.fileno(), out.fileno(), err.fileno()), os.environ, limit_s)
        texts = [os.pread(file.fileno(), os.fstat(file.fileno()).st_size, 0).decode() for file in (out, err)]
    return subprocess.CompletedProcess(["mail_ros", *words], code, *texts)


def request(
    path: str, arguments: list[str], files: tuple[int, int, int], env: Mapping[str, str], limit_s: float
) -> int:
    """Have the server at `path` run a verb; its exit code, negative for a signal.

    Raises:
        subprocess.TimeoutExpired: after `limit_s`; the verb is killed.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server:
        server.connect(path)
        message = json.dumps([arguments, str(Path.cwd()), dict(env)]).encode()
        socket.send_fds(server, [message], files)
        pid = int(server.recv(MESSAGE))
        server.settimeout(limit_s)
        try:
            return int(server.recv(MESSAGE))
        except TimeoutError:
            os.kill(pid, signal.SIGKILL)
            raise subprocess.TimeoutExpired(arguments, limit_s) from None


def serve(path: str, parent: socket.socket) -> None:
    """Import what is heavy, then fork for every request until the parent has ended."""
    sys.path[0] = str(ROOT)  # instead of this folder
    for name in HEAVY:
        importlib.import_module(name)
    from mail_ros.cli.main import main
    from mail_ros.evaluation import workers

    workers.context = lambda preload=(): multiprocessing.get_context("fork")
    gc.freeze()  # else every fork walks through all of it at its end
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # forks that end are not waited for
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listening:
        listening.bind(path)
        listening.listen(16)
        parent.send(b"1")
        while parent not in select.select([listening, parent], [], [])[0]:
            connection, _ = listening.accept()
            if os.fork() == 0:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                listening.close()
                parent.close()
                if is_verb(connection):
                    main()
                return
            connection.close()
    Path(path).unlink()
    Path(path).parent.rmdir()


def is_verb(connection: socket.socket) -> bool:
    """Fork, so that one process becomes the verb's and the other waits for it; whether this is the verb's."""
    message, files, _, _ = socket.recv_fds(connection, MESSAGE, 3)
    arguments, folder, environment = json.loads(message)
    pid = os.fork()
    if pid == 0:
        connection.close()
        for number, file in enumerate(files):
            os.dup2(file, number)
            os.close(file)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        sys.argv = ["mail_ros", *arguments]
        return True
    connection.send(str(pid).encode())
    _, status = os.waitpid(pid, 0)
    connection.send(str(os.waitstatus_to_exitcode(status)).encode())
    return False


if __name__ == "__main__":
    if sys.argv[1] == "--serve":
        serve(sys.argv[2], socket.socket(fileno=int(sys.argv[3])))
    else:
        ended = request(sys.argv[1], sys.argv[2:], (0, 1, 2), os.environ, LIMIT_S)
        sys.exit(ended if ended >= 0 else 128 - ended)
