"""Runs a program within what a unit of deploy/systemd leaves it, as far as no systemd is needed for that: the system calls, address
families, memory that may be executed, capabilities and number of files. Folders and devices are not hidden.

usage: unit_limits.py UNIT PROGRAM ARGS...     with libseccomp, which systemd itself uses, and systemd-analyze, which knows its groups
"""
import ctypes
import errno
import os
import re
import resource
import socket
import subprocess
import sys

ALLOW, PERM, NOSYS = 0x7FFF0000, 0x00050000 | errno.EPERM, 0x00050000 | errno.ENOSYS
EQUAL, MASKED = 4, 7  # SCMP_CMP_EQ, SCMP_CMP_MASKED_EQ
PROT_WRITE, PROT_EXEC, SHM_EXEC = 2, 4, 0o100000
NEW_NAMESPACES = (0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000)  # CLONE_NEW*
PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 24, 38


class Compare(ctypes.Structure):
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


class Filter:
    def __init__(self, otherwise):
        self.lib = ctypes.CDLL("libseccomp.so.2", use_errno=True)
        self.lib.seccomp_init.restype = ctypes.c_void_p
        self.context = ctypes.c_void_p(self.lib.seccomp_init(otherwise))

    def rule(self, action, name, *compares):
        number = self.lib.seccomp_syscall_resolve_name(name.encode())
        if number == -1:  # Not of this machine's kind.
            return
        array = (Compare * len(compares))(*compares)
        failed = self.lib.seccomp_rule_add_array(self.context, action, number, len(compares), array)
        if failed not in (0, -errno.EEXIST, -errno.EDOM):
            raise OSError(-failed, name)

    def load(self):
        if failed := self.lib.seccomp_load(self.context):
            raise OSError(-failed, "seccomp_load")


def settings(unit):
    found = {}
    for key, value in re.findall(r"(?m)^(\w+)=(.*)$", open(unit).read()):
        found.setdefault(key, []).append(value)
    return found


def calls_of(group):
    listed = subprocess.run(["systemd-analyze", "syscall-filter", group], capture_output=True, text=True, check=True).stdout
    for name in re.findall(r"(?m)^    (@?[\w-]+)$", listed):
        yield from calls_of(name) if name.startswith("@") else (name,)


def allowed_calls(lines):
    """As systemd.exec(5) says: the first line decides that it is a list of what is allowed; those with ~ take away."""
    allowed = set(calls_of("@default"))
    for line in lines:
        for word in line.removeprefix("~").split():
            calls = set(calls_of(word)) if word.startswith("@") else {word}
            allowed = allowed - calls if line.startswith("~") else allowed | calls
    return allowed | {"execve", "exit", "exit_group", "getrlimit", "prlimit64", "rt_sigreturn", "sigreturn"}


def limit(unit):
    said = settings(unit)
    calls = Filter(PERM)
    families = said["RestrictAddressFamilies"][0].split()
    for name in allowed_calls(said["SystemCallFilter"]) - {"socket"}:
        calls.rule(ALLOW, name)
    for family in families:
        calls.rule(ALLOW, "socket", Compare(0, EQUAL, getattr(socket, family)))
    others = Filter(ALLOW)
    if said.get("MemoryDenyWriteExecute") == ["yes"]:
        both = PROT_WRITE | PROT_EXEC
        others.rule(PERM, "mmap", Compare(2, MASKED, both, both))
        for name in ("mprotect", "pkey_mprotect"):
            others.rule(PERM, name, Compare(2, MASKED, PROT_EXEC, PROT_EXEC))
        others.rule(PERM, "shmat", Compare(2, MASKED, SHM_EXEC, SHM_EXEC))
    if said.get("RestrictNamespaces") == ["yes"]:
        for flag in NEW_NAMESPACES:
            others.rule(PERM, "clone", Compare(0, MASKED, flag, flag))
            others.rule(PERM, "unshare", Compare(0, MASKED, flag, flag))
        others.rule(NOSYS, "clone3")  # Its flags lie in memory, where no filter can see them.
    files = min(int(said["LimitNOFILE"][0]), resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    libc = ctypes.CDLL(None)
    for capability in range(64):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    os.umask(int(said["UMask"][0], 8))
    others.load()
    calls.load()


if __name__ == "__main__":
    limit(sys.argv[1])
    os.execvp(sys.argv[2], sys.argv[2:])
