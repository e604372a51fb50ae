/*
 * A small program that loads an input plugin written in Go as Fluent Bit does:
 * same C interface, same threads, same order of calls, same ring buffer between
 * the plugin and storage, same traps. It is there where no Fluent Bit is, and
 * for what cannot be asked of one: losing data at will, checking every call.
 *
 * Behaviour follows Fluent Bit 5.1 (src/flb_plugin_proxy.c, src/proxy/go/go.c,
 * src/flb_input_thread.c, src/flb_input_chunk.c, src/flb_reload.c).
 */
#ifndef HOST_H
#define HOST_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

enum level { L_ERROR = 1, L_WARN, L_INFO, L_DEBUG, L_TRACE };

/* options.c */

struct property {
    char *key;
    char *value;
    struct property *next;
};

struct section {
    struct property *properties;
    struct section *next;
};

struct options {
    const char *plugin;       /* -e */
    const char *config;       /* -c, read again at a reload */
    const char *store;        /* -store: events go to this file, else to stdout */
    bool count;               /* -count: the number of events on stdout */
    bool tagged;              /* -format tagged */
    bool list;                /* -options: print the plugin's options */
    long mem_limit;           /* -mem-limit: bytes between two flushes before a pause */
    long flush_ms;            /* -flush-ms */
    long drain_ms;            /* -drain-ms: between two turns of the ring */
    long tick_ms;             /* -tick-ms: of FLBPluginInputCallback */
    long grace_ms;            /* -grace-ms: between pause and exit */
    long drop_every;          /* -drop-every: lose every Nth batch between ring and storage */
    long swallow_every;       /* -swallow-every: a processor drops every Nth batch */
    long def_size;            /* -def-size: of the definition, 32 up to 4.2.2, 48 from 5.1.1 */
    struct section *sections; /* -i and -p */
};

extern struct options opt;

void options_parse(int argc, char **argv);
struct section *options_sections(void);
const char *section_get(const struct section *s, const char *key);

/* kv.c: include/fluent-bit/flb_kv.h and monkey's mk_list.h */

struct link {
    struct link *prev, *next;
};

struct kv {
    char *key;
    char *value;
    struct link link;
};

#define KV(l) ((struct kv *) ((char *) (l) - offsetof(struct kv, link)))

#ifdef NO_KV /* under these names the plugin does not find them */
#define flb_kv_item_create kv_create
#define flb_kv_release kv_release
#endif
struct kv *flb_kv_item_create(struct link *list, const char *key, const char *value);
void flb_kv_release(struct link *list);
const char *kv_get(const struct link *list, const char *key);
int kv_count(const struct link *list, const char *key);

/* log.c */

void log_init(void);
void log_line(int level, const char *format, ...);
void violation(const char *format, ...); /* the plugin did what Fluent Bit forbids */
int violations(void);
void thread_is_ours(void);
bool on_our_thread(void);
void thread_is_starting(bool starting); /* an instance: only then may it read properties */
bool on_starting_thread(void);
double now_ms(void);

/* busy.c */

struct stopwatch {
    double start_ms;
    long waited_us;
};

void busy_sample(void);
struct stopwatch stopwatch_start(void);
/* The time since the start; if that is over the limit, without the time that
 * threads have waited for a processor. */
double stopwatch_ms(const struct stopwatch *w, double limit);

/* instance.c */

struct instance;

struct collector {
    int id;
    int fd;
    bool timer;
    long period_ms;
    atomic_bool running;
    int (*callback)(struct instance *, void *, void *);
    struct collector *next;
};

struct batch {
    char *tag;
    void *events;
    size_t size;
    size_t records;
};

enum { RING_SIZE = 1024 };

struct instance {
    char name[128];
    const char *alias;
    const char *tag;
    int log_level;
    struct link properties;
    struct plugin *plugin;

    pthread_t thread;
    int commands[2];
    int initialised;   /* 0 not yet, 1 yes, -1 failed */
    bool in_callback;
    double longest_ms; /* callback */
    double exit_ms;
    struct collector *collectors;
    int proxy_collector;

    pthread_mutex_t lock; /* of the ring and of the counters' text */
    struct batch ring[RING_SIZE];
    unsigned ring_read, ring_write;
    unsigned long long records, bytes, ring_writes, ring_failures, stored, swallowed, lost;

    long pending; /* bytes since the last flush */
    bool paused;  /* as the main thread sees it */
    struct instance *next;
};

enum command { C_START = 's', C_PAUSE = 'p', C_RESUME = 'r', C_EXIT = 'x', C_EXIT_RELOAD = 'h' };

bool instance_start(struct instance *in);
void instance_command(struct instance *in, enum command c);
void instance_join(struct instance *in);
void instance_destroy(struct instance *in);
struct collector *collector_find(struct instance *in, int id);

/* ring.c */

bool ring_signalled(void);
void ring_drain(struct instance *in);
void ring_flush(struct instance *in);
void ring_discard(struct instance *in);

/* plugin.c: one loaded plugin, of which a reload makes a second */

struct definition { /* include/fluent-bit/flb_plugin_proxy.h */
    int type;
    int proxy;
    int flags;
    char *name;
    char *description;
    int event_type;
    struct config_map *config_map;
};

struct config_map { /* include/fluent-bit/flb_config_map.h */
    int type;
    char *name;
    char *def_value;
    int flags;
    int set_property;
    uintptr_t offset;
    char *desc;
    void *value[5];
    void *head[2];
};

struct api { /* include/fluent-bit/flb_api.h */
    const char *(*output_get_property)(const char *, void *);
    const char *(*input_get_property)(const char *, struct instance *);
    void *(*output_get_cmt_instance)(void *);
    void *(*input_get_cmt_instance)(struct instance *);
    void (*log_print)(int, const char *, int, const char *, ...);
    int (*input_log_check)(struct instance *, int);
    int (*output_log_check)(void *, int);
};

struct go_plugin { /* src/proxy/go/go.h, one for all instances */
    char *name;
    struct api *api;
    struct instance *instance;
    void *context;
};

struct plugin {
    void *handle;
    struct definition *def;
    struct go_plugin go;
    struct instance *instances;
    pthread_mutex_t lock;  /* of last */
    struct instance *last; /* initialised last: whose collector a pause stops */
    bool stopping;         /* nothing is resumed any more */

    int (*pre_register)(int);
    int (*do_register)(struct definition *);
    int (*init)(struct go_plugin *);
    int (*callback)(void **, size_t *);
    int (*cleanup)(void *);
    int (*exit)(void);
    void (*pause)(void);
    void (*resume)(void);
    int (*pre_run)(int);
    void (*pre_exit)(int);
    void (*unregister)(struct definition *);
};

extern struct api host_api;

struct plugin *plugin_load(bool reload);
bool plugin_configure(struct plugin *p, struct section *sections);
bool plugin_start(struct plugin *p);
void plugin_pause_all(struct plugin *p);
void plugin_exit(struct plugin *p, bool reload);
void plugin_list_options(const struct plugin *p);

/* json.c */

struct buffer {
    char *data;
    size_t len, cap;
};

size_t events_count(const void *events, size_t size);
void events_to_json(struct buffer *out, const char *tag, const void *events, size_t size);
void buffer_add(struct buffer *b, const char *data, size_t len);

#endif
