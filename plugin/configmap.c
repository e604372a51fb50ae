#define _GNU_SOURCE
#include <dlfcn.h>
#include <malloc.h>
#include <stdlib.h>

#include "shim.h"

/*
 * struct flb_config_map, include/fluent-bit/flb_config_map.h. The host walks
 * the array by its own idea of the size.
 */
struct o365_map {
    int type;
    char *name;
    char *def_value;
    int flags;
    int set_property;
    uintptr_t offset;
    char *desc;
    struct {
        void *val;
        char *raw;
        void *mult;
        void *head[2];
    } value;
    void *head[2];
};

enum { MAP_STR = 0, MAP_LAST = 63, MAP_MULT = 1 };

/* Returns NULL if there is no memory. Entries are zeroed: with set_property 0 the
 * host does not store the value. */
struct o365_map *o365_map_new(int entries)
{
    return calloc(entries + 1, sizeof(struct o365_map));
}

/* If multiple is not 0 the host accepts the key several times. */
void o365_map_set(struct o365_map *map, int entry, char *name, char *def_value, int multiple, char *desc)
{
    map[entry].type = MAP_STR;
    map[entry].name = name;
    map[entry].def_value = def_value;
    map[entry].flags = multiple ? MAP_MULT : 0;
    map[entry].desc = desc;
}

static int same_object(const void *a, const void *b)
{
    Dl_info in_a, in_b;

    return a != NULL && b != NULL && dladdr(a, &in_a) && dladdr(b, &in_b) && in_a.dli_fbase == in_b.dli_fbase;
}

/*
 * Reports whether this host accepts a config map (5.1.1 and later: the
 * definition has room for one) and has the layout above. A map of the host's own
 * reveals the layout: if the size is right, the second entry has a type, and a
 * name and a description among the host's constants.
 */
int o365_map_fits(void *def)
{
    const struct o365_map *own = dlsym(RTLD_DEFAULT, "flb_http_server_config_map");

    if (malloc_usable_size(def) < sizeof(struct o365_def) || own == NULL) {
        return 0;
    }
    return own[1].type >= 0 && own[1].type <= MAP_LAST &&
           same_object(own, own[1].name) && same_object(own, own[1].desc);
}

void o365_map_offer(void *def, struct o365_map *map) { ((struct o365_def *) def)->config_map = map; }
