#include "host.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * MessagePack events as JSON lines. What Fluent Bit's own decoder would not
 * read is a violation: it stops at the first such event of a buffer.
 */

enum { MAX_DEPTH = 32 };

struct reader {
    const unsigned char *p, *end;
    const char *bad; /* what is wrong */
};

void buffer_add(struct buffer *b, const char *data, size_t len)
{
    if (b->len + len > b->cap) {
        b->cap = (b->len + len) * 2 + 1024;
        b->data = realloc(b->data, b->cap);
    }
    if (len) {
        memcpy(b->data + b->len, data, len);
    }
    b->len += len;
}

static void add(struct buffer *b, const char *text) { buffer_add(b, text, strlen(text)); }

static uint64_t big_endian(struct reader *r, int bytes)
{
    uint64_t v = 0;

    if (r->end - r->p < bytes) {
        r->bad = "cut off";
        return 0;
    }
    while (bytes--) {
        v = v << 8 | *r->p++;
    }
    return v;
}

static void number(struct buffer *out, double v)
{
    char text[40];
    int digits;

    if (!isfinite(v)) {
        add(out, "null");
        return;
    }
    for (digits = 1; digits <= 17; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, v);
        if (strtod(text, NULL) == v) {
            break;
        }
    }
    if (!strpbrk(text, ".e")) {
        strcat(text, ".0");
    }
    add(out, text);
}

/* The length of the UTF-8 sequence at p, 0 if there is none. */
static int utf8(const unsigned char *p, const unsigned char *end)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    int n = *p < 0x80 ? 1 : *p >= 0xc2 && *p < 0xe0 ? 2 : (*p & 0xf0) == 0xe0 ? 3 : *p >= 0xf0 && *p < 0xf5 ? 4 : 0;
    uint32_t c = n == 1 ? *p : n ? *p & (0xff >> (n + 1)) : 0;
    int i;

    if (n == 0 || end - p < n) {
        return 0;
    }
    for (i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }
        c = c << 6 | (p[i] & 0x3f);
    }
    return n > 1 && (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) ? 0 : n;
}

static void string(struct buffer *out, struct reader *r, uint64_t len)
{
    const unsigned char *p = r->p, *run = p; /* run: since there, all can stay as it is */
    const unsigned char *end;
    char escaped[8];
    int n;

    if ((uint64_t) (r->end - r->p) < len) {
        r->bad = "cut off";
        return;
    }
    end = r->p += len;
    add(out, "\"");
    for (; p < end; p += n) {
        n = utf8(p, end);
        if (n == 0) {
            r->bad = "not UTF-8";
            return;
        }
        if (*p < 0x20 || *p == '"' || *p == '\\') {
            buffer_add(out, (const char *) run, p - run);
            snprintf(escaped, sizeof(escaped), *p < 0x20 ? "\\u%04x" : "\\%c", *p);
            add(out, escaped);
            run = p + 1;
        }
    }
    buffer_add(out, (const char *) run, end - run);
    add(out, "\"");
}

static void value(struct buffer *out, struct reader *r, int depth);

static void array(struct buffer *out, struct reader *r, uint64_t n, int depth)
{
    uint64_t i;

    add(out, "[");
    for (i = 0; i < n && !r->bad; i++) {
        add(out, i ? "," : "");
        value(out, r, depth + 1);
    }
    add(out, "]");
}

static void map(struct buffer *out, struct reader *r, uint64_t n, int depth)
{
    uint64_t i;
    unsigned char c;

    add(out, "{");
    for (i = 0; i < n && !r->bad; i++) {
        c = r->p < r->end ? *r->p : 0;
        if ((c & 0xe0) != 0xa0 && (c < 0xd9 || c > 0xdb)) {
            r->bad = "a key that is no string";
            return;
        }
        add(out, i ? "," : "");
        value(out, r, depth + 1);
        add(out, ":");
        if (!r->bad) {
            value(out, r, depth + 1);
        }
    }
    add(out, "}");
}

