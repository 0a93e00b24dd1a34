"""Becomes another program: `python launch.py '{"uid": ..., "gid": ..., "parent": ...}' program arguments...`

A small program of its own, because what it does must happen between fork and exec, and Python code in a fork of a
process with threads may hang.

- `parent`: the pid whose end ends this process too (SIGTERM), for the children of `manage.py start`.
- `uid` and `gid`: the user to become, for PostgreSQL, which refuses to run as root. The data may lie where that user
  may not go (a clone under /root); loosening those folders would open them to everybody, so the process keeps one
  capability instead: to search and read folders, and nothing else of root. Two details make that work:
  an ambient capability survives exec, and SECBIT_NO_SETUID_FIXUP makes access(2), by which PostgreSQL finds its own
  files, count it (Linux clears capabilities in that call for users other than root otherwise).
"""

import ctypes
import json
import os
import signal
import sys

PR_SET_PDEATHSIG, PR_SET_SECUREBITS, PR_SET_NO_NEW_PRIVS = 1, 28, 38
PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 47, 2
SECBIT_NO_SETUID_FIXUP = 1 << 2
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_SETPCAP = 1, 2, 8
CAPABILITY_VERSION_3 = 0x20080522


def main() -> None:
    options, command = json.loads(sys.argv[1]), sys.argv[2:]
    libc = ctypes.CDLL(None, use_errno=True)
    if "uid" in options:
        user_become(libc, options["uid"], options["gid"])
    if "parent" in options:
        # After the change of user, which clears it; the check covers a parent that died before it was set.
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != options["parent"]:
            raise SystemExit(0)
    try:
        os.execv(command[0], command)
    except OSError as error:
        print(f"launch: {command[0]}: {error.strerror}", file=sys.stderr)
        raise SystemExit(126) from None


def user_become(libc: ctypes.CDLL, uid: int, gid: int) -> None:
    held = capabilities_held()
    kept = next((cap for cap in (CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE) if held >> cap & 1), None)
    keeps = kept is not None and held >> CAP_SETPCAP & 1
    if keeps:
        keeps = libc.prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0) == 0
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    if keeps:
        bits = 1 << kept
        header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
        # Effective, permitted, inheritable; then the upper half of each.
        sets = (ctypes.c_uint32 * 6)(bits, bits, bits, 0, 0, 0)
        if libc.capset(header, sets) != 0:
            raise SystemExit(f"launch: capset: {os.strerror(ctypes.get_errno())}")
        libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, kept, 0, 0)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)  # no program it runs can make it root again


def capabilities_held() -> int:
    try:
        with open("/proc/self/status") as file:
            return next((int(line.split()[1], 16) for line in file if line.startswith("CapPrm:")), 0)
    except OSError:
        return 0


if __name__ == "__main__":
    main()
