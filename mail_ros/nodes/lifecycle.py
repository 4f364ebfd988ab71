"""A node that is configured, activated, deactivated and cleaned up: by itself at the start, or by a lifecycle manager.

    configure() --> activate() --> deactivate, cleanup: what the two made is undone, last first
    reads, checks   goes to work

A subclass writes the first two, and says of each thing it makes how to undo it. What raises in a transition is
logged and undone: rclpy itself would keep silent about it. The states: design.ros2.org/articles/node_lifecycle.html
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
        self.configured, self.activated = ExitStack(), ExitStack()  # how to undo what the transitions made
        self.active = False  # rclpy's subscriptions do not ask: callbacks must
        self._starting = False
        self._failure: Exception | None = None
        self._service_change_state.callback = self._surviving(self._service_change_state.callback)

    def configure(self) -> None:
        """Make all that is needed to work; a `MailError` says why not."""
        raise NotImplementedError

    def activate(self) -> None:
        """Go to work; a `MailError` says why not."""
        raise NotImplementedError

    def start(self) -> None:
        """Configure and activate, as a lifecycle manager would.

        Raises:
            MailError: of `configure` or `activate`, and whatever else they raised.
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
        """After an error that nobody foresaw: unconfigured again."""
        return self._tried("recover", self.free, self.configured)

    def free(self) -> None:
        """Undo all that was made; nothing where nothing was."""
        self.active = False
        self.activated.close()
        self.configured.close()

    def close(self) -> None:
        """Nothing is half done."""

    def _tried(self, verb: str, act: Callable[[], None], made: ExitStack) -> TransitionCallbackReturn:
        """A transition: a failure that a user can mend leaves the state as it was, any other unconfigures."""
        try:
            act()
        except Exception as error:
            self._failure = error
            made.close()
            mendable = isinstance(error, MailError)
            if not self._starting:
                said = str(error) if mendable else traceback.format_exc()
                self.get_logger().error(f"could not {verb}: {said}")
            return TransitionCallbackReturn.FAILURE if mendable else TransitionCallbackReturn.ERROR
        return TransitionCallbackReturn.SUCCESS

    def _surviving(self, answer: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        """The service that changes states, but a transition that is not possible now is refused instead of fatal."""

        def change_state(request: Any, response: Any) -> Any:
            try:
                return answer(request, response)
            except RuntimeError as error:  # of rcl
                self.get_logger().warning(f"no such transition now: {' '.join(str(error).split())}")
                response.success = False
                return response

        return change_state
