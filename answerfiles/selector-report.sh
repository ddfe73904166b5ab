# shellcheck shell=bash disable=SC2034,SC2154,SC2317  # used and set in the other parts
# What the selector and hook-complete share: this machine's own names, its consoles, and the report that they leave for
# people on the stick, in the FAT partition that bears our label.

export LC_ALL=C PATH="$PATH:/usr/sbin:/usr/bin:/sbin:/bin"
shopt -s nullglob
set -u
umask 077

root=${XENROLL_TEST_ROOT:-}
[[ -z $root ]] || root=$(cd "$root" && pwd -P) || exit 1
state=$root/tmp/xenroll         # also what was unpacked; the answer files name hooks there
# Not in state, which is emptied: what is on a stick is not ours to remove.
stick_folder=$root/tmp/xenroll-stick
tab=$'\t' newline=$'\n' return=$'\r'
medium='' macs='' own_serial='' raw_serial=''
build='' school='' host='' used_disks=''
server='' report_url=''         # of the boot server; empty when this machine was started from a medium
roll_call=''                    # where such a machine's events go all the same, if the site file says so and it can be reached

contents() {    # file: sets value to its first line without blanks at the ends, empty when it cannot be read
        value=
        { read -r value <"$1"; } 2>/dev/null
}

has_word() { [[ " $2 " == *" $1 "* ]]; }        # word list
device_of() { device=$root/dev/${1//!//}; }     # name under /sys/block
lower() { lowered=$(tr '[:upper:]' '[:lower:]' <<<"$1"); }

is_placeholder() {      # serial: what firmware says when its maker forgot to fill it in
        lower "$1"
        case $lowered in
        '' | none | n/a | na | unknown | null | default | 'default string' | 'not specified' | 'not available' | \
        'not applicable' | 'system serial number' | 'chassis serial number' | 'base board serial number' | \
        'serial number' | serial | 'to be filled by o.e.m.' | 'to be filled by o.e.m' | 'to be filled by oem' | \
        o.e.m. | oem | invalid | empty | 0123456789 | 1234567890 | 123456789 | xxxxxxxxxx | 123456 | test | sn)
                return 0 ;;
        esac
        [[ -z ${lowered//"${lowered:0:1}"/} ]]  # 0000000, ffffff, "."
}

read_own_names() {      # sets macs, own_serial
        local nic form='^([0-9a-f]{2}:){5}[0-9a-f]{2}$'
        macs=
        for nic in "$root"/sys/class/net/*; do
                [[ -e $nic/device ]] || continue
                contents "$nic/address"
                lower "$value"
                [[ $lowered =~ $form && $lowered != 00:00:00:00:00:00 && $lowered != ff:ff:ff:ff:ff:ff ]] || continue
                has_word "$lowered" "$macs" || macs="$macs${macs:+ }$lowered"
        done
        contents "$root/sys/class/dmi/id/product_serial"
        raw_serial=$value own_serial=$value
        ! is_placeholder "$value" || own_serial=
}

find_consoles() {       # every terminal a person may be looking at, /dev/console first
        local active=''
        { read -r active <"$root/sys/class/tty/console/active"; } 2>/dev/null
        consoles="console tty0 $active"
}

read_messages() {       # file: fills message, remedy and their Chinese, by number; words by place
        local key a b c d e
        while IFS=$tab read -r key a b c d e; do
                case $key in
                message)
                        case $a in *[!0-9]*) continue ;; esac
                        message[a]=$b remedy[a]=$c chinese_message[a]=$d chinese_remedy[a]=$e ;;
                word)
                        word_name[word_total]=$a word_english[word_total]=$b word_chinese[word_total]=$c
                        word_total=$((word_total + 1)) ;;
                esac
        done <"$1"
} 2>/dev/null
word_total=0

read_server() { # file: there is one when the selector came over the network
        { read -r server && read -r report_url; } <"$1"
} 2>/dev/null

percent() {     # text: prints it as a form field wants it
        printf %s "$1" | od -An -v -tx1 | tr -d '\n' | tr ' ' %
}

post() {        # form
        if type wget >/dev/null 2>&1; then
                wget -q -T 10 -O /dev/null --post-data="$1" "$report_url"
        else
                curl -s -f -m 10 -o /dev/null --data "$1" "$report_url"
        fi
}

tell_server() { # stage outcome code sentence: until it is heard; whoever calls it sets an end
        local form
        [[ -n $report_url ]] || return
        form="stage=$1&outcome=$2&code=$3&clock=$(date +%s)&detail=$(percent "$4")"
        until post "$form" >/dev/null 2>&1; do sleep 3; done
}

post_once() {   # form; whoever answers there: these tools know no pin, and the token opens nothing but this host's own list
        if type wget >/dev/null 2>&1; then
                wget -q -T 10 -t 1 --no-check-certificate -O /dev/null --post-data="$1" "$roll_call"
        else
                curl -s -f -k -m 10 -o /dev/null --data "$1" "$roll_call"
        fi
}

tell_roll_call() {      # stage outcome code sentence: one try that nobody waits for, since most media are used without a network
        local form
        [[ -n $roll_call && -z $report_url ]] || return 0
        form="stage=$1&outcome=$2&code=${3#-}&clock=$(date +%s)&detail=$(percent "$4")"
        within 20 post_once "$form" </dev/null >/dev/null 2>&1 &
        disown 2>/dev/null
}

word() {        # name language: sets text
        local n
        text=$1
        for ((n = 0; n < word_total; n++)); do
                [[ ${word_name[n]} == "$1" ]] || continue
                text=${word_english[n]}
                [[ $2 != chinese ]] || text=${word_chinese[n]}
                return
        done
}

find_stick() {  # sets stick to the device of the report's partition: a part of the disk that the medium is
        local name entry at
        stick=
        for name in $medium; do
                for entry in "$root/sys/block/$name/$name"*/partition; do
                        entry=${entry%/partition}
                        device_of "${entry##*/}"
                        # The label in the boot sector, of FAT12 or FAT16 and of FAT32: 11 bytes filled up with blanks.
                        for at in 43 71; do
                                [[ $(dd if="$device" bs=1 skip="$at" count=11 2>/dev/null | tr '\000' .) == 'XENROLL    ' ]] || continue
                                stick=$device
                                return
                        done
                done
        done
}

line() {        # name value language
        word "$1" "$3"
        printf '%s: %s\n' "$text" "$2"
}

block() {       # language outcome code what remedy
        local unknown
        word unknown "$1"
        unknown=$text
        word "$2" "$1"
        printf '%s\n' "$text"
        line what "$4" "$1"
        [[ $5 == - ]] || line remedy "$5" "$1"
        word clock "$1"
        line when "$(date -u '+%Y-%m-%d %H:%M:%S') ($text)" "$1"
        line school "${school:-$unknown}" "$1"
        line host "${host:-$unknown}" "$1"
        line macs "${macs:-$unknown}" "$1"
        line serial "${raw_serial:-$unknown}" "$1"
        [[ -z $used_disks ]] || line disk "$used_disks" "$1"
        [[ $3 == - ]] || line code "XR-$3" "$1"
        printf '\n'
}

log_tail() {    # secrets have no business on a stick that lies about
        local log=$root/tmp/install-log
        [[ -r $log ]] || return
        word log chinese
        printf '%s / ' "$text"
        word log english
        printf '%s:\n' "$text"
        tail -n 40 "$log" | tr -c '\n\040-\176' '?' |
                sed -e 's/.*[Pp][Aa][Ss][Ss][Ww].*/[...]/' -e 's/.*[Ss][Ee][Cc][Rr][Ee][Tt].*/[...]/' -e 's/.*\$[0-9][a-z]*\$.*/[...]/'
}

one_word() {    # text: sets word so that no blank or emptiness shifts the fields of the last line
        word=${1//[!A-Za-z0-9._:,-]/_}
        word=${word:--}
}

last_line() {   # stage outcome code: the line for programs
        local out='#xenroll 1' field
        for field in "$build" "$school" "$host" "$1" "$2" "$3" "$(date +%s)" "${macs// /,}"; do
                one_word "$field"
                out="$out $word"
        done
        printf '%s\n' "$out"
}

# The entry stands below the earlier ones; the oldest go when the file grows beyond what anybody reads.
add_to_file() { # file entry
        local fresh=$state/report-file size=0
        : >"$fresh"
        if [[ -s $1 ]]; then
                size=$(wc -c <"$1")
                if ((size <= 49152)); then
                        tail -c +4 "$1" >"$fresh"
                else
                        tail -c 16384 "$1" | sed 1d >"$fresh"
                fi
        fi
        { printf '\357\273\277' && cat "$fresh" && sed "s/\$/$return/" "$2"; } >"$1"
        rm -f "$fresh"
}

# stage outcome code file, then what happened and the remedy in Chinese, and both in English
write_report() {
        local entry=$state/report module
        find_stick
        [[ -n $stick ]] || return
        read_own_names
        {
                printf '================================================================\n'
                block chinese "$2" "$3" "$5" "$6"
                block english "$2" "$3" "$7" "$8"
                [[ $2 != failed ]] || log_tail
                last_line "$1" "$2" "$3"
                # Control characters of firmware and of other people's files have no place in a text.
        } | tr -d '\000-\010\013-\037\177' >"$entry"
        for module in vfat nls_cp437 nls_utf8 nls_iso8859-1; do modprobe -q "$module"; done
        mkdir -p "$stick_folder"
        mount -t vfat -o rw,sync "$stick" "$stick_folder" || return
        add_to_file "$stick_folder/$4" "$entry"
        umount "$stick_folder" || umount -l "$stick_folder"
        rm -f "$entry"
}

# The report must not hold up anything: a stick that was pulled out may keep mount from ever coming back.
within() {      # seconds command...
        local left=$1 worker
        shift
        "$@" </dev/null >/dev/null 2>&1 &
        worker=$!
        disown "$worker" 2>/dev/null
        while kill -0 "$worker" 2>/dev/null; do
                ((left > 0)) || { kill -9 "$worker" 2>/dev/null; return; }
                left=$((left - 1))
                sleep 1
        done
}
