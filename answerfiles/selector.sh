# shellcheck shell=bash disable=SC2034,SC2154       # used and set in the other parts
#
# Which host is this machine, may its disks be written, and what are its answers?
#
# Runs inside the stock installer (6.5 to 9) as its answer file generator, under a random name, in /. Uses bash 3.2 or
# later, coreutils, gawk, blkid, lvm, ip and mount. stdout carries a whole answer file, or nothing. Whatever is missing,
# ambiguous or unreadable ends in refuse(), which waits for a person: by itself it never leads to a reboot.
#
# Results are left in variables, not printed: refuse must end this shell, and $(...) would be another one. Names of
# disks and cards hold no blanks, so lists of them are blank-separated words. bash 3.2 stumbles over quotes in comments
# and over case inside of $(...).
#
# Written in parts, which the packer joins to one script: this one, -report (what is shared with hook-complete), -medium
# (where it all comes from), -disks (which disk a rule means), -contents (what it holds), -answer (the management card,
# the answers, and the order of it all).
#
# For tests only: XENROLL_TEST_ROOT stands before every path, XENROLL_TEST_NO_WAIT refuses without waiting.

expand() {      # template argument...; from the right, so that an argument's own braces stay as they are
        local template=$1 tail='' n pattern='^(.*)\{([1-9])\}(.*)$'
        shift
        while [[ $template =~ $pattern ]]; do
                n=${BASH_REMATCH[2]}
                tail=${!n-}${BASH_REMATCH[3]}$tail
                template=${BASH_REMATCH[1]}
        done
        expanded=$template$tail
}

show() {        # text; a console that blocks or does not exist holds up nobody
        local name
        writers=
        for name in $consoles; do
                [[ -e $root/dev/$name ]] || continue
                printf '\033[2J\033[H%s\r\n' "${1//$newline/$return$newline}" >"$root/dev/$name" 2>/dev/null &
                writers="$writers $!"
        done
}

await_key() {   # console flag; ends when somebody pressed Enter there, or nobody can
        local key
        stty -g <"$1" >"$2.${1##*/}"
        # In raw mode, as the installer's screens leave it, Enter arrives as a carriage return.
        while IFS= read -r -s -n 1 key; do
                [[ -n $key && $key != "$return" ]] || { : >"$2"; return; }
        done <"$1"
}

wait_for_person() {
        local name flag=$state/enter readers=''
        rm -f "$flag" "$flag".*
        for name in $consoles tty1; do
                [[ -e $root/dev/$name ]] || continue
                await_key "$root/dev/$name" "$flag" >/dev/null 2>&1 &
                readers="$readers $!"
        done
        until [[ -e $flag ]]; do sleep 1; done
        # shellcheck disable=SC2086     # process numbers
        { kill $readers; wait $readers; } 2>/dev/null
        for name in $consoles tty1; do
                [[ ! -s $flag.$name ]] || stty "$(<"$flag.$name")" <"$root/dev/$name" >/dev/null 2>&1 &
        done
}

report_refusal() {      # number argument...
        local number=$1 file=xenroll-refused.txt texts n=0 template
        shift
        for template in "${chinese_message[number]-}" "${chinese_remedy[number]-}" "${message[number]-}" "${remedy[number]-}"; do
                expand "$template" "$@"
                texts[n]=$expanded
                n=$((n + 1))
        done
        write_report select refused "$number" "$file" "${texts[0]}" "${texts[1]}" "${texts[2]}" "${texts[3]}"
        tell_roll_call select refused "$number" "${texts[2]}. ${texts[3]}"
        tell_server select refused "$number" "${texts[2]}. ${texts[3]}"
}

refuse() {      # number argument...
        local number=$1 sentence writers reporter
        shift
        expand "${message[number]-}" "$@"
        sentence="XR-$number: $expanded."
        expand "${remedy[number]-}" "$@"
        sentence=$(tr -c '\n\040-\176' '?' <<<"$sentence $expanded")
        find_consoles
        show "NOTHING HAS BEEN INSTALLED

$(fold -s -w 76 <<<"$sentence")

Press Enter to end the installer."
        within 30 report_refusal "$number" "$@" >/dev/null 2>&1 &
        reporter=$!
        if [[ -n ${XENROLL_TEST_NO_WAIT:-} ]]; then
                # shellcheck disable=SC2086     # process numbers
                wait $writers
        else
                wait_for_person
        fi
        wait "$reporter"
        rm -f "$state/answer" "$state/record" "$state/plan"
        printf '%s\n' "$sentence" >&2
        exit 1
}

