#define _GNU_SOURCE
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "the system call table is written for x86_64 and aarch64"
#endif

/* What reading, decoding and scanning one message needs: memory, files that Landlock lets through, the socket that is
   open already, the clock. */
static const int allowed[] = {
    SYS_read, SYS_write, SYS_pread64, SYS_pwrite64, SYS_readv, SYS_writev, SYS_lseek, SYS_close, SYS_fstat,
    SYS_newfstatat, SYS_statx, SYS_fstatfs, SYS_statfs, SYS_openat, SYS_unlinkat, SYS_mkdirat, SYS_faccessat,
    SYS_getdents64, SYS_ftruncate, SYS_fadvise64, SYS_dup, SYS_getcwd, SYS_munmap, SYS_mremap, SYS_madvise, SYS_brk,
    SYS_recvmsg, SYS_sendmsg, SYS_ppoll, SYS_futex, SYS_sched_yield, SYS_getrandom, SYS_clock_gettime,
    SYS_clock_getres, SYS_gettimeofday, SYS_times, SYS_getrusage, SYS_getpid, SYS_getppid, SYS_gettid, SYS_getuid,
    SYS_geteuid, SYS_getgid, SYS_getegid, SYS_uname, SYS_sysinfo, SYS_rt_sigaction, SYS_rt_sigprocmask,
    SYS_rt_sigreturn, SYS_sigaltstack, SYS_restart_syscall, SYS_exit, SYS_exit_group,
#ifdef __NR_faccessat2
    __NR_faccessat2,
#endif
#ifdef SYS_open /* calls that only older architectures have */
    SYS_open, SYS_stat, SYS_lstat, SYS_access, SYS_mkdir, SYS_rmdir, SYS_unlink, SYS_poll, SYS_time, SYS_getrlimit,
#endif
};

/* What no message can need. A process that tries was taken over: it is ended at once, with SIGSYS for the log. Every
   other call that is not in a table fails with EPERM. */
static const int deadly[] = {
    SYS_execve, SYS_execveat, SYS_clone, SYS_clone3, SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev,
    SYS_socket, SYS_socketpair, SYS_connect, SYS_bind, SYS_listen, SYS_accept, SYS_accept4, SYS_bpf,
    SYS_perf_event_open, SYS_mount, SYS_umount2, SYS_move_mount, SYS_open_tree, SYS_fsopen, SYS_fsmount, SYS_fsconfig,
    SYS_pivot_root, SYS_chroot, SYS_unshare, SYS_setns, SYS_keyctl, SYS_add_key, SYS_request_key, SYS_io_uring_setup,
    SYS_io_uring_enter, SYS_io_uring_register, SYS_userfaultfd, SYS_open_by_handle_at, SYS_name_to_handle_at,
    SYS_pidfd_open, SYS_pidfd_getfd, SYS_init_module, SYS_finit_module, SYS_delete_module, SYS_kexec_load,
    SYS_kexec_file_load, SYS_reboot, SYS_swapon, SYS_swapoff, SYS_acct,
#ifdef SYS_fork
    SYS_fork, SYS_vfork,
#endif
};

/* fcntl(2) without F_SETOWN and F_SETSIG, by which a process sends signals to others of its user. */
static const int fcntl_commands[] = {F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL, F_GET_SEALS};

enum { MAXIMUM = 512 };

struct program {
    struct sock_filter code[MAXIMUM];
    unsigned short count;
};

static void add(struct program *program, struct sock_filter instruction) {
    if (program->count < MAXIMUM) program->code[program->count++] = instruction;
}

static void load(struct program *program, size_t offset) {
    add(program, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

static void answer(struct program *program, uint32_t action) {
    add(program, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
}

/* Answers when the value in the accumulator is `value`; otherwise goes on. */
static void answer_if(struct program *program, uint32_t value, uint32_t action) {
    add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1));
    answer(program, action);
}

/* Lower half of argument `index`; both architectures are little endian. */
static size_t argument(int index) { return offsetof(struct seccomp_data, args) + sizeof(uint64_t) * (size_t)index; }

static const uint32_t DENY = SECCOMP_RET_ERRNO | EPERM;
static const uint32_t KILL = SECCOMP_RET_KILL_PROCESS;
static const uint32_t ALLOW = SECCOMP_RET_ALLOW;

/* Memory that is not executable: mmap(2) or mprotect(2), protection in argument 2. */
static void not_executable(struct program *program, int call) {
    add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call, 0, 4));
    load(program, argument(2));
    add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1));
    answer(program, DENY);
    answer(program, ALLOW);
}

