"""xenroll against a live pool, and what a pool is to be like after that."""
import re
import subprocess

from parts.pool import B, read, say, write

# A call that the coordinator answers with something else from then on, the exit code, and the sentence's number.
PAGE = "<!DOCTYPE html><html><body>It works!</body></html>"
TEXT = ("<methodResponse><params><param><value><struct><member><name>Status</name><value>Success</value></member>"
        "<member><name>Value</name><value>ok</value></member></struct></value></param></params></methodResponse>")
NOTHING = TEXT.replace("<value>ok</value>", "<value><struct></struct></value>")
LOG_IN = "session.login_with_password"
GARBAGE = [
    ("a web server's page", f'{LOG_IN} times=always body "{PAGE}"', 3, "XR-810"),
    ("HTTP 500", "* times=always http 500", 3, "XR-812"),
    ("HTTP 404", "* times=always http 404", 3, "XR-812"),
    ("nothing", f'{LOG_IN} times=always body ""', 3, "XR-810"),
    ("half of an answer, as if it were all", 'host.get_all_records times=always body "<methodResponse><params><param><value><struct>"', 3, "XR-810"),
    ("half of an answer, and then the end", "host.get_all_records times=always half", 3, "XR-801"),
    ("a text in place of records", f'host.get_all_records times=always body "{TEXT}"', 3, "XR-810"),
    ("no hosts at all", f'host.get_all_records times=always body "{NOTHING}"', 3, "XR-810"),
    ("no pool at all", f'pool.get_all_records times=always body "{NOTHING}"', 3, "XR-810"),
]
# … to add-host and replace: only the first of several answers is garbage where something has to be put back afterwards.
GARBAGE_AMID = [
    ("HA that was not switched off", "pool.disable_ha http 500", 3, "XR-812"),
    ("a page in place of a mark", 'pool.add_to_other_config body "<p>502 Bad Gateway</p>"', 3, "XR-810"),
]


class Command:
    """xenroll, as an administrator runs it against a live pool; certificates that it asks about are accepted one by one."""

    def __init__(self, pool, *arguments):
        self.pool, self.arguments, self.trust = pool, arguments, []
        write(f"{pool.work}/password", "test1234\n")

    def start(self, **more):
        trust = [w for fingerprint in self.trust for w in ("--trust", fingerprint)]
        name, *rest = self.arguments
        return subprocess.Popen([f"{B}/xenroll", "--language", "en", name, "--password-file", f"{self.pool.work}/password", *trust, *rest],
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True, start_new_session=True, **more,
                                env={"XDG_STATE_HOME": f"{self.pool.work}/state", "LC_ALL": "C.UTF-8"})

    def until(self, process, text):
        """What it said until then, or to its end."""
        said = ""
        while (line := process.stdout.readline()):
            said += line
            if text in line:
                break
        return said

    def run(self):
        while True:
            process = self.start()
            said = process.communicate()[0]
            shown = re.search(r"--trust ([0-9a-f]{64})", said)
            if not shown or shown.group(1) in self.trust or len(self.trust) > 3:
                return process.returncode, said
            self.trust.append(shown.group(1))


def stands(pool, *hosts, open_door=False):
    """What is wrong with the pool as it is, or nothing; hosts: how many it may have."""
    state = pool.tell("show")
    wrong = []
    found = len(re.findall(r"^ *host 'xen\d' .* enabled live", state, re.M))
    if found not in hosts:
        wrong.append(f"{found} hosts of {hosts}")
    if not re.search(r"^ *pool '.* ha on ", state, re.M):
        wrong.append("HA is off")
    if ("xenroll-open" in state) != open_door:
        wrong.append("the door")
    if re.search("xenroll-(ha|lease|queue|left|password)", state) or "secret, left over" in state:
        wrong.append("something is left")
    return f"{wrong}: {[line for line in state.splitlines() if 'PBD' not in line and 'PIF' not in line]}"[:1500] if wrong else ""


def one_sentence(said, rule, also=()):
    """What is wrong with the end of a command's words, or nothing: one error with its number, and nothing of what came."""
    errors = [line for line in said.splitlines() if line.startswith("xenroll: ") and not any(a in line for a in also)]
    return "" if len(errors) == 1 and errors[0].startswith(f"xenroll: {rule}: ") and "<" not in said else said or "silence"


def garbage(pool, label, rows, command, *files):
    """A coordinator that answers something else: one sentence, and neither the pool nor a file is another afterwards."""
    state, texts = pool.tell("show"), [read(f) for f in files]
    for why, fault, code, rule in rows:
        pool.tell(f"fault {fault}")
        got, said = command.run()
        pool.tell("faults-over")
        now = pool.tell("show")
        changed = [line for line in now.splitlines() if line not in state.splitlines()] + [line for line in state.splitlines() if line not in now.splitlines()]
        say(f"{label}: {why}", one_sentence(said, rule) or (f"{got} {said}" if got != code else "") or (f"{changed}" if changed or texts != [read(f) for f in files] else ""))
