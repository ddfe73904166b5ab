# shellcheck shell=bash disable=SC2034,SC2154       # used and set in the other parts
# Where the selector's files lie, which disk is the medium that they came from, and what its slot holds.

# Sets home: what came over the network, the folder that make-ramdisk filled (7.0 and later), or the installer's own
# memory (6.5).
prepare() {
        for home in "$root/tmp/xenroll-net" "$root/tmp/ramdisk" "$root/xenroll"; do
                [[ ! -e $home/xenroll-select ]] || break
        done
        mkdir -p "$state" && chmod 0700 "$state"
        rm -f "$state"/* 2>/dev/null       # files; a folder there may be somebody's mount
        # The one sentence that must be there when the table is not.
        message[500]='the files on this installation medium are incomplete or damaged ({1})'
        remedy[500]='Write the stick or disc again; if that does not help, build the image again.'
        chinese_message[500]=${message[500]} chinese_remedy[500]=${remedy[500]}
        read_messages "$home/xenroll-messages"
        read_server "$home/xenroll-server"
}

whole_disk() {  # device: sets disk to the name under /sys/block of the disk it is, or is a part of; empty when none
        local name real
        disk=
        name=${1#"$root"/dev/}
        real=$(readlink -f "$root/sys/class/block/${name//\//!}") || return
        [[ -d $real ]] || return
        [[ ! -e $real/partition ]] || real=${real%/*}
        disk=${real##*/}
}

# ISO 9660's date of change, or of creation when that is all zeros, is what udev calls the UUID. Read here, since 6.5's
# blkid does not know it, and since a link under /dev/disk shows only one of two media that carry the same.
read_volume_date() {    # device: sets volume_date, 16 digits or something else
        local dates
        dates=$(dd if="$1" bs=1 skip=33581 count=33 2>/dev/null | tr -c 0-9 .)
        volume_date=${dates:17:16}
        [[ $volume_date != 0000000000000000 ]] || volume_date=${dates:0:16}
}

find_carriers() {       # 16 digits: adds to carriers every whole disk and disc of that volume date
        local entry name
        for entry in "$root"/sys/block/*; do
                name=${entry##*/}
                case $name in loop* | ram* | zram* | dm-* | md* | fd* | nbd* | drbd* | rbd*) continue ;; esac
                contents "$entry/size"
                [[ -n $value && $value != 0 ]] || continue
                device_of "$name"
                read_volume_date "$device"
                [[ $volume_date != "$1" ]] || has_word "$name" "$carriers" || carriers="$carriers${carriers:+ }$name"
        done
}

find_linked() { # path: adds to carriers the disk that a link of udev's means
        local target
        target=$(readlink -e "$root$1") || return
        whole_disk "$target"
        [[ -z $disk ]] || has_word "$disk" "$carriers" || carriers="$carriers${carriers:+ }$disk"
}

find_medium() { # sets medium; when the kernel's line names none, as from the network, there is none
        local word uuid words='' gone='' carriers form='^[0-9]{16}$'
        { read -r words <"$root/proc/cmdline"; } 2>/dev/null
        again='' started_from=
        ! has_word xenroll-again "$words" || again=yes
        for word in ${words//[\*\?\[]/}; do
                carriers='' uuid=
                case $word in
                make-ramdisk=* | xenroll-medium=*)
                        uuid=${word##*[=/]}
                        uuid=${uuid//-/}
                        word=${word#make-ramdisk=} ;;
                network_device=*)
                        lower "${word#*=}"
                        started_from=$lowered
                        continue ;;
                *) continue ;;
                esac
                [[ ! $uuid =~ $form ]] || find_carriers "$uuid"
                [[ $word != /* ]] || find_linked "$word"
                [[ -n $carriers ]] || gone=$word
                medium="$medium${medium:+ }$carriers"
                [[ $carriers != *' '* ]] || refuse 534 "/dev/${carriers// /, /dev/}"
        done
        [[ -n ${medium// /} || -z $gone ]] || refuse 506 "$gone"
        printf '%s\n' "$medium" >"$state/medium"
}

check_files() {
        [[ -r $home/xenroll-sums ]] || refuse 500 'xenroll-sums is missing'
        # Without sha256sum (6.5) they lie in the installer's own memory, which came as one piece with it.
        type sha256sum >/dev/null 2>&1 || return
        (cd "$home" && sha256sum -c xenroll-sums) >/dev/null 2>&1 || refuse 500 'checksums differ'
}

is_number() {   # text: a plain decimal number of at most 10 digits
        local form='^(0|[1-9][0-9]{0,9})$'
        [[ $1 =~ $form ]]
}

read_pack() { tail -c +"$pack_at" "$home/xenroll-slot" | head -c "$pack_size"; }

find_pack() {   # sets pack_at (the first byte behind the pack's first line, counted from 1), pack_size, pack_sum, pack_md5
        local word='' version='' offset='' rest='' text
        { read -r word version offset rest <"$home/xenroll-slot"; } 2>/dev/null
        [[ -n $word ]] || refuse 500 'xenroll-slot is missing'
        is_number "$offset" || word=
        [[ $word == xenroll-slot && -z $rest ]] || refuse 500 'xenroll-slot is not a slot'
        [[ $version == 1 ]] || refuse 500 'xenroll-slot is of another version'
        text=$(tail -c +$((offset + 1)) "$home/xenroll-slot" | head -c 256 | tr '\000' '\n')
        text=${text%%"$newline"*}
        [[ -n $text ]] || refuse 500 'no answers have been written on this medium yet'
        { read -r word version pack_size pack_sum pack_md5 rest; } <<<"$text"
        is_number "$pack_size" || word=
        [[ $word == xenroll-pack && -z $rest ]] || refuse 500 'there is something else in xenroll-slot'
        [[ $version == 1 ]] || refuse 500 'its answers are of another version'
        pack_at=$((offset + ${#text} + 2))
}

check_pack() {
        local got
        (($(read_pack | wc -c) == pack_size)) || refuse 500 'its answers are cut off'
        # 6.5's coreutils may lack sha256sum, and md5sum is all that is left: against accidents that is enough.
        if type sha256sum >/dev/null 2>&1; then
                got=$(read_pack | sha256sum)
                [[ ${got%% *} == "$pack_sum" ]] || refuse 500 'checksums differ'
        else
                got=$(read_pack | md5sum)
                [[ ${got%% *} == "$pack_md5" ]] || refuse 500 'checksums differ'
        fi
}

# Reads a pipe: bash's read takes one line of it and not a byte more, and head -c just as many as it is told.
unpack_files() {
        local name size rest left=$pack_size form='^[A-Za-z0-9_-][A-Za-z0-9._-]*$'
        while ((left > 0)); do
                IFS=' ' read -r name size rest || return
                [[ $name =~ $form && -z $rest ]] && is_number "$size" || return
                left=$((left - ${#name} - ${#size} - 2 - size))
                ((left >= 0)) || return
                head -c "$size" >"$state/$name" && (($(wc -c <"$state/$name") == size)) || return
        done
}

unpack() {
        local name
        check_files
        find_pack
        check_pack
        read_pack | unpack_files || refuse 500 'its answers cannot be unpacked'
        for name in hook-complete hook-populated xenroll-messages ${server:+xenroll-server}; do
                cp "$home/$name" "$state/$name" || refuse 500 "$name"
        done
}
