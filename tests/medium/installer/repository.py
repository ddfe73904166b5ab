"""<source type="local"> and "url": the medium, or the server, with the main repository, .treeinfo and repodata/repomd.xml or the old kind."""
import glob
import hashlib
import os
import subprocess
import tempfile
import xml.dom.minidom
import network
from release import RELEASE
from report import xi


def removable():
    """CD drives first and disks that call themselves removable: where the real one looks."""
    names = [os.path.basename(p) for p in sorted(glob.glob('/sys/block/*'))]
    return [n for n in names if n.startswith('sr') or open('/sys/block/%s/removable' % n).read().strip() == '1']


def yum_packages(where, gpgcheck):
    """How many; None when this is no repository."""
    wanted = ['.treeinfo', 'repodata/repomd.xml'] + (['repodata/repomd.xml.asc'] if gpgcheck else [])
    if not all(os.path.isfile(os.path.join(where, f)) for f in wanted):
        return None
    return len(glob.glob(where + '/Packages/*.rpm'))


def old_packages(where, gpgcheck):
    """The kind of 6.x: folders by name in a list, and every package's checksum in each folder."""
    count = 0
    try:
        with open(where + '/XS-REPOSITORY-LIST') as f:
            folders = f.read().split()
        for folder in folders:
            base = os.path.join(where, folder)
            main = xml.dom.minidom.parse(base + '/XS-REPOSITORY').documentElement
            if (main.getAttribute('product'), main.getAttribute('version')) != (RELEASE.brand, RELEASE.version):
                return None
            for package in xml.dom.minidom.parse(base + '/XS-PACKAGES').getElementsByTagName('package'):
                with open(os.path.join(base, package.firstChild.data), 'rb') as f:
                    if hashlib.md5(f.read()).hexdigest() != package.getAttribute('md5'):
                        raise LookupError("%s is damaged" % package.firstChild.data)
                count += 1
    except OSError:
        return None
    return count


def find_local(gpgcheck):
    for name in removable():
        where = tempfile.mkdtemp(prefix='media-', dir='/tmp')
        if subprocess.call(['mount', '-o', 'ro', '/dev/' + name, where], stderr=subprocess.DEVNULL):
            os.rmdir(where)
            continue
        try:
            packages = (old_packages if RELEASE.old_repository else yum_packages)(where, gpgcheck)
        finally:
            subprocess.call(['umount', where])
            os.rmdir(where)
        if packages is not None:
            xi('repository', '%s %d packages' % (name, packages))
            return
    raise LookupError("No main repository found")


def get(base, name):
    path = tempfile.mktemp(prefix='fetched-', dir='/tmp')
    if not network.fetch('%s/%s' % (base, name), path):
        return None
    with open(path, 'rb') as f:
        data = f.read()
    os.unlink(path)
    return data


def take(base, names, digest):
    """Some of the packages, the largest risk being the first and the last; each must be what the list says."""
    for name, want in [names[0], names[-1]] if names else []:
        data = get(base, name)
        if data is None or digest(data).hexdigest() != want:
            raise LookupError("%s is damaged" % name)


def remote_yum(base, gpgcheck):
    wanted = ['.treeinfo', 'repodata/repomd.xml'] + (['repodata/repomd.xml.asc'] if gpgcheck else [])
    found = {name: get(base, name) for name in wanted}
    if not all(found.values()):
        return None
    primary = xml.dom.minidom.parseString(found['repodata/repomd.xml']).getElementsByTagName('location')[0].getAttribute('href')
    packed = get(base, primary)
    if packed is None:
        return None
    plain = subprocess.run(['busybox', 'gunzip', '-c'], input=packed, stdout=subprocess.PIPE).stdout
    names = [(p.getElementsByTagName('location')[0].getAttribute('href'), p.getElementsByTagName('checksum')[0].firstChild.data)
             for p in xml.dom.minidom.parseString(plain).getElementsByTagName('package')]
    take(base, names, hashlib.sha256)
    return len(names)


def remote_old(base, gpgcheck):
    count, listed = 0, get(base, 'XS-REPOSITORY-LIST')
    if not listed:
        return None
    for folder in listed.decode().split():
        packages = get(base, folder + '/XS-PACKAGES')
        if not packages or not get(base, folder + '/XS-REPOSITORY'):
            return None
        names = [('%s/%s' % (folder, p.firstChild.data), p.getAttribute('md5'))
                 for p in xml.dom.minidom.parseString(packages).getElementsByTagName('package')]
        take(base, names, hashlib.md5)
        count += len(names)
    return count


def find_remote(kind, base, gpgcheck):
    packages = (remote_old if RELEASE.old_repository else remote_yum)(base.rstrip('/'), gpgcheck) if kind == 'url' else None
    if packages is None:
        raise LookupError("Unable to access repository %s" % base)
    xi('repository', '%s %s %d packages' % (kind, base, packages))
