"""How a node starts, runs and stops: every way out is clean, and every error that a user can fix is one line.

    signals caught --> rclpy.init --> create() --> spin_once ... --> drain --> close --> shutdown
    before anything    no handlers    imports,     until a signal    received   bags,    while the
    is imported        of its own     loads                          messages   files    context is valid

SIGINT and SIGTERM mean the same. A second one changes nothing.
"""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Event
from typing import TYPE_CHECKING, Protocol

from mail_ros.core.errors import ConfigError, MailError

if TYPE_CHECKING:
    from rclpy.executors import SingleThreadedExecutor
    from rclpy.node import Node

WAKE_S = 0.2  # maximum wait for messages, since a signal does not end one
EXTRAS = {  # the smallest extra of setup.py that has a module; all others are in `tools`
    "record": {"lz4", "mcap", "rosbags", "ruamel", "zstandard"},
    "view": {"PIL", "rerun", "rerun_cli"},
}
PACKAGES = {"PIL": "pillow", "rerun": "rerun-sdk", "rerun_cli": "rerun-sdk", "ruamel": "ruamel.yaml"}  # by module
DRAIN_S = 4.0  # launch sends SIGTERM five seconds after SIGINT, and SIGKILL five seconds after that


class ClosingNode(Protocol):
    """A node of this package."""

    def close(self) -> None:
        """Finish open work; the context is still valid."""

    def destroy_node(self) -> None:
        """See `rclpy.node.Node`."""


def run(name: str, create: Callable[[], ClosingNode], args: Sequence[str] | None = None) -> int:
    """Run one node until a signal.

    Args:
        name: prefix of an error line.
        create: makes the node; slow imports belong here.
        args: the command line; default: that of the process.

    Returns:
        The exit code: 0 after a signal, 1 after an error, whose printed line names the fix.
    """
    stop = Event()  # requested by a signal
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        _run(create, stop, args)
    except MailError as error:
        print(f"{name}: {error}", file=sys.stderr, flush=True)
        return 1
    return 0


def _run(create: Callable[[], ClosingNode], stop: Event, args: Sequence[str] | None) -> None:
    try:
        import rclpy
        from rclpy.executors import SingleThreadedExecutor
        from rclpy.signals import SignalHandlerOptions
    except ModuleNotFoundError as error:
        raise missing(error) from None
    try:
        rclpy.init(args=args, signal_handler_options=SignalHandlerOptions.NO)
    except RuntimeError as error:  # an argument or a parameter file that rcl cannot parse
        raise ConfigError("ROS arguments", wanted="valid ones", found=one_line(error), fix="correct them") from None
    try:
        node = _created(create)
        executor = SingleThreadedExecutor()
        executor.add_node(node)
        try:
            while not stop.is_set():
                executor.spin_once(timeout_sec=WAKE_S)
            _drain(executor)
        finally:
            node.close()
            executor.shutdown()
            node.destroy_node()
    finally:
        rclpy.try_shutdown()


def _created(create: Callable[[], ClosingNode]) -> ClosingNode:
    from rclpy.exceptions import ParameterException

    try:
        return create()
    except ParameterException as error:  # from a parameter of rclpy itself, such as use_sim_time
        raise ConfigError("parameter", wanted="another value", found=one_line(error), fix="correct it") from None
    except ModuleNotFoundError as error:
        raise missing(error) from None
    except RuntimeError as error:
        if type(error).__name__ != "RCLError":
            raise
        fix = "see ROS_DOMAIN_ID, RMW_IMPLEMENTATION, and the profiles of DDS"
        raise ConfigError("ROS", wanted="a node to start", found=one_line(error), fix=fix) from None


def _drain(executor: SingleThreadedExecutor) -> None:
    """Handle the messages from before the signal, so that a bag holds all that its recorder acknowledged."""
    from rclpy.executors import TimeoutException

    deadline_s, busy = time.monotonic() + DRAIN_S, True
    while busy and time.monotonic() < deadline_s:
        busy = False
        try:
            while True:
                task, _, _ = executor.wait_for_ready_callbacks(timeout_sec=0)
                task()
                if task.exception() is not None:
                    raise task.exception()
                busy = True
        except TimeoutException:
            continue


@contextmanager
def private_node(name: str, domain_id: int | None = None) -> Iterator[tuple[Node, SingleThreadedExecutor]]:
    """A node and its executor in a context of their own, for a verb that talks to other nodes; without parameters."""
    import rclpy
    from rclpy.context import Context
    from rclpy.executors import SingleThreadedExecutor
    from rclpy.node import Node
    from rclpy.signals import SignalHandlerOptions

    context = Context()
    rclpy.init(args=[], context=context, domain_id=domain_id, signal_handler_options=SignalHandlerOptions.NO)
    try:
        node = Node(name, context=context, start_parameter_services=False, enable_rosout=False)
        executor = SingleThreadedExecutor(context=context)
        executor.add_node(node)
        try:
            yield node, executor
        finally:
            executor.shutdown()
            node.destroy_node()
    finally:
        rclpy.shutdown(context=context)


def missing(error: ModuleNotFoundError) -> MailError:
    """The error of a module that is not installed; it names the package to install, and the extra that has it."""
    module = (error.name or "").partition(".")[0]
    if module in ("rcl_interfaces", "rclpy", "rpyutils") or module.endswith("_msgs"):
        fix = "source a ROS 2 installation, or install its wheels: see docs/install.md"
    else:
        extra = next((name for name, modules in EXTRAS.items() if module in modules), "tools")
        fix = f"pip install {PACKAGES.get(module, module)}, or all of the extra {extra}: see docs/install.md"
    return ConfigError(f"Python module {module}", wanted="it installed", found="nothing", fix=fix)


def one_line(error: object) -> str:
    """The message of another library's error, without its line breaks."""
    return " ".join(str(error).split())
