"""What the image of the virtual machine is made of follows from this machine and from what is committed."""

from __future__ import annotations

import pytest

from drills.machine import recipe

TARGETS = """\
Debian http://mirror.example/debian/ bookworm main
Debian http://mirror.example/debian/ bookworm-updates main
Node Source http://other.example/ nodistro main
Debian http://mirror.example/debian/ bookworm main
"""


def test_only_the_archives_of_debian_itself_are_used_each_once() -> None:
    assert recipe.sources(TARGETS.replace("Node Source", "NodeSource")) == [
        "deb http://mirror.example/debian/ bookworm main",
        "deb http://mirror.example/debian/ bookworm-updates main",
    ]


def test_an_origin_of_several_words_is_passed_over() -> None:
    assert len(recipe.sources(TARGETS)) == 2


def test_a_machine_without_an_archive_of_debian_is_refused() -> None:
    with pytest.raises(LookupError, match="no archive"):
        recipe.sources("")


def test_the_release_is_that_of_this_machine() -> None:
    assert recipe.suite('ID=debian\nVERSION_CODENAME="trixie"\n') == "trixie"


def test_another_release_is_another_image() -> None:
    assert recipe.fingerprint("bookworm") != recipe.fingerprint("trixie")


def test_the_packages_are_those_of_the_list_without_its_comments() -> None:
    found = recipe.packages()
    assert "mdadm" in found
    assert not any(line.startswith("#") for line in found)
