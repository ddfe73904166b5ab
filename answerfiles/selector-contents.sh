# shellcheck shell=bash disable=SC2004,SC2034,SC2154    # its variables are used and set in the other parts
# What a disk holds, and whether the site file permits to lose it.

read_volume_groups() {
        local line pv
        lvm pvs --noheadings --separator '|' -o pv_name,vg_name >"$state-volumes" 2>/dev/null
        while IFS= read -r line; do
                line=${line//[[:blank:]]/}
                pv=$(readlink -f "$root${line%%|*}") && volume_group[$pv]=${line#*|}
        done <"$state-volumes"
}

# An ext file system without label may be a XenServer's all the same; mounted read-only, its journal left alone.
look_inside() { # device type
        local at=$state-mount options=ro,noload
        [[ $2 != ext2 ]] || options=ro
        mkdir -p "$at"
        mount -t "$2" -o "$options" "$1" "$at" 2>/dev/null || return
        [[ ! -e $at/etc/xensource-inventory ]] || installation="$installation, xensource-inventory"
        contents "$at/etc/xenroll/build"
        [[ -z $build || $value != "$build" ]] || same_build=yes
        umount "$at" 2>/dev/null || umount -l "$at" 2>/dev/null
}

judge_volume() {        # device
        local group=${volume_group[$1]-unreadable}
        case $group in
        VG_Xen* | XSLocal*) installation="$installation, volume group $group" ;;
        unreadable)
                # It may be somebody's virtual machines: both permissions are needed.
                installation="$installation, a volume group that cannot be read"
                data="$data, LVM that cannot be read" ;;
        *) data="$data, LVM ${group:-without group}" ;;
        esac
}

judge_node() {  # device: what blkid says of a disk, a partition or an array
        local key text type='' label='' table='' status output
        device=$1
        shown
        [[ -e $1 ]] || refuse 520 "$shown_device" 'it has no device file'
        output=$(blkid -p -o export "$1" 2>/dev/null)
        status=$?
        while IFS='=' read -r key text; do
                case $key in
                TYPE) type=$text ;;
                LABEL) label=$text ;;
                PTTYPE) table=$text ;;
                esac
        done <<<"$output"
        # 2: no signature; 8: several, which contradict each other
        [[ $status == [028] ]] || refuse 520 "$shown_device" "blkid ended with $status"
        [[ $status != 8 ]] || data="$data, contradictory signatures on $shown_device"
        [[ -z $table ]] || tables="$tables, a $table partition table"
        case $label in
        root-* | logs-* | swap-* | BOOT-*)
                [[ $type != ext[234] && $type != swap && $type != vfat ]] || installation="$installation, $label" ;;
        esac
        case $type in
        '') ;;
        LVM2_member) judge_volume "$1" ;;
        *_raid_member) raid_member=yes ;;
        ext[234])
                look_inside "$1" "$type"
                part="$part, $type $label on $shown_device" ;;
        swap) part="$part, swap on $shown_device" ;;
        *) [[ $label == BOOT-* && $type == vfat ]] || data="$data, $type $label on $shown_device" ;;
        esac
}

judge_tree() {  # name: the disk, its partitions, and the arrays it is a member of
        local entry node=$root/sys/block/$1
        device_of "$1"
        judge_node "$device"
        for entry in "$node/$1"*/partition; do
                entry=${entry%/partition}
                device_of "${entry##*/}"
                judge_node "$device"
                # An array may be made of partitions.
                judge_holders "$entry"
        done
        judge_holders "$node"
}

judge_holders() {       # directory under /sys
        local holder
        for holder in "$1"/holders/md*; do
                holder=${holder##*/}
                has_word "$holder" "$holders" || { holders="$holders $holder"; judge_tree "$holder"; }
        done
}

# od folds equal lines, so that a range of zeros is three short lines, the last of which is its length.
check_blank() { # device skip-MiB count-bytes where
        local got want="0000000 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00"
        got=$(dd if="$1" bs=1048576 skip="$2" count=2 2>/dev/null | head -c "$3" | od -A d -t x1 | sed 4q)
        [[ $got != "$want"$'\n*\n'"$(printf '%07d' "$3")" ]] || return
        [[ $(dd if="$1" bs=1048576 skip="$2" count=2 2>/dev/null | head -c "$3" | wc -c) == "$3" ]] ||
                refuse 520 "$shown_device" 'reading it failed'
        data="$data, something unknown in its $4 MiB"
}

check_ends() {  # name
        local size=${disk_size[$1]} last
        device_of "$1"
        shown
        ((size >= 4194304)) || refuse 520 "$shown_device" 'it is smaller than 4 MiB'
        last=$((size / 1048576 - 1))
        check_blank "$device" 0 1048576 first
        check_blank "$device" "$last" $((size - last * 1048576)) last
}

examine() {     # name
        local installation='' data='' tables='' part='' raid_member='' same_build='' holders=''
        judge_tree "$1"
        if [[ -n $raid_member && -z $holders ]]; then
                # An array that is not running hides what it holds.
                installation="$installation, part of a RAID set that cannot be read"
                data="$data, a RAID set"
        elif [[ -n $raid_member && -z $installation ]]; then
                data="$data, a RAID set"
        fi
        # Tables and plain Linux file systems belong to the installation where there is one.
        [[ -n $installation ]] || data="$data$part$tables"
        [[ -n $installation || -n $data ]] || check_ends "$1"
        describe "$1"
        [[ -z $same_build || -n $again ]] || refuse 515 "$described"
        [[ -z $installation || $already == reinstall ]] || refuse 513 "$described" "${installation#, }"
        [[ -z $data || $other == erase ]] || refuse 514 "$described" "${data#, }"
}

check_contents() {
        local name
        read_volume_groups
        for name in $primary $raid_disks $guest_disks; do examine "$name"; done
}
