# shellcheck shell=bash disable=SC2004,SC2034,SC2154    # its variables are used and set in the other parts
# Which disks there are, and which of them a rule means: exactly one, or none at all.

# usb, nvme, virtio (and Xen's own), sata, raid (a controller's volume), san (iSCSI, Fibre Channel), sas (and plain
# SCSI), other (cards, anything unknown). A disk behind a RAID controller in pass-through mode counts as raid, a SATA
# disk on a SAS controller as sas. san and other are never picked by size: they must be named.
bus_of() {      # name path: sets bus
        local host=${2##*/host}
        case $2 in
        */usb[0-9]*) bus=usb ;;
        */nvme*) bus=nvme ;;
        */virtio[0-9]* | */vbd-*) bus=virtio ;;
        */rport-* | */session[0-9]*) bus=san ;;
        */ata[0-9]*) bus=sata ;;
        */cciss*) bus=raid ;;
        */host[0-9]*)
                contents "$root/sys/class/scsi_host/host${host%%/*}/proc_name"
                case $value in
                megaraid* | hpsa | aacraid | cciss | smartpqi | arcmsr | 3w-* | ips | mpi3mr) bus=raid ;;
                *srp* | fcoe | fnic | libfc | bnx2fc | qedf | qla2xxx | lpfc | iscsi_tcp) bus=san ;;
                *) bus=sas ;;
                esac ;;
        *)
                bus=other
                [[ $1 != md* ]] || bus=raid ;;
        esac
}

is_candidate() {        # name path: a real disk, or an array that a rule names
        case $1 in
        sr* | loop* | ram* | zram* | dm-* | fd* | nbd* | drbd* | rbd*) return 1 ;;
        md*) has_word "$1" "$asked" || return 1 ;;
        *) [[ $2 != */devices/virtual/* || $2 == */nvme-subsystem/* ]] || return 1 ;;
        esac
        contents "$root/sys/block/$1/hidden"
        [[ $value != 1 ]]       # a path of an NVMe disk, which itself is listed too
}

# What may not be written whatever the rule says, or only when the rule names usb: sets bar.
bar_of() {      # name
        bar=
        contents "$root/sys/block/$1/removable"
        [[ $value != 1 ]] || bar=removable
        [[ $bus != usb ]] || bar=usb
        contents "$root/sys/block/$1/ro"
        [[ $value != 1 ]] || bar=read-only
        ! has_word "$1" "$medium" || bar=medium
}

# What is known of disk $1 has its number d. Serial numbers and link names, from the kernel and from udev's own records: a link under /dev/disk shows only one of
# two disks that claim it.
read_names_of() {       # name
        local line udev=/dev/null serials='' wwid='' serial='' links=''
        contents "$root/sys/block/$1/dev"
        [[ ! -r $root/run/udev/data/b$value ]] || udev=$root/run/udev/data/b$value
        while IFS= read -r line; do
                case $line in
                S:disk/by-id/wwn-* | S:disk/by-id/nvme-eui.* | S:disk/by-id/lvm-*) ;;
                S:disk/by-id/*) links=${links:-${line#S:disk/by-id/}} ;;
                E:ID_WWN_WITH_EXTENSION=*) wwid=${line#*=} ;;
                E:ID_SERIAL=*) serial=${line#*=} serials=$serials$newline${line#*=} ;;
                E:ID_SERIAL_SHORT=* | E:ID_SCSI_SERIAL=*) serials=$serials$newline${line#*=} ;;
                esac
        done <"$udev"
        for line in device/wwid wwid device/serial serial; do
                contents "$root/sys/block/$1/$line"
                [[ -n $value ]] || continue
                [[ $line == *wwid ]] && wwid=${wwid:-$value} || serial=${serial:-$value}
                serials=$serials$newline$value
        done
        if [[ -r $root/sys/block/$1/device/vpd_pg80 ]]; then
                value=$(tail -c +5 "$root/sys/block/$1/device/vpd_pg80" 2>/dev/null | tr -cd '\041-\176')
                serial=${serial:-$value} serials=$serials$newline$value
        fi
        disk_identity[d]=${wwid:-$serial}
        disk_serials[d]=$serials$newline
        disk_link[d]=$links
}

list_disks() {  # sets disks and what is known of each
        local entry name path digits='^[1-9][0-9]*$'
        disks='' disk_total=0
        for entry in "$root"/sys/block/*; do
                name=${entry##*/}
                path=$(readlink -f "$entry")
                is_candidate "$name" "${path#"$root"}" || continue
                contents "$entry/size"
                [[ $value =~ $digits ]] || continue
                d=$disk_total
                disk_total=$((d + 1))
                disk_name[d]=$name
                disk_size[d]=$((value * 512))
                disk_taken[d]=
                bus_of "$name" "${path#"$root"}"
                disk_bus[d]=$bus
                bar_of "$name"
                disk_bar[d]=$bar
                read_names_of "$name"
                disks="$disks${disks:+ }$name"
        done
}

