#define _GNU_SOURCE
#include "csandbox_parent.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/vfs.h>
#include <unistd.h>

int csandbox_spawn(const char *path, int fd, char *const environment[], pid_t *pid) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    char *const arguments[] = {(char *)path, NULL};
    int code = posix_spawn_file_actions_init(&actions);
    if (code != 0) return code;
    code = posix_spawnattr_init(&attributes);
    if (code == 0) {
        sigemptyset(&none);
        code = posix_spawn_file_actions_adddup2(&actions, fd, 3);
        if (code == 0) code = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDWR, 0);
        if (code == 0) code = posix_spawn_file_actions_adddup2(&actions, 0, 1);
        if (code == 0) code = posix_spawn_file_actions_addclosefrom_np(&actions, 4);
        if (code == 0) code = posix_spawnattr_setsigmask(&attributes, &none);
        if (code == 0) code = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
        if (code == 0) code = posix_spawn(pid, path, &actions, &attributes, arguments, environment);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return code;
}

int csandbox_spawn_program(const char *path, char *const arguments[], char *const environment[], const int *fds,
                           size_t count, pid_t *pid) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    int high[CSANDBOX_MAX_SPAWN_FDS];
    size_t held = 0;
    if (count > CSANDBOX_MAX_SPAWN_FDS) return EINVAL;
    int code = posix_spawn_file_actions_init(&actions);
    if (code != 0) return code;
    code = posix_spawnattr_init(&attributes);
    if (code == 0) {
        /* Above every number that is a target: none may be overwritten before it was copied. */
        for (; code == 0 && held < count; held++) {
            high[held] = fcntl(fds[held], F_DUPFD_CLOEXEC, 64);
            if (high[held] < 0) {
                code = errno;
                break;
            }
        }
        for (size_t index = 0; code == 0 && index < count; index++)
            code = posix_spawn_file_actions_adddup2(&actions, high[index], (int)index);
        sigemptyset(&none);
        sigfillset(&all);
        if (code == 0) code = posix_spawn_file_actions_addclosefrom_np(&actions, (int)count);
        if (code == 0) code = posix_spawnattr_setsigmask(&attributes, &none);
        if (code == 0) code = posix_spawnattr_setsigdefault(&attributes, &all);
        if (code == 0)
            code = posix_spawnattr_setflags(
                &attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
        if (code == 0) code = posix_spawn(pid, path, &actions, &attributes, arguments, environment);
        while (held > 0) close(high[--held]);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return code;
}

int csandbox_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

void csandbox_eventfd_signal(int fd) { eventfd_write(fd, 1); }

void csandbox_eventfd_clear(int fd) {
    eventfd_t count;
    eventfd_read(fd, &count);
}

int csandbox_file_system(const char *path, uint64_t *type, uint64_t *size, uint64_t *files, uint64_t *free_files) {
    struct statfs status;
    if (statfs(path, &status) != 0) return -1;
    *type = (uint64_t)status.f_type;
    *size = (uint64_t)status.f_blocks * (uint64_t)status.f_bsize;
    *files = (uint64_t)status.f_files;
    *free_files = (uint64_t)status.f_ffree;
    return 0;
}

uint64_t csandbox_tmpfs_type(void) { return TMPFS_MAGIC; }

int csandbox_thread_name(char name[16]) { return prctl(PR_GET_NAME, name, 0, 0, 0); }
int csandbox_set_thread_name(const char *name) { return prctl(PR_SET_NAME, name, 0, 0, 0); }
