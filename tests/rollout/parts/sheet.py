"""xenroll replace, on all that a site file and a spreadsheet may write of a machine."""
import os
import re
import subprocess

from parts.pool import AGENT, B, SCHOOL, read, say, write
from parts.command import Command, stands

SHEET = SCHOOL + """hosts-from: {sheet}
"""
COORDINATOR = "第三十六中学,teach,xen1,00:16:3e:77:00:01,,{net}.11,是\n第三十六中学,teach,xen2,00:16:3e:77:00:02,,{net}.12,\n"
HEAD = "学校,资源池,主机名,MAC,序列号,地址,主控\n"

# Why, the third host's row, what its bytes are written as, what --with says, and which text takes the place of which; or the refusal.
SHEETS = [
    ("a serial number", "第三十六中学,teach,xen3,,6CU2130XYZ,{net}.13,\n", "utf-8", "CZJ0420ABC", "6CU2130XYZ"),
    ("with Windows' marks and line ends", "第三十六中学,teach,xen3,,6CU2130XYZ,{net}.13,\r\n", "utf-8-sig", "CZJ0420ABC", "6CU2130XYZ"),
    ("of a Chinese Windows", "第三十六中学,teach,xen3,,6CU2130XYZ,{net}.13,\n", "gb18030", "CZJ0420ABC", "6CU2130XYZ"),
    ("as spreadsheets protect zeros", '第三十六中学,teach,xen3,,"=""0012345""",{net}.13,\n', "utf-8", "0067890", "0012345"),
    ("in quotation marks, over two lines", '"第三十六中学","teach","xen3","","\n6CU2130XYZ","{net}.13",""\n', "utf-8", "CZJ0420ABC", "6CU2130XYZ"),
    ("a MAC address as Windows writes it", "第三十六中学,teach,xen3,00-16-3E-77-00-03,,{net}.13,\n", "utf-8", "00:16:3e:77:00:99", "00-16-3E-77-00-03"),
    ("a MAC address as switches write it", "第三十六中学,teach,xen3,0016.3e77.0003,,{net}.13,\n", "utf-8", "0016.3E77.0099", "0016.3e77.0003"),
    ("two bytes a character", "第三十六中学,teach,xen3,,6CU2130XYZ,{net}.13,\n", "utf-16", "CZJ0420ABC", "XR-956"),
    ("full-width digits", "第三十六中学,teach,xen3,００:16:3e:77:00:03,,{net}.13,\n", "utf-8", "00:16:3e:77:00:99", "XR-956"),
    ("a number that stands there twice", "第三十六中学,teach,xen3,,xen,{net}.13,\n", "utf-8", "CZJ0420ABC", "XR-956"),
    ("a host that has both", "第三十六中学,teach,xen3,00:16:3e:77:00:03,6CU2130XYZ,{net}.13,\n", "utf-8", "00:16:3e:77:00:99", "XR-959"),
    ("a MAC address for a serial number", "第三十六中学,teach,xen3,,6CU2130XYZ,{net}.13,\n", "utf-8", "00:16:3e:77:00:99", "XR-955"),
    ("a serial number for a MAC address", "第三十六中学,teach,xen3,00:16:3e:77:00:03,,{net}.13,\n", "utf-8", "CZJ0420ABC", "XR-955"),
    ("two cells in one", "第三十六中学,teach,xen3,,6CU2130XYZ,{net}.13,\n", "utf-8", "CZJ0420ABC,{net}.14", "XR-955"),
    ("what makers leave there", "第三十六中学,teach,xen3,,6CU2130XYZ,{net}.13,\n", "utf-8", "Default string", "XR-955"),
    ("somebody else's number", "第三十六中学,teach,xen3,00:16:3e:77:00:03,,{net}.13,\n", "utf-8", "00:16:3e:77:00:02", "1 error"),
]


