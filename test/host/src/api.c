#define _GNU_SOURCE
#include "host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* What Fluent Bit's executable exports and the plugin finds by dlsym. */

/* Like the host's it reads nothing of the instance but its list. */
const char *flb_input_get_property(const char *key, struct instance *in)
{
    if (!on_starting_thread()) {
        violation("property %s read after the start", key);
    }
    return kv_get(&in->properties, key);
}

static int log_check(struct instance *in, int level) { return level <= in->log_level; }

static void *output_get(void *out) { return NULL; }

static const char *output_property(const char *key, void *out) { return NULL; }

struct api host_api = {
    .output_get_property = output_property,
    .input_get_property = flb_input_get_property,
    .output_get_cmt_instance = output_get,
    .input_log_check = log_check,
};

const char *flb_input_name(struct instance *in) { return in->name; }

#ifndef NO_METRICS
void *flb_input_get_cmt_instance(struct instance *in) { return in; }

char *cmt_encode_text_create(struct instance *in)
{
    char *text = NULL;

    pthread_mutex_lock(&in->lock);
    if (asprintf(&text,
                 "2026-08-21T10:00:00.000000000Z fluentbit_input_bytes_total{name=\"%s\"} = %.17g\n"
                 "2026-08-21T10:00:00.000000000Z fluentbit_input_records_total{name=\"%s\"} = %.17g\n"
#ifndef NO_RING_METRIC
                 "2026-08-21T10:00:00.000000000Z fluentbit_input_ring_buffer_writes_total{name=\"%s\"} = %.17g\n"
#endif
                 , in->name, (double) in->bytes, in->name, (double) in->records
#ifndef NO_RING_METRIC
                 , in->name, (double) in->ring_writes
#endif
                 ) < 0) {
        text = NULL;
    }
    pthread_mutex_unlock(&in->lock);
    return text;
}

void cmt_encode_text_destroy(char *text) { free(text); }
#endif

/* A map of the host's own, which shows the layout. */
struct config_map flb_http_server_config_map[] = {
    {.type = 3, .name = "http_server.http2", .def_value = "true", .desc = "not served here"},
    {.type = 6, .name = "http_server.idle_timeout", .def_value = "10s", .desc = "not served here"},
    {0},
};

struct collector *collector_find(struct instance *in, int id)
{
    struct collector *c;

    for (c = in->collectors; c; c = c->next) {
        if (c->id == id) {
            return c;
        }
    }
    return NULL;
}

static int collector_add(struct instance *in, struct collector c)
{
    struct collector **last = &in->collectors;

    if (in->initialised || !pthread_equal(pthread_self(), in->thread)) {
        violation("%s: collector made outside of the start", in->name);
    }
    while (*last) {
        c.id = (*last)->id + 1;
        last = &(*last)->next;
    }
    *last = malloc(sizeof(c));
    **last = c;
    return c.id;
}

int flb_input_set_collector_time(struct instance *in, int (*callback)(struct instance *, void *, void *),
                                 time_t seconds, long nanoseconds, void *config)
{
    return collector_add(in, (struct collector) {.fd = -1, .timer = true, .callback = callback,
                                                 .period_ms = seconds * 1000 + nanoseconds / 1000000});
}

int flb_input_set_collector_event(struct instance *in, int (*callback)(struct instance *, void *, void *),
                                  int fd, void *config)
{
    return collector_add(in, (struct collector) {.fd = fd, .callback = callback});
}

int flb_input_collector_pause(int id, struct instance *in)
{
    struct collector *c = collector_find(in, id);

    if (!c) {
        return -1;
    }
    c->running = false;
    return 0;
}

int flb_input_collector_resume(int id, struct instance *in)
{
    struct collector *c = collector_find(in, id);

    if (!c || c->running) {
        return -1;
    }
    c->running = true;
    return 0;
}
