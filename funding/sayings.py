"""What is said with what it was made of, so that it can be stored and said in other languages.

The sentences of the optimizer, and what else the site's own need: words that are counted, numbers,
and what others wrote. `funding.services.run_words.told` says them. Nothing in here knows the
languages of the site.
"""

from __future__ import annotations

from datetime import date

from optimizer.sentences import Sentence, each_of, kept, made_of, percent
from optimizer.sentences import sentence as sentence  # for those who may not know the optimizer


def counted(one: str, many: str, number: int, /, **parts: str) -> Sentence:
    """One of the two forms by the number, which is `%(num)s` in them; a language may have more.

    No part is called `one`, `many` or `number`: gettext's own arguments are.
    """
    words = (one if number == 1 else many) % {"num": f"{number:,}", **parts}
    return made_of(
        words,
        {
            "one": one,
            "many": many,
            "number": number,
            "parts": {name: kept(part) for name, part in parts.items()},
        },
    )


def share(of_one: float) -> Sentence:
    """In whole percents; `of_one` from 0 to 1."""
    return percent(round(100 * of_one) / 100)


def number(of: int) -> Sentence:
    return made_of(f"{of:,}", {"digits": of})


def exact_amount(text: str, minor: int, currency: str) -> Sentence:
    """An amount as `text` has it, in other languages with all its decimals too."""
    return made_of(text, {"format": "format_amount", "of": [minor, currency, True]})


def day(on: date) -> Sentence:
    return made_of(f"{on.day} {on:%B %Y}", {"day": on.isoformat()})


def as_written(text: str) -> Sentence:
    """What somebody wrote, such as a name: never looked up."""
    return made_of(text, {"as_written": text})


def quoted(*words: str) -> Sentence:
    """Words of others one after the other, each within the language's quotation marks."""
    return each_of([sentence("“%(words)s”", words=as_written(word)) for word in words])


def one_by_one(*texts: str) -> Sentence:
    """What others wrote, one after the other with commas between."""
    return made_of(", ".join(texts), {"each": [kept(as_written(t)) for t in texts], "sign": ","})
