#define _GNU_SOURCE
#include "host.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/*
 * How long the plugin blocks its host cannot be read off a clock on a machine
 * with much to do: its threads wait for a processor, and for each other while
 * one of them does. Linux counts that time for each thread
 * (Documentation/scheduler/sched-stats.rst), and it does not count as blocked.
 */

static atomic_long sampled_us;

/* The time that the threads of this process but its main one have waited for a
 * processor so far, 0 where that is not counted. The main one is the host's, for
 * which no callback waits. */
static long waited_us(void)
{
    char path[64 + 256];
    long long run, wait;
    struct dirent *d;
    long sum = 0;
    DIR *tasks = opendir("/proc/self/task");
    FILE *f;

    while (tasks && (d = readdir(tasks))) {
        if (atoi(d->d_name) <= 0 || atoi(d->d_name) == getpid()) {
            continue;
        }
        snprintf(path, sizeof(path), "/proc/self/task/%s/schedstat", d->d_name);
        if (!(f = fopen(path, "re"))) {
            continue;
        }
        if (fscanf(f, "%lld %lld", &run, &wait) == 2) {
            sum += wait / 1000;
        }
        fclose(f);
    }
    if (tasks) {
        closedir(tasks);
    }
    return sum;
}

/* Called by the engine several times a second, since it takes longer than most
 * callbacks. */
void busy_sample(void) { sampled_us = waited_us(); }

struct stopwatch stopwatch_start(void) { return (struct stopwatch) {now_ms(), sampled_us}; }

double stopwatch_ms(const struct stopwatch *w, double limit)
{
    double took = now_ms() - w->start_ms, waited;

    if (took <= limit) {
        return took;
    }
    waited = (waited_us() - w->waited_us) / 1e3;
    return waited <= 0 ? took : waited < took ? took - waited : 0;
}