static void build(struct program *program) {
    load(program, offsetof(struct seccomp_data, arch));
    add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0));
    answer(program, KILL);
    load(program, offsetof(struct seccomp_data, nr));
#if defined(__x86_64__)
    /* The x32 numbers are a second way to every call. */
    add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1));
    answer(program, KILL);
#endif
    not_executable(program, SYS_mmap);
    not_executable(program, SYS_mprotect);
    for (size_t index = 0; index < sizeof allowed / sizeof *allowed; index++)
        answer_if(program, (uint32_t)allowed[index], ALLOW);
    for (size_t index = 0; index < sizeof deadly / sizeof *deadly; index++)
        answer_if(program, (uint32_t)deadly[index], KILL);

    size_t commands = sizeof fcntl_commands / sizeof *fcntl_commands;
    add(program, (struct sock_filter)BPF_JUMP(
        BPF_JMP | BPF_JEQ | BPF_K, SYS_fcntl, 0, (uint8_t)(1 + 2 * commands + 1)));
    load(program, argument(1));
    for (size_t index = 0; index < commands; index++) answer_if(program, (uint32_t)fcntl_commands[index], ALLOW);
    answer(program, DENY);

    /* prlimit64(2) only to ask for a limit of one's own: it can also change those of others of the same user. */
    add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_prlimit64, 0, 7));
    load(program, argument(0));
    add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 5));
    load(program, argument(2));
    add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 3));
    load(program, argument(2) + sizeof(uint32_t));
    add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1));
    answer(program, ALLOW);
    answer(program, DENY);
}

/* What no scanner needs and a taken-over one could use against its neighbours or the kernel. */
static const int refused[] = {
    SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_pidfd_getfd, SYS_bpf, SYS_perf_event_open, SYS_mount,
    SYS_umount2, SYS_move_mount, SYS_open_tree, SYS_fsopen, SYS_fsmount, SYS_fsconfig, SYS_pivot_root, SYS_chroot,
    SYS_unshare, SYS_setns, SYS_keyctl, SYS_add_key, SYS_request_key, SYS_io_uring_setup, SYS_io_uring_enter,
    SYS_io_uring_register, SYS_userfaultfd, SYS_open_by_handle_at, SYS_name_to_handle_at, SYS_init_module,
    SYS_finit_module, SYS_delete_module, SYS_kexec_load, SYS_kexec_file_load, SYS_reboot, SYS_swapon, SYS_swapoff,
    SYS_acct,
    /* A session or group of its own would outlive the end of the scanner's. */
    SYS_setsid, SYS_setpgid,
};

static void build_for_program(struct program *program, int network) {
    load(program, offsetof(struct seccomp_data, arch));
    /* 32-bit programs have numbers of their own; the table is not written for them. */
    add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0));
    answer(program, KILL);
    load(program, offsetof(struct seccomp_data, nr));
#if defined(__x86_64__)
    add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1));
    answer(program, KILL);
#endif
    for (size_t index = 0; index < sizeof refused / sizeof *refused; index++)
        answer_if(program, (uint32_t)refused[index], DENY);
    if (!network) answer_if(program, SYS_socket, SECCOMP_RET_ERRNO | EACCES);
    answer(program, ALLOW);
}

static int install(struct program *program) {
    if (program->count >= MAXIMUM) {
        errno = E2BIG;
        return -1;
    }
    struct sock_fprog filter = {.len = program->count, .filter = program->code};
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter);
}

int csandbox_seccomp_program(int network) {
    struct program program = {.count = 0};
    build_for_program(&program, network);
    return install(&program);
}

int csandbox_seccomp_available(void) {
    uint32_t action = SECCOMP_RET_KILL_PROCESS;
    return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

int csandbox_seccomp_enter(void) {
    struct program program = {.count = 0};
    build(&program);
    return install(&program);
}
