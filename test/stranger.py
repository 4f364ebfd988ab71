"""The page for a robot, as a user with a ROS 2 install and nothing else follows it: `python test/stranger.py`.

A fresh home, a workspace with a copy of this repository, and the commands of docs/paths/robot.md as they are written,
in their order, each in the shell that the ones before have left. What only a person can do is done here: simulated
drives are the robot, replayed while a launch file runs, and Ctrl-C ends it. It needs a sourced ROS 2 with colcon, and
fetches packages, so the gate does not run it; `test/test_installed.py` runs there what needs no ROS.

A model of these drives has to give poses on the topic, or the run fails.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from pages import blocks

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "paths" / "robot.md"
LOCALIZED = "-> LOCALIZED"
PATIENCE_S = 180.0
NO_SCREEN = " rviz:=true"
LEFT_OUT = {"rosdep": "needs the index of rosdistro", "ros2 run rviz2": "needs a screen"}
TRUTH_VERBS = ("check", "train", "evaluate")
DRIVES = ("monday_1", "monday_2", "tuesday_1", "wednesday_1")


class Shell:
    """Commands one after the other, as in one shell: folder and environment go from each to the next."""

    def __init__(self, home: Path) -> None:
        self.state = home / ".state"
        keep = ("PATH", "PYTHONPATH", "AMENT_PREFIX_PATH", "LD_LIBRARY_PATH", "PIP_CONSTRAINT", "ROS_DOMAIN_ID")
        self.environment = {name: os.environ[name] for name in keep if name in os.environ}
        self.environment |= {"HOME": str(home), "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST", "LANG": "C.UTF-8"}
        self.state.write_text(f"cd {home}\n")

    def start(self, command: str, log: Path) -> subprocess.Popen[bytes]:
        """Run a command; what it prints goes to a file."""
        print(f"$ {command}", flush=True)
        script = f'. {self.state}\n{command}\nwas=$?\n{{ export -p; echo "cd $PWD"; }} > {self.state}.new\nexit $was'
        with log.open("wb") as out:
            return subprocess.Popen(
                ["bash", "-c", script], env=self.environment, stdout=out, stderr=out, start_new_session=True
            )

    def run(self, command: str, shown: int = 6) -> str:
        """Run a command to its end; what it printed.

        Raises:
            SystemExit: it failed.
        """
        log = self.state.with_name("output")
        code = self.start(command, log).wait()
        text = log.read_text(errors="replace")
        print(*text.splitlines()[-shown:], sep="\n", flush=True)
        if code:
            sys.exit(f"exit code {code}: {command}\n{text[-3000:]}")
        self.state.with_name(".state.new").replace(self.state)
        return text


class Launched:
    """A launch file that runs until it is ended by Ctrl-C."""

    def __init__(self, shell: Shell, command: str, name: str = "launched") -> None:
        self.log = shell.state.with_name(name)
        self.process = shell.start(command, self.log)

    def wait_for(self, text: str) -> None:
        """Until it has printed something.

        Raises:
            SystemExit: it ended before, or has not in `PATIENCE_S`.
        """
        deadline_s = time.monotonic() + PATIENCE_S
        while text not in self.text:
            if self.process.poll() is not None or time.monotonic() > deadline_s:
                sys.exit(f"never printed {text!r}:\n{self.text[-3000:]}")
            time.sleep(0.1)

    def end(self) -> int:
        """Ctrl-C, to all of its processes as a terminal sends it; the exit code."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGINT)
        code = self.process.wait(30.0)
        print(*self.text.splitlines()[-8:], f"exit code {code}", sep="\n", flush=True)
        return code

    @property
    def text(self) -> str:
        """What it has printed."""
        return self.log.read_text(errors="replace")

    def __enter__(self) -> Launched:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self.end() and kind is None:
            sys.exit("it did not end cleanly")


def robot_drives(shell: Shell) -> None:
    """Bags of a simulated robot, with the reference of the simulator in place of AMCL's poses."""
    shell.run("mail_ros simulate --out drives --platform robot --walks 4 --drive-m 60")
    rename = (
        "from pathlib import Path; from mail_ros.data.bag import Bag; from mail_ros.data.bag_writer import BagWriter\n"
        "for source, name in zip(sorted(Path('drives').iterdir()), {names}):\n"
        "    with BagWriter(Path('robot', name)) as bag:\n"
        "        for one in Bag(source).messages():\n"
        "            topic = one.topic.replace('reference_pose', 'amcl_pose')\n"
        "            bag.add_topic(topic, one.msgtype)\n"
        "            bag.write(topic, one.log_time_ns, one.cdr)\n"
    )
    shell.run(f'mkdir -p robot && python3 -c "{rename.format(names=DRIVES)}"')


def follow_page(shell: Shell) -> None:
    """All commands of the page."""
    todo = [line for block in blocks(PAGE) if block.mark in ("sh", "sh ros") for line in block.lines()]
    while todo:
        command = todo.pop(0)
        reason = next((why for start, why in LEFT_OUT.items() if command.startswith(start)), None)
        if reason:
            print(f"$ {command}\n(not run: it {reason})")
        elif "demo.launch.py" in command:
            with Launched(shell, command.replace(NO_SCREEN, "")) as demo:
                demo.wait_for(LOCALIZED)
                while todo[0].startswith("ros2 topic"):
                    shell.run(todo.pop(0))
        elif "record.launch.py" in command:
            install_the_rest(shell)
            robot_drives(shell)
            for name in DRIVES:
                record(shell, command.replace("prefix:=monday", f"prefix:={name.partition('_')[0]}"), name)
        elif command.startswith("mail_ros"):
            shell.run(command + (" --truth /amcl_pose" if command.split()[1] in TRUTH_VERBS else ""), shown=20)
        elif "mail.launch.py" in command:
            shell.run("cp models/site.safetensors $HOME/")
            localize(shell, command)
        else:
            shell.run(command)


def install_the_rest(shell: Shell) -> None:
    """The lines of docs/install.md for recording, and for surveys, training and evaluation."""
    lines = re.findall(
        r"^pip install (?:lz4|dtaidistance).*$", (ROOT / "docs" / "install.md").read_text(), re.MULTILINE
    )
    for line in lines:
        shell.run(line, shown=1)


def record(shell: Shell, command: str, name: str) -> None:
    """One drive, recorded while the robot drives it."""
    with Launched(shell, command) as recorder:
        recorder.wait_for("recording")
        shell.run(f"mail_ros replay robot/{name} --rate 10 --wait-for 3")


def localize(shell: Shell, command: str) -> None:
    """A drive at twice its speed, and a pose on the topic."""
    with Launched(shell, command) as localizer:
        localizer.wait_for("tracker odometry")
        with Launched(
            shell, "ros2 topic echo --once /mail_localizer/pose geometry_msgs/msg/PoseStamped", "pose"
        ) as pose:
            shell.run(f"mail_ros replay robot/{DRIVES[-1]} --rate 2 --wait-for 2")
            pose.wait_for("orientation")
        localizer.wait_for(LOCALIZED)


def main() -> None:
    """Set up a home and a workspace, and follow the page."""
    home = Path(tempfile.mkdtemp(prefix="stranger_"))
    source = home / "workspace" / "src" / "mail_ros"
    shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns(".*", "build", "install", "log", "runs", "bags"))
    shell = Shell(home)
    shell.run(f"cd {source.parent} && ros2 daemon start")  # knows the topics by the time that they are read
    try:
        follow_page(shell)
    finally:
        shell.run("ros2 daemon stop")
    print(f"all done, in {home}")


if __name__ == "__main__":
    main()
