"""A site's own signatures: TOML like ours, and the files of node-problem-detector as they are."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from rules.catalogue import HERE, BadRule
from rules.matching.matcher import Matcher
from rules.matching.node_problem_detector import read_npd
from rules.matching.signatures import load_signatures
from rules.matching.site import with_site

ROOT = Path(__file__).parents[2]
UPSTREAM = ROOT.parent / "shared" / "data" / "loglines" / "rules_patterns.tar.xz"


def monitor(folder: Path, *rules: dict[str, str], plugin: str = "kmsg") -> Path:
    path = folder / "site-monitor.json"
    path.write_text(json.dumps({"plugin": plugin, "logPath": "/dev/kmsg", "rules": rules}))
    return path


def test_rule_becomes_a_signature(tmp_path):
    rule = {"type": "permanent", "condition": "Lost", "reason": "FluxLost", "pattern": "flux \\w+ lost\\."}
    (one,) = read_npd(monitor(tmp_path, rule))
    assert (one.id, one.severity.value, one.signal) == (
        "npd-site-monitor-flux-lost-1",
        "error",
        "log.other_fault",
    )


def test_its_pattern_must_reach_the_end_of_the_line(tmp_path):
    matcher = Matcher([*read_npd(monitor(tmp_path, {"reason": "Lost", "pattern": "flux turned"}))])
    assert [bool(matcher.scan(line)) for line in (b"the flux turned", b"flux turned again")] == [True, False]


def test_rules_that_run_a_program_are_left_out(tmp_path):
    assert not [*read_npd(monitor(tmp_path, {"reason": "NTPIsDown", "path": "check.sh"}, plugin="custom"))]


def test_pattern_outside_the_language_is_named(tmp_path):
    with pytest.raises(BadRule, match=r"site-monitor\.json: rule 1 \(Odd\)"):
        [*read_npd(monitor(tmp_path, {"reason": "Odd", "pattern": "a(?=b)"}))]


def test_file_that_is_no_json_is_named(tmp_path):
    (tmp_path / "x.json").write_text("{")
    with pytest.raises(BadRule, match=r"x\.json"):
        with_site(tmp_path)


def test_missing_folder_is_named(tmp_path):
    with pytest.raises(BadRule, match="nowhere"):
        with_site(tmp_path / "nowhere")


def test_id_given_twice_is_refused(tmp_path):
    source = HERE / "signatures" / "time.toml"
    (tmp_path / "time.toml").write_text(source.read_text())
    with pytest.raises(BadRule, match="declared twice"):
        with_site(tmp_path)


def test_command_takes_the_folder(tmp_path):
    monitor(tmp_path, {"reason": "FluxLost", "pattern": "flux \\w+ lost\\."})
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", "rules", "match", "--rules-dir", str(tmp_path)],
        input="flux seven lost.\n",
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    assert json.loads(done.stdout)["signature"] == "npd-site-monitor-flux-lost-1"


@pytest.mark.skipif(not UPSTREAM.exists(), reason="the upstream rule files are not here")
def test_upstream_files_load_unchanged(tmp_path):
    with tarfile.open(UPSTREAM) as archive:
        archive.extractall(tmp_path, filter="data")
    folder = tmp_path / "npd_config"
    written = 0
    for path in folder.glob("*.json"):
        content = json.loads(path.read_text())
        if isinstance(content, dict):
            written += sum("pattern" in rule for rule in content.get("rules", []))
    assert len(with_site(folder)) - len(load_signatures()) == written > 0
