/* What a process gives up for good: Landlock, seccomp, and the settings of prctl(2) and setrlimit(2). */
#ifndef CSANDBOX_SANDBOX_H
#define CSANDBOX_SANDBOX_H

#include <stdint.h>
#include <sys/types.h>

/* Landlock ABI of the running kernel; 0 when it has none or it is switched off. */
int csandbox_landlock_abi(void);
/* Restricts the caller with the rights of `abi` (1 and up, not above the kernel's). Only below `directory` may it read,
   write, create and remove regular files and directories; -1 for `directory` allows no file at all. Needs
   no_new_privs. -1 and errno on failure. */
int csandbox_landlock_enter(int abi, int directory);

/* The cell of a program that is not ours: with the rights of `abi` it may read and run what is below the paths of `system`,
   read what is below those of `readable`, and do everything below `directory`. A path that is not there is passed over.
   Both lists end with NULL. Needs no_new_privs. -1 and errno on failure. */
int csandbox_landlock_program(int abi, char *const system[], char *const readable[], const char *directory, int network);

/* 1 when the kernel takes seccomp filters and can kill a process by them. */
int csandbox_seccomp_available(void);
/* Installs the worker's system call filter. Needs no_new_privs. -1 and errno on failure. */
int csandbox_seccomp_enter(void);

/* The filter for a program that is not ours: no way to other processes' memory, to mounts or to the kernel's rarely used
   corners; without `network` no socket of any family. Needs no_new_privs. -1 and errno on failure. */
int csandbox_seccomp_program(int network);

int csandbox_no_new_privs(void);
/* PR_SET_DUMPABLE 0: no core, and /proc/PID belongs to root. */
int csandbox_not_dumpable(void);
/* Memory that was freed is given back to the system beyond `kept` octets only; blocks below `mapped` are not mapped one
   by one (mallopt(3)). 1 on success. */
int csandbox_keep_memory(int kept, int mapped);
/* SIGKILL when the parent ends. The caller checks getppid() afterwards: the parent may be gone already. */
int csandbox_die_with_parent(void);
/* Closes every descriptor from `first` on. */
int csandbox_close_from(unsigned int first);
/* Default action and empty mask for every signal. Ignored are SIGXFSZ and SIGPIPE (they come as errors of the write),
   and SIGHUP, SIGINT, SIGTERM: they reach a whole group of processes, and mail in flight is still to be finished. */
int csandbox_plain_signals(void);

enum csandbox_limit {
    CSANDBOX_LIMIT_ADDRESS_SPACE,
    CSANDBOX_LIMIT_FILE_SIZE,
    CSANDBOX_LIMIT_CORE,
    CSANDBOX_LIMIT_DESCRIPTORS,
    CSANDBOX_LIMIT_PROCESSES,
    CSANDBOX_LIMIT_LOCKED_MEMORY,
};
/* Sets the hard and the soft limit; a limit that is lower already stays. */
int csandbox_limit(enum csandbox_limit which, uint64_t value);

#endif
