/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The switch of stacks for x86-64, System V calling convention: rbx, rbp, r12 to r15, the mode bits of mxcsr and the x87
 * control word. Nothing else: all other registers are the caller's to save. Shadow stacks (CET SHSTK) are not switched,
 * so this file is not marked for them and the linker leaves them off; it is marked for indirect branch tracking.
 *
 * A suspended side, from its stack pointer up:
 *    0 mxcsr   4 x87 control word   8 r15   16 r14   24 r13   32 r12   40 rbx   48 rbp   56 return address
 */
#define FRAME 56

        .text

        .globl  gri_switch_assembly
        .hidden gri_switch_assembly
        .type   gri_switch_assembly, @function
        .p2align 5
/* void gri_switch_assembly(void **other) */
gri_switch_assembly:
        .cfi_startproc
        endbr64
        subq    $FRAME, %rsp
        .cfi_adjust_cfa_offset FRAME
        movq    %rbp, 48(%rsp)
        .cfi_rel_offset %rbp, 48
        movq    %rbx, 40(%rsp)
        .cfi_rel_offset %rbx, 40
        movq    %r12, 32(%rsp)
        .cfi_rel_offset %r12, 32
        movq    %r13, 24(%rsp)
        .cfi_rel_offset %r13, 24
        movq    %r14, 16(%rsp)
        .cfi_rel_offset %r14, 16
        movq    %r15, 8(%rsp)
        .cfi_rel_offset %r15, 8
        stmxcsr (%rsp)
        fnstcw  4(%rsp)
        movl    (%rsp), %ecx
        movzwl  4(%rsp), %edx

        /* Both sides have the same layout, so the CFI holds across the change of %rsp. */
        movq    (%rdi), %rax
        movq    %rsp, (%rdi)
        movq    %rax, %rsp

        /* The modes hardly ever differ, and loading them is what costs. The status bits of mxcsr, 0 to 5, don't count. */
        xorl    (%rsp), %ecx
        testl   $0xffffffc0, %ecx
        jne     .Lmxcsr
.Lmxcsr_done:
        cmpw    4(%rsp), %dx
        jne     .Lx87
.Lx87_done:
        movq    8(%rsp), %r15
        movq    16(%rsp), %r14
        movq    24(%rsp), %r13
        movq    32(%rsp), %r12
        movq    40(%rsp), %rbx
        movq    48(%rsp), %rbp
        /* Not ret, for which the processor would predict the other side's caller. */
        movq    FRAME(%rsp), %rcx
        .cfi_remember_state
        addq    $FRAME + 8, %rsp
        .cfi_adjust_cfa_offset -(FRAME + 8)
        .cfi_register %rip, %rcx
        .cfi_restore %rbp
        .cfi_restore %rbx
        .cfi_restore %r12
        .cfi_restore %r13
        .cfi_restore %r14
        .cfi_restore %r15
        notrack jmp *%rcx

        .cfi_restore_state
.Lmxcsr:
        ldmxcsr (%rsp)
        jmp     .Lmxcsr_done
.Lx87:
        fldcw   4(%rsp)
        jmp     .Lx87_done
        .cfi_endproc
        .size   gri_switch_assembly, . - gri_switch_assembly

        .globl  gri_switch_assembly_prepare
        .hidden gri_switch_assembly_prepare
        .type   gri_switch_assembly_prepare, @function
        .p2align 4
/* void *gri_switch_assembly_prepare(char *low, char *high, void (*entry)(void *), void *argument) */
gri_switch_assembly_prepare:
        .cfi_startproc
        endbr64
        leaq    -(FRAME + 8)(%rsi), %rax
        leaq    .Lstart(%rip), %r8
        movq    %r8, FRAME(%rax)
        movq    $0, 48(%rax)            /* rbp 0 ends a walk along frame pointers */
        movq    %rcx, 40(%rax)          /* rbx: the argument */
        movq    %rdx, 32(%rax)          /* r12: the entry */
        movq    $0, 24(%rax)
        movq    $0, 16(%rax)
        movq    $0, 8(%rax)
        stmxcsr (%rax)                  /* the modes of who prepares */
        fnstcw  4(%rax)
        ret
        .cfi_endproc
        .size   gri_switch_assembly_prepare, . - gri_switch_assembly_prepare

/* Where a new side begins, with its stack empty. No caller: a debugger ends here. */
        .type   gri_switch_start, @function
        .p2align 4
gri_switch_start:
        .cfi_startproc
        .cfi_undefined %rip
        .cfi_undefined %rbp
        nop                             /* a return address less one must still be in this function */
.Lstart:
        endbr64
        movq    %rbx, %rdi
        call    *%r12
        ud2
        .cfi_endproc
        .size   gri_switch_start, . - gri_switch_start

        .section .note.GNU-stack, "", @progbits

#if defined __CET__ && (__CET__ & 1)
        .section .note.gnu.property, "a", @note
        .p2align 3
        .long   4                       /* length of the name */
        .long   16                      /* length of what follows it */
        .long   5                       /* NT_GNU_PROPERTY_TYPE_0 */
        .asciz  "GNU"
        .long   0xc0000002              /* GNU_PROPERTY_X86_FEATURE_1_AND */
        .long   4                       /* length of the value */
        .long   1                       /* IBT */
        .long   0
#endif
