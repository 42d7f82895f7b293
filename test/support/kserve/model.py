"""The text model behind the KServe servers of the tests. Standard library only, Python 3.8 and later.

A prompt directs its answer: the last line with `@reply {json}` counts, and what follows the JSON on that line is
ignored, so that a chat template may put its end-of-turn mark there. Without one the model says FOX, or the smallest
instance of the schema that the server was asked to keep to.

    {"text": "a b c"}                   one token a word, the space before it included
    {"pieces": ["a", " b"]}             these tokens
    {"raw_bytes_hex": ["ff", "61"]}     these tokens, whatever their bytes
    {"choices": ["x", "y"]}             texts of the choices when several are asked; the last serves the rest
    {"finish": "stop"}                  the reason at the end; "finish_word" is the same for words nobody knows
    {"delay_ms": 5}                     before each token
    {"split_bytes": true}               one byte a message; a token counts with its last byte
    {"cumulative": true}                each message repeats all before it
    {"empty_final": true}               one more message without text
    {"fail_after": 2, "fail_status": "INTERNAL", "fail_text": "..."}    ModelFailure after so many messages
    {"hang": true}                      after the last token nothing more comes, not even the end
    {"repair": {...}}                   another directive, taken once the prompt quotes this one's text further down
    {"repair_after": "x"}               it is taken once the prompt has this text there, instead
    {"fault": "...", "fault_after": 1}  what the look-alike does wrong on the wire, see faults.py

Settings, all optional: max_tokens, stop (list of strings), schema (JSON schema), json (any object), choice (list of
strings), defaults (a directive that holds where the prompt's own says nothing). Others are taken and ignored.
"""

import json
import math
import re
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Union

FOX = "The quick brown fox jumps over the lazy dog."
# The wait of the message that never comes; whoever serves it looks for the client's cancel meanwhile.
HANG_MS = 3_600_000
EMBEDDING_SIZE = 16


class Piece(NamedTuple):
    """One message of the answer: wait `delay_ms`, then say `text`, which completes `tokens` tokens."""

    text: bytes
    delay_ms: int = 0
    tokens: int = 1


class ModelFailure(Exception):
    """The model broke; `status` is the name of a gRPC status."""

    def __init__(self, message: str, status: str = "INTERNAL"):
        super().__init__(message)
        self.status = status


class Plan(NamedTuple):
    """All that will be said for one choice. `tokens` are whole, before any splitting."""

    tokens: List[bytes]
    finish: str
    directive: Dict[str, Any]


def answer(prompt: str, settings: Dict[str, Any]) -> Iterator[Piece]:
    """The messages of the first choice. Raises ModelFailure where the directive says so."""
    return pieces(plan(prompt, settings))


def plan(prompt: str, settings: Dict[str, Any], choice: int = 0) -> Plan:
    directive = {**settings.get("defaults", {}), **directive_of(prompt)}
    tokens, finish = _tokens_of(directive, settings, choice), directive.get("finish", "stop")
    limit = settings.get("max_tokens")
    if limit is not None and len(tokens) > max(limit, 0):
        tokens, finish = tokens[: max(limit, 0)], "length"
    stopped = _cut_at_stop(tokens, settings.get("stop") or [])
    if stopped is not None:
        tokens, finish = stopped, "stop"
    return Plan(tokens, directive.get("finish_word", finish), directive)


def pieces(planned: Plan) -> Iterator[Piece]:
    directive = planned.directive
    delay = int(directive.get("delay_ms", 0))
    fail_after = directive.get("fail_after")
    said = b""
    count = 0
    for piece in _split(planned.tokens, bool(directive.get("split_bytes")), delay):
        if count == fail_after:
            raise failure_of(directive)
        said += piece.text
        yield piece._replace(text=said) if directive.get("cumulative") else piece
        count += 1
    if fail_after is not None:
        raise failure_of(directive)
    if directive.get("hang"):
        yield Piece(b"", HANG_MS, 0)
    if directive.get("empty_final"):
        yield Piece(said if directive.get("cumulative") else b"", delay, 0)


def failure_of(directive: Dict[str, Any]) -> ModelFailure:
    return ModelFailure(directive.get("fail_text", "the model has failed"), directive.get("fail_status", "INTERNAL"))


def finish_reason(prompt: str, settings: Dict[str, Any]) -> str:
    return plan(prompt, settings).finish


def count_tokens(text: str) -> int:
    """Tokens of a prompt or an answer: one a word."""
    return len(to_tokens(text))


def to_tokens(text: str) -> List[bytes]:
    return [token.encode("utf-8", "surrogatepass") for token in re.findall(r"\s*\S+|\s+$", text)]


def token_id(token: bytes) -> int:
    """A number that is the same in every run."""
    value = 17
    for byte in token:
        value = (value * 31 + byte) % 32_000
    return value


