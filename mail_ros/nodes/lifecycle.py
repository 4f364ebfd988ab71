"""A node that is configured, activated, deactivated and cleaned up: by itself at the start, or by a lifecycle manager.

A subclass writes `configure` and `activate`, and registers how to undo each step: deactivating and cleaning up do so,
last step first. An error in a transition is logged and undone: rclpy itself would not log it. The states:
design.ros2.org/articles/node_lifecycle.html
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn

from mail_ros.core.errors import MailError


class ManagedNode(LifecycleNode):
    """A lifecycle node whose transitions are whole or not at all; options as of `rclpy.node.Node`."""

    def __init__(self, name: str, **options: Any) -> None:
        super().__init__(name, **options)
        self.configured, self.activated = ExitStack(), ExitStack()  # how to undo the transitions
        self.active = False  # callbacks must check it: rclpy's subscriptions do not
        self._starting = False
        self._failure: Exception | None = None
        self._service_change_state.callback = self._refusing(self._service_change_state.callback)

    def configure(self) -> None:
        """Create everything that work needs; a `MailError` reports why it fails."""
        raise NotImplementedError

    def activate(self) -> None:
        """Start work; a `MailError` reports why it fails."""
        raise NotImplementedError

    def start(self) -> None:
        """Configure and activate, as a lifecycle manager would.

        Raises:
            MailError: from `configure` or `activate`; other errors of theirs are raised too.
        """
        self._starting = True
        for trigger in (self.trigger_configure, self.trigger_activate):
            if trigger() != TransitionCallbackReturn.SUCCESS:
                assert self._failure is not None
                raise self._failure
        self._starting = False

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Unconfigured to inactive."""
        return self._tried("configure", self.configure, self.configured)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Inactive to active."""
        result = self._tried("activate", self.activate, self.activated)
        self.active = result == TransitionCallbackReturn.SUCCESS
        return result

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Active to inactive."""
        self.active = False
        return self._tried("deactivate", self.activated.close, self.activated)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Inactive to unconfigured."""
        return self._tried("clean up", self.configured.close, self.configured)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Any to finalized."""
        return self._tried("shut down", self.free, self.configured)

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """After an unforeseen error: unconfigured again."""
        return self._tried("recover", self.free, self.configured)

    def free(self) -> None:
        """Undo everything."""
        self.active = False
        self.activated.close()
        self.configured.close()

    def close(self) -> None:
        """Nothing is open."""

    def _tried(self, verb: str, act: Callable[[], None], undo: ExitStack) -> TransitionCallbackReturn:
        """Run a transition: a `MailError` leaves the state unchanged, any other error unconfigures the node."""
        try:
            act()
        except Exception as error:
            self._failure = error
            undo.close()
            foreseen = isinstance(error, MailError)
            if not self._starting:
                reason = str(error) if foreseen else traceback.format_exc()
                self.get_logger().error(f"could not {verb}: {reason}")
            return TransitionCallbackReturn.FAILURE if foreseen else TransitionCallbackReturn.ERROR
        return TransitionCallbackReturn.SUCCESS

    def _refusing(self, service: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        """The service that changes states; an impossible transition is refused instead of fatal."""

        def change_state(request: Any, response: Any) -> Any:
            try:
                return service(request, response)
            except RuntimeError as error:  # from rcl
                self.get_logger().warning(f"no such transition now: {' '.join(str(error).split())}")
                response.success = False
                return response

        return change_state
