#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stddef.h>

#include "shim.h"

/*
 * Fluent Bit installs its own handlers again at every SIGHUP (hot reload) and
 * SIGCONT (dump): src/fluent-bit.c, flb_signal_handler. Go's are gone then, and
 * a nil dereference that Go would turn into a panic aborts the process. The
 * flag SA_ONSTACK is gone as well, without which a signal that arrives on a
 * thread of Go's runs on a goroutine's small stack.
 */
static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE};
static const int others[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGCONT};

#define COUNT(a) (int) (sizeof(a) / sizeof((a)[0]))

static struct sigaction gos[COUNT(faults)];
static int saved[COUNT(faults)];

static void *object_of(void *address)
{
    Dl_info info;

    return address != NULL && dladdr(address, &info) ? info.dli_fbase : NULL;
}

/* Remembers Go's handlers, once: later they may be Fluent Bit's. */
void o365_signals_save(void)
{
    struct sigaction now;
    void *self = object_of((void *) o365_signals_save);
    int i;

    for (i = 0; i < COUNT(faults); i++) {
        if (!saved[i] && sigaction(faults[i], NULL, &now) == 0 &&
            object_of((void *) now.sa_sigaction) == self) {
            gos[i] = now;
            saved[i] = 1;
        }
    }
}

/*
 * Restores what Fluent Bit has changed and returns the number of signals. Only
 * Fluent Bit's own handlers are replaced: any other belongs to a plugin loaded
 * after this one, and calls the handlers of this one.
 */
int o365_signals_restore(void *api)
{
    /* The first function of the table lies in Fluent Bit itself. */
    void *fluent_bit = object_of(*(void **) api);
    struct sigaction now;
    int changed = 0;
    int i;

    for (i = 0; i < COUNT(faults); i++) {
        if (saved[i] && sigaction(faults[i], NULL, &now) == 0 &&
            now.sa_sigaction != gos[i].sa_sigaction &&
            object_of((void *) now.sa_sigaction) == fluent_bit) {
            changed += sigaction(faults[i], &gos[i], NULL) == 0;
        }
    }
    for (i = 0; i < COUNT(others); i++) {
        if (sigaction(others[i], NULL, &now) == 0 && now.sa_handler != SIG_DFL &&
            now.sa_handler != SIG_IGN && !(now.sa_flags & SA_ONSTACK)) {
            now.sa_flags |= SA_ONSTACK;
            changed += sigaction(others[i], &now, NULL) == 0;
        }
    }
    return changed;
}
