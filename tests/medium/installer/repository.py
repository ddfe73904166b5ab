"""<source type="local">: the medium that holds .treeinfo and repodata/repomd.xml."""
import glob
import os
import subprocess
import tempfile
from report import xi


def removable():
    """CD drives first and disks that call themselves removable: where the real one looks."""
    names = [os.path.basename(p) for p in sorted(glob.glob('/sys/block/*'))]
    return [n for n in names if n.startswith('sr') or open('/sys/block/%s/removable' % n).read().strip() == '1']


def find_local(gpgcheck):
    for name in removable():
        where = tempfile.mkdtemp(prefix='media-', dir='/tmp')
        if subprocess.call(['mount', '-o', 'ro', '/dev/' + name, where], stderr=subprocess.DEVNULL):
            os.rmdir(where)
            continue
        wanted = ['.treeinfo', 'repodata/repomd.xml'] + (['repodata/repomd.xml.asc'] if gpgcheck else [])
        there = all(os.path.isfile(os.path.join(where, f)) for f in wanted)
        packages = len(glob.glob(where + '/Packages/*.rpm'))
        subprocess.call(['umount', where])
        os.rmdir(where)
        if there:
            xi('repository', '%s %d packages' % (name, packages))
            return
    raise LookupError("No main repository found")