# The third host, known by its serial number, as a site file may have it.
SERIALS = [
    ("in braces", "          - {name: xen3, address: +13, serial: 6CU2130XYZ}"),
    ("in lines of its own", "          - name: xen3\n            address: +13\n            serial: \"6CU2130XYZ\"   # the label says it"),
]


def serials(pool, label):
    out, site = f"{pool.work}/out", f"{pool.work}/serial.yaml"
    kept = read(f"{pool.work}/site.yaml")
    for why, row in SERIALS:
        text = re.sub(r"^ *- \{name: xen3, .*$", lambda _, row=row: row, kept, flags=re.M)
        write(site, text)
        built = subprocess.run([f"{B}/xenroll", "--language", "en", "build", "--no-image", "--agent", AGENT, "-o", out, site], capture_output=True, text=True, check=False)
        code, said = Command(pool, "replace", out, "xen3", "--site", site, "--with", "CZJ0420ABC").run()
        fine = code == 0 and "CZJ0420ABC instead of 6CU2130XYZ" in said and read(site) == text.replace("6CU2130XYZ", "CZJ0420ABC")
        say(f"{label}: a serial number {why}", built.stderr if built.returncode else "" if fine else f"{code} {said} {read(site)}")


def spreadsheet(pool, label):
    """Machines that come from a spreadsheet, in a folder of its own, beside the site file or behind a link."""
    out, folder = f"{pool.work}/out", f"{pool.work}/sheet"
    site, sheet = f"{folder}/site.yaml", f"{folder}/servers.csv"
    os.makedirs(f"{pool.work}/elsewhere")
    write(site, SHEET.format(release=pool.release, password=pool.hash, net=pool.net, sheet="servers.csv"))
    os.symlink("../elsewhere/servers.csv", sheet)
    write(f"{pool.work}/elsewhere/servers.csv", "")
    for why, row, encoding, new, old in SHEETS:
        new, text = new.format(net=pool.net), (HEAD + COORDINATOR + row).format(net=pool.net)
        before = text.encode(encoding)
        with open(sheet, "wb") as f:
            f.write(before)
        built = subprocess.run([f"{B}/xenroll", "--language", "en", "build", "--no-image", "--agent", AGENT, "-o", out, site], capture_output=True, text=True, check=False)
        asked = pool.tell("calls")
        code, said = Command(pool, "replace", out, "xen3", "--site", site, "--with", new).run()
        quiet = pool.tell("calls") == asked
        with open(sheet, "rb") as f:
            after = f.read()
        refused = old.startswith("XR-") or old == "1 error"
        wanted = before if refused else text.replace(old, new).encode(encoding)
        fine = (code == 1 and old in said if refused else code == 0 and "instead of" in said) and after == wanted
        say(f"{label}: a spreadsheet: {why}" + (": refused" if refused else ""), built.stderr if built.returncode else "" if fine else f"{code} {said} {after}")
        if refused:
            say(f"{label}: a spreadsheet: {why}: refused before the pool is asked", "" if quiet else said)
    say(f"{label}: a spreadsheet: the link is still one", "" if os.path.islink(sheet) else "a file")
    with open(sheet, "rb") as f:
        before = f.read()
    code, said = Command(pool, "add-host", out, "xen2").run()
    with open(sheet, "rb") as f:
        say(f"{label}: a spreadsheet: add-host writes nothing there", "" if code == 0 and f.read() == before else f"{code} {said}")
    dead = Command(pool, "replace", out, "xen2", "--site", site, "--with", "00:16:3e:77:00:98")
    code, said = dead.run()
    with open(sheet, "rb") as f:
        say(f"{label}: a spreadsheet: nor does replace while the host lives", "" if code == 4 and "XR-855" in said and f.read() == before else f"{code} {said}")
    say(f"{label}: a spreadsheet: xapi had nothing to complain of", stands(pool, pool.n - 1) or pool.tell("complaints") + pool.tell("breaches"))
