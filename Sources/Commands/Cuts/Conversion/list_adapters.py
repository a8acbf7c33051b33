"""Prints which adapters this OpenTimelineIO has, as JSON."""
import json

import opentimelineio

adapters = []
for adapter in opentimelineio.plugins.ActiveManifest().adapters:
    try:
        can_read = adapter.has_feature("read")
    except Exception:
        can_read = False
    adapters.append({"name": adapter.name, "suffixes": list(adapter.suffixes), "canRead": bool(can_read)})
try:
    import aaf2

    pyaaf2 = str(getattr(aaf2, "__version__", "installed"))
except Exception:
    pyaaf2 = None
print(json.dumps({"version": opentimelineio.__version__, "adapters": adapters, "pyaaf2": pyaaf2}))
