"""A stand-in for the installer of one release (see release.py): the same rules about answers, the same stages, the same disk layout, no packages."""
import hashlib
import os
import shlex
import subprocess
import time
import network
from answer import AnswerError, Answers
from release import RELEASE
from report import xi, xi_lines
from repository import find_local, find_remote
from script import ScriptError, run, run_stage

TARGET = '/tmp/root'


class Refused(Exception):
    """Not an installation that failed: one that never began."""


def options():
    """The kernel line's words; quotes count here, though not in preinit."""
    out = {}
    for word in shlex.split(open('/proc/cmdline').read()):
        key, _, value = word.partition('=')
        out.setdefault(key, []).append(value)
    return out


def say(text):
    print(text, flush=True)
    with open('/tmp/install-log', 'a') as log:
        log.write(text + '\n')


def answers_wanted(opts):
    """(generator URL or None, file URL or None); Refused as the real one refuses."""
    generator, given = opts.get('answerfile_generator'), opts.get('answerfile') or opts.get('rt_answerfile')
    if generator and given:
        raise Refused("Both answerfile and answerfile_generator given.")
    if not generator and not given:
        return None, None
    if RELEASE.gpg_flags_refused and ('no-repo-gpgcheck' in opts or 'no-gpgcheck' in opts):
        raise Refused("Repository GPG settings on CLI would be ignored. Set them inside answerfile instead.")
    if 'install' not in opts:
        say("No operation specified for answerfile - dropping back to interactive mode.")
        xi('dropped-to', 'interactive')
        return None, None
    return (generator or [None])[-1], (given or [None])[-1]


def generate(url):
    xi('stage', 'answerfile')
    started = time.monotonic()
    status, out, err = run(url, 'answerfile')
    xi('generator-exit', status)
    xi('generator-seconds', '%.1f' % (time.monotonic() - started))
    xi_lines('generator-stderr', err)
    if status:
        raise AnswerError("Generator script failed:\n\n%s" % err)
    return out


def read_file(url):
    if not network.fetch(url, '/tmp/answerfile'):
        raise AnswerError("Unable to fetch answerfile %s" % url)
    with open('/tmp/answerfile', 'rb') as f:
        return f.read()


def report_settings(s):
    for key in ('mode', 'primary-disk', 'sr-type', 'admin-interface', 'proto', 'address', 'hostname', 'timezone', 'keymap',
                'root-password'):
        if key in s:
            xi(key, s[key])
    for key in ('guest-disks', 'name-servers', 'ntp'):
        xi(key, ' '.join(s[key]))
    xi('sources', ' '.join(kind for kind, _, _ in s['sources']))


def files_of(root):
    """What a hook could add; other mounts below the root are not its files."""
    found = subprocess.run(['find', root, '-xdev', '!', '-type', 'd'], stdout=subprocess.PIPE).stdout.decode()
    return set(found.splitlines())


def set_root_password(s):
    """Where this release keeps it: 6.x has no shadow file."""
    hashed = s.get('root-password-text', '*') if s['root-password'] == 'hash' else '*'
    old = RELEASE.layout == '6'
    with open(TARGET + '/etc/passwd', 'w') as f:
        f.write('root:%s:0:0:root:/root:/bin/bash\n' % (hashed if old else 'x'))
    if not old:
        with os.fdopen(os.open(TARGET + '/etc/shadow', os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 'w') as f:
            f.write('root:%s:17000:0:99999:7:::\n' % hashed)


def install(s, scripts):
    for kind, where, gpg in s['sources']:
        try:
            if kind == 'local':
                find_local(gpg and RELEASE.signed)
            else:
                find_remote(kind, where, gpg and RELEASE.signed)
        except LookupError as e:
            raise AnswerError(str(e))
    if s['admin-interface'] == 'none':
        raise AnswerError("The specified admin interface was not found")
    xi('stage', 'partition')
    sr = s['sr-type'] if s['primary-disk'] in s['guest-disks'] else 'none'
    done = subprocess.run(['/opt/installer/partition', s['primary-disk'], sr, TARGET], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, env=dict(os.environ, LAYOUT=RELEASE.layout, BRAND=RELEASE.brand,
                                                             VERSION=RELEASE.version, PLATFORM=RELEASE.platform))
    if done.returncode:
        xi_lines('partition-output', done.stdout.decode('utf-8', 'replace'))
        raise AnswerError("Partitioning %s failed" % s['primary-disk'])
    with open(TARGET + '/etc/hostname', 'w') as f:
        f.write(s['hostname'] + '\n')
    with open(TARGET + '/etc/installed-by-stand-in', 'w') as f:
        f.write(time.strftime('%Y-%m-%dT%H:%M:%SZ\n', time.gmtime()))
    set_root_password(s)
    before = files_of(TARGET)
    run_stage(scripts, 'filesystem-populated', [TARGET])
    for path in sorted(files_of(TARGET) - before):
        xi('target-file', '/%s %o' % (os.path.relpath(path, TARGET), os.lstat(path).st_mode & 0o7777))


def release_target():
    """Also after a failure, so that nothing is lost on the way to the reboot."""
    mounts = [line.split()[1] for line in open('/proc/mounts') if line.split()[1].startswith(TARGET)]
    for where in sorted(mounts, reverse=True):
        subprocess.call(['umount', where])


def dialog(text, seconds=10):
    """The real one's error screen goes away by itself."""
    say(text)
    xi_lines('error', text)
    time.sleep(seconds)


def attempt(generator, given):
    scripts, good = [], False
    try:
        data = generate(generator) if generator else read_file(given)
        xi('answer-sha256', hashlib.sha256(data).hexdigest())
        answers = Answers(data)
        scripts = answers.scripts()
        problem = None
        try:
            settings = answers.settings()
        except AnswerError as e:
            problem = e                 # installation-start scripts run all the same
        run_stage(scripts, 'installation-start')
        if problem:
            raise problem
        report_settings(settings)
        install(settings, scripts)
        good = True
    except (AnswerError, ScriptError) as e:
        dialog(str(e))
    finally:
        if scripts:
            try:
                run_stage(scripts, 'installation-complete', ['0' if good else '1'])
            except ScriptError as e:
                dialog(str(e))
        release_target()
    return good


def main():
    opts = options()
    xi('release', RELEASE.name)
    with open('/tmp/atexit', 'w') as f:
        f.write((opts.get('atexit') or ['reboot'])[-1])
    try:
        if not RELEASE.legacy_boot and not os.path.exists('/sys/firmware/efi'):
            raise Refused("Installer does not support legacy boot. Boot in UEFI mode instead.")
        generator, given = answers_wanted(opts)
    except Refused as e:
        dialog(str(e))
        xi('result', 'refused')
        return
    if not generator and not given:
        xi('result', 'interactive')     # the real one would now wait for a person
        time.sleep(5)
        return
    try:
        network.start(opts, [generator, given])
    except network.NetworkError as e:
        dialog(str(e))
        xi('result', 'failed')
        return
    if attempt(generator, given):
        say("The installation completed successfully")
        xi('result', 'completed')
    else:
        say("INSTALL FAILED.")
        xi('result', 'failed')
    time.sleep(3)                       # the screen is copied to the serial line every two seconds


if __name__ == '__main__':
    os.makedirs('/tmp/scripts', exist_ok=True)
    main()
