"""What units declare is known without loading them; a bad one still stops the start."""

import asyncio
import importlib
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from agent.units.declared import declarations, known_units
from agent.units.finding import BadUnit, load_units
from agent.workers.blocking import Blocking
from agent.workers.killable import Worker
from collectors.host import Host

GOOD = '''
"""Is it good?"""
from collectors.unit import Collector
from wire.judgement import Layer, passed
COLLECTOR = Collector(signals=("{signal}",), layer=Layer.HOST, where=("/marks/*.mark", "no-such-command"))
def read(host):
    yield passed("{signal}", "host:x")
'''


@pytest.fixture
def plant(tmp_path, monkeypatch):
    """Makes a package that children can import too; returns its name and that of an empty one."""

    def make(**modules):
        names = (f"nothing_{tmp_path.name}", f"planted_{tmp_path.name}")
        for name in names:
            (tmp_path / name).mkdir()
            (tmp_path / name / "__init__.py").write_text("")
        for module, text in modules.items():
            (tmp_path / names[1] / f"{module}.py").write_text(textwrap.dedent(text).lstrip())
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(Path.cwd())]))
        importlib.invalidate_caches()
        return names

    return make


def test_what_is_kept_says_the_same_as_the_modules_themselves(tmp_path):
    known_units(tmp_path / "units.json")
    assert declarations(known_units(tmp_path / "units.json")) == declarations(load_units())


def test_knowing_all_units_loads_none_of_them(tmp_path):
    known_units(tmp_path / "units.json")
    code = (
        "import sys; from pathlib import Path; from agent.units.declared import known_units;"
        f"units = known_units(Path({str(tmp_path / 'units.json')!r}));"
        "print([unit.name for unit in units if unit.name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


def test_a_unit_is_loaded_when_it_is_asked(plant, tmp_path):
    units = known_units(tmp_path / "units.json", plant(one=GOOD.format(signal="a.b")))
    name = units.collectors[0].name
    assert name not in sys.modules
    assert [one.signal for one in units.collectors[0].read(Host("x"))] == ["a.b"]
    assert name in sys.modules


def test_a_bad_unit_stops_the_start_naming_it_and_nothing_is_kept(plant, tmp_path):
    packages = plant(bad="COLLECTOR = 3\n")
    with pytest.raises(BadUnit, match=r"\.bad: COLLECTOR is no"):
        known_units(tmp_path / "units.json", packages)
    assert not (tmp_path / "units.json").exists()


def test_a_changed_module_is_read_anew(plant, tmp_path):
    packages = plant(one=GOOD.format(signal="a.b"))
    known_units(tmp_path / "units.json", packages)
    (tmp_path / packages[1] / "two.py").write_text(GOOD.format(signal="c.d").lstrip())
    assert set(known_units(tmp_path / "units.json", packages).by_signal) == {"a.b", "c.d"}


def test_what_was_kept_holds_for_a_copy_that_lies_elsewhere(tmp_path):
    kept = tmp_path / "units.json"
    known_units(kept)
    made = kept.stat().st_mtime_ns
    for name in ("agent", "collectors", "kernel", "probes", "rules", "wire"):
        shutil.copytree(name, tmp_path / "copy" / name, ignore=shutil.ignore_patterns("__pycache__"))
    code = (
        "import sys; sys.path.insert(0, '.'); from pathlib import Path; import agent.units.declared as units;"
        f"units.known_units(Path({str(kept)!r})); print(units.__file__)"
    )
    argv = [sys.executable, "-c", code]
    done = subprocess.run(argv, cwd=tmp_path / "copy", check=True, capture_output=True, text=True)
    assert done.stdout.strip().startswith(str(tmp_path))
    assert kept.stat().st_mtime_ns == made


def test_a_spoilt_file_is_made_anew(plant, tmp_path):
    packages = plant(one=GOOD.format(signal="a.b"))
    (tmp_path / "units.json").write_text('{"version": 3')
    assert set(known_units(tmp_path / "units.json", packages).by_signal) == {"a.b"}


def test_what_the_host_shows_no_sign_of_is_not_even_loaded(plant, tmp_path):
    units = known_units(tmp_path / "units.json", plant(one=GOOD.format(signal="a.b")))
    (tmp_path / "marks").mkdir()

    async def read():
        host = Host("x", str(tmp_path))
        blocking = Blocking(host, Worker(host))
        absent = await blocking.read(units.collectors[0])
        loaded = units.collectors[0].name in sys.modules
        (tmp_path / "marks" / "a.mark").touch()
        there = await blocking.read(units.collectors[0])
        (tmp_path / "marks" / "a.mark").unlink()
        gone = await blocking.read(units.collectors[0])
        return absent, loaded, len(there), len(gone)

    assert asyncio.run(read()) == ([], False, 1, 1)


def test_a_command_is_a_sign_by_its_name():
    assert Host("x").shows(["no-such-command", "sh"])
    assert not Host("x").shows(["no-such-command"])
    assert not Host("x", "/nowhere").shows(["sh"])


def test_an_option_that_is_set_is_a_sign():
    assert Host("x", options={"files": "a"}).shows(["option:files"])
    assert not Host("x", options={"files": ""}).shows(["option:files", "option:other"])
