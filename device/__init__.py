"""Parley: a full-duplex voice assistant between a room and a speech-to-speech engine."""

import os

# onnxruntime sends its maker what it runs on and which models, unless this is set before it is imported.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
