"""What is made of the disks of a new virtual machine: an array, a thin pool, and a mapped device."""

from __future__ import annotations

from drills.machine.guest import Guest

DISK = "/dev/disk/by-id/scsi-0QEMU_QEMU_HARDDISK_"
ARRAY = (f"{DISK}disk1", f"{DISK}disk2")
SCRIPT = f"""
set -eu
udevadm wait --timeout=300 {DISK}disk1 {DISK}disk2 {DISK}disk3
mdadm --create /dev/md0 --run --level=1 --raid-devices=2 --bitmap=internal --assume-clean {" ".join(ARRAY)}
mdadm --detail --scan >>/etc/mdadm/mdadm.conf
mkfs.ext4 -q -L array /dev/md0

pvcreate -q {DISK}disk3
vgcreate -q vg0 {DISK}disk3
lvcreate -q --type thin-pool --size 48m --poolmetadatasize 4m --name pool vg0
lvcreate -q --thin --virtualsize 96m --name thin vg0/pool
mkfs.ext4 -q -L thin /dev/vg0/thin
lvcreate -q --size 32m --name plain vg0
mkfs.ext4 -q -L plain /dev/vg0/plain

for name in array thin plain; do
    mkdir -p /srv/$name
    echo "LABEL=$name /srv/$name ext4 defaults,nofail,errors=remount-ro 0 2" >>/etc/fstab
done
systemctl daemon-reload
mount -a
"""


def make(guest: Guest) -> None:
    """Raises LabError."""
    guest.run("sh", "-c", SCRIPT, timeout=300)
