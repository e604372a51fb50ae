#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "_cgo_export.h"
#include "shim.h"

/* src/proxy/go/go.h. One object for all instances: copy what is needed. */
struct o365_plugin {
    char *name;
    struct api *api;
    void *instance;
    void *context;
};

/* include/fluent-bit/flb_api.h */
struct api {
    const char *(*output_get_property)(const char *, void *);
    const char *(*input_get_property)(const char *, void *);
    void *(*output_get_cmt_instance)(void *);
    void *(*input_get_cmt_instance)(void *);
    void (*log_print)(int, const char *, int, const char *, ...);
    int (*input_log_check)(void *, int);
};

/* Host functions found by name; NULL where the host has none. */
static struct {
    const char *(*input_name)(void *);
    int (*log_append)(void *, size_t, const char *, size_t, const void *, size_t);
    void *(*get_cmt)(void *);
    char *(*text_create)(void *);
    void (*text_destroy)(char *);
} host;

static pid_t registered_by;

static void find_host(void)
{
    host.input_name = dlsym(RTLD_DEFAULT, "flb_input_name");
    host.log_append = dlsym(RTLD_DEFAULT, "flb_input_log_append_records");
    host.get_cmt = dlsym(RTLD_DEFAULT, "flb_input_get_cmt_instance");
    host.text_create = dlsym(RTLD_DEFAULT, "cmt_encode_text_create");
    host.text_destroy = dlsym(RTLD_DEFAULT, "cmt_encode_text_destroy");
}

/* The host copies the name and keeps the description; both are never freed
 * here nor there (src/flb_plugin_proxy.c). */
void o365_register(void *d, int type, int proxy)
{
    struct o365_def *def = d;

    def->type = type;
    def->proxy = proxy;
    def->flags = 0;
    def->name = "o365";
    def->description = "Microsoft 365 audit records (Office 365 Management Activity API)";
    registered_by = getpid();
    find_host();
    o365_metrics_find();
}

/*
 * "daemon on" forks after plugins are loaded, and the child has none of the Go
 * runtime's threads: the first call into Go could hang. So C detects this.
 */
int FLBPluginInit(struct o365_plugin *plugin)
{
    if (getpid() != registered_by) {
        o365_log(plugin->api, 1, "[input:o365] \"daemon on\" cannot be used with plugins written in Go; "
                 "let a service manager start Fluent Bit in the background");
        return 0;
    }
    return o365Init(plugin);
}

void *o365_plugin_api(void *plugin) { return ((struct o365_plugin *) plugin)->api; }

void *o365_plugin_instance(void *plugin) { return ((struct o365_plugin *) plugin)->instance; }

uintptr_t o365_thread(void) { return (uintptr_t) pthread_self(); }

/* The engine names its thread in src/flb_lib.c. */
int o365_on_engine_thread(void)
{
    char name[32] = "";

    pthread_getname_np(pthread_self(), name, sizeof(name));
    return strcmp(name, "flb-pipeline") == 0;
}

void o365_log(void *api, int level, const char *line)
{
    ((struct api *) api)->log_print(level, NULL, 0, "%s", line);
}

int o365_log_check(void *api, void *instance, int level)
{
    return ((struct api *) api)->input_log_check(instance, level);
}

const char *o365_instance_name(void *instance)
{
    return host.input_name ? host.input_name(instance) : NULL;
}

int o365_can_append(void) { return host.log_append != NULL; }

/* Returns 0 if the batch is on the ring buffer. Unlike flb_input_log_append, the
 * host's function takes the number of records and need not decode them to count
 * them (src/flb_input_log.c). */
int o365_append(void *instance, const char *tag, size_t tag_len, const void *events, size_t size, size_t records)
{
    return host.log_append(instance, records, tag_len ? tag : NULL, tag_len, events, size);
}

/* Returns the instance's struct cmt, or NULL. api->input_get_cmt_instance is
 * uninitialised memory in a host built without metrics (src/flb_api.c), so the
 * exported function is called instead. */
void *o365_metrics(void *instance)
{
    if (!host.get_cmt || !host.text_create || !host.text_destroy) {
        return NULL;
    }
    return host.get_cmt(instance);
}

char *o365_metrics_text(void *metrics) { return host.text_create(metrics); }

void o365_metrics_free(char *text) { host.text_destroy(text); }
