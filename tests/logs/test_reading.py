"""Lines that no signature knows are read: who speaks, how much of a complaint it is, and what it is about."""

from __future__ import annotations

import re

import pytest

from rules.reading.level import Levels
from rules.reading.lexicon import Lexicon, load_lexicon
from rules.reading.phrases import Phrases
from rules.reading.reader import Reader
from rules.reading.triggers import triggers
from rules.reading.words import words

LEXICON = load_lexicon()


@pytest.fixture(scope="module")
def reader():
    return Reader(LEXICON)


def signal(reader: Reader, line: str) -> str:
    number = reader.read(line.encode()).form
    return reader.forms[number].signal if number >= 0 else ""


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("java.net.SocketTimeoutException: 0 of 12", ["socket", "timeout", "exception", "0", "of", "#"]),
        ("KeyError", ["key", "error", "exception"]),
        ('open /var/log/error.log for shop.failed.lab: error=""', ["open", "for", "error", "none"]),
        ("mlx5_cmd_out_err: rc=-22", ["mlx0", "cmd", "out", "err", "rc", "#", "negative"]),
        ("0: errors: 0x0, 0.0", ["#", "errors", "0", "0"]),
        ("shop[9]: Failed Devices : 2", ["shop", "@", "failed", "#", "devices"]),
        ("run --fail-on=error --password x", ["run", "x"]),
        ("panic_on_oops = 1, failTimeout: 30s, error_count=4", ["error", "count", "#"]),
        ('user "fatal" came, USER=root ; COMMAND=/bin/grep failed', ["user", "came", "user", "root"]),
        ("o.e.shop.ErrorHandlerConfig x, o.e.ShopError", ["x", "shop", "error", "exception"]),
        ("IPShopDeny=any, FailCount=3, till_on_panic is set to 1", ["fail", "count", "#"]),
        ("left (status 0)", ["left", "status", "0"]),
        ("#0 failed", ["@", "failed"]),
    ],
)
def test_line_is_cut_into_words_without_paths_and_hosts(text, cut):
    assert words(text) == cut


@pytest.mark.parametrize(
    ("phrase", "said", "found"),
    [
        ("a|b c", "b c", True),
        ("a b? c", "a c", True),
        ("a * c", "a x c", True),
        ("x_y|z c", "x y c", True),
        ("a c", "a b c", False),
    ],
)
def test_phrase_is_found_in_each_of_its_spellings(phrase, said, found):
    assert bool(list(Phrases([(phrase, 1)]).all(said.split()))) is found


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("2026-01-02 03:04:05,678 ERROR [main] shop - x", "error"),
        ("[Fri Jan 02 03:04:05 2026] [core:error] [pid 9] x", "error"),
        ('time="2026-01-02" level=warning msg="x"', "warning"),
        ('{"severity":"INFO","message":"x"}', "info"),
        ("E0102 03:04:05.678901 1 reflector.go:140] x", "error"),
        ("kern  :err   : 2026-01-02T03:04:05 x", "error"),
        ("squeue: error: x", "error"),
        ("[2026-01-02T03:04:05.678] error: x", "error"),
        ("[2026-01-02 03:04:05.678901] E [MSGID: 1] x", "error"),
        ("01-02 03:04:05.678  1702  1820 I ActivityManager: x", "info"),
        ("ceph-mon[8]: cluster [WRN] x", "warning"),
        ("NetworkManager[8]: <warn>  [1.2] x", "warning"),
        ("Mon Jan  5 03:04:05 2026 daemon.err uhttpd[9]: [info] x", "info"),
        ("Mon Jan  5 03:04:05 2026 daemon.warn shopd[9]: x", "warning"),
        ("shop[9]: an ERRORLESS day", None),
        ("<14>Jan  2 03:04:05 web1 shop[9]: x", "info"),
        ("3,1234,5678,-;x", "err"),
        ('{"level":30,"msg":"x"}', "info"),
        ("[I 260102 03:04:05 web:12] x", "info"),
        ("01-02 03:04:05.678 D/Till( 812): x", "debug"),
        ("[    12.120] (WW) x", "warning"),
        ("npm verb x", "debug"),
        ("812:M 02 Jan 2026 03:04:05.678 * x", "notice"),
        ("web1 sshd[9]: debug1: x", "debug"),
        ("Jan 02 03:04:05 web1 crmd[9] (till) info: x", "info"),
        ("2026-01-02 03:04:05.678 info  x", "info"),
        ("[12:13:0102/030405.678:VERBOSE1:till.cc(9)] x", "debug"),
        ("Normal   Killing    12s   kubelet   x", "info"),
        ("2026-01-02 03:04:05.678+0000: 812: info : virTill:7 : opened", "info"),
        ('{"t":{"$date":"2026-01-02T03:04:05"},"s":"I",  "c":"NETWORK", "msg":"till opened"}', "i"),
    ],
)
def test_level_is_read_as_programs_write_it(line, name):
    weights = {known: level.weight for level in LEXICON.levels for known in level.names}
    assert Levels(LEXICON.levels).find(line).weight == (weights[name] if name else 0)


