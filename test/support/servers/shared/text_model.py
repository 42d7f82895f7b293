"""The text model of the look-alikes (`test/support/kserve/model.py`), loaded by its path: a folder named `kserve` on
the module path would stand in the way of the server of that name."""

import importlib.util
import pathlib

_path = pathlib.Path(__file__).resolve().parents[2] / "kserve" / "model.py"
_spec = importlib.util.spec_from_file_location("text_model_of_the_look_alikes", _path)
_module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_module)

ModelFailure = _module.ModelFailure
Piece = _module.Piece
answer = _module.answer
count_tokens = _module.count_tokens
logprob = _module.logprob
pieces = _module.pieces
plan = _module.plan
token_id = _module.token_id
