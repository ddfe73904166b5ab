"""xenroll add-host: a pool gets a host more."""
import re
import signal
import subprocess
import threading

from parts.pool import read, say
from parts.command import Command, GARBAGE_AMID, garbage, one_sentence, stands

GARBAGE_TO_ADDING = GARBAGE_AMID + [
    ("half of an answer when the door is open", "pool.add_to_other_config call=2 half", 3, "XR-801"),
]


def grow(pool, label):
    """A host more, long after the pool's one-time password has died."""
    out, name = f"{pool.work}/out", f"xen{pool.n + 1}"
    before = pool.n
    pool.n += 1
    pool.later -= 1
    pool.names.append(name)
    built = pool.build()
    say(f"{label}: a host more: it is built for", built.stderr[-600:] if built.returncode else "")
    pool.lay_out(name)
    add = Command(pool, "add-host", "--wait", "5", out, name)
    refused = add.start()
    said = refused.communicate()[0]
    say(f"{label}: a host more: nothing is sent to a stranger", "" if refused.returncode == 4 and "XR-807" in said else said)
    pool.tell(f"power-on {name}")
    agent = threading.Thread(target=pool.run, args=(400,), kwargs={"only": name})
    agent.start()
    process, said = None, ""
    for _ in range(6):  # a stranger each time, until both are known and the host has a name
        process = add.start()
        said = add.until(process, "high availability is off")
        if "high availability is off" in said:
            break
        process.wait()
        shown = re.search(r"--trust ([0-9a-f]{64})", said)
        if not shown:
            break
        add.trust.append(shown.group(1))
    process.send_signal(signal.SIGINT)
    rest = process.communicate()[0]
    say(f"{label}: a host more: interrupted, the pool is closed, with HA", stands(pool, before, pool.n) or ("" if process.returncode == 3 and "interrupted" in rest else said + rest))
    pool.running[name].send_signal(signal.SIGSTOP)  # its door is open for moments now, and it is not to come yet
    garbage(pool, f"{label}: a host more", GARBAGE_TO_ADDING, add, f"{pool.work}/site.yaml")
    process = add.start()
    add.until(process, "high availability is off")
    pool.tell("fault * on=xen1 times=always http 500")
    process.send_signal(signal.SIGINT)
    said = process.communicate()[0]
    pool.tell("faults-over")
    say(f"{label}: a host more: what cannot be put back is said", one_sentence(said, "XR-957", also=("XR-812: the", "interrupted")) or ("" if process.returncode == 3 else f"{process.returncode} {said}"))
    code, said = Command(pool, "replace", out, f"nn36/{name}").run()
    say(f"{label}: a host more: the next command puts it back", stands(pool, before, pool.n) or ("" if code == 0 and "high availability is on again" in said else f"{code} {said}"))
    process = add.start()
    add.until(process, "high availability is off")
    pool.tell(f"fault secret.destroy on={name} times=always http 500")
    process.send_signal(signal.SIGINT)
    said = process.communicate()[0]
    pool.tell("faults-over")
    say(f"{label}: a host more: a password that is not taken back is said", "" if process.returncode == 3 and "root's password is still in its xapi" in said else said)
    pool.running[name].send_signal(signal.SIGCONT)
    process = add.start()
    add.until(process, "high availability is off")
    second = add.start()
    said = second.communicate()[0]
    say(f"{label}: a host more: a second copy stays out", "" if second.returncode == 3 else f"{second.returncode} {said}")
    process.kill()  # as when the administrator's computer loses its power
    process.communicate()
    pool.running[name].send_signal(signal.SIGKILL)  # it would look again in two minutes
    process = add.start()
    said = process.communicate()[0]
    say(f"{label}: a host more: it is let in", "" if process.returncode == 0 and "its agent is through" in said else f"{process.returncode} {said}")
    agent.join()
    say(f"{label}: a host more: its agent ends well", "" if pool.code.get(name) == 0 else f"{pool.code} {read(f'{pool.work}/{name}.log')[-600:]}")
    say(f"{label}: a host more: the pool has it, and is closed", stands(pool, pool.n))
    found = subprocess.run(["grep", "-rlF", "--exclude-dir=dev", "test1234", f"{pool.work}/roots"], capture_output=True, text=True, check=False).stdout
    say(f"{label}: a host more: root's password is nowhere", found)
    before = pool.tell("mutations pool.disable_ha")
    code, said = add.run()
    say(f"{label}: a host more: once more changes nothing",
        stands(pool, pool.n) or ("" if code == 0 and pool.tell("mutations pool.disable_ha") == before else said))
    for odd in ("../xen4", "nn36/../nn36/xen4", "nn36/..", "nobody"):
        code, said = Command(pool, "add-host", out, odd).run()
        say(f"{label}: a host more: no host is called {odd}", "" if code == 1 and "XR-958" in said else f"{code} {said}")
    say(f"{label}: a host more: xapi had nothing to complain of", pool.tell("complaints") + pool.tell("breaches"))
