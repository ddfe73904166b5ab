#!/usr/bin/env python3
"""What stands in the way of a DHCP server, or is one that lost its mind.

    toys.py hold PORT [ADDRESS [INTERFACE]]     a UDP socket on that port; says "ready"
    toys.py garbage INTERFACE SEED              answers each DHCP question with a hundred broken ones
    toys.py deaf INTERFACE                      a server that hears the second question only
    toys.py checksum INTERFACE                  a good offer with a wrong checksum, over and over
    toys.py mended INTERFACE                    the same, and the checksum is right
"""
import random, socket, struct, sys, time


def hold(port, address="0.0.0.0", interface=None):
    s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    if interface:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
    s.bind((address, int(port)))
    ready()
    time.sleep(600)


def ready():
    print("ready", flush=True)


def server(interface):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
    s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    s.bind(("0.0.0.0", 67))
    ready()
    return s


def offer(question, options=b"\x35\x01\x02\x36\x04\xc0\xa8\x4d\x63\xff"):
    return (b"\x02\x01\x06\x00" + question[4:8] + bytes(8) + bytes([192, 168, 77, 222]) + bytes(8)
            + question[28:44] + bytes(192) + b"\x63\x82\x53\x63" + options)


def broken(question, r):
    good = offer(question)
    how = r.randrange(6)
    if how == 0:
        return good[: r.randrange(len(good) - 9)]
    if how == 1:
        return good[:4] + bytes(r.randrange(256) for _ in range(4)) + good[8:]
    if how == 2:
        return offer(question, b"\x35\x01\x02\x36\x04\xc0\xa8\x4d\x63\x0c\xff")
    if how == 3:
        return offer(question, b"\x34\x01\x03\x35\x01\x02")[:-6] + b"\x34\x01\x09"
    if how == 4:
        return bytes(r.randrange(256) for _ in range(r.randrange(1400)))
    return offer(question, b"\x35\x01\x02\x36" + bytes([r.choice([0, 1, 3, 5, 255])]) + bytes(2))


def garbage(interface, seed):
    r, s = random.Random(int(seed)), server(interface)
    while True:
        question = s.recv(2000)
        for _ in range(100):
            s.sendto(broken(question, r), ("255.255.255.255", 68))


def deaf(interface):
    s, heard = server(interface), {}
    while True:
        question = s.recv(2000)
        heard[question[4:8]] = heard.get(question[4:8], 0) + 1
        if heard[question[4:8]] == 2:
            s.sendto(offer(question), ("255.255.255.255", 68))


def total(data):
    data += bytes(len(data) % 2)
    n = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while n >> 16:
        n = (n & 0xFFFF) + (n >> 16)
    return ~n & 0xFFFF


def checksum(interface, error):
    s = server(interface)
    raw = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
    while True:
        message = offer(s.recv(2000))
        udp = struct.pack("!HHHH", 67, 68, len(message) + 8, 0) + message
        ends = bytes([192, 168, 77, 99, 255, 255, 255, 255])
        right = total(ends + struct.pack("!HH", 17, len(udp)) + udp)
        udp = udp[:6] + struct.pack("!H", right ^ error) + message
        ip = struct.pack("!BBHHHBBH", 0x45, 0, len(udp) + 20, 0, 0, 64, 17, 0)
        ip = ip[:10] + struct.pack("!H", total(ip + ends)) + ends
        raw.sendto(ip + udp, (interface, 0x0800, 0, 0, b"\xff" * 6))


what, args = sys.argv[1], sys.argv[2:]
{"hold": hold, "garbage": garbage, "deaf": deaf, "checksum": lambda i: checksum(i, 0x0101), "mended": lambda i: checksum(i, 0)}[what](*args)
