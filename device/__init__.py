"""Parley: a full-duplex voice assistant between a room and a speech-to-speech engine."""

import os

# Before numpy is imported: its BLAS would otherwise wake a thread for each core for the larger products, and have them
# spin for a while afterwards, on cores that audio needs.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# onnxruntime sends its maker what it runs on and which models, unless this is set before it is imported.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
