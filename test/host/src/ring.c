#include "host.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* src/flb_input_chunk.c: append_to_ring_buffer on the input's thread,
 * flb_input_chunk_ring_buffer_collector on the main thread. */

enum { RETRIES = 10, RETRY_US = 100000 };

/* src/flb_ring_buffer.c: so many batches (5 % of the places) are taken at once,
 * others at the next turn. */
enum { WINDOW = 52 };

static atomic_bool full_window;

static bool put(struct instance *in, struct batch b)
{
    bool room;

    pthread_mutex_lock(&in->lock);
    room = in->ring_write - in->ring_read < RING_SIZE;
    if (room) {
        in->ring[in->ring_write++ % RING_SIZE] = b;
        in->ring_writes++;
        if (in->ring_write - in->ring_read >= WINDOW) {
            full_window = true;
        }
    }
    pthread_mutex_unlock(&in->lock);
    return room;
}

/* Whether a ring has to be emptied at once. */
bool ring_signalled(void) { return atomic_exchange(&full_window, false); }

static bool take(struct instance *in, struct batch *b)
{
    bool any;

    pthread_mutex_lock(&in->lock);
    any = in->ring_read != in->ring_write;
    if (any) {
        *b = in->ring[in->ring_read++ % RING_SIZE];
    }
    pthread_mutex_unlock(&in->lock);
    return any;
}

static void batch_free(struct batch *b)
{
    free(b->tag);
    free(b->events);
}

static int append(struct instance *in, const char *tag, size_t tag_len, const void *events, size_t size)
{
    static atomic_long appended;
    struct batch b;
    int retries;

    if (!pthread_equal(pthread_self(), in->thread) || !in->in_callback) {
        violation("%s: records appended outside of the input's callback", in->name);
    }
    if (size == 0) {
        return -1;
    }
    b.records = events_count(events, size);
    if (opt.swallow_every && ++appended % opt.swallow_every == 0) {
        pthread_mutex_lock(&in->lock);
        in->swallowed += b.records;
        pthread_mutex_unlock(&in->lock);
        return 0;
    }
    b.tag = tag && tag_len ? strndup(tag, tag_len) : strdup(in->tag);
    b.events = malloc(size);
    memcpy(b.events, events, size);
    b.size = size;
    for (retries = 0; !put(in, b); retries++) {
        if (retries == RETRIES) {
            batch_free(&b);
            pthread_mutex_lock(&in->lock);
            in->ring_failures++;
            pthread_mutex_unlock(&in->lock);
            return -1;
        }
        usleep(RETRY_US);
    }
    return 0;
}

#ifndef NO_APPEND
/* Fluent Bit believes its caller. */
int flb_input_log_append_records(struct instance *in, size_t records, const char *tag, size_t tag_len,
                                 const void *events, size_t size)
{
    if (records != events_count(events, size)) {
        violation("%s: a batch claims to have %zu records", in->name, records);
    }
    return append(in, tag, tag_len, events, size);
}
#endif

int ring_append(struct instance *in, const void *events, size_t size) { return append(in, NULL, 0, events, size); }

static void write_all(int fd, const char *data, size_t len)
{
    ssize_t n;

    while (len > 0) {
        n = write(fd, data, len);
        if (n <= 0) {
            log_line(L_ERROR, "[host] cannot write events");
            exit(1);
        }
        data += n;
        len -= n;
    }
}

/* What is stored once stays, whatever happens to the process: one write. */
static void store(struct batch *b)
{
    static int file = -1;
    struct buffer out = {0};

    if (opt.count) {
        return;
    }
    events_to_json(&out, opt.tagged ? b->tag : NULL, b->events, b->size);
    if (opt.store) {
        if (file < 0) {
            file = open(opt.store, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
        }
        write_all(file, out.data, out.len);
    } else {
        write_all(STDOUT_FILENO, out.data, out.len);
    }
    free(out.data);
}

static void pause_if_full(struct instance *in, size_t size)
{
    in->pending += (long) size;
    if (opt.mem_limit && in->pending >= opt.mem_limit && !in->paused) {
        in->paused = true;
        log_line(L_WARN, "[input] %s paused (mem buf overlimit)", in->name);
        instance_command(in, C_PAUSE);
    }
}

void ring_drain(struct instance *in)
{
    static long taken;
    struct batch b;

    while (!in->paused && take(in, &b)) {
        if (opt.drop_every && ++taken % opt.drop_every == 0) {
            log_line(L_ERROR, "[input chunk] no available chunk");
            in->lost += b.records;
            batch_free(&b);
            continue;
        }
        pthread_mutex_lock(&in->lock);
        in->records += b.records;
        in->bytes += b.size;
        pthread_mutex_unlock(&in->lock);
        store(&b);
        in->stored += b.records;
        pause_if_full(in, b.size);
        batch_free(&b);
    }
}

void ring_flush(struct instance *in)
{
    in->pending = 0;
    if (opt.count) {
        dprintf(STDOUT_FILENO, "%s %llu\n", in->name, in->stored);
    }
    if (in->paused && !in->plugin->stopping) {
        in->paused = false;
        log_line(L_INFO, "[input] %s resume (mem buf overlimit)", in->name);
        instance_command(in, C_RESUME);
    }
}

/* At exit the ring's content is thrown away (src/flb_input.c,
 * flb_input_instance_destroy). */
void ring_discard(struct instance *in)
{
    struct batch b;

    while (take(in, &b)) {
        in->lost += b.records;
        batch_free(&b);
    }
}
