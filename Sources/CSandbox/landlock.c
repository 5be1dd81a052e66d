#define _GNU_SOURCE
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Distribution headers know the ABI of their own kernel only; the running one may be newer. Names and values are those
   of landlock(7). */
#define FS_EXECUTE (1ULL << 0)
#define FS_WRITE_FILE (1ULL << 1)
#define FS_READ_FILE (1ULL << 2)
#define FS_READ_DIR (1ULL << 3)
#define FS_REMOVE_DIR (1ULL << 4)
#define FS_REMOVE_FILE (1ULL << 5)
#define FS_MAKE_DIR (1ULL << 7)
#define FS_MAKE_REG (1ULL << 8)
#define FS_ABI_1 ((1ULL << 13) - 1)
#define FS_REFER (1ULL << 13)     /* ABI 2 */
#define FS_TRUNCATE (1ULL << 14)  /* ABI 3 */
#define FS_IOCTL_DEV (1ULL << 15) /* ABI 5 */
#define NET_ALL (1ULL << 0 | 1ULL << 1)   /* ABI 4: bind and connect of TCP */
#define SCOPE_ALL (1ULL << 0 | 1ULL << 1) /* ABI 6: abstract Unix sockets, signals */

/* The kernel takes a struct that is larger than the one it knows as long as the rest is zero. */
struct ruleset {
    uint64_t handled_access_fs;
    uint64_t handled_access_net;
    uint64_t scoped;
};

int csandbox_landlock_abi(void) {
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    return abi < 0 ? 0 : (int)abi;
}

/* Everything that the ABI can deny. */
static struct ruleset all_rights(int abi) {
    struct ruleset attributes = {.handled_access_fs = FS_ABI_1};
    if (abi >= 2) attributes.handled_access_fs |= FS_REFER;
    if (abi >= 3) attributes.handled_access_fs |= FS_TRUNCATE;
    if (abi >= 4) attributes.handled_access_net = NET_ALL;
    if (abi >= 5) attributes.handled_access_fs |= FS_IOCTL_DEV;
    if (abi >= 6) attributes.scoped = SCOPE_ALL;
    return attributes;
}

int csandbox_landlock_enter(int abi, int directory) {
    if (abi < 1) {
        errno = EINVAL;
        return -1;
    }
    struct ruleset attributes = all_rights(abi);
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0);
    if (ruleset < 0) return -1;
    int failed = 0;
    if (directory >= 0) {
        /* Not EXECUTE, and nothing but regular files and directories: no link, device, socket or FIFO can be made that
           somebody outside could follow. */
        struct landlock_path_beneath_attr rule = {
            .allowed_access = attributes.handled_access_fs & (FS_WRITE_FILE | FS_READ_FILE | FS_READ_DIR |
                FS_REMOVE_DIR | FS_REMOVE_FILE | FS_MAKE_DIR | FS_MAKE_REG | FS_TRUNCATE),
            .parent_fd = directory};
        failed = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0;
    }
    if (!failed) failed = syscall(SYS_landlock_restrict_self, ruleset, 0) != 0;
    int code = errno;
    close(ruleset);
    errno = code;
    return failed ? -1 : 0;
}

/* Allows `rights` below a path, or those of them that a file can have. */
static int allow(int ruleset, const char *path, uint64_t rights) {
    struct stat status;
    int target = open(path, O_PATH | O_CLOEXEC);
    if (target < 0) return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
    if (fstat(target, &status) == 0 && !S_ISDIR(status.st_mode))
        rights &= FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV;
    struct landlock_path_beneath_attr rule = {.allowed_access = rights, .parent_fd = target};
    int failed = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0;
    int code = errno;
    close(target);
    errno = code;
    return failed ? -1 : 0;
}

int csandbox_landlock_program(int abi, char *const system[], char *const readable[], const char *directory, int network) {
    if (abi < 1) {
        errno = EINVAL;
        return -1;
    }
    struct ruleset attributes = all_rights(abi);
    if (network) {
        attributes.handled_access_net = 0;
        /* Signals stay within; abstract sockets are network. */
        attributes.scoped &= 1ULL << 1;
    }
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0);
    if (ruleset < 0) return -1;
    uint64_t known = attributes.handled_access_fs;
    int failed = 0;
    for (size_t index = 0; !failed && system[index] != NULL; index++)
        failed = allow(ruleset, system[index], known & (FS_READ_FILE | FS_READ_DIR | FS_EXECUTE));
    for (size_t index = 0; !failed && readable[index] != NULL; index++)
        failed = allow(ruleset, readable[index], known & (FS_READ_FILE | FS_READ_DIR));
    if (!failed) failed = allow(ruleset, "/dev/null", known & (FS_READ_FILE | FS_WRITE_FILE | FS_TRUNCATE));
    /* No devices. */
    if (!failed && directory != NULL)
        failed = allow(ruleset, directory, known & ~((1ULL << 6) | (1ULL << 11) | FS_IOCTL_DEV | FS_EXECUTE));
    if (!failed) failed = syscall(SYS_landlock_restrict_self, ruleset, 0) != 0;
    int code = errno;
    close(ruleset);
    errno = code;
    return failed ? -1 : 0;
}
