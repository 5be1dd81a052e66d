#define _GNU_SOURCE
#include "csandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

int csandbox_memfd(const char *name) { return memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING); }

int csandbox_all_seals(void) { return F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL; }

int csandbox_seal(int fd) { return fcntl(fd, F_ADD_SEALS, csandbox_all_seals()); }

int csandbox_seals(int fd) { return fcntl(fd, F_GET_SEALS); }

int csandbox_flags(int fd) { return fcntl(fd, F_GETFL); }

int csandbox_lock(int fd) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    return fcntl(fd, F_OFD_SETLK, &lock);
}

int csandbox_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

union control {
    struct cmsghdr align;
    char space[CMSG_SPACE(sizeof(int) * CSANDBOX_MAX_FDS)];
};

ssize_t csandbox_send(int socket, const void *record, size_t length, const int *fds, size_t fd_count, int flags) {
    union control control;
    struct iovec vector = {.iov_base = (void *)record, .iov_len = length};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
    if (fd_count > CSANDBOX_MAX_FDS) {
        errno = EINVAL;
        return -1;
    }
    if (fd_count > 0) {
        memset(&control, 0, sizeof control);
        message.msg_control = &control;
        message.msg_controllen = CMSG_SPACE(sizeof(int) * fd_count);
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int) * fd_count);
        memcpy(CMSG_DATA(header), fds, sizeof(int) * fd_count);
    }
    return sendmsg(socket, &message, MSG_NOSIGNAL | flags);
}

ssize_t csandbox_receive(int socket, void *record, size_t length, int *fds, size_t *fd_count, int flags) {
    union control control;
    struct iovec vector = {.iov_base = record, .iov_len = length};
    struct msghdr message = {
        .msg_iov = &vector, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    size_t room = *fd_count;
    *fd_count = 0;
    ssize_t received = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | flags);
    if (received < 0) return -1;
    int overflow = (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header != NULL; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t index = 0; index < count; index++) {
            int fd;
            memcpy(&fd, CMSG_DATA(header) + index * sizeof(int), sizeof(int));
            if (!overflow && *fd_count < room) {
                fds[(*fd_count)++] = fd;
            } else {
                overflow = 1;
                close(fd);
            }
        }
    }
    if (overflow) {
        while (*fd_count > 0) close(fds[--*fd_count]);
        errno = EMSGSIZE;
        return -1;
    }
    return received;
}

int csandbox_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

int csandbox_pidfd_kill(int pidfd, int signal) {
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}
