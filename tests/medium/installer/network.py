"""The network as the installer brings it up: only when something is to be fetched, by DHCP, on the cards that were asked for."""
import os
import re
import subprocess
import time
from release import RELEASE
from report import xi

SYS = '/sys/class/net'
MAC = re.compile(r'^([0-9a-f]{2}:){5}[0-9a-f]{2}$')


class NetworkError(Exception):
    pass


def is_remote(url):
    return url.split(':')[0] in ('http', 'https', 'ftp', 'nfs')


def cards():
    names = [n for n in sorted(os.listdir(SYS)) if os.path.exists('%s/%s/device' % (SYS, n))]
    return {n: open('%s/%s/address' % (SYS, n)).read().strip() for n in names}


def chosen(device):
    """The cards that network_device= means; all without it."""
    found = cards()
    if device in (None, 'all'):
        return list(found)
    device = device.lower()
    if MAC.match(device):
        return [n for n in found if found[n] == device]
    # the name that this one would have had; the real ones up to 8.3 take nothing else
    return [n for i, n in enumerate(found) if 'eth%d' % i == device]


def has_link(name):
    for _ in range(20):
        try:
            if open('%s/%s/carrier' % (SYS, name)).read().strip() == '1':
                return True
        except OSError:
            pass
        time.sleep(0.5)
    return False


def bring_up(name):
    subprocess.call(['ip', 'link', 'set', name, 'up'])
    if not has_link(name):
        xi('network-without-link', name)        # the real one waits a minute for each of these
        time.sleep(10)
        return False
    return subprocess.call(['busybox', 'udhcpc', '-i', name, '-n', '-q', '-t', '10', '-T', '2', '-s', '/opt/installer/dhcp'],
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0


def start(opts, urls):
    """Does nothing when nothing remote is named and nobody asked for a device."""
    device = (opts.get('network_device') or opts.get('answerfile_device') or [None])[-1]
    if device is None and not any(is_remote(u) for u in urls if u):
        return
    names = chosen(device)
    xi('network-device', device or 'all')
    up = [n for n in names if bring_up(n)]
    xi('network-up', ' '.join('%s %s' % (n, cards()[n]) for n in up))
    if not up:
        raise NetworkError("no network: %s has no card that gets an address" % (device or 'this machine'))


def fetch(url, path):
    """True when it came whole; the real one asks once, with urllib."""
    if url.startswith('file://'):
        return subprocess.call(['cp', url[len('file://'):], path], stderr=subprocess.DEVNULL) == 0
    if not url.startswith('http://'):
        return False
    return subprocess.call(['wget', '-q', '-T', '30', '-O', path, url], stderr=subprocess.DEVNULL) == 0


def said(url):
    """As it may stand in a log: a token is nobody else's business."""
    return re.sub(r'/[0-9a-f]{32}/', '/TOKEN/', url)