@pytest.mark.parametrize(
    ("line", "means"),
    [
        ("Jan  2 03:04:05 web1 kernel: bnxt_en 0000:3b:00.0 eth3: Ring allocation failed", "log.nic_hang"),
        ("Jan  2 03:04:05 web1 kernel: mpi3mr0: IOC is in fault state, giving up", "log.io_error"),
        ("Jan  2 03:04:05 web1 ftpgate[9]: Wrong passphrase of carol from 203.0.113.9", "log.auth_failure"),
        ("web1 shop[9]: cannot write basket: ENOSPC", "log.no_space"),
        ("2026-01-02 03:04:05,678 WARN [io-3] shop.Link - peer 10.0.0.4 lost", "log.upstream_failed"),
        ("2026-01-02 03:04:05,678 ERROR [io-3] shop.Till - no drawer", "log.app_exception"),
        ("2026-01-02 03:04:05,678 ERROR [io-3] shop.Till - unexpected token", "log.app_exception"),
        ("web1 shop[9]: Authentication attempt of bob failed", "log.auth_failure"),
        ("Jan  2 03:04:05 web1 systemd-resolved[9]: cannot prime the root", "log.dns_failure"),
        ("[FAILED] Failed to mount the till.", "log.service_failed"),
        ("[  12.345678] xhci_hcd 0000:00:14.0: slot 3: babble, error -71", "log.usb_error"),
    ],
)
def test_complaint_means_what_its_speaker_and_its_topic_say(reader, line, means):
    assert signal(reader, line) == means


@pytest.mark.parametrize(
    "line",
    [
        "web1 shop[9]: 120 records, 0 errors, 0 failed, 3 skipped",
        "web1 shop[9]: finished without errors",
        "web1 shop[9]: lock taken, no deadlock",
        "web1 shop[9]: till no longer broken",
        "web1 shop[9]: arguments: [-Xms1g,-XX:+HeapDumpOnOutOfMemoryError]",
        "web1 shop[9]: ERROR: 0 errors found",
        "Media Error Count: 0",
        "web1 shop[9]: 0 errors detected, 0 corrected, 0 uncorrectable",
        "sw1 %SEC-6-IPACCESSLOGP: list 7 denied tcp 203.0.113.9(7) -> 192.0.2.1(23), 1 packet",
        "/usr/lib/python3/http.py:7: InsecureRequestWarning: Unverified HTTPS request",
        "2026-01-02T03:04:05Z|7|fatal_signal|WARN|terminating with signal 15 (Terminated)",
        "web1 shop[9]: worker 3 exited with code 0",
        "web1 shop[9]: Recovering after a crash",
        "web1 shop[9]: handler for SIGSEGV installed",
        "--- PASS: TestConnectionRefused (0.00s)",
        "web1 CRON[9]: (root) CMD (/usr/local/bin/check --fail-on-timeout failed)",
        "web1 sudo: bob : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/mysql --password=x -e DENIED",
        "web1 shop[9]: no memory or disk errors were found",
        "web1 shop[9]: error handler registered",
        "web1 kernel: EXT4-fs (sda1): re-mounted. Opts: errors=remount-ro",
        "web1 systemd[1]: Started Notify the desk on failure.",
        "2026-01-02 03:04:05,678 INFO [io-3] shop.Retry - attempt failed, next in 3 s",
        "2026-01-02 03:04:05,678 DEBUG [io-3] shop.Link - java.io.IOException: closed",
        "web1 kernel: Code: Unable to access opcode bytes at 0x7f1d2c3b4a50.",
        "web1 kernel: [ 2929.281940]  out_of_memory+0x1fd/0x4c0",
        "web1 kernel: sd 0:0:0:0: [sda] Write cache: enabled, doesn't support DPO or FUA",
        '203.0.113.9 - - [02/Jan/2026:03:04:05 +0000] "GET /error/failed.html HTTP/1.1" 200 157',
        "10 | 01/02/2026 | 03:04:05 | Fan #0x41 | Lower Critical going low | De-asserted",
        "Mon Jan  5 03:04:05 2026 daemon.err shopd[9]: listening on port 80",
        "web1 systemd[1]: Starting Error and panic watcher...",
        "till:Till_Timeout:2622:new timeout_id 4",
        "2026-01-02 03:04:05,678 WARN shop.Policy - chosen, creationFailures=[DISK_LOST], spare=1",
        "web1 shop[9]: (trapped) error reading the till",
        "    Failed Devices : 0",
        "     rx_crc_errors: 0",
        "web1 shopd[9]: error log rotated",
        "=== RUN   TestDialTimeout",
        "web1 nrpe[9]: asked for command 'check_failed_jobs' to be run",
    ],
)
def test_what_only_sounds_like_a_complaint_is_none(reader, line):
    assert signal(reader, line) == ""


