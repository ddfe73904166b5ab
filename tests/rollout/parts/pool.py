"""One pool of hosts: what the installer leaves behind, the fake xapi, the agents, and what is to hold in the end."""
import os
import random
import re
import signal
import socket
import stat
import subprocess
import time

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../.."))
B = os.path.join(TOP, os.environ.get("B", "build"))
AGENT = os.path.join(TOP, os.environ.get("AGENT", "build/agent/xenroll-agent"))
AGAIN = 75
MOST_RSS = 6144  # kB
MOST_CALLS = 60


def say(name, wrong=""):
    print(f"not ok - rollout: {name}: {wrong}".replace("\n", "; ") if wrong else f"ok - rollout: {name}", flush=True)


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="utf-8") as f:
        f.write(text)


def read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as f:
            return f.read()
    except FileNotFoundError:
        return ""


# --- the site

SCHOOL = """release: {release}
defaults:
  ntp: [{net}.1]
  root-password: {{hash: "{password}"}}
  disk: {{pick: smallest, at-least: 60 GB}}
  local-storage: ext
schools:
  - id: nn36
    name: 第三十六中学
    network: {{subnet: {net}.0/24, gateway: +1}}
    pools:
      - id: teach
        name: 教学资源池
"""
SITE = SCHOOL + """        hosts:
{hosts}
        networks:
          - {{name: 存储网, nic: 1, addresses: 10.77.1.11-10.77.1.{last}/24}}
        storage:
          - {{name: NAS, type: nfs, server: {net}.103, path: /data/nfs, default: true}}
{shared}
"""
# "test1234"; 6.5 does not read SHA-512
PASSWORD = "$6$saltsalt$diqEm1MZaAfvmRGID6/fuBsSANgy545QfioEs29fE.nbIw4xah49Ul9WWGeLyGBddflSIa1rLrr6fcxv9xyYK0"
OLD_PASSWORD = "$5$saltsalt$aHW8qBLva7jFzg2ecuyvryW3N11N4JkHuIb2ZDT2xF/"
SHARED = """          - {name: lun0, type: iscsi, portal: NET.104, iqn: "iqn.2017-08.local.mynet:storage.sys0", lun: 0}
          - {name: 镜像库, type: iso-nfs, server: NET.103, path: /data/iso}
"""
HA = "        ha: {heartbeat: lun0, tolerate: 1}\n"
SCSI_ID = "36001405aaaabbbbccccdddd00000001"


