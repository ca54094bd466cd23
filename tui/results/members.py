"""The values of a JSON object byte for byte, found without a decoder.

For lines so long that one call of a decoder would hold the interpreter for too long (see `skeleton`).
"""

from tui.results.skeleton import TOKEN, next_bracket, string_end


def members(text: bytes) -> dict[bytes, bytes]:
    """The values of the object `text` by key, both as they are written; as far as they are complete.

    `text` must be known to be JSON otherwise: what is wrong within a value is not noticed.
    """
    found: dict[bytes, bytes] = {}
    depth, position, key, start = 0, 0, b"", -1
    while position < len(text):
        if depth > 1:
            position = next_bracket(text, position)
            if position < 0:
                break
        token = TOKEN.match(text, position)
        assert token is not None  # noqa: S101 - the two branches cover every byte
        piece, stop = token[0], token.end()
        if piece == b'"':
            stop = string_end(text, position)
            if stop < 0:
                break
            if depth == 1 and start < 0:
                key = text[position + 1 : stop - 1]
        elif piece in (b"{", b"["):
            depth += 1
        elif piece in (b"}", b"]"):
            depth -= 1
            if depth == 0 and start >= 0:
                found[key] = text[start:position].strip()
                break
        elif depth == 1:
            # Keys are strings, so at this depth a run is a colon, a scalar and a comma at most, in this order.
            if start < 0 and (colon := piece.find(b":")) >= 0:
                start = position + colon + 1
            if start >= 0 and (comma := piece.find(b",")) >= 0:
                found[key] = text[start : position + comma].strip()
                start = -1
        position = stop
    return found
