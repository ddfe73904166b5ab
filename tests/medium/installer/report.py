"""Facts for the tests, on the serial console (see `report`)."""
import os

PORT = '/dev/hvc0' if os.path.exists('/sys/hypervisor/type') else '/dev/ttyS0'


def xi(key, value):
    line = ''.join(c if c.isprintable() else ' ' for c in str(value)).rstrip()
    with open(PORT, 'wb', 0) as port:
        port.write(('XI: %s=%s\n' % (key, line)).encode('utf-8', 'replace'))


def xi_lines(key, text):
    for line in text.splitlines():
        if line.strip():
            xi(key, line)