disk_at() {     # name, one of disks: sets d, its number
        for ((d = 0; d < disk_total; d++)); do [[ ${disk_name[d]} != "$1" ]] || return 0; done
        return 1
}

describe() {    # name [why]: sets described
        disk_at "$1"
        human_size "${disk_size[d]}"
        described="$1 (${disk_bus[d]}, $human${disk_link[d]:+, ${disk_link[d]}}${2:+, $2})"
}

describe_all() {        # names...
        local name all=''
        for name in "$@"; do
                describe "$name"
                all="$all${all:+, }$described"
        done
        described=${all:-none}
}

split_rule() { IFS=$tab read -r kind at_least at_most buses wanted <<<"$1"; }

rule_text() {   # sets text, close to how the site file says it
        case $kind in
        smallest | largest) text="pick: $kind" ;;
        *) text="$kind: $wanted" ;;
        esac
        [[ $at_least == 0 ]] || { human_size "$at_least"; text="$text, at-least: $human"; }
        [[ $at_most == 0 ]] || { human_size "$at_most"; text="$text, at-most: $human"; }
        [[ $buses == - ]] || text="$text, bus: [${buses// /, }]"
}

is_named() {    # name: whether the rule, which is not a pick, names this disk
        local link
        disk_at "$1"
        case $kind in
        device) [[ $1 == "${wanted//\//!}" ]] ;;
        serial) [[ ${disk_serials[d]} == *"$newline$wanted$newline"* ]] ;;
        by-id | by-path)
                device_of "$1"
                link=$(readlink -e "$root/dev/disk/$kind/$wanted") && [[ $link == "$device" ]] ;;
        *) false ;;
        esac
}

unfit() {       # name: sets why to what keeps this disk from being taken, empty when nothing does
        local barred on
        disk_at "$1"
        barred=${disk_bar[d]} on=${disk_bus[d]}
        why=
        case $barred in
        medium | read-only) why=$barred ;;
        usb | removable) has_word usb "$buses" || why=$barred ;;
        esac
        [[ -z $why ]] || return
        if [[ $buses != - ]] && ! has_word "$on" "$buses"; then
                why='another bus'
        elif [[ ($on == san || $on == other) && ($kind == smallest || $kind == largest) ]]; then
                why='only by name'
        elif ((disk_size[d] < at_least)); then
                why='too small'
        elif ((at_most > 0 && disk_size[d] > at_most)); then
                why='too large'
        fi
}

refuse_none() { # purpose
        local name all='' otherwise='not named'
        [[ $kind != *est ]] || otherwise=fits
        for name in $disks; do
                unfit "$name"
                describe "$name" "${why:-$otherwise}"
                all="$all${all:+, }$described"
        done
        refuse 510 "$text" "$1" "${all:-no disk}"
}

pick() {        # purpose count: sets picked to that many disks, the smallest or largest, when no other set is as good
        local name size sorted='' order=-n n=0 last=''
        [[ $kind == smallest ]] || order=-rn
        sorted=$(for name in $disks; do
                unfit "$name"
                [[ -n $why ]] || printf '%s %s\n' "${disk_size[d]}" "$name"
        done | sort $order -k 1,1)
        [[ -n $sorted ]] || refuse_none "$1"
        picked=
        while read -r size name; do
                ((n < $2)) || { [[ $size == "$last" ]] || break; }
                picked="$picked${picked:+ }$name" last=$size n=$((n + 1))
        done <<<"$sorted"
        ((n >= $2)) || refuse_none "$1"
        # shellcheck disable=SC2086     # names
        ((n == $2)) || { describe_all $picked; refuse 511 "$text" "$1" "$described"; }
}

