"""xenroll verify, of a pool that is done."""
import json
import re
import subprocess

from parts.pool import B, read, say, write
from parts.command import GARBAGE, one_sentence

# What in the site file, put otherwise, differs in one point from the pool; NET is its network.
DIFFERENCES = [
    ("another name", "教学资源池", "考试资源池", "! pool 考试资源池, name: 考试资源池; found: 教学资源池"),
    ("another folder", "path: /data/nfs,", "path: /data/nfs2,", "! storage NAS, serverpath: /data/nfs2; found: /data/nfs"),
    ("another target", "storage.sys0", "storage.sys1", "! storage lun0, targetIQN: iqn.2017-08.local.mynet:storage.sys1; found: iqn.2017-08.local.mynet:storage.sys0"),
    ("another library", "path: /data/iso", "path: /data/iso2", "! storage 镜像库, location: NET.103:/data/iso2; found: NET.103:/data/iso"),
    ("another storage for suspended machines", "type: iscsi,", "type: iscsi, suspend: true,", "! storage lun0, for suspended machines: yes; found: no"),
    ("another storage for crash dumps", "type: iscsi,", "type: iscsi, crash-dump: true,", "! storage lun0, for crash dumps: yes; found: no"),
    ("another heartbeat", "heartbeat: lun0", "heartbeat: NAS", "! high availability of pool 教学资源池, heartbeat: NAS; found: lun0"),
    ("another address", "10.77.1.11-", "10.77.1.10-", "! network 存储网, address of xen1: 10.77.1.10; found: 10.77.1.11"),
    ("a bond", "nic: 1, addresses", "bond: [1, 2], addresses", "! network 存储网, cards in its bond: 2; found: 0"),
    ("a schedule", "        networks:\n", "        snapshots: [{name: nightly, frequency: daily, keep: 7}]\n        networks:\n", "- snapshot schedule nightly is missing"),
]
GARBAGE_TO_VERIFY = GARBAGE + [
    ("a page in the midst", 'VM.get_all_records times=always body "<p>502 Bad Gateway</p>"', 3, "XR-810"),
]


def verify(pool, label):
    """From outside, with the root password of a pool that is done: then with one thing changed behind its back."""
    site, home = f"{pool.work}/site.yaml", {"XDG_STATE_HOME": f"{pool.work}/state-of-verify", "LC_ALL": "C.UTF-8"}
    write(f"{pool.work}/password", "test1234\n")

    def ask(*more):
        return subprocess.run(["setsid", "-w", f"{B}/xenroll", "--language", "en", "verify", "--password-file", f"{pool.work}/password", *more, site],
                              capture_output=True, text=True, check=False, env=home, stdin=subprocess.DEVNULL)
    got = ask()
    if not pool.old:
        shown = re.search(r"--trust ([0-9a-f]{64})", got.stderr)
        say(f"{label}: verify: a certificate that nobody knows is refused", "" if got.returncode == 4 and "XR-807" in got.stderr and shown else got.stdout + got.stderr)
        wrong = ask("--trust", "0" * 64)
        say(f"{label}: verify: another fingerprint does not help", "" if wrong.returncode == 4 and "XR-807" in wrong.stderr else wrong.stdout + wrong.stderr)
        got = ask("--trust", shown.group(1) if shown else "")
    say(f"{label}: verify: nothing differs", "" if got.returncode == 0 and "different: 0" in got.stdout and "\n  !" not in got.stdout else got.stdout + got.stderr)
    got = ask("--json")
    points = json.loads(got.stdout)[0]["points"] if got.returncode == 0 else []
    say(f"{label}: verify: JSON has every point, and the certificate is known now", "" if len(points) > 10 else got.stdout + got.stderr)
    write(f"{pool.work}/password", "wrong\n")
    got = ask()
    say(f"{label}: verify: a wrong password", "" if got.returncode == 1 and "XR-816" in got.stderr else f"{got.returncode} {got.stdout} {got.stderr}")
    write(f"{pool.work}/password", "test1234\n")
    kept = read(site)
    before = pool.tell("show")
    for why, old, new, found in DIFFERENCES:
        if old not in kept or (pool.old and "snapshots:" in new):
            continue
        write(site, kept.replace(old, new.replace("NET", pool.net)))
        got = ask()
        say(f"{label}: verify: {why} is found out", "" if got.returncode == 3 and found.replace("NET", pool.net) in got.stdout and f"different: {pool.n if why == 'another address' else 1}\n" in got.stdout
            else f"{got.returncode} {got.stdout} {got.stderr}")
    write(site, kept)
    say(f"{label}: verify: it changed nothing", pool.tell("complaints") or ("" if pool.tell("show") == before else pool.tell("show")))
    for why, fault, code, rule in GARBAGE_TO_VERIFY:
        pool.tell(f"fault {fault}")
        got = ask()
        pool.tell("faults-over")
        say(f"{label}: verify: {why}", one_sentence(got.stderr, rule, also=("is not as the site file says",)) or ("" if got.returncode == code and "different:" not in got.stdout
            else f"{got.returncode} {got.stdout} {got.stderr}"))
    say(f"{label}: verify: nor did that", "" if pool.tell("show") == before else pool.tell("show"))
