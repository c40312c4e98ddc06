# U-Boot: start the slot whose turn it is. A slot has three tries, of which each start takes one; who comes to listening
# gets them back (parley-slot-good.service). What is left of them lies in the sector at 1 MiB, as RAUC's fw_setenv has it:
# one sector, so that a power cut leaves the old or the new.
setenv BOOT_ORDER "A B"
setenv BOOT_A_LEFT 3
setenv BOOT_B_LEFT 3
if test "${vendor}" = raspberrypi; then
    # Where U-Boot itself would have them, they are too close together for a kernel of 40 MB.
    setenv kernel_addr_r 0x08000000
    setenv ramdisk_addr_r 0x10000000
    setenv tree ${fdt_addr}
else
    setenv tree ${fdtcontroladdr}
fi
if ${devtype} dev ${devnum}; then true; fi
if ${devtype} read ${ramdisk_addr_r} 0x800 1; then
    env import -c ${ramdisk_addr_r} 0x200 BOOT_ORDER BOOT_A_LEFT BOOT_B_LEFT || echo "Parley: nothing is known of the slots"
fi
# What the firmware has to say to the kernel, such as the network's address.
fdt addr ${tree}
setenv told
fdt get value told /chosen bootargs

setenv slot
for one in ${BOOT_ORDER}; do
    if test -n "${slot}"; then
        true
    elif test "${one}" = A && test ${BOOT_A_LEFT} -gt 0; then
        setexpr BOOT_A_LEFT ${BOOT_A_LEFT} - 1
        setenv slot A
        setenv part 2
    elif test "${one}" = B && test ${BOOT_B_LEFT} -gt 0; then
        setexpr BOOT_B_LEFT ${BOOT_B_LEFT} - 1
        setenv slot B
        setenv part 3
    fi
done
if test -z "${slot}"; then
    echo "Parley: no slot has a try left; all get theirs back"
    setenv BOOT_A_LEFT 3
    setenv BOOT_B_LEFT 3
fi
env export -c -s 0x200 ${ramdisk_addr_r} BOOT_ORDER BOOT_A_LEFT BOOT_B_LEFT
${devtype} write ${ramdisk_addr_r} 0x800 1
if test -z "${slot}"; then reset; fi

echo "Parley: slot ${slot}; tries left: A ${BOOT_A_LEFT}, B ${BOOT_B_LEFT}"
setenv bootargs "${told} quiet panic=10 rauc.slot=${slot}"
if load ${devtype} ${devnum}:${part} ${kernel_addr_r} /boot/kernel && load ${devtype} ${devnum}:${part} ${ramdisk_addr_r} /boot/initrd; then
    booti ${kernel_addr_r} ${ramdisk_addr_r}:${filesize} ${tree}
fi
echo "Parley: slot ${slot} has no kernel that starts"
reset
