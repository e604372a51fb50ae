#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <time.h>

#include "shim.h"

/*
 * Counters in the input's own metrics, which Fluent Bit shows on its HTTP
 * endpoint. The prototypes are those of lib/cmetrics/include/cmetrics/
 * cmt_counter.h, the same in every version since 2.0.
 */
static char *labels[] = {"name", "tenant", "content_type"};

#define LABELS (int) (sizeof(labels) / sizeof(labels[0]))

void *o365_counter(void *metrics, char *name, char *help)
{
    void *(*create)(void *, char *, char *, char *, char *, int, char **);

    create = dlsym(RTLD_DEFAULT, "cmt_counter_create");
    return create ? create(metrics, "fluentbit", "o365", name, help, LABELS, labels) : NULL;
}

void o365_counter_set(void *counter, double value, char *name, char *tenant, char *content_type)
{
    static int (*set)(void *, uint64_t, double, int, char **);
    char *values[] = {name, tenant, content_type};
    struct timespec now;

    if (set == NULL) {
        set = dlsym(RTLD_DEFAULT, "cmt_counter_set");
    }
    clock_gettime(CLOCK_REALTIME, &now);
    if (set != NULL) {
        set(counter, (uint64_t) now.tv_sec * 1000000000 + now.tv_nsec, value, LABELS, values);
    }
}
