"""The clock, against a real time source that says something else; and how the machine was started."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from collectors.host import Host
from collectors.system import boot, clock
from collectors.system.boot import RECORD
from collectors.system.kernel_clock import kernel_clock
from kernel.sntp import EPOCH, NoAnswer, offset
from tests.collectors.conftest import about
from wire.judgement import Reason


@pytest.fixture
def source() -> Iterator[Callable[..., str]]:
    """Starts a time source that is ahead by so many seconds; gives its address."""
    doors: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def run(ahead: float, stratum: int = 2, *, echo: bool = True) -> str:
        door = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        door.bind(("127.0.0.1", 0))
        doors.append(door)

        def serve() -> None:
            while (heard := door.recvfrom(512))[0]:
                question, address = heard
                whole, fraction = divmod(time.time() + ahead + EPOCH, 1)
                stamp = struct.pack("!II", int(whole) % 2**32, int(fraction * 2**32))
                asked = question[40:48] if echo else bytes(8)
                door.sendto(
                    struct.pack("!BBBb12x", 0x24, stratum, 6, -20) + stamp + asked + stamp * 2, address
                )

        threads.append(threading.Thread(target=serve))
        threads[-1].start()
        return f"127.0.0.1:{door.getsockname()[1]}"

    yield run
    for door, thread in zip(doors, threads, strict=True):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bell:
            bell.sendto(b"", door.getsockname())
        thread.join()
        door.close()


def test_the_offset_to_a_source_is_measured(source):
    assert offset(source(600.0), time.time) == pytest.approx(600.0, abs=60)


def test_a_source_that_is_not_synchronised_itself_does_not_count(source):
    with pytest.raises(NoAnswer):
        offset(source(0.0, stratum=16), time.time)


def test_an_answer_that_was_not_asked_for_does_not_count(source):
    with pytest.raises(NoAnswer):
        offset(source(600.0, echo=False), time.time)


def test_a_source_that_is_away_is_an_error():
    with pytest.raises(ConnectionRefusedError):
        offset("127.0.0.1:1", time.time, timeout=0.3)


@pytest.mark.parametrize(
    ("ahead", "reason"), [(0.0, Reason.OK), (-600.0, Reason.SKEWED), (600.0, Reason.SKEWED)]
)
def test_a_clock_off_by_minutes_is_skewed(source, ahead, reason):
    host = Host("box", options={"time_source": source(ahead)})
    assert about(clock.read(host), "time.offset").reason is reason


def test_a_clock_that_was_set_is_asked_about_at_once(source):
    step = [0.0]
    host = Host("box", clock=lambda: time.time() + step[0], options={"time_source": source(0.0)})
    assert about(clock.read(host), "time.offset").reason is Reason.OK
    step[0] = 600.0
    assert about(clock.read(host), "time.offset").reason is Reason.SKEWED


def test_a_clock_that_was_set_where_there_is_no_source_is_skewed_until_it_is_set_back():
    step = [0.0]
    host = Host("box", clock=lambda: time.time() + step[0])
    reasons = []
    for step[0] in (0.0, 600.0, 600.0, 0.0):
        reasons.append(about(clock.read(host), "time.offset").reason)
    assert reasons == [Reason.OK, Reason.SKEWED, Reason.SKEWED, Reason.OK]


def test_the_kernel_tells_of_its_clock():
    assert kernel_clock().now == pytest.approx(time.time(), abs=60)


def _boot(tree, boot_id: str, up: float) -> Host:
    tree.write("/proc/sys/kernel/random/boot_id", f"{boot_id}\n")
    tree.write("/proc/uptime", f"{up} 1.0\n")
    return tree.host()


def test_the_first_look_at_a_machine_says_nothing_of_its_past(tree):
    assert about(boot.read(_boot(tree, "one", 20)), "host.boot").reason is Reason.OK


def test_another_boot_without_a_shutdown_is_unexpected(tree):
    host = _boot(tree, "one", 5000)
    list(boot.read(host))
    tree.clock.pass_by(60)
    _boot(tree, "two", 20)
    assert about(boot.read(host), "host.boot").reason is Reason.REBOOTED


def test_a_shutdown_that_was_written_down_explains_the_boot(tree):
    host = _boot(tree, "one", 5000)
    list(boot.read(host))
    tree.clock.pass_by(60)
    record = RECORD.pack(
        1, 0, b"~~", b"~~", b"shutdown", b"6.1", 0, 0, 0, int(tree.clock()) - 40, 0, 0, 0, 0, 0
    )
    tree.write("/var/log/wtmp", "")
    (tree.root / "var/log/wtmp").write_bytes(record)
    _boot(tree, "two", 20)
    assert about(boot.read(host), "host.boot").reason is Reason.OK


def test_a_machine_that_stays_up_for_ten_minutes_is_well_again(tree):
    host = _boot(tree, "one", 5000)
    list(boot.read(host))
    _boot(tree, "two", 20)
    list(boot.read(host))
    _boot(tree, "two", 700)
    assert about(boot.read(host), "host.boot").reason is Reason.OK
