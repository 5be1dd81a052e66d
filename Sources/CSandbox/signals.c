#define _GNU_SOURCE
#include "csandbox_parent.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t target = -1;

static void forward(int number) {
    int saved = errno;
    unsigned char byte = (unsigned char)number;
    /* A full pipe holds signals enough. */
    ssize_t ignored = write(target, &byte, 1);
    (void)ignored;
    errno = saved;
}

int csandbox_forward_signal(int number, int fd) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = forward;
    action.sa_flags = SA_RESTART;
    target = fd;
    return sigaction(number, &action, NULL);
}

int csandbox_signal_is_ignored(int number) {
    struct sigaction action;
    return sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}
