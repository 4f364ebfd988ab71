"""Calls to the recorder's services, for the keyboard of a surveyor."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from std_srvs.srv import Trigger

from mail_ros.core.errors import MailError
from mail_ros.nodes.spin import private_node

RECORDER = "mail_recorder"
WAIT_S = 5.0  # discovery takes up to three seconds


@contextmanager
def recorder_client(namespace: str = "", wait_s: float = WAIT_S) -> Iterator[Callable[[str], tuple[bool, str]]]:
    """A function that calls a service of the recorder by name, and returns its success and its message.

    It raises a MailError if there is no such service, or if it does not respond.

    Args:
        namespace: namespace of the recorder.
        wait_s: maximum wait for a service, and for its response.
    """
    recorder = f"/{namespace}/{RECORDER}".replace("//", "/")

    with private_node("mail_surveyor") as (node, executor):

        def call(service: str) -> tuple[bool, str]:
            client = node.create_client(Trigger, f"{recorder}/{service}")
            try:
                found = "no such service"
                if client.wait_for_service(wait_s):
                    future = client.call_async(Trigger.Request())
                    executor.spin_until_future_complete(future, wait_s)
                    if future.done():
                        return bool(future.result().success), str(future.result().message)
                    found = "no response"
                raise MailError(
                    f"{recorder}/{service}",
                    wanted="a recorder",
                    found=f"{found} within {wait_s:g} s",
                    fix="start mail_recorder, or name its --namespace",
                )
            finally:
                node.destroy_client(client)

        yield call
