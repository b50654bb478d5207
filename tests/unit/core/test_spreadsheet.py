"""What a spreadsheet would calculate is a text in our files, and comes back as it was."""

import pytest

from orthocrm.core.spreadsheet import safe
from orthocrm.leads.tabular import unescaped


@pytest.mark.parametrize("text", ["=1", "+1312", "-x", "@x", "\tx", "'=1", "''+1", "'a", "a=1", ""])
def test_an_import_takes_the_quote_off_again(text: str) -> None:
    assert unescaped(safe(text)) == text


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@a", "\ta", "\ra", "\na", "\0a", "'=1"])
def test_formulas_get_a_quote_in_front(text: str) -> None:
    assert safe(text) == "'" + text
