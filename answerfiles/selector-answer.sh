# shellcheck shell=bash disable=SC2004,SC2034,SC2154    # its variables are used and set in the other parts
# The management card of a host known by its serial number; the answers; the order of it all.

slot_of_nic() { # folder of a card under /sys: prints what to sort it by and its name, or nothing
        local path
        [[ -e $1/device && ! -e $1/wireless && ! -e $1/phy80211 ]] || return
        path=$(readlink -f "$1/device")
        path=${path#"$root"}
        # A USB card is a remote console's more often than a network's.
        [[ $path != */usb[0-9]* ]] || return
        # shellcheck disable=SC2001     # not what ${//} can do
        path=$(sed 's,.*/\([0-9a-f]*:[0-9a-f]*:[0-9a-f]*\.[0-9a-f]\).*,\1,' <<<"$path")
        contents "$1/dev_port"
        printf '%s %04d %s\n' "$path" "${value:-0}" "${1##*/}"
}

list_nics() {   # sets nics: wired cards in PCI order
        local entry
        nics=$(for entry in "$root"/sys/class/net/*; do slot_of_nic "$entry"; done | sort |
                while read -r _ _ entry; do printf '%s ' "$entry"; done)
        nics=${nics% }
}

describe_nics() {       # names...: sets described
        local name all=''
        for name in "$@"; do
                contents "$root/sys/class/net/$name/address"
                all="$all${all:+, }$name ($value)"
        done
        described=$all
}

find_links() {  # sets linked; gives slow switches ten seconds
        local name try
        for name in $nics; do ip link set "$name" up >&2; done
        for ((try = 0; try < 10; try++)); do
                linked=
                for name in $nics; do
                        contents "$root/sys/class/net/$name/carrier"
                        [[ $value != 1 ]] || linked="$linked${linked:+ }$name"
                done
                [[ $linked != "$nics" ]] || return
                sleep 1
        done
}

choose_nic() {  # sets nic_mac; empty when the answer file has it already
        local chosen
        nic_mac=
        [[ $host_mac == - ]] || return
        # The card that reached the boot server reaches whoever is to manage this host.
        if [[ $nic_index == - && -n $server && -n $started_from ]] && has_word "$started_from" "$macs"; then
                nic_mac=$started_from
                return
        fi
        list_nics
        [[ -n $nics ]] || refuse 530
        # shellcheck disable=SC2086     # names
        describe_nics $nics
        # shellcheck disable=SC2086     # names
        set -- $nics
        if [[ $nic_index != - ]]; then
                ((nic_index < $#)) || refuse 531 "$nic_index" "$#" "$described"
                shift "$nic_index"
        elif (($# > 1)); then
                find_links
                [[ -n $linked ]] || refuse 532 "$described"
                # shellcheck disable=SC2086     # names
                set -- $linked
                # shellcheck disable=SC2086     # names
                (($# == 1)) || { describe_nics $linked; refuse 533 "$described"; }
        fi
        chosen=$1
        contents "$root/sys/class/net/$chosen/address"
        lower "$value"
        nic_mac=$lowered
}

devices_of() {  # names...: sets devices
        local name
        devices=
        for name in "$@"; do
                [[ -n $name ]] || continue
                device_of "$name"
                shown
                devices="$devices${devices:+ }$shown_device"
        done
}

# Prints this host's lines in their order, the texts of the disk elements replaced. Ends with an error unless each was
# met exactly as often as there are disks: a disk that was checked and a disk that is written must be the same.
print_answer() {
        XENROLL_RANGES=$ranges XENROLL_PRIMARY=$1 XENROLL_GUESTS=$2 XENROLL_MEMBERS=$3 XENROLL_NIC=$nic_mac \
                XENROLL_LINES=$line_total XENROLL_SERVER=$server gawk '
                BEGIN {
                        n = split(ENVIRON["XENROLL_RANGES"], range, ",")
                        for (i = 1; i <= n; i++) {
                                last = split(range[i], end, "-")
                                for (l = end[1] + 0; l <= end[last] + 0; l++) {
                                        order[++k] = l
                                        needed[l] = 1
                                }
                        }
                }
                NR in needed { text[NR] = $0 }
                function put(line, tag, value,   from, to) {
                        from = match(line, "<" tag "[ >]")
                        from += index(substr(line, from), ">")
                        to = index(line, "</" tag ">")
                        if (to < from)
                                exit 4
                        return substr(line, 1, from - 1) value substr(line, to)
                }
                # The installation medium of a machine that was started from the network.
                function fetched(line, url,   at) {
                        sub(/ type="local"/, " type=\"url\"", line)
                        at = match(line, "/?>")
                        return substr(line, 1, at - 1) ">" url "</source>"
                }
                function swap(line, old, new,   at) {
                        while (at = index(line, old))
                                line = substr(line, 1, at - 1) new substr(line, at + length(old))
                        return line
                }
                END {
                        if (NR != ENVIRON["XENROLL_LINES"])
                                exit 3
                        guests = split(ENVIRON["XENROLL_GUESTS"], guest, " ")
                        members = split(ENVIRON["XENROLL_MEMBERS"], member, " ")
                        for (i = 1; i <= k; i++) {
                                if (!(order[i] in text))
                                        exit 3
                                line = text[order[i]]
                                if (line ~ /<primary-disk[ >]/) {
                                        p++
                                        if (ENVIRON["XENROLL_PRIMARY"] != "")
                                                line = put(line, "primary-disk", ENVIRON["XENROLL_PRIMARY"])
                                        else if (line ~ /,/) {
                                                line = put(line, "primary-disk", member[1] "," member[2])
                                                m = 2
                                        }
                                }
                                if (line ~ /<guest-disk[ >]/)
                                        line = put(line, "guest-disk", guest[++g])
                                if (line ~ /<disk[ >]/)
                                        line = put(line, "disk", member[++m])
                                if (ENVIRON["XENROLL_SERVER"] != "" && line ~ /<source .*type="local"/)
                                        line = fetched(line, ENVIRON["XENROLL_SERVER"] "/repo")
                                if (ENVIRON["XENROLL_NIC"] != "")
                                        line = swap(line, "xenroll-picks-the-nic", ENVIRON["XENROLL_NIC"])
                                print line
                        }
                        if (p != 1 || g + 0 != guests || m + 0 != members)
                                exit 4
                }' "$state/xenroll-lines"
}

# Prints the lines of this host's plan for its agent.
print_plan() {
        XENROLL_RANGES=$plan_ranges XENROLL_LINES=$line_total gawk '
                BEGIN {
                        n = split(ENVIRON["XENROLL_RANGES"], range, ",")
                        for (i = 1; i <= n; i++) {
                                last = split(range[i], end, "-")
                                for (l = end[1] + 0; l <= end[last] + 0; l++) {
                                        order[++k] = l
                                        needed[l] = 1
                                }
                        }
                }
                NR in needed { text[NR] = $0 }
                END {
                        if (NR != ENVIRON["XENROLL_LINES"])
                                exit 3
                        for (i = 1; i <= k; i++) {
                                if (!(order[i] in text))
                                        exit 3
                                print text[order[i]]
                        }
                }' "$state/xenroll-lines"
}

leave_plan() {  # for hook-populated: the plan, by what it knows the agent, and the agent where the medium carries it
        [[ ${plan_ranges:--} != - ]] || return 0
        print_plan >"$state/plan" || refuse 500 'xenroll-lines'
        [[ $(<"$state/plan") == *'</agent-plan>' ]] || refuse 500 'incomplete plan'
        printf '%s\n' "$agent" >"$state/agent"
        [[ ! -e $home/xenroll-agent ]] || ln -s "$home/xenroll-agent" "$state/xenroll-agent"
}

answer() {
        local system guest_devices
        # shellcheck disable=SC2086     # names
        describe_all $primary $raid_disks $guest_disks
        used_disks=$described
        devices_of "$primary"
        system=$devices
        # shellcheck disable=SC2086     # names
        devices_of $guest_disks
        guest_devices=$devices
        # shellcheck disable=SC2086     # names
        devices_of $raid_disks
        print_answer "$system" "$guest_devices" "$devices" >"$state/answer" || refuse 500 'xenroll-lines'
        [[ $(<"$state/answer") == *'</installation>' && $(<"$state/answer") != *xenroll-picks-* ]] ||
                refuse 500 'incomplete answers'
        leave_plan
        # For the hooks that run later in the same installer.
        printf '%s\n' "$build" >"$state/build"
        printf '%s %s\n' "$school" "$host" >"$state/host"
        printf '%s\n' "$used_disks" >"$state/disks"
        printf '%s\n' "$roll_call" >"$state/roll-call"
        tell_roll_call install started - ''
        cat "$state/answer"
        rm -f "$state/answer" "$state/record"
}

prepare
find_medium
unpack
identify
check_clock
check_firmware
choose_disks
check_contents
choose_nic
answer