named() {       # purpose: sets picked to the one disk that the rule names
        local name
        picked=
        for name in $disks; do
                ! is_named "$name" || picked="$picked${picked:+ }$name"
        done
        [[ -n $picked ]] || refuse_none "$1"
        # shellcheck disable=SC2086     # names
        [[ $picked != *' '* ]] || { describe_all $picked; refuse 511 "$text" "$1" "$described"; }
        unfit "$picked"
        [[ -n $why ]] || return
        describe "$picked"
        case $why in
        medium) refuse 516 "$text" "$1" "$described" ;;
        usb | removable) refuse 517 "$text" "$1" "$described" ;;
        'too small') human_size "$at_least"; refuse 512 "$described" "$1" "$human" ;;
        *) refuse_none "$1" ;;
        esac
}

check_paths() { # name purpose: the same disk must not be there under another name
        local name same=$1 identity size
        disk_at "$1"
        identity=${disk_identity[d]} size=${disk_size[d]}
        [[ -n $identity ]] || return
        for name in $disks; do
                disk_at "$name"
                [[ $name == "$1" || ${disk_identity[d]} != "$identity" || ${disk_size[d]} != "$size" ]] || same="$same $name"
        done
        # shellcheck disable=SC2086     # names
        [[ $same == "$1" ]] || { describe_all $same; refuse 518 "$2" "$described"; }
}

take() {        # rule purpose count: sets picked
        local name
        split_rule "$1"
        rule_text
        case $kind in
        smallest | largest) pick "$2" "$3" ;;
        *) named "$2" ;;
        esac
        for name in $picked; do
                describe "$name"
                [[ -z ${disk_taken[d]} ]] || refuse 519 "$described" "${disk_taken[d]}" "$2"
                disk_taken[d]=$2
                check_paths "$name" "$2"
        done
}

choose_mirror() {
        # Two disks alike are the normal case for a mirror: the pair is unique even if its order is not.
        if [[ $members == 2 && ${raid_rule[0]} == "${raid_rule[1]}" && ${raid_rule[0]} == [sl]*est"$tab"* ]]; then
                take "${raid_rule[0]}" 'mirror' 2
                raid_disks=$picked
        else
                take "${raid_rule[0]}" 'first disk of the mirror' 1
                raid_disks=$picked
                take "${raid_rule[1]}" 'second disk of the mirror' 1
                raid_disks="$raid_disks $picked"
        fi
        [[ -z $mirror ]] || check_mirror
}

check_mirror() {        # the installer takes a RAID set of that name as it finds it
        local slave found=''
        [[ -d $root/sys/block/$mirror ]] || return
        for slave in "$root/sys/block/$mirror/slaves"/*; do found="$found${found:+ }${slave##*/}"; done
        for slave in $found; do
                has_word "$slave" "$raid_disks" || refuse 521 "$mirror" "$found" "$raid_disks"
        done
        [[ -n $found ]] || refuse 521 "$mirror" 'unknown disks' "$raid_disks"
}

ask_for() {     # rule: an array is a disk only to a rule that names it
        split_rule "$1"
        [[ $kind != device ]] || asked="$asked $wanted"
}

choose_disks() {        # sets primary, guest_disks, raid_disks
        local n
        asked=
        ask_for "$primary_rule"
        for ((n = 0; n < guests; n++)); do ask_for "${guest_rule[n]}"; done
        list_disks
        primary='' guest_disks='' raid_disks=''
        if ((members)); then
                choose_mirror
        else
                take "$primary_rule" 'system disk' 1
                primary=$picked
        fi
        for ((n = 0; n < guests; n++)); do
                take "${guest_rule[n]}" "guest disk $((n + 1))" 1
                guest_disks="$guest_disks${guest_disks:+ }$picked"
        done
}
