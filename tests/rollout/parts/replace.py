"""xenroll replace: a host dies for good."""
import resource
import signal
import ssl
import subprocess
import time
import xmlrpc.client

from parts.pool import AGENT, B, read, say
from parts.command import Command, GARBAGE, GARBAGE_AMID, PAGE, TEXT, garbage, one_sentence, stands

GARBAGE_TO_REPLACING = GARBAGE + GARBAGE_AMID + [
    ("a page instead of whether it lives", f'host_metrics.get_live times=always body "{PAGE}"', 3, "XR-810"),
    ("a text instead of whether it lives", f'host_metrics.get_live times=always body "{TEXT}"', 4, "XR-855"),
    ("half a list of machines", "VM.get_all_records times=always half", 3, "XR-801"),
]


def start_on(pool, host):
    """A virtual machine whose disk lies on this host's own storage, running: it can run nowhere else."""
    xapi = xmlrpc.client.ServerProxy(f"https://{pool.net}.11/", context=ssl._create_unverified_context())

    def call(name, *arguments):
        answer = getattr(xapi, name)(*arguments)
        if answer["Status"] != "Success":
            raise RuntimeError(f"{name}: {answer['ErrorDescription']}")
        return answer["Value"]
    session = call("session.login_with_password", "root", "test1234")
    here = next(ref for ref, h in call("host.get_all_records", session).items() if h["name_label"] == host)
    local = [p["SR"] for p in call("PBD.get_all_records", session).values() if p["host"] == here]
    disks = next(ref for ref, sr in call("SR.get_all_records", session).items() if ref in local and sr["type"] == "ext")
    template = next(ref for ref, vm in call("VM.get_all_records", session).items() if vm["is_a_template"])
    vm = call("VM.clone", session, template, "考试系统")
    call("VM.set_is_a_template", session, vm, False)
    vdi = call("VDI.create", session, {"name_label": "d", "name_description": "", "SR": disks, "virtual_size": str(1 << 30), "type": "user", "sharable": False,
                                       "read_only": False, "other_config": {}})
    call("VBD.create", session, {"VM": vm, "VDI": vdi, "userdevice": "0", "bootable": True, "mode": "RW", "type": "Disk", "empty": False, "other_config": {},
                                 "qos_algorithm_type": "", "qos_algorithm_params": {}})
    call("VM.start", session, vm, False, False)
    return call("VM.get_resident_on", session, vm) == here


def replace(pool, label):
    """One dies for good, and a virtual machine with it."""
    say(f"{label}: a dead one: a virtual machine runs there", "" if start_on(pool, "xen3") else "elsewhere")
    out, site, new = f"{pool.work}/out", f"{pool.work}/site.yaml", "00:16:3E:77:00:99"
    command = Command(pool, "replace", out, "nn36/xen3", "--site", site, "--with", new)
    before = read(site)
    code, said = command.run()
    say(f"{label}: a dead one: not while it lives", stands(pool, pool.n) or ("" if code == 4 and "XR-855" in said and read(site) == before else f"{code} {said}"))
    pool.tell("power-off xen3")
    for _ in range(40):
        code, said = command.run()
        if "XR-855" not in said:
            break
        time.sleep(5)
    say(f"{label}: a dead one: not while a virtual machine may run there", stands(pool, pool.n - 1) or ("" if code == 4 and "XR-952" in said and read(site) == before else f"{code} {said}"))
    code, said = Command(pool, "add-host", out, "xen3").run()
    say(f"{label}: a dead one: it does not pass for one that has come", stands(pool, pool.n - 1) or ("" if code == 4 and "XR-953" in said else f"{code} {said}"))
    command.arguments = (*command.arguments, "--powered-off")
    garbage(pool, f"{label}: a dead one", GARBAGE_TO_REPLACING, command, site)
    taken = Command(pool, "replace", out, "nn36/xen3", "--site", site, "--with", "00:16:3e:77:00:02", "--powered-off")
    taken.trust = command.trust
    asked = pool.tell("calls")
    code, said = taken.run()
    say(f"{label}: a dead one: a MAC address that another host has is refused before the pool is asked",
        "" if code == 1 and "00:16:3e:77:00:02 instead of 00:16:3e:77:00:03" in said and pool.tell("calls") == asked and read(site) == before else f"{code} {said}")
    pool.tell("fault host.destroy http 500")
    code, said = command.run()
    # HA cannot be had while a dead host belongs to the pool: that waits, and is said, until the command is through.
    say(f"{label}: a dead one: the pool fails when it is to forget it",
        one_sentence(said, "XR-957", also=("XR-812: the",)) or ("" if code == 3 and "HOST_OFFLINE" in said and read(site) == before else f"{code} {said}"))
    say(f"{label}: a dead one: and that the same command puts it right is said", "" if "'xenroll replace', repeated" in said else said)
    full = command.start(preexec_fn=lambda: (signal.signal(signal.SIGXFSZ, signal.SIG_IGN), resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))))
    said = full.communicate()[0]
    say(f"{label}: a dead one: on a full disk the site file stays whole", "" if full.returncode == 3 and "forgotten in pool" in said and read(site) == before else f"{full.returncode} {said}")
    code, said = command.run()
    say(f"{label}: a dead one: it is forgotten", stands(pool, pool.n - 1) or ("" if code == 0 and "does not know it" in said else f"{code} {said}"))
    say(f"{label}: a dead one: the new machine stands in the site file, and nothing else is changed",
        "" if read(site) == before.replace("00:16:3e:77:00:03", new) else read(site))
    plan = read(f"{out}/agent/nn36/xen3.xml")
    built = subprocess.run([f"{B}/xenroll", "--language", "en", "build", "--no-image", "--agent", AGENT, "-o", out, site], capture_output=True, text=True, check=False)
    say(f"{label}: a dead one: the next build is for the new machine",
        "" if built.returncode == 0 and new.lower() in read(f"{out}/agent/nn36/xen3.xml") and new.lower() not in plan else built.stderr)
    code, said = command.run()
    say(f"{label}: a dead one: once more changes nothing", "" if code == 0 and "does not know it" in said else f"{code} {said}")
    code, said = Command(pool, "replace", out, "xen2", "--site", site, "--with", "SERIAL, coordinator: true").run()
    say(f"{label}: a dead one: a serial number is no MAC address", "" if code == 1 and "XR-955" in said else f"{code} {said}")
    code, said = Command(pool, "replace", out, "xen1", "--site", site).run()
    say(f"{label}: a dead one: never the coordinator", "" if code == 4 and "XR-950" in said else f"{code} {said}")
    say(f"{label}: a dead one: xapi had nothing to complain of", pool.tell("complaints") + pool.tell("breaches"))
