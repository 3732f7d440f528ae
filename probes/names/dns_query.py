"""One question to one resolver: UDP, repeated once, then TCP when the answer was cut (RFC 1035, RFC 7766)."""

from __future__ import annotations

import asyncio
import secrets
import socket
import struct

import dns.exception
import dns.flags
import dns.message
import dns.rdatatype

from kernel.rtnetlink import family_of
from probes.errors import read_errors, reason_of, reason_of_icmp, want_errors
from probes.steps import StepFailed
from wire.judgement import Reason

_LARGEST = 4096
_TRIES = 2


async def query(
    resolver: str,
    name: str,
    record: str = "A",
    *,
    port: int = 53,
    seconds: float = 3.0,
    over_tcp: bool = False,
    signed: bool = False,
    unchecked: bool = False,
) -> dns.message.Message:
    """The answer, whatever its rcode. Raises StepFailed.

    ``signed`` wants to know whether it was validated (AD), ``unchecked`` forbids to validate (CD, RFC 4035).
    """
    question = _question(name, record, signed=signed or unchecked, unchecked=unchecked)
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    if over_tcp:
        return await _tcp(resolver, port, question, seconds)
    for tries_left in range(_TRIES, 0, -1):
        share = (deadline - loop.time()) / tries_left
        answer = await _udp(resolver, port, question, max(0.01, share))
        if answer is None:
            continue
        if answer.flags & dns.flags.TC:
            return await _tcp(resolver, port, question, max(0.01, deadline - loop.time()))
        return answer
    raise StepFailed(Reason.TIMEOUT, error=f"no answer in {seconds:.1f} s")


def _question(name: str, record: str, *, signed: bool, unchecked: bool) -> dns.message.QueryMessage:
    number = secrets.randbelow(65536)
    try:
        question = dns.message.make_query(
            name, record, use_edns=0, payload=1232, id=number, want_dnssec=signed
        )
    except dns.exception.DNSException as error:
        raise StepFailed(Reason.INTERNAL, error=f"no DNS name: {error}") from None
    if signed:
        question.flags |= dns.flags.AD
    if unchecked:
        question.flags |= dns.flags.CD
    return question


async def _udp(
    resolver: str, port: int, question: dns.message.Message, seconds: float
) -> dns.message.Message | None:
    """None after ``seconds`` without an answer. The socket is connected: others cannot slip an answer in."""
    family = family_of(resolver)
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        want_errors(sock)
        try:
            sock.connect((resolver, port))
            sock.send(question.to_wire())
            async with asyncio.timeout(seconds):
                return await _answer(sock, question)
        except TimeoutError:
            return None
        except OSError as error:
            raise _failure(sock, error) from None


async def _answer(sock: socket.socket, question: dns.message.Message) -> dns.message.Message:
    loop = asyncio.get_running_loop()
    while True:
        data = await loop.sock_recv(sock, _LARGEST)
        answer = _parse(data, question)
        if answer is not None:
            return answer


async def _tcp(
    resolver: str, port: int, question: dns.message.Message, seconds: float
) -> dns.message.Message:
    loop = asyncio.get_running_loop()
    body = question.to_wire()
    with socket.socket(family_of(resolver), socket.SOCK_STREAM) as sock:
        sock.setblocking(False)
        want_errors(sock)
        try:
            async with asyncio.timeout(seconds):
                await loop.sock_connect(sock, (resolver, port))
                await loop.sock_sendall(sock, struct.pack("!H", len(body)) + body)
                (length,) = struct.unpack("!H", await _exactly(sock, 2))
                answer = _parse(await _exactly(sock, length), question)
        except TimeoutError:
            raise StepFailed(Reason.TIMEOUT, error="no answer by TCP") from None
        except OSError as error:
            raise _failure(sock, error) from None
    if answer is None:
        raise StepFailed(Reason.STATUS, error="the answer by TCP is no answer to the question")
    return answer


async def _exactly(sock: socket.socket, count: int) -> bytes:
    loop = asyncio.get_running_loop()
    data = b""
    while len(data) < count:
        part = await loop.sock_recv(sock, count - len(data))
        if not part:
            raise ConnectionResetError(104, "closed before the answer was whole")
        data += part
    return data


def _parse(data: bytes, question: dns.message.Message) -> dns.message.Message | None:
    """None for what is no answer to the question: it is dropped, as a late or forged one would be."""
    try:
        answer = dns.message.from_wire(data, ignore_trailing=True, raise_on_truncation=False)
    except (dns.exception.DNSException, ValueError):
        return None
    return answer if question.is_response(answer) else None


def _failure(sock: socket.socket, error: OSError) -> StepFailed:
    for queued in read_errors(sock):
        reason = reason_of_icmp(queued, sock.family, port_is_refusal=True)
        if reason:
            return StepFailed(reason, error=error.strerror or "", **queued.evidence())
    reason = reason_of(error.errno or 0)
    if reason is Reason.RESET:  # accepted by TCP, then closed: it will not answer
        reason = Reason.STATUS
    return StepFailed(reason, error=error.strerror or str(error))


def texts(answer: dns.message.Message, record: str) -> list[str]:
    """The values of one type in an answer, sorted; those behind an alias included."""
    wanted = dns.rdatatype.from_text(record)
    return sorted(
        item.to_text().rstrip(".").strip('"').lower()
        for group in answer.answer
        if group.rdtype == wanted
        for item in group
    )
