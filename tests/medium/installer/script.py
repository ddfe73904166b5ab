"""Scripts that an answer file or the kernel line names: fetched, checked, run."""
import os
import subprocess
import tempfile
import network
from release import RELEASE
from report import xi, xi_lines


class ScriptError(Exception):
    pass


def fetch(url, stage):
    fd, path = tempfile.mkstemp(prefix=stage, dir='/tmp/scripts')
    os.close(fd)
    if not network.fetch(url, path):
        xi('fetch-failed', network.said(url))
        raise ScriptError("Unable to fetch script %s" % url)
    os.chmod(path, 0o500)
    return path


def known_interpreter(path):
    if RELEASE.interpreters is None:
        return True
    with open(path, 'rb') as f:
        first = f.read(40).decode('ascii', 'replace').split('\n')[0].replace('#! ', '#!').split(' -')[0].rstrip()
    # python3 spellings are not on the list of this release
    return first in RELEASE.interpreters


def run(url, stage, args=()):
    """(status, stdout bytes, stderr text). The script sees XS_STAGE and starts in /."""
    path = fetch(url, stage)
    if not known_interpreter(path):
        xi('interpreter', 'refused ' + url)
        raise ScriptError("Unknown interpreter in script %s" % url)
    done = subprocess.run([path, *args], cwd='/', env=dict(os.environ, XS_STAGE=stage), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    err = done.stderr.decode('utf-8', 'replace')
    return done.returncode, done.stdout, err


def run_stage(scripts, stage, args=()):
    """Statuses are ignored, as in the real one; a script that cannot be fetched ends the installation."""
    xi('stage', stage)
    for at, url in scripts:
        if at == stage:
            status, out, err = run(url, stage, args)
            xi('hook-' + stage, '%s exit %d' % (network.said(url), status))
            xi_lines('hook-output', out.decode('utf-8', 'replace'))
            xi_lines('hook-stderr', err)
