"""Calls a Trigger service of a node now and then, and hears what it answers: for who has other things to do."""

from __future__ import annotations

from types import TracebackType
from typing import Any

import rclpy
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from std_srvs.srv import Trigger


class TriggerCaller:
    """A client of one service, with a node of its own; used in a `with` block."""

    def __init__(self, domain_id: int, name: str) -> None:
        """Look for a service.

        Args:
            domain_id: of DDS.
            name: of the service.
        """
        self.context = Context()
        rclpy.init(args=[], context=self.context, domain_id=domain_id, signal_handler_options=SignalHandlerOptions.NO)
        self.node = Node("caller", context=self.context, start_parameter_services=False, enable_rosout=False)
        self.client = self.node.create_client(Trigger, name)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)
        self._asked: list[Any] = []

    def call(self) -> None:
        """Ask, and do not wait."""
        self._asked.append(self.client.call_async(Trigger.Request()))

    def poll(self) -> None:
        """Hear what was answered meanwhile."""
        self.executor.spin_once(timeout_sec=0.0)

    @property
    def answers(self) -> list[Any]:
        """So far, to those calls that were answered."""
        return [future.result() for future in self._asked if future.done()]

    def __enter__(self) -> TriggerCaller:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.executor.shutdown()
        self.node.destroy_node()
        rclpy.shutdown(context=self.context)
