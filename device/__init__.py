"""The speaker in the home: asks, listens, understands, and never loses an answer.

Nothing it runs on may report home (P8). onnxruntime, which pyopenjtalk-plus and faster-whisper bring along, does from
its import on since 1.29: a device id on disk, process and session events to its maker. Only this variable, set
before that import, stops it; an operator who sets it otherwise is heard.
"""

import os

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
