"""The reason a person gives: checked, normalised, never cut."""

import re
import unicodedata
from typing import Final

from bot.errors import InputError

LONGEST: Final = 1024
"""UTF-16 code units. Intune documents 1024 "characters"; counted so, code points and bytes of .NET strings fit too."""

_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
_NEWLINE: Final = re.compile("\r\n|\r|\n")


def justification(text: str | None) -> str:
    """The text as it is sent and recorded: NFC, with CRLF as newline; raises `InputError`."""
    if not text or not text.strip():
        raise InputError("justification", "Please say why: a justification is required.")
    forbidden = _FORBIDDEN.search(text)
    if forbidden:
        raise InputError(
            "justification",
            f"The justification contains the character U+{ord(forbidden.group()):04X}, which cannot be shown safely.",
            "Remove it and try again.",
        )
    whole = _NEWLINE.sub("\r\n", unicodedata.normalize("NFC", text))
    length = len(whole.encode("utf-16-le")) // 2
    if length > LONGEST:
        raise InputError(
            "justification",
            f"The justification has {length} characters; at most {LONGEST} are possible (emoji count as two or more).",
            f"Shorten it by {length - LONGEST}.",
        )
    return whole
