"""Reading JSON strictly: a document, its objects, and the kinds of value a key may hold.

Every fault is one line (where, what is there, what was expected), and reading goes on after it,
so that a file's faults are named all at once.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

LARGEST_MONEY = 10**15
"""Most minor units in any one amount; floats inside the solver are still exact to the unit."""

LARGEST_WEIGHT = 1e6
"""Most that a weight, a penalty or a price may be: beyond it no solver's tolerance means much."""

LARGEST_VALUE = 1e24
"""Most that a value in weighted minor units may be."""

T = TypeVar("T")


class BadInput(Exception):
    """A file or document that does not keep to the format; `faults` has one line for each."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class RepeatedKeys(dict[str, object]):
    """A JSON object in which some key stood more than once; the last value is kept."""

    repeated: tuple[str, ...] = ()


@dataclass(frozen=True)
class Kind(Generic[T]):
    """What a key may hold. `convert` raises ValueError; `stand_in` takes a bad value's place.

    A stand-in lets reading go on to the next fault; it never leaves the reader.
    """

    expected: str
    convert: Callable[[object], T]
    stand_in: T


def shown(value: object) -> str:
    """A value as a fault names it: short, one line, whatever it is."""
    if isinstance(value, str):
        text = json.dumps(value, ensure_ascii=False)
        text = text.encode("utf-8", "backslashreplace").decode("utf-8")
        return text if len(text) <= 60 else f"{text[:56]}...{text[-1]}"
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, int):
        if abs(value) < 10**40:
            return str(value)
        return f"a whole number of more than {int((value.bit_length() - 1) * math.log10(2))} digits"
    if isinstance(value, float):
        if math.isnan(value):
            return "NaN"
        if math.isinf(value):
            return "-Infinity" if value < 0 else "Infinity (or a number too large to hold)"
        return repr(value)
    if isinstance(value, dict):
        return "an object" if value else "an empty object"
    if isinstance(value, list):
        return f"a list of {len(value)}" if value else "an empty list"
    return f"a Python {type(value).__name__}"


def key_path(where: str, key: object) -> str:
    """Where a key of an object is: `a.b`, or `a["b c"]` where the key is not a plain name."""
    if isinstance(key, str) and key.isidentifier():
        return f"{where}.{key}" if where else key
    return f"{where}[{shown(key)}]"


# Kinds of value


def whole(least: int, most: int = LARGEST_MONEY, unit: str = "minor units") -> Kind[int]:
    """A JSON integer; 5.0 and "5" are refused, because a float cannot be trusted with money."""

    def convert(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ValueError
        return int(value)

    return Kind(f"a whole number of {unit}, at least {least} and at most {most}", convert, least)


def number(least: float, most: float) -> Kind[float]:
    """A finite JSON number, integer or not."""

    def convert(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError
        if not least <= value <= most:  # also refuses NaN, and integers too large for a float
            raise ValueError
        return float(value)

    return Kind(f"a number from {least:g} to {most:g}", convert, least)


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError
    value.encode("utf-8")  # a lone surrogate raises UnicodeEncodeError, which is a ValueError
    return str(value)


TEXT: Kind[str] = Kind("text that is not empty", _text, "")


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


FLAG: Kind[bool] = Kind("true or false", _flag, False)


def one_of(*names: str) -> Kind[str]:
    def convert(value: object) -> str:
        if not isinstance(value, str) or value not in names:
            raise ValueError
        return value

    return Kind(" or ".join(json.dumps(name) for name in names), convert, names[0])


def among(known: Collection[str], what: str) -> Kind[str]:
    """Text that is in `known`; `what` says in words what `known` holds."""

    def convert(value: object) -> str:
        if not isinstance(value, str) or value not in known:
            raise ValueError
        return value

    return Kind(what, convert, "")


def or_null(kind: Kind[T]) -> Kind[T | None]:
    def convert(value: object) -> T | None:
        return None if value is None else kind.convert(value)

    return Kind(f"{kind.expected}, or null", convert, None)


# Objects and lists


class Record:
    """One JSON object being read: each key is taken once, and `close` names what is left over."""

    def __init__(self, faults: list[str], where: str, value: object) -> None:
        self.faults = faults
        self.where = where
        self.is_sound = True
        self.is_object = isinstance(value, dict)
        self._known: list[str] = []
        self._values: dict[object, object] | None = value if isinstance(value, dict) else None
        if self._values is None:
            self._fault(where or "the document", value, "an object")
        if isinstance(value, RepeatedKeys):
            for key in value.repeated:
                self.fault(key, "stands more than once", "each key once")

    def _fault(self, where: str, value: object, expected: str) -> None:
        self.faults.append(f"{where}: {shown(value)}; expected {expected}")
        self.is_sound = False

    def fault(self, key: object, what: str, expected: str) -> None:
        """Record a fault of `key`, in words."""
        self.faults.append(f"{key_path(self.where, key)}: {what}; expected {expected}")
        self.is_sound = False

    def has(self, key: str) -> bool:
        return self._values is not None and key in self._values

    def _raw(self, key: str) -> object:
        assert self._values is not None
        return self._values[key]

    def convert(self, where: str, value: object, kind: Kind[T]) -> T:
        try:
            return kind.convert(value)
        except ValueError:
            self._fault(where, value, kind.expected)
            return kind.stand_in

    def required(self, key: str, kind: Kind[T]) -> T:
        if self._values is not None and key not in self._values:
            self._known.append(key)
            self.fault(key, "missing", kind.expected)
            return kind.stand_in
        return self.optional(key, kind, kind.stand_in)

    def optional(self, key: str, kind: Kind[T], default: T) -> T:
        self._known.append(key)
        if not self.has(key):
            return default
        value = self._raw(key)
        try:
            return kind.convert(value)
        except ValueError:
            self._fault(key_path(self.where, key), value, kind.expected)
            return kind.stand_in

    def items(self, key: str) -> list[tuple[str, object]]:
        """Each entry of a list, with where it is; an absent list is empty."""
        self._known.append(key)
        if not self.has(key):
            return []
        value, where = self._raw(key), key_path(self.where, key)
        if not isinstance(value, list):
            self._fault(where, value, "a list")
            return []
        return [(f"{where}[{i}]", entry) for i, entry in enumerate(value)]

    def required_items(self, key: str) -> list[tuple[str, object]]:
        """Each entry of a list that must be there."""
        if self._values is not None and key not in self._values:
            self.fault(key, "missing", "a list")
        return self.items(key)

    def names(self, key: str, kind: Kind[str]) -> tuple[str, ...]:
        """A list of texts, each kept once; absent: empty."""
        entries = [self.convert(where, entry, kind) for where, entry in self.items(key)]
        return tuple(dict.fromkeys(entries))

    def names_or_any(self, key: str, kind: Kind[str]) -> tuple[str, ...] | None:
        """A list of texts; absent or null: None, that is any."""
        if not self.has(key) or self._raw(key) is None:
            self._known.append(key)
            return None
        return self.names(key, kind)

    def table(self, key: str, names: Kind[str], kind: Kind[T], is_required: bool) -> dict[str, T]:
        """An object from names to values of one kind; absent, unless required: empty."""
        self._known.append(key)
        if not self.has(key):
            if is_required and self._values is not None:
                self.fault(key, "missing", "an object")
            return {}
        value, where = self._raw(key), key_path(self.where, key)
        inner = Record(self.faults, where, value)
        result: dict[str, T] = {}
        for name, entry in (inner._values or {}).items():
            try:
                names.convert(name)
            except ValueError:
                inner.is_sound = False
                self.faults.append(f"{where}: key {shown(name)}; expected {names.expected}")
            result[str(name)] = inner.convert(key_path(where, name), entry, kind)
        self.is_sound = self.is_sound and inner.is_sound
        return result

    def child(self, key: str) -> Record:
        """The object at `key`; absent: one without keys."""
        self._known.append(key)
        value = self._raw(key) if self.has(key) else {}
        return Record(self.faults, key_path(self.where, key), value)

    def child_or_none(self, key: str) -> Record | None:
        """The object at `key`; absent or null: None."""
        if not self.has(key) or self._raw(key) is None:
            self._known.append(key)
            return None
        return self.child(key)

    def years(self, key: str, names: Kind[int], kind: Kind[T]) -> dict[int, T]:
        """An object from calendar years, written as text, to values; absent: empty."""
        self._known.append(key)
        result: dict[int, T] = {}
        if not self.has(key):
            return result
        where = key_path(self.where, key)
        inner = Record(self.faults, where, self._raw(key))
        for name, entry in (inner._values or {}).items():
            try:
                if not (isinstance(name, str) and name.isascii() and name.isdigit()):
                    raise ValueError
                result[names.convert(int(name))] = inner.convert(key_path(where, name), entry, kind)
            except ValueError:
                inner.is_sound = False
                self.faults.append(f"{where}: key {shown(name)}; expected {names.expected}")
        self.is_sound = self.is_sound and inner.is_sound
        return result

    def tables(
        self, key: str, kind: Kind[T], required: tuple[str, ...], optional: tuple[str, ...] = ()
    ) -> dict[str, dict[str, T]]:
        """An object that must be there, from names to objects with these keys of one kind."""
        if self._values is not None and key not in self._values:
            self.fault(key, "missing", "an object")
        outer = self.child(key)
        result: dict[str, dict[str, T]] = {}
        for name in outer._values or {}:
            inner = outer.child(str(name))
            found = {inner_key: inner.required(inner_key, kind) for inner_key in required}
            for inner_key in optional:
                if inner.has(inner_key):
                    found[inner_key] = inner.required(inner_key, kind)
            inner.ignore(*optional)
            inner.close()
            result[str(name)] = found
        return result

    def ignore(self, *keys: str) -> None:
        """Allow keys whose values do not matter here."""
        self._known.extend(keys)

    def close(self) -> None:
        """Name every key that was not asked for."""
        for key in self._values or {}:
            if key not in self._known:
                self.fault(key, "unknown key", f"one of {', '.join(self._known)}")


# Documents


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) == len(pairs):
        return result
    keys = [key for key, _ in pairs]
    marked = RepeatedKeys(result)
    marked.repeated = tuple(key for key in result if keys.count(key) > 1)
    return marked


def _integer(digits: str) -> int | float:
    # int() refuses thousands of digits; such a number is too large for every key anyway
    return int(digits) if len(digits) <= 400 else math.copysign(math.inf, float(digits))


def load_text(path: Path) -> str:
    """The text of a file in UTF-8; a byte order mark is allowed. Raises BadInput."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput([f"{path}: byte {error.start} is not UTF-8; expected UTF-8 text"]) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise BadInput([f"{path}: cannot be read ({reason}); expected a file"]) from None


def load(source: Path | str | dict[str, object]) -> object:
    """The document of a file (a path) or, unchanged, one already parsed.

    Raises BadInput where the file cannot be read as JSON in UTF-8.
    """
    if isinstance(source, dict):
        return source
    path = Path(source)
    text = load_text(path)
    if not text.strip():
        raise BadInput([f"{path}: empty; expected a JSON object"])
    try:
        return json.loads(text, object_pairs_hook=_object, parse_int=_integer)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise BadInput([f"{path}: {place}: {error.msg}; expected JSON"]) from None
    except RecursionError:
        raise BadInput([f"{path}: nested too deeply; expected at most a few levels"]) from None
