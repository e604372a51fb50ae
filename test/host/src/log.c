#define _GNU_SOURCE
#include "host.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static atomic_int violation_count;
static __thread bool ours, starting;

void thread_is_ours(void) { ours = true; }

bool on_our_thread(void) { return ours; }

void thread_is_starting(bool yes) { starting = yes; }

bool on_starting_thread(void) { return starting; }

double now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static void print(int level, const char *text)
{
    static const char *names[] = {"", "error", " warn", " info", "debug", "trace"};
    char line[8192];
    struct timespec t;
    struct tm tm;
    size_t n;

    clock_gettime(CLOCK_REALTIME, &t);
    localtime_r(&t.tv_sec, &tm);
    n = strftime(line, sizeof(line), "[%Y/%m/%d %H:%M:%S", &tm);
    n += snprintf(line + n, sizeof(line) - n, ".%03ld] [%s] %s", t.tv_nsec / 1000000,
                  names[level < L_ERROR || level > L_TRACE ? 0 : level], text);
    if (n > sizeof(line) - 2) {
        n = sizeof(line) - 2;
    }
    line[n++] = '\n';
    if (write(STDERR_FILENO, line, n) < 0) {
        return;
    }
}

void log_line(int level, const char *format, ...)
{
    char text[8000];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    print(level, text);
}

void violation(const char *format, ...)
{
    char text[1000];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    violation_count++;
    log_line(L_ERROR, "[host] violation: %s", text);
}

int violations(void) { return violation_count; }

/* api->log_print */
static void log_print(int level, const char *file, int line, const char *format, ...)
{
    char text[8000];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (!ours) {
        violation("logged on a thread that is not the host's: %s", text);
    }
    if (level < L_ERROR || level > L_TRACE || strchr(text, '\n')) {
        violation("a log line of level %d with a line break: %s", level, text);
    }
    print(level, text);
}

void log_init(void)
{
    host_api.log_print = log_print;
    thread_is_ours();
}
