# SPDX-License-Identifier: MIT
"""Plants a divergence in a recording (include/tcptwin/recording.h, wire.h): of one ESTABLISHED -> CLOSE_WAIT it takes away
the evidence of the FIN, so that the state change is nobody's doing. For tests of what a divergence sets off."""
import struct
import subprocess
import zlib

FILE_HEADER = struct.Struct("<8sIHHII8sIiQQqq")
BLOCK_HEADER = struct.Struct("<IIIIQIBBxx")
RECORD_HEADER = struct.Struct("<QHHHBB")
NO_CODEC, ITEMS, STATE_CHANGE = 0, 1, 1
ESTABLISHED, CLOSE_WAIT = 1, 8
# Where they are in struct tcptwin_state_change.
EVIDENCE_FLAGS, EVIDENCE_SHUTDOWN, OLD_STATE, NEW_STATE = 140, 150, 204, 205
RECEIVE_SHUTDOWN, SOCKET_DONE = 1 << 0, 1 << 1


def take_fin_away(payload):
    """True if there was a CLOSE_WAIT in these items."""
    at = 0
    while at < len(payload):
        _, kind, size, _, _, _ = RECORD_HEADER.unpack_from(payload, at)
        if kind == STATE_CHANGE and (payload[at + OLD_STATE], payload[at + NEW_STATE]) == (ESTABLISHED, CLOSE_WAIT):
            flags, = struct.unpack_from("<I", payload, at + EVIDENCE_FLAGS)
            struct.pack_into("<I", payload, at + EVIDENCE_FLAGS, flags & ~SOCKET_DONE)
            payload[at + EVIDENCE_SHUTDOWN] &= ~RECEIVE_SHUTDOWN
            return True
        at += size
    return False


def plant(tcptwin, recording, planted):
    """A copy of the recording with the fault in it."""
    subprocess.run([tcptwin, "record", "--from", recording, "--no-compress", planted], check=True, capture_output=True)
    with open(planted, "r+b") as file:
        found = False
        file.seek(FILE_HEADER.size + FILE_HEADER.unpack(file.read(FILE_HEADER.size))[4])
        while not found:
            place = file.tell()
            header = BLOCK_HEADER.unpack(file.read(BLOCK_HEADER.size))
            payload = bytearray(file.read(header[2]))
            if header[6:8] != (ITEMS, NO_CODEC):
                raise AssertionError(f"no CLOSE_WAIT in {recording}")
            found = take_fin_away(payload)
        unsigned = BLOCK_HEADER.pack(header[0], 0, *header[2:])
        file.seek(place)
        file.write(BLOCK_HEADER.pack(header[0], zlib.crc32(unsigned + payload), *header[2:]) + payload)
