#define _GNU_SOURCE
#include <dlfcn.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "shim.h"

/*
 * Every value of an option. A YAML list is stored as the same key once for each
 * item (src/flb_config.c, configure_plugins_type), like a key that is set in
 * several lines, but flb_input_get_property returns the first value only. So the
 * input's list of properties is read.
 *
 * The layouts are those of include/fluent-bit/flb_kv.h and of monkey's mk_list.h,
 * the same from 2.2.0 to 5.1.1. They are verified first with properties in a
 * scratch list. Where an instance has its list differs between versions, so
 * flb_input_get_property itself reveals the place (src/flb_input.c: it reads
 * nothing else of the instance): it is called with blocks of pointers instead of
 * an instance.
 */
struct link {
    struct link *prev, *next;
};

struct property {
    char *key, *value;
    struct link link;
};

#define PROPERTY(l) ((struct property *) ((char *) (l) - offsetof(struct property, link)))

/* An instance has less than 3 kB in 5.1.1; the block is far larger. */
enum { PLACE_BITS = 13, PLACES = 1 << PLACE_BITS };

static const char probe[] = "o365_probe";

/* In an instance, in bytes; 0: unknown. */
static size_t list_offset;

typedef struct property *create_property(struct link *, const char *, const char *);

/* Adds a property to the list. Returns NULL if the host has another layout. */
static struct property *create_probe(create_property *create, struct link *list, const char *value)
{
    struct property *p = create(list, probe, value);

    if (p && malloc_usable_size(p) >= sizeof(*p) && list->prev == &p->link && p->link.next == list &&
        p->link.prev->next == &p->link && p->key && strcmp(p->key, probe) == 0 && p->value && strcmp(p->value, value) == 0) {
        return p;
    }
    return NULL;
}

/* Returns the place that the host reads first as a pointer in an instance, 0 if
 * that fails. In the block for a bit, every place points to the property whose
 * value is that bit of the place's number. */
static size_t find_place(const char *(*get)(const char *, void *), struct property *bits[2])
{
    struct link **block = calloc(PLACES, sizeof(*block));
    size_t place = 0, i;
    const char *value;
    int bit;

    for (bit = 0; block && bit < PLACE_BITS; bit++) {
        for (i = 0; i < PLACES; i++) {
            block[i] = &bits[i >> bit & 1]->link;
        }
        value = get(probe, block);
        if (value != bits[0]->value && value != bits[1]->value) {
            place = 0;
            break;
        }
        place |= (size_t) (value == bits[1]->value) << bit;
    }
    free(block);
    return place;
}

void o365_properties_find(void)
{
    create_property *create = (create_property *) dlsym(RTLD_DEFAULT, "flb_kv_item_create");
    void (*release)(struct link *) = dlsym(RTLD_DEFAULT, "flb_kv_release");
    const char *(*get)(const char *, void *) = dlsym(RTLD_DEFAULT, "flb_input_get_property");
    struct link list = {&list, &list};
    struct property *bits[2];
    size_t place = 0;

    list_offset = 0;
    if (!create || !release || !get) {
        return;
    }
    bits[0] = create_probe(create, &list, "0");
    bits[1] = create_probe(create, &list, "1");
    if (bits[0] && bits[1]) {
        place = find_place(get, bits);
    }
    if (place > 0) {
        list_offset = place * sizeof(struct link *) - offsetof(struct link, next);
    }
    release(&list);
}

int o365_properties_found(void) { return list_offset != 0; }

/* Returns value number n of a key, from 0 on, NULL if it has fewer. */
const char *o365_property(void *instance, const char *key, int n)
{
    struct link *list = (struct link *) ((char *) instance + list_offset), *l;

    for (l = list->next; l != list; l = l->next) {
        if (strcasecmp(PROPERTY(l)->key, key) == 0 && n-- == 0) {
            return PROPERTY(l)->value ? PROPERTY(l)->value : "";
        }
    }
    return NULL;
}
