#define _GNU_SOURCE
#include "host.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_START = 255, EXIT_VIOLATION = 70 };

static int signals[2];

static void handle(int signal);

/* src/fluent-bit.c, flb_signal_init: again after every SIGHUP and SIGCONT, and
 * over whatever handlers a Go runtime has put there. */
static void install_handlers(void)
{
    signal(SIGINT, handle);
    signal(SIGTERM, handle);
    signal(SIGHUP, handle);
    signal(SIGCONT, handle);
    signal(SIGSEGV, handle);
    signal(SIGFPE, handle);
}

static void handle(int number)
{
    char byte = (char) number;

    install_handlers();
    if (number == SIGSEGV || number == SIGFPE || write(signals[1], &byte, 1) < 0) {
        static const char text[] = "[host] caught a fault\n";

        if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0) {
            _exit(1);
        }
        abort();
    }
}

/* Runs the engine for a time, or without limit (0), and returns the signal that
 * ended it, if any. */
static int engine(struct plugin *p, long ms)
{
    static double next_drain, next_flush, next_sample;
    struct pollfd fd = {.fd = signals[0], .events = POLLIN};
    double now = now_ms(), until = ms ? now + ms : 0;
    struct instance *in;
    char number;

    while (!until || now < until) {
        if (poll(&fd, 1, 5) > 0 && read(signals[0], &number, 1) == 1 &&
            !until && (number == SIGTERM || number == SIGINT || number == SIGHUP)) {
            return number;
        }
        now = now_ms();
        if (now >= next_sample) {
            next_sample = now + 200;
            busy_sample();
        }
        if (ring_signalled() || now >= next_drain) {
            next_drain = now + opt.drain_ms;
            for (in = p->instances; in; in = in->next) {
                ring_drain(in);
            }
        }
        if (now >= next_flush) {
            next_flush = now + opt.flush_ms;
            for (in = p->instances; in; in = in->next) {
                ring_flush(in);
            }
        }
    }
    return 0;
}

static void stop(struct plugin *p, bool reload)
{
    log_line(L_INFO, "[engine] pausing all inputs..");
    plugin_pause_all(p);
    engine(p, opt.grace_ms);
    plugin_pause_all(p);
    plugin_exit(p, reload);
}

static struct plugin *load(bool reload)
{
    struct plugin *p = plugin_load(reload);

    if (!p || !plugin_configure(p, options_sections())) {
        exit(EXIT_START);
    }
    return p;
}

int main(int argc, char **argv)
{
    struct plugin *p, *next;

    options_parse(argc, argv);
    log_init();
    if (pipe2(signals, O_CLOEXEC | O_NONBLOCK) != 0) {
        return 1;
    }
    install_handlers();
    signal(SIGPIPE, SIG_IGN);

    p = load(false);
    if (opt.list) {
        plugin_list_options(p);
        return 0;
    }
    if (!plugin_start(p)) {
        return EXIT_START;
    }
    while (engine(p, 0) == SIGHUP) {
        log_line(L_INFO, "[reload] stop everything of the old context");
        next = load(true);
        stop(p, true);
        log_line(L_INFO, "[reload] start everything");
        p = next;
        if (!plugin_start(p)) {
            return EXIT_START;
        }
    }
    stop(p, false);
    return violations() ? EXIT_VIOLATION : 0;
}
