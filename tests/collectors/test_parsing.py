"""A document is found among the words that a tool says around it, and one that is broken is none."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.parsing import json_of


@pytest.mark.parametrize(
    "text",
    [
        '{"a": [1]}',
        'WARNING: locking is off\n{"a": [1]}',
        '  {\n"a": [1]\n}\n\nthe rest was not asked for\n',
        'report 7 {not yet}\n{"a":\n[1]}\nexit code 0\n',
    ],
)
def test_words_around_a_document_are_passed_over(text):
    assert json_of(text.encode()) == {"a": [1]}


@pytest.mark.parametrize("text", ["", "words", '{"a": [1]', 'words\n{"a": \n', '{"a": 1}\n{"b": 2}\n'])
def test_what_is_broken_or_none_is_not_read(text):
    with pytest.raises(ValueError, match="not JSON"):
        json_of(text.encode())


@given(st.binary(max_size=100) | st.text(alphabet='{}[]",:1 \n', max_size=60).map(str.encode))
def test_any_bytes_are_read_or_refused(raw):
    with suppress(ValueError):
        json_of(raw)
