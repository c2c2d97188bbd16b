# SPDX-License-Identifier: LGPL-2.1-or-later
#
# guest-mini: the smallest guest that can be told to power off, a 512-byte boot sector.
#
# It prints "guest-mini: up" on COM1, sleeps, and powers the machine off when the ACPI power button is
# pressed. Assembled with DEAF=1 it ignores the button. The ports are where SeaBIOS puts the power
# management block of both pc and q35.

	.code16

	.set	COM1_DATA, 0x3f8
	.set	COM1_LINE_STATUS, 0x3fd
	.set	PM1_STATUS, 0x600
	.set	PM1_ENABLE, 0x602
	.set	PM1_CONTROL, 0x604
	.set	POWER_BUTTON, 1 << 8
	.set	SLEEP_ENABLE_S5, 0x2000

	.ifndef	DEAF
	.set	DEAF, 0
	.endif

	.globl	_start
_start:
	ljmp	$0, $main		# some BIOSes start at 07c0:0000
main:
	xorw	%ax, %ax
	movw	%ax, %ds
	movw	%ax, %ss
	movw	$0x7c00, %sp
	cld

	movw	$up, %si
	call	print

	# The BIOS may have left SCI_EN clear; the button's status bit is set either way.
	movw	$PM1_ENABLE, %dx
	movw	$POWER_BUTTON, %ax
	outw	%ax, %dx

	# The BIOS's own timer, 18 times a second, ends each hlt.
sleep:
	sti
	hlt
	.if	!DEAF
	movw	$PM1_STATUS, %dx
	inw	%dx, %ax
	testw	$POWER_BUTTON, %ax
	jz	sleep

	movw	$button, %si
	call	print
	movw	$PM1_CONTROL, %dx
	movw	$SLEEP_ENABLE_S5, %ax
	outw	%ax, %dx
	.endif
	jmp	sleep

# print: writes the string at %si on COM1 and waits until the last byte has left.
print:
	movw	$COM1_LINE_STATUS, %dx
	inb	%dx, %al
	testb	$0x20, %al
	jz	print
	lodsb
	testb	%al, %al
	jz	1f
	movw	$COM1_DATA, %dx
	outb	%al, %dx
	jmp	print
1:	ret

up:	.asciz	"guest-mini: up\r\n"
button:	.asciz	"guest-mini: power button\r\n"

	.org	510
	.word	0xaa55