def logprob(index: int, rank: int = 1) -> float:
    """Of the token at `index`; the alternatives, of rank 2 and on, are less likely."""
    return -0.125 * (index % 4 + 1) - 0.5 * (rank - 1)


def embedding(value: Union[str, List[int]], dimensions: int = EMBEDDING_SIZE) -> List[float]:
    """A vector of length 1 that depends on the value; the shorter ones begin like the longest before scaling."""
    seed = token_id(json.dumps(value).encode())
    numbers = [math.sin(seed + 1 + index) for index in range(dimensions)]
    length = math.sqrt(sum(number * number for number in numbers))
    return [number / length for number in numbers]


def directive_of(prompt: str) -> Dict[str, Any]:
    lines = prompt.split("\n")
    for index in range(len(lines) - 1, -1, -1):
        directive = _read_directive(lines[index])
        if directive is not None:
            later = "\n".join(lines[index + 1 :])
            return directive["repair"] if _is_repaired(directive, later) else directive
    return {}


def _read_directive(line: str) -> Optional[Dict[str, Any]]:
    start = line.rfind("@reply {")
    if start < 0:
        return None
    try:
        value, _ = json.JSONDecoder().raw_decode(line, start + len("@reply "))
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _is_repaired(directive: Dict[str, Any], later: str) -> bool:
    return "repair" in directive and str(directive.get("repair_after", directive.get("text", ""))).strip() in later


def _tokens_of(directive: Dict[str, Any], settings: Dict[str, Any], choice: int) -> List[bytes]:
    if "choices" in directive:
        texts = directive["choices"]
        return to_tokens(texts[min(choice, len(texts) - 1)])
    if "raw_bytes_hex" in directive:
        parts = directive["raw_bytes_hex"]
        return [bytes.fromhex(part) for part in ([parts] if isinstance(parts, str) else parts)]
    if "pieces" in directive:
        return [piece.encode("utf-8", "surrogatepass") for piece in directive["pieces"]]
    if "text" in directive:
        return to_tokens(directive["text"])
    if settings.get("schema") is not None:
        return to_tokens(json.dumps(minimal_instance(settings["schema"], settings["schema"])))
    if settings.get("json"):
        return to_tokens('{"answer": "text"}')
    if settings.get("choice"):
        return to_tokens(settings["choice"][0])
    return to_tokens(FOX)


def _cut_at_stop(tokens: List[bytes], stops: List[str]) -> Optional[List[bytes]]:
    """The tokens up to the first stop string, without it; None when there is none."""
    text = b"".join(tokens)
    places = [text.find(stop.encode()) for stop in stops if stop]
    left = min((place for place in places if place >= 0), default=-1)
    if left < 0:
        return None
    kept = []
    for token in tokens:
        if left <= 0:
            break
        kept.append(token[:left])
        left -= len(token)
    return kept


def _split(tokens: List[bytes], by_byte: bool, delay: int) -> Iterator[Piece]:
    for token in tokens:
        if not by_byte:
            yield Piece(token, delay)
            continue
        for index in range(len(token)):
            yield Piece(token[index : index + 1], delay, 1 if index == len(token) - 1 else 0)


_SCALARS = {"string": "text", "integer": 1, "number": 1.5, "boolean": True, "null": None}


def minimal_instance(schema: Any, root: Any, depth: int = 0) -> Any:
    """An object with all its properties, an array with as few items as allowed, the first of an enum."""
    if not isinstance(schema, dict) or depth > 32:
        return {}
    if "$ref" in schema:
        return minimal_instance(_resolve(schema["$ref"], root), root, depth + 1)
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    for key in ("anyOf", "oneOf"):
        if schema.get(key):
            return minimal_instance(schema[key][0], root, depth + 1)
    if schema.get("allOf"):
        return _merged([minimal_instance(part, root, depth + 1) for part in schema["allOf"]])
    kind = schema.get("type", "object")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        properties = schema.get("properties", {})
        return {name: minimal_instance(part, root, depth + 1) for name, part in properties.items()}
    if kind == "array":
        return [minimal_instance(schema.get("items", {}), root, depth + 1) for _ in range(schema.get("minItems", 0))]
    if kind in ("integer", "number") and "minimum" in schema:
        return max(_SCALARS[kind], schema["minimum"])
    if kind == "string":
        return "text".ljust(schema.get("minLength", 0), "t")[: schema.get("maxLength", None)]
    return _SCALARS.get(kind)


def _resolve(reference: str, root: Any) -> Any:
    found = root
    for part in reference.lstrip("#").strip("/").split("/"):
        if part and isinstance(found, dict):
            found = found.get(part.replace("~1", "/").replace("~0", "~"), {})
    return found


def _merged(parts: List[Any]) -> Any:
    merged: Dict[str, Any] = {}
    for part in parts:
        if not isinstance(part, dict):
            return part
        merged.update(part)
    return merged
