"""Units are found by scanning; a bad one stops the start with its name."""

import importlib
import sys
import textwrap

import pytest

from agent.units.finding import BadUnit, load_units

GOOD = '''
"""Is it good?"""
from collectors.unit import Collector
from wire.judgement import Layer, passed
COLLECTOR = Collector(signals=("{signal}",), layer=Layer.HOST)
def read(host):
    yield passed("{signal}", "host:x")
'''


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Makes a package of the given modules."""

    def make(**modules):
        name = f"units_{tmp_path.name.replace('-', '_')}_{len(sys.modules)}"
        folder = tmp_path / name
        folder.mkdir()
        (folder / "__init__.py").write_text("")
        for module, text in modules.items():
            (folder / f"{module}.py").write_text(textwrap.dedent(text).lstrip())
        monkeypatch.syspath_prepend(tmp_path)
        importlib.invalidate_caches()
        return importlib.import_module(name)

    return make


@pytest.fixture
def nothing(package):
    return package()


def test_every_unit_of_the_product_loads():
    units = load_units()
    assert units.probes
    assert units.collectors


def test_a_module_without_declaration_is_no_unit(package, nothing):
    assert list(load_units(nothing, package(helper="X = 1"))) == []


def test_a_check_named_twice_stops_the_start_naming_both(package, nothing):
    twice = package(one=GOOD.format(signal="a.b"), two=GOOD.format(signal="a.b"))
    with pytest.raises(BadUnit, match=r"a\.b.*one.*two"):
        load_units(nothing, twice)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("COLLECTOR = 3\n", "no collectors.unit.Collector"),
        (GOOD.format(signal="a.b").replace("def read", "def reed"), "has read"),
        (GOOD.format(signal="undotted"), "dotted"),
        (GOOD.format(signal="a.b").replace('"""Is it good?"""', ""), "question"),
        (GOOD.format(signal="a.b") + "async def follow(host):\n    return\n", "async generator"),
        ("import no_such_module\n", "does not import"),
    ],
)
def test_a_malformed_unit_stops_the_start_naming_it(package, nothing, text, why):
    with pytest.raises(BadUnit, match=rf"(?s)\.bad.*{why}"):
        load_units(nothing, package(bad=text))
