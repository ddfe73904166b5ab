"""The answer file, read as the release's own installer reads it: minidom, text nodes only, mostly ASCII only."""
import os
import stat
import xml.dom.minidom
from release import RELEASE


class AnswerError(Exception):
    pass


def ascii_only(text):
    """Before XenServer 9 the real one is Python 2: encoding any other character raises."""
    if not RELEASE.ascii:
        return text.strip()
    try:
        text.encode('ascii')
    except UnicodeEncodeError:
        raise AnswerError("'ascii' codec can't encode characters in answer file")
    return text.strip()


def elements(node, names, mandatory=False):
    found = [e for n in names for e in node.getElementsByTagName(n)]
    if mandatory and not found:
        raise AnswerError("Missing mandatory element %s" % names[0])
    return found


def text(node):
    """CDATA sections are nodes of another type and count for nothing."""
    return ascii_only(''.join(c.data for c in node.childNodes if c.nodeType == node.TEXT_NODE))


def attribute(node, names, default='', mandatory=False):
    for name in names:
        if node.hasAttribute(name):
            return ascii_only(node.getAttribute(name))
    if mandatory:
        raise AnswerError("Missing mandatory attribute %s" % names[0])
    return default


def boolean(node, names, default=False):
    value = attribute(node, names, None)
    return default if value is None else value.lower() in ('yes', 'true')


def choice(node, names, allowed, default=None, mandatory=False):
    value = attribute(node, names, default, mandatory)
    if value is not None and value not in allowed:
        raise AnswerError("Unexpected key %s for attribute" % value)
    return value


def only(node, names, default=''):
    found = elements(node, names)
    return text(found[0]) if found else default


def disk(name):
    path = os.path.realpath(name if name.startswith('/dev/') else '/dev/' + name)
    if not os.path.exists(path) or not stat.S_ISBLK(os.stat(path).st_mode):
        raise AnswerError("Primary disk %s is missing" % path)
    return path


def nics():
    """name -> MAC of every NIC that is a device."""
    base = '/sys/class/net'
    return {n: open('%s/%s/address' % (base, n)).read().strip()
            for n in os.listdir(base) if os.path.exists('%s/%s/device' % (base, n))}


