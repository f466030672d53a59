"""
A wire between two network interfaces that can be slow, or lose what goes one way: for kernels whose `tc` knows no netem.

`wire.py A B` passes frames between interfaces A and B. A line `A 100` on its input makes what comes in at A arrive 100 ms later,
`A lost` loses it, `A 5%` loses so much of it by chance, `A 0` passes it on at once; each is answered by `ok`. Needs root. Ends with its input.
"""

import collections
import os
import random
import select
import socket
import sys
import time

ETH_P_ALL = 3
SOL_PACKET = 263
PACKET_VNET_HDR = 15
PACKET_OUTGOING = 4
FRAME_BYTES_MAX = 10 + 65536 + 64
WAITING_FRAMES_MAX = 20_000


def opened(interface: str) -> socket.socket:
    """The head of `virtio_net` goes along with each frame: checksums and segments that the sender left to its card stay left to it."""
    end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    end.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
    end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 * 1024 * 1024)
    end.bind((interface, ETH_P_ALL))
    return end


class Way:
    """What comes in at one end and goes out at the other."""

    def __init__(self, inlet: socket.socket, outlet: socket.socket) -> None:
        self.inlet = inlet
        self.outlet = outlet
        self.delay_s = 0.0
        # Of a frame: 1 = all are lost.
        self.loss = 0.0
        self.chance = random.Random(1)
        self.waiting: collections.deque[tuple[float, bytes]] = collections.deque()

    def take(self) -> None:
        frame, (_name, _protocol, kind, *_rest) = self.inlet.recvfrom(FRAME_BYTES_MAX)
        if kind == PACKET_OUTGOING or self.chance.random() < self.loss or len(self.waiting) >= WAITING_FRAMES_MAX:
            return
        self.waiting.append((time.monotonic() + self.delay_s, frame))

    def pass_on(self) -> float:
        """Sends what is due; gives the seconds until the next frame is."""
        while self.waiting:
            due, frame = self.waiting[0]
            left_s = due - time.monotonic()
            if left_s > 0:
                return left_s
            self.waiting.popleft()
            try:
                self.outlet.send(frame)
            except OSError as fault:
                # As on any wire: whoever misses the frame sends it again.
                print(f"a frame was lost: {fault}", file=sys.stderr)
        return 60.0


def main(first: str, second: str) -> None:
    ends = {name: opened(name) for name in (first, second)}
    ways = {first: Way(ends[first], ends[second]), second: Way(ends[second], ends[first])}
    print("ok", flush=True)
    said = b""
    while True:
        wait_s = min(way.pass_on() for way in ways.values())
        readable, _, _ = select.select([*ends.values(), 0], [], [], wait_s)
        for way in ways.values():
            if way.inlet in readable:
                way.take()
        if 0 not in readable:
            continue
        more = os.read(0, 4096)
        if more == b"":
            return
        *lines, said = (said + more).split(b"\n")
        for line in lines:
            name, wish = line.decode().split()
            is_loss = wish == "lost" or wish.endswith("%")
            ways[name].loss = 1.0 if wish == "lost" else float(wish[:-1]) / 100 if is_loss else 0.0
            ways[name].delay_s = 0.0 if is_loss else float(wish) / 1000
            print("ok", flush=True)


main(*sys.argv[1:3])
