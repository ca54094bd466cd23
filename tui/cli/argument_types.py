"""What an argument may be, for argparse: each function raises `ArgumentTypeError` with what is wrong."""

import argparse
import math


def batch_id(text: str) -> str:
    """An id of a batch, of whatever kind a provider has."""
    return _id(text, "batch")


def file_id(text: str) -> str:
    """An id of a file."""
    return _id(text, "file")


def _id(text: str, of: str) -> str:
    # Empty, or a dot segment: no address can be made of it.
    if not text.strip() or text in {".", ".."}:
        raise argparse.ArgumentTypeError(f"{text!r} is no id of a {of}")
    return text


def positive(text: str) -> float:
    """A number above 0, and no infinite one."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0")
    return number


def count(text: str) -> int:
    """A whole number above 0."""
    if not (text.isascii() and text.isdigit() and len(text) < 16 and int(text)):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number above 0")
    return int(text)


def port(text: str) -> int:
    """A port that a server can have."""
    if not (text.isascii() and text.isdigit() and len(text) < 6 and int(text) < 65_536):
        raise argparse.ArgumentTypeError(f"{text!r} is no port")
    return int(text)
