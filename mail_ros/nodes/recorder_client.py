"""A client of the recorder's services, for the keyboard of a surveyor."""

from __future__ import annotations

from types import TracebackType

import rclpy
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from std_srvs.srv import Trigger

from mail_ros.core.errors import MailError

RECORDER = "mail_recorder"
WAIT_S = 5.0  # discovery takes up to three seconds


class RecorderClient:
    """Calls a recorder's services; used in a `with` block."""

    def __init__(self, namespace: str = "", wait_s: float = WAIT_S) -> None:
        """Create a node in a context of its own.

        Args:
            namespace: of the recorder.
            wait_s: maximum wait for a service, and for its response.
        """
        self.name, self.wait_s = f"/{namespace}/{RECORDER}".replace("//", "/"), wait_s
        self.context = Context()
        rclpy.init(args=[], context=self.context, signal_handler_options=SignalHandlerOptions.NO)
        self.node = Node("mail_surveyor", context=self.context, start_parameter_services=False, enable_rosout=False)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)

    def call(self, service: str) -> tuple[bool, str]:
        """Call a service; returns its success and its message.

        Raises:
            MailError: there is no such service, or it does not respond.
        """
        client = self.node.create_client(Trigger, f"{self.name}/{service}")
        try:
            if not client.wait_for_service(self.wait_s):
                raise self._silent(service, "no such service")
            future = client.call_async(Trigger.Request())
            self.executor.spin_until_future_complete(future, self.wait_s)
            if not future.done():
                raise self._silent(service, "no response")
            response = future.result()
            return bool(response.success), str(response.message)
        finally:
            self.node.destroy_client(client)

    def _silent(self, service: str, found: str) -> MailError:
        return MailError(
            f"{self.name}/{service}",
            wanted="a recorder",
            found=f"{found} within {self.wait_s:g} s",
            fix="start mail_recorder, or name its --namespace",
        )

    def __enter__(self) -> RecorderClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.executor.shutdown()
        self.node.destroy_node()
        rclpy.shutdown(context=self.context)
