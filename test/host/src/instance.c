#define _GNU_SOURCE
#include "host.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* src/flb_input_thread.c: an input's thread and its event loop. */

enum { MAX_COLLECTORS = 16, LONG_CALLBACK_MS = 500, LONG_EXIT_MS = 4000 };

int ring_append(struct instance *in, const void *events, size_t size);
int flb_input_set_collector_time(struct instance *in, int (*callback)(struct instance *, void *, void *),
                                 time_t seconds, long nanoseconds, void *config);

/* src/flb_plugin_proxy.c: flb_proxy_input_cb_collect */
static int proxy_collect(struct instance *in, void *config, void *context)
{
    struct plugin *p = in->plugin;
    void *events = NULL;
    size_t size = 0;

    p->callback(&events, &size);
    if (size > 0) {
        ring_append(in, events, size);
        p->cleanup(events);
    }
    return 0;
}

static void collect(struct instance *in, struct collector *c)
{
    struct stopwatch w = stopwatch_start();
    uint64_t expired;
    double took;

    if (c->timer && read(c->fd, &expired, sizeof(expired)) < 0) {
        return;
    }
    in->in_callback = true;
    c->callback(in, NULL, NULL);
    in->in_callback = false;
    took = stopwatch_ms(&w, LONG_CALLBACK_MS);
    if (took > in->longest_ms) {
        in->longest_ms = took;
    }
}

/* The proxy stops and starts the collector of the instance that was
 * initialised last, whichever is meant (src/flb_plugin_proxy.c,
 * flb_proxy_input_cb_pause). Here at least while there is that instance. */
static void proxy_pause(struct instance *in, bool paused)
{
    struct plugin *p = in->plugin;

    if (paused) {
        p->pause();
    } else {
        p->resume();
    }
    pthread_mutex_lock(&p->lock);
    if (p->last) {
        collector_find(p->last, in->proxy_collector)->running = !paused;
    }
    pthread_mutex_unlock(&p->lock);
}

static void start_collectors(struct instance *in)
{
    struct itimerspec period;
    struct collector *c;

    for (c = in->collectors; c; c = c->next) {
        if (c->timer) {
            c->fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
            period.it_interval.tv_sec = c->period_ms / 1000;
            period.it_interval.tv_nsec = c->period_ms % 1000 * 1000000;
            period.it_value = period.it_interval;
            timerfd_settime(c->fd, 0, &period, NULL);
        }
        c->running = true;
    }
}

/* Returns the command, 0 for none. */
static char wait_for_events(struct instance *in)
{
    struct pollfd fds[MAX_COLLECTORS + 1] = {{.fd = in->commands[0], .events = POLLIN}};
    struct collector *called[MAX_COLLECTORS + 1], *c;
    char command = 0;
    int n = 1, i;

    for (c = in->collectors; c && n <= MAX_COLLECTORS; c = c->next) {
        if (c->running) {
            called[n] = c;
            fds[n++] = (struct pollfd) {.fd = c->fd, .events = POLLIN};
        }
    }
    if (poll(fds, n, 100) < 0 && errno != EINTR) {
        violation("%s: poll: %s", in->name, strerror(errno));
    }
    for (i = 1; i < n; i++) {
        if (fds[i].revents & POLLNVAL) {
            violation("%s: a collector's descriptor was closed under the host", in->name);
            called[i]->running = false;
        } else if (fds[i].revents && called[i]->running) {
            collect(in, called[i]);
        }
    }
    if (fds[0].revents && read(in->commands[0], &command, 1) != 1) {
        return 0;
    }
    return command;
}

static void exit_plugin(struct instance *in, bool reload)
{
    struct stopwatch w = stopwatch_start();

    in->plugin->pre_exit(reload);
    in->plugin->exit();
    in->exit_ms = stopwatch_ms(&w, LONG_EXIT_MS);
}

static void *run(void *arg)
{
    struct instance *in = arg;
    struct plugin *p = in->plugin;
    char command, name[16];
    int status;

    thread_is_ours();
    in->thread = pthread_self();
    snprintf(name, sizeof(name), "flb-in-%.8s", in->name);
    pthread_setname_np(in->thread, name);
    p->last = p->go.instance = in;
    thread_is_starting(true);
    status = p->init(&p->go);
    thread_is_starting(false);
    if (status > 0) {
        in->proxy_collector = flb_input_set_collector_time(in, proxy_collect, opt.tick_ms / 1000,
                                                           opt.tick_ms % 1000 * 1000000, NULL);
    }
    memset(&p->go, 0x5a, sizeof(p->go)); /* it belongs to the next instance now */
    p->go.api = &host_api;
    pthread_mutex_lock(&in->lock);
    in->initialised = status > 0 ? 1 : -1;
    pthread_mutex_unlock(&in->lock);
    if (status <= 0 || read(in->commands[0], &command, 1) != 1 || command != C_START) {
        return NULL;
    }
    start_collectors(in);
    p->pre_run(1);
    for (;;) {
        switch (wait_for_events(in)) {
        case C_PAUSE: proxy_pause(in, true); break;
        case C_RESUME: proxy_pause(in, false); break;
        case C_EXIT: exit_plugin(in, false); return NULL;
        case C_EXIT_RELOAD: exit_plugin(in, true); return NULL;
        }
    }
}

/* Starts the thread and waits for the plugin's init callback. */
bool instance_start(struct instance *in)
{
    int initialised = 0;

    if (pipe(in->commands) != 0 || pthread_create(&in->thread, NULL, run, in) != 0) {
        return false;
    }
    while (initialised == 0) {
        usleep(1000);
        pthread_mutex_lock(&in->lock);
        initialised = in->initialised;
        pthread_mutex_unlock(&in->lock);
    }
    return initialised > 0;
}

void instance_command(struct instance *in, enum command c)
{
    char byte = (char) c;

    if (write(in->commands[1], &byte, 1) != 1) {
        log_line(L_ERROR, "[host] %s: cannot reach its thread", in->name);
    }
}

void instance_join(struct instance *in)
{
    pthread_join(in->thread, NULL);
    if (in->longest_ms > LONG_CALLBACK_MS) {
        violation("%s: a callback took %.0f ms", in->name, in->longest_ms);
    }
    if (in->exit_ms > LONG_EXIT_MS) {
        violation("%s: the exit took %.0f ms", in->name, in->exit_ms);
    }
}

void instance_destroy(struct instance *in)
{
    struct collector *c, *next;

    pthread_mutex_lock(&in->plugin->lock);
    if (in->plugin->last == in) {
        in->plugin->last = NULL;
    }
    pthread_mutex_unlock(&in->plugin->lock);
    ring_discard(in);
    log_line(L_INFO, "[host] %s: %llu records stored, %llu lost, %llu swallowed, longest callback %.1f ms",
             in->name, in->stored, in->lost, in->swallowed, in->longest_ms);
    for (c = in->collectors; c; c = next) {
        next = c->next;
        if (c->timer && c->fd >= 0) {
            close(c->fd);
        } else if (!c->timer && c->running) {
            violation("%s: a collector on the plugin's own descriptor was left running", in->name);
        }
        free(c);
    }
    close(in->commands[0]);
    close(in->commands[1]);
    pthread_mutex_destroy(&in->lock);
    flb_kv_release(&in->properties);
    free(in);
}
