#include "sandbox.h"

#include <errno.h>
#include <linux/landlock.h>
#include <stddef.h>
#include <sys/prctl.h>
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

int csandbox_landlock_enter(int abi, int directory) {
    struct ruleset attributes = {.handled_access_fs = FS_ABI_1};
    if (abi < 1) {
        errno = EINVAL;
        return -1;
    }
    if (abi >= 2) attributes.handled_access_fs |= FS_REFER;
    if (abi >= 3) attributes.handled_access_fs |= FS_TRUNCATE;
    if (abi >= 4) attributes.handled_access_net = NET_ALL;
    if (abi >= 5) attributes.handled_access_fs |= FS_IOCTL_DEV;
    if (abi >= 6) attributes.scoped = SCOPE_ALL;
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
