#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "shim.h"

/*
 * The plugin's metrics among the input's, which Fluent Bit publishes on its HTTP
 * endpoint. The prototypes are those of cmt_counter.h, cmt_gauge.h and
 * cmt_histogram.h in lib/cmetrics/include/cmetrics, the same in every version
 * since 2.0.
 */
typedef void *create_metric(void *, char *, char *, char *, char *, int, char **);
typedef int set_metric(void *, uint64_t, double, int, char **);
typedef void *create_buckets(double *, size_t);
typedef void *create_histogram(void *, char *, char *, char *, char *, void *, int, char **);
typedef int set_histogram(void *, uint64_t, uint64_t *, double, uint64_t, int, char **);

static struct {
    create_metric *counter, *gauge;
    set_metric *set_counter, *set_gauge;
    create_buckets *buckets;
    create_histogram *histogram;
    set_histogram *set_histogram;
    int histograms; /* can be published */
} host;

static int histograms_work(void);

void o365_metrics_find(void)
{
    host.counter = (create_metric *) dlsym(RTLD_DEFAULT, "cmt_counter_create");
    host.gauge = (create_metric *) dlsym(RTLD_DEFAULT, "cmt_gauge_create");
    host.set_counter = (set_metric *) dlsym(RTLD_DEFAULT, "cmt_counter_set");
    host.set_gauge = (set_metric *) dlsym(RTLD_DEFAULT, "cmt_gauge_set");
    host.buckets = (create_buckets *) dlsym(RTLD_DEFAULT, "cmt_histogram_buckets_create_size");
    host.histogram = (create_histogram *) dlsym(RTLD_DEFAULT, "cmt_histogram_create");
    host.set_histogram = (set_histogram *) dlsym(RTLD_DEFAULT, "cmt_histogram_set_default");
    host.histograms = host.buckets && host.histogram && host.set_histogram && histograms_work();
}

/*
 * To publish an input's metrics the host copies them
 * (src/flb_metrics_exporter.c). Up to 3.0.1 its copy of a histogram reads as many
 * buckets as there were observations, and up to 4.2.1, with exceptions, it omits
 * the last bucket. A histogram with one observation and one bucket reveals
 * whether the host is correct, and is harmless if it is not.
 */
static int histograms_work(void)
{
    void *(*context_create)(void) = dlsym(RTLD_DEFAULT, "cmt_create");
    void (*context_destroy)(void *) = dlsym(RTLD_DEFAULT, "cmt_destroy");
    int (*copy)(void *, void *) = dlsym(RTLD_DEFAULT, "cmt_cat");
    char *(*text_create)(void *, int) = dlsym(RTLD_DEFAULT, "cmt_encode_prometheus_create");
    void (*text_destroy)(char *) = dlsym(RTLD_DEFAULT, "cmt_encode_prometheus_destroy");
    char *keys[] = {"of"}, *values[] = {"us"};
    uint64_t counts[] = {1, 1};
    double bound = 1;
    void *from, *to, *histogram;
    char *text = NULL;
    int right = 0;

    if (!context_create || !context_destroy || !copy || !text_create || !text_destroy) {
        return 0;
    }
    from = context_create();
    to = context_create();
    if (from && to) {
        histogram = host.histogram(from, "o365", "probe", "h", "h", host.buckets(&bound, 1), 1, keys);
        if (histogram && host.set_histogram(histogram, 1, counts, 1, 1, 1, values) == 0 && copy(to, from) == 0) {
            text = text_create(to, 0);
        }
    }
    if (text) {
        right = strstr(text, "o365_probe_h_bucket{le=\"+Inf\",of=\"us\"} 1\n") != NULL;
        text_destroy(text);
    }
    if (to) {
        context_destroy(to);
    }
    if (from) {
        context_destroy(from);
    }
    return right;
}

/* Returns a struct cmt_counter, cmt_gauge or cmt_histogram; NULL if the host has
 * no such metrics. */
void *o365_metric(void *metrics, int type, char *name, char *help, int labels, char **keys, double *bounds, size_t n)
{
    switch (type) {
    case O365_COUNTER:
        return host.counter && host.set_counter ? host.counter(metrics, "fluentbit", "o365", name, help, labels, keys) : NULL;
    case O365_GAUGE:
        return host.gauge && host.set_gauge ? host.gauge(metrics, "fluentbit", "o365", name, help, labels, keys) : NULL;
    default:
        return host.histograms ? host.histogram(metrics, "fluentbit", "o365", name, help, host.buckets(bounds, n), labels, keys) : NULL;
    }
}

static uint64_t now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t) t.tv_sec * 1000000000 + t.tv_nsec;
}

void o365_metric_set(void *metric, int type, double value, int labels, char **values)
{
    (type == O365_COUNTER ? host.set_counter : host.set_gauge)(metric, now(), value, labels, values);
}

/* counts is cumulative and has one more element than the histogram has bounds. */
void o365_histogram_set(void *metric, uint64_t *counts, double sum, uint64_t count, int labels, char **values)
{
    host.set_histogram(metric, now(), counts, sum, count, labels, values);
}
