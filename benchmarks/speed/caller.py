"""Asynchronous client of a node's Trigger service."""

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
        """Create the client.

        Args:
            domain_id: DDS domain.
            name: name of the service.
        """
        self.context = Context()
        rclpy.init(args=[], context=self.context, domain_id=domain_id, signal_handler_options=SignalHandlerOptions.NO)
        self.node = Node("caller", context=self.context, start_parameter_services=False, enable_rosout=False)
        self.client = self.node.create_client(Trigger, name)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)
        self._futures: list[Any] = []

    def call(self) -> None:
        """Send a request without waiting for its response."""
        self._futures.append(self.client.call_async(Trigger.Request()))

    def poll(self) -> None:
        """Process responses that have arrived."""
        self.executor.spin_once(timeout_sec=0.0)

    @property
    def responses(self) -> list[Any]:
        """The responses so far."""
        return [future.result() for future in self._futures if future.done()]

    def __enter__(self) -> TriggerCaller:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.executor.shutdown()
        self.node.destroy_node()
        rclpy.shutdown(context=self.context)