shown() { shown_device=${device#"$root"}; }     # as a person, and the answer file, know it

human_size() {  # bytes: sets human, in the decimal units that are printed on disks
        local tenths=$(($1 / 100000000))
        human="$((tenths / 10)).$((tenths % 10)) GB"
}

# One pass over all hosts: prints what is common, the hosts that this machine fits, and their disk rules.
find_record() {
        XENROLL_MACS=$macs XENROLL_SERIAL=$own_serial gawk -F '\t' '
                BEGIN {
                        n = split(ENVIRON["XENROLL_MACS"], list, " ")
                        for (i = 1; i <= n; i++)
                                mine[list[i]] = 1
                        serial = toupper(ENVIRON["XENROLL_SERIAL"])
                }
                $1 == "host" {
                        hosts++
                        if (($2 in mine) || (serial != "" && toupper($3) == serial)) {
                                wanted[$4] = 1
                                found[++k] = $0
                        }
                        next
                }
                $1 == "set" || $1 == "mirror" || $1 == "disk" { rules[$2] = rules[$2] $0 "\n"; next }
                $1 == "end" { whole = $2 == hosts + 0; next }
                { print }
                END {
                        if (!whole)
                                exit 3
                        for (s in wanted)
                                printf "%s", rules[s]
                        for (i = 1; i <= k; i++)
                                print found[i]
                        print "hosts\t" hosts + 0
                }' "$state/xenroll-hosts" >"$state/record" || refuse 500 'xenroll-hosts'
}

read_record() { # sets what the pack says of all hosts, and of the last one that fits
        local key a b c d e f g h
        matches=0 fitting='' total=0 guests=0 members=0 version=0
        mirror='' primary_rule='' line_total='' firmware='' agent=''
        while IFS=$tab read -r key a b c d e f g h; do
                case $key in
                xenroll) version=$a ;;
                build) build=$a ;;
                made) made=$a ;;
                release) product=$a firmware=$b ;;
                lines) line_total=$a ;;
                agent) agent="$a $b $c" ;;
                set) already=$b other=$c nic_index=$d ;;
                mirror) mirror=$b ;;
                disk) keep_rule "$b" "$c$tab$d$tab$e$tab$f$tab$g" ;;
                host)
                        matches=$((matches + 1))
                        host_mac=$a host_serial=$b school=$d host=$e ranges=$f plan_ranges=$g roll_call=$h
                        fitting="$fitting${fitting:+ and }$host (school $school)" ;;
                hosts) total=$a ;;
                esac
        done <"$state/record"
        [[ $version == 1 && -n $firmware && -n $line_total ]] || refuse 500 'xenroll-hosts is of another version'
}

keep_rule() {   # role rule
        case $1 in
        primary) primary_rule=$2 ;;
        guest) guest_rule[guests++]=$2 ;;
        raid) raid_rule[members++]=$2 ;;
        esac
}

check_identity() {
        local known_mac=$host_mac known_serial=$host_serial
        [[ $known_mac == - ]] || has_word "$known_mac" "$macs" || contradiction
        [[ $known_serial != - && -n $own_serial ]] || return
        lower "$known_serial"
        known_serial=$lowered
        lower "$own_serial"
        [[ $known_serial == "$lowered" ]] || contradiction
}

contradiction() {
        refuse 503 "$host" "$school" "$host_mac" "$host_serial" \
                "${macs:-no network card}" "${raw_serial:-no serial number}"
}

identify() {
        read_own_names
        find_record
        read_record
        ((matches > 0)) || refuse 501 "$total" "${macs:-none}" "${raw_serial:-empty}"
        ((matches == 1)) || roll_call=
        ((matches == 1)) || refuse 502 "$fitting" "${macs:-none}" "${raw_serial:-empty}"
        check_identity
}

check_clock() {
        (($(date +%s) >= made)) ||
                refuse 504 "$(date -u '+%Y-%m-%d %H:%M UTC')" "$(date -u -d "@$made" '+%Y-%m-%d %H:%M UTC')"
}

check_firmware() {
        local mode=BIOS
        [[ ! -d $root/sys/firmware/efi ]] || mode=UEFI
        has_word "$mode" "$firmware" || refuse 505 "$mode" "$product" "$firmware"
}
