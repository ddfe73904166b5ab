# shellcheck shell=bash disable=SC2004,SC2034,SC2154    # its variables are used and set in the other parts
# What a disk holds, and whether the site file permits to lose it.

read_volume_groups() {  # sets volume_group by number, and volume to the devices in the same order
        local line
        volumes=0
        lvm pvs --noheadings --separator '|' -o pv_name,vg_name >"$state/volumes" 2>/dev/null
        while IFS= read -r line; do
                line=${line//[[:blank:]]/}
                volume[volumes]=$(readlink -f "$root${line%%|*}") || continue
                volume_group[volumes]=${line#*|}
                volumes=$((volumes + 1))
        done <"$state/volumes"
}

group_of() {    # device: sets group; fails when lvm does not list it
        local n
        group=unreadable
        for ((n = 0; n < volumes; n++)); do
                [[ ${volume[n]} != "$1" ]] || { group=${volume_group[n]}; return 0; }
        done
        return 1
}

# An ext file system without label may be a XenServer's all the same; mounted read-only, its journal left alone.
look_inside() { # device type
        local at=$state/mount options=ro,noload
        [[ $2 != ext2 ]] || options=ro
        mkdir -p "$at"
        # The blkid of 6.5 takes ext4 for ext3.
        mount -t "$2" -o "$options" "$1" "$at" 2>/dev/null ||
                { [[ -n $old_blkid && $2 == ext3 ]] && mount -t ext4 -o "$options" "$1" "$at" 2>/dev/null; } || return
        [[ ! -e $at/etc/xensource-inventory ]] || installation="$installation, xensource-inventory"
        contents "$at/etc/xenroll/build"
        [[ -z $build || $value != "$build" ]] || same_build=yes
        umount "$at" 2>/dev/null || umount -l "$at" 2>/dev/null
}

judge_volume() {        # device
        local group
        group_of "$1"
        case $group in
        VG_Xen* | XSLocal*) installation="$installation, volume group $group" ;;
        unreadable)
                # It may be somebody's virtual machines: both permissions are needed.
                installation="$installation, a volume group that cannot be read"
                data="$data, LVM that cannot be read" ;;
        *) data="$data, LVM ${group:-without group}" ;;
        esac
}

# The blkid of 6.5 can neither look at a disk as a whole nor see LVM, RAID and partition tables: those are looked for here.
old_signature() {       # device: sets output and status as if a newer one had been asked
        local type label
        output=
        type=$(blkid -c /dev/null -s TYPE -o value "$1" 2>/dev/null)
        status=$?
        label=$(blkid -c /dev/null -s LABEL -o value "$1" 2>/dev/null)
        [[ $status == [02] ]] || return
        status=0
        if group_of "$1" || [[ $(dd if="$1" bs=512 count=4 2>/dev/null | tr -c '[:upper:]' .) == *LABELONE* ]]; then
                type=LVM2_member
        elif [[ $type == mdraid ]] || has_raid_mark "$1"; then
                type=linux_raid_member
        fi
        output="TYPE=$type${newline}LABEL=$label"
        [[ -z $type ]] || return
        if [[ $(dd if="$1" bs=1 skip=510 count=2 2>/dev/null | od -A n -t x1) == ' 55 aa' ]]; then
                output='PTTYPE=dos'
        elif [[ -n $in_partition ]] && (($(head -c 65536 "$1" | tr -d '\000' | wc -c) > 0)); then
                output='TYPE=something unknown'
        fi
}

has_raid_mark() {       # device: metadata 1.1 or 1.2, which blkid learnt of later; 1.0 and 0.90 stand near the end
        local at bytes name size=0
        name=${1##*/}
        contents "$root/sys/class/block/$name/size"
        is_number "$value" && size=$value
        for at in 0 8 $(((size - 16) / 8 * 8)) $((size / 128 * 128 - 128)); do
                ((at >= 0)) || continue
                bytes=$(dd if="$1" bs=512 skip="$at" count=1 2>/dev/null | head -c 4 | od -A n -t x1)
                [[ $bytes != ' fc 4e 2b a9' ]] || return 0
        done
        return 1
}

ask_blkid() {   # device: sets output and status
        if [[ -n $old_blkid ]]; then
                old_signature "$1"
        else
                output=$(blkid -p -o export "$1" 2>/dev/null)
                status=$?
        fi
}

judge_node() {  # device: what blkid says of a disk, a partition or an array
        local key text type='' label='' table='' status output
        device=$1
        shown
        [[ -e $1 ]] || refuse 520 "$shown_device" 'it has no device file'
        ask_blkid "$1"
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
        local entry in_partition='' node=$root/sys/block/$1
        device_of "$1"
        judge_node "$device"
        in_partition=yes
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
        [[ $got != "$want$newline*$newline$(printf '%07d' "$3")" ]] || return
        [[ $(dd if="$1" bs=1048576 skip="$2" count=2 2>/dev/null | head -c "$3" | wc -c) == "$3" ]] ||
                refuse 520 "$shown_device" 'reading it failed'
        data="$data, something unknown in its $4 MiB"
}

check_ends() {  # name
        local size last
        disk_at "$1"
        size=${disk_size[d]}
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
        old_blkid=
        [[ $(blkid -h 2>&1) == *' -p'* ]] || old_blkid=yes
        read_volume_groups
        for name in $primary $raid_disks $guest_disks; do examine "$name"; done
}
