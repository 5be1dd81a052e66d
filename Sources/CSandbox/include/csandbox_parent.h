/* The gateway's side: starting a process with one socket, waking a thread, asking what a file system is. All of them
   are GNU or Linux calls that Swift's Glibc module hides. */
#ifndef CSANDBOX_PARENT_H
#define CSANDBOX_PARENT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* posix_spawn(3) of path without arguments: descriptor 3 is fd, 0 and 1 are /dev/null, 2 is kept, all others are
   closed, no signal is blocked. environment ends with NULL. Returns 0 or an error number. */
int csandbox_spawn(const char *path, int fd, char *const environment[], pid_t *pid);

/* posix_spawn(3) of path with arguments in a session of its own: descriptors 0 to count - 1 are fds, all others are closed,
   no signal is blocked or ignored. Both lists end with NULL. Returns 0 or an error number. */
#define CSANDBOX_MAX_SPAWN_FDS 8
int csandbox_spawn_program(const char *path, char *const arguments[], char *const environment[], const int *fds,
                           size_t count, pid_t *pid);

/* eventfd(2), close-on-exec and non-blocking. */
int csandbox_eventfd(void);
void csandbox_eventfd_signal(int fd);
void csandbox_eventfd_clear(int fd);

/* statfs(2): type, size in octets, files that there may be and for how many there is room; 0 of both where nothing bounds them. */
int csandbox_file_system(const char *path, uint64_t *type, uint64_t *size, uint64_t *files, uint64_t *free_files);
uint64_t csandbox_tmpfs_type(void);

/* From now on a signal only writes its number as one octet to fd. One fd for all signals. */
int csandbox_forward_signal(int number, int fd);

/* 1 when a signal is ignored (SIG_IGN). */
int csandbox_signal_is_ignored(int number);

/* Gives up root for a user and group for good, but for the right to read any file and enter any directory
   (CAP_DAC_READ_SEARCH), which programs that are started from here do not have. Called while there is one thread.
   Returns 0 or an error number. */
int csandbox_become_reader(uid_t user, gid_t group);

/* Name of the calling thread, 16 octets with the NUL. */
int csandbox_thread_name(char name[16]);

/* Names the calling thread; 15 octets are kept. */
int csandbox_set_thread_name(const char *name);

#endif
