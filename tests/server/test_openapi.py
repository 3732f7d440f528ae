"""What /openapi.json promises is what the server does, whatever is sent (schemathesis)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
SECONDS = "12"


@pytest.mark.parametrize("speaker", ["operator", "agent"])
def test_no_request_breaks_the_server_or_its_word(launch, speaker, tmp_path) -> None:
    server = launch(ROOTWARD_LONG_POLL="off")  # a held request would be all that it waits for
    if speaker == "operator":
        authorization = server.operator["Authorization"]
    else:
        authorization = server.enroll(f"openapi-{speaker}").headers["Authorization"]
    done = subprocess.run(
        [
            str(Path(sys.executable).parent / "schemathesis"),
            "run",
            f"{server.url}/openapi.json",
            f"--header=Authorization: {authorization}",
            f"--checks={CHECKS}",
            "--phases=coverage,fuzzing",
            "--max-examples=15",
            f"--max-time={SECONDS}",
            "--seed=8470",
            "--generation-database=none",
            "--no-color",
            # Revoking at random would end the agent that speaks.
            "--exclude-path-regex=/api/v1/(sign-out|agents)",
        ],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert server.get("/readyz").status_code == 200
