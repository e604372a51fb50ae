#define _GNU_SOURCE
#include <dlfcn.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "shim.h"

/*
 * The host's own counters of an input. They can be read without knowing a
 * layout by encoding all metrics of the instance as text (o365_metrics_text),
 * which takes the longer the more series the plugin has itself. Here the
 * counters are found once in the instance's list and read with
 * cmt_counter_get_val.
 *
 * The layouts are those of lib/cmetrics/include/cmetrics/cmt_counter.h and
 * cmt_opts.h and of lib/cfl/include/cfl/cfl_list.h, the same from 2.2.0 to
 * 5.1.1. They are verified first: two counters of a scratch context must be
 * linked with each other accordingly. If they are not, the text is the fallback.
 */
struct link {
    struct link *prev, *next;
};

struct counter {
    char *ns, *subsystem, *name, *description, *fqname;
    int resource_index;
    void *map;
    struct link link;
    void *context;
};

typedef int get_value(void *, int, char **, double *);

static get_value *get;

#define COUNTER(l) ((struct counter *) ((char *) (l) - offsetof(struct counter, link)))

/* Returns the offset in bytes of the list of counters in a context, 0 if the
 * layout is another one. It reads nothing outside blocks that the host has
 * allocated. */
static size_t list_offset(void)
{
    void *(*context_create)(void) = dlsym(RTLD_DEFAULT, "cmt_create");
    void (*context_destroy)(void *) = dlsym(RTLD_DEFAULT, "cmt_destroy");
    void *(*create)(void *, char *, char *, char *, char *, int, char **) = dlsym(RTLD_DEFAULT, "cmt_counter_create");
    char *labels[] = {"name"};
    struct counter *a, *b;
    size_t offset = 0;
    void *context;

    get = (get_value *) dlsym(RTLD_DEFAULT, "cmt_counter_get_val");
    if (!context_create || !context_destroy || !create || !get || !(context = context_create())) {
        return 0;
    }
    a = create(context, "o365", "probe", "a", "a", 1, labels);
    b = create(context, "o365", "probe", "b", "b", 1, labels);
    if (a && b && malloc_usable_size(a) >= sizeof(*a) && malloc_usable_size(b) >= sizeof(*b) &&
        a->context == context && b->context == context &&
        a->link.next == &b->link && b->link.prev == &a->link && a->link.prev == b->link.next &&
        (char *) b->link.next > (char *) context &&
        (char *) b->link.next + sizeof(struct link) <= (char *) context + malloc_usable_size(context) &&
        strcmp(a->fqname, "o365_probe_a") == 0 && strcmp(b->fqname, "o365_probe_b") == 0) {
        offset = (char *) b->link.next - (char *) context;
    }
    context_destroy(context);
    return offset;
}

/* Finds the counters in metrics, a struct cmt; a missing one is NULL. */
void o365_counters_find(void *metrics, struct o365_counters *found)
{
    size_t offset = list_offset();
    struct link *list = (struct link *) ((char *) metrics + offset), *l;

    memset(found, 0, sizeof(*found));
    if (offset == 0) {
        return;
    }
    for (l = list->next; l != list; l = l->next) {
        if (strcmp(COUNTER(l)->fqname, "fluentbit_input_records_total") == 0) {
            found->records = COUNTER(l);
        }
        else if (strcmp(COUNTER(l)->fqname, "fluentbit_input_bytes_total") == 0) {
            found->bytes = COUNTER(l);
        }
        else if (strcmp(COUNTER(l)->fqname, "fluentbit_input_ring_buffer_writes_total") == 0) {
            found->ring_writes = COUNTER(l);
        }
    }
}

/* Returns 0 and the values, or -1. ring_writes is 0 if it was not found. */
int o365_counters_read(const struct o365_counters *found, char *name, double *records, double *bytes, double *ring_writes)
{
    char *labels[] = {name};

    *ring_writes = 0;
    if (get(found->records, 1, labels, records) != 0 || get(found->bytes, 1, labels, bytes) != 0) {
        return -1;
    }
    return found->ring_writes ? get(found->ring_writes, 1, labels, ring_writes) : 0;
}
