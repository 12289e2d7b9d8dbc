/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The switch of stacks for aarch64, AAPCS64: x19 to x28, the frame pointer x29, the return address x30, the low halves
 * d8 to d15 of v8 to v15, and fpcr. Nothing else: all other registers are the caller's to save. x18 is the platform's.
 *
 * A suspended side, from its stack pointer up:
 *    0 x29   8 x30   16 x19 ... 88 x28   96 d8 ... 152 d15   160 fpcr   168 unused
 */
#define FRAME 176

        .text

        .globl  gri_switch_assembly
        .hidden gri_switch_assembly
        .type   gri_switch_assembly, %function
        .p2align 5
/* void gri_switch_assembly(void **other) */
gri_switch_assembly:
        .cfi_startproc
        hint    #34                     /* bti c */
        stp     x29, x30, [sp, #-FRAME]!
        .cfi_adjust_cfa_offset FRAME
        .cfi_rel_offset x29, 0
        .cfi_rel_offset x30, 8
        stp     x19, x20, [sp, #16]
        .cfi_rel_offset x19, 16
        .cfi_rel_offset x20, 24
        stp     x21, x22, [sp, #32]
        .cfi_rel_offset x21, 32
        .cfi_rel_offset x22, 40
        stp     x23, x24, [sp, #48]
        .cfi_rel_offset x23, 48
        .cfi_rel_offset x24, 56
        stp     x25, x26, [sp, #64]
        .cfi_rel_offset x25, 64
        .cfi_rel_offset x26, 72
        stp     x27, x28, [sp, #80]
        .cfi_rel_offset x27, 80
        .cfi_rel_offset x28, 88
        stp     d8, d9, [sp, #96]
        .cfi_rel_offset d8, 96
        .cfi_rel_offset d9, 104
        stp     d10, d11, [sp, #112]
        .cfi_rel_offset d10, 112
        .cfi_rel_offset d11, 120
        stp     d12, d13, [sp, #128]
        .cfi_rel_offset d12, 128
        .cfi_rel_offset d13, 136
        stp     d14, d15, [sp, #144]
        .cfi_rel_offset d14, 144
        .cfi_rel_offset d15, 152
        mrs     x9, fpcr
        str     x9, [sp, #160]

        /* Both sides have the same layout, so the CFI holds across the change of sp. */
        ldr     x10, [x0]
        mov     x11, sp
        str     x11, [x0]
        mov     sp, x10

        /* The modes hardly ever differ, and writing them is slow. */
        ldr     x10, [sp, #160]
        cmp     x9, x10
        b.ne    .Lfpcr
.Lfpcr_done:
        ldp     x19, x20, [sp, #16]
        ldp     x21, x22, [sp, #32]
        ldp     x23, x24, [sp, #48]
        ldp     x25, x26, [sp, #64]
        ldp     x27, x28, [sp, #80]
        ldp     d8, d9, [sp, #96]
        ldp     d10, d11, [sp, #112]
        ldp     d12, d13, [sp, #128]
        ldp     d14, d15, [sp, #144]
        .cfi_remember_state
        ldp     x29, x30, [sp], #FRAME
        .cfi_adjust_cfa_offset -FRAME
        .cfi_restore x29
        .cfi_restore x30
        .cfi_restore x19
        .cfi_restore x20
        .cfi_restore x21
        .cfi_restore x22
        .cfi_restore x23
        .cfi_restore x24
        .cfi_restore x25
        .cfi_restore x26
        .cfi_restore x27
        .cfi_restore x28
        .cfi_restore d8
        .cfi_restore d9
        .cfi_restore d10
        .cfi_restore d11
        .cfi_restore d12
        .cfi_restore d13
        .cfi_restore d14
        .cfi_restore d15
        ret

        .cfi_restore_state
.Lfpcr:
        msr     fpcr, x10
        b       .Lfpcr_done
        .cfi_endproc
        .size   gri_switch_assembly, . - gri_switch_assembly

        .globl  gri_switch_assembly_prepare
        .hidden gri_switch_assembly_prepare
        .type   gri_switch_assembly_prepare, %function
        .p2align 4
/* void *gri_switch_assembly_prepare(char *low, char *high, void (*entry)(void *), void *argument) */
gri_switch_assembly_prepare:
        .cfi_startproc
        hint    #34                     /* bti c */
        sub     x0, x1, #FRAME
        adr     x9, .Lstart
        stp     xzr, x9, [x0]           /* x29 0 ends a walk along frame pointers; x30 */
        stp     x2, x3, [x0, #16]       /* x19: the entry; x20: the argument */
        stp     xzr, xzr, [x0, #32]
        stp     xzr, xzr, [x0, #48]
        stp     xzr, xzr, [x0, #64]
        stp     xzr, xzr, [x0, #80]
        stp     xzr, xzr, [x0, #96]
        stp     xzr, xzr, [x0, #112]
        stp     xzr, xzr, [x0, #128]
        stp     xzr, xzr, [x0, #144]
        mrs     x9, fpcr                /* the modes of who prepares */
        stp     x9, xzr, [x0, #160]
        ret
        .cfi_endproc
        .size   gri_switch_assembly_prepare, . - gri_switch_assembly_prepare

/* Where a new side begins, with its stack empty. No caller: a debugger ends here. */
        .type   gri_switch_start, %function
        .p2align 4
gri_switch_start:
        .cfi_startproc
        .cfi_undefined x30
        nop                             /* a return address less one must still be in this function */
.Lstart:
        mov     x0, x20
        blr     x19
        brk     #1
        .cfi_endproc
        .size   gri_switch_start, . - gri_switch_start

        .section .note.GNU-stack, "", %progbits

#ifdef __ARM_FEATURE_BTI_DEFAULT
        .section .note.gnu.property, "a", %note
        .p2align 3
        .long   4                       /* length of the name */
        .long   16                      /* length of what follows it */
        .long   5                       /* NT_GNU_PROPERTY_TYPE_0 */
        .asciz  "GNU"
        .long   0xc0000000              /* GNU_PROPERTY_AARCH64_FEATURE_1_AND */
        .long   4                       /* length of the value */
        .long   1                       /* BTI */
        .long   0
#endif
