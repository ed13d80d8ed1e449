# SPDX-License-Identifier: GPL-2.0-or-later
"""Has a running process make a call of the kernel, as an attacker in it would: its main thread is stopped in a call, its
registers are set, and it is let on for that one instruction (ptrace(2)). On x86-64, for root."""

import contextlib
import ctypes
import errno
import os
import platform
import signal

PTRACE_SINGLESTEP, PTRACE_GETREGS, PTRACE_SETREGS, PTRACE_ATTACH, PTRACE_DETACH = 9, 12, 13, 16, 17
PTRACE_PEEKTEXT, PTRACE_POKETEXT = 1, 4
NAMES = ("r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs eflags rsp ss fs_base gs_base ds es"
         " fs gs").split()
ARGUMENTS = ("rdi", "rsi", "rdx", "r10", "r8", "r9")
SYSCALL = b"\x0f\x05"
RED_ZONE = 4096  # below the stack pointer, where nothing stands that anybody needs


class Registers(ctypes.Structure):
    """struct user_regs_struct"""
    _fields_ = [(name, ctypes.c_ulonglong) for name in NAMES]


def is_possible():
    return platform.machine() == "x86_64" and os.geteuid() == 0 and ctypes.sizeof(ctypes.c_void_p) == 8


class Stopped:
    """A process that is stopped, and goes on at the end of the block as if nothing had been."""

    def __init__(self, pid):
        self.pid, self.libc = pid, ctypes.CDLL(None, use_errno=True)
        self.libc.ptrace.restype = ctypes.c_long
        self.libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
        self.before = Registers()

    def ptrace(self, request, address=None, data=None):
        ctypes.set_errno(0)
        found = self.libc.ptrace(request, self.pid, address, data)
        if found == -1 and ctypes.get_errno():
            raise OSError(ctypes.get_errno(), f"ptrace {request}: {os.strerror(ctypes.get_errno())}")
        return found

    def __enter__(self):
        self.ptrace(PTRACE_ATTACH)
        os.waitpid(self.pid, 0x40000000)  # __WALL
        self.ptrace(PTRACE_GETREGS, data=ctypes.addressof(self.before))
        word = self.ptrace(PTRACE_PEEKTEXT, self.before.rip - len(SYSCALL)) & 0xFFFF
        if word.to_bytes(2, "little") != SYSCALL:
            raise AssertionError("the process does not wait in a call")
        return self

    def call(self, number, *arguments):
        """What the kernel returns: an error as a negative number. Octets among the arguments are put on the stack."""
        at, values = self.before.rsp - RED_ZONE, []
        for argument in arguments:
            if isinstance(argument, bytes):
                values.append(at)
                at = self.write(at, argument)
            else:
                values.append(argument)
        registers = Registers.from_buffer_copy(self.before)
        registers.rax, registers.orig_rax, registers.rip = number, 2**64 - 1, self.before.rip - len(SYSCALL)
        for name, value in zip(ARGUMENTS, values):
            setattr(registers, name, value % 2**64)
        self.ptrace(PTRACE_SETREGS, data=ctypes.addressof(registers))
        self.ptrace(PTRACE_SINGLESTEP)
        _, status = os.waitpid(self.pid, 0x40000000)
        if not os.WIFSTOPPED(status) or os.WSTOPSIG(status) != signal.SIGTRAP:
            raise AssertionError(f"the call ended the process or raised a signal: {status:#x}")
        self.ptrace(PTRACE_GETREGS, data=ctypes.addressof(registers))
        return ctypes.c_longlong(registers.rax).value

    def write(self, address, octets):
        padded = octets + bytes(8 - len(octets) % 8)
        for i in range(0, len(padded), 8):
            self.ptrace(PTRACE_POKETEXT, address + i, int.from_bytes(padded[i:i + 8], "little"))
        return address + len(padded)

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self.ptrace(PTRACE_SETREGS, data=ctypes.addressof(self.before))
            self.ptrace(PTRACE_DETACH)


def name_of(result):
    """EPERM and the like, or the number."""
    return errno.errorcode.get(-result, str(result)) if result < 0 else str(result)
