#define _GNU_SOURCE
#include "sandbox.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

int csandbox_no_new_privs(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }

int csandbox_not_dumpable(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

int csandbox_keep_memory(int kept, int mapped) {
    return mallopt(M_TRIM_THRESHOLD, kept) && mallopt(M_MMAP_THRESHOLD, mapped);
}

int csandbox_die_with_parent(void) { return prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); }

int csandbox_close_from(unsigned int first) { return (int)syscall(SYS_close_range, first, ~0U, 0); }

static int ignored(int number) {
    switch (number) {
    case SIGXFSZ: case SIGPIPE: case SIGHUP: case SIGINT: case SIGTERM: return 1;
    default: return 0;
    }
}

int csandbox_plain_signals(void) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    for (int number = 1; number < NSIG; number++) {
        if (number == SIGKILL || number == SIGSTOP) continue;
        action.sa_handler = ignored(number) ? SIG_IGN : SIG_DFL;
        /* The C library keeps two numbers for itself and refuses them. */
        if (sigaction(number, &action, NULL) != 0 && errno != EINVAL) return -1;
    }
    sigset_t none;
    sigemptyset(&none);
    return sigprocmask(SIG_SETMASK, &none, NULL);
}

int csandbox_limit(enum csandbox_limit which, uint64_t value) {
    static const int resources[] = {RLIMIT_AS, RLIMIT_FSIZE, RLIMIT_CORE, RLIMIT_NOFILE, RLIMIT_NPROC, RLIMIT_MEMLOCK};
    struct rlimit limit;
    if (getrlimit(resources[which], &limit) != 0) return -1;
    if (limit.rlim_max > value) limit.rlim_max = value;
    limit.rlim_cur = limit.rlim_max;
    return setrlimit(resources[which], &limit);
}
