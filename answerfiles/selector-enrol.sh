# shellcheck shell=bash disable=SC2034,SC2154       # used and set in the other parts
# A machine that nobody knows tells the boot server what it is, and powers off. It follows selector-report.sh and
# selector-disks.sh in one script, and runs in the selector's place: nothing on a disk is opened for writing, no answer is
# ever given, and by itself it never leads to an installation.
#
# For tests only: XENROLL_TEST_ROOT stands before every path, XENROLL_TEST_NO_WAIT ends instead of powering off.

field() {       # name value
        printf '%s\t%s\n' "$1" "$(printf %s "$2" | tr -c '\040-\176' '?')"
}

processors() {
        local line name='' n=0
        while IFS= read -r line; do
                case $line in
                'model name'*) name=${line#*: } n=$((n + 1)) ;;
                esac
        done <"$root/proc/cpuinfo"
        field cpu "$name"
        field cpus "$n"
}

memory() {      # under Xen /proc/meminfo is this domain's; the whole is Xen's to tell
        local line kib=0
        while read -r line; do
                case $line in
                MemTotal:*) kib=${line#MemTotal:} ;;
                esac
        done <"$root/proc/meminfo"
        kib=${kib%kB}
        field memory-kib "${kib// /}"
        contents "$root/sys/hypervisor/type"
        field under "${value:-nothing}"
}

describe_machine() {
        local nic maker name
        for nic in "$root"/sys/class/net/*; do
                [[ -e $nic/device ]] || continue
                contents "$nic/address"
                field mac "$value"
        done
        field serial "$raw_serial"
        contents "$root/sys/class/dmi/id/sys_vendor"
        maker=$value
        contents "$root/sys/class/dmi/id/product_name"
        field model "$maker $value"
        processors
        memory
        name=BIOS
        [[ ! -d $root/sys/firmware/efi ]] || name=UEFI
        field firmware "$name"
        for name in $disks; do
                disk_at "$name"
                contents "$root/sys/block/$name/device/model"
                [[ ${disk_bar[d]} == usb || ${disk_bar[d]} == removable ]] ||
                        field disk "${disk_link[d]:-$name}|${disk_size[d]}|${disk_bus[d]}|$value"
        done
}

say() {
        local console
        find_consoles
        for console in $consoles; do
                [[ ! -e $root/dev/$console ]] || printf '\r\n%s\r\n' "$1" >"$root/dev/$console" 2>/dev/null &
        done
}

power_off() {
        [[ -z ${XENROLL_TEST_NO_WAIT:-} ]] || exit 1
        sync
        poweroff -f >/dev/null 2>&1
        echo o >/proc/sysrq-trigger
        while :; do sleep 60; done
}

asked='' medium=''
read_own_names
list_disks
form="report=$(percent "$(describe_machine)")"
tries=0
until post "$form" >/dev/null 2>&1; do
        tries=$((tries + 1))
        ((tries < 40)) || break
        sleep 3
done
if ((tries < 40)); then
        say 'xenroll: this machine is enrolled. Nothing on its disks was touched. It powers off.'
else
        say 'xenroll: the boot server did not answer; this machine is not enrolled. Nothing on its disks was touched. It powers off.'
fi
sleep 3
power_off
