"""Money as integer minor units with a currency, never a float."""

from decimal import Decimal, InvalidOperation
from typing import Self

from attrs import frozen

from orthocrm.core.errors import InvalidInput

_EXPONENTS = {
    **dict.fromkeys(("CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
"""Minor-unit exponents other than 2 (ISO 4217)."""

_CODE_LENGTH = 3
_LARGEST = 10**15


@frozen(order=False)
class Money:
    """An amount: `minor` is an integer of the currency's smallest unit.

    >>> Money.of("3100.50", "USD").minor
    310050
    """

    minor: int
    currency: str

    @classmethod
    def of(cls, amount: str | int | Decimal, currency: str, path: str = "amount") -> Self:
        """Read a decimal amount exactly; refuse floats, NaN, infinities and lost digits."""
        exponent = exponent_of(currency)
        if isinstance(amount, bool) or not isinstance(amount, str | int | Decimal):
            raise InvalidInput.at(path, "not_money", "give an amount as text or a decimal")
        try:
            minor = Decimal(amount).scaleb(exponent)
        except (InvalidOperation, ValueError):
            raise InvalidInput.at(path, "not_money", "give an amount such as 3100.50") from None
        if not minor.is_finite() or minor != minor.to_integral_value() or abs(minor) > _LARGEST:
            raise InvalidInput.at(path, "not_money", f"give at most {exponent} decimals")
        return cls(int(minor), currency)

    @property
    def amount(self) -> Decimal:
        """The amount in major units."""
        return Decimal(self.minor).scaleb(-exponent_of(self.currency))

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"


def exponent_of(currency: str) -> int:
    """Tell how many decimals a currency has; refuse what is not a three-letter code."""
    if len(currency) != _CODE_LENGTH or not (currency.isascii() and currency.isupper()):
        raise InvalidInput.at("currency", "not_a_currency", "give a code such as USD")
    return _EXPONENTS.get(currency, 2)
