"""Identifiers of people and organisations that carry their own check: ORCID iD and ROR."""

from __future__ import annotations

import re

from stdnum.iso7064 import mod_11_2

_CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"
_ROR = re.compile(rf"0[{_CROCKFORD}]{{6}}[0-9]{{2}}")


def clean_orcid(text: str) -> str:
    """An ORCID iD in groups of four, from the bare number or its address; "" for "".

    Raises ValueError with the sentence to show. The last character is a check digit after
    ISO/IEC 7064, MOD 11-2.
    """
    bare = re.sub(r"^(https?://)?(www\.)?orcid\.org/", "", text.strip(), flags=re.IGNORECASE)
    digits = re.sub(r"[\s-]", "", bare).upper()
    if not digits:
        return ""
    if not re.fullmatch(r"[0-9]{15}[0-9X]", digits):
        raise ValueError("An ORCID iD has sixteen digits, such as 0009-9999-9900-0018.")
    if not mod_11_2.is_valid(digits):
        raise ValueError("This is no ORCID iD: its last digit does not fit. Was one mistyped?")
    return "-".join(digits[start : start + 4] for start in range(0, 16, 4))


def clean_ror(text: str) -> str:
    """A ROR identifier as its full address, from the address or its last nine characters.

    Raises ValueError with the sentence to show. The last two digits are a check after
    ISO/IEC 7064, MOD 97-10, over the rest read in Crockford's base 32.
    """
    bare = re.sub(r"^(https?://)?(www\.)?ror\.org/", "", text.strip(), flags=re.IGNORECASE)
    bare = bare.strip("/").lower()
    if not bare:
        return ""
    if not _ROR.fullmatch(bare):
        raise ValueError("A ROR identifier looks like https://ror.org/0abcdef12.")
    number = 0
    for letter in bare[:7]:
        number = number * 32 + _CROCKFORD.index(letter)
    if 98 - number * 100 % 97 != int(bare[7:]):
        raise ValueError("This is no ROR identifier: its last two digits do not fit.")
    return f"https://ror.org/{bare}"
