"""Ways to a machine; the only room of the API, beside up/, that starts programs."""

import sys

# paramiko goes without it, and would only run `Match exec` of an ssh_config by it, of which we read
# none: it would be 6 MB of each process, and half the time that paramiko takes to load.
sys.modules.setdefault("invoke", None)  # type: ignore[arg-type]
