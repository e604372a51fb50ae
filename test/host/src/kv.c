#define _GNU_SOURCE
#include "host.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* src/flb_kv.c: the properties of an input. A key may be there several times. */

struct kv *flb_kv_item_create(struct link *list, const char *key, const char *value)
{
    struct kv *kv = calloc(1, sizeof(*kv));

    kv->key = strdup(key);
    kv->value = *value ? strdup(value) : NULL;
    kv->link = (struct link) {.prev = list->prev, .next = list};
    list->prev->next = &kv->link;
    list->prev = &kv->link;
    return kv;
}

void flb_kv_release(struct link *list)
{
    struct link *l, *next;

    for (l = list->next; l != list; l = next) {
        next = l->next;
        free(KV(l)->key);
        free(KV(l)->value);
        free(KV(l));
    }
    list->prev = list->next = list;
}

const char *kv_get(const struct link *list, const char *key)
{
    const struct link *l;

    for (l = list->next; l != list; l = l->next) {
        if (strcasecmp(KV(l)->key, key) == 0) {
            return KV(l)->value;
        }
    }
    return NULL;
}

/* Counts a key in this spelling, as the host does. */
int kv_count(const struct link *list, const char *key)
{
    const struct link *l;
    int n = 0;

    for (l = list->next; l != list; l = l->next) {
        n += strcmp(KV(l)->key, key) == 0;
    }
    return n;
}
