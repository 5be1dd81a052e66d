/* What Linux offers that Swift's Glibc module cannot import: variadic or new system calls, and control messages. */
#ifndef CSANDBOX_H
#define CSANDBOX_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "csandbox_parent.h"

/* memfd_create(2) with MFD_CLOEXEC | MFD_ALLOW_SEALING; -1 and errno on failure. */
int csandbox_memfd(const char *name);
/* F_ADD_SEALS: shrink, grow, write, seal. */
int csandbox_seal(int fd);
/* The seals on fd, or -1; the number that csandbox_seal sets. */
int csandbox_seals(int fd);
int csandbox_all_seals(void);
/* F_GETFL. */
int csandbox_flags(int fd);

/* A write lock on the whole file that belongs to the open file (F_OFD_SETLK): it meets the locks of fcntl(2) that other
   processes hold, and those of other threads. -1 with EAGAIN or EACCES when somebody has one. */
int csandbox_lock(int fd);

/* pipe2(2), close-on-exec. */
int csandbox_pipe(int ends[2]);

/* One SEQPACKET record with up to CSANDBOX_MAX_FDS descriptors, MSG_NOSIGNAL. Returns the bytes sent or -1. */
#define CSANDBOX_MAX_FDS 8
ssize_t csandbox_send(int socket, const void *record, size_t length, const int *fds, size_t fd_count, int flags);
/* Receives one record; descriptors get CLOEXEC. A record or control part that was cut fails with EMSGSIZE and leaves
   no descriptor open. *fd_count: in the room, out the number. Returns 0 at the end of the stream. */
ssize_t csandbox_receive(int socket, void *record, size_t length, int *fds, size_t *fd_count, int flags);

int csandbox_pidfd_open(pid_t pid);
int csandbox_pidfd_kill(int pidfd, int signal);

#endif