static void value(struct buffer *out, struct reader *r, int depth)
{
    char text[32] = "";
    uint64_t u;
    uint32_t u32;
    float f;
    double d;
    int c;

    if (depth > MAX_DEPTH) {
        r->bad = "nested too deep";
        return;
    }
    c = (int) big_endian(r, 1);
    if (r->bad) {
        return;
    }
    if (c < 0x80 || c >= 0xe0) {
        snprintf(text, sizeof(text), "%d", (int8_t) c);
    } else if (c < 0x90) {
        map(out, r, c & 0x0f, depth);
    } else if (c < 0xa0) {
        array(out, r, c & 0x0f, depth);
    } else if (c < 0xc0) {
        string(out, r, c & 0x1f);
    } else {
        switch (c) {
        case 0xc0: add(out, "null"); break;
        case 0xc2: add(out, "false"); break;
        case 0xc3: add(out, "true"); break;
        case 0xca: u32 = (uint32_t) big_endian(r, 4); memcpy(&f, &u32, 4); number(out, f); break;
        case 0xcb: u = big_endian(r, 8); memcpy(&d, &u, 8); number(out, d); break;
        case 0xcc: case 0xcd: case 0xce: case 0xcf:
            snprintf(text, sizeof(text), "%" PRIu64, big_endian(r, 1 << (c - 0xcc)));
            break;
        case 0xd0: snprintf(text, sizeof(text), "%d", (int8_t) big_endian(r, 1)); break;
        case 0xd1: snprintf(text, sizeof(text), "%d", (int16_t) big_endian(r, 2)); break;
        case 0xd2: snprintf(text, sizeof(text), "%d", (int32_t) big_endian(r, 4)); break;
        case 0xd3: snprintf(text, sizeof(text), "%" PRId64, (int64_t) big_endian(r, 8)); break;
        case 0xd9: case 0xda: case 0xdb: string(out, r, big_endian(r, 1 << (c - 0xd9))); break;
        case 0xdc: case 0xdd: array(out, r, big_endian(r, c == 0xdc ? 2 : 4), depth); break;
        case 0xde: case 0xdf: map(out, r, big_endian(r, c == 0xde ? 2 : 4), depth); break;
        default: r->bad = "a type that JSON has not";
        }
    }
    add(out, text);
}

/* One event [time, record]; time is ext type 0 with seconds and nanoseconds. */
static void event(struct buffer *out, struct reader *r, const char *tag)
{
    char time[64];
    uint64_t sec, nsec;

    if (big_endian(r, 3) != 0x92d700) {
        r->bad = r->bad ? r->bad : "not [time, record]";
        return;
    }
    sec = big_endian(r, 4);
    nsec = big_endian(r, 4);
    if (r->bad || nsec > 999999999 || sec >= 0xfffffffe) {
        r->bad = r->bad ? r->bad : "no time";
        return;
    }
    if (r->p == r->end || !((*r->p & 0xf0) == 0x80 || *r->p == 0xde || *r->p == 0xdf)) {
        r->bad = "a record that is no map";
        return;
    }
    if (tag) {
        snprintf(time, sizeof(time), "\",\"time\":%" PRIu64 ".%09" PRIu64 ",\"record\":", sec, nsec);
        add(out, "{\"tag\":\"");
        add(out, tag);
        add(out, time);
    }
    value(out, r, 1);
    add(out, tag ? "}\n" : "\n");
}

static size_t decode(struct buffer *out, const char *tag, const void *events, size_t size)
{
    struct reader r = {events, (const unsigned char *) events + size, NULL};
    size_t count = 0, len;

    while (r.p < r.end) {
        len = out->len;
        event(out, &r, tag);
        if (r.bad) {
            out->len = len;
            violation("event %zu is %s at byte %td of %zu", count, r.bad, r.p - (const unsigned char *) events, size);
            break;
        }
        count++;
    }
    return count;
}

size_t events_count(const void *events, size_t size)
{
    struct buffer out = {0};
    size_t count = decode(&out, NULL, events, size);

    free(out.data);
    return count;
}

void events_to_json(struct buffer *out, const char *tag, const void *events, size_t size)
{
    decode(out, tag, events, size);
}
