"""Check the recorded conversation with Gemini Live against Google's own types: `python validate_gemini.py`.

Needs google-genai (3.4) in whatever Python runs it; it is no dependency of Parley or its tests. A log is recorded anew
with PARLEY_RECORD=tests/engines/logs pytest tests/engines/gemini/test_house.py.
"""

import json
import sys
from pathlib import Path

from google.genai import types

SIDES = {"client": types.LiveClientMessage, "server": types.LiveServerMessage}


def faults(message: dict, **side: str) -> list[str]:
    """Say what is wrong with a message; the types admit no key that they do not know."""
    checks = [(SIDES[side["from"]], message)]
    if "setup" in message:
        # `LiveClientSetup` lacks this key, which the SDK's own client sends: `_LiveConnectConfig_to_mldev`.
        checks.append((types.RealtimeInputConfig, message["setup"].pop("realtimeInputConfig")))
    found = []
    for model, value in checks:
        try:
            model.model_validate(value)
        except ValueError as error:
            found.append(str(error))
    return found


lines = Path(__file__).with_name("gemini.jsonl").read_text().splitlines()
wrong = [f"line {n}: {fault}" for n, line in enumerate(lines, 1) for fault in faults(**json.loads(line))]
sys.stdout.write(f"{len(lines)} messages, {len(wrong)} faults\n")
sys.exit("\n".join(wrong) or 0)
