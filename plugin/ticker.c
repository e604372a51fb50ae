#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/timerfd.h>
#endif

#include "_cgo_export.h"
#include "shim.h"

/* Whether the input of this thread has a collector of its own. */
static __thread int has_ticker;

/*
 * The host calls this once a second (PROXY_CALLBACK_TIME, src/flb_plugin_proxy.c).
 * An input that ticks by itself and appends its batches has nothing to do then, and
 * Go's runtime sleeps on.
 */
int FLBPluginInputCallback(void **data, size_t *size)
{
    if (has_ticker && o365_can_append()) {
        *data = NULL;
        *size = 0;
        return 1;
    }
    return o365Collect(data, size);
}

/*
 * That call does not come while this input or another instance is paused: a pause
 * stops the collector of the instance that was initialised last. So every instance
 * registers a collector of its own, as the C inputs do in their cb_init.
 *
 * It is an event collector on the plugin's own timer rather than a time
 * collector: up to 3.2 the host closes a time collector's descriptor twice, and
 * by the second time it may belong to a connection of the plugin.
 */
#ifdef __linux__

static int collect(void *instance, void *config, void *context)
{
    o365Tick();
    return 0;
}

/* Returns the collector's number, or -1. config is read by the host only for
 * inputs without a thread of their own (src/flb_input.c, collector_create). */
int o365_ticker_open(void *instance, long period_ms, int *fd)
{
    int (*set_collector)(void *, int (*)(void *, void *, void *), int, void *);
    int id;

    set_collector = dlsym(RTLD_DEFAULT, "flb_input_set_collector_event");
    if (set_collector == NULL || dlsym(RTLD_DEFAULT, "flb_input_collector_pause") == NULL) {
        return -1;
    }
    *fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (*fd < 0) {
        return -1;
    }
    o365_ticker_set(*fd, period_ms);
    id = set_collector(instance, collect, *fd, NULL);
    if (id < 0) {
        close(*fd);
    }
    has_ticker = id >= 0;
    return id;
}

void o365_ticker_set(int fd, long period_ms)
{
    struct itimerspec period;

    period.it_interval.tv_sec = period_ms / 1000;
    period.it_interval.tv_nsec = period_ms % 1000 * 1000000;
    period.it_value = period.it_interval;
    timerfd_settime(fd, 0, &period, NULL);
}

void o365_ticker_ack(int fd)
{
    uint64_t expired;

    if (read(fd, &expired, sizeof(expired)) < 0) {
        return;
    }
}

/* The collector leaves the event loop first: otherwise the host would remove it
 * later, when the descriptor may already belong to something else. */
void o365_ticker_close(void *instance, int collector, int fd)
{
    int (*pause)(int, void *) = dlsym(RTLD_DEFAULT, "flb_input_collector_pause");

    pause(collector, instance);
    close(fd);
    has_ticker = 0;
}

#else

int o365_ticker_open(void *instance, long period_ms, int *fd) { return -1; }
void o365_ticker_set(int fd, long period_ms) {}
void o365_ticker_ack(int fd) {}
void o365_ticker_close(void *instance, int collector, int fd) {}

#endif