def test_in_the_first_minutes_of_a_machine_it_takes_more_to_complain(reader):
    assert signal(reader, "[   12.345678] zx9e 0000:03:00.0: unexpected event") == ""
    assert signal(reader, "[  112.345678] zx9e 0000:03:00.0: unexpected event") == "log.other_fault"
    assert signal(reader, "[   12.345678] zx9e 0000:03:00.0: reset failed") == "log.other_fault"


def test_kernel_that_names_no_device_complains_only_of_what_nobody_says_of_a_thing_that_is_well(reader):
    before = "Jan  2 03:04:05 web1 kernel: "
    assert signal(reader, before + "hpet: cannot find a free comparator") == ""
    assert signal(reader, before + "zx9e 0000:03:00.0: cannot find a free comparator") == "log.other_fault"
    assert signal(reader, before + "hpet: hardware error") == "log.other_fault"


def test_two_words_of_doubt_are_a_complaint_where_one_is_none(reader):
    assert signal(reader, "web1 shop[9]: order error") == ""
    assert signal(reader, "web1 shop[9]: order error, basket not found") == "log.app_exception"


@pytest.mark.parametrize(
    ("line", "means"),
    [
        ("web1 shop[9]: order failed, restored", ""),
        ("web1 shop[9]: order failed, not restored", "log.app_exception"),
        ("web1 shop[9]: not enough operational drawers, 2 failed", "log.app_exception"),
    ],
)
def test_good_news_that_is_denied_is_none(reader, line, means):
    assert signal(reader, line) == means


def test_what_a_program_ranks_as_an_error_is_one_in_whatever_words(reader):
    assert signal(reader, "2026-01-02 03:04:05,678 ERROR shop.Till - drawers of tin are not supported")
    assert not signal(reader, "2026-01-02 03:04:05,678 WARN shop.Till - drawers of tin are not supported")


def test_number_that_decides_is_minded(reader):
    assert reader.read(b"<14>Jan  2 03:04:05 web1 shop[9]: till failed").minds_numbers
    assert reader.read(b"shop[9]: 0 errors").minds_numbers
    assert not reader.read(b"shop[9]: the till is stuck in drawer").minds_numbers


def test_every_line_that_complains_holds_a_trigger(reader):
    wanted = [re.compile(pattern.encode()) for pattern in triggers(LEXICON)]
    samples = [sample.encode() for form in LEXICON.forms for sample in form.samples]
    assert [line for line in samples if not any(one.search(line) for one in wanted)] == []


def test_without_tables_nothing_is_looked_for():
    assert triggers(Lexicon((), (), (), ())) == []


@pytest.mark.parametrize(
    "line",
    [
        'postgres[9]: [5-2] DETAIL:  Password does not match for user "shop".',
        "2026-01-02 03:04:05.678 UTC [9] STATEMENT:  SELECT crash, failure FROM errors",
    ],
)
def test_what_belongs_to_the_line_before_is_no_complaint_of_its_own(reader, line):
    assert signal(reader, line) == ""