class Pool:
    """One pool of n hosts, from its site file to the last agent's end."""

    def __init__(self, work, net, n, release="xcp-ng-8.3", fault="", later=0):
        self.work, self.net, self.n, self.release = work, net, n, release
        self.names = [f"xen{i + 1}" for i in range(n)]
        self.changes = later > 0
        self.later = later  # hosts more that the world has, without power, and the site file has not yet
        self.running, self.peak, self.used, self.code, self.began = {}, {}, {}, {}, {}
        self.lives = {}
        self.fault = fault
        self.old = release == "xenserver-6.5"
        self.hash = OLD_PASSWORD if self.old else PASSWORD

    def path(self, host, name):
        return f"{self.work}/roots/{host}/{name}"

    def build(self):
        hosts = "".join(
            f"          - {{name: {name}, address: {self.net}.{11 + i}, mac: \"00:16:3e:77:00:{i + 1:02x}\"{', coordinator: true' if not i else ''}}}\n"
            for i, name in enumerate(self.names))
        shared = SHARED.replace("NET", self.net) + (HA if self.n > 2 else "")
        write(f"{self.work}/site.yaml", SITE.format(release=self.release, password=self.hash, net=self.net, hosts=hosts.rstrip("\n"), last=10 + self.n, shared=shared.rstrip("\n")))
        return subprocess.run([f"{B}/xenroll", "--language", "en", "build", "--no-image", "--agent", AGENT, "-o", f"{self.work}/out", f"{self.work}/site.yaml"],
                              capture_output=True, text=True, check=False)

    def password(self):
        line = read(f"{self.work}/out/secrets/join").split()
        return line[2] if len(line) > 2 else ""

    def lay_out(self, only=None):
        """What the installer and the hook leave behind, and no more."""
        for i, name in enumerate(self.names):
            if only and name != only:
                continue
            answers = read(f"{self.work}/out/answerfiles/nn36/{name}.xml")
            hashed = re.search(r'<root-password type="hash">(.*)</root-password>', answers).group(1)
            plan = read(f"{self.work}/out/agent/nn36/{name}.xml")
            write(self.path(name, "etc/xenroll/plan.xml"), plan, 0o600)
            after = re.search(r'root-hash="([^"]*)"', plan)
            if after:
                write(self.path(name, "etc/xenroll/root-hash"), after.group(1), 0o600)
            if self.old:
                write(self.path(name, "etc/passwd"), f"root:{hashed}:0:0:root:/root:/bin/bash\n")
            else:
                write(self.path(name, "etc/shadow"), f"root:{hashed}:17000:0:99999:7:::\n", 0o600)
            write(self.path(name, "etc/xensource/pool.conf"), "master")
            write(self.path(name, "etc/xensource-inventory"), f"INSTALLATION_UUID='00000000-0000-4000-8000-{i + 1:012d}'\n")
            for folder in ("var/lib/misc", "var/lib/xcp", "etc/firstboot.d/state", "etc/firstboot.d/data"):
                os.makedirs(self.path(name, folder), exist_ok=True)
            lun = self.path(name, f"dev/disk/by-id/scsi-{SCSI_ID}")
            write(lun, "", 0o600)
            os.truncate(lun, 3 << 20)
            for k in range(2):
                write(self.path(name, f"sys/class/net/eth{k}/address"), f"00:16:3e:77:{k:02x}:{i + 1:02x}\n")
                if not os.path.lexists(self.path(name, f"sys/class/net/eth{k}/device")):
                    os.symlink(f"../../../devices/pci0000:00/0000:00:{k + 1:02x}.0/0000:{k + 1:02x}:00.0", self.path(name, f"sys/class/net/eth{k}/device"))
            if not os.path.exists(self.path(name, "dev/urandom")):
                os.mknod(self.path(name, "dev/urandom"), 0o444 | stat.S_IFCHR, os.makedev(1, 9))
            subprocess.run(["cp", AGENT, self.path(name, "xenroll-agent")], check=True)

    def start_world(self):
        lines = [f"release {self.release}", "join 5000 9000", f"time {int(time.time())}", "template Other install media"]
        for i in range(self.n + self.later):
            off = " off" if i >= self.n else ""
            lines.append(f"host xen{i + 1} {self.net}.{11 + i} mac=00:16:3e:77:00:{i + 1:02x},00:16:3e:77:01:{i + 1:02x}{off}")
            subprocess.run(["ip", "addr", "add", f"{self.net}.{11 + i}/32", "dev", "lo"], check=True)
        lines += [f"nfs {self.net}.103 /data/nfs", f"nfs {self.net}.103 /data/iso iso=debian.iso",
                  f"iscsi {self.net}.104 iqn.2017-08.local.mynet:storage.sys0 scsiid={SCSI_ID} lun=0", self.fault]
        write(f"{self.work}/scenario", "\n".join(lines) + "\n")
        with open(f"{self.work}/fake.err", "w", encoding="utf-8") as errors:
            self.world = subprocess.Popen([f"{B}/tests/tools/fake_xapi", f"{self.work}/scenario", "--roots", f"{self.work}/roots", "--control",
                                           f"{self.work}/control", "--ready", f"{self.work}/ready"], stderr=errors)
        for _ in range(100):
            if os.path.exists(f"{self.work}/ready"):
                return True
            time.sleep(0.1)
        return False

    def end_world(self):
        self.world.terminate()
        self.world.wait()
        for i in range(self.n + self.later):
            subprocess.run(["ip", "addr", "del", f"{self.net}.{11 + i}/32", "dev", "lo"], check=False)

    def tell(self, line):
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(f"{self.work}/control")
            f = s.makefile("rw")
            f.write(line + "\n")
            f.flush()
            out = []
            while (got := f.readline()) not in (".\n", ""):
                out.append(got)
        return "".join(out)

    # --- agents

    def start(self, name):
        log = open(f"{self.work}/{name}.log", "a", encoding="utf-8")
        self.running[name] = subprocess.Popen([f"{B}/tests/tools/old_kernel", "kill", "--root", f"{self.work}/roots/{name}", "/xenroll-agent", "run"],
                                              stdout=log, stderr=log, env={})
        log.close()
        self.began.setdefault(name, time.time())
        self.lives[name] = self.lives.get(name, 0) + 1

    def watch(self, name):
        """Its memory, and what it has used of a processor."""
        pid = self.running[name].pid
        got = re.search(r"VmHWM:\s*(\d+)", read(f"/proc/{pid}/status"))
        if got and "xenroll-agent" in read(f"/proc/{pid}/cmdline"):
            self.peak[name] = max(self.peak.get(name, 0), int(got.group(1)))
            stat = read(f"/proc/{pid}/stat").rsplit(")", 1)[-1].split()
            if stat:
                self.used[name] = (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")

    def run(self, seconds, kill=None, only=None):
        """All at once, in any order; kill = (host, after seconds): its agent gets SIGKILL then, and is started again."""
        order = [n for n in self.names if not only or n == only]
        random.shuffle(order)
        for name in order:
            self.start(name)
        began = time.time()
        while self.running and time.time() - began < seconds:
            time.sleep(0.3)
            if kill and time.time() - began > kill[1] and kill[0] in self.running:
                self.running[kill[0]].send_signal(signal.SIGKILL)
                kill = None
            for name in list(self.running):
                self.watch(name)
                code = self.running[name].poll()
                if code is None:
                    continue
                del self.running[name]
                if code in (AGAIN, -signal.SIGKILL):
                    self.start(name)  # as its service does, only sooner
                else:
                    self.code[name] = code
        self.took = time.time() - began
        for name, process in self.running.items():
            process.kill()
            process.wait()
            self.code[name] = "not ended"

    # --- what is to hold

    def judge(self, label):
        bad = {n: c for n, c in self.code.items() if c != 0}
        tails = "; ".join(f"{n}: {read(f'{self.work}/{n}.log')[-300:]}" for n in bad)
        say(f"{label}: every agent ends well, in {self.took:.0f} s", f"{bad} {tails}" if bad else "")
        say(f"{label}: xapi had nothing to complain of", self.tell("complaints") + self.tell("breaches"))
        joins = self.tell("mutations pool.join").strip()
        say(f"{label}: each join happened once", "" if joins == str(self.n - 1) else f"{joins} joins of {self.n - 1}")
        state = self.tell("show")
        for sr in ("NAS", "lun0", "镜像库"):
            found = len(re.findall(f"^ *SR '{sr}' ", state, re.M))
            on = len(re.findall(f"^ *PBD of '{sr}' on .* attached", state, re.M))
            say(f"{label}: storage {sr} is there once, and attached to {self.n}", "" if (found, on) == (1, self.n) else f"{found} times, attached to {on}: {state[-2000:]}")
        scanned = state.count('SR "镜像库" other_config auto-scan=true')
        say(f"{label}: the library is looked through by itself", "" if scanned == 1 else state[-2000:])
        made = self.tell("mutations SR.create").strip()
        say(f"{label}: each storage was made once", "" if made == "3" else f"{made} times SR.create")
        if self.n > 2:
            say(f"{label}: high availability is on", "" if re.search(r"^ *pool '.* ha on ", state, re.M) else state[:400])
        secrets = [self.password()] if self.n > 1 else []
        for name in self.names:
            left = [f for f in ("etc/xenroll/plan.xml", "etc/xenroll/root-hash", "etc/xenroll/report") if os.path.exists(self.path(name, f))]
            found = [s for s in secrets if subprocess.run(["grep", "-rqF", "--exclude-dir=dev", s, f"{self.work}/roots/{name}"], check=False).returncode == 0]
            say(f"{label}: {name} keeps no secret", f"{left} {found}" if left or found else "")
            account = read(self.path(name, "etc/passwd")) + read(self.path(name, "etc/shadow"))
            say(f"{label}: {name} has the administrator's password", "" if f"root:{self.hash}:" in account else account)
            peak = self.peak.get(name, 0)
            say(f"{label}: {name} took at most {MOST_RSS} kB ({peak})", "" if 0 < peak <= MOST_RSS else f"{peak} kB")
            calls = len(re.findall(r" ms\): ", read(f"{self.work}/{name}.log")))
            if name != self.names[0] and self.lives[name] == 1:
                say(f"{label}: {name} asked at most {MOST_CALLS} times ({calls})", "" if 0 < calls <= MOST_CALLS else f"{calls} calls")
        share = sum(self.used.values()) / (self.took * self.n)
        say(f"{label}: waiting costs nothing ({share * 100:.2f} % of a processor)", "" if share < 0.01 else f"{self.used}")
        status = subprocess.run([f"{B}/tests/tools/old_kernel", "kill", "--root", f"{self.work}/roots/{self.names[0]}", "/xenroll-agent", "status"],
                                capture_output=True, text=True, check=False, env={})
        say(f"{label}: status says so", "" if status.returncode == 0 and "everything is as planned" in status.stdout else status.stdout + status.stderr)