class Answers:
    """top: the document's root. Reading raises AnswerError with the real one's wording."""

    def __init__(self, data):
        try:
            self.top = xml.dom.minidom.parseString(data).documentElement
        except Exception:
            raise AnswerError("Generator script returned incorrectly formatted output.")
        if self.top.nodeName not in ('installation', 'upgrade'):
            raise AnswerError("Unexpected top level element")
        if RELEASE.elements is not None:
            self._nothing_unread()

    def _nothing_unread(self):
        for node in [self.top] + self.top.getElementsByTagName('*'):
            if node is not self.top and node.nodeName not in RELEASE.elements:
                raise AnswerError("%s ignores <%s>" % (RELEASE.name, node.nodeName))
            unread = set(node.attributes.keys()) - RELEASE.attributes
            if unread:
                raise AnswerError("%s ignores %s of <%s>" % (RELEASE.name, sorted(unread)[0], node.nodeName))

    def scripts(self):
        """[(stage, url)], read before anything else so that installation-start runs even if the rest is wrong."""
        out = []
        for node in elements(self.top, ['script']):
            stage = attribute(node, ['stage'], mandatory=True).lower()
            kind = attribute(node, ['type'], mandatory=True).lower()
            url = text(node)
            out.append((stage, 'nfs://' + url if kind == 'nfs' and not url.startswith('nfs://') else url))
        return out

    def settings(self):
        mode = attribute(self.top, ['mode'], 'fresh')
        if mode not in ('fresh', 'reinstall'):
            raise AnswerError("Unknown mode, %s" % mode)
        out = {'mode': mode}
        self._disks(out)
        self._interface(out)
        self._password(out)
        self._names(out)
        self._time(out)
        out['keymap'] = only(self.top, ['keymap'], 'us')
        self._services()
        self._common(out)
        return out

    def _disks(self, out):
        node = elements(self.top, ['primary-disk'], mandatory=True)[0]
        choice(node, ['preserve-first-partition'], ('true', 'yes', 'false', 'no', 'if-utility'), 'if-utility')
        out['primary-disk'] = disk(text(node))
        guests = [disk(text(n)) for n in elements(self.top, ['guest-disk'])]
        if boolean(node, ['guest-storage', 'gueststorage'], True):
            guests.append(out['primary-disk'])
        out['guest-disks'] = sorted(set(guests))
        out['sr-type'] = choice(self.top, ['sr-type', 'srtype'], ('lvm', 'ext'), RELEASE.default_sr)

    def _interface(self, out):
        node = elements(self.top, ['admin-interface'], mandatory=True)[0]
        name, mac = attribute(node, ['name']), attribute(node, ['hwaddr']).lower()
        if not name and not mac:
            raise AnswerError("<admin-interface> tag must have one of 'name' or 'hwaddr'")
        if not name:
            name = ([n for n, m in nics().items() if m == mac] or [''])[0]
        elif not RELEASE.ghost_nic and name not in nics():
            raise AnswerError("name '%s' not found on system" % name)
        out['admin-interface'] = name or 'none'
        out['proto'] = choice(node, ['proto'], ('static', 'dhcp', 'none'), mandatory=True)
        choice(node, ['protov6'], ('static', 'dhcp', 'autoconf', 'none'))
        vlan = attribute(node, ['vlan'], None)
        if vlan is not None and not (vlan.isdigit() and 0 < int(vlan) < 4095):
            raise AnswerError("Invalid value for vlan attribute")
        if out['proto'] == 'static':
            parts = [elements(node, names, mandatory=True)[0]
                     for names in (['ip', 'ipaddr'], ['subnet', 'subnet-mask'], ['gateway'])]
            out['address'] = ' '.join(text(p) for p in parts)

    def _password(self, out):
        nodes = elements(self.top, ['root-password'])
        out['root-password'] = 'asked'
        if nodes:
            out['root-password'] = choice(nodes[0], ['type'], ('plaintext', 'hash'), mandatory=True)
            out['root-password-text'] = text(nodes[0])

    def _names(self, out):
        out['hostname'] = only(self.top, ['hostname'])
        out['name-servers'] = [text(n) for n in elements(self.top, ['name-server', 'nameserver'])]

    def _time(self, out):
        out['timezone'] = only(self.top, ['timezone'], 'Etc/UTC')
        servers = [text(n) for n in elements(self.top, ['ntp-server', 'ntp-servers'])]
        nodes = elements(self.top, ['ntp'])
        if nodes:
            source = choice(nodes[0], ['source'], ('dhcp', 'default', 'manual', 'none'), mandatory=True)
            if servers and source != 'manual':
                raise AnswerError("ntp-server is only for the manual source")
        out['ntp'] = servers

    def _services(self):
        seen = set()
        for node in elements(self.top, ['service']):
            name = attribute(node, ['name'], mandatory=True)
            choice(node, ['state'], ('enabled', 'disabled'), mandatory=True)
            if name in seen:
                raise AnswerError("Multiple entries for service %s" % name)
            seen.add(name)

    def _common(self, out):
        out['repo-gpgcheck'] = boolean(self.top, ['repo-gpgcheck'], True)
        out['sources'] = []
        for node in elements(self.top, ['source'], mandatory=True):
            kind = attribute(node, ['type'], mandatory=True)
            if kind not in ('local', 'url', 'nfs'):
                raise AnswerError("Invalid type for <source> media specified.")
            if out['sources'] and not RELEASE.many_sources:
                raise AnswerError("%s reads one <source>" % RELEASE.name)
            out['sources'].append((kind, text(node), boolean(node, ['repo-gpgcheck'], out['repo-gpgcheck'])))
        for node in elements(self.top, ['bootloader']):
            choice(node, ['location'], ('mbr', 'partition'), 'mbr')
            if text(node) not in RELEASE.bootloaders:
                raise AnswerError("Unsupported bootloader '%s'" % text(node))
        for node in elements(self.top, ['network-backend']):
            text(node)
