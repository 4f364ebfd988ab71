"""Topics of one robot in a bag: named by the user, or found by the namespaces of its field.

/robot1/imu/mag --> /robot1/odom, /robot1/imu/data, /robot1/joint_states, /robot1/landmark, /robot1/tf
/mavros/imu/mag --> /mavros/imu/data, and /odom where the bag has no /mavros/odom
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from mail_ros.core.errors import BagError
from mail_ros.data.messages import IMU_TYPE, JOINTS_TYPE, ODOMETRY_TYPE
from mail_ros.data.remark import Remark


@dataclass(frozen=True)
class BagTopics:
    """Topics as they are named; empty ones are found. A name without a slash in front is relative to the namespace."""

    field: str = "/imu/mag"
    truth: str = ""  # empty: the first of `truth.TRUTH_TYPES`
    odometry: str = ""
    imu: str = ""
    joints: str = ""
    namespace: str = ""  # the robot's; empty: that of the field, or one above it

    @property
    def namespaces(self) -> tuple[str, ...]:
        """Namespaces of the robot, closest first; the last one is empty, for topics without any."""
        if self.namespace:
            return f"/{self.namespace.strip('/')}", ""
        if self.field == BagTopics.field:
            return ("",)
        parts = self.field.split("/")[1:-1]
        return *("/" + "/".join(parts[:count]) for count in range(len(parts), 0, -1)), ""

    @property
    def names(self) -> tuple[str, str, str, str]:
        """Field, inertial unit, odometry and joint states."""
        return self.field, self.imu, self.odometry, self.joints

    def nearest(self, usual: str, names: Collection[str]) -> str:
        """The robot's topic among all with a usual name such as `/tf`: by its namespaces, or else the only one.

        Returns:
            Its name; empty where there is none, or only several of other namespaces.
        """
        near = [space + usual for space in self.namespaces if space + usual in names]
        others = [name for name in names if name.endswith(usual)]
        return next(iter(near), others[0] if len(others) == 1 else "")

    def resolved(self, names: Callable[[], Collection[str]]) -> BagTopics:
        """Absolute names of all but an empty truth; `names` reads those of the bag, where they decide."""
        own = f"/{self.namespace.strip('/')}" if self.namespace else ""

        def absolute(name: str) -> str:
            return name if name.startswith("/") else f"{own}/{name}"

        field = absolute(BagTopics.field.lstrip("/") if self.field == BagTopics.field else self.field)
        here = replace(self, field=field)
        spaces = here.namespaces[:1] if own else here.namespaces
        known = names() if len(spaces) > 1 and not (self.odometry and self.imu and self.joints) else ()

        def found(given: str, usual: str) -> str:
            names_here = [f"{space}/{usual}" for space in spaces]
            return absolute(given) if given else next((name for name in names_here if name in known), names_here[-1])

        return replace(
            here,
            truth=absolute(self.truth) if self.truth else "",
            odometry=found(self.odometry, "odom"),
            imu=found(self.imu, "imu/data"),
            joints=found(self.joints, "joint_states"),
        )


ANY_TOPICS = BagTopics()
USUAL_TOPICS = ANY_TOPICS.resolved(tuple)


def require_named(bag: object, named: BagTopics, in_bag: Sequence[tuple[str, str]]) -> None:
    """Refuse a bag without a topic that was named.

    Args:
        bag: for the error.
        named: topics as they were named.
        in_bag: names and types of all topics.

    Raises:
        BagError: it is missing, or has messages of another type.
    """
    topics = named.resolved(tuple)
    for given, name, kind, option in (
        (named.odometry, topics.odometry, ODOMETRY_TYPE, "--odom"),
        (named.imu, topics.imu, IMU_TYPE, "--imu"),
        (named.joints, topics.joints, JOINTS_TYPE, "--joints"),
    ):
        if given and (name, kind) not in in_bag:
            found = [f"{topic} ({msgtype})" for topic, msgtype in in_bag if kind == msgtype or topic == name]
            raise BagError(
                bag,
                wanted=f"messages on {name} ({kind})",
                found=", ".join(found) or "none of this type",
                fix=f"correct {option}, or leave it out",
            )


def topic_remarks(topics: BagTopics, in_bag: Sequence[tuple[str, str]], *, has_odometry: bool) -> tuple[Remark, ...]:
    """Remarks about odometry that the bag has under another name, or that may be another robot's.

    Args:
        topics: resolved, as they were read.
        in_bag: names and types of all topics.
        has_odometry: whether odometry or an inertial unit was read.
    """
    others = sorted(name for name, kind in in_bag if kind in (ODOMETRY_TYPE, IMU_TYPE))
    others = [name for name in others if name not in (topics.odometry, topics.imu, topics.truth)]
    if others and not has_odometry:
        found = f"no odometry on {topics.odometry} or {topics.imu}, but there is {', '.join(others)}"
        return (Remark("odometry", found, "name it with --odom or --imu if it is this robot's"),)
    named = [name for name in others if name.endswith("/odom")]
    farther = len(topics.namespaces) > 1 and topics.odometry == "/odom" and ("/odom", ODOMETRY_TYPE) in in_bag
    if named and farther:
        found = f"the odometry beside {topics.field} is that of /odom, and there is {', '.join(named)}"
        return (Remark("odometry", found, "name this robot's with --odom, or its --namespace"),)
    return ()
