"""A ROS graph for one test: its own domain, on the loopback only, and no process left behind.

Waits end when what they wait for is there, and fail after ten seconds; nothing sleeps for a fixed time.
"""

from __future__ import annotations

import gc
import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from mail_ros.cli.node_process import reserved_domain

ROOT = Path(__file__).resolve().parent.parent
LIMIT_S = 10.0


class Process:
    """A node of this package in a process of its own."""

    def __init__(self, command: list[str], env: dict[str, str], log: Path) -> None:
        self.log = log
        with log.open("wb") as out:
            self.popen = subprocess.Popen(command, env=env, stdout=out, stderr=subprocess.STDOUT, cwd=log.parent)

    @property
    def output(self) -> str:
        return self.log.read_text()

    def wait_for(self, text: str) -> None:
        """Until it has printed something."""
        deadline_s = time.monotonic() + 3 * LIMIT_S  # importing torch on a busy machine takes long
        while text not in self.output:
            assert self.popen.poll() is None, f"ended with {self.popen.returncode}:\n{self.output}"
            assert time.monotonic() < deadline_s, f"never printed {text!r}:\n{self.output}"
            time.sleep(0.02)

    def wait_until_caught(self, number: signal.Signals) -> None:
        """Until it has a handler of its own for a signal, which Linux reports."""
        deadline_s, caught = time.monotonic() + LIMIT_S, 0
        while not caught >> (number - 1) & 1:
            assert time.monotonic() < deadline_s, f"never caught {number.name}"
            status = Path(f"/proc/{self.popen.pid}/status").read_text()
            caught = int(status.partition("SigCgt:")[2].split()[0], 16)

    def exit_code(self) -> int:
        """Its exit code, once it has ended."""
        return self.popen.wait(3 * LIMIT_S)

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Send a signal; the exit code."""
        self.popen.send_signal(number)
        return self.exit_code()

    def kill(self) -> None:
        """For the end of a test, whatever happened in it."""
        if self.popen.poll() is None:
            self.popen.kill()
            self.popen.wait()


class Graph:
    """The test's own node, and the processes that it talks to."""

    def __init__(self, domain_id: int, folder: Path) -> None:
        import rclpy
        from rclpy.context import Context
        from rclpy.executors import SingleThreadedExecutor
        from rclpy.node import Node

        self.folder = folder
        self.context = Context()
        rclpy.init(args=[], context=self.context, domain_id=domain_id)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.node = Node("test", context=self.context)
        self.executor.add_node(self.node)
        self.processes: list[Process] = []

    def start(self, script: str, *parameters: str, arguments: tuple[str, ...] = ()) -> Process:
        """Run scripts/SCRIPT with NAME:=VALUE parameters."""
        given = itertools.chain.from_iterable(("-p", parameter) for parameter in parameters)
        command = [sys.executable, str(ROOT / "scripts" / script), "--ros-args", *given, *arguments]
        process = Process(command, dict(os.environ), self.folder / f"{script}_{len(self.processes)}.log")
        self.processes.append(process)
        return process

    def listen(self, msgtype: Any, topic: str, *, raw: bool = False) -> list[Any]:
        """The list that messages on a topic are added to while the graph spins; none is lost."""
        from mail_ros.nodes import qos

        received: list[Any] = []
        self.node.create_subscription(msgtype, topic, received.append, qos.lossless(), raw=raw)
        return received

    def call(self, kind: Any, service: str, request: Any) -> Any:
        """The response of a service, once it is there."""
        client = self.node.create_client(kind, service)
        self.wait(client.service_is_ready, f"for {service}")
        future = client.call_async(request)
        self.wait(future.done, f"for a response of {service}")
        self.node.destroy_client(client)
        return future.result()

    def wait(self, condition: Callable[[], bool], what: str = "") -> None:
        """Spin until something is so."""
        deadline_s = time.monotonic() + LIMIT_S
        while not condition():
            assert time.monotonic() < deadline_s, f"waited {LIMIT_S} s in vain {what}"
            self.executor.spin_once(timeout_sec=0.05)

    def spin(self, seconds: float) -> None:
        """Receive messages for a while: only to show that there are none."""
        deadline_s = time.monotonic() + seconds
        while time.monotonic() < deadline_s:
            self.executor.spin_once(timeout_sec=0.02)

    def close(self) -> None:
        import rclpy

        for process in self.processes:
            process.kill()
        self.executor.shutdown()
        self.node.destroy_node()
        rclpy.shutdown(context=self.context)


class LogLines:
    """A logger that keeps its warnings and errors, and its other lines if `informed`."""

    def __init__(self, lines: list[str], *, informed: bool = False) -> None:
        self.lines, self.informed = lines, informed

    def warning(self, line: str, **_: Any) -> None:
        self.lines.append(line)

    error = warning

    def info(self, line: str) -> None:
        if self.informed:
            self.lines.append(line)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test with a graph waits for others in real time."""
    for item in items:
        if "ros_domain" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.real_time)


@pytest.fixture
def ros_domain(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[int]:
    """A domain that no other test of this machine uses now, in the environment of this process and its children."""
    pytest.importorskip("rclpy", reason="needs rclpy: a ROS 2 installation or its wheels")
    with reserved_domain() as domain_id:
        environment = {
            "ROS_DOMAIN_ID": str(domain_id),
            "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
            "ROS_LOG_DIR": str(tmp_path / "log"),
            **dds_profile(),
            "RCUTILS_COLORIZED_OUTPUT": "0",
            "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")])),
        }
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        gc.freeze()  # what was there before is not searched
        yield domain_id
        request.node.funcargs.clear()  # pytest keeps fixtures up to the next test,
        monkeypatch.undo()  # a patch keeps what it patched,
        gc.collect()  # and nodes and contexts refer to each other
        assert not participants(), "still in a domain that will be another test's"


def participants() -> list[str]:
    """Threads of this process that serve a participant of Fast DDS."""
    names = []
    for task in Path("/proc/self/task").glob("*/comm"):
        with suppress(OSError):  # a thread that has ended meanwhile
            names.append(task.read_text().strip())
    return [name for name in names if name.startswith("dds.ev")]


def dds_profile() -> dict[str, str]:
    """The profile in the words of this distribution's Fast DDS: 2, whose package is fastrtps, in Jazzy; 3 in Kilted."""
    prefixes = [sys.prefix, *filter(None, os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep))]
    if any(Path(prefix, "share", "fastrtps").is_dir() for prefix in prefixes):
        return {"FASTRTPS_DEFAULT_PROFILES_FILE": str(ROOT / "test" / "fastdds.xml")}
    return {"FASTDDS_DEFAULT_PROFILES_FILE": str(ROOT / "test" / "fastdds3.xml")}


@pytest.fixture
def graph(ros_domain: int, tmp_path: Path) -> Iterator[Graph]:
    """A ROS graph of this test alone."""
    opened = Graph(ros_domain, tmp_path)
    yield opened
    opened.close()
