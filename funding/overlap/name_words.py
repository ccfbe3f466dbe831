"""Words of organisations' names that are not like other words: legal forms, short forms, places.

All in lower case, without accents or points, as `funding.overlap.names` writes words.
"""

from __future__ import annotations

import re
from functools import cache

import pycountry
from anyascii import anyascii


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


SMALL_WORDS = _words(
    "a an and at by for from in into of on or the to with"
    " al d da das de degli del della dell den der des di die do dos du e ed el en et for fur i il"
    " im in la las le les lo los mit of og och och para per pour pro the und van vom von y zu zum"
    " zur"
)
"""Words that a name can gain or lose without becoming another: articles, prepositions, 'and'."""

LEGAL_FORMS = _words(
    "inc incorporated incorporation ltd limited llc llp lp pllc plc pbc pc cic cio scio gmbh ggmbh"
    " ug ag ev kg ek eg bv nv vzw asbl aisbl ivzw sa sas sasu sarl srl spa sl slu scrl ab asa aps"
    " oy oyj ry rf zrt kft nyrt sro zs zu doo dd ooo oao zao ao spzoo pty pte npc npo rbg sdn bhd"
    " kk onlus ets odv ong"
)
"""What a name says of its legal form, in many languages; 'Stichting' and 'Foundation' are not
here: they tell names apart."""

FORMS_OF_SEVERAL_WORDS = (
    ("e", "v"),
    ("a", "s"),
    ("s", "a"),
    ("b", "v"),
    ("s", "r", "l"),
    ("s", "p", "a"),
    ("l", "l", "c"),
    ("p", "c"),
    ("sp", "z", "o", "o"),
    ("z", "s"),
    ("a", "sbl"),
    ("r", "y"),
    ("pty", "ltd"),
)
"""Legal forms that points or spaces take apart: `e.V.`, `S.p.A.`"""

BRITISH = {
    "centre": "center",
    "centres": "centers",
    "organisation": "organization",
    "organisations": "organizations",
    "programme": "program",
    "programmes": "programs",
    "defence": "defense",
    "labour": "labor",
    "theatre": "theater",
    "theatres": "theaters",
    "neighbourhood": "neighborhood",
    "neighbourhoods": "neighborhoods",
    "behaviour": "behavior",
    "behavioural": "behavioral",
    "paediatric": "pediatric",
    "honour": "honor",
    "harbour": "harbor",
    "colour": "color",
    "civilisation": "civilization",
    "globalisation": "globalization",
    "modernisation": "modernization",
}
"""British spellings: -> American. A body keeps the spelling of its country, so that it is a sign,
too."""

ONE_WORD = {
    **BRITISH,
    "st": "saint",
    "sts": "saints",
    "ste": "saint",
    "ft": "fort",
    "mt": "mount",
    "univ": "university",
    "assn": "association",
    "assoc": "association",
    "inst": "institute",
    "dept": "department",
    "intl": "international",
    "natl": "national",
    "ctr": "center",
    "cntr": "center",
    "fdn": "foundation",
    "fndn": "foundation",
    "govt": "government",
    "gov": "government",
    "acad": "academy",
    "devel": "development",
    "mgmt": "management",
    "hosp": "hospital",
    "elem": "elementary",
    "prep": "preparatory",
    "phila": "philadelphia",
    "svcs": "services",
    "svc": "service",
    "jr": "junior",
    "sr": "senior",
    "bros": "brothers",
    "co": "company",
    "corp": "corporation",
}
"""Other spellings and short forms of one word: -> how it is compared."""

KINDS = _words(
    "foundation fund trust institute institution university college school academy association"
    " society council center committee corporation company group network alliance coalition project"
    " program initiative federation union league club church museum library hospital stiftung"
    " fondation fondazione fundacion stichting organization partnership endowment charities charity"
    " commission conference consortium campaign department schools services service studio"
)
"""What sort of organisation a name says it is: another one of these is mostly another
organisation ('... Foundation' beside '...'), and these alone never make two names one."""

NUMBER_WORDS = {
    word: str(number)
    for number, word in enumerate(
        ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    )
} | {
    word: str(number)
    for number, word in enumerate(
        ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth"),
        start=1,
    )
}
_ROMAN = {
    "ii": "2",
    "iii": "3",
    "iv": "4",
    "vi": "6",
    "vii": "7",
    "viii": "8",
    "ix": "9",
}
DIRECTIONS = _words(
    "north south east west northern southern eastern western northeast northwest southeast"
    " southwest"
    " northeastern northwestern southeastern southwestern central upper lower inner outer greater"
    " nord sud ost ouest est norte sur"
)
_OTHER_PLACES = (
    "america europe africa asia oceania england scotland wales ireland britain uk usa us eu"
    " london oxford cambridge edinburgh glasgow manchester birmingham bristol leeds liverpool"
    " belfast cardiff dublin paris berlin munich hamburg zurich geneva vienna brussels amsterdam"
    " rotterdam utrecht madrid barcelona lisbon rome milan stockholm copenhagen oslo helsinki"
    " prague warsaw budapest moscow kyiv istanbul jerusalem haifa cairo nairobi lagos johannesburg"
    " delhi mumbai bangalore beijing shanghai tokyo kyoto seoul sydney melbourne toronto montreal"
    " vancouver boston chicago detroit milwaukee philadelphia pittsburgh denver atlanta miami"
    " houston dallas austin seattle portland oakland berkeley phoenix tulsa indianapolis cleveland"
    " cincinnati columbus minneapolis memphis nashville charlotte baltimore brooklyn bronx queens"
    " manhattan harlem newark hoboken orlando tampa sacramento fresno omaha louisville buffalo"
    " rochester providence hartford albany akron dayton toledo madison duluth tucson"
)
_NUMBER = re.compile(r"(\d+)(st|nd|rd|th)?")


def number_in(word: str) -> str | None:
    """The number that a word stands for (`12`, `12th`, `second`, `iii`); None where for none."""
    if match := _NUMBER.fullmatch(word):
        return match[1].lstrip("0") or "0"
    return NUMBER_WORDS.get(word) or _ROMAN.get(word)


@cache
def places() -> frozenset[str]:
    """Words that name a place: countries, states of the USA, some cities, points of the compass.

    Not all there are: a place that is missing weighs as any other word does.
    """
    words = {*_OTHER_PLACES.split(), *DIRECTIONS}
    for country in pycountry.countries:
        words.update(_single(country.name), _single(getattr(country, "common_name", "")))
    for state in pycountry.subdivisions.get(country_code="US"):
        words.update(_single(state.name))
    return frozenset(words)


def _single(name: str) -> list[str]:
    """The name where it is one word; of several, each may mean something else."""
    words = anyascii(name).casefold().replace(",", " ").split()
    return words if len(words) == 1 and len(words[0]) > 2 else []


@cache
def states() -> dict[str, str]:
    """Letters of a state of the USA -> its name: `wi` -> `wisconsin`."""
    found = pycountry.subdivisions.get(country_code="US")
    return {state.code[3:].lower(): anyascii(state.name).casefold() for state in found}
