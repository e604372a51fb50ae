#define _GNU_SOURCE
#include "host.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct options opt = {
    .flush_ms = 1000, .drain_ms = 250, .tick_ms = 1000, .grace_ms = 1000, .def_size = sizeof(struct definition),
};

static const char usage[] =
    "usage: o365-host -e PLUGIN.so [-c FILE] [-i NAME -p KEY=VALUE ...] ...\n"
    "  -c FILE            [INPUT] sections in Fluent Bit's classic format\n"
    "  -i NAME, -p K=V    an input and its properties\n"
    "  -store FILE        append events to FILE as they are stored (default: standard output)\n"
    "  -format FORMAT     json: one record a line; tagged: with tag and time\n"
    "  -count             instead of events, print at each flush how many are stored\n"
    "  -options           list the plugin's options and exit\n"
    "  -mem-limit BYTES   pause an input that stores more between two flushes\n"
    "  -drop-every N      lose every Nth batch between ring buffer and storage\n"
    "  -swallow-every N   drop every Nth batch as a processor would\n"
    "  -tick-ms N, -drain-ms N, -flush-ms N, -grace-ms N, -def-size BYTES\n";

static void fail(const char *what, const char *value)
{
    fprintf(stderr, "%s %s\n%s", what, value, usage);
    exit(2);
}

static struct section *section_add(struct section **list)
{
    while (*list) {
        list = &(*list)->next;
    }
    *list = calloc(1, sizeof(**list));
    return *list;
}

/* ${NAME} becomes the environment's value, as in Fluent Bit. */
static char *expand(const char *value)
{
    struct buffer out = {0};
    const char *end, *env;
    char name[256];

    while (*value) {
        if (value[0] == '$' && value[1] == '{' && (end = strchr(value, '}')) && (size_t) (end - value) < sizeof(name)) {
            snprintf(name, sizeof(name), "%.*s", (int) (end - value - 2), value + 2);
            env = getenv(name);
            buffer_add(&out, env ? env : "", env ? strlen(env) : 0);
            value = end + 1;
            continue;
        }
        buffer_add(&out, value++, 1);
    }
    buffer_add(&out, "", 1);
    return out.data;
}

static void property_add(struct section *s, const char *key, size_t key_len, const char *value)
{
    struct property **p = &s->properties;

    while (*p) {
        p = &(*p)->next;
    }
    *p = calloc(1, sizeof(**p));
    (*p)->key = strndup(key, key_len);
    (*p)->value = expand(value);
}

const char *section_get(const struct section *s, const char *key)
{
    const struct property *p;

    for (p = s->properties; p; p = p->next) {
        if (strcasecmp(p->key, key) == 0) {
            return p->value;
        }
    }
    return NULL;
}

/* Other sections than [INPUT] are passed over. */
static void read_config(const char *file, struct section **list)
{
    struct section *s = NULL;
    char *line = NULL, *key, *end;
    size_t cap = 0, len;
    FILE *f = fopen(file, "r");

    if (!f) {
        fail("cannot open", file);
    }
    while (getline(&line, &cap, f) >= 0) {
        for (key = line; isspace((unsigned char) *key); key++) {
        }
        for (end = key + strlen(key); end > key && isspace((unsigned char) end[-1]); end--) {
        }
        *end = '\0';
        if (*key == '\0' || *key == '#') {
            continue;
        }
        if (*key == '[') {
            s = strcasecmp(key, "[INPUT]") == 0 ? section_add(list) : NULL;
            continue;
        }
        len = strcspn(key, " \t");
        if (s) {
            property_add(s, key, len, key + len + strspn(key + len, " \t"));
        }
    }
    free(line);
    fclose(f);
}

/* The sections of the file as it is now and those of the command line. */
struct section *options_sections(void)
{
    struct section *list = NULL, *s;
    struct section *copy;
    struct property *p;

    if (opt.config) {
        read_config(opt.config, &list);
    }
    for (s = opt.sections; s; s = s->next) {
        copy = section_add(&list);
        for (p = s->properties; p; p = p->next) {
            property_add(copy, p->key, strlen(p->key), p->value);
        }
    }
    return list;
}

static bool number(const char *flag, const char *value)
{
    struct { const char *flag; long *to; } numbers[] = {
        {"-mem-limit", &opt.mem_limit}, {"-drop-every", &opt.drop_every}, {"-swallow-every", &opt.swallow_every},
        {"-tick-ms", &opt.tick_ms}, {"-drain-ms", &opt.drain_ms}, {"-flush-ms", &opt.flush_ms},
        {"-grace-ms", &opt.grace_ms}, {"-def-size", &opt.def_size},
    };
    size_t i;
    char *end;

    for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        if (strcmp(flag, numbers[i].flag) == 0) {
            *numbers[i].to = strtol(value, &end, 10);
            if (*end || end == value || *numbers[i].to < 0) {
                fail(flag, value);
            }
            return true;
        }
    }
    return false;
}

void options_parse(int argc, char **argv)
{
    struct section *s = NULL;
    const char *flag, *value, *eq;
    int i;

    for (i = 1; i < argc; i++) {
        flag = argv[i];
        if (strcmp(flag, "-count") == 0) {
            opt.count = true;
            continue;
        }
        if (strcmp(flag, "-options") == 0) {
            opt.list = true;
            continue;
        }
        if (i + 1 == argc) {
            fail("unknown flag, or one without its value:", flag);
        }
        value = argv[++i];
        if (strcmp(flag, "-e") == 0) {
            opt.plugin = value;
        } else if (strcmp(flag, "-c") == 0) {
            opt.config = value;
        } else if (strcmp(flag, "-store") == 0) {
            opt.store = value;
        } else if (strcmp(flag, "-format") == 0) {
            opt.tagged = strcmp(value, "tagged") == 0;
        } else if (strcmp(flag, "-i") == 0) {
            s = section_add(&opt.sections);
            property_add(s, "name", 4, value);
        } else if (strcmp(flag, "-p") == 0 && s && (eq = strchr(value, '='))) {
            property_add(s, value, eq - value, eq + 1);
        } else if (!number(flag, value)) {
            fail("unknown flag", flag);
        }
    }
    if (!opt.plugin) {
        fail("missing:", "-e");
    }
}
