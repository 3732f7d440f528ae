"""One question from the agent, one answer, and the end."""

from __future__ import annotations

import sys

import msgspec

from kernel.child import framed, read_frame
from probes.link.crafted.dhcp import discover
from probes.link.crafted.questions import Answer, Failed, Question


def answer(question: Question) -> Answer:
    try:
        return discover(question)
    except PermissionError as error:
        return Failed(str(error), permitted=False)
    except OSError as error:
        return Failed(f"{question.interface}: {error.strerror or error}")


def main() -> None:
    body = read_frame(sys.stdin.buffer)
    if body is not None:
        sys.stdout.buffer.write(framed(msgspec.json.encode(answer(msgspec.json.decode(body, type=Question)))))
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
