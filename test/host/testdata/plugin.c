/*
 * A plugin with the interface of one written in Go, to try the host by itself.
 * It hands over what its property "events" holds in hexadecimal, once, and does
 * what "sin" names.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct def {
    int type, proxy, flags;
    char *name, *description;
};

struct api {
    void *output_get_property;
    const char *(*get_property)(const char *, void *);
    void *cmt[2];
    void (*log)(int, const char *, int, const char *, ...);
};

struct plugin {
    char *name;
    struct api *api;
    void *instance;
};

static struct api *api;
static void *instance;
static unsigned char *events;
static size_t size;
static char sin[32];

static void log_text(const char *text) { api->log(3, NULL, 0, "[input:fake] %s", text); }

int FLBPluginPreRegister(int reload) { return 0; }

int FLBPluginRegister(struct def *def)
{
    def->type = 1;
    def->proxy = 11;
    def->flags = 0;
    def->name = "fake";
    def->description = "not written in Go";
    return 0;
}

int FLBPluginInit(struct plugin *p)
{
    const char *hex = p->api->get_property("events", p->instance);
    const char *want = p->api->get_property("sin", p->instance);
    unsigned byte;

    api = p->api;
    instance = p->instance;
    snprintf(sin, sizeof(sin), "%s", want ? want : "");
    events = malloc(hex ? strlen(hex) / 2 + 1 : 1);
    for (size = 0; hex && sscanf(hex + 2 * size, "%2x", &byte) == 1; size++) {
        events[size] = byte;
    }
    log_text("init");
    return strcmp(sin, "no start") != 0;
}

static void commit_sin(void)
{
    if (strcmp(sin, "late read") == 0) {
        api->get_property("events", instance);
    } else if (strcmp(sin, "slow") == 0) {
        usleep(600000);
    } else if (strcmp(sin, "line break") == 0) {
        log_text("two\nlines");
    } else if (strcmp(sin, "slow exit") != 0) {
        return;
    }
    log_text("sinned");
}

int FLBPluginInputCallback(void **data, size_t *len)
{
    commit_sin();
    *data = events;
    *len = size;
    size = 0;
    return 1;
}

int FLBPluginInputCleanupCallback(void *data) { return 0; }
void FLBPluginInputPause(void) { log_text("pause"); }
void FLBPluginInputResume(void) { log_text("resume"); }
int FLBPluginInputPreRun(int reload) { log_text("prerun"); return 0; }
void FLBPluginInputPreExit(int reload) { log_text(reload ? "preexit for a reload" : "preexit"); }

int FLBPluginExit(void)
{
    if (strcmp(sin, "slow exit") == 0) {
        usleep(4500000);
    }
    log_text("exit");
    free(events);
    return 0;
}

void FLBPluginUnregister(struct def *def) { log_text("unregister"); }
