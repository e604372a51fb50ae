/*
 * What the plugin uses of Fluent Bit's C interface. Layouts are those of
 * include/fluent-bit/flb_plugin_proxy.h, src/proxy/go/go.h, flb_api.h and
 * flb_config_map.h; only members present since 2.2.0 are used unless noted.
 */
#ifndef O365_SHIM_H
#define O365_SHIM_H

#include <stddef.h>
#include <stdint.h>

struct o365_map;

/*
 * include/fluent-bit/flb_plugin_proxy.h: 32 bytes up to 4.2.2, which are not
 * zeroed; event_type from 4.2.3, config_map from 5.1.1.
 */
struct o365_def {
    int type;
    int proxy;
    int flags;
    char *name;
    char *description;
    int event_type;
    struct o365_map *config_map;
};

/* Registration. */
void o365_register(void *def, int type, int proxy);
struct o365_map *o365_map_new(int entries);
void o365_map_set(struct o365_map *map, int entry, char *name, char *def_value, int multiple, char *desc);
int o365_map_fits(void *def);
void o365_map_offer(void *def, struct o365_map *map);

/* An instance: what the argument of FLBPluginInit points to. */
void *o365_plugin_api(void *plugin);
void *o365_plugin_instance(void *plugin);
uintptr_t o365_thread(void);
int o365_on_engine_thread(void);

/* The host's functions. Where the host lacks one, the result is NULL or 0. */
void o365_log(void *api, int level, const char *line);
int o365_log_check(void *api, void *instance, int level);
const char *o365_instance_name(void *instance);
int o365_can_append(void);
int o365_append(void *instance, const char *tag, size_t tag_len, const void *events, size_t size, size_t records);
void *o365_metrics(void *instance);
char *o365_metrics_text(void *metrics);
void o365_metrics_free(char *text);

/* All values of an option, where the host's list of them can be read. */
void o365_properties_find(void);
int o365_properties_found(void);
const char *o365_property(void *instance, const char *key, int n);

/* The input's counters, where they can be read one by one. */
struct o365_counters {
    void *records, *bytes, *ring_writes;
};
void o365_counters_find(void *metrics, struct o365_counters *found);
int o365_counters_read(const struct o365_counters *found, char *name, double *records, double *bytes, double *ring_writes);

/* The plugin's metrics beside the input's. */
enum { O365_COUNTER, O365_GAUGE, O365_HISTOGRAM };
void o365_metrics_find(void);
void *o365_metric(void *metrics, int type, char *name, char *help, int labels, char **keys, double *bounds, size_t n);
void o365_metric_set(void *metric, int type, double value, int labels, char **values);
void o365_histogram_set(void *metric, uint64_t *counts, double sum, uint64_t count, int labels, char **values);

/* A second, faster tick. */
int o365_ticker_open(void *instance, long period_ms, int *fd);
void o365_ticker_set(int fd, long period_ms);
void o365_ticker_ack(int fd);
void o365_ticker_close(void *instance, int collector, int fd);

/* Signal handlers. */
void o365_signals_save(void);
int o365_signals_restore(void *api);

#endif
