"""The shape of the tree: names that are ours alone, files that say what they are for."""

from __future__ import annotations

import ast
from importlib.metadata import Distribution, distributions
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("wire", "kernel", "rules", "probes", "collectors", "agent", "server", "drills", "cli")
MODULES = [path for name in PACKAGES for path in sorted((ROOT / name).rglob("*.py"))]


def claims(distribution: Distribution) -> set[str]:
    return {str(file).partition("/")[0] for file in distribution.files or ()} & set(PACKAGES)


def test_no_other_distribution_claims_one_of_our_package_names() -> None:
    others = [each for each in distributions() if each.metadata["Name"] != "rootward"]
    assert {each.metadata["Name"]: claims(each) for each in others if claims(each)} == {}


def test_a_distribution_that_claims_one_is_noticed(tmp_path: Path) -> None:
    info = tmp_path / "intruder-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: intruder\nVersion: 1.0\n")
    (info / "RECORD").write_text("agent/__init__.py,,\n")
    (found,) = distributions(path=[str(tmp_path)])
    assert claims(found) == {"agent"}


def test_each_file_says_in_its_first_line_what_it_is_for() -> None:
    silent = [path for path in MODULES if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))]
    assert silent == []


def test_no_file_is_longer_than_a_reader_bears() -> None:
    long = [path for path in MODULES if len(path.read_text(encoding="utf-8").splitlines()) > 300]
    assert long == []


def test_no_path_of_one_machine_and_no_index_is_in_the_tree() -> None:
    locks = (ROOT / "deploy" / "requirements").glob("*.lock")
    for lock in locks:
        assert "://" not in lock.read_text(encoding="utf-8")
