"""<source type="local">: the medium with the main repository, .treeinfo and repodata/repomd.xml or the old kind."""
import glob
import hashlib
import os
import subprocess
import tempfile
import xml.dom.minidom
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
