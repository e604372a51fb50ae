#define _GNU_SOURCE
#include "host.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* src/flb_plugin_proxy.c: what is done with a plugin as a whole. */

enum { INPUT_PLUGIN = 1, GOLANG = 11, CONFIG_MAP_MULT = 1 };

static bool look_up(struct plugin *p)
{
    struct { const char *name; void **to; } symbols[] = {
        {"FLBPluginPreRegister", (void **) &p->pre_register}, {"FLBPluginRegister", (void **) &p->do_register},
        {"FLBPluginInit", (void **) &p->init}, {"FLBPluginInputCallback", (void **) &p->callback},
        {"FLBPluginInputCleanupCallback", (void **) &p->cleanup}, {"FLBPluginExit", (void **) &p->exit},
        {"FLBPluginInputPause", (void **) &p->pause}, {"FLBPluginInputResume", (void **) &p->resume},
        {"FLBPluginInputPreRun", (void **) &p->pre_run}, {"FLBPluginInputPreExit", (void **) &p->pre_exit},
        {"FLBPluginUnregister", (void **) &p->unregister},
    };
    size_t i;

    for (i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
        *symbols[i].to = dlsym(p->handle, symbols[i].name);
        if (!*symbols[i].to) {
            log_line(L_ERROR, "[proxy] %s is missing", symbols[i].name);
            return false;
        }
    }
    return true;
}

/* The definition is as large as in the version that is played, not zeroed, and
 * ends at the end of its block. */
struct plugin *plugin_load(bool reload)
{
    struct plugin *p = calloc(1, sizeof(*p));
    int registered;

    pthread_mutex_init(&p->lock, NULL);
    p->handle = dlopen(opt.plugin, RTLD_LAZY);
    if (!p->handle) {
        log_line(L_ERROR, "[proxy] error opening plugin %s: '%s'", opt.plugin, dlerror());
        return NULL;
    }
    if (!look_up(p)) {
        return NULL;
    }
    p->go.api = &host_api;
    p->def = malloc(opt.def_size);
    memset(p->def, opt.def_size < (long) sizeof(*p->def) ? 0xa5 : 0, opt.def_size);
#ifndef NO_PRE_REGISTER
    if (p->pre_register(reload) == -1) {
        return NULL;
    }
#endif
    thread_is_starting(true);
    registered = p->do_register(p->def);
    thread_is_starting(false);
    if (registered == -1 || p->def->type != INPUT_PLUGIN || p->def->proxy != GOLANG) {
        log_line(L_ERROR, "[proxy] not registered as an input written in Go");
        return NULL;
    }
    return p;
}

static const struct config_map *options_of(const struct plugin *p)
{
    return opt.def_size < (long) sizeof(*p->def) ? NULL : p->def->config_map;
}

/* src/flb_config_map.c, flb_config_map_properties_check. */
static bool allowed(const struct plugin *p, const struct link *properties, const char *key)
{
    static const char *own[] = {"name", "alias", "tag", "log_level", "mem_buf_limit", "storage.type", "threaded"};
    const struct config_map *m = options_of(p);
    size_t i;

    for (i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        if (strcasecmp(key, own[i]) == 0) {
            return true;
        }
    }
    while (m && m->name && strcasecmp(m->name, key) != 0) {
        m++;
    }
    if (m && !m->name) {
        log_line(L_ERROR, "[config] %s: unknown configuration property '%s'.", p->def->name, key);
        return false;
    }
    if (m && !(m->flags & CONFIG_MAP_MULT) && kv_count(properties, key) > 1) {
        log_line(L_ERROR, "[config] %s: configuration property '%s' is set %d times", p->def->name, key, kv_count(properties, key));
        return false;
    }
    return true;
}

static int level_of(const char *name)
{
    static const char *names[] = {"error", "warn", "info", "debug", "trace"};
    int i;

    for (i = 0; name && i < 5; i++) {
        if (strcasecmp(names[i], name) == 0) {
            return i + 1;
        }
    }
    return L_INFO;
}

/* Inputs of other plugins are passed over. */
bool plugin_configure(struct plugin *p, struct section *s)
{
    struct instance **last = &p->instances;
    struct property *q;
    struct instance *in;
    int n = 0;

    for (; s; s = s->next) {
        if (!section_get(s, "name") || strcasecmp(section_get(s, "name"), p->def->name) != 0) {
            continue;
        }
        in = calloc(1, sizeof(*in));
        pthread_mutex_init(&in->lock, NULL);
        in->plugin = p;
        in->properties.prev = in->properties.next = &in->properties;
        for (q = s->properties; q; q = q->next) {
            flb_kv_item_create(&in->properties, q->key, q->value);
        }
        for (q = s->properties; q; q = q->next) {
            if (!allowed(p, &in->properties, q->key)) {
                return false;
            }
        }
        snprintf(in->name, sizeof(in->name), "%s.%d", p->def->name, n++);
        if (section_get(s, "alias")) {
            snprintf(in->name, sizeof(in->name), "%s", section_get(s, "alias"));
        }
        in->tag = section_get(s, "tag") ? section_get(s, "tag") : in->name;
        in->log_level = level_of(section_get(s, "log_level"));
        *last = in;
        last = &in->next;
    }
    return true;
}

bool plugin_start(struct plugin *p)
{
    struct instance *in;

    for (in = p->instances; in; in = in->next) {
        if (!instance_start(in)) {
            log_line(L_ERROR, "[go proxy]: plugin '%s' failed to initialize", p->def->name);
            return false;
        }
    }
    for (in = p->instances; in; in = in->next) {
        instance_command(in, C_START);
    }
    return true;
}

void plugin_pause_all(struct plugin *p)
{
    struct instance *in;

    p->stopping = true;
    for (in = p->instances; in; in = in->next) {
        if (!in->paused) {
            instance_command(in, C_PAUSE);
        }
    }
}

/* Last instance first; each exits on its own thread and is waited for. */
static void exit_instances(struct instance *in, bool reload)
{
    if (!in) {
        return;
    }
    exit_instances(in->next, reload);
    instance_command(in, reload ? C_EXIT_RELOAD : C_EXIT);
    instance_join(in);
    instance_destroy(in);
}

void plugin_exit(struct plugin *p, bool reload)
{
    exit_instances(p->instances, reload);
    p->unregister(p->def);
    free(p->def);
    dlclose(p->handle);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

void plugin_list_options(const struct plugin *p)
{
    const struct config_map *m = options_of(p);

    for (; m && m->name; m++) {
        printf("%s\t%s\t%s\n", m->name, m->def_value ? m->def_value : "", m->desc);
    }
}
