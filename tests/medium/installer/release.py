"""Which release this installer plays, and what that one does its own way. A row states what differs from the first."""
import os

FILE = '/opt/installer/release'
COMMON = {'keymap', 'primary-disk', 'guest-disk', 'guest-disks', 'root-password', 'admin-interface', 'name-server',
          'nameserver', 'hostname', 'timezone', 'ntp-server', 'ntp-servers', 'source', 'script', 'post-install-script',
          'install-failed-script', 'bootloader', 'ip', 'ipaddr', 'subnet', 'subnet-mask', 'gateway', 'ipv6', 'gatewayv6'}
ATTRIBUTES = {'mode', 'sr-type', 'srtype', 'guest-storage', 'gueststorage', 'preserve-first-partition', 'sr-at-end', 'name',
              'hwaddr', 'proto', 'protov6', 'type', 'stage', 'location'}
OLD = {'network-backend', 'initial-partitions', 'zap-utility-partitions'}

# elements, attributes: what the real one looks for. It ignores any other without a word; here that is an error, because
#   an answer that nobody reads is a mistake of whoever wrote it. None: not judged.
# interpreters: first lines of scripts that it runs; None: any.
XCP_NG_83 = dict(brand='XCP-ng', version='8.3.0', platform='3.3.0', legacy_boot=True, old_repository=False, signed=True,
                 default_sr='ext', layout='7', bootloaders=('', 'grub2'), many_sources=True, ascii=True,
                 gpg_flags_refused=True, ghost_nic=True, elements=None, attributes=None,
                 interpreters=('#!/bin/sh', '#!/bin/bash', '#!/usr/bin/python', '#!/usr/bin/env python'))
ROWS = {
    'xcp-ng-8.3': {},
    # Its own bash is 3.2 and its Python 2.4, of which there is neither here: that a script suits them is not proven.
    'xenserver-6.5': dict(brand='XenServer', version='6.5.0', platform='1.9.0', old_repository=True, signed=False,
                          default_sr='lvm', layout='6', bootloaders=('extlinux',), many_sources=False,
                          gpg_flags_refused=False, elements=COMMON | OLD, attributes=ATTRIBUTES),
    'xenserver-7.6': dict(brand='XenServer', version='7.6.0', platform='2.7.0', signed=False, default_sr='lvm',
                          gpg_flags_refused=False, elements=COMMON | OLD | {'driver-source', 'fcoe-interface'},
                          attributes=ATTRIBUTES | {'vlan', 'write-boot-entry'}),
    'xenserver-9': dict(brand='XenServer', version='9.0.0', platform='3.4.0', default_sr='lvm', legacy_boot=False,
                        ascii=False, gpg_flags_refused=False, ghost_nic=False, interpreters=None,
                        elements=COMMON | {'driver-source', 'ntp', 'service', 'ssh-mode'},
                        attributes=ATTRIBUTES | {'vlan', 'write-boot-entry', 'source', 'state', 'swraid', 'fs-type'}),
}


class Release:
    def __init__(self, name):
        self.name = name
        self.__dict__.update(XCP_NG_83, **ROWS[name])


def played():
    if not os.path.exists(FILE):
        return Release('xcp-ng-8.3')
    with open(FILE) as f:
        return Release(f.read().strip())


RELEASE = played()
